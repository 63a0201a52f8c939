//! What hostile servers answer, and what is to come of each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use moabom::source::SourceKind;

use crate::fetch::BROTLI_BOMB;
use crate::support::site::Answer;

pub(in crate::sources) const FEED: &str = "<rss version='2.0'><channel><title>봄</title><item><guid>1</guid><title>첫 글</title></item>\
                    <item><guid>2</guid><title>둘째 글</title></item></channel></rss>";

/// What is to come of it.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// This is said.
    Refused(&'static str),
    /// So many posts are kept, however often it is read.
    Kept(usize),
}
use End::{Kept, Refused};

pub(super) struct Case {
    pub name: &'static str,
    pub kind: SourceKind,
    pub answer: Answer,
    pub end: End,
}

impl Case {
    /// It ends only when time is up.
    pub fn is_slow(&self) -> bool {
        matches!(self.answer, Answer::Drip | Answer::Chunks | Answer::HeadDrip | Answer::Stall)
    }
}

/// Those that take long to read: one that is worth minutes of work in two megabytes, and one of many posts.
pub(super) fn long() -> Vec<Case> {
    // Each attribute of a tag is compared with all before it.
    let attributes: String = (0..230_000).map(|n| format!(" a{n}")).collect();
    let page = format!("<li class=post><b class=tit>글</b><p{attributes}>");
    let attributes = Case {
        name: "attributes",
        kind: SourceKind::Html,
        answer: say("200 OK", "", page),
        end: Refused("정해진 시간 안에"),
    };
    let items: String = (0..100_100).map(|n| format!("<item><title>{n}</title></item>")).collect();
    let posts: String = (0..230_000).map(|n| format!("{n}번\nㄱ\n봄\n1\n")).collect();
    let dump = Case {
        name: "a page dump of too many",
        kind: SourceKind::PageText,
        answer: say("200 OK", "", format!("봄\n꽃\n{posts}")),
        end: Kept(100_000),
    };
    vec![attributes, case("too many", feed(items), Kept(100_000)), dump]
}

/// All others. Nobody listens at `canary`, on no address of this machine, but to hear that somebody comes.
pub(super) fn all(canary: u16) -> Vec<Case> {
    [statuses(), redirects(canary), packed(), bodies(), charsets(), contents(), listings()]
        .into_iter()
        .flatten()
        .collect()
}

fn case(name: &'static str, answer: Answer, end: End) -> Case {
    Case { name, kind: SourceKind::Feed, answer, end }
}

fn say(status: &'static str, head: impl Into<String>, body: impl AsRef<[u8]>) -> Answer {
    Answer::Say(status, head.into(), body.as_ref().to_vec())
}

fn raw(bytes: impl AsRef<[u8]>) -> Answer {
    Answer::Raw(bytes.as_ref().to_vec())
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
        case(
            "429 until a date",
            say(
                "429 Too Many Requests",
                "Date: Mon, 23 Nov 2026 09:00:00 GMT\r\nRetry-After: Mon, 23 Nov 2026 09:01:00 GMT\r\n",
                "",
            ),
            Refused("60초 뒤에 다시"),
        ),
        case(
            "429 until before",
            say("429 Too Many Requests", "Retry-After: -9\r\n", ""),
            Refused("poll 간격을 늘리세요"),
        ),
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
        case("growing loop", Answer::CountUp, Refused("5번 넘게 넘겨졌어요")),
        to("another loopback", format!("http://127.0.0.2:{canary}/"), PRIVATE),
        to("by name", format!("http://localhost:{canary}/"), PRIVATE),
        to("as a number", format!("http://2130706434:{canary}/"), PRIVATE),
        to("in hexadecimal", format!("http://0x7f.0.0.2:{canary}/"), PRIVATE),
        to("nowhere's address", format!("http://0.0.0.0:{canary}/"), PRIVATE),
        to("mapped", format!("http://[::ffff:127.0.0.2]:{canary}/"), PRIVATE),
        to("in octal", format!("http://0177.0.0.1:{canary}/"), PRIVATE),
        to("IPv6", format!("http://[::1]:{canary}/"), PRIVATE),
        to("compatible", format!("http://[::127.0.0.1]:{canary}/"), PRIVATE),
        to("translated", format!("http://[64:ff9b::7f00:1]:{canary}/"), PRIVATE),
        to("another port", format!("http://127.0.0.1:{canary}/"), PRIVATE),
        to("with a password", format!("http://me:pw@127.0.0.1:{canary}/"), PRIVATE),
        to("of any scheme", format!("//[::ffff:7f00:1]:{canary}/"), PRIVATE),
        to("a full-width address", format!("http://１２７.０.０.１:{canary}/"), PRIVATE),
        to("metadata", "http://169.254.169.254/latest/".to_owned(), PRIVATE),
        to("a file", "file:///etc/passwd".to_owned(), "http나 https 주소만 읽어요"),
        to("gopher", format!("gopher://127.0.0.2:{canary}/"), "http나 https 주소만 읽어요"),
        case("to nowhere", say("301 Moved", "", ""), Refused("그 주소를 읽을 수 없어요")),
    ]
}

