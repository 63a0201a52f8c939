//! The step that sends, against a scripted relay: states, promises, breakers.

use std::time::Duration;

use moabom::deliver::{self, DeliverError, Session};
use moabom::model::delivery::DeliveryState::{
    Bounced, Deferred, Expired, InFlight, Leased, Queued, Sent, Suppressed, Unknown,
};
use moabom::model::{DeliveryId, EmailAddress};
use moabom::smtp::{Login, TlsMode};
use moabom::store::StoreError;
use moabom::store::deliveries::{Resolution, RowChange, UnknownPolicy};
use tokio_util::sync::CancellationToken;

use crate::support::smtp_server::{Act, At, Options, Seen, SmtpServer};
use crate::support::world::{SHORT, World, all_of};

#[test]
fn everyone_gets_one_copy_and_the_edition_is_done() {
    for lockstep in [false, true] {
        let server = SmtpServer::with(Options { lockstep, ..Options::default() });
        let mut world = World::new(&server);
        world.relay.connections = 4;
        world.relay.messages_per_connection = 7;
        world.add_many(60);
        world.freeze();
        let report = world.deliver();
        assert_eq!((report.sent, report.settled(), report.next_due), (60, 60, None));
        assert!(world.states().iter().all(|state| *state == Sent));
        assert_eq!(server.kept().len(), 60);
        for row in world.rows() {
            let kept = server.kept_for(row.address.as_deref().expect("an address"));
            assert_eq!(kept.len(), 1);
            assert_eq!(Some(kept[0].message_id()), row.message_id);
            assert_eq!(row.last_reply.as_deref(), Some("250 2.0.0 Ok: queued"));
        }
        assert_eq!(world.texts("SELECT state FROM editions"), ["done"]);
        assert!(server.count(|seen| *seen == Seen::Connection) >= 9, "messages per connection are bounded");
        let again = world.deliver();
        assert_eq!(again.settled(), 0);
    }
}

#[test]
fn a_message_arrives_as_it_was_written() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add("reader@example.com");
    world.freeze();
    world.deliver();
    let kept = server.kept();
    let mail = mail_parser::MessageParser::default().parse(&kept[0].bytes).expect("a mail");
    assert_eq!(mail.subject(), Some("이번 주 글"));
    let text = mail.body_text(0).expect("text");
    assert!(text.contains("\n.점으로 시작하는 줄"));
    let consented = world.clock.now() - chrono::Duration::days(1);
    let day = moabom::korean::dates::day_with_year(consented, chrono_tz::Asia::Seoul);
    assert!(text.contains(&format!("구독하신 날 {day}")), "{text}");
    let html = mail.body_html(0).expect("html");
    assert!(html.contains("https://news.example.com/unsubscribe/"));
}

/// A stage, what the relay does there, and what must follow for the row, the breaker and the edition.
struct Cell {
    at: At,
    act: Act,
    row: &'static [moabom::model::delivery::DeliveryState],
    breaker: Option<&'static str>,
    edition: &'static str,
}

