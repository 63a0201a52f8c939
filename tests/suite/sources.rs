//! Several sources side by side: listing pages, JSON lines, one post in two places, and the worst that servers answer.

mod hostile;
mod mutated;
mod presets;
mod rebinding;

use std::time::Duration;

use moabom::clock::Clock;
use moabom::ingest::{Polled, Report, poll, run_once};
use moabom::model::post::{FetchedPost, Untold};
use moabom::source::fetch::FetchSettings;
use moabom::source::html::{Listing, Pick, Preset};
use moabom::source::{FetchedPage, Location, SourceKind, SourceSettings};
use serde_json::Value;

use crate::ingest::{World, body, counted, day, post};
use crate::support::site::{Answer, Site};
use crate::support::system::System;

pub fn source(name: &str, kind: SourceKind, location: Location) -> SourceSettings {
    let span = Duration::from_secs(1800);
    SourceSettings {
        name: name.to_owned(),
        kind,
        location,
        poll: span,
        allow_private: true,
        listing: None,
        alarm_after: span,
    }
}

fn counts(world: &World) -> Vec<(String, u64, u64)> {
    let posts = world.posts().into_iter();
    posts.map(|post| (post.title, post.reactions.total, post.comments)).collect()
}

fn one(reactions: u64, comments: u64) -> Vec<FetchedPost> {
    vec![counted(post("글", &body(1)), &[], reactions, comments)]
}

#[test]
fn a_count_that_plunges_is_held_for_a_day_and_its_return_is_no_gain() {
    let world = World::new();
    world.ingest(one(40, 9), day(0));
    let held = world.ingest(one(0, 9), day(1));
    assert_eq!((held.held, held.observed.len()), (1, 0));
    assert!(held.notes.iter().any(|note| note.contains("갑자기 줄어")), "{:?}", held.notes);
    assert_eq!(counts(&world), [("글".to_owned(), 40, 9)]);
    let back = world.ingest(one(41, 9), day(1) + chrono::Duration::hours(1));
    assert_eq!((back.held, back.observed[0].reactions), (0, (40, 41)));
    // A fall that stays is what it is.
    world.ingest(one(0, 9), day(3));
    assert_eq!(world.ingest(one(0, 9), day(3) + chrono::Duration::hours(23)).held, 1);
    let believed = world.ingest(one(0, 9), day(4));
    assert_eq!((believed.held, believed.observed[0].reactions), (0, (41, 0)));
    assert!(world.ingest(one(0, 9), day(5)).is_unchanged());
}

#[test]
fn a_feed_that_stops_telling_comments_keeps_the_last_number() {
    let world = World::new();
    world.ingest(one(3, 2), day(0));
    let mut silent = one(0, 0);
    silent[0].untold = Untold { comments: true, reactions: true };
    assert!(world.ingest(silent, day(1)).is_unchanged());
    assert_eq!(counts(&world), [("글".to_owned(), 3, 2)]);
    assert_eq!(world.ingest(one(3, 1), day(2)).observed.len(), 1, "one that is told may fall");
}

#[test]
fn what_stood_on_a_wrong_line_has_not_gone() {
    let world = World::new();
    world.ingest(vec![post("나", &body(2)), post("가", &body(1))], day(0));
    let page = FetchedPage { posts: vec![post("나", &body(2))], gaps: true, ..FetchedPage::default() };
    let report = run_once(&world.store, "blog", page, day(1)).expect("kept");
    assert_eq!(report.missing, Vec::<String>::new());
}

const FIRST: &str = "<meta charset=euc-kr><title>목록</title><li class=post><a href='/3'><b class=tit>셋째 글</b></a><i class=cmt>댓글 2</i>\
                     <li class=post><a href='2'><b class=tit>둘째 글</b></a><a class=next href='/second'>다음</a>";
const SECOND: &str =
    "<li class=post><a href='/1'><b class=tit>첫 글</b></a><a class=next href='/list'>처음</a>";

fn listing(pages: usize) -> Option<Box<Listing>> {
    let pick = |text: &str| Some(Pick::parse(text).expect("a selector"));
    Some(Box::new(Listing {
        item: "li.post".to_owned(),
        title: pick(".tit"),
        link: pick("a"),
        comments: pick(".cmt"),
        next: pick("a.next"),
        pages,
        ..Listing::default()
    }))
}