/// A billion times `a`: that letter, and then again and again "258 bytes as the one before", 13 bits each.
fn gzip_of_a_gigabyte() -> Vec<u8> {
    let code = |code: u32, length: u32| (0..length).rev().map(move |bit| code >> bit & 1 == 1);
    let again = || code(0b1100_0101, 8).chain(code(0, 5));
    // The last block of all, with the codes that every unpacker knows.
    let begin = [true, true, false].into_iter().chain(code(0x30 + u32::from(b'a'), 8));
    let bits: Vec<bool> = begin.chain((0..9).flat_map(|_| again())).take(2 * 8 + 8 * 13).collect();
    let byte = |bits: &[bool]| bits.iter().rev().fold(0_u8, |byte, bit| byte << 1 | u8::from(*bit));
    let bytes: Vec<u8> = bits.chunks(8).map(byte).collect();
    let (begin, again) = bytes.split_at(2);
    [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], begin, &again.repeat(484_500)].concat()
}

/// What is packed, and how it says so.
fn packed() -> Vec<Case> {
    let unpacked = |text: &str| STANDARD.decode(text).expect("base64");
    let packed = |name, how: &str, body: Vec<u8>, words| {
        case(name, say("200 OK", format!("Content-Encoding: {how}\r\n"), body), Refused(words))
    };
    vec![
        packed("brotli bomb", "br", unpacked(BROTLI_BOMB), "5MB까지만"),
        packed("gzip bomb of 1 GB", "gzip", gzip_of_a_gigabyte(), "5MB까지만"),
        packed("packed twice", "gzip, br", unpacked(BROTLI_BOMB), "압축"),
        packed("not packed at all", "gzip", FEED.into(), "답이 중간에 끊겼거나"),
        packed("packed strangely", "zstd", FEED.into(), "압축"),
    ]
}

fn bodies() -> Vec<Case> {
    let entities = "<!DOCTYPE rss [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>";
    let entities = format!("{entities}{}", FEED.replace("첫 글", "첫 글 &c;"));
    let outside = "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>";
    let outside = format!("{outside}{}", FEED.replace("첫 글", "&x;"));
    vec![
        case("too much", Answer::Pour, Refused("5MB까지만")),
        case("without end", Answer::Endless, Refused("5MB까지만")),
        case("a byte now and then", Answer::Drip, Refused("초 안에 다 읽지 못했어요")),
        case("a chunk now and then", Answer::Chunks, Refused("초 안에 다 읽지 못했어요")),
        case("a head now and then", Answer::HeadDrip, Refused("초 안에 다 읽지 못했어요")),
        case("a head without end", Answer::HeadEndless, Refused("답이 중간에 끊겼거나")),
        case(
            "no such chunk",
            raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"),
            Refused("답이 중간에 끊겼거나"),
        ),
        case(
            "a length too short",
            raw(format!("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{FEED}")),
            Refused("끊겼어요"),
        ),
        case(
            "a length too long",
            raw(format!("HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{FEED}")),
            Refused("답이 중간에 끊겼거나"),
        ),
        case(
            "a length of 1 GB",
            raw(format!("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n{FEED}")),
            Refused("5MB까지만"),
        ),
        case(
            "no length",
            raw(format!("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{FEED}")),
            Refused("답이 중간에 끊겼거나"),
        ),
        case(
            "two lengths",
            raw(format!("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 8\r\n\r\n{FEED}")),
            Refused("답이 중간에 끊겼거나"),
        ),
        case("silence", Answer::Stall, Refused("초 안에 다 읽지 못했어요")),
        case("broken off", Answer::BreakOff, Refused("답이 중간에 끊겼거나")),
        case("no HTTP", Answer::Garbage, Refused("답이 중간에 끊겼거나")),
        case("a picture", say("200 OK", "Content-Type: image/png\r\n", b"\x89PNG"), Refused("image/png")),
        case("zeros", say("200 OK", "", [0_u8; 64]), Refused("이진 내용이에요")),
        case("no text", say("200 OK", "", b"<rss>\n\xff\xff\xc7</rss>"), Refused("글자를 읽을 수 없어요")),
        case("nothing", say("200 OK", "", ""), Refused("비어 있어요")),
        case("a page", say("200 OK", "", "<!doctype html><html><body>공사 중"), Refused("웹 페이지예요")),
        case(
            "a login page",
            say(
                "200 OK",
                "Content-Type: text/html\r\n",
                "<!DOCTYPE html>\n<html><form action='/login'><input type=password></form></html>",
            ),
            Refused("웹 페이지예요"),
        ),
        case("white space", say("200 OK", "", " \r\n\t".repeat(100)), Refused("비어 있어요")),
        case("broken JSON", say("200 OK", "", "{\"items\": [\n{\"id\": "), Refused("2행을 읽을 수 없어요")),
        case("another XML", say("200 OK", "", "<svg></svg>"), Refused("RSS나 Atom이 아닌")),
        case("entities", say("200 OK", "", entities), Kept(2)),
        case("outside entities", say("200 OK", "", outside), Kept(2)),
    ]
}

