//! Who leaves: told or not, killed in between, and what the ledger, `verify` and `moabom law` say of it afterwards.

use chrono::Duration;
use moabom::model::EmailAddress;
use moabom::model::subscriber::SuppressionReason;
use moabom::notify::Report;
use moabom::store::deliveries::Resolution;
use moabom::store::suppressions::{Farewell, Withdrawal};
use moabom::store::verify::verify;
use serde_json::{Value, json};

use crate::notices::{TELLING, add, days, leave, notify};
use crate::people::Desk;
use crate::support::keeper::Keeper;
use crate::support::smtp_server::{Act, At, SmtpServer};
use crate::support::system::System;
use crate::support::world::World;

/// Someone of an old consent leaves and is to be told.
fn left(world: &World) {
    let id = add(world, "a@example.com", world.clock.now() - Duration::days(100));
    assert!(matches!(leave(world, id), Withdrawal::Done { .. }));
}

#[test]
fn whom_no_mail_may_reach_is_erased_at_once_and_not_written_to() {
    for reason in [SuppressionReason::HardBounce, SuppressionReason::Complaint, SuppressionReason::Manual] {
        let server = SmtpServer::start();
        let world = World::new(&server);
        let id = add(&world, "a@example.com", world.clock.now() - Duration::days(100));
        let hash = world.suppressions().hash(&EmailAddress::parse("a@example.com").expect("an address"));
        let now = world.clock.now();
        world.store.write(move |ledger| ledger.suppress(&hash, reason, now)).expect("suppressed");
        assert!(matches!(leave(&world, id), Withdrawal::Done { .. }));
        assert_eq!(world.number("SELECT count(*) FROM subscribers WHERE address IS NULL"), 1, "{reason:?}");
        assert_eq!(notify(&world, TELLING), Report::default());
        world.deliver();
        assert!(server.kept().is_empty() && server.kept_for("a@example.com").is_empty());
        let kept = world.store.read(|ledger| ledger.suppression(&hash)).expect("read");
        assert_eq!(kept, Some(SuppressionReason::Withdrawn), "an import is refused all the same");
        world.check();
    }
}

#[test]
fn a_notice_that_a_person_found_sent_is_in_the_consent_ledger_with_its_time() {
    let server = SmtpServer::start();
    let world = World::new(&server);
    left(&world);
    notify(&world, TELLING);
    server.times(1, At::DotKept, Act::Close);
    world.deliver();
    let tried = world.number("SELECT max(ended_at) FROM attempts");
    world.wait(5);
    let (row, now) = (world.row("a@example.com").id, world.clock.now());
    world.store.write(move |ledger| ledger.resolve_delivery(row, Resolution::Sent, now)).expect("resolved");
    let told = |column: &str| {
        world.number(&format!("SELECT {column} FROM consents WHERE act = 'notified' AND wording = 'goodbye'"))
    };
    assert_eq!((told("count(*)"), told("at")), (1, tried));
    assert_eq!(told("recorded_at"), now.timestamp_millis());
    assert_eq!(notify(&world, TELLING), Report { queued: 0, erased: 1 });
    world.check();
}

#[test]
fn verify_finds_each_breach_of_a_notice() {
    let breaches = [
        ("UPDATE deliveries SET state = 'sent'", 0, "동의 기록에 적혀 있지"),
        ("DELETE FROM deliveries", 0, "통지에 그 발송이 없어요"),
        (
            "UPDATE subscribers SET address = NULL, address_key = NULL, name = NULL, erased_at = 1;
             UPDATE notices SET text = 'x'",
            0,
            "지운 사람의 통지에",
        ),
        ("", 15, "14일이 지나도록"),
    ];
    for (meddling, later, breach) in breaches {
        let server = SmtpServer::start();
        let world = World::new(&server);
        left(&world);
        notify(&world, TELLING);
        world.check();
        world.meddle(meddling);
        days(&world, later);
        world.wait(1);
        let found = world.store.read(|ledger| verify(ledger, world.clock.now())).expect("read");
        assert!(found.iter().any(|found| found.what.contains(breach)), "{breach}: {found:?}");
    }
}