async fn polled(world: &World, source: &SourceSettings) -> Result<Report, String> {
    match poll(&world.store, source, &FetchSettings::default(), &Clock::manual(day(0))).await {
        Ok(Polled::Kept(report)) => Ok(*report),
        Ok(Polled::Unchanged) => Ok(Report::default()),
        Err(error) => Err(error.to_string()),
    }
}

#[tokio::test]
async fn a_listing_in_euc_kr_is_read_page_by_page_as_far_as_it_may() {
    let korean = encoding_rs::EUC_KR.encode(FIRST).0.into_owned();
    let pages = vec![("/list", korean), ("/second", SECOND.as_bytes().to_vec())];
    let site = Site::open(Answer::Paths(pages)).await;
    let world = World::new();
    let read = |pages| SourceSettings {
        listing: listing(pages),
        ..source("blog", SourceKind::Html, site.at("/list"))
    };
    assert_eq!(polled(&world, &read(1)).await.expect("kept").listed, 2);
    assert_eq!(polled(&world, &read(5)).await.expect("kept").listed, 3, "a page is never read twice");
    assert_eq!(site.heard().len(), 3);
    assert_eq!(world.titles(), ["셋째 글", "둘째 글", "첫 글"]);
    let urls: Vec<String> = world.posts().into_iter().filter_map(|post| post.url).collect();
    assert!(urls[1].ends_with("/2") && urls.len() == 3, "{urls:?}");
    assert_eq!(world.posts()[0].comments, 2);
}

#[tokio::test]
async fn a_listing_whose_time_is_up_is_read_as_far_as_it_came() {
    let pages = vec![("/list", FIRST.as_bytes().to_vec()), ("/second", SECOND.as_bytes().to_vec())];
    let site = Site::open(Answer::Paths(pages)).await;
    let own = SourceSettings { listing: listing(5), ..source("blog", SourceKind::Html, site.at("/list")) };
    let settings = FetchSettings { more_pages: Duration::ZERO, ..FetchSettings::default() };
    let polled = poll(&World::new().store, &own, &settings, &Clock::manual(day(0))).await.expect("kept");
    let Polled::Kept(report) = polled else { panic!("unchanged") };
    assert_eq!(report.listed, 2);
    assert!(report.notes.iter().any(|note| note.contains("1번째 페이지까지만")), "{:?}", report.notes);
    assert_eq!(site.heard().len(), 1);
}

#[tokio::test]
async fn a_next_page_elsewhere_is_not_gone_to() {
    let other = Site::saying("200 OK", "", SECOND).await;
    let away = FIRST.replace("/second", &format!("http://127.0.0.1:{}/", other.port));
    let site = Site::saying("200 OK", "", away).await;
    let world = World::new();
    let source = SourceSettings { listing: listing(5), ..source("blog", SourceKind::Html, site.at("/list")) };
    assert_eq!(polled(&world, &source).await.expect("kept").listed, 2);
    assert_eq!(other.heard(), Vec::<String>::new());
}

#[tokio::test]
async fn a_listing_whose_look_changed_is_told_of_and_changes_nothing() {
    let site = Site::saying("200 OK", "", "<h1>새 단장</h1>").await;
    let world = World::new();
    let listing = Some(Box::new(Preset::Tistory.listing()));
    let source = SourceSettings { listing, ..source("blog", SourceKind::Html, site.at("/")) };
    let said = polled(&world, &source).await.expect_err("no post");
    assert!(said.contains("맞는 글이 하나도 없어요") && said.contains("[source.select]"), "{said}");
}

/// `(title, url, day of November, reactions)` as JSON lines.
fn lines(posts: &[(&str, &str, u32, u64)]) -> String {
    let line = |(title, url, day, reactions): &(&str, &str, u32, u64)| {
        format!(
            "{{\"title\": \"{title}\", \"url\": \"{url}\", \"published_at\": \"2026-11-{day:02}T09:00:00+09:00\", \
             \"body\": \"{title}에 대해 조금 길게 쓴 본문이에요.\", \"reactions\": {reactions}, \"comments\": 0}}\n"
        )
    };
    posts.iter().map(line).collect()
}