fn cells() -> Vec<Cell> {
    use At::{Auth, Connect, Data, Dot, DotKept, Ehlo, Mail, MidBody, Rcpt, StartTls};
    const PUT_OFF: &[moabom::model::delivery::DeliveryState] = &[Deferred];
    const BACK: &[moabom::model::delivery::DeliveryState] = &[Deferred, Queued];
    const PERHAPS: &[moabom::model::delivery::DeliveryState] = &[Unknown, Queued];
    let mut cells = Vec::new();
    let mut add = |at, act, row, breaker, edition| cells.push(Cell { at, act, row, breaker, edition });
    for at in [Connect, Ehlo, StartTls, Auth, Mail, Rcpt, Data] {
        for act in [Act::Close, Act::Stall, Act::say("hello there"), Act::Say(vec![0xff; 5000])] {
            add(at, act, BACK, Some("relay"), "sending");
        }
    }
    // A letter is small: by the time the relay hangs up in its middle, its last byte is on the way.
    for at in [MidBody, Dot, DotKept] {
        for act in [Act::Close, Act::Stall, Act::say("hello there"), Act::say("354 again")] {
            add(at, act, PERHAPS, Some("relay"), "sending");
        }
    }
    for at in [Connect, Ehlo, StartTls, Auth] {
        add(at, Act::say("421 4.3.0 come again later"), BACK, Some("relay"), "sending");
        add(at, Act::say("451 4.3.0 local error"), BACK, Some("relay"), "sending");
    }
    add(Connect, Act::say("554 5.3.2 no service here"), BACK, Some("relay"), "sending");
    add(Ehlo, Act::say("550 5.3.2 not you"), BACK, Some("relay"), "sending");
    add(StartTls, Act::say("454 4.3.0 TLS not available"), BACK, Some("relay"), "sending");
    add(Auth, Act::say("535 5.7.8 bad credentials"), BACK, Some("auth"), "sending");
    add(Mail, Act::say("421 4.3.0 closing"), BACK, Some("relay"), "sending");
    add(Mail, Act::say("451 4.3.0 local error"), BACK, Some("relay"), "sending");
    add(Mail, Act::say("550 5.7.1 sender refused"), BACK, None, "paused");
    add(Rcpt, Act::say("421 4.3.0 closing"), PUT_OFF, Some("destination:example.com"), "sending");
    add(Rcpt, Act::say("450 4.2.0 try later"), PUT_OFF, None, "sending");
    add(Rcpt, Act::say("550 5.7.1 policy"), BACK, None, "paused");
    add(Rcpt, Act::say("550 <script>alert(1)</script>"), PUT_OFF, None, "sending");
    add(Data, Act::say("421 4.3.0 closing"), PUT_OFF, Some("destination:example.com"), "sending");
    add(Data, Act::say("451 4.3.0 local error"), PUT_OFF, None, "sending");
    add(Data, Act::say("554 5.6.0 content"), BACK, None, "paused");
    add(Data, Act::say("250 no 354 here"), BACK, Some("relay"), "sending");
    add(MidBody, Act::say("552 5.3.4 too large"), BACK, None, "paused");
    add(Dot, Act::say("421 4.3.0 closing"), PUT_OFF, Some("destination:example.com"), "sending");
    add(Dot, Act::say("451 4.3.0 local error"), PUT_OFF, None, "sending");
    add(Dot, Act::say("554 5.7.1 blocked as spam"), BACK, None, "paused");
    add(Dot, Act::say(&format!("554 {}", "x".repeat(600))), BACK, None, "paused");
    cells
}

#[test]
fn every_fault_at_every_stage_leaves_rows_readers_and_breakers_as_designed() {
    let cells = cells();
    assert!(cells.len() >= 54, "{} cells", cells.len());
    for cell in cells {
        let what = format!("{:?} {:?}", cell.at, cell.act);
        let tls = matches!(cell.at, At::StartTls | At::Auth);
        let login = (cell.at == At::Auth).then(|| ("user".to_owned(), "secret".to_owned()));
        let server = SmtpServer::with(Options { starttls: tls, login: login.clone(), ..Options::default() });
        server.always(cell.at, cell.act.clone());
        let mut world = World::new(&server);
        if cell.act == Act::Stall {
            world.relay.timeouts = all_of(SHORT);
        }
        if tls {
            secure(&mut world, &server, TlsMode::StartTls);
        }
        world.relay.login = login.map(|(user, password)| Login { user, password: password.into() });
        world.add_many(4);
        world.freeze();
        let report = world.deliver();
        let states = world.states();
        assert!(states.iter().all(|state| cell.row.contains(state)), "{what}: {states:?}");
        assert!(report.settled() > 0, "{what}: nothing was tried");
        let breakers = world.texts("SELECT name FROM breakers");
        assert_eq!(breakers, cell.breaker.into_iter().collect::<Vec<_>>(), "{what}");
        assert_eq!(world.texts("SELECT state FROM editions"), [cell.edition], "{what}");
        if cell.edition == "paused" {
            let reason = &world.texts("SELECT reason FROM editions")[0];
            assert!(reason.contains("멈췄어요") && reason.contains("editions resume"), "{what}: {reason}");
        }
        world.assert_readers_untouched(&what);
        let kept = server.kept().len();
        let unknown = states.iter().filter(|state| **state == Unknown).count();
        assert_eq!(unknown, if cell.row.contains(&Unknown) { 3 } else { 0 }, "{what}: {states:?}");
        assert_eq!(kept, if cell.at == At::DotKept { 3 } else { 0 }, "{what}: kept");
    }
}