#[test]
fn who_is_removed_by_hand_is_told_first_unless_forgotten() {
    let mut desk = Desk::new();
    desk.farewell = Farewell::Told;
    for address in ["kim@naver.com", "lee@naver.com"] {
        desk.run(&["add", address, "--consent", "2026-01-01"]).ok();
    }
    let here = |desk: &Desk| {
        let sql = desk.sql();
        let count = sql.query_row("SELECT count(address) FROM subscribers", [], |row| row.get::<_, i64>(0));
        count.expect("a count")
    };
    let said = desk.run(&["remove", "kim@naver.com"]).ok().out;
    assert!(said.contains("알린 뒤에"), "{said}");
    let again = desk.run(&["remove", "kim@naver.com"]).ok().out;
    assert!(again.contains("이미 끝났고"), "{again}");
    assert_eq!(here(&desk), 2);
    assert_eq!(desk.suppression("kim@naver.com"), Some(SuppressionReason::Withdrawn));
    let said = desk.run(&["forget", "kim@naver.com"]).ok().out;
    assert!(said.contains("지웠어요") && !said.contains("이미"), "{said}");
    desk.run(&["forget", "lee@naver.com"]).ok();
    assert_eq!(here(&desk), 0);
}

/// What `moabom law --json` says of withdrawals, whether or not it finds fault with something else.
fn withdrawals(system: &System) -> Value {
    let output = system.command(&["law", "--json"]).output().expect("it starts");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    report["withdrawal_results"].clone()
}

/// The binary dies at `point` of a goodbye and starts again; the row's state before and after.
fn die_at(point: &str) -> (String, String) {
    let keeper = Keeper::start(0);
    let system = System::new(keeper.port(), 1);
    let config = std::fs::read_to_string(system.path("moabom.toml")).expect("read");
    std::fs::write(system.path("moabom.toml"), config + "\n[law]\nnotices = true\n").expect("written");
    system.run(&["subscribers", "add", "kim@d0.example.com", "--consent", "2020-06-01"]);
    system.run(&["subscribers", "remove", "kim@d0.example.com"]);
    let died = system.command(&["deliver"]).env("MOABOM_CRASH_AT", point).output().expect("it starts");
    assert!(!died.status.success(), "{point} was not reached");
    let row = || system.json(&["deliveries", "list", "--json"])[0].clone();
    let state = |row: &Value| row["state"].as_str().expect("a state").to_owned();
    let before = row();
    assert_eq!((&before["edition"], &before["kind"]), (&Value::Null, &json!("notice")), "{before}");
    system.run(&["deliver"]);
    system.verify();
    let after = row();
    if state(&after) == "unknown" {
        let waiting = &withdrawals(&system);
        assert_eq!((&waiting["queued"], &waiting["due"]["count"]), (&json!(1), &json!(1)), "{waiting}");
        assert!(after["address"].is_string(), "{point}: not erased while nobody knows");
        system.run(&["deliveries", "resolve", &after["id"].to_string(), "--as", "sent"]);
        system.run(&["deliver"]);
    } else {
        assert_eq!(keeper.copies().values().map(Vec::len).sum::<usize>(), 1, "{point}");
    }
    let told = withdrawals(&system);
    assert_eq!((&told["sent"], &told["due"]["count"]), (&json!(1), &json!(0)), "{point}: {told}");
    assert_eq!(row()["address"], Value::Null, "{point}: erased");
    system.verify();
    (state(&before), state(&after))
}

#[test]
fn killed_over_a_goodbye_the_person_is_told_or_asked_about_and_erased_then() {
    if cfg!(not(debug_assertions)) {
        println!("left out: a release build has no crash points");
        return;
    }
    let cases = [
        ("claim", "leased", "sent"),
        ("mail", "in_flight", "unknown"),
        ("after_dot", "in_flight", "unknown"),
        ("after_250", "in_flight", "unknown"),
        ("after_commit", "sent", "sent"),
    ];
    for (point, before, after) in cases {
        assert_eq!(die_at(point), (before.to_owned(), after.to_owned()), "{point}");
    }
}
