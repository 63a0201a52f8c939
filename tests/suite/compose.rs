//! Messages as independent readers read them: mail-parser, and Python's email package where there is one.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use mail_parser::{MessageParser, MimeHeaders};
use moabom::clock::from_millis;
use moabom::compose::{
    CompiledLetter, ComposeError, LetterHead, Origin, Personal, clean_name, small::SmallMail,
};
use moabom::model::Sender;
use moabom::model::edition::Content;
use moabom::model::token::SecretKey;
use moabom::model::{DeliveryId, EditionId, EmailAddress, SubscriberId};
use moabom::render::slot::Slot;
use proptest::prelude::*;

pub const URL: &str =
    "https://letter.example.com/unsubscribe/AQEBAAAAAAAAAAUAAAAAAAAAAnE0aXk5c2Rmb2lqc2RmbGtqc2Q";

pub fn key() -> SecretKey {
    SecretKey::new(1, &[7; 32])
}

pub fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("a sound address")
}

pub fn head() -> LetterHead {
    LetterHead {
        sender: Sender {
            name: "하이봄, \"편지\"  보냄".into(),
            email: address("letter@haebom.example"),
            reply_to: Some(address("me@haebom.example")),
            phone: None,
            address: None,
        },
        newsletter: "해봄의 편지".into(),
        digest: "weekly".into(),
        date: from_millis(1_795_392_000_000),
        zone: chrono_tz::Asia::Seoul,
        origin: Origin::Edition(EditionId(12)),
    }
}

pub fn content(subject: &str, text: &str, html: &str) -> Content {
    Content { subject: subject.into(), preheader: String::new(), html: html.into(), text: text.into() }
}

/// A letter with both slots in both parts, `filler` between them.
pub fn usual(filler: &str) -> Content {
    let (name, url) = (Slot::Name.marker(), Slot::UnsubscribeUrl.marker());
    content(
        "이번 주의 글  네 편 👨‍👩‍👧 “봄”",
        &format!("안녕하세요, {name}님!\n{filler}\n수신거부: {url}\n"),
        &format!(
            "<p><a href=\"{url}\">수신거부</a></p><p>안녕하세요, {name}님!</p>{filler}<a href='{url}'>끝</a>"
        ),
    )
}

pub fn reader<'a>(to: &'a EmailAddress, name: Option<&'a str>, url: Option<&'a str>) -> Personal<'a> {
    Personal { to, name, unsubscribe_url: url, consented_on: None, subscriber: SubscriberId(5) }
}

fn write(letter: &CompiledLetter, personal: &Personal<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    letter.write(personal, &mut bytes).expect("a message");
    bytes
}

fn compile(head: &LetterHead, content: &Content) -> CompiledLetter {
    CompiledLetter::new(head, content, &key(), None).expect("a letter")
}

/// What RFC 5321 and 5322 want of any message's lines.
pub fn assert_clean_lines(message: &[u8]) {
    assert!(message.is_ascii(), "seven bits only");
    assert!(message.ends_with(b"\r\n"));
    for line in message[..message.len() - 2].split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(!line.contains(&b'\r'), "a bare CR");
        assert!(line.len() <= 998, "a line of {}", line.len());
        assert!(!line.starts_with(b"."), "a line that begins with a dot");
        assert!(!line.contains(&0));
    }
    let text = std::str::from_utf8(message).expect("ASCII");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "a bare LF");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// The template filled by plain replacement: what a reader must decode.
fn filled(template: &str, name: &str, url: &str) -> String {
    template
        .replace(&Slot::Name.marker(), name)
        .replace(&Slot::UnsubscribeUrl.marker(), url)
        .replace(&Slot::ConsentedOn.marker(), "받는 분마다 달라요")
        .replace('\n', "\r\n")
}