fn charsets() -> Vec<Case> {
    let said = |name, charset: &str, body: Vec<u8>| {
        case(name, say("200 OK", format!("Content-Type: text/xml; charset={charset}\r\n"), body), Kept(2))
    };
    let korean = |text: &str| encoding_rs::EUC_KR.encode(text).0.into_owned();
    let wide: Vec<u8> = "\u{feff}<?xml version='1.0' encoding='utf-16'?>"
        .encode_utf16()
        .chain(FEED.encode_utf16())
        .flat_map(u16::to_be_bytes)
        .collect();
    vec![
        said("wrong charset", "euc-kr", FEED.into()),
        said("Latin-1 said", "iso-8859-1", FEED.into()),
        said("CP949 called UTF-8", "utf-8", korean(FEED)),
        said("CP949 called Latin-1", "iso-8859-1", korean(FEED)),
        said("a charset that is none", "x-unknown", FEED.into()),
        said("UTF-16", "utf-8", wide),
        said(
            "a mark and a declaration",
            "utf-8",
            format!("\u{feff}<?xml version='1.0' encoding='euc-kr'?>{FEED}").into(),
        ),
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
        case(
            "ids that are no addresses",
            feed(
                item("1", "가", "")
                    + "<item><guid isPermaLink='true'>javascript:1</guid><title>나</title></item>",
            ),
            Kept(2),
        ),
        case(
            "names without a document type",
            feed(item("1", "가&nbsp;&mdash;&hellip;나 &unknown;", "")),
            Kept(1),
        ),
        case("broken off", say("200 OK", "", FEED.split("둘째").next().unwrap_or_default()), Kept(1)),
        kept(
            "JSON of crumbs",
            SourceKind::Feed,
            &format!("{{\"items\":[{{\"title\":\"가\"}}{}]}}", ",{\"\":0}".repeat(690_000)),
            Kept(1),
        ),
        kept(
            "JSON in an item",
            SourceKind::Feed,
            &format!("{{\"items\":[{{\"title\":\"가\",\"x\":[{}0]}}]}}", "{\"\":0},".repeat(690_000)),
            Kept(1),
        ),
        case("a long id", feed(item(&"9".repeat(100_000), "가", "")), Kept(1)),
    ]
}

fn listings() -> Vec<Case> {
    let page =
        |name, body: &str, end| Case { name, kind: SourceKind::Html, answer: say("200 OK", "", body), end };
    let text = |name, kind, body: &str, end| Case { name, kind, answer: say("200 OK", "", body), end };
    let post = "<li class=post><a href=/1><b class=tit>글</b></a>";
    vec![
        page("deep tags", &"<div>".repeat(100_000), Refused("깊게 겹쳐")),
        page("many tags", &(post.to_owned() + &"<p>a".repeat(490_000)), Refused("태그가 너무 많거나")),
        page("a list within lists", &"<li class=post><b class=tit>글</b><ul>".repeat(400), Kept(1)),
        page("no list", "<p>점검 중</p>", Refused("하나도 없어요")),
        text("wrong lines", SourceKind::Jsonl, "{\"title\": \"가\"}\n{{{\n{\"title\": \"나\"}", Kept(2)),
        text("no lines", SourceKind::Jsonl, "<html>", Refused("1행")),
        text(
            "lines of crumbs",
            SourceKind::Jsonl,
            &format!("{{\"title\":\"가\",\"x\":[{}0]}}", "{\"\":0},".repeat(690_000)),
            Kept(1),
        ),
        text(
            "nothing but wrong lines",
            SourceKind::Jsonl,
            &("x\n".repeat(1_000_000) + "{\"title\":\"가\"}"),
            Kept(1),
        ),
        text("deep JSON", SourceKind::Jsonl, &"[".repeat(200_000), Refused("1행")),
        text("a page dump that is none", SourceKind::PageText, "하나", Refused("글 목록")),
    ]
}
