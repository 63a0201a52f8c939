//! A new address for a subscription: who is mailed for it and how often, what stays as evidence, and the way back.

use moabom::clock::Instant;
use moabom::model::edition::Content;
use moabom::model::notice::NoticeKind;
use moabom::model::subscriber::{ConsentAct, SubscriptionState, SuppressionReason};
use moabom::model::token::Purpose;
use moabom::model::{EmailAddress, SubscriberId};
use moabom::store::address_changes::{Moved, NewAddress};
use moabom::store::notices::NewNotice;
use moabom::store::suppressions::Farewell;

use crate::preferences::{front, page};
use crate::signup::{FORM, Front};
use crate::support::free_port;
use crate::support::http::ask as ask_at;
use crate::support::smtp_server::{Act, At, SmtpServer};
use crate::support::system::System;
use crate::support::world::World;
use crate::systemd::Service;
use crate::web::{body, status};

/// Mails asking for a confirmation at a new address so far.
fn asked(front: &Front) -> i64 {
    front.number("SELECT count(*) FROM notices WHERE kind = 'address_change'")
}

/// Asks for `address` on that page. Whether a mail went there: the page tells nobody.
fn ask(front: &Front, own: &str, address: &str) -> bool {
    front.pass(chrono::Duration::seconds(1));
    let before = asked(front);
    let address: String = url::form_urlencoded::byte_serialize(address.as_bytes()).collect();
    assert_eq!(status(&front.served.post(own, FORM, &format!("do=address&address={address}"))), "200");
    asked(front) > before
}

