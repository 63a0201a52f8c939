//! What the law wants told: by a clock that moves by days, over real SMTP, each once, with its items and nothing else.

use chrono::Duration;
use moabom::clock::Instant;
use moabom::model::delivery::DeliveryState::{self, Deferred, Expired, Queued, Sent, Suppressed, Unknown};
use moabom::model::subscriber::{SubscriptionState, SuppressionReason};
use moabom::model::{EmailAddress, Sender, SubscriberId};
use moabom::notify::{self, Report, Settings};
use moabom::render::Renderer;
use moabom::render::notice::NoticeRenderer;
use moabom::store::signups::SignUp;
use moabom::store::subscribers::NewSubscriber;
use moabom::store::suppressions::{Farewell, Withdrawal};

use crate::support::smtp_server::{Act, At, SmtpServer};
use crate::support::world::World;

pub const TELLING: Settings =
    Settings { notices: true, erase_after: Duration::days(3), names_digests: false };

fn sender() -> Sender {
    Sender {
        name: "봄날".to_owned(),
        email: EmailAddress::parse("hello@example.com").expect("an address"),
        reply_to: None,
        phone: Some("02-000-0000".to_owned()),
        address: Some("서울특별시 중구 세종대로 1".to_owned()),
    }
}

pub fn notify(world: &World, settings: Settings) -> Report {
    let renderer = Renderer::new(&[]).expect("templates");
    let notices = NoticeRenderer::new(renderer.templates(), "봄날의 노트", &sender());
    let deps = notify::Deps { store: &world.store, notices: &notices, titles: &Default::default(), settings };
    notify::run_once(deps, world.clock.now()).expect("told")
}

/// One day of the daemon: who is due is told, what is queued is sent, who was told is seen off.
fn day(world: &World) -> Report {
    let first = notify(world, TELLING);
    world.deliver();
    let second = notify(world, TELLING);
    Report { queued: first.queued + second.queued, erased: first.erased + second.erased }
}

pub fn add(world: &World, address: &str, consented: Instant) -> SubscriberId {
    let (address, key, now) =
        (EmailAddress::parse(address).expect("an address"), world.suppressions(), world.clock.now());
    let lookup = address.clone();
    let added = world.store.write(move |ledger| {
        let digests = ["weekly".to_owned()];
        let new = NewSubscriber {
            address: &address,
            name: Some("김봄"),
            digests: &digests,
            state: SubscriptionState::Active,
            consent_at: consented,
            source: "test",
            wording: "test",
        };
        ledger.add_subscriber(&new, &key, now)
    });
    added.expect("added");
    let found = world.store.read(|ledger| ledger.subscriber_by_address(&lookup)).expect("read");
    found.expect("there").id
}

pub fn leave(world: &World, id: SubscriberId) -> Withdrawal {
    let (key, now) = (world.suppressions(), world.clock.now());
    world.store.write(move |ledger| ledger.leave(id, "web", Farewell::Told, &key, now)).expect("left")
}

/// Subject, text and HTML of what reached that address.
fn mails(server: &SmtpServer, to: &str) -> Vec<(String, String, String)> {
    let parsed = |bytes: &[u8]| {
        let mail = mail_parser::MessageParser::default().parse(bytes).expect("a mail");
        let subject = mail.subject().expect("a subject").to_owned();
        let html = mail.body_html(0).expect("HTML").into_owned();
        (subject, mail.body_text(0).expect("a text").into_owned(), html)
    };
    server.kept_for(to).iter().map(|kept| parsed(&kept.bytes)).collect()
}

fn states(world: &World) -> Vec<DeliveryState> {
    world.rows().iter().filter(|row| row.notice.is_some()).map(|row| row.state).collect()
}

pub fn days(world: &World, days: i64) {
    world.wait(days * 24 * 60);
}

/// What no notice may hold, and what every one does.
fn assert_bare(mail: &(String, String, String)) {
    for part in [&mail.0, &mail.1, &mail.2] {
        assert!(!part.contains("(광고)") && !part.contains("새 글") && !part.contains("김봄"), "{part}");
    }
    for part in [&mail.1, &mail.2] {
        for item in ["봄날의 노트", "봄날", "hello@example.com", "02-000-0000", "세종대로", "날짜"]
        {
            assert!(part.contains(item), "{item}: {part}");
        }
    }
    assert!(!mail.2.contains("<img") && !mail.2.contains("<script"), "{}", mail.2);
}

