//! Corrections: to exactly those who may hold the edition and still want letters, once, over real SMTP.

use std::fs;

use mail_parser::MessageParser;
use moabom::clock::Instant;
use moabom::model::EditionId;
use moabom::model::delivery::DeliveryState::{Bounced, Sent, Suppressed, Unknown};
use moabom::model::edition::Content;
use moabom::render::slot::Slot;
use moabom::store::deliveries::UnknownPolicy;
use moabom::store::editions::{Corrected, NewCorrection};

use crate::support::smtp_server::{Act, At, SmtpServer};
use crate::support::system::System;
use crate::support::world::World;

fn correct(world: &World, of: EditionId, words: &str) -> Corrected {
    let link = Slot::UnsubscribeUrl.marker();
    let content = Content {
        subject: "[바로잡음] 모임 날짜".to_owned(),
        preheader: String::new(),
        html: format!("<p>{words}</p><a href=\"{link}\">수신거부</a>"),
        text: format!("{words}\n수신거부: {link}\n"),
    };
    let new = NewCorrection { of, content, at: world.clock.now() };
    world.store.write(move |ledger| ledger.correct(&new)).expect("answered")
}

#[test]
fn a_correction_goes_to_exactly_those_who_may_hold_the_edition_and_still_subscribe() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.unknown = UnknownPolicy::Hold;
    for name in ["sent", "gone", "bounced", "perhaps"] {
        world.add(&format!("{name}@example.com"));
    }
    let bounced = Act::say("550 5.1.1 no such user");
    server.for_recipient("bounced@example.com", At::Rcpt, bounced);
    server.for_recipient("perhaps@example.com", At::DotKept, Act::Close);
    let edition = world.freeze();
    world.deliver();
    world.wait(2000);
    world.deliver();
    for (name, state) in [("sent", Sent), ("gone", Sent), ("bounced", Bounced), ("perhaps", Unknown)] {
        assert_eq!(world.row(&format!("{name}@example.com")).state, state, "{name}");
    }
    assert_eq!(world.texts("SELECT state FROM editions"), ["done"]);
    server.heal();
    world.add("later@example.com");
    World::withdraw(&world.store, world.suppressions(), 2, world.clock.now());

    let before = world
        .store
        .read(|ledger| Ok((ledger.last_published("weekly", Instant::MAX_UTC)?, ledger.last_slot("weekly")?)));
    let (before, slot) = before.expect("read");
    let Corrected::Queued { number: 2, recipients: 2, .. } = correct(&world, edition, "6일이에요.")
    else {
        panic!("not queued to two");
    };
    let again = correct(&world, edition, "6일이에요.");
    assert!(matches!(again, Corrected::Unfinished(_)), "{again:?}");
    world.deliver();
    assert_eq!(server.kept_for("sent@example.com").len(), 2);
    assert_eq!(server.kept_for("perhaps@example.com").len(), 2);
    assert_eq!(server.kept_for("gone@example.com").len(), 1);
    assert_eq!(server.kept_for("bounced@example.com").len() + server.kept_for("later@example.com").len(), 0);
    let again = correct(&world, edition, "6일이에요.");
    assert!(matches!(again, Corrected::Again(EditionId(2))), "{again:?}");
    world.deliver();
    assert_eq!(server.kept_for("sent@example.com").len(), 2, "not twice");

    // Neither the window nor the schedule moved by it.
    let after = world
        .store
        .read(|ledger| Ok((ledger.last_published("weekly", Instant::MAX_UTC)?, ledger.last_slot("weekly")?)));
    let (after, later) = after.expect("read");
    assert_eq!(after.map(|last| last.cutoff_at), before.map(|last| last.cutoff_at));
    assert_eq!(later, slot.map(|slot| slot + chrono::Duration::milliseconds(1)));
}

#[test]
fn nothing_is_corrected_while_an_edition_is_on_its_way_nor_for_nobody() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add("a@example.com");
    let edition = world.freeze();
    assert_eq!(correct(&world, edition, "고침"), Corrected::Unfinished(edition));
    world.store.write(move |ledger| ledger.pause_edition(edition, "멈춤")).expect("paused");
    assert_eq!(correct(&world, edition, "고침"), Corrected::Unfinished(edition));
    let now = world.clock.now();
    world.store.write(move |ledger| ledger.cancel_edition(edition, "그만", now)).expect("cancelled");
    assert_eq!(world.states(), [Suppressed]);
    assert_eq!(correct(&world, edition, "고침"), Corrected::NoAudience);
    assert_eq!(correct(&world, EditionId(99), "고침"), Corrected::NoSuchEdition);
    assert_eq!(world.number("SELECT count(*) FROM editions"), 1);
}

