//! The worst that servers answer, each as a source of its own beside a sound one: named reasons, nothing else disturbed.

pub(super) mod cases;
mod crowd;

use std::time::Duration;

use moabom::clock::Clock;
use moabom::ingest::{Polled, poll};
use moabom::source::fetch::FetchSettings;
use moabom::source::jsonl;
use moabom::source::{Location, SourceKind, SourceSettings};
use tokio::net::TcpListener;

use super::{listing, source};
use crate::ingest::{World, day};
use crate::support::site::{Answer, Site};
use cases::End::{Kept, Refused};
use cases::FEED;

/// What comes whole comes in time, however busy the machine is.
async fn reading(world: &World, source: &SourceSettings, at: i64) -> Result<(), String> {
    reading_within(world, source, at, FetchSettings::default()).await
}

async fn reading_within(
    world: &World,
    source: &SourceSettings,
    at: i64,
    settings: FetchSettings,
) -> Result<(), String> {
    match poll(&world.store, source, &settings, &Clock::manual(day(at))).await {
        Ok(Polled::Kept(_) | Polled::Unchanged) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

#[tokio::test]
async fn each_hostile_answer_ends_with_its_reason_and_disturbs_no_other_source() {
    // On every address of this machine, of either kind.
    let canary = TcpListener::bind("[::]:0").await.expect("a port");
    let port = canary.local_addr().expect("bound").port();
    let good = Site::saying("200 OK", "", FEED).await;
    let good = source("good", SourceKind::Feed, good.at("/feed"));
    let world = World::new();
    let cases = cases::all(port);
    let brief = FetchSettings { total: Duration::from_millis(700), ..FetchSettings::default() };
    assert!(cases.len() >= 70, "{}", cases.len());
    for case in &cases {
        let site = Site::open(case.answer.clone()).await;
        let listing = (case.kind == SourceKind::Html).then(|| listing(1)).flatten();
        let own = SourceSettings { listing, ..source(case.name, case.kind, site.at("/")) };
        for at in 0..2 {
            let settings = if case.is_slow() { brief.clone() } else { FetchSettings::default() };
            match (case.end, reading_within(&world, &own, at, settings).await) {
                (Kept(_), Ok(())) => {}
                (Refused(words), Err(said)) => assert!(said.contains(words), "{}: {said}", case.name),
                (_, other) => panic!("{}: {other:?}", case.name),
            }
        }
        let state = world.store.read(|ledger| ledger.source_state(case.name)).unwrap().expect("a row");
        let expected = match case.end {
            Kept(count) => (0, count),
            Refused(words) => {
                assert!(state.last_error.is_some_and(|said| said.contains(words)), "{}", case.name);
                (2, 0)
            }
        };
        let kept = world.posts().iter().filter(|post| post.source == case.name).count();
        assert_eq!((state.failures, kept), expected, "{}", case.name);
    }
    for at in 0..2 {
        reading(&world, &good, at).await.expect("the sound source is read as ever");
    }
    assert_eq!(world.posts().iter().filter(|post| post.source == "good").count(), 2);
    world.check(day(2));
    let heard = tokio::time::timeout(Duration::from_millis(50), canary.accept()).await;
    assert!(heard.is_err(), "the private listener was connected to");
}

#[tokio::test]
async fn changing_ids_behind_a_lying_mark_give_each_post_once() {
    let lines = |run: usize| -> String {
        let line = |n: usize| {
            format!(
                "{{\"id\": \"{run}-{n}\", \"title\": \"글 {n}\", \"url\": \"https://blog.example.com/{n}\"}}\n"
            )
        };
        (0..50).rev().map(line).collect()
    };
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("list.jsonl");
    let world = World::new();
    let own = source("changing", SourceKind::Jsonl, Location::File(path.clone()));
    for run in 0..3 {
        std::fs::write(&path, lines(run)).expect("written");
        reading(&world, &own, run as i64).await.expect("kept");
    }
    assert_eq!(world.posts().len(), 50);
    // A server that marks every version alike but answers in full is read in full.
    for run in 3..5 {
        let site =
            Site::saying("200 OK", "ETag: \"the same\"\r\n", lines(run) + "{\"title\": \"새로 온 글\"}")
                .await;
        let own = source("changing", SourceKind::Jsonl, site.at("/"));
        reading(&world, &own, run as i64).await.expect("kept");
    }
    assert_eq!(world.posts().len(), 51);
    world.check(day(5));
}

#[tokio::test]
async fn a_feed_that_gives_new_ids_at_each_reading_gives_each_post_once() {
    // Without addresses, with bodies too short to tell, dated or not; and with addresses that change as well.
    for (dated, linked) in [(true, false), (false, false), (true, true)] {
        let item = |run: usize, n: usize| {
            let date = if dated {
                format!("<pubDate>{:02} Nov 2026 09:00:00 +0900</pubDate>", n + 1)
            } else {
                String::new()
            };
            let link = if linked {
                format!("<link>https://blog.example.com/{n}?s={run}</link>")
            } else {
                String::new()
            };
            format!(
                "<item><guid isPermaLink='false'>{run}-{n}</guid>{link}<title>글 {n}</title>{date}<description>짧은 글 {n}</description></item>"
            )
        };
        let feed = |run: usize, posts: usize| {
            let items: String = (0..posts).rev().map(|n| item(run, n)).collect();
            format!("<rss><channel><title>봄</title>{items}</channel></rss>")
        };
        let world = World::new();
        for run in 0..4 {
            // The third reading has a post more.
            let site = Site::saying("200 OK", "", feed(run, 6 + usize::from(run >= 2))).await;
            reading(&world, &source("changing", SourceKind::Feed, site.at("/feed")), run as i64)
                .await
                .expect("kept");
        }
        let mut titles = world.titles();
        titles.sort_unstable();
        assert_eq!(titles, (0..7).map(|n| format!("글 {n}")).collect::<Vec<_>>(), "{dated} {linked}");
        world.check(day(4));
    }
}

#[tokio::test]
async fn posts_of_one_title_on_other_days_are_not_taken_for_each_other() {
    let feed = |days: [usize; 4]| {
        let items: String = days
            .iter()
            .map(|n| format!("<item><guid>{n}</guid><title>오늘의 메모</title><pubDate>{n:02} Nov 2026 09:00:00 +0900</pubDate><description>메모</description></item>"))
            .collect();
        format!("<rss><channel>{items}</channel></rss>")
    };
    let world = World::new();
    for (at, days) in [[4, 3, 2, 1], [8, 7, 6, 5]].into_iter().enumerate() {
        let site = Site::saying("200 OK", "", feed(days)).await;
        reading(&world, &source("memo", SourceKind::Feed, site.at("/")), at as i64).await.expect("kept");
    }
    assert_eq!(world.posts().len(), 8);
}

#[tokio::test]
async fn a_server_that_wrongly_says_that_nothing_changed_is_asked_in_full_the_next_day() {
    let more = FEED.replace("<item>", "<item><guid>0</guid><title>새 글</title></item><item>");
    let site = Site::open(Answer::Stale(vec![FEED.into(), more.into()])).await;
    let own = source("stale", SourceKind::Feed, site.at("/feed"));
    let world = World::new();
    for _ in 0..3 {
        reading(&world, &own, 0).await.expect("an answer");
    }
    assert_eq!(world.posts().len(), 2);
    reading(&world, &own, 1).await.expect("an answer");
    assert!(world.posts().len() > 2, "{:?}", world.titles());
    let asked: Vec<bool> =
        site.heard().iter().map(|head| head.to_lowercase().contains("if-none-match")).collect();
    assert_eq!(asked, [false, true, true, false]);
}

#[tokio::test]
async fn a_source_that_suddenly_has_no_posts_is_held_back_and_shown() {
    let empty = "<rss version='2.0'><channel><title>봄</title></channel></rss>";
    let world = World::new();
    for (at, body) in [FEED, empty, empty].into_iter().enumerate() {
        let site = Site::saying("200 OK", "", body).await;
        let own = source("blog", SourceKind::Feed, site.at("/"));
        assert_eq!(reading(&world, &own, at as i64).await.is_ok(), at == 0);
    }
    let state = world.store.read(|ledger| ledger.source_state("blog")).unwrap().expect("a row");
    assert_eq!((state.failures, state.failing_since), (2, Some(day(1))));
    assert!(state.last_error.is_some_and(|said| said.contains("글이 하나도 없어요") && said.contains("2편")));
    assert_eq!(world.posts().len(), 2);
}

#[test]
fn a_hundred_thousand_lines_are_read_and_no_more() {
    let text: String = (0..100_100).map(|n| format!("{{\"title\": \"글 {n}\"}}\n")).collect();
    let page = jsonl::parse(&text, None).expect("posts");
    assert_eq!((page.posts.len(), page.gaps), (100_000, true));
    assert!(page.notes.iter().any(|note| note.contains("너무 많아")), "{:?}", page.notes);
}
