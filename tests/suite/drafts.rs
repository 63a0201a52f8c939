//! The operator's look at a draft, through the built binary: as a daemon, and by hand without one.

use chrono::{Duration, Timelike};
use moabom::clock::Clock;
use moabom::compose::links::draft_url;
use moabom::config::key;
use moabom::model::EditionId;

use crate::keys::Pages;
use crate::support::free_port;
use crate::support::http::ask;
use crate::support::smtp_server::SmtpServer;
use crate::support::system::System;
use crate::systemd::Service;
use crate::web::body;

/// A system whose next slot is about an hour away, and whose operator wants to look at it two hours before.
fn asked(server: &SmtpServer) -> System {
    let system = System::new(server.port(), 1);
    system.run(&["ingest"]);
    let people = "이메일,이름,구독일\nreader@example.com,독자,2026-10-01\n";
    std::fs::write(system.path("people.csv"), people).expect("written");
    system.run(&["subscribers", "import", "people.csv"]);
    let slot = (Clock::System.now() + Duration::hours(1)).with_timezone(&chrono_tz::Asia::Seoul);
    let rules = format!("schedule = \"{} {} * * *\"\napproval = \"2h\"", slot.minute(), slot.hour());
    let path = system.path("moabom.toml");
    let text = std::fs::read_to_string(&path).expect("a configuration");
    let text = text.replace("schedule = \"0 9 * * MON\"", &rules);
    std::fs::write(path, text + "\n[operator]\nemail = \"owner@example.com\"\n").expect("written");
    system
}

fn draft(system: &System, edition: i64) -> String {
    let keys = key::load(&system.path("data/moabom.sqlite.key")).expect("keys");
    let base = "http://x/".parse().expect("a URL");
    draft_url(&base, &keys[0], EditionId(edition)).replace("http://x", "")
}

/// The first post that can be taken out, by the page's own form.
fn first_post(page: &str) -> &str {
    let at = page.find("name=\"post\" value=\"").expect("a post") + "name=\"post\" value=\"".len();
    page[at..].split('"').next().expect("its number")
}

#[test]
fn a_post_taken_out_after_a_reload_leaves_the_letter_of_the_new_templates() {
    let server = SmtpServer::start();
    let system = asked(&server);
    let port = free_port();
    let service = Service::start(&system, &[("MOABOM__WEB__LISTEN", &format!("127.0.0.1:{port}"))]);
    // The mail that asks is told of in the log, so the edition is there.
    while !service.log().contains("운영자에게 메일로 알렸어요") {
        service.until("WATCHDOG=1");
    }
    system.run(&["templates", "export", "templates"]);
    let path = system.path("templates/digest/letter.html");
    let letter = std::fs::read_to_string(&path).expect("a template");
    assert!(letter.contains("한눈에 보기"));
    std::fs::write(&path, letter.replace("한눈에 보기", "고친 틀")).expect("written");
    service.signal("HUP");
    service.until("READY=1");
    while !service.log().contains("설정을 다시 읽었어요") {
        service.until("WATCHDOG=1");
    }
    let draft = draft(&system, 1);
    let page = ask(port, "GET", &draft, "").expect("the draft");
    let post = first_post(&page).to_owned();
    let pressed = ask(port, "POST", &draft, &format!("post={post}")).expect("pressed");
    assert!(pressed.contains("뺐어요"), "{pressed}");
    let letter = ask(port, "GET", &format!("{draft}/letter"), "").expect("the letter");
    assert!(body(&letter).contains("고친 틀"), "{letter}");
    service.end();
}

#[test]
fn without_a_daemon_deliver_asks_the_operator_and_web_shows_the_draft() {
    let server = SmtpServer::start();
    let system = asked(&server);
    // Its schedule is in force from the first look on.
    system.run(&["publish"]);
    system.run(&["deliver"]);
    assert!(server.kept_for("reader@example.com").is_empty());
    let asked = server.kept_for("owner@example.com");
    assert_eq!(asked.len(), 1);
    let mail = mail_parser::MessageParser::default().parse(&asked[0].bytes).expect("a mail");
    let draft = draft(&system, 1);
    assert!(mail.subject().expect("a subject").contains("보낼까요?"));
    assert!(mail.body_text(0).expect("a text").contains(&draft));
    let pages = Pages::start(&system);
    let shown = pages.ask("GET", &draft);
    let (before, post) = (shown.matches("name=\"post\"").count(), first_post(&shown).to_owned());
    assert!(pages.post(&draft, &format!("post={post}")).contains("뺐어요"));
    assert_eq!(pages.ask("GET", &draft).matches("name=\"post\"").count(), before - 1);
    system.verify();
}