#[test]
fn a_consent_is_told_of_once_within_fourteen_days_whenever_it_is_looked_at() {
    for late in [0, 10, 14, 15] {
        let server = SmtpServer::start();
        let world = World::new(&server);
        add(&world, "a@example.com", world.clock.now());
        days(&world, late);
        assert_eq!(day(&world).queued, 1, "day {late}");
        assert_eq!(day(&world), Report::default());
        days(&world, 30);
        assert_eq!(day(&world), Report::default());
        let mails = mails(&server, "a@example.com");
        assert_eq!(mails.len(), 1);
        assert!(mails[0].0.starts_with("수신동의 처리 결과"), "{}", mails[0].0);
        assert!(
            mails[0].1.contains("2026년 11월 23일") && mails[0].1.contains("Unsubscribe"),
            "{}",
            mails[0].1
        );
        assert!(mails[0].2.contains("https://news.example.com/unsubscribe/"), "{}", mails[0].2);
        assert_bare(&mails[0]);
        assert_eq!(
            world.number("SELECT count(*) FROM consents WHERE act = 'notified' AND wording = 'welcome'"),
            1
        );
    }
}

#[test]
fn a_consent_that_was_old_when_it_came_is_not_told_of_as_new() {
    let server = SmtpServer::start();
    let world = World::new(&server);
    add(&world, "old@example.com", world.clock.now() - Duration::days(15));
    add(&world, "young@example.com", world.clock.now() - Duration::days(13));
    assert_eq!(day(&world).queued, 1);
    assert_eq!(server.kept()[0].to, "young@example.com");
    assert_eq!(notify(&world, Settings { notices: false, ..TELLING }), Report::default());
}

#[test]
fn through_four_years_each_second_anniversary_is_told_of_once_before_its_day() {
    let server = SmtpServer::start();
    let world = World::new(&server);
    let consented = world.clock.now();
    add(&world, "a@example.com", consented);
    let mut told = Vec::new();
    for day_number in 0..(4 * 366 + 20) {
        if day(&world).queued > 0 {
            told.push(day_number);
        }
        days(&world, 1);
    }
    // 2026-11-23; the anniversaries are 731 and 1461 days later (2028 is a leap year), told of from 30 days before.
    assert_eq!(told, [0, 731 - 30, 1461 - 30]);
    let mails = mails(&server, "a@example.com");
    assert_eq!(mails.len(), 3);
    for mail in &mails[1..] {
        assert!(mail.0.starts_with("수신동의 여부를 확인"), "{}", mail.0);
        assert!(mail.1.contains("2026년 11월 23일") && mail.1.contains("따로 하실 일이 없"), "{}", mail.1);
        assert!(mail.1.contains("Unsubscribe") && mail.2.contains("/unsubscribe/"), "{}", mail.1);
        assert_bare(mail);
    }
}

#[test]
fn who_leaves_is_told_and_erased_then_and_no_edition_follows() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    let id = add(&world, "a@example.com", world.clock.now() - Duration::days(100));
    add(&world, "b@example.com", world.clock.now() - Duration::days(100));
    world.freeze();
    assert!(matches!(leave(&world, id), Withdrawal::Done { .. }));
    assert_eq!(leave(&world, id), Withdrawal::Already);
    assert_eq!(notify(&world, TELLING), Report { queued: 1, erased: 0 });
    assert_eq!(leave(&world, id), Withdrawal::Already, "the goodbye is not lost by a second click");
    world.deliver();
    let mails = mails(&server, "a@example.com");
    assert_eq!(mails.len(), 1, "the goodbye alone");
    assert!(mails[0].0.starts_with("수신거부 처리 결과"), "{}", mails[0].0);
    assert!(mails[0].1.contains("2026년 11월 23일") && mails[0].1.contains("지웁니다"), "{}", mails[0].1);
    assert_bare(&mails[0]);
    assert_eq!(server.kept_for("b@example.com").len(), 1);
    assert_eq!(notify(&world, TELLING), Report { queued: 0, erased: 1 });
    assert_eq!(world.number("SELECT count(*) FROM subscribers WHERE address IS NULL"), 1);
    assert_eq!(
        world.number("SELECT count(*) FROM consents WHERE act = 'notified' AND wording = 'goodbye'"),
        1
    );
    assert_eq!(world.number("SELECT count(*) FROM notices WHERE text <> '' OR html <> ''"), 0);
    assert_eq!(world.number("SELECT count(*) FROM leaving"), 0);
    assert_eq!(day(&world), Report::default());
    world.check();
    let hash = world.suppressions().hash(&EmailAddress::parse("a@example.com").expect("an address"));
    let reason = world.store.read(|ledger| ledger.suppression(&hash)).expect("read");
    assert_eq!(reason, Some(SuppressionReason::Withdrawn));
}

