//! The built binary killed at any moment and started again on the same store; both ledgers are compared afterwards.
//!
//! `MOABOM_KILLS=200 cargo test --test suite crash::killed` makes the long run.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::support::keeper::{Dice, Keeper};
use crate::support::system::System;

const CONNECTIONS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(20);

/// Addresses of the rows of a state.
fn of_state(system: &System, state: &str) -> BTreeSet<String> {
    let rows = system.json(&["deliveries", "list", "--state", state, "--json"]);
    addresses(&rows)
}

fn addresses(rows: &Value) -> BTreeSet<String> {
    let rows = rows.as_array().expect("a list");
    rows.iter().map(|row| row["address"].as_str().expect("an address").to_owned()).collect()
}

/// What the run came to.
#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    unknown: usize,
    doubled: usize,
}

/// `recipients` letters, `kills` kills on the way; then everything is sent, and the ledgers must agree.
fn run(recipients: usize, kills: usize, seed: u64) -> Tally {
    let keeper = Keeper::start(20);
    let system = System::new(keeper.port(), CONNECTIONS);
    system.publish_to(recipients);
    let mut dice = Dice::new(seed);
    let mut tally = Tally::default();
    let mut named = BTreeSet::new();
    let step = (recipients / (kills + 1)).max(1) as u64;
    for _ in 0..kills {
        // By hand or as the daemon: the same step.
        let mut sender = system.start(&[if dice.below(2) == 0 { "deliver" } else { "run" }]);
        let target = keeper.total() + 1 + dice.below(2 * step) as usize;
        if target >= recipients || !keeper.wait_for(target, PATIENCE) {
            sender.kill().expect("killed");
            sender.wait().expect("gone");
            named.extend(settle(&system, &named, &mut tally));
            break;
        }
        std::thread::sleep(Duration::from_micros(dice.below(3_000)));
        sender.kill().expect("killed");
        sender.wait().expect("gone");
        tally.kills += 1;
        named.extend(settle(&system, &named, &mut tally));
    }
    system.run(&["deliver"]);
    compare(&system, &keeper, recipients, &mut named, &mut tally);
    tally
}

/// What the kill left unknown, once the next start has looked at it; never more than there were connections.
fn settle(system: &System, named: &BTreeSet<String>, tally: &mut Tally) -> BTreeSet<String> {
    let rows = system.json(&["deliveries", "list", "--json"]);
    let open = |row: &&Value| ["in_flight", "unknown"].contains(&row["state"].as_str().unwrap_or_default());
    let all: Value = rows.as_array().expect("a list").iter().filter(open).cloned().collect();
    let new: BTreeSet<String> = addresses(&all).difference(named).cloned().collect();
    assert!(new.len() <= CONNECTIONS, "one kill left {} rows in flight", new.len());
    tally.unknown += new.len();
    new
}

fn compare(
    system: &System,
    keeper: &Keeper,
    recipients: usize,
    named: &mut BTreeSet<String>,
    tally: &mut Tally,
) {
    let unknown = of_state(system, "unknown");
    assert!(unknown.is_subset(named), "unknown without a kill: {:?}", unknown.difference(named));
    let sent = of_state(system, "sent");
    assert_eq!(sent.len() + unknown.len(), recipients, "every row is sent or unknown");
    let copies = keeper.copies();
    for address in &sent {
        assert!(copies.contains_key(address), "{address} is sent and the relay has no copy");
    }
    // Ten minutes later, as it were: the operator lets the unknown ones be tried again.
    let rows = system.json(&["deliveries", "list", "--state", "unknown", "--json"]);
    let ids: Vec<String> = rows.as_array().expect("a list").iter().map(|row| row["id"].to_string()).collect();
    if !ids.is_empty() {
        let arguments: Vec<&str> =
            ["deliveries", "retry"].into_iter().chain(ids.iter().map(String::as_str)).collect();
        system.run(&arguments);
        system.run(&["deliver"]);
    }
    let copies = keeper.copies();
    assert_eq!(copies.len(), recipients, "nobody is lost");
    for (address, copies) in &copies {
        assert!(
            copies.len() == 1 || named.contains(address),
            "{address} got {} copies unannounced",
            copies.len()
        );
        assert!(copies.windows(2).all(|pair| pair[0] == pair[1]), "{address} got different copies");
        tally.doubled += copies.len() - 1;
    }
    assert_eq!(of_state(system, "sent").len(), recipients);
    let editions = system.json(&["editions", "list", "--json"]);
    assert_eq!(editions[0]["state"], "done");
    system.verify();
}