fn assert_reads_as(message: &[u8], template: &Content, name: &str, url: &str) {
    assert_clean_lines(message);
    let parsed = MessageParser::default().parse(message).expect("a readable message");
    let shown = if name.is_empty() { "구독자" } else { name };
    let part = |n: u32| {
        let part = parsed.part(n).expect("a part");
        assert!(!part.is_encoding_problem, "a broken encoding");
        part.text_contents().expect("text").to_owned()
    };
    assert_eq!(parsed.subject().unwrap_or_default(), template.subject);
    assert_eq!(parsed.part(1).and_then(|p| p.content_type()).and_then(|t| t.subtype()), Some("plain"));
    assert_eq!(part(1), filled(&template.text, shown, url));
    assert_eq!(part(2), filled(&template.html, &escape(shown), &escape(url)));
    let to = parsed.to().and_then(|to| to.first()).expect("To");
    assert_eq!(to.name().unwrap_or_default(), name);
}

#[test]
fn a_korean_letter_is_read_as_it_was_written() {
    let template = usual(&"봄이 왔어요. ".repeat(300));
    let to = address("kim@example.com");
    let message = write(&compile(&head(), &template), &reader(&to, Some("김 \"철수\", <b>"), Some(URL)));
    assert_reads_as(&message, &template, "김 \"철수\", <b>", URL);
    let parsed = MessageParser::default().parse(&message).expect("message");
    let from = parsed.from().and_then(|from| from.first()).expect("From");
    assert_eq!(from.name(), Some("하이봄, \"편지\"  보냄"));
    assert_eq!(from.address(), Some("letter@haebom.example"));
    assert_eq!(parsed.header_raw("Date").map(str::trim), Some("Mon, 23 Nov 2026 09:00:00 +0900"));
    assert_eq!(parsed.header_raw("MIME-Version").map(str::trim), Some("1.0"));
    assert_eq!(parsed.header_raw("List-Unsubscribe-Post").map(str::trim), Some("List-Unsubscribe=One-Click"));
    let list = parsed.header_raw("List-Unsubscribe").expect("List-Unsubscribe");
    assert!(
        list.contains(&format!("<{URL}>,"))
            && list.contains("<mailto:me@haebom.example?subject=unsubscribe>")
    );
    assert!(parsed.header_raw("List-Id").expect("List-Id").contains("<weekly.haebom.example>"));
    assert!(parsed.message_id().expect("Message-ID").ends_with("@haebom.example"));
    assert_eq!(parsed.header_raw("Auto-Submitted"), None);
}

#[test]
fn names_and_addresses_of_every_length_decode_exactly() {
    let template = usual(&"가나다 ".repeat(100));
    let letter = compile(&head(), &template);
    let to = address("kim@example.com");
    for length in 0..=40 {
        let url =
            format!("https://letter.example.com/unsubscribe/{}", "a&b'".repeat(length)).replace('\'', "");
        for letter_of_name in ["a", "김", "é", "👍"] {
            let name = letter_of_name.repeat(length);
            assert_reads_as(&write(&letter, &reader(&to, Some(&name), Some(&url))), &template, &name, &url);
        }
    }
}

#[test]
fn names_with_awkward_text_stand_in_to_as_typed() {
    let template = usual("x");
    let letter = compile(&head(), &template);
    let to = address("kim@example.com");
    for name in [
        "Kim",
        "Kim  Chulsoo",
        "O'Brien, \"Bob\" \\ <x@y>",
        "=?utf-8?B?6rmA?=",
        "a =?utf-8?Q?b?= c",
        "김  철수  님",
        "()[]:;@,.",
        "A-very-long-name With-many-parts That-nearly fills-a-line",
    ] {
        assert_reads_as(&write(&letter, &reader(&to, Some(name), Some(URL))), &template, name, URL);
    }
}