#[test]
fn replies_one_byte_at_a_time_are_read_as_any_other() {
    for at in [At::Connect, At::Ehlo, At::Mail, At::Rcpt, At::Data, At::DotKept] {
        let server = SmtpServer::start();
        server.always(at, Act::Split);
        let mut world = World::new(&server);
        world.add_many(3);
        world.freeze();
        assert_eq!(world.deliver().sent, 3, "{at:?}");
    }
}

fn secure(world: &mut World, server: &SmtpServer, mode: TlsMode) {
    let file = world.folder.path().join("root.pem");
    std::fs::write(&file, &server.certificate).expect("written");
    world.relay.ca_file = Some(file);
    world.relay.tls = mode;
}

#[test]
fn a_refused_login_stops_everything_at_once_and_a_person_can_try_again() {
    let login = Some(("user".to_owned(), "right".to_owned()));
    let server = SmtpServer::with(Options { starttls: true, login, ..Options::default() });
    let mut world = World::new(&server);
    secure(&mut world, &server, TlsMode::StartTls);
    world.relay.connections = 4;
    world.relay.login = Some(Login { user: "user".to_owned(), password: "wrong".to_owned().into() });
    world.add_many(20);
    world.freeze();
    let report = world.deliver();
    assert_eq!(server.count(|seen| matches!(seen, Seen::Auth(_))), 1, "one try, no storm");
    assert!(report.held[0].contains("로그인"), "{:?}", report.held);
    world.assert_readers_untouched("auth");
    world.wait(600);
    world.deliver();
    assert_eq!(server.count(|seen| matches!(seen, Seen::Auth(_))), 1, "it waits for a person");
    world.relay.login = Some(Login { user: "user".to_owned(), password: "right".to_owned().into() });
    let now = world.clock.now();
    world.store.write(move |ledger| ledger.retry_breakers(now)).expect("written");
    assert_eq!(world.deliver().sent, 20);
    assert_eq!(world.number("SELECT count(*) FROM breakers"), 0);
}

#[test]
fn a_relay_that_keeps_and_drops_makes_unknown_rows_that_go_once_more_with_the_same_id() {
    let server = SmtpServer::start();
    server.always(At::DotKept, Act::Close);
    let mut world = World::new(&server);
    world.relay.connections = 3;
    world.add_many(2);
    world.freeze();
    assert_eq!(world.deliver().unknown, 2);
    assert!(world.states().iter().all(|state| *state == Unknown));
    server.heal();
    world.wait(9);
    assert_eq!(world.deliver().settled(), 0, "not before ten minutes");
    world.wait(2);
    assert_eq!(world.deliver().sent, 2);
    for row in world.rows() {
        let kept = server.kept_for(row.address.as_deref().expect("an address"));
        assert_eq!(kept.len(), 2);
        assert_eq!(kept[0], kept[1], "the same bytes");
        assert_eq!(Some(kept[0].message_id()), row.message_id);
    }
    assert_eq!(world.texts("SELECT state FROM editions"), ["done"]);
}

#[test]
fn a_row_unknown_twice_stays_unknown_until_a_person_decides() {
    let server = SmtpServer::start();
    server.always(At::DotKept, Act::Close);
    let mut world = World::new(&server);
    world.add_many(2);
    world.freeze();
    world.deliver();
    world.wait(11);
    world.deliver();
    world.wait(3000);
    assert_eq!(world.deliver().settled(), 0);
    assert_eq!(world.states(), [Unknown, Unknown]);
    assert_eq!(world.texts("SELECT state FROM editions"), ["done"]);
    server.heal();
    let now = world.clock.now();
    let change = world.store.write(move |ledger| {
        ledger.resolve_delivery(DeliveryId(1), Resolution::Sent, now)?;
        ledger.resolve_delivery(DeliveryId(2), Resolution::NotSent, now)
    });
    assert_eq!(change, Ok(RowChange::Changed));
    assert_eq!(world.deliver().sent, 1);
    assert_eq!(world.states(), [Sent, Sent]);
}

#[test]
fn held_unknown_rows_are_not_sent_again() {
    let server = SmtpServer::start();
    server.always(At::DotKept, Act::Close);
    let mut world = World::new(&server);
    world.unknown = UnknownPolicy::Hold;
    world.add_many(1);
    world.freeze();
    world.deliver();
    server.heal();
    world.wait(3000);
    assert_eq!(world.deliver().settled(), 0);
    assert_eq!(server.kept().len(), 1);
}