#[test]
fn killed_at_random_moments_nobody_is_lost_and_second_copies_are_announced() {
    let wanted = std::env::var("MOABOM_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20usize);
    let (mut kills, mut unknown, mut doubled, mut seed) = (0, 0, 0, 11);
    while kills < wanted {
        let tally = run(2_000, 20.min(wanted - kills), seed);
        assert!(tally.kills > 0, "the run ended before the first kill");
        kills += tally.kills;
        unknown += tally.unknown;
        doubled += tally.doubled;
        seed += 1;
    }
    println!("{kills} kills: {unknown} rows unknown, {doubled} second copies, nobody lost");
}

/// Dies at the named point, starts again, sends the rest. Gives the state of the row it died on, before the restart's
/// sending, and how many copies the relay had of it.
fn die_at(point: &str) -> (String, usize) {
    let keeper = Keeper::start(0);
    let system = System::new(keeper.port(), 1);
    system.publish_to(3);
    let died = system.command(&["deliver"]).env("MOABOM_CRASH_AT", point).output().expect("it starts");
    assert!(!died.status.success(), "{point} was not reached");
    // The first command that sends settles what was left; one with nothing to do but that is a retry of nothing due.
    let rows = system.json(&["deliveries", "list", "--json"]);
    let row = &rows.as_array().expect("rows")[0];
    let address = row["address"].as_str().expect("an address").to_owned();
    let copies = keeper.copies().get(&address).map_or(0, Vec::len);
    let state = row["state"].as_str().expect("a state").to_owned();
    system.run(&["deliver"]);
    system.verify();
    let after = system.json(&["deliveries", "list", "--json"]);
    let after = after.as_array().expect("rows");
    let expected = if state == "in_flight" { "unknown" } else { "sent" };
    assert_eq!(after[0]["state"], expected, "{point}: after the restart");
    // The commit that records a result also holds the connection's next intent.
    let intended = usize::from(point == "after_commit");
    let unsure = after[1..].iter().filter(|row| row["state"] == "unknown").count();
    let sent = after[1..].iter().filter(|row| row["state"] == "sent").count();
    assert_eq!((sent, unsure), (2 - intended, intended), "{point}: the others");
    if state == "sent" {
        assert_eq!(keeper.copies()[&address].len(), 1, "{point}: sent once");
    }
    (state, copies)
}

#[test]
fn at_each_named_point_the_row_ends_as_the_design_says() {
    if cfg!(not(debug_assertions)) {
        println!("left out: a release build has no crash points");
        return;
    }
    let cases = [
        ("claim", "leased", 0),
        ("connect", "leased", 0),
        ("mail", "in_flight", 0),
        ("rcpt", "in_flight", 0),
        ("data", "in_flight", 0),
        ("mid_body", "in_flight", 0),
        ("after_dot", "in_flight", 1),
        ("after_250", "in_flight", 1),
        ("after_commit", "sent", 1),
    ];
    for (point, state, copies) in cases {
        let (found, kept) = die_at(point);
        assert_eq!(found, state, "{point}");
        assert!(
            kept <= copies && (copies == 0 || kept == copies || point == "after_dot"),
            "{point}: {kept} copies"
        );
    }
}

pub fn signal(child: &std::process::Child, name: &str) {
    let sent = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
}

#[test]
fn a_first_signal_finishes_what_is_open_and_nothing_is_left_unsure() {
    for step in ["deliver", "run"] {
        let keeper = Keeper::start(20);
        let system = System::new(keeper.port(), CONNECTIONS);
        system.publish_to(400);
        let mut sender = system.start(&[step]);
        assert!(keeper.wait_for(60, PATIENCE), "{step} sends");
        signal(&sender, "-TERM");
        assert!(sender.wait().expect("gone").success(), "{step} ends well");
        let rows = system.json(&["deliveries", "list", "--json"]);
        let unsure = |row: &&Value| {
            ["in_flight", "leased", "unknown"].contains(&row["state"].as_str().unwrap_or_default())
        };
        assert_eq!(rows.as_array().expect("rows").iter().filter(unsure).count(), 0, "{step}");
        assert_eq!(of_state(&system, "sent").len(), keeper.total(), "{step}");
        assert!(keeper.total() < 400, "{step} was stopped on the way");
        system.run(&["deliver"]);
        assert!(
            keeper.copies().len() == 400 && keeper.copies().values().all(|copies| copies.len() == 1),
            "{step}"
        );
        system.verify();
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let keeper = Keeper::start(600_000);
    let system = System::new(keeper.port(), CONNECTIONS);
    system.publish_to(20);
    let mut sender = system.start(&["deliver"]);
    assert!(keeper.wait_for(1, PATIENCE), "a dot is out and unanswered");
    let began = std::time::Instant::now();
    signal(&sender, "-TERM");
    signal(&sender, "-TERM");
    // Two signals that arrive together may be one: the next is a second one for sure.
    while sender.try_wait().expect("asked").is_none() {
        assert!(began.elapsed() < PATIENCE, "it does not end");
        let _ = std::process::Command::new("kill").args(["-TERM", &sender.id().to_string()]).status();
        std::thread::park_timeout(Duration::from_millis(50));
    }
    assert_eq!(sender.wait().expect("gone").code(), Some(130));
}
