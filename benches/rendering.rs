//! The rendering bench: one whole letter of 40 posts, beside a bare Tera template that writes about as much.
//!
//! `cargo bench --bench rendering`. Figures: `benches/README.md`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use moabom::model::edition::SectionKind;
use moabom::model::{EmailAddress, Sender};
use moabom::render::{LetterInput, LetterPost, LetterSection, Newsletter, Renderer};
use moabom::source::page_text;

const PAGE: &str = include_str!("../src/demo/blog_2.txt");
const ROUNDS: usize = 200;

fn letter() -> LetterInput {
    let page = page_text::parse(PAGE).expect("the demo's page");
    let posts: Vec<LetterPost> = page
        .posts
        .iter()
        .cycle()
        .take(40)
        .map(|post| LetterPost {
            title: post.title.clone(),
            author: post.author.clone(),
            url: Some("https://blog.example.com/post".to_owned()),
            body: post.body.clone(),
            published_at: None,
            reactions: post.reactions.clone(),
            comments: post.comments,
        })
        .collect();
    let (new, top) = posts.split_at(20);
    LetterInput {
        newsletter: Newsletter {
            title: "느린 오후의 기록".to_owned(),
            home: "https://blog.example.com/".parse().expect("a URL"),
            time_zone: chrono_tz::Asia::Seoul,
            advertising: false,
        },
        sender: Sender {
            name: "여름볕".to_owned(),
            email: EmailAddress::parse("letter@example.com").expect("an address"),
            reply_to: None,
            phone: None,
            address: None,
        },
        digest: "weekly".to_owned(),
        number: 12,
        slot_at: moabom::clock::from_millis(1_795_478_400_000),
        window_from: None,
        subject: "{{ lead.title }} 외 {{ rest }}편".to_owned(),
        sections: vec![
            LetterSection { kind: SectionKind::New, posts: new.to_vec() },
            LetterSection { kind: SectionKind::Top, posts: top.to_vec() },
        ],
        web_url: None,
    }
}

/// The median of many runs.
fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[ROUNDS / 2]
}

fn main() {
    let (input, renderer) = (letter(), Renderer::new(&[]).expect("templates"));
    let size = renderer.render(&input).expect("rendered").html.len();
    let whole = median(|| drop(black_box(renderer.render(&input).expect("rendered"))));

    let row = format!(
        "<tr><td style=\"{}\">{{{{ post.title }}}}<p>{{{{ post.body }}}}</p></td></tr>",
        "x".repeat(400)
    );
    let template = format!("<table>{{% for post in posts %}}{row}{{% endfor %}}</table>");
    let mut tera = tera::Tera::default();
    tera.add_raw_template("bare.html", &template).expect("a template");
    let posts: Vec<_> = input
        .sections
        .iter()
        .flat_map(|section| &section.posts)
        .map(|post| serde_json::json!({ "title": post.title, "body": post.body }))
        .collect();
    let bare = median(|| {
        let mut context = tera::Context::new();
        context.insert("posts", &posts);
        black_box(tera.render("bare.html", &context).expect("rendered"));
    });
    println!("a letter of 40 posts, {:.1} KB of HTML", size as f64 / 1000.0);
    println!("view, excerpts, HTML, inlined CSS, text   {:>8.2} ms", whole.as_secs_f64() * 1e3);
    println!("a bare Tera table of the same posts       {:>8.2} ms", bare.as_secs_f64() * 1e3);
}
