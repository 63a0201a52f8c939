//! What is asked for again by hand, by its number, is sent.

use moabom::model::delivery::DeliveryState::{self, Bounced, Deferred, Expired, Queued, Sent, Suppressed};
use moabom::model::{DeliveryId, EditionId};
use moabom::store::deliveries::RowChange;

use crate::support::smtp_server::{Act, At, SmtpServer};
use crate::support::world::World;

fn retry(world: &World, id: i64) {
    let now = world.clock.now();
    let change = world.store.write(move |ledger| ledger.retry_delivery(DeliveryId(id), now));
    assert_eq!(change, Ok(RowChange::Changed));
}

fn old_rows(world: &World) -> Vec<DeliveryState> {
    world.states()[..3].to_vec()
}

#[test]
fn what_is_asked_for_again_by_hand_goes_out_though_a_newer_edition_did() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(3);
    world.freeze();
    server.for_recipient("a0@example.com", At::Rcpt, Act::say("550 5.2.1 mailbox disabled"));
    for reader in ["a1@example.com", "a2@example.com"] {
        server.for_recipient(reader, At::Rcpt, Act::say("450 4.2.2 Mailbox full"));
    }
    world.deliver();
    world.wait(60);
    server.heal();
    world.freeze();
    world.deliver();
    assert_eq!(old_rows(&world), [Bounced, Expired, Expired]);
    server.for_recipient("a1@example.com", At::Rcpt, Act::say("450 4.2.0 later"));
    retry(&world, 1);
    retry(&world, 2);
    world.deliver();
    assert_eq!(old_rows(&world), [Sent, Deferred, Expired], "what was asked for, and nothing else");
    server.heal();
    world.wait(60);
    world.deliver();
    assert_eq!(old_rows(&world), [Sent, Sent, Expired], "it outlives a refusal for now");
    assert_eq!(server.kept_for("a1@example.com").len(), 2);
}

#[test]
fn what_is_asked_for_by_hand_still_ends_with_its_edition_and_its_reader() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add_many(2);
    world.freeze();
    server.always(At::Rcpt, Act::say("550 5.2.1 mailbox disabled"));
    world.deliver();
    server.heal();
    retry(&world, 1);
    retry(&world, 2);
    assert_eq!(world.states(), [Queued, Queued]);
    let now = world.clock.now();
    World::withdraw(&world.store, world.suppressions(), 1, now);
    world.store.write(move |ledger| ledger.cancel_edition(EditionId(1), "그만", now)).expect("cancelled");
    world.deliver();
    assert_eq!(world.states(), [Suppressed, Suppressed]);
    assert!(server.kept().is_empty());
}
