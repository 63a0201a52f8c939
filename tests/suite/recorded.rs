//! Whatever ends a transaction is recorded, once, and in order of time: the next row's trouble changes nothing about it.

use chrono::Duration;
use moabom::model::delivery::DeliveryState::{Queued, Sent, Suppressed};

use crate::notices::{TELLING, add, notify};
use crate::support::smtp_server::SmtpServer;
use crate::support::world::World;

#[test]
fn a_notice_whose_person_is_erased_before_its_turn_takes_no_result_with_it() {
    let server = SmtpServer::start();
    let world = World::new(&server);
    for n in 0..3 {
        add(&world, &format!("n{n}@example.com"), world.clock.now());
    }
    assert_eq!(notify(&world, TELLING).queued, 3);
    let (store, key, now) = (world.store.clone(), world.suppressions(), world.clock.now());
    server.on_rcpt(move |address| {
        if address == "n0@example.com" {
            World::withdraw(&store, key.clone(), 2, now);
        }
    });
    let report = world.deliver();
    assert_eq!(report.sent, 2, "{report:?}");
    assert_eq!(world.states(), [Sent, Suppressed, Sent]);
    assert_eq!(world.number("SELECT count(*) FROM attempts WHERE result = 'sent'"), 2);
    server.on_rcpt(|_| {});
    world.wait(60);
    assert_eq!(world.deliver().sent, 0);
    assert_eq!(server.kept().len(), 2, "one copy each");
}

#[test]
fn an_edition_whose_letter_cannot_be_made_takes_no_result_of_another_with_it() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(2);
    for n in 0..2 {
        world.add_to("daily", &format!("d{n}@example.com"));
    }
    world.freeze();
    let daily = world.freeze_of("daily");
    world.meddle(&format!("UPDATE editions SET subject = 'a' || char(10) WHERE id = {}", daily.0));
    let report = world.deliver();
    assert_eq!((report.sent, report.held.len()), (2, 1), "{report:?}");
    assert_eq!(world.states(), [Sent, Sent, Queued, Queued]);
    assert_eq!(world.texts("SELECT state FROM editions"), ["done", "paused"]);
}

#[test]
fn a_clock_that_is_set_back_during_a_transaction_leaves_no_attempt_that_ends_before_it_began() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(3);
    world.freeze();
    let clock = world.clock.clone();
    server.on_rcpt(move |address| {
        if address == "a0@example.com" {
            clock.set(clock.now() - Duration::seconds(90));
        }
    });
    world.try_deliver().expect("delivered");
    world.wait(5);
    assert_eq!(world.deliver().settled(), 0);
    assert_eq!(world.states(), [Sent; 3]);
    assert_eq!(world.number("SELECT count(*) FROM attempts WHERE started_at > ended_at"), 0);
}

#[test]
fn messages_dated_by_a_clock_that_was_ahead_fill_no_hour() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.per_hour = Some(4);
    world.add_many(10);
    world.freeze();
    world.wait(180);
    assert_eq!(world.deliver().sent, 4);
    world.wait(-180);
    let report = world.deliver();
    assert_eq!(report.sent, 4, "{report:?}");
    assert!(report.next_due.expect("a time") <= world.clock.now() + Duration::minutes(62), "{report:?}");
}