#[test]
fn subjects_keep_their_spaces_and_typed_encoded_words() {
    let to = address("kim@example.com");
    for subject in [
        "plain",
        "double  spaces",
        "두  칸  띄움",
        "한글 and English  섞어 쓰기 한글 and English  섞어 쓰기 한글 and English  섞어 쓰기",
        "=?utf-8?Q?forged?=",
        "가 =?utf-8?B?6rCA?= 나",
        " 앞뒤 빈칸 ",
        "👩🏻‍❤️‍💋‍👨🏿👩🏻‍❤️‍💋‍👨🏿👩🏻‍❤️‍💋‍👨🏿👩🏻‍❤️‍💋‍👨🏿",
        "(광고) 봄맞이 \"할인\", 쿠폰; <b>",
        "a subject in plain English that is much too long for one line of seventy-eight characters in all",
    ] {
        let template = content(subject, "본문\n", "<p>본문</p>");
        let message = write(&compile(&head(), &template), &reader(&to, None, Some(URL)));
        assert_reads_as(&message, &template, "", URL);
        let text = String::from_utf8(message).expect("ASCII");
        for word in text.split_whitespace().filter(|word| word.starts_with("=?")) {
            assert!(word.len() <= 75, "{word}");
        }
    }
}

#[test]
fn header_lines_are_short_where_they_can_be() {
    let mut head = head();
    head.newsletter = "아주 긴 이름의 뉴스레터 ".repeat(5);
    head.sender.name = "아주 긴 이름의 보내는 사람 ".repeat(5);
    let template = content(&"긴 제목 ".repeat(60), "본문", "<p>본문</p>");
    let to = address("a.rather.long.address.of.somebody@mail.department.example.com");
    let message = write(&compile(&head, &template), &reader(&to, Some(&"김철수 ".repeat(30)), Some(URL)));
    let headers = String::from_utf8(message).expect("ASCII");
    let headers = headers.split("\r\n\r\n").next().expect("headers");
    for line in headers.split("\r\n").filter(|line| !line.starts_with("List-Unsubscribe:")) {
        let limit = if line.contains("mailto:") { 200 } else { 78 };
        assert!(line.len() <= limit, "{} {line}", line.len());
        assert!(!line.trim().is_empty(), "a line of nothing but space");
    }
}

#[test]
fn a_line_break_or_nul_in_a_header_is_refused() {
    let refused = |head: &LetterHead, subject: &str| {
        CompiledLetter::new(head, &content(subject, "x", "y"), &key(), None).err()
    };
    for bad in ["가\r\nBcc: x@example.com", "a\nb", "a\rb", "a\0b"] {
        assert_eq!(refused(&head(), bad), Some(ComposeError::HeaderText("Subject")));
        let mut wrong = head();
        wrong.sender.name = bad.into();
        assert_eq!(refused(&wrong, "제목"), Some(ComposeError::HeaderText("From")));
        let mut wrong = head();
        wrong.newsletter = bad.into();
        assert_eq!(refused(&wrong, "제목"), Some(ComposeError::HeaderText("List-Id")));
        let mut odd = head();
        odd.digest = bad.into();
        let to = address("kim@example.com");
        assert_clean_lines(&write(&compile(&odd, &usual("x")), &reader(&to, Some(bad), Some(URL))));
    }
}

#[test]
fn unknown_and_broken_slots_are_errors() {
    let error = |text: &str, html: &str| {
        CompiledLetter::new(&head(), &content("제목", text, html), &key(), None).err()
    };
    let address = ComposeError::UnknownSlot("address".into());
    assert_eq!(error("\u{E000}address\u{E001}", ""), Some(address));
    for broken in ["\u{E000}name", "name\u{E001}", "\u{E001}\u{E000}", "\u{E000}"] {
        assert_eq!(error("x", broken), Some(ComposeError::BrokenSlot), "{broken:?}");
    }
    let subject = content(&format!("{}님", Slot::Name.marker()), "x", "y");
    assert_eq!(CompiledLetter::new(&head(), &subject, &key(), None).err(), Some(ComposeError::SlotInSubject));
}

