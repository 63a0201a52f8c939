//! The archive over real sockets: what the public sees, what it never sees, and what hostile titles do not do.

use std::io::Write;
use std::process::{Command, Stdio};

use moabom::render::slot::Slot;
use rusqlite::params;

use crate::people::Desk;
use crate::web::{Served, body, status};

const HOSTILE: &str = "<script>alert(1)</script> \u{202E}거꾸로\u{2066} \"따옴표' & <!-- ]]> {{ lead }} \u{1}\u{E000}name\u{E001}";

/// An edition as the publishing step leaves it, in the state asked for.
fn edition(desk: &Desk, digest: &str, number: i64, state: &str, subject: &str) {
    let (name, link) = (Slot::Name.marker(), Slot::UnsubscribeUrl.marker());
    let html = format!(
        "<!DOCTYPE html><html lang=\"ko\"><head><title>편지</title></head><body>안녕하세요, {name}님! {number}번째 \
         <a href=\"{link}\">수신거부</a><a href='{link}'>Unsubscribe</a></body></html>"
    );
    let slot = desk.now.timestamp_millis() + number * 604_800_000 + i64::try_from(digest.len()).unwrap_or(0);
    desk.sql()
        .execute(
            "INSERT INTO editions (digest, number, slot_at, state, cutoff_at, frozen_at, subject, preheader, html, text)
             VALUES (?1, ?2, ?3, ?4, ?3, ?3, ?5, '앞머리 <b>', ?6, '')",
            params![digest, number, slot, state, subject, html],
        )
        .expect("an edition");
}

fn skipped(desk: &Desk) {
    desk.sql()
        .execute(
            "INSERT INTO editions (digest, slot_at, state, reason, cutoff_at, frozen_at)
             VALUES ('weekly', 5, 'skipped', '글이 모자라요', 5, 5)",
            [],
        )
        .expect("a skipped slot");
}

