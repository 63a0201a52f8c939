//! A trial letter to one address, and the operator's own templates, through the built binary.

use std::fs;
use std::process::Output;

use mail_parser::MessageParser;

use super::broken::{rows, sound};
use crate::support::keeper::Keeper;
use crate::support::smtp_server::{Act, At, Seen, SmtpServer};
use crate::support::system::System;

const TO: &str = "me@example.net";

/// Exit code and what was said on standard error.
fn failed(output: Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn try_failing(system: &System, arguments: &[&str]) -> (Option<i32>, String) {
    failed(system.try_run(arguments).expect_err("it fails"))
}

/// Header fields in order, folded lines with their field, and each part decoded with this copy's link replaced.
fn taken_apart(message: &[u8]) -> (Vec<(String, String)>, String, String) {
    let parsed = MessageParser::default().parse(message).expect("a message");
    let list = parsed.header_raw("List-Unsubscribe").expect("a way out");
    let link = list.split(['<', '>']).find(|part| part.starts_with("http")).expect("a link").to_owned();
    let html = parsed.body_html(0).expect("HTML").replace(&link, "LINK");
    let text = parsed.body_text(0).expect("text").replace(&link, "LINK");
    let fields = parsed.headers_raw().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    (fields, html, text)
}

#[test]
fn a_trial_is_the_previewed_letter_and_leaves_no_trace() {
    let keeper = Keeper::start(0);
    let system = sound(keeper.port());
    let before = rows(&system);
    let said = system.run(&["test-send", TO]);
    assert!(said.contains(TO) && said.contains("[시험] ") && said.contains("250 2.0.0 kept"), "{said}");
    assert_eq!(rows(&system), before, "nothing is written");

    let copies = keeper.copies();
    assert_eq!((keeper.total(), copies.keys().map(String::as_str).collect::<Vec<_>>()), (1, vec![TO]));
    let trial = &copies[TO][0];
    let output = system.command(&["preview", "--format", "eml"]).output().expect("it starts");
    let (wanted, html, text) = taken_apart(&output.stdout);
    let (fields, trial_html, trial_text) = taken_apart(trial);
    assert_eq!((trial_html, trial_text), (html, text));

    // Feedback-ID and the boundary tell a trial from an edition; all else of the header is the same bytes.
    let own = ["Subject", "Date", "Message-ID", "To", "Feedback-ID", "Content-Type"];
    let kept = |fields: &[(String, String)]| -> Vec<(String, String)> {
        fields.iter().filter(|(name, _)| !own.contains(&name.as_str())).cloned().collect()
    };
    assert_eq!(kept(&fields), kept(&wanted));
    let names = |fields: &[(String, String)]| -> Vec<String> {
        fields.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&fields), names(&wanted));

    let parse = |bytes| MessageParser::default().parse(bytes).expect("a message");
    let (sent, shown) = (parse(trial.as_slice()), parse(output.stdout.as_slice()));
    let subject = shown.subject().expect("a subject");
    assert_eq!(sent.subject(), Some(format!("[시험] {subject}").as_str()));
    assert_ne!(sent.message_id(), shown.message_id());
    assert_eq!(sent.to().and_then(|to| to.first()).and_then(|to| to.address()), Some(TO));

    assert_eq!(system.run(&["deliveries", "list", "--json"]).trim(), "[]");
    assert_eq!(system.run(&["editions", "list", "--json"]).trim(), "[]");
    system.verify();
}

#[test]
fn an_edition_is_the_previewed_letter_but_for_links_day_and_recipient() {
    let keeper = Keeper::start(0);
    let system = sound(keeper.port());
    let shown = system.command(&["preview", "--format", "eml"]).output().expect("it starts").stdout;
    system.run(&["publish", "weekly"]);
    system.run(&["deliver"]);
    let copies = keeper.copies();
    assert_eq!(copies.keys().map(String::as_str).collect::<Vec<_>>(), ["one@example.com", "two@example.com"]);
    let (wanted, html, text) = taken_apart(&shown);
    for copy in copies.values().flatten() {
        let (fields, edition_html, edition_text) = taken_apart(copy);
        // Who subscribed on which day is of the reader, too.
        let of_nobody = |part: &str| {
            let with_day = part.replace("2024년 1월 5일 (금)", "받는 분마다 달라요");
            assert_ne!(with_day, part, "the day stands there");
            with_day
        };
        assert_eq!((of_nobody(&edition_html), of_nobody(&edition_text)), (html.clone(), text.clone()));
        assert!(
            edition_html.contains("LINK") && edition_text.contains("LINK"),
            "the links alone were replaced"
        );
        // Boundary, identity and instant are of the edition; the links are of its reader.
        let own = ["Date", "Message-ID", "To", "Feedback-ID", "Content-Type", "List-Unsubscribe"];
        let kept = |fields: &[(String, String)]| -> Vec<(String, String)> {
            fields
                .iter()
                .map(|(name, value)| {
                    (name.clone(), if own.contains(&name.as_str()) { String::new() } else { value.clone() })
                })
                .collect()
        };
        assert_eq!(kept(&fields), kept(&wanted));
    }
    system.verify();
}