#[test]
fn an_unsubscribe_address_of_another_kind_is_refused() {
    let letter = compile(&head(), &usual("x"));
    let mut bytes = Vec::new();
    let error = letter.write(&reader(&address("a@b.example"), None, Some("javascript:x")), &mut bytes);
    assert_eq!(error, Err(ComposeError::UnsubscribeUrl));
}

#[test]
fn without_a_url_only_mailto_stands_in_header_and_slot() {
    let to = address("kim@example.com");
    let message = write(&compile(&head(), &usual("x")), &reader(&to, None, None));
    let parsed = MessageParser::default().parse(&message).expect("message");
    assert_eq!(parsed.header_raw("List-Unsubscribe-Post"), None);
    let list = parsed.header_raw("List-Unsubscribe").expect("List-Unsubscribe").trim();
    assert!(list.starts_with("<mailto:") && !list.contains(','));
    assert!(parsed.body_text(0).expect("text").contains(list.trim_matches(['<', '>'])));
}

#[test]
fn one_click_is_offered_on_https_and_on_loopback_only() {
    let to = address("kim@example.com");
    let letter = compile(&head(), &usual("x"));
    for (url, offered) in
        [(URL, true), ("http://127.0.0.1:8080/unsubscribe/x", true), ("http://letter.example.com/u/x", false)]
    {
        let message = String::from_utf8(write(&letter, &reader(&to, None, Some(url)))).expect("ASCII");
        assert_eq!(
            message.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"),
            offered,
            "{url}"
        );
        assert!(message.contains(&format!("List-Unsubscribe: <{url}>,\r\n <mailto:")));
    }
}

#[test]
fn the_same_letter_to_the_same_reader_is_the_same_bytes() {
    let to = address("kim@example.com");
    let one = write(&compile(&head(), &usual("x")), &reader(&to, Some("김"), Some(URL)));
    let two = write(&compile(&head(), &usual("x")), &reader(&to, Some("김"), Some(URL)));
    assert_eq!(one, two);
}

#[test]
fn two_readers_letters_differ_in_their_own_parts_alone() {
    let template = usual(&"본문이에요. ".repeat(200));
    let letter = compile(&head(), &template);
    let (kim, lee) = (address("kim@example.com"), address("lee@example.com"));
    let of_kim = write(&letter, &reader(&kim, Some("김"), Some(URL)));
    let of_lee =
        write(&letter, &Personal { subscriber: SubscriberId(6), ..reader(&lee, Some("김"), Some(URL)) });
    let lines = |bytes: &[u8]| -> Vec<String> {
        std::str::from_utf8(bytes).expect("ASCII").lines().map(str::to_owned).collect()
    };
    let (of_kim, of_lee) = (lines(&of_kim), lines(&of_lee));
    assert_eq!(of_kim.len(), of_lee.len());
    let differing: Vec<&str> =
        of_kim.iter().zip(&of_lee).filter(|(a, b)| a != b).map(|(a, _)| a.as_str()).collect();
    assert_eq!(differing.len(), 2, "{differing:?}");
    assert!(differing.iter().any(|line| line.starts_with("To: ")));
    assert!(differing.iter().any(|line| line.starts_with("Message-ID: ")));
}

#[test]
fn message_ids_differ_by_edition_reader_and_kind() {
    let mut seen = std::collections::HashSet::new();
    for origin in [
        Origin::Edition(EditionId(1)),
        Origin::Edition(EditionId(2)),
        Origin::Notice(DeliveryId(1)),
        Origin::Trial(from_millis(1)),
    ] {
        let letter = compile(&LetterHead { origin, ..head() }, &usual("x"));
        for subscriber in 1..=3 {
            assert!(seen.insert(letter.message_id(SubscriberId(subscriber))));
        }
    }
}