#[test]
fn a_reader_who_leaves_after_it_was_queued_gets_no_correction() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add("a@example.com");
    world.add("b@example.com");
    let edition = world.freeze();
    world.deliver();
    assert!(matches!(correct(&world, edition, "고침"), Corrected::Queued { recipients: 2, .. }));
    World::withdraw(&world.store, world.suppressions(), 1, world.clock.now());
    world.deliver();
    assert_eq!((server.kept_for("a@example.com").len(), server.kept_for("b@example.com").len()), (1, 2));
}

#[test]
fn the_command_says_what_it_did_and_refuses_the_second_time() {
    let server = SmtpServer::start();
    let system = System::new(server.port(), 1);
    system.publish_to(3);
    system.run(&["deliver"]);
    fs::write(system.path("words.txt"), "모임은 5일이 아니라 6일이에요.\n\n죄송해요.\n").expect("written");
    let arguments = ["editions", "correct", "1", "--subject", "모임 날짜", "--text", "words.txt"];
    let said = system.run(&arguments);
    assert!(said.contains("받는 이 3명") && said.contains("[바로잡음] 모임 날짜"), "{said}");
    system.run(&["deliver"]);
    assert_eq!(server.kept().len(), 6);
    let kept = server.kept();
    let mail = MessageParser::default().parse(&kept[5].bytes).expect("a mail");
    assert_eq!(mail.subject(), Some("[바로잡음] 모임 날짜"));
    let text = mail.body_text(0).expect("text");
    assert!(text.contains("제1호(") && text.contains("모임은 5일이 아니라 6일이에요."), "{text}");
    assert!(mail.body_html(0).expect("html").contains("/unsubscribe/"));
    assert!(mail.header_raw("List-Unsubscribe").is_some());
    let refused = system.try_run(&arguments).expect_err("refused");
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("이미 있어요"), "{told}");
    system.run(&["deliver"]);
    assert_eq!(server.kept().len(), 6);
    for (file, code) in [("none.txt", Some(2)), ("words.txt", Some(1))] {
        let id = if code == Some(1) { "77" } else { "1" };
        let wrong = ["editions", "correct", id, "--subject", "모임", "--text", file];
        assert_eq!(system.try_run(&wrong).expect_err("refused").status.code(), code, "{file}");
    }
    system.verify();
}

#[test]
fn a_correction_of_a_monthly_edition_goes_to_subscribers_of_the_digest_it_draws_from() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add("a@example.com");
    let edition = world.freeze();
    world.deliver();
    // As if the letter had been the monthly one of the digest that the reader has.
    world.meddle("UPDATE editions SET digest = 'monthly', best_of = 'weekly'");
    assert!(matches!(correct(&world, edition, "고침"), Corrected::Queued { recipients: 1, .. }));
    assert_eq!(world.texts("SELECT best_of FROM editions WHERE id = 2"), ["weekly"]);
    world.deliver();
    assert_eq!(server.kept_for("a@example.com").len(), 2);
}

#[test]
fn a_correction_cancelled_half_way_goes_again_only_to_those_who_lack_it() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    world.add("a@example.com");
    world.add("b@example.com");
    let edition = world.freeze();
    world.deliver();
    server.for_recipient("b@example.com", At::Rcpt, Act::say("450 4.2.0 later"));
    assert!(matches!(correct(&world, edition, "고침"), Corrected::Queued { recipients: 2, .. }));
    world.deliver();
    let now = world.clock.now();
    world.store.write(move |ledger| ledger.cancel_edition(EditionId(2), "그만", now)).expect("cancelled");
    server.heal();
    assert!(matches!(correct(&world, edition, "고침"), Corrected::Queued { recipients: 1, .. }));
    world.wait(60);
    world.deliver();
    assert_eq!((server.kept_for("a@example.com").len(), server.kept_for("b@example.com").len()), (2, 2));
}