#[test]
fn no_mail_from_follows_a_withdrawal_between_claim_and_mail() {
    for lockstep in [false, true] {
        let server = SmtpServer::with(Options { lockstep, ..Options::default() });
        let mut world = World::new(&server);
        world.add_many(5);
        world.freeze();
        let (store, key, clock) = (world.store.clone(), world.suppressions(), world.clock.clone());
        // While the first reader's letter is on its way, the third withdraws; its row is leased by then.
        server.on_rcpt(move |address| {
            if address == "a0@example.com" {
                World::withdraw(&store, key.clone(), 3, clock.now());
            }
        });
        let report = world.deliver();
        assert_eq!((report.sent, report.suppressed), (4, 1));
        assert_eq!(server.count(|seen| *seen == Seen::Rcpt("a2@example.com".to_owned())), 0);
        assert_eq!(server.count(|seen| matches!(seen, Seen::Mail(_))), 4, "not even MAIL");
        assert_eq!(world.states().iter().filter(|state| **state == Suppressed).count(), 1);
    }
}

#[test]
fn a_withdrawal_by_another_process_is_seen_directly_before_mail() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(3);
    world.freeze();
    let path = world.database();
    server.on_rcpt(move |address| {
        if address == "a0@example.com" {
            let db = rusqlite::Connection::open(&path).expect("the file");
            db.busy_timeout(Duration::from_secs(5)).expect("a timeout");
            db.execute_batch("UPDATE subscriptions SET state = 'paused' WHERE subscriber_id = 2")
                .expect("paused");
        }
    });
    let report = world.deliver();
    assert_eq!((report.sent, report.suppressed), (2, 1));
    assert!(server.kept_for("a1@example.com").is_empty());
}

#[test]
fn an_edition_paused_while_it_is_sent_stops_and_goes_on_later() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(6);
    let edition = world.freeze();
    let store = world.store.clone();
    server.on_rcpt(move |address| {
        if address == "a2@example.com" {
            store.write(move |ledger| ledger.pause_edition(edition, "잠깐")).expect("paused");
        }
    });
    assert_eq!(world.deliver().sent, 3);
    world.store.write(move |ledger| ledger.resume_edition(edition)).expect("resumed");
    server.on_rcpt(|_| {});
    assert_eq!(world.deliver().sent, 3);
    assert_eq!(server.kept().len(), 6);
}

#[test]
fn what_an_earlier_sender_left_is_settled_at_the_start() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(3);
    world.freeze();
    world.meddle(
        "UPDATE deliveries SET state = 'leased', epoch = 9, lease_until = 9000000000000 WHERE id = 1;
         UPDATE deliveries SET state = 'in_flight', epoch = 9, lease_until = 9000000000000 WHERE id = 2;",
    );
    let session = world.session();
    assert_eq!((session.recovered.queued, session.recovered.unknown), (1, 1));
    drop(session);
    assert_eq!(world.states(), [Queued, Unknown, Queued]);
    world.check();
    assert_eq!(world.deliver().sent, 2);
    world.wait(11);
    assert_eq!(world.deliver().sent, 1);
}

#[test]
fn a_second_sender_on_the_same_store_is_refused() {
    let server = SmtpServer::start();
    let world = World::new(&server);
    let first = world.session();
    let second = Session::start(&world.store, world.clock.now(), UnknownPolicy::RetryOnce);
    assert!(matches!(second, Err(StoreError::Locked { .. })));
    drop(first);
    world.session();
}

#[test]
fn a_lease_taken_by_another_stops_the_run_before_its_next_mail() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(4);
    world.freeze();
    let path = world.database();
    server.on_rcpt(move |address| {
        if address == "a0@example.com" {
            let db = rusqlite::Connection::open(&path).expect("the file");
            db.busy_timeout(Duration::from_secs(5)).expect("a timeout");
            db.execute_batch("UPDATE deliveries SET epoch = epoch + 100 WHERE state = 'leased'")
                .expect("taken");
        }
    });
    assert!(matches!(world.try_deliver(), Err(DeliverError::LeaseLost(_))));
    assert_eq!(server.count(|seen| matches!(seen, Seen::Mail(_))), 1);
    assert_eq!(world.states(), [Sent, Leased, Leased, Leased], "nothing was mended");
}

