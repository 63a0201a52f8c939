//! A reader's whole way, through the built binary: form, mail, button, letter, preferences, leaving.

use mail_parser::MessageParser;
use moabom::clock::Clock;
use moabom::config::key;
use moabom::model::token::form_stamp;

use crate::keys::Pages;
use crate::signup::filled;
use crate::support::smtp_server::SmtpServer;
use crate::support::system::System;
use crate::web::status;

const PUBLIC: &str = "http://127.0.0.1:8025";

/// Subject and text of the newest mail to `address`.
fn newest(server: &SmtpServer, address: &str) -> (String, String) {
    let kept = server.kept_for(address);
    let mail = MessageParser::default().parse(&kept.last().expect("a mail").bytes).expect("a message");
    (mail.subject().unwrap_or_default().to_owned(), mail.body_text(0).expect("text").into_owned())
}

/// The path of the first link to `page` in `text`.
fn link(text: &str, page: &str) -> String {
    let start = format!("{PUBLIC}/{page}/");
    let at = text.find(&start).unwrap_or_else(|| panic!("no {start} in {text}"));
    let end = text[at..].find(|c: char| c.is_whitespace() || "\"<>".contains(c)).unwrap_or(text.len() - at);
    text[at + PUBLIC.len()..at + end].to_owned()
}

#[test]
fn a_reader_comes_reads_rests_moves_and_leaves() {
    let server = SmtpServer::start();
    let system = System::new(server.port(), 1);
    system.run(&["ingest"]);
    system.run(&["subscribers", "add", "other@example.com"]);
    let pages = Pages::start(&system);
    let keys = key::load(&system.path("data/moabom.sqlite.key")).expect("keys");
    let stamp = form_stamp(&keys[0], (Clock::System.now() - chrono::Duration::seconds(9)).timestamp_millis());
    let form = filled(&stamp, "haru@example.com").replace("name=", "name=%ED%95%98%EB%A3%A8");
    assert_eq!(status(&pages.post("/subscribe", &form)), "200");
    system.run(&["deliver"]);
    assert_eq!(server.kept().len(), 1, "one mail, to whoever asked");
    let (subject, text) = newest(&server, "haru@example.com");
    assert!(subject.starts_with("구독을 확인해 주세요") && !text.contains("하루"), "{subject}: {text}");
    let raw = String::from_utf8_lossy(&server.kept()[0].bytes).into_owned();
    assert!(raw.contains("Auto-Submitted: auto-generated"), "{raw}");
    assert!(pages.post(&link(&text, "confirm"), "").contains("구독을 시작했어요"));

    system.run(&["publish", "weekly"]);
    system.run(&["deliver"]);
    let (_, letter) = newest(&server, "haru@example.com");
    assert!(letter.contains("하루님"), "{letter}");
    let leave = link(&letter, "unsubscribe");
    let own = pages.ask("GET", &leave);
    let own = own.split("href=\"").find_map(|rest| rest.strip_prefix("/preferences/")).expect("a link");
    let own = format!("/preferences/{}", own.split('"').next().expect("its end"));
    assert!(pages.post(&own, "do=save&pace0=rest-1m").contains("저장했어요"));
    assert_eq!(system.json(&["subscribers", "list", "--json"])[1]["subscriptions"][0]["state"], "paused");

    assert_eq!(status(&pages.post(&own, "do=address&address=haru%40new.example.com")), "200");
    system.run(&["deliver"]);
    let (subject, text) = newest(&server, "haru@new.example.com");
    assert!(subject.starts_with("받는 주소를 확인해 주세요"), "{subject}");
    assert!(pages.post(&link(&text, "address"), "").contains("바꿨어요"));
    assert_eq!(system.json(&["subscribers", "list", "--json"])[1]["address"], "haru@new.example.com");

    assert_eq!(status(&pages.post(&leave, "List-Unsubscribe=One-Click")), "200");
    let sent = server.kept().len();
    system.run(&["deliver"]);
    let left = system.json(&["subscribers", "list", "--json"]);
    assert_eq!((left.as_array().map(Vec::len), server.kept().len()), (Some(1), sent));
    system.verify();
}
