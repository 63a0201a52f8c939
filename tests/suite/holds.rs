//! What is held back, until when, and that nothing else is: destinations, editions, the relay, connections, slow ones.

use std::cell::Cell;

use moabom::deliver::{self, Report};
use moabom::model::EmailAddress;
use moabom::model::delivery::DeliveryState::{Expired, Queued, Sent};
use tokio_util::sync::CancellationToken;

use crate::crash::signal;
use crate::notices::{add, notify};
use crate::relay::{Running, wait};
use crate::support::smtp_server::{Act, At, Options, Seen, SmtpServer};
use crate::support::system::System;
use crate::support::world::World;

/// Sends what is due, and ends what gets nowhere, so that it fails its test instead of hanging it.
fn deliver(world: &World) -> Report {
    let report = deliver_until(world, |_| false);
    assert!(!report.stopped, "it went on without getting anywhere: {report:?}");
    report
}

/// The same up to where `enough` of the report.
fn deliver_until(world: &World, enough: impl Fn(&Report) -> bool + 'static) -> Report {
    let stop = CancellationToken::new();
    let (signal, last) = (stop.clone(), Cell::new((0, 0)));
    // Called with each row, and twice a second besides.
    let progress = move |report: &Report| {
        let (settled, looks) = last.get();
        let looks = if report.settled() == settled { looks + 1 } else { 0 };
        last.set((report.settled(), looks));
        if looks > 16 || enough(report) {
            signal.cancel();
        }
    };
    let report = deliver::run_once(world.deps(), &world.session(), &world.clock, stop, progress);
    world.check();
    report.expect("delivered")
}

/// Recipients named to the relay, in order.
fn named(server: &SmtpServer, of: impl Fn(&str) -> bool) -> Vec<String> {
    let named = server.seen().into_iter().filter_map(|seen| match seen {
        Seen::Rcpt(address) if of(&address) => Some(address),
        _ => None,
    });
    named.collect()
}

/// At that recipient's turn the clock goes on by so many minutes.
fn pass(world: &World, server: &SmtpServer, at: &'static str, minutes: i64) {
    let clock = world.clock.clone();
    server.on_rcpt(move |address| {
        if address == at {
            clock.set(clock.now() + chrono::Duration::minutes(minutes));
        }
    });
}

/// Readers of one busy destination among many others.
fn busy(server: &SmtpServer, reply: &str) -> World {
    let mut world = World::new(server);
    world.add_many(4);
    for n in 0..40 {
        world.add(&format!("b{n}@hanmail.net"));
        server.for_recipient(&format!("b{n}@hanmail.net"), At::Rcpt, Act::say(reply));
    }
    for n in 0..40 {
        world.add(&format!("c{n}@example.com"));
    }
    world.freeze();
    world
}

/// A daemon whose relay refuses the password that is configured, and that relay.
fn refused() -> (SmtpServer, System) {
    let login = Some(("user".to_owned(), "right".to_owned()));
    let server = SmtpServer::with(Options { login, ..Options::default() });
    let system = System::new(server.port(), 2);
    system.publish_to(3);
    let path = system.path("moabom.toml");
    let config = std::fs::read_to_string(&path).expect("a configuration");
    let login = "tls = \"none\"\nuser = \"user\"\npassword_file = \"password\"";
    std::fs::write(path, config.replace("tls = \"none\"", login)).expect("written");
    (server, system)
}

fn set_password(system: &System, password: &str) {
    let path = system.path("password");
    std::fs::write(&path, password).expect("written");
    let own = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(path, own).expect("ours alone");
}

#[test]
fn a_hold_that_ends_while_others_are_served_is_over_and_is_made_anew_by_the_next_refusal() {
    let server = SmtpServer::start();
    let world = busy(&server, "421 4.3.0 come again later");
    pass(&world, &server, "c9@example.com", 6);
    let report = deliver(&world);
    assert_eq!(report.sent, 44, "{report:?}");
    assert_eq!(named(&server, |to| to.starts_with('b')).len(), 2, "one try, and one when the hold was over");
    assert_eq!(world.texts("SELECT name FROM breakers"), ["destination:hanmail.net"]);
    assert_eq!(world.number("SELECT failures FROM breakers"), 2, "the second time it is longer");
    assert_eq!(world.number("SELECT count(*) FROM attempts WHERE result <> 'sent'"), 2);
    server.heal();
    server.on_rcpt(|_| {});
    world.wait(60);
    assert_eq!(deliver(&world).sent, 40);
    assert_eq!(world.number("SELECT count(*) FROM breakers"), 0);
}