fn two_sources() -> System {
    let system = System::new(1, 1);
    let config = std::fs::read_to_string(system.path("moabom.toml")).expect("there");
    let more = "kind = \"jsonl\"\nlocation = \"a.jsonl\"\n\n[[source]]\nname = \"notes\"\nkind = \"jsonl\"\nlocation = \"b.jsonl\"\n";
    let config = config.replace("kind = \"page-text\"\nlocation = \"page.txt\"\n", more);
    std::fs::write(system.path("moabom.toml"), config).expect("written");
    let a = [
        ("겨울 준비", "https://blog.example.com/5", 20, 3),
        ("가을 끝", "https://blog.example.com/4", 16, 1),
    ];
    let b = [
        ("메모 하나", "https://notes.example.com/b", 18, 0),
        ("겨울 준비 (옮김)", "http://www.blog.example.com/5/?utm_source=notes#top", 20, 0),
    ];
    std::fs::write(system.path("a.jsonl"), lines(&a)).expect("written");
    std::fs::write(system.path("b.jsonl"), lines(&b)).expect("written");
    system
}

fn titles(preview: &Value) -> Vec<String> {
    let sections = preview["sections"].as_array().into_iter().flatten();
    let posts = sections.flat_map(|section| section["posts"].as_array().into_iter().flatten());
    posts.map(|post| post["title"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_post_of_two_sources_is_in_one_edition_once_and_in_no_later_one() {
    let system = two_sources();
    system.run(&["ingest"]);
    let at = ["preview", "weekly", "--at", "2027-01-04 09:00", "--format", "json"];
    let first = system.json(&at);
    assert_eq!(titles(&first), ["겨울 준비", "메모 하나", "가을 끝"], "by date, across the sources");
    let why = first["left_out"][0]["why"].as_str().expect("a reason");
    assert_eq!(why, "다른 출처에 주소가 같은 글이 있어 같은 글로 보고 한 번만 실어요.");
    system.publish_to(1);
    let later = system.json(&at);
    let left = later["left_out"].as_array().expect("a list");
    assert!(!titles(&later).iter().any(|title| title.contains("겨울")), "{later}");
    let copy = left.iter().find(|post| post["title"] == "겨울 준비 (옮김)").expect("explained");
    assert_eq!(copy["why"], "다른 출처에서 온 같은 주소의 글이 제1호에 이미 실렸어요.");
    system.verify();
}

#[test]
fn a_post_that_moved_in_one_source_is_still_the_one_of_the_other() {
    let system = two_sources();
    system.run(&["ingest"]);
    system.publish_to(1);
    let moved = |root: &str| {
        let a = [
            ("겨울 준비", &*format!("https://{root}/5"), 20, 3),
            ("가을 끝", &format!("https://{root}/4"), 16, 1),
        ];
        std::fs::write(system.path("a.jsonl"), lines(&a)).expect("written");
        system.run(&["ingest"]);
        let later = system.json(&["preview", "weekly", "--at", "2027-01-04 09:00", "--format", "json"]);
        let left = later["left_out"].as_array().expect("a list").clone();
        let copy = left.into_iter().find(|post| post["title"] == "겨울 준비 (옮김)").expect("left out");
        copy["why"].as_str().expect("a reason").to_owned()
    };
    // There, elsewhere, back again, and to where it was before.
    for root in ["example.com", "봄.example", "blog.example.com", "example.com"] {
        assert_eq!(moved(root), "다른 출처에서 온 같은 주소의 글이 제1호에 이미 실렸어요.", "{root}");
    }
    system.verify();
}

#[test]
fn what_is_hidden_in_one_source_is_hidden_in_the_other() {
    let system = two_sources();
    system.run(&["ingest"]);
    let posts = system.json(&["posts", "list", "--json"]);
    let hidden =
        posts.as_array().into_iter().flatten().find(|post| post["title"] == "겨울 준비").expect("there");
    system.run(&["posts", "hide", &hidden["id"].to_string()]);
    let preview = system.json(&["preview", "weekly", "--format", "json"]);
    assert!(!titles(&preview).iter().any(|title| title.contains("겨울")), "{preview}");
}
