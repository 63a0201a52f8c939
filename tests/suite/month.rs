//! Five weeks of a daemon's steps by a clock moved by hand, against a blog's server whose posts and counts change: which
//! editions come, their numbers, their posts, what is skipped, and that no file stays open.

mod lived;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use chrono::Duration;
use chrono_tz::Tz;
use moabom::ingest::{Polled, poll};
use moabom::model::edition::Content;
use moabom::model::edition::SectionKind;
use moabom::model::post::FetchedPost;
use moabom::model::{EmailAddress, Sender};
use moabom::publish::{self, Digest, Masthead, Outcome};
use moabom::render::{LetterInput, Newsletter, Renderer};
use moabom::schedule::Schedule;
use moabom::select::{Rules, SectionRule};
use moabom::source::fetch::FetchSettings;
use moabom::source::{Location, SourceKind};

use super::ingest::{blog, body, counted, post};
use super::sources::source;
use crate::gains::listing;
use crate::support::smtp_server::SmtpServer;
use crate::support::world::{World, start_of_time};

/// A blog's server: what it lists can be changed.
#[derive(Clone, Default)]
struct Blog(Arc<Mutex<Vec<FetchedPost>>>);

impl Blog {
    fn serve(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let posts = Arc::clone(&self.0);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut head = [0u8; 4096];
                let _ = stream.read(&mut head);
                let page = listing("봄의 블로그\n적는 곳", &posts.lock().expect("unpoisoned"));
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
                    page.len()
                );
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        port
    }

    fn add(&self, title: &str, n: usize) {
        self.0.lock().expect("unpoisoned").insert(0, post(title, &body(n)));
    }

    fn count(&self, title: &str, reactions: u64) {
        let mut posts = self.0.lock().expect("unpoisoned");
        let found = posts.iter_mut().find(|post| post.title == title).expect("the post");
        *found = counted(found.clone(), &["👍"], reactions, 0);
    }
}

/// What the blog has written by `hour`, and what its readers have pressed.
fn written(web: &Blog, hour: i64) {
    match hour {
        30 => ["가", "나", "다"].iter().enumerate().for_each(|(n, title)| web.add(title, 20 + n)),
        200 => web.add("라", 24),
        370 => web.add("마", 25),
        380 => web.count("글 2", 4),
        540 => web.count("글 3", 3),
        560 => web.count("글 4", 5),
        _ => {}
    }
}

fn digest() -> Digest {
    let rule = |kind, max| SectionRule { kind, max };
    Digest {
        name: "weekly".to_owned(),
        schedule: Schedule::parse("0 9 * * MON", Tz::Asia__Seoul).expect("a schedule"),
        subject: "{{ lead.title }}".to_owned(),
        rules: Rules {
            sections: vec![rule(SectionKind::New, 5), rule(SectionKind::Top, 2)],
            min_posts: 2,
            look_back: 0,
            ..Rules::default()
        },
        max_late: Duration::hours(12),
        best_of: None,
        approval: None,
    }
}

/// Files of the store's folder that this process has open.
fn open_files(world: &World) -> usize {
    let folder = world.folder.path();
    let links = std::fs::read_dir("/proc/self/fd").expect("Linux").flatten();
    links
        .filter_map(|link| std::fs::read_link(link.path()).ok())
        .filter(|file| file.starts_with(folder))
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn five_weeks_bring_the_editions_and_the_skips_that_the_blog_gives_cause_for() {
    let web = Blog::default();
    *web.0.lock().expect("unpoisoned") = blog(8);
    let port = web.serve();
    let place = Location::Web(format!("http://127.0.0.1:{port}/list").parse().expect("a URL"));
    let source = source("blog", SourceKind::PageText, place);
    let server = SmtpServer::start();
    let world = World::new(&server);
    world.add_many(2);
    let digests = [digest()];
    let renderer = Renderer::new(&[]).expect("templates");
    let masthead = Masthead {
        newsletter: Newsletter {
            title: "봄날의 노트".to_owned(),
            home: "https://blog.example/".parse().expect("a URL"),
            time_zone: Tz::Asia__Seoul,
            advertising: false,
        },
        sender: Sender {
            name: "봄날".to_owned(),
            email: EmailAddress::parse("hello@sender.test").expect("an address"),
            reply_to: None,
            phone: None,
            address: None,
        },
        links: None,
    };
    let (mut published, mut skipped, mut files) = (Vec::new(), Vec::new(), Vec::new());
    for hour in 0..(5 * 7 * 24 + 3) {
        written(&web, hour);
        world.clock.set(start_of_time() + Duration::hours(hour) + Duration::minutes(1));
        if hour % 6 == 0 {
            let polled = poll(&world.store, &source, &FetchSettings::default(), &world.clock).await;
            assert!(matches!(polled, Ok(Polled::Kept(_))), "hour {hour}: {:?}", polled.err());
        }
        let deps = publish::Deps {
            store: &world.store,
            masthead: &masthead,
            digests: &digests,
            render: |letter: &LetterInput| renderer.render(letter).map(Content::from),
        };
        for outcome in publish::run_once(&deps, world.clock.now()).expect("published") {
            match outcome {
                Outcome::Published { edition, number, late, .. } => {
                    assert!(!late);
                    let posts = world.store.read(|ledger| ledger.edition_posts(edition)).expect("posts");
                    let posts = posts.into_iter().map(|post| (post.section, post.title));
                    published.push((hour, number, posts.collect::<Vec<_>>()));
                }
                Outcome::Skipped { reason, .. } => skipped.push((hour, reason)),
                Outcome::NotDue { .. } => {}
                other => panic!("hour {hour}: {other:?}"),
            }
        }
        tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                scope.spawn(|| world.try_deliver().expect("delivered")).join().expect("no panic");
            })
        });
        if hour % (7 * 24) == 100 {
            files.push(open_files(&world));
        }
    }
    let week = 7 * 24;
    let (new, top) = (SectionKind::New, SectionKind::Top);
    let of = |list: &[(SectionKind, &str)]| {
        list.iter().map(|(kind, title)| (*kind, (*title).to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(
        published,
        [
            (week, 1, of(&[(new, "다"), (new, "나"), (new, "가")])),
            (3 * week, 2, of(&[(new, "마"), (new, "라"), (top, "글 2")])),
            (4 * week, 3, of(&[(top, "글 4"), (top, "글 3")])),
        ]
    );
    assert_eq!(skipped.iter().map(|(hour, _)| *hour).collect::<Vec<_>>(), [2 * week, 5 * week]);
    let reasons: Vec<&str> = skipped.iter().map(|(_, reason)| reason.as_str()).collect();
    assert!(reasons[0].contains("1편뿐이라 최소 2편이 안 되어"), "{reasons:?}");
    assert!(reasons[1].contains("한 편도 없어"), "{reasons:?}");
    assert_eq!(server.kept().len(), 6, "three editions for two readers");
    assert!(files.windows(2).all(|pair| pair[0] == pair[1]), "files stay open: {files:?}");
    world.check();
}