#[test]
fn a_destination_that_works_again_is_served_in_the_same_run() {
    let server = SmtpServer::start();
    let mut world = busy(&server, "250 2.1.5 Ok");
    world.relay.connections = 3;
    server.heal();
    server.once_for("b0@hanmail.net", At::Rcpt, Act::say("421 4.3.0 come again later"));
    pass(&world, &server, "c9@example.com", 6);
    let report = deliver(&world);
    assert_eq!((report.sent, report.deferred), (84, 1), "{report:?}");
    assert_eq!(world.states(), [Sent; 84]);
    assert_eq!(world.number("SELECT count(*) FROM breakers"), 0);
}

#[test]
fn an_edition_resumed_while_another_is_sent_stops_neither() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(30);
    for n in 0..30 {
        world.add_to("daily", &format!("d{n}@example.com"));
    }
    let weekly = world.freeze();
    world.freeze_of("daily");
    server.for_recipient("a0@example.com", At::Dot, Act::say("554 5.7.1 blocked as spam"));
    let store = world.store.clone();
    server.on_rcpt(move |address| {
        if address == "d3@example.com" {
            store.write(move |ledger| ledger.resume_edition(weekly)).expect("resumed");
        }
    });
    let report = deliver(&world);
    assert_eq!((report.sent, report.deferred), (59, 1), "{report:?}");
    assert_eq!(report.held.len(), 1, "{:?}", report.held);
    assert_eq!(world.texts("SELECT state FROM editions"), ["sending", "done"]);
}

#[test]
fn a_relay_that_hangs_up_after_each_dot_is_left_alone_after_three_messages() {
    let server = SmtpServer::start();
    server.always(At::DotKept, Act::Close);
    let mut world = World::new(&server);
    world.relay.connections = 4;
    world.add_many(40);
    world.freeze();
    let report = deliver(&world);
    assert_eq!((report.unknown, server.kept().len()), (3, 3), "none of them proves that the others arrive");
    assert!(report.held[0].contains("--state unknown"), "{:?}", report.held);
    assert_eq!(world.texts("SELECT name FROM breakers"), ["relay"]);
    assert_eq!(world.states().iter().filter(|state| **state == Queued).count(), 37);
    world.wait(6);
    deliver(&world);
    assert_eq!(server.kept().len(), 4, "one probe");
    server.heal();
    world.wait(60);
    assert_eq!(deliver(&world).sent, 40);
    assert_eq!(server.kept().len(), 44, "a second copy for those alone of whom it was not known");
    world.assert_readers_untouched("hung up after the dot");
}

#[test]
fn a_relay_that_begins_to_hang_up_after_the_dot_is_probed_with_one_message() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.relay.connections = 4;
    world.add_many(60);
    world.freeze();
    let (times, faults) = (Cell::new(0), std::sync::Arc::new(server));
    let hook = std::sync::Arc::downgrade(&faults);
    faults.on_rcpt(move |_| {
        times.set(times.get() + 1);
        if times.get() == 20 {
            let hook = hook.clone();
            std::thread::spawn(move || hook.upgrade().map(|server| server.always(At::DotKept, Act::Close)));
        }
    });
    let report = deliver(&world);
    assert!(report.sent >= 15 && (3..=6).contains(&report.unknown), "{report:?}");
    faults.on_rcpt(|_| {});
    let before = faults.kept().len();
    world.wait(6);
    assert_eq!(deliver(&world).unknown, 1, "the edition was proved, the relay is not");
    assert_eq!(faults.kept().len(), before + 1);
}

#[test]
fn full_mailboxes_and_first_contacts_pause_no_edition_in_any_round() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.relay.connections = 2;
    world.add_many(60);
    for n in 10..16 {
        server.for_recipient(&format!("a{n}@example.com"), At::Rcpt, Act::say("552 5.2.2 Mailbox full"));
    }
    for n in 20..22 {
        server.for_recipient(&format!("a{n}@example.com"), At::Rcpt, Act::say("451 4.7.1 Greylisted"));
    }
    world.freeze();
    let report = deliver(&world);
    assert_eq!((report.sent, report.deferred), (52, 8), "{:?}", report.held);
    for _ in 0..3 {
        world.wait(60);
        let report = deliver(&world);
        assert_eq!((report.deferred, report.held), (8, vec![]));
    }
    server.heal();
    world.wait(500);
    assert_eq!(deliver(&world).sent, 8);
    assert_eq!(world.texts("SELECT state FROM editions"), ["done"]);
}