#[test]
fn a_withdrawal_is_told_of_once_whenever_it_is_looked_at_within_its_fourteen_days() {
    for (late, told) in [(0, 1), (10, 1), (14, 1), (15, 0)] {
        let server = SmtpServer::start();
        let world = World::new(&server);
        let id = add(&world, "a@example.com", world.clock.now() - Duration::days(100));
        leave(&world, id);
        days(&world, late);
        assert_eq!(day(&world), Report { queued: told, erased: 1 }, "day {late}");
        days(&world, 30);
        assert_eq!(day(&world), Report::default());
        let mails = mails(&server, "a@example.com");
        assert_eq!(mails.len() as u64, told, "day {late}");
        mails.iter().for_each(assert_bare);
        assert_eq!(world.number("SELECT count(*) FROM subscribers WHERE address IS NULL"), 1);
    }
}

#[test]
fn who_cannot_be_told_is_erased_when_the_time_is_over() {
    let server = SmtpServer::start();
    let world = World::new(&server);
    let id = add(&world, "a@example.com", world.clock.now() - Duration::days(100));
    leave(&world, id);
    notify(&world, TELLING);
    server.for_recipient("a@example.com", At::Rcpt, Act::say("450 4.2.2 Mailbox full"));
    world.deliver();
    assert_eq!(states(&world), [Deferred]);
    days(&world, 2);
    assert_eq!(notify(&world, TELLING), Report::default());
    days(&world, 1);
    assert_eq!(notify(&world, TELLING), Report { queued: 0, erased: 1 });
    server.heal();
    world.deliver();
    assert_eq!(states(&world), [Suppressed]);
    assert!(server.kept().is_empty());
    // Where nobody is told any more, who is still here goes at once.
    let id = add(&world, "c@example.com", world.clock.now() - Duration::days(100));
    leave(&world, id);
    assert_eq!(notify(&world, Settings { notices: false, ..TELLING }), Report { queued: 0, erased: 1 });
}

#[test]
fn who_left_is_erased_within_fourteen_days_however_late_the_telling_began() {
    let server = SmtpServer::start();
    let world = World::new(&server);
    let id = add(&world, "a@example.com", world.clock.now() - Duration::days(100));
    leave(&world, id);
    days(&world, 13);
    assert_eq!(notify(&world, TELLING), Report { queued: 1, erased: 0 });
    server.for_recipient("a@example.com", At::Rcpt, Act::say("450 4.2.2 Mailbox full"));
    world.deliver();
    world.wait(24 * 60 - 1);
    assert_eq!(notify(&world, TELLING), Report::default());
    world.wait(2);
    assert_eq!(notify(&world, TELLING), Report { queued: 0, erased: 1 }, "a day after it was queued");
}