#[test]
fn a_lease_that_ran_out_while_the_process_stood_still_is_lost() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(3);
    world.freeze();
    let clock = world.clock.clone();
    server.on_rcpt(move |_| clock.set(clock.now() + chrono::Duration::hours(1)));
    assert!(matches!(world.try_deliver(), Err(DeliverError::LeaseLost(_))));
    assert_eq!(server.kept().len(), 1);
    server.on_rcpt(|_| {});
    assert_eq!(world.deliver().sent, 2);
    assert_eq!(server.kept().len(), 3);
}

#[test]
fn a_dead_address_is_never_mailed_again_and_others_are() {
    let server = SmtpServer::start();
    server.for_recipient("a1@example.com", At::Rcpt, Act::say("550 5.1.1 No such user: <a1@example.com>"));
    let mut world = World::new(&server);
    world.add_many(3);
    world.freeze();
    let report = world.deliver();
    assert_eq!((report.sent, report.bounced), (2, 1));
    let row = world.row("a1@example.com");
    assert_eq!(row.state, Bounced);
    assert_eq!(row.last_reply.as_deref(), Some("550 5.1.1 No such user: <a***@example.com>"));
    assert_eq!(server.count(|seen| *seen == Seen::Connection), 1, "the connection goes on after RSET");
    assert_eq!(world.texts("SELECT reason FROM suppressions"), ["hard_bounce"]);
    world.freeze();
    let report = world.deliver();
    assert_eq!((report.sent, report.suppressed), (2, 1));
    assert_eq!(server.count(|seen| *seen == Seen::Rcpt("a1@example.com".to_owned())), 1);
}

#[test]
fn a_soft_bounce_is_hard_only_on_the_second_within_two_weeks() {
    for (days, suppressions) in [(7, 1), (15, 0)] {
        let server = SmtpServer::start();
        server.for_recipient("a1@example.com", At::Rcpt, Act::say("550 5.1.1 Inactive mbox"));
        let mut world = World::new(&server);
        world.add_many(2);
        world.freeze();
        world.deliver();
        world.assert_readers_untouched("first soft bounce");
        world.wait(days * 24 * 60);
        world.freeze();
        world.deliver();
        assert_eq!(world.number("SELECT count(*) FROM suppressions"), suppressions);
    }
}

#[test]
fn a_readers_own_block_list_is_a_withdrawal_not_a_bounce() {
    let server = SmtpServer::start();
    let reply = "550 You are registered as spammer (by user's reject list)";
    server.for_recipient("a1@example.com", At::Rcpt, Act::say(reply));
    let mut world = World::new(&server);
    world.add_many(2);
    world.freeze();
    let report = world.deliver();
    assert_eq!((report.sent, report.bounced, report.suppressed), (1, 0, 1));
    assert_eq!(world.texts("SELECT reason FROM suppressions"), ["withdrawn"]);
    assert_eq!(world.number("SELECT count(*) FROM consents WHERE act = 'withdrawn' AND source = 'smtp'"), 1);
}

#[test]
fn a_refused_recipient_whose_data_is_answered_354_ends_with_a_lone_dot() {
    let server = SmtpServer::with(Options { data_without_rcpt: true, ..Options::default() });
    server.for_recipient("a1@example.com", At::Rcpt, Act::say("450 4.2.2 Mailbox full"));
    let mut world = World::new(&server);
    world.add_many(3);
    world.freeze();
    let report = world.deliver();
    assert_eq!((report.sent, report.deferred), (2, 1));
    assert_eq!(server.count(|seen| *seen == Seen::Connection), 1);
    assert_eq!(server.count(|seen| *seen == Seen::Reset), 1);
    assert_eq!(server.kept().len(), 2);
}

#[test]
fn deferred_rows_come_again_by_the_table_and_expire_after_two_days() {
    let server = SmtpServer::start();
    server.for_recipient("a1@example.com", At::Rcpt, Act::say("450 4.2.2 Mailbox full"));
    let mut world = World::new(&server);
    world.add_many(2);
    world.freeze();
    assert_eq!(world.deliver().deferred, 1);
    let mut tries = 1;
    for _ in 0..200 {
        world.wait(30);
        tries += world.deliver().deferred;
    }
    assert_eq!(world.row("a1@example.com").state, Expired);
    assert!((9..=12).contains(&tries), "{tries} tries");
    assert_eq!(world.texts("SELECT state FROM editions"), ["done"]);
}