#[test]
fn a_refusal_that_nobody_understands_pauses_an_edition_like_any_other() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(60);
    for n in 5..60 {
        let reply = Act::say("550 Requested action not taken");
        server.for_recipient(&format!("a{n}@example.com"), At::Rcpt, reply);
    }
    world.freeze();
    let report = deliver(&world);
    assert_eq!((report.sent, report.deferred), (5, 6), "{report:?}");
    assert_eq!(world.texts("SELECT state FROM editions"), ["paused"]);
}

#[test]
fn one_readers_server_that_refuses_us_pauses_nothing_when_it_is_tried_again() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(30);
    let reply = Act::say("550 5.7.1 Access denied");
    server.for_recipient("a5@example.com", At::Rcpt, reply.clone());
    world.freeze();
    let report = deliver(&world);
    assert_eq!((report.sent, report.deferred), (29, 1), "{report:?}");
    let mut tries = 1;
    for _ in 0..110 {
        world.wait(30);
        let report = deliver(&world);
        assert_eq!(report.held, Vec::<String>::new());
        tries += report.deferred;
    }
    assert_eq!(world.row("a5@example.com").state, Expired);
    assert!((9..=12).contains(&tries), "{tries} tries");
    world.assert_readers_untouched("a refusal of policy");
}

#[test]
fn the_operators_own_copy_proves_nothing_in_a_later_run_either() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.relay.connections = 4;
    world.seeds = vec![EmailAddress::parse("a7@example.com").expect("an address")];
    world.add_many(9);
    let edition = world.freeze();
    for n in 0..7 {
        let reply = Act::say("550 5.7.1 blocked by policy");
        server.for_recipient(&format!("a{n}@example.com"), At::Rcpt, reply);
    }
    assert_eq!(deliver(&world).sent, 1);
    world.store.write(move |ledger| ledger.resume_edition(edition)).expect("resumed");
    assert_eq!(deliver(&world).sent, 0);
    let order = named(&server, |_| true);
    assert_eq!(order, ["a7@example.com", "a0@example.com", "a1@example.com"]);
    assert_eq!(world.texts("SELECT state FROM editions"), ["paused"]);
}

#[test]
fn a_notice_sent_meanwhile_proves_no_edition() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.relay.connections = 4;
    add(&world, "n@example.com", world.clock.now() - chrono::Duration::days(1));
    add(&world, "m@example.com", world.clock.now() - chrono::Duration::days(1));
    let edition = world.freeze();
    world.store.write(move |ledger| ledger.pause_edition(edition, "잠깐")).expect("paused");
    notify(&world, crate::notices::TELLING);
    assert_eq!(deliver(&world).sent, 2);
    world.store.write(move |ledger| ledger.resume_edition(edition)).expect("resumed");
    server.always(At::Rcpt, Act::say("550 5.7.1 relaying denied"));
    assert_eq!(deliver(&world).held.len(), 1);
    assert_eq!(server.count(|seen| matches!(seen, Seen::Mail(_))), 3, "the first row went alone");
}

#[test]
fn notices_that_policy_refuses_are_tried_by_the_usual_schedule() {
    let server = SmtpServer::start();
    server.always(At::Dot, Act::say("550 5.7.26 This mail has been blocked: the sender is unauthenticated"));
    let world = World::new(&server);
    for n in 0..3 {
        add(&world, &format!("n{n}@example.com"), world.clock.now());
    }
    let telling = moabom::notify::Settings { notices: true, ..crate::notices::TELLING };
    assert_eq!(notify(&world, telling).queued, 3);
    let mut tries = 0;
    for _ in 0..110 {
        tries += deliver(&world).deferred;
        world.wait(30);
    }
    assert!(world.states().iter().all(|state| *state == Expired), "{:?}", world.states());
    assert!((27..=36).contains(&tries), "{tries} tries of three notices");
    world.assert_readers_untouched("refused notices");
}

#[test]
fn a_relay_that_takes_fewer_connections_gets_fewer() {
    let server = SmtpServer::with(Options { sessions: Some(2), ..Options::default() });
    let mut world = World::new(&server);
    world.relay.connections = 6;
    world.relay.messages_per_connection = 10;
    world.add_many(80);
    world.freeze();
    let report = deliver(&world);
    assert_eq!((report.sent, report.deferred), (80, 0), "{report:?}");
    assert_eq!(report.held, Vec::<String>::new());
    assert_eq!(world.number("SELECT count(*) FROM breakers"), 0);
}