pub fn desk() -> Desk {
    let desk = Desk::new();
    edition(&desk, "weekly", 1, "done", "첫 편지");
    edition(&desk, "weekly", 2, "cancelled", "취소된 편지");
    edition(&desk, "weekly", 3, "done", "셋째 편지");
    edition(&desk, "weekly", 4, "sending", HOSTILE);
    edition(&desk, "weekly", 5, "paused", "멈춘 편지");
    edition(&desk, "주간 a/b?#", 1, "done", "다른 다이제스트");
    skipped(&desk);
    desk
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

#[test]
fn the_list_shows_published_letters_newest_first_and_nothing_else() {
    let desk = desk();
    let served = Served::start(&desk, desk.keys.clone());
    for path in ["/archive", "/archive/weekly"] {
        let answer = served.ask("GET", path);
        assert_eq!(status(&answer), "200", "{answer}");
        let page = body(&answer);
        let order: Vec<usize> =
            ["제4호", "제3호", "제1호"].map(|issue| page.find(issue).expect(issue)).into();
        assert!(order.is_sorted(), "{page}");
        for hidden in ["제2호", "제5호", "취소된", "멈춘", "모자라요"] {
            assert!(!page.contains(hidden), "{hidden} in {page}");
        }
        assert!(
            page.contains("2026년 11월 30일 (월)") && page.contains("href=\"/archive/weekly/3\""),
            "{page}"
        );
        assert!(page.contains("/archive/weekly/feed.xml") && page.contains("https://blog.example.com/"));
        assert!(header(&answer, "content-security-policy").is_some_and(|policy| policy.contains("'sha256-")));
    }
    let all = served.ask("GET", "/archive");
    assert!(body(&all).contains("href=\"/archive/%EC%A3%BC%EA%B0%84%20a%2Fb%3F%23/1\""), "{all}");
    let other = served.ask("GET", "/archive/%EC%A3%BC%EA%B0%84%20a%2Fb%3F%23/1");
    assert_eq!(status(&other), "200", "{other}");
}

#[test]
fn a_long_list_goes_on_page_by_page() {
    let desk = Desk::new();
    for number in 1..=130 {
        edition(&desk, "weekly", number, "done", "편지");
    }
    let served = Served::start(&desk, desk.keys.clone());
    let page = |path: &str| body(&served.ask("GET", path)).matches("제").count();
    assert_eq!(page("/archive"), 20);
    assert_eq!(page("/archive/weekly"), 100);
    assert!(served.ask("GET", "/archive/weekly").contains("/archive/weekly?before=31"));
    assert_eq!(page("/archive/weekly?before=31"), 30);
    for nonsense in ["?before=x", "?before=99999999999999999999", "?before=-1", "?before", "?x=%ff"] {
        assert_eq!(status(&served.ask("GET", &format!("/archive/weekly{nonsense}"))), "200", "{nonsense}");
    }
}

#[test]
fn a_letter_is_shown_for_nobody_in_particular_and_runs_nothing() {
    let desk = desk();
    let served = Served::start(&desk, desk.keys.clone());
    let answer = served.ask("GET", "/archive/weekly/3");
    let page = body(&answer);
    assert!(page.contains("안녕하세요, 구독자님! 3번째"), "{page}");
    assert!(page.contains("href=\"/unsubscribe\"") && page.contains("href='/unsubscribe'"), "{page}");
    assert!(!page.contains(['\u{E000}', '\u{E001}']));
    let policy = header(&answer, "content-security-policy").expect("a policy");
    for part in [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src https: data:",
        "sandbox",
        "form-action 'none'",
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(!policy.contains("script") && !policy.contains("allow-same-origin"), "{policy}");
    assert_eq!(header(&answer, "x-content-type-options"), Some("nosniff"));
    assert_eq!(header(&answer, "referrer-policy"), Some("no-referrer"));
    assert_eq!(header(&answer, "cache-control"), Some("public, max-age=300"));
    let own = served.ask("GET", "/unsubscribe");
    assert!(status(&own) == "200" && own.contains("받은 편지") && !own.contains("<form"), "{own}");
}

#[test]
fn what_one_has_already_is_not_sent_again() {
    let desk = desk();
    let served = Served::start(&desk, desk.keys.clone());
    for path in ["/archive", "/archive/weekly", "/archive/weekly/3", "/archive/weekly/feed.xml"] {
        let tag = header(&served.ask("GET", path), "etag").expect("a tag").to_owned();
        let again = |tag: &str| {
            served.raw(
                format!(
                    "GET {path} HTTP/1.1\r\nHost: x\r\nIf-None-Match: {tag}\r\nConnection: close\r\n\r\n"
                )
                .as_bytes(),
            )
        };
        for tag in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".into()] {
            let answer = again(&tag);
            assert!(status(&answer) == "304" && body(&answer).is_empty(), "{path} {tag}: {answer}");
        }
        assert_eq!(status(&again("\"x\"")), "200");
    }
    // A letter cancelled later is gone for those who had it, too.
    desk.sql().execute("UPDATE editions SET state = 'cancelled' WHERE number = 3", []).expect("cancelled");
    assert_eq!(status(&served.ask("GET", "/archive/weekly/3")), "404");
}

#[test]
fn latest_leads_to_the_newest_letter_of_its_digest() {
    let desk = desk();
    let served = Served::start(&desk, desk.keys.clone());
    let answer = served.ask("GET", "/archive/weekly/latest");
    assert_eq!((status(&answer), header(&answer, "location")), ("302", Some("/archive/weekly/4")));
    let other = served.ask("GET", "/archive/%EC%A3%BC%EA%B0%84%20a%2Fb%3F%23/latest");
    assert_eq!(header(&other, "location"), Some("/archive/%EC%A3%BC%EA%B0%84%20a%2Fb%3F%23/1"));
}

#[test]
fn readers_see_the_title_of_a_digest_and_not_its_name() {
    let desk = desk();
    let mut deps = crate::web::deps(&desk, desk.keys.clone());
    deps.archive.titles = [("weekly".to_owned(), "주간 <편지>".to_owned())].into_iter().collect();
    let served = Served::of(deps);
    for path in ["/archive", "/archive/weekly"] {
        let answer = served.ask("GET", path);
        assert!(body(&answer).contains("<bdi>주간 &lt;편지&gt;</bdi></a>"), "{answer}");
        assert!(!body(&answer).contains(">weekly<"), "{answer}");
    }
    let feed = served.ask("GET", "/archive/weekly/feed.xml");
    assert!(body(&feed).contains("주간 &lt;편지&gt;"), "{feed}");
}

#[test]
fn the_bare_address_leads_to_the_archive() {
    let desk = desk();
    let served = Served::start(&desk, desk.keys.clone());
    let answer = served.ask("GET", "/");
    assert_eq!((status(&answer), header(&answer, "location")), ("302", Some("/archive")));
}

#[test]
fn what_is_not_published_is_one_and_the_same_404() {
    let desk = desk();
    let served = Served::start(&desk, desk.keys.clone());
    let mut pages = std::collections::HashSet::new();
    for path in [
        "/archive/weekly/2",
        "/archive/weekly/5",
        "/archive/weekly/6",
        "/archive/weekly/0",
        "/archive/weekly/-1",
        "/archive/weekly/+3",
        "/archive/weekly/03",
        "/archive/weekly/3x",
        "/archive/weekly/99999999999999999999",
        "/archive/monthly",
        "/archive/monthly/1",
        "/archive/monthly/latest",
        "/archive/monthly/feed.xml",
        "/archive/Weekly/3",
        "/archive/%ff/1",
        "/archive/weekly/%ff",
        "/archive/%00/1",
    ] {
        let answer = served.ask("GET", path);
        assert_eq!(status(&answer), "404", "{path}: {answer}");
        assert_eq!(header(&answer, "cache-control"), Some("no-store"));
        pages.insert(body(&answer).to_owned());
    }
    assert_eq!(pages.len(), 1);
    // A digest that is configured and has no letter yet has its page and its feed.
    let empty = Desk::new();
    let served = Served::start(&empty, empty.keys.clone());
    assert!(served.ask("GET", "/archive").contains("아직 보낸 편지가 없어요"));
    assert!(served.ask("GET", "/archive/weekly").contains("아직 보낸 편지가 없어요"));
    assert_eq!(status(&served.ask("GET", "/archive/weekly/feed.xml")), "200");
    assert_eq!(status(&served.ask("GET", "/archive/weekly/latest")), "404");
}

#[test]
fn hostile_titles_stay_text_in_the_list_and_in_the_feed() {
    let desk = desk();
    let served = Served::start(&desk, desk.keys.clone());
    for path in ["/archive", "/archive/weekly", "/archive/weekly/feed.xml"] {
        let answer = served.ask("GET", path);
        let page = body(&answer);
        assert!(page.contains("&lt;script&gt;") && page.contains("따옴표"), "{page}");
        for raw in ["<script", "\u{202E}", "\u{2066}", "\u{1}", "\u{E000}", "<!-- ]]", "앞머리 <b>"] {
            assert!(!page.contains(raw), "{raw:?} in {path}: {page}");
        }
    }
}

#[test]
fn the_feed_is_atom_with_absolute_links() {
    let desk = desk();
    let served = Served::start(&desk, desk.keys.clone());
    let answer = served.ask("GET", "/archive/weekly/feed.xml");
    assert_eq!(header(&answer, "content-type"), Some("application/atom+xml; charset=utf-8"));
    let feed = body(&answer);
    let base = "https://letter.example.com/archive/weekly";
    for part in [
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"ko\">".to_owned(),
        format!("<id>{base}/feed.xml</id>"),
        format!("<id>{base}/3</id>"),
        format!("<link rel=\"self\" type=\"application/atom+xml\" href=\"{base}/feed.xml\"/>"),
        format!("<link rel=\"alternate\" type=\"text/html\" href=\"{base}/3\"/>"),
        "<updated>2026-12-21T03:00:00Z</updated>".to_owned(),
    ] {
        assert!(feed.contains(&part), "{part} in {feed}");
    }
    let entries = feed.matches("<entry>").count();
    assert_eq!(entries, 3);
    read_with_python(feed, entries);
    let empty = Desk::new();
    let served = Served::start(&empty, empty.keys.clone());
    read_with_python(body(&served.ask("GET", "/archive/weekly/feed.xml")), 0);
}

/// An independent parser reads the feed: ids, titles, updated and links where RFC 4287 wants them.
fn read_with_python(feed: &str, entries: usize) {
    const READ: &str = r#"
import sys, xml.etree.ElementTree as tree, datetime
atom = '{http://www.w3.org/2005/Atom}'
feed = tree.fromstring(sys.stdin.buffer.read())
assert feed.tag == atom + 'feed'
found = feed.findall(atom + 'entry')
assert len(found) == int(sys.argv[1]), len(found)
for one in [feed] + found:
    for name in ('id', 'title', 'updated'):
        assert len(one.findall(atom + name)) == 1, name
    assert one.find(atom + 'id').text.startswith('https://')
    assert one.find(atom + 'title').text.strip()
    datetime.datetime.strptime(one.find(atom + 'updated').text, '%Y-%m-%dT%H:%M:%SZ')
    assert all(link.get('href').startswith('https://') for link in one.findall(atom + 'link'))
assert feed.find(atom + 'author/' + atom + 'name').text == '해봄의 <편지>'
"#;
    let python = Command::new("python3")
        .args(["-c", READ, &entries.to_string()])
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .spawn();
    let Ok(mut python) = python else {
        eprintln!("left out: no python3 to read the feed with");
        return;
    };
    python.stdin.take().expect("a pipe").write_all(feed.as_bytes()).expect("writes");
    assert!(python.wait().expect("ends").success(), "{feed}");
}

#[test]
fn no_request_but_a_form_changes_the_database() {
    let desk = desk();
    let served = Served::start(&desk, desk.keys.clone());
    let dump = || {
        let wal = std::fs::read(desk.store.path().with_extension("db-wal")).unwrap_or_default();
        (std::fs::read(desk.store.path()).expect("the database"), wal)
    };
    let before = dump();
    for method in ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "PROPFIND"] {
        for path in [
            "/archive",
            "/archive/",
            "//archive",
            "/Archive",
            "/archive/weekly",
            "/archive/weekly/3",
            "/archive/weekly/2",
            "/archive/weekly/latest",
            "/archive/weekly/feed.xml",
            "/archive/weekly/./3",
            "/archive/weekly/3/",
            "/archive/../archive",
            "/unsubscribe",
            "/archive/weekly?before=2",
        ] {
            let answer = served.ask(method, path);
            assert!(["200", "302", "404", "405"].contains(&status(&answer)), "{method} {path}: {answer}");
            assert!(
                method == "GET" || body(&answer).is_empty() || status(&answer) == "404",
                "{method} {path}"
            );
        }
    }
    assert!(dump() == before, "byte for byte");
}

#[test]
fn a_failing_store_is_said_to_fail() {
    let desk = desk();
    let served = Served::start(&desk, desk.keys.clone());
    desk.sql().execute_batch("ALTER TABLE editions RENAME TO gone").expect("renamed");
    for path in [
        "/archive",
        "/archive/weekly",
        "/archive/weekly/3",
        "/archive/weekly/latest",
        "/archive/weekly/feed.xml",
    ] {
        assert_eq!(status(&served.ask("GET", path)), "503", "{path}");
    }
}