#[test]
fn what_is_left_of_an_edition_expires_when_the_next_is_frozen() {
    let server = SmtpServer::start();
    server.for_recipient("a1@example.com", At::Rcpt, Act::say("450 4.2.2 Mailbox full"));
    let mut world = World::new(&server);
    world.add_many(2);
    world.freeze();
    world.deliver();
    server.heal();
    world.wait(60);
    world.freeze();
    assert_eq!(world.deliver().sent, 2);
    assert_eq!(world.rows().iter().filter(|row| row.state == Expired).count(), 1);
    assert_eq!(server.kept_for("a1@example.com").len(), 1);
}

#[test]
fn a_busy_destination_is_left_alone_while_others_are_served() {
    let server = SmtpServer::start();
    server.for_recipient("b0@hanmail.net", At::Rcpt, Act::say("450 4.7.0 busy, later please"));
    let mut world = World::new(&server);
    world.add("a0@example.com");
    for (n, domain) in ["hanmail.net", "daum.net", "kakao.com"].into_iter().enumerate() {
        world.add(&format!("b{n}@{domain}"));
    }
    world.add("a1@example.com");
    world.freeze();
    let report = world.deliver();
    assert_eq!(report.sent, 2);
    assert_eq!(world.texts("SELECT name FROM breakers"), ["destination:hanmail.net"]);
    assert_eq!(world.row("b0@hanmail.net").attempts, 0, "not charged");
    assert_eq!(server.count(|seen| matches!(seen, Seen::Rcpt(to) if to.starts_with('b'))), 1);
    server.heal();
    world.wait(30);
    assert_eq!(world.deliver().sent, 3);
    assert_eq!(world.number("SELECT count(*) FROM breakers"), 0);
}

#[test]
fn a_relay_that_cannot_be_reached_is_left_alone_after_three_tries_and_probed_later() {
    let server = SmtpServer::start();
    server.always(At::Connect, Act::Close);
    let mut world = World::new(&server);
    world.relay.connections = 5;
    world.add_many(30);
    world.freeze();
    let report = world.deliver();
    assert_eq!(server.count(|seen| *seen == Seen::Connection), 3);
    assert!(report.held[0].contains("릴레이"), "{:?}", report.held);
    assert_eq!(world.deliver().settled(), 0, "held");
    world.wait(6);
    world.deliver();
    assert_eq!(server.count(|seen| *seen == Seen::Connection), 4, "one probe");
    server.heal();
    world.wait(60);
    assert_eq!(world.deliver().sent, 30);
    world.assert_readers_untouched("relay down");
}

#[test]
fn many_refusals_pause_the_edition_with_a_reason() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(60);
    for n in 5..60 {
        server.for_recipient(&format!("a{n}@example.com"), At::Rcpt, Act::say("550 5.1.1 No such user"));
    }
    world.freeze();
    let report = world.deliver();
    assert_eq!((report.sent, report.bounced), (5, 6));
    assert_eq!(world.texts("SELECT state FROM editions"), ["paused"]);
    assert!(report.held[0].contains("5xx"), "{:?}", report.held);
    assert_eq!(world.states().iter().filter(|state| **state == Queued).count(), 49);
}

#[test]
fn the_first_row_goes_alone_and_its_refusal_spares_the_rest() {
    let server = SmtpServer::start();
    server.always(At::Rcpt, Act::say("550 5.7.1 relaying denied"));
    let mut world = World::new(&server);
    world.relay.connections = 8;
    world.add_many(40);
    world.freeze();
    world.deliver();
    assert_eq!(server.count(|seen| matches!(seen, Seen::Mail(_))), 1);
    assert_eq!(world.texts("SELECT state FROM editions"), ["paused"]);
}

#[test]
fn a_session_the_relay_let_go_between_messages_is_replaced_without_a_fault() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(3);
    world.freeze();
    let times = std::sync::atomic::AtomicUsize::new(0);
    let faults = std::sync::Arc::new(server);
    let hook = std::sync::Arc::downgrade(&faults);
    // The hook runs under the server's own lock, so the fault is laid from another thread.
    faults.on_rcpt(move |_| {
        if times.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 {
            let hook = hook.clone();
            std::thread::spawn(move || hook.upgrade().map(|server| server.times(1, At::Mail, Act::Close)));
        }
    });
    let report = world.deliver();
    assert_eq!(report.sent, 3);
    assert_eq!(report.settled(), 3);
}