#[test]
fn a_sign_up_that_anybody_can_send_keeps_nobody_who_left_from_being_told() {
    let server = SmtpServer::start();
    let world = World::new(&server);
    let id = add(&world, "a@example.com", world.clock.now() - Duration::days(100));
    leave(&world, id);
    let (key, now) = (world.suppressions(), world.clock.now());
    let signed_up = world.store.write(move |ledger| {
        let (address, digests) =
            (EmailAddress::parse("a@example.com").expect("an address"), ["weekly".to_owned()]);
        let new = NewSubscriber {
            address: &address,
            name: None,
            digests: &digests,
            state: SubscriptionState::Pending,
            consent_at: now,
            source: "web",
            wording: "test",
        };
        ledger.sign_up(&new, 60, &key, now)
    });
    assert_eq!(signed_up, Ok(SignUp::Pending(id)));
    assert_eq!(day(&world), Report { queued: 1, erased: 0 });
    let mails = mails(&server, "a@example.com");
    assert!(mails.len() == 1 && mails[0].0.starts_with("수신거부 처리 결과"), "{mails:?}");
    assert_eq!(world.number("SELECT count(*) FROM leaving"), 0, "the sign-up's own time decides now");
    assert_eq!(world.number("SELECT count(*) FROM subscribers WHERE address IS NOT NULL"), 1);
    days(&world, 8);
    moabom::feedback::run_once(&world.store, world.clock.now()).expect("runs");
    assert_eq!(world.number("SELECT count(*) FROM subscribers WHERE address IS NOT NULL"), 0);
    world.check();
}

#[test]
fn each_of_two_consents_of_one_day_is_told_of() {
    let server = SmtpServer::start();
    let world = World::new(&server);
    let id = add(&world, "a@example.com", world.clock.now() - Duration::days(100));
    leave(&world, id);
    notify(&world, TELLING);
    world.deliver();
    world.wait(60);
    let again = moabom::model::subscriber::Consent {
        act: moabom::model::subscriber::ConsentAct::Confirmed,
        digest: Some("weekly".to_owned()),
        at: world.clock.now(),
        source: "web".to_owned(),
        wording: "test".to_owned(),
    };
    let now = world.clock.now();
    world.store.write(move |ledger| ledger.record_consent(id, &again, now)).expect("recorded");
    world.meddle("UPDATE subscriptions SET state = 'active'; DELETE FROM suppressions");
    assert_eq!(notify(&world, TELLING).queued, 1, "the goodbye of an hour ago is not its notice");
    world.deliver();
    assert_eq!(notify(&world, TELLING), Report::default());
    let mails = mails(&server, "a@example.com");
    assert_eq!(mails.len(), 2);
    assert!(mails[1].0.starts_with("수신동의 처리 결과"), "{}", mails[1].0);
}

#[test]
fn a_notice_that_may_have_arrived_is_unknown_and_goes_once_more_as_an_edition_would() {
    let server = SmtpServer::start();
    let world = World::new(&server);
    let id = add(&world, "a@example.com", world.clock.now() - Duration::days(100));
    leave(&world, id);
    notify(&world, TELLING);
    server.times(1, At::DotKept, Act::Close);
    world.deliver();
    assert_eq!(states(&world), [Unknown]);
    assert_eq!(notify(&world, TELLING), Report::default(), "not erased while it is tried");
    world.wait(11);
    world.deliver();
    assert_eq!(states(&world), [Sent]);
    let kept = server.kept_for("a@example.com");
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0].bytes, kept[1].bytes, "the same bytes, Message-ID and all");
    assert_eq!(notify(&world, TELLING).erased, 1);
}

#[test]
fn a_refused_notice_holds_no_edition_and_blames_nobody() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    add(&world, "a@example.com", world.clock.now());
    assert_eq!(notify(&world, TELLING).queued, 1);
    server.times(1, At::Mail, Act::say("550 5.7.1 Policy"));
    world.deliver();
    assert_eq!(states(&world), [Deferred]);
    world.freeze();
    let report = world.deliver();
    assert_eq!(report.sent, 1, "the edition goes");
    world.assert_readers_untouched("a refused notice");
    days(&world, 3);
    server.always(At::Mail, Act::say("550 5.7.1 Policy"));
    world.deliver();
    assert_eq!(states(&world), [Expired]);
    world.assert_readers_untouched("a notice out of time");
    assert_eq!(world.texts("SELECT state FROM editions"), ["done"]);
}

#[test]
fn a_withdrawal_between_the_queue_and_the_relay_stops_a_welcome() {
    let server = SmtpServer::start();
    let world = World::new(&server);
    let id = add(&world, "a@example.com", world.clock.now());
    assert_eq!(notify(&world, TELLING).queued, 1);
    assert_eq!(states(&world), [Queued]);
    World::withdraw(&world.store, world.suppressions(), id.0, world.clock.now());
    world.deliver();
    assert_eq!(states(&world), [Suppressed]);
    assert!(server.kept().is_empty());
}
