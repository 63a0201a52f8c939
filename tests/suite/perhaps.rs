//! Rows of which the relay may hold a copy stay unknown, whatever ends them.

use moabom::model::delivery::DeliveryState::{Deferred, Sent, Suppressed, Unknown};
use moabom::model::delivery::Stage;
use moabom::model::{DeliveryId, EditionId, SubscriberId};
use moabom::store::deliveries::{ClaimRequest, Ending, Finished, Guarded, Intent, UnknownPolicy};
use moabom::store::editions::{Corrected, NewCorrection};

use crate::support::smtp_server::{Act, At, SmtpServer};
use crate::support::world::World;

/// Two readers; the relay took the first one's copy and hung up, then put its second copy off.
fn deferred_after_unknown(server: &SmtpServer) -> World {
    let mut world = World::new(server);
    world.add_many(2);
    world.freeze();
    server.for_recipient("a0@example.com", At::DotKept, Act::Close);
    world.deliver();
    assert_eq!(world.states(), [Unknown, Sent]);
    server.heal();
    server.for_recipient("a0@example.com", At::Rcpt, Act::say("450 4.2.0 later"));
    world.wait(11);
    world.deliver();
    assert_eq!(world.states(), [Deferred, Sent]);
    world
}

fn cancel(world: &World) {
    let now = world.clock.now();
    world.store.write(move |ledger| ledger.cancel_edition(EditionId(1), "그만", now)).expect("cancelled");
}

fn withdraw(world: &World, id: i64) {
    World::withdraw(&world.store, world.suppressions(), id, world.clock.now());
}

fn ended(world: &World, what: &str) {
    assert_eq!(world.rows()[0].state, Unknown, "{what}");
    assert_eq!(world.number("SELECT due_at = 9223372036854775807 FROM deliveries WHERE id = 1"), 1, "{what}");
    world.check();
}

#[test]
fn a_copy_that_may_lie_with_the_relay_is_not_forgotten_when_its_edition_is_cancelled() {
    let server = SmtpServer::start();
    let world = deferred_after_unknown(&server);
    cancel(&world);
    ended(&world, "cancelled");
    let content = moabom::model::edition::Content {
        subject: "바로잡음".to_owned(),
        preheader: String::new(),
        html: String::new(),
        text: "고침".to_owned(),
    };
    let new = NewCorrection { of: EditionId(1), content, at: world.clock.now() };
    let corrected = world.store.write(move |ledger| ledger.correct(&new)).expect("answered");
    assert!(matches!(corrected, Corrected::Queued { recipients: 2, .. }), "{corrected:?}");
}

#[test]
fn what_a_cancelled_edition_leaves_unknown_waits_for_nothing_and_keeps_no_key_in_use() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(1);
    world.freeze();
    server.always(At::DotKept, Act::Close);
    world.deliver();
    assert_eq!(world.states(), [Unknown]);
    let sending = |world: &World| world.store.read(|ledger| ledger.is_sending()).expect("read");
    assert!(sending(&world), "it would be tried again");
    cancel(&world);
    ended(&world, "cancelled");
    assert!(!sending(&world));
    // One that an earlier version left.
    world.meddle("UPDATE deliveries SET due_at = 0");
    drop(world.session());
    assert!(!sending(&world));
    ended(&world, "left");
}

#[test]
fn what_was_on_the_wire_when_its_edition_was_cancelled_ends_as_well() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(1);
    world.freeze();
    world.meddle("UPDATE deliveries SET state = 'in_flight', message_id = '<a@example.com>'");
    cancel(&world);
    drop(world.session());
    ended(&world, "a crash");
    assert!(!world.store.read(|ledger| ledger.is_sending()).expect("read"));

    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(1);
    world.freeze();
    server.always(At::Rcpt, Act::say("450 4.2.0 later"));
    let (store, now) = (world.store.clone(), world.clock.now());
    server.on_rcpt(move |_| {
        let cancelled = store.write(move |ledger| ledger.cancel_edition(EditionId(1), "그만", now));
        cancelled.expect("cancelled");
    });
    world.deliver();
    assert_eq!(world.states(), [Suppressed], "put off for ever");
    assert!(!world.store.read(|ledger| ledger.is_sending()).expect("read"));
}