#[test]
fn the_link_of_a_trial_is_nobodys_and_the_mark_of_advertising_stays_first() {
    let keeper = Keeper::start(0);
    let system = sound(keeper.port());
    let config = fs::read_to_string(system.path("moabom.toml")).expect("read");
    let sender = "email = \"letter@example.com\"";
    let config = config
        .replace("advertising = false", "advertising = true")
        .replace(sender, &format!("{sender}\nphone = \"02-123-4567\"\naddress = \"서울시 마포구 어느길 1\""));
    fs::write(system.path("moabom.toml"), config).expect("written");
    system.run(&["test-send", TO, "weekly"]);
    let copies = keeper.copies();
    let parsed = MessageParser::default().parse(&copies[TO][0]).expect("a message");
    let subject = parsed.subject().expect("a subject");
    assert!(subject.starts_with("(광고) [시험] "), "{subject}");
    // The same link as the preview's, which is of subscriber 0.
    let output = system.command(&["preview", "--format", "eml"]).output().expect("it starts");
    let shown = MessageParser::default().parse(&output.stdout).expect("a message");
    assert_eq!(parsed.header_raw("List-Unsubscribe"), shown.header_raw("List-Unsubscribe"));
}

#[test]
fn a_refused_trial_tells_the_stage_and_the_relays_reply() {
    let server = SmtpServer::start();
    let system = sound(server.port());
    server.for_recipient(TO, At::Rcpt, Act::say("550 5.7.1 Relaying denied"));
    let (code, said) = try_failing(&system, &["test-send", TO]);
    assert_eq!(code, Some(1), "{said}");
    for part in [TO, "RCPT TO", "550 5.7.1 Relaying denied", "  → "] {
        assert!(said.contains(part), "{said}");
    }
    assert!(server.kept().is_empty());
    server.heal();
    server.always(At::DotKept, Act::Close);
    let (code, said) = try_failing(&system, &["test-send", TO]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("도착했을 수도 있어요"), "{said}");
    assert_eq!(system.run(&["deliveries", "list", "--json"]).trim(), "[]");
    system.verify();
}

#[test]
fn who_must_never_be_mailed_gets_no_trial_and_no_address_is_misuse() {
    let server = SmtpServer::start();
    let system = sound(server.port());
    let (code, said) = try_failing(&system, &["test-send", "Gone@Example.com"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("발송 금지") && said.contains("수신거부"), "{said}");
    let (code, said) = try_failing(&system, &["test-send", "나에게"]);
    assert_eq!(code, Some(2), "{said}");
    let (code, said) = try_failing(&system, &["test-send", TO, "daily"]);
    assert_eq!(code, Some(2), "{said}");
    assert_eq!(server.count(|seen| matches!(seen, Seen::Connection)), 0);
}

#[test]
fn templates_are_written_once_and_never_over_a_file() {
    let system = sound(1);
    let first = system.run(&["templates", "export"]);
    assert_eq!(first.matches("썼어요").count(), 15, "{first}");
    let before = system.run(&["preview", "--at", "2031-05-05 09:00", "--format", "eml"]);
    let own = system.path("templates/digest/letter.txt");
    let built_in = fs::read_to_string(&own).expect("read");
    let changed = format!("{built_in}\n손으로 고친 줄\n");
    fs::write(&own, &changed).expect("written");
    fs::remove_file(system.path("templates/digest/letter.css")).expect("removed");
    let second = system.run(&["templates", "export"]);
    assert_eq!(
        (second.matches("썼어요").count(), second.matches("이미 있어서").count()),
        (1, 14),
        "{second}"
    );
    assert_eq!(fs::read_to_string(&own).expect("read"), changed);
    let said = system.run(&["templates", "check"]);
    assert_eq!(said.matches("내장 틀 대신 써요").count(), 15, "{said}");
    assert!(system.run(&["preview"]).contains("손으로 고친 줄"));
    fs::write(&own, built_in).expect("written");
    assert_eq!(system.run(&["preview", "--at", "2031-05-05 09:00", "--format", "eml"]), before);

    system.run(&["templates", "export", "elsewhere"]);
    assert!(system.path("elsewhere/digest/parts.html").is_file());
    fs::write(system.path("file"), "").expect("written");
    let (code, said) = try_failing(&system, &["templates", "export", "file"]);
    assert!(code == Some(1) && said.contains("꺼내지 못했어요") && !said.contains("os error"), "{said}");
}

#[test]
fn a_broken_template_is_told_with_its_file_line_and_column() {
    let system = sound(1);
    let said = system.run(&["templates", "check"]);
    assert!(said.contains("내장 틀을 써요"), "{said}");
    system.run(&["templates", "export"]);
    let own = system.path("templates/digest/letter.txt");
    let text = fs::read_to_string(&own).expect("read");
    fs::write(&own, format!("첫 줄\n  {{{{ nobody }}}}\n{text}")).expect("written");
    let (code, said) = try_failing(&system, &["templates", "check"]);
    assert_eq!(code, Some(2), "{said}");
    for part in ["templates/digest/letter.txt", "2행 6열", "알 수 없는 변수 'nobody'"] {
        assert!(said.contains(part), "{said}");
    }
    fs::write(&own, "{% if %}\n").expect("written");
    let (code, said) = try_failing(&system, &["templates", "check"]);
    assert!(code == Some(2) && said.contains("letter.txt 1행"), "{said}");
    fs::remove_file(&own).expect("removed");

    let own = system.path("templates/notice/law.txt");
    let text = fs::read_to_string(&own).expect("read");
    fs::write(&own, text.replace("보낸 사람 {{ sender }}", "보낸 사람")).expect("written");
    for line in [&["templates", "check"][..], &["check"], &["publish"]] {
        let (code, said) = try_failing(&system, line);
        assert_eq!(code, Some(2), "{line:?}: {said}");
        let told =
            "templates/notice/law.txt에 보낸 사람의 이름이 없어요. 눈에 보이는 곳에 넣으세요: {{ sender }}";
        assert!(said.contains(told), "{line:?}: {said}");
    }
}