#[test]
fn a_stop_finishes_what_is_open_and_leaves_the_rest_queued() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.relay.connections = 2;
    world.add_many(40);
    world.freeze();
    let stop = CancellationToken::new();
    let signal = stop.clone();
    server.on_rcpt(move |address| {
        if address == "a9@example.com" {
            signal.cancel();
        }
    });
    let report =
        deliver::run_once(world.deps(), &world.session(), &world.clock, stop, |_| {}).expect("stopped");
    world.check();
    assert!(report.stopped && report.unknown == 0);
    assert!((9..=13).contains(&report.sent), "{} sent", report.sent);
    let states = world.states();
    assert_eq!(states.iter().filter(|state| **state == Queued).count() as u64, 40 - report.sent);
    server.on_rcpt(|_| {});
    world.deliver();
    assert_eq!(server.kept().len(), 40);
}

#[test]
fn a_store_that_takes_no_writes_stops_sending_and_a_late_250_is_still_recorded() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(3);
    world.freeze();
    let path = world.database();
    // Another process holds the write lock while the first letter is on its way, and lets go a little later.
    server.on_rcpt(move |address| {
        if address == "a0@example.com" {
            let db = rusqlite::Connection::open(&path).expect("the file");
            db.execute_batch("BEGIN IMMEDIATE").expect("locked");
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(300));
                db.execute_batch("ROLLBACK").expect("released");
            });
        }
    });
    assert_eq!(world.deliver().sent, 3);
}

#[test]
fn from_whichever_write_on_the_disk_is_full_nobody_is_lost_and_second_copies_are_announced() {
    for n in 1..=14 {
        let server = SmtpServer::start();
        let mut world = World::new(&server);
        world.relay.connections = 2;
        world.patience = Duration::from_millis(30);
        world.add_many(4);
        world.freeze();
        // The n-th write of a delivery fails and so does every later one: what fails is undone, the count with it.
        world.meddle(&format!(
            "CREATE TABLE room (left INTEGER NOT NULL); INSERT INTO room VALUES ({n});
             CREATE TRIGGER full BEFORE UPDATE ON deliveries BEGIN
               UPDATE room SET left = left - 1;
               SELECT RAISE(ABORT, 'database or disk is full') WHERE (SELECT left FROM room) <= 0;
             END"
        ));
        let stopped = world.try_deliver();
        let kept = server.kept().len();
        let recorded = world.states().iter().filter(|state| [Sent, InFlight].contains(state)).count();
        assert!(kept <= recorded, "write {n}: {kept} copies, {recorded} of them intended or recorded");
        if stopped.is_err() {
            let again = Session::start(&world.store, world.clock.now(), world.unknown).map(|session| {
                deliver::run_once(world.deps(), &session, &world.clock, CancellationToken::new(), |_| {})
            });
            assert!(!matches!(again, Ok(Ok(_))), "write {n}: it is still full");
            assert_eq!(server.kept().len(), kept, "write {n}: nothing more was sent");
        }
        world.meddle("DROP TRIGGER full; DROP TABLE room");
        world.deliver();
        let unknown: Vec<String> = world
            .rows()
            .into_iter()
            .filter(|row| row.state == Unknown)
            .filter_map(|row| row.address)
            .collect();
        world.wait(11);
        world.deliver();
        for row in world.rows() {
            let address = row.address.expect("an address");
            let copies = server.kept_for(&address).len();
            assert_eq!(row.state, Sent, "write {n}: {address}");
            assert!(
                copies == 1 || (copies == 2 && unknown.contains(&address)),
                "write {n}: {address} {copies}"
            );
        }
    }
}

#[test]
fn a_250_that_cannot_be_recorded_ends_the_run_naming_the_row() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.patience = Duration::from_millis(100);
    world.add_many(3);
    world.freeze();
    let path = world.database();
    server.on_rcpt(move |_| {
        let db = rusqlite::Connection::open(&path).expect("the file");
        db.busy_timeout(Duration::from_secs(5)).expect("a timeout");
        let broken =
            "CREATE TRIGGER broken BEFORE INSERT ON attempts BEGIN SELECT RAISE(ABORT, 'disk full'); END";
        db.execute_batch(broken).expect("broken");
    });
    let error = world.try_deliver().expect_err("not recorded");
    assert!(matches!(error, DeliverError::Unrecorded { id: DeliveryId(1), .. }), "{error}");
    assert!(error.to_string().contains("발송 1번"));
    assert_eq!(world.states(), [InFlight, Queued, Queued]);
    assert_eq!(server.kept().len(), 1);
    world.meddle("DROP TRIGGER broken");
    server.on_rcpt(|_| {});
    assert_eq!(world.deliver().sent, 2);
    assert_eq!(world.states(), [Unknown, Sent, Sent]);
}

