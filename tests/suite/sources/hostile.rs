//! The worst that servers answer, each as a source of its own beside a sound one: named reasons, nothing else disturbed.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use moabom::clock::Clock;
use moabom::ingest::{Polled, poll};
use moabom::source::fetch::FetchSettings;
use moabom::source::jsonl;
use moabom::source::{Location, SourceKind, SourceSettings};
use tokio::net::TcpListener;

use super::{listing, source};
use crate::fetch::BROTLI_BOMB;
use crate::ingest::{World, day};
use crate::support::site::{Answer, Site};

const FEED: &str = "<rss version='2.0'><channel><title>봄</title><item><guid>1</guid><title>첫 글</title></item>\
                    <item><guid>2</guid><title>둘째 글</title></item></channel></rss>";

/// What is to come of it.
#[derive(Clone, Copy)]
enum End {
    /// This is said.
    Refused(&'static str),
    /// So many posts are kept, however often it is read.
    Kept(usize),
}
use End::{Kept, Refused};

struct Case {
    name: &'static str,
    kind: SourceKind,
    answer: Answer,
    end: End,
}

fn case(name: &'static str, answer: Answer, end: End) -> Case {
    Case { name, kind: SourceKind::Feed, answer, end }
}

fn say(status: &'static str, head: impl Into<String>, body: impl AsRef<[u8]>) -> Answer {
    Answer::Say(status, head.into(), body.as_ref().to_vec())
}

fn feed(items: impl AsRef<str>) -> Answer {
    let items = items.as_ref();
    say("200 OK", "", format!("<rss version='2.0'><channel><title>봄</title>{items}</channel></rss>"))
}

fn statuses() -> Vec<Case> {
    vec![
        case("404", say("404 Not Found", "", ""), Refused("(404)")),
        case("410", say("410 Gone", "", ""), Refused("(410)")),
        case("401", say("401 Unauthorized", "", ""), Refused("(401)")),
        case("403", say("403 Forbidden", "", ""), Refused("(403)")),
        case("429", say("429 Too Many Requests", "Retry-After: 120\r\n", ""), Refused("2분 뒤에 다시")),
        case("500", say("500 Oops", "", FEED), Refused("(500)")),
        case("503", say("503 Busy", "Retry-After: 999999999\r\n", ""), Refused("1440분 뒤에 다시")),
        case("204", say("204 No Content", "", ""), Refused("(204)")),
        case("206", say("206 Partial Content", "", FEED), Refused("(206)")),
        case("304 to nothing", say("304 Not Modified", "ETag: \"x\"\r\n", ""), Refused("(304)")),
    ]
}

fn redirects(canary: u16) -> Vec<Case> {
    let to = |name, location: String, words| {
        case(name, say("302 Found", format!("Location: {location}\r\n"), ""), Refused(words))
    };
    const PRIVATE: &str = "사설망 안의 주소라서 연결하지 않았어요";
    vec![
        to("loop", "/".to_owned(), "5번 넘게 넘겨졌어요"),
        to("another loopback", format!("http://127.0.0.2:{canary}/"), PRIVATE),
        to("by name", format!("http://localhost:{canary}/"), PRIVATE),
        to("as a number", format!("http://2130706434:{canary}/"), PRIVATE),
        to("in hexadecimal", format!("http://0x7f.0.0.2:{canary}/"), PRIVATE),
        to("nowhere's address", format!("http://0.0.0.0:{canary}/"), PRIVATE),
        to("mapped", format!("http://[::ffff:127.0.0.2]:{canary}/"), PRIVATE),
        to("metadata", "http://169.254.169.254/latest/".to_owned(), PRIVATE),
        to("a file", "file:///etc/passwd".to_owned(), "http나 https 주소만 읽어요"),
        to("gopher", format!("gopher://127.0.0.2:{canary}/"), "http나 https 주소만 읽어요"),
        case("to nowhere", say("301 Moved", "", ""), Refused("그 주소를 읽을 수 없어요")),
    ]
}

fn bodies() -> Vec<Case> {
    let brotli = STANDARD.decode(BROTLI_BOMB).expect("base64");
    let entities = "<!DOCTYPE rss [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>";
    let entities = format!("{entities}{}", FEED.replace("첫 글", "첫 글 &c;"));
    let outside = "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>";
    let outside = format!("{outside}{}", FEED.replace("첫 글", "&x;"));
    vec![
        case("brotli bomb", say("200 OK", "Content-Encoding: br\r\n", brotli), Refused("5MB까지만")),
        case(
            "not packed at all",
            say("200 OK", "Content-Encoding: gzip\r\n", FEED),
            Refused("답이 중간에 끊겼거나"),
        ),
        case("packed strangely", say("200 OK", "Content-Encoding: zstd\r\n", FEED), Refused("서버")),
        case("too much", Answer::Pour, Refused("5MB까지만")),
        case("without end", Answer::Endless, Refused("5MB까지만")),
        case("a byte now and then", Answer::Drip, Refused("초 안에 다 읽지 못했어요")),
        case("silence", Answer::Stall, Refused("초 안에 다 읽지 못했어요")),
        case("broken off", Answer::BreakOff, Refused("답이 중간에 끊겼거나")),
        case("no HTTP", Answer::Garbage, Refused("답이 중간에 끊겼거나")),
        case("a picture", say("200 OK", "Content-Type: image/png\r\n", b"\x89PNG"), Refused("image/png")),
        case("zeros", say("200 OK", "", [0_u8; 64]), Refused("이진 내용이에요")),
        case("no text", say("200 OK", "", b"<rss>\n\xff\xff\xc7</rss>"), Refused("글자를 읽을 수 없어요")),
        case("nothing", say("200 OK", "", ""), Refused("비어 있어요")),
        case("a page", say("200 OK", "", "<!doctype html><html><body>공사 중"), Refused("웹 페이지예요")),
        case("broken JSON", say("200 OK", "", "{\"items\": [\n{\"id\": "), Refused("2행을 읽을 수 없어요")),
        case("another XML", say("200 OK", "", "<svg></svg>"), Refused("RSS나 Atom이 아닌")),
        case("wrong charset", say("200 OK", "Content-Type: text/xml; charset=euc-kr\r\n", FEED), Kept(2)),
        case("Latin-1 said", say("200 OK", "Content-Type: text/xml; charset=iso-8859-1\r\n", FEED), Kept(2)),
        case("entities", say("200 OK", "", entities), Kept(2)),
        case("outside entities", say("200 OK", "", outside), Kept(2)),
    ]
}

fn contents() -> Vec<Case> {
    let item = |id: &str, title: &str, more: &str| {
        format!("<item><guid>{id}</guid><title>{title}</title>{more}</item>")
    };
    let dated = |date: &str| format!("<pubDate>{date}</pubDate>");
    let wrong = [("미래", "Mon, 23 Nov 2099 09:00:00 GMT"), ("지난날", "1 Jan 1600"), ("아무", "어제쯤")];
    let dates: String = wrong.iter().map(|(title, date)| item(title, title, &dated(date))).collect();
    let kept = |name, kind, body: &str, end| Case { name, kind, answer: say("200 OK", "", body), end };
    vec![
        case("ids twice", feed(item("1", "가", "") + &item("1", "가", "")), Kept(1)),
        case(
            "one id for all",
            feed(
                item("1", "가", "<link>https://a.example/1</link>")
                    + &item("1", "나", "<link>https://a.example/2</link>"),
            ),
            Kept(2),
        ),
        case("dates", feed(dates + &item("x", "없음", "")), Kept(4)),
        case("hostile titles", feed(item("1", "&lt;script&gt;alert(1)&lt;/script&gt;", "")), Kept(1)),
        case("a long id", feed(item(&"9".repeat(100_000), "가", "")), Kept(1)),
        kept("deep tags", SourceKind::Html, &"<div>".repeat(100_000), Refused("깊게 겹쳐")),
        kept("no list", SourceKind::Html, "<p>점검 중</p>", Refused("하나도 없어요")),
        kept("wrong lines", SourceKind::Jsonl, "{\"title\": \"가\"}\n{{{\n{\"title\": \"나\"}", Kept(2)),
        kept("no lines", SourceKind::Jsonl, "<html>", Refused("1행")),
        kept("deep JSON", SourceKind::Jsonl, &"[".repeat(200_000), Refused("1행")),
        kept("a page dump that is none", SourceKind::PageText, "하나", Refused("글 목록")),
    ]
}

async fn reading(world: &World, source: &SourceSettings, at: i64) -> Result<(), String> {
    let settings = FetchSettings { total: Duration::from_millis(700), ..FetchSettings::default() };
    // What comes whole comes in time, however busy the machine is.
    let whole = FetchSettings::default();
    let slow = source.name == "a byte now and then" || source.name == "silence";
    let settings = if slow { settings } else { whole };
    match poll(&world.store, source, &settings, &Clock::manual(day(at))).await {
        Ok(Polled::Kept(_) | Polled::Unchanged) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

#[tokio::test]
async fn each_hostile_answer_ends_with_its_reason_and_disturbs_no_other_source() {
    let canary = TcpListener::bind("0.0.0.0:0").await.expect("a port");
    let port = canary.local_addr().expect("bound").port();
    let good = Site::saying("200 OK", "", FEED).await;
    let good = source("good", SourceKind::Feed, good.at("/feed"));
    let world = World::new();
    let cases: Vec<Case> =
        [statuses(), redirects(port), bodies(), contents()].into_iter().flatten().collect();
    assert!(cases.len() >= 40, "{}", cases.len());
    for case in &cases {
        let site = Site::open(case.answer.clone()).await;
        let listing = (case.kind == SourceKind::Html).then(|| listing(1)).flatten();
        let own = SourceSettings { listing, ..source(case.name, case.kind, site.at("/")) };
        for at in 0..2 {
            match (case.end, reading(&world, &own, at).await) {
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

#[test]
fn a_hundred_thousand_lines_are_read_and_no_more() {
    let text: String = (0..100_100).map(|n| format!("{{\"title\": \"글 {n}\"}}\n")).collect();
    let page = jsonl::parse(&text, None).expect("posts");
    assert_eq!((page.posts.len(), page.gaps), (100_000, true));
    assert!(page.notes.iter().any(|note| note.contains("너무 많아")), "{:?}", page.notes);
}