fn address(front: &Front) -> String {
    front.desk.list()[0]["address"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn moving_to_and_fro_between_two_mailboxes_mails_a_stranger_once_a_day() {
    let front = front();
    let own = page(&front, "kim@naver.com");
    let mut victim = 0;
    for mine in ["b@naver.com", "kim@naver.com", "b@naver.com", "kim@naver.com"] {
        for _ in 0..2 {
            victim += i64::from(ask(&front, &own, "victim@naver.com"));
        }
        if ask(&front, &own, mine) {
            front.served.post(&front.link(), "", "");
        }
    }
    assert_eq!((victim, asked(&front)), (1, 2), "the stranger once, then one more, then no more today");
    front.pass(chrono::Duration::hours(25));
    assert!(ask(&front, &own, "victim@naver.com"));
}

#[test]
fn many_readers_and_the_form_together_mail_an_address_once_a_day() {
    let front = front();
    front.desk.run(&["add", "lee@naver.com"]).ok();
    let (kim, lee) = (page(&front, "kim@naver.com"), page(&front, "lee@naver.com"));
    assert!(ask(&front, &kim, "victim@naver.com"));
    assert!(!ask(&front, &lee, "Victim@Naver.com"));
    front.desk.run(&["remove", "kim@naver.com"]).ok();
    assert!(!ask(&front, &lee, "victim@naver.com"), "forgotten with whoever asked first");
    let answer = front.sign_up("victim@naver.com");
    assert!(status(&answer) == "200" && front.mailed() == 0, "the form counts too");
    front.pass(chrono::Duration::hours(25));
    front.sign_up("victim@naver.com");
    assert_eq!(front.mailed(), 1);
    assert!(!ask(&front, &lee, "victim@naver.com"));
    let kept = || front.number("SELECT count(*) FROM asked_mails");
    assert!(kept() > 0);
    front.pass(chrono::Duration::hours(25));
    moabom::feedback::run_once(&front.desk.store, front.clock.now()).expect("runs");
    assert_eq!(kept(), 0, "not even a hash is kept longer than it is needed");
}

#[test]
fn the_hours_mails_are_shared_with_signing_up() {
    let front = Front::with(|deps| deps.people.confirmations_per_hour = 2);
    for reader in ["kim@naver.com", "lee@naver.com"] {
        front.desk.run(&["add", reader]).ok();
    }
    front.sign_up("new@naver.com");
    assert!(ask(&front, &page(&front, "kim@naver.com"), "a@naver.com"));
    assert!(!ask(&front, &page(&front, "lee@naver.com"), "b@naver.com"), "the hour is full");
    front.sign_up("newer@naver.com");
    assert_eq!(front.mailed(), 1, "for signing up as well");
    front.pass(chrono::Duration::hours(1));
    assert!(ask(&front, &page(&front, "lee@naver.com"), "b@naver.com"));
}

#[test]
fn whoever_left_cannot_be_moved() {
    let front = Front::with(|deps| deps.farewell = Farewell::Told);
    front.desk.run(&["add", "kim@naver.com"]).ok();
    let own = page(&front, "kim@naver.com");
    let leave = format!("/unsubscribe/{}", front.desk.token("kim@naver.com"));
    assert!(ask(&front, &own, "neu@daum.net"));
    let link = front.link();
    front.served.post(&leave, FORM, "by=page");
    for answer in [front.served.ask("GET", &link), front.served.post(&link, "", "")] {
        assert_eq!(status(&answer), "404", "{answer}");
    }
    let here = "SELECT count(*) FROM subscribers WHERE address = 'kim@naver.com'";
    assert_eq!(front.number(here), 1, "to be told where the subscription was");
    let left = "SELECT (SELECT count(*) FROM address_changes WHERE address IS NOT NULL)
                     + (SELECT count(*) FROM notices WHERE address IS NOT NULL OR text <> '')";
    assert_eq!(front.number(left), 0, "the new address is nobody's any more");
}

#[test]
fn a_move_is_a_consent_of_whoever_reads_the_new_mailbox() {
    let front = front();
    let own = page(&front, "kim@naver.com");
    assert!(ask(&front, &own, "neu@daum.net"));
    front.pass(chrono::Duration::hours(1));
    front.served.post(&front.link(), "", "");
    let id = front.desk.id("neu@daum.net");
    let ledger = front.desk.store.read(|ledger| ledger.evidence_of(id)).expect("reads");
    let last = &ledger.last().expect("an event").consent;
    assert_eq!(
        (last.act, last.digest.as_deref(), last.source.as_str(), last.wording.as_str()),
        (ConsentAct::Confirmed, Some("weekly"), "web", "받는 주소 변경 확인")
    );
    assert_eq!(last.at, front.clock.now());
    assert_eq!(ledger.len(), 2, "granted before, confirmed now");
}

/// The newest mail: to whom, its subject and its text.
fn newest(front: &Front) -> (String, String, String) {
    let query = "SELECT coalesce(address, ''), subject, text FROM notices ORDER BY id DESC LIMIT 1";
    front
        .desk
        .sql()
        .query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .expect("a notice")
}

#[test]
fn the_old_mailbox_is_told_and_can_take_it_back() {
    let front = front();
    let own = page(&front, "kim@naver.com");
    assert!(ask(&front, &own, "thief@daum.net"));
    let stolen = front.link();
    assert!(front.served.post(&stolen, "", "").contains("바꿨어요"));
    let (to, subject, text) = newest(&front);
    assert_eq!(to, "kim@naver.com");
    assert!(subject.starts_with("받는 주소가 바뀌었습니다"), "{subject}");
    assert!(!text.contains("thief") && !text.contains("(광고)") && text.contains("되돌"), "{text}");
    let back = front.link();
    // Whoever took it moves on: the way back stays open.
    assert!(ask(&front, &own, "hole@daum.net"));
    assert!(front.served.post(&front.link(), "", "").contains("바꿨어요"));
    let second = front.link();
    assert!(front.served.ask("GET", &back).contains("k***@naver.com"));
    assert_eq!(address(&front), "hole@daum.net", "looking changes nothing");
    front.pass(chrono::Duration::seconds(1));
    assert!(front.served.post(&back, "", "").contains("바꿨어요"));
    assert_eq!(address(&front), "kim@naver.com");
    for used in [&stolen, &back, &second] {
        assert_eq!(status(&front.served.post(used, "", "")), "404", "{used}");
    }
    let (to, _, text) = newest(&front);
    assert_eq!(to, "hole@daum.net");
    assert!(!text.contains("/address/") && text.contains(&own), "no end of taking back: {text}");
    assert_eq!(front.state("kim@naver.com"), Some(SubscriptionState::Active));
}

#[test]
fn the_old_address_is_forgotten_after_three_days() {
    let front = front();
    assert!(ask(&front, &page(&front, "kim@naver.com"), "neu@daum.net"));
    let said = front.served.post(&front.link(), "", "");
    assert!(body(&said).contains("예전 주소") && body(&said).contains("사흘"), "{said}");
    let back = front.link();
    front.pass(chrono::Duration::hours(73));
    assert_eq!(status(&front.served.ask("GET", &back)), "404");
    moabom::feedback::run_once(&front.desk.store, front.clock.now()).expect("runs");
    let kept = "SELECT (SELECT count(*) FROM address_changes)
                     + (SELECT count(*) FROM notices WHERE address IS NOT NULL OR text <> '')
                     + (SELECT count(*) FROM subscribers WHERE address = 'kim@naver.com')";
    assert_eq!(front.number(kept), 0);
}

/// A reader at a@example.com who asks for n@example.com, its mail queued; the number of the change.
fn asking(server: &SmtpServer) -> (World, SubscriberId, i64) {
    let world = World::new(server);
    world.add("a@example.com");
    let (id, now, key) = (SubscriberId(1), world.clock.now(), world.suppressions());
    let asked = world.store.write(move |ledger| {
        let address = EmailAddress::parse("n@example.com").expect("an address");
        let asked = ledger.ask_new_address(id, &address, 60, &key, now)?;
        ledger.queue_notice(&notice(NoticeKind::AddressChange, id, address, now))?;
        Ok(asked)
    });
    let Ok(NewAddress::Asked(change)) = asked else { panic!("{asked:?}") };
    (world, id, change)
}

fn notice(kind: NoticeKind, subscriber: SubscriberId, address: EmailAddress, now: Instant) -> NewNotice {
    let part = || "확인해 주세요".to_owned();
    let content = Content { subject: part(), preheader: String::new(), html: part(), text: part() };
    let address = Some(address);
    NewNotice { kind, subscriber, digest: None, about: now, address, content, at: now, expires_at: None }
}

fn suppressed(world: &World, address: &str) -> Option<SuppressionReason> {
    let (key, address) = (world.suppressions(), EmailAddress::parse(address).expect("an address"));
    world.store.read(|ledger| ledger.is_suppressed(&key, &address)).expect("read")
}

#[test]
fn a_mailbox_that_wants_no_mail_is_left_alone_and_costs_the_reader_nothing() {
    let server = SmtpServer::start();
    let (world, ..) = asking(&server);
    server.for_recipient("n@example.com", At::Rcpt, Act::say("550 수신자가 차단한 발신자입니다"));
    world.deliver();
    assert_eq!(suppressed(&world, "n@example.com"), Some(SuppressionReason::Withdrawn));
    assert_eq!(suppressed(&world, "a@example.com"), None);
    let still = "SELECT count(*) FROM subscriptions s JOIN subscribers p ON p.id = s.subscriber_id
                  WHERE s.state = 'active' AND p.address = 'a@example.com'";
    assert_eq!(world.number(still), 1, "the reader did not leave");
}

#[test]
fn bounces_of_two_mailboxes_are_not_added_up() {
    let soft = || Act::say("550 5.1.1 Inactive mbox");
    // The new mailbox and the reader's own.
    let server = SmtpServer::start();
    let (mut world, ..) = asking(&server);
    server.for_recipient("n@example.com", At::Rcpt, soft());
    server.for_recipient("a@example.com", At::Rcpt, soft());
    world.deliver();
    world.freeze();
    world.deliver();
    assert_eq!(world.number("SELECT count(*) FROM attempts WHERE result = 'bounced'"), 2);
    assert_eq!(suppressed(&world, "a@example.com"), None);
    // The one of before a move and the one after it.
    let server = SmtpServer::start();
    let (mut world, id, change) = asking(&server);
    world.deliver();
    server.for_recipient("a@example.com", At::Rcpt, soft());
    server.for_recipient("n@example.com", At::Rcpt, soft());
    world.freeze();
    world.deliver();
    world.wait(1);
    let (now, key) = (world.clock.now(), world.suppressions());
    let told = world.store.write(move |ledger| match ledger.move_to(id, change, "test", &key, now)? {
        Moved::Done { from, .. } => ledger.queue_notice(&notice(NoticeKind::Moved, id, from, now)),
        Moved::Unknown => Ok(None),
    });
    assert!(matches!(told, Ok(Some(_))), "{told:?}");
    for expected in [None, Some(SuppressionReason::HardBounce)] {
        world.wait(1);
        world.freeze();
        world.deliver();
        assert_eq!(suppressed(&world, "n@example.com"), expected, "the second of its own");
    }
}

#[test]
fn after_a_reload_the_mail_is_made_of_the_new_templates_and_names_the_new_sender() {
    let system = System::new(SmtpServer::start().port(), 1);
    system.run(&["ingest"]);
    std::fs::write(system.path("people.csv"), "이메일,구독일\nreader@example.com,2026-10-01\n")
        .expect("written");
    system.run(&["subscribers", "import", "people.csv"]);
    let port = free_port();
    let service = Service::start(&system, &[("MOABOM__WEB__LISTEN", &format!("127.0.0.1:{port}"))]);
    service.until("READY=1");
    let change = |path: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(system.path(path)).expect("a file");
        assert!(text.contains(from), "{text}");
        std::fs::write(system.path(path), text.replacen(from, to, 1)).expect("written");
    };
    system.run(&["templates", "export", "templates"]);
    change("templates/notice/address-change.txt", "{{ link }}", "고친 틀이에요: {{ link }}");
    change("moabom.toml", "[sender]\nname = \"느린 오후의 기록\"", "[sender]\nname = \"빠른 아침\"");
    service.signal("HUP");
    service.until("READY=1");
    let key = &moabom::config::key::load(&system.path("data/moabom.sqlite.key")).expect("keys")[0];
    let own = key.numbered_token(Purpose::Preferences, SubscriberId(1), 0);
    let answer = ask_at(port, "POST", &format!("/preferences/{own}"), "do=address&address=new%40example.com");
    assert_eq!(status(&answer.expect("an answer")), "200");
    let db = rusqlite::Connection::open(system.path("data/moabom.sqlite")).expect("the file");
    let read = db.query_row("SELECT text FROM notices", [], |row| row.get::<_, String>(0));
    let text = read.expect("a notice");
    assert!(text.contains("고친 틀이에요: http") && text.contains("빠른 아침"), "{text}");
    service.end();
}