#[test]
fn a_letter_larger_than_the_relay_takes_pauses_the_edition() {
    let server = SmtpServer::with(Options { size: Some(1000), ..Options::default() });
    let mut world = World::new(&server);
    world.add_many(3);
    world.freeze();
    let report = world.deliver();
    assert_eq!(report.sent, 0);
    assert_eq!(world.texts("SELECT state FROM editions"), ["paused"]);
    assert!(report.held[0].contains("크기"), "{:?}", report.held);
    assert_eq!(server.count(|seen| matches!(seen, Seen::Mail(_))), 0);
}

#[test]
fn messages_keep_the_pace_that_is_set() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.relay.connections = 4;
    world.relay.per_second = Some(50.0);
    world.add_many(11);
    world.freeze();
    let began = std::time::Instant::now();
    assert_eq!(world.deliver().sent, 11);
    assert!(began.elapsed() >= Duration::from_millis(190), "{:?}", began.elapsed());
}

#[test]
fn no_hour_and_no_day_gets_more_than_its_share_and_a_restart_remembers() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.per_hour = Some(4);
    world.per_day = Some(9);
    world.add_many(12);
    world.freeze();
    let report = world.deliver();
    assert_eq!(report.sent, 4);
    assert!(report.held[0].contains("한 시간에 4통"), "{:?}", report.held);
    let free = report.next_due.expect("a time") - world.clock.now();
    assert!((60..=62).contains(&free.num_minutes()), "{free}");
    world.wait(50);
    // Each `deliver` is a new session: the count is the ledger's.
    assert_eq!(world.deliver().sent, 0);
    world.wait(11);
    assert_eq!(world.deliver().sent, 4);
    world.wait(62);
    let report = world.deliver();
    assert_eq!(report.sent, 1, "the day is full");
    assert!(report.held[0].contains("하루에 9통"), "{:?}", report.held);
    world.wait(23 * 60);
    assert_eq!(world.deliver().sent, 3);
    assert_eq!(world.states(), [Sent; 12]);
}

#[test]
fn the_operators_own_addresses_get_it_first_and_a_reader_before_the_rest() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.relay.connections = 4;
    world.seeds = ["a7@example.com", "nobody@example.com", "A5@example.com"]
        .map(|text| EmailAddress::parse(text).expect("an address"))
        .to_vec();
    world.add_many(9);
    world.freeze();
    server.for_recipient("a0@example.com", At::Rcpt, Act::say("550 5.7.1 blocked by policy"));
    let report = world.deliver();
    assert_eq!(report.sent, 2, "the two of the operator's");
    let order: Vec<String> = server
        .seen()
        .into_iter()
        .filter_map(|seen| match seen {
            Seen::Rcpt(address) => Some(address),
            _ => None,
        })
        .collect();
    assert_eq!(order, ["a5@example.com", "a7@example.com", "a0@example.com"]);
    assert_eq!(world.texts("SELECT state FROM editions"), ["paused"]);
    world.assert_readers_untouched("a refusal of the first reader's");
}

#[test]
fn a_claim_reads_the_index_and_not_the_whole_table() {
    let server = SmtpServer::start();
    let world = World::new(&server);
    let plan = "EXPLAIN QUERY PLAN SELECT d.id FROM deliveries d WHERE d.edition_id = 1 AND d.due_at <= 5
        AND (d.state = 'queued' OR d.state = 'leased' OR d.state = 'in_flight' OR d.state = 'deferred' OR d.state = 'unknown')
        AND (d.state = 'queued' OR d.state = 'deferred' OR d.state = 'unknown') ORDER BY d.due_at, d.id LIMIT 10";
    let db = rusqlite::Connection::open(world.database()).expect("the file");
    let steps: Vec<String> = db
        .prepare(plan)
        .and_then(|mut plan| plan.query_map([], |row| row.get(3))?.collect())
        .expect("a plan");
    assert!(steps.len() == 1 && steps[0].contains("USING INDEX deliveries_open"), "{steps:?}");
}