#[test]
fn nor_when_the_next_edition_ends_what_is_left_of_it() {
    let server = SmtpServer::start();
    let mut world = deferred_after_unknown(&server);
    world.wait(60);
    world.freeze();
    server.heal();
    assert_eq!(world.deliver().sent, 2);
    ended(&world, "superseded");
    assert_eq!(world.texts("SELECT state FROM editions ORDER BY id"), ["done", "done"]);
    assert_eq!(server.kept_for("a0@example.com").len(), 2, "no second copy of the old one");
}

#[test]
fn nor_when_its_reader_leaves() {
    let server = SmtpServer::start();
    let world = deferred_after_unknown(&server);
    withdraw(&world, 1);
    ended(&world, "withdrawn");
    let server = SmtpServer::start();
    let world = deferred_after_unknown(&server);
    server.heal();
    server.for_recipient("a0@example.com", At::Rcpt, Act::say("550 수신자가 차단한 발신자입니다"));
    world.wait(60);
    world.deliver();
    ended(&world, "on the reader's block list");
    assert_eq!(world.number("SELECT address IS NULL FROM subscribers WHERE id = 1"), 1);
}

#[test]
fn nor_when_its_time_is_over() {
    let server = SmtpServer::start();
    let world = deferred_after_unknown(&server);
    world.wait(49 * 60);
    world.deliver();
    ended(&world, "two days old");
    assert_eq!(world.texts("SELECT state FROM editions"), ["done"]);
}

/// Leases what is due to an epoch of its own.
fn lease(world: &World) -> i64 {
    let (key, now) = (world.suppressions(), world.clock.now());
    let until = now + chrono::Duration::minutes(30);
    let leased = world.store.write(move |ledger| {
        let epoch = ledger.next_epoch()?;
        ledger
            .claim_next(ClaimRequest { limit: 10, epoch, until, now }, &key)
            .map(|claim| (epoch, claim.rows.len()))
    });
    let (epoch, rows) = leased.expect("leased");
    assert_eq!(rows, 1);
    epoch
}

#[test]
fn nor_while_a_sender_holds_it_who_is_told_that_others_settled_it() {
    for what in ["cancelled", "withdrawn"] {
        let server = SmtpServer::start();
        let world = deferred_after_unknown(&server);
        world.wait(60);
        let epoch = lease(&world);
        if what == "cancelled" {
            cancel(&world)
        } else {
            withdraw(&world, 1)
        }
        ended(&world, what);
        let now = world.clock.now();
        let until = now + chrono::Duration::minutes(30);
        let intent = Intent { id: DeliveryId(1), epoch, message_id: "<x@y>".to_owned(), at: now, until };
        assert_eq!(
            world.store.write(move |ledger| ledger.record_intent(&intent)),
            Ok(Guarded::Settled),
            "{what}"
        );
        ended(&world, what);
    }
    // Another sender that took over is no settlement.
    let server = SmtpServer::start();
    let world = deferred_after_unknown(&server);
    world.wait(60);
    let epoch = lease(&world);
    drop(world.session());
    let now = world.clock.now();
    let (key, address) =
        (world.suppressions(), moabom::model::EmailAddress::parse("a0@example.com").expect("one"));
    let finished = Finished {
        id: DeliveryId(1),
        mailing: moabom::model::notice::Mailing::Edition(EditionId(1)),
        subscriber: SubscriberId(1),
        hash: key.hash(&address),
        epoch,
        started_at: now,
        ended_at: now,
        stage: Stage::Dot,
        reply: "250 Ok".to_owned(),
        ending: Ending::Sent,
        unknown: UnknownPolicy::Hold,
    };
    assert_eq!(world.store.write(move |ledger| ledger.record_result(&finished, &key)), Ok(Guarded::Lost));
}

#[test]
fn a_run_goes_on_when_a_reader_leaves_whose_first_copy_may_have_arrived() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(3);
    world.freeze();
    server.always(At::DotKept, Act::Close);
    world.deliver();
    assert_eq!(world.states(), [Unknown; 3]);
    server.heal();
    world.wait(11);
    let (store, key, now) = (world.store.clone(), world.suppressions(), world.clock.now());
    server.on_rcpt(move |address| {
        if address == "a0@example.com" {
            World::withdraw(&store, key.clone(), 2, now);
        }
    });
    assert_eq!(world.deliver().sent, 2);
    assert_eq!(world.states(), [Sent, Unknown, Sent]);
}