#[test]
fn a_row_that_went_back_because_no_session_was_to_be_had_counts_once_towards_the_hour() {
    let server = SmtpServer::with(Options { sessions: Some(2), ..Options::default() });
    let mut world = World::new(&server);
    world.relay.connections = 6;
    world.per_hour = Some(20);
    world.add_many(40);
    world.freeze();
    let report = deliver(&world);
    assert_eq!((report.sent, server.kept().len()), (20, 20), "{report:?}");
    assert!(report.held[0].contains("한 시간에 20통"), "{:?}", report.held);
}

#[test]
fn a_relay_that_takes_no_connection_at_all_is_left_alone_after_three() {
    let server = SmtpServer::with(Options { sessions: Some(0), ..Options::default() });
    let mut world = World::new(&server);
    world.relay.connections = 6;
    world.add_many(20);
    world.freeze();
    let report = deliver(&world);
    assert_eq!(server.count(|seen| *seen == Seen::Connection), 3);
    assert!(report.held[0].contains("too many connections"), "{:?}", report.held);
    assert_eq!(world.texts("SELECT name FROM breakers"), ["relay"]);
}

#[test]
fn a_destination_that_asks_for_a_slower_pace_is_held_and_the_relay_is_not() {
    for reply in ["450 4.7.1 Too many messages, slow down", "421 4.7.0 unusual rate of mail from your IP"] {
        let server = SmtpServer::start();
        let world = busy(&server, reply);
        let report = deliver(&world);
        assert_eq!(report.sent, 44, "{reply}: {report:?}");
        assert_eq!(named(&server, |to| to.starts_with('b')).len(), 1, "{reply}");
        assert_eq!(world.texts("SELECT name FROM breakers"), ["destination:hanmail.net"], "{reply}");
    }
}

#[test]
fn rows_that_only_wait_keep_their_lease() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(6);
    world.freeze();
    let clock = world.clock.clone();
    // A slow relay: each message takes most of a lease.
    server.on_rcpt(move |_| clock.set(clock.now() + chrono::Duration::minutes(20)));
    assert_eq!(deliver(&world).sent, 6);
}

#[test]
fn a_destination_with_a_slow_pace_keeps_no_connection_from_the_others() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.relay.connections = 2;
    world.per_destination_second = Some(0.01);
    for n in 0..6 {
        world.add(&format!("b{n}@slow.example"));
    }
    for n in 0..8 {
        world.add(&format!("c{n}@d{n}.example"));
    }
    world.freeze();
    let report = deliver_until(&world, |report| report.sent >= 9);
    assert_eq!(report.sent, 9, "{report:?}");
    assert_eq!(named(&server, |to| to.starts_with('b')), ["b0@slow.example"]);
    assert_eq!(world.states().iter().filter(|state| **state == Queued).count(), 5);
}

#[test]
fn what_is_held_while_a_row_waits_for_its_pace_is_not_sent_then() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.relay.connections = 3;
    world.relay.per_second = Some(5.0);
    world.add_many(6);
    world.freeze();
    server.for_recipient("a1@example.com", At::Dot, Act::say("451 4.7.1 rate limit exceeded, slow down"));
    let report = deliver(&world);
    assert_eq!((report.sent, report.deferred), (1, 1), "{report:?}");
    assert_eq!(world.texts("SELECT name FROM breakers"), ["relay"]);
    assert_eq!(named(&server, |_| true), ["a0@example.com", "a1@example.com"]);
}

#[test]
fn a_new_password_is_tried_when_the_running_daemon_reads_its_configuration_anew() {
    let (server, system) = refused();
    set_password(&system, "wrong");
    let daemon = Running(system.start(&["run"]));
    let held = || system.json(&["status", "--json"])["held"].to_string();
    wait("the refusal to be kept", || held().contains("auth"));
    let reason = held();
    assert!(["SIGHUP", "reload", "deliver"].iter().all(|way| reason.contains(way)), "{reason}");
    set_password(&system, "right");
    signal(&daemon.0, "-HUP");
    wait("the mails of those who were not tried yet", || server.kept().len() == 2);
}

#[test]
fn a_new_password_is_tried_when_the_daemon_starts_again() {
    let (server, system) = refused();
    set_password(&system, "wrong");
    drop(Running({
        let daemon = system.start(&["run"]);
        wait("the refusal to be kept", || {
            system.json(&["status", "--json"])["held"].to_string().contains("auth")
        });
        daemon
    }));
    set_password(&system, "right");
    let _daemon = Running(system.start(&["run"]));
    wait("the mails of those who were not tried yet", || server.kept().len() == 2);
}