#[test]
fn a_notice_is_plain_text_says_it_is_automatic_and_carries_no_list_headers() {
    let head = LetterHead { origin: Origin::Notice(DeliveryId(3)), ..head() };
    let to = address("kim@example.com");
    let text = format!("{}님, 수신 동의가 처리되었어요.\n", Slot::Name.marker());
    let personal = reader(&to, Some("김철수"), None);
    let mail =
        SmallMail { head: &head, subject: "수신 동의 처리 결과", text: &text, html: None, personal };
    let message = mail.to_bytes(&key(), None).expect("a message");
    assert_clean_lines(&message);
    let parsed = MessageParser::default().parse(&message).expect("message");
    assert_eq!(parsed.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    for absent in ["List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID"] {
        assert_eq!(parsed.header_raw(absent), None, "{absent}");
    }
    assert_eq!(parsed.subject(), Some("수신 동의 처리 결과"));
    assert_eq!(parsed.body_text(0).as_deref(), Some("김철수님, 수신 동의가 처리되었어요.\r\n"));
}

/// Text with slots anywhere: at either end, side by side, between short and long stretches.
fn slotted() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(Slot::Name.marker()),
        Just(Slot::UnsubscribeUrl.marker()),
        "[ -~가-힣👍\n]{0,6}",
        "[ -~가-힣👍.\n]{40,400}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_letter_with_slots_anywhere_reads_exactly(
        text in slotted(), html in slotted(), subject in "[ -~가-힣👍é]{0,90}", name in "\\PC{0,70}", tail in "[a-z&=?]{0,60}",
    ) {
        prop_assume!(!html.is_empty() && !text.is_empty());
        // mail-parser drops a subject's outer spaces even where they are encoded; the cases above keep theirs.
        let template = content(subject.trim(), &text, &html);
        let url = format!("https://letter.example.com/{tail}");
        let to = address("kim@example.com");
        let message = write(&compile(&head(), &template), &reader(&to, Some(&name), Some(&url)));
        assert_reads_as(&message, &template, &clean_name(&name), &url);
    }

    #[test]
    fn no_name_subject_or_address_breaks_a_line(name in any::<String>(), subject in any::<String>(), local in any::<String>()) {
        let to = EmailAddress::parse(&format!("{local}@example.com"));
        let letter = CompiledLetter::new(&head(), &content(&subject, ".\n.", "<p>"), &key(), None);
        if let (Ok(to), Ok(letter)) = (to, letter) {
            let mut bytes = Vec::new();
            if letter.write(&reader(&to, Some(&name), Some(URL)), &mut bytes).is_ok() {
                // The reader's own address alone may hold more than seven bits (RFC 6532).
                let text = String::from_utf8(bytes).expect("UTF-8");
                assert_clean_lines(text.replacen(to.as_str(), "reader@example.com", 1).as_bytes());
            }
        }
    }
}

/// The message as Python's email package reads it; none where there is no python3.
pub fn read_with_python(message: &[u8]) -> Option<serde_json::Value> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/python/read_mail.py");
    let child = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        crate::support::judges::left_out("no python3 here, so its email package has not read this message");
        return None;
    };
    child.stdin.take().expect("stdin").write_all(message).expect("python reads");
    let output = child.wait_with_output().expect("python ends");
    assert!(output.status.success(), "read_mail.py failed");
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn python_reads_the_letter_as_it_was_written() {
    let template = usual(&"봄이 왔어요. ".repeat(300));
    let to = address("kim@example.com");
    let name = "김  \"철수\", =?utf-8?B?6rmA?=";
    let message = write(&compile(&head(), &template), &reader(&to, Some(name), Some(URL)));
    let Some(read) = read_with_python(&message) else { return };
    assert_eq!(read["defects"], serde_json::json!([]));
    assert_eq!(read["subject"], template.subject.as_str());
    assert_eq!(read["to"], serde_json::json!([[name, "kim@example.com"]]));
    assert_eq!(read["from"], serde_json::json!([[head().sender.name, "letter@haebom.example"]]));
    let text = filled(&template.text, name, URL);
    let html = filled(&template.html, &escape(name), URL);
    assert_eq!(read["parts"], serde_json::json!([["text/plain", text], ["text/html", html]]));
}
