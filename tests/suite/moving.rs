//! Files as listmonk, Stibee and Mailchimp write them, with their own columns, names and times, read without a hand on them.

use std::path::PathBuf;

use moabom::model::subscriber::{ConsentAct, SuppressionReason};
use serde_json::{Value, json};

use crate::people::{Desk, Said};

/// Mailchimp's name of one of its files.
fn mailchimp(kind: &str) -> String {
    format!("{kind}_email_audience_export_0a1b2c3d4e.csv")
}

fn import(desk: &Desk, name: &str, more: &[&str]) -> Said {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/moving"));
    desk.run(&[&["import", folder.join(name).to_str().expect("UTF-8")], more].concat())
}

fn report(desk: &Desk, name: &str) -> Value {
    serde_json::from_str(&import(desk, name, &["--json"]).ok().out).expect("JSON")
}

/// Who is on the list, by what name, and since which instant.
fn consents(desk: &Desk) -> Vec<(String, String, String)> {
    let people = desk.list();
    let people = people.as_array().expect("a list");
    people
        .iter()
        .map(|person| {
            let address = person["address"].as_str().expect("an address");
            let consents = desk.store.read(|ledger| ledger.consents_of(desk.id(address))).expect("reads");
            let granted: Vec<_> =
                consents.iter().filter(|consent| consent.act == ConsentAct::Granted).collect();
            assert_eq!(granted.len(), 1, "{address}");
            let name = person["name"].as_str().unwrap_or_default();
            (address.to_owned(), name.to_owned(), granted[0].at.to_rfc3339())
        })
        .collect()
}

fn rows(list: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    list.iter().map(|&(address, name, at)| (address.into(), name.into(), at.into())).collect()
}

#[test]
fn a_file_of_listmonk_is_read_with_the_times_as_go_prints_them() {
    let desk = Desk::new();
    let report = report(&desk, "subscribers.csv");
    assert_eq!((&report["accepted"], &report["left"], &report["invalid"]), (&json!(3), &json!(2), &json!(0)));
    assert_eq!(
        consents(&desk),
        rows(&[
            ("nabi@example.net", "나비", "2025-03-01T15:30:05.123+00:00"),
            ("seoul@example.net", "한강", "2025-03-01T15:30:05.100+00:00"),
            ("plain@example.net", "들", "2025-03-01T15:30:05+00:00"),
        ])
    );
    let shown = desk.run(&["show", "nabi@example.net"]).ok().out;
    assert!(shown.contains("2025-03-02"), "a day of Korea: {shown}");
}

#[test]
fn a_file_of_mailchimp_is_read_in_its_universal_time_with_korean_names_family_first() {
    let desk = Desk::new();
    let report = report(&desk, &mailchimp("subscribed"));
    assert_eq!((&report["accepted"], &report["invalid"]), (&json!(2), &json!(0)));
    assert_eq!(
        consents(&desk),
        rows(&[
            ("gaeul@example.net", "김가을", "2024-08-31T15:40:00+00:00"),
            ("ann@example.net", "Ann Lee", "2024-09-01T14:59:59+00:00"),
        ])
    );
    let shown = desk.run(&["show", "gaeul@example.net"]).ok().out;
    assert!(shown.contains("2024-09-01"), "a day of Korea: {shown}");
}

#[test]
fn the_other_files_of_mailchimp_bring_nobody_in() {
    let desk = Desk::new();
    for kind in ["unsubscribed", "cleaned", "nonsubscribed"] {
        let report = report(&desk, &mailchimp(kind));
        assert_eq!((&report["rows"], &report["left"]), (&json!(1), &json!(1)), "{kind}");
    }
    assert_eq!(consents(&desk), []);
}

#[test]
fn a_file_of_stibee_is_read_and_who_gave_a_reason_for_leaving_stays_out() {
    let desk = Desk::new();
    let report = report(&desk, "stibee.csv");
    assert_eq!((&report["accepted"], &report["left"], &report["invalid"]), (&json!(2), &json!(1), &json!(0)));
    assert_eq!(
        consents(&desk),
        rows(&[
            ("bom@example.net", "봄", "2025-04-30T15:30:00+00:00"),
            ("yeoreum@example.net", "여름", "2025-05-02T01:00:00+00:00"),
        ])
    );
}

#[test]
fn advertising_goes_to_those_alone_who_agreed_to_it() {
    let desk = Desk { advertising: true, ..Desk::new() };
    let report = report(&desk, "stibee.csv");
    assert_eq!((&report["accepted"], &report["left"]), (&json!(1), &json!(2)));
    assert_eq!(consents(&desk)[0].0, "bom@example.net");
}

#[test]
fn who_left_elsewhere_but_is_still_here_is_named_and_stays_as_they_are() {
    let desk = Desk::new();
    desk.run(&["add", "left@example.net", "--consent", "2024-09-01"]).ok();
    let said = import(&desk, &mailchimp("unsubscribed"), &[]).ok();
    assert!(
        said.err.contains("2행") && said.err.contains("subscribers remove left@example.net"),
        "{}",
        said.err
    );
    assert_eq!(desk.list()[0]["subscriptions"][0]["state"], "active");
    desk.run(&["remove", "left@example.net"]).ok();
    let again = import(&desk, &mailchimp("unsubscribed"), &[]).ok();
    assert!(!again.err.contains("left@example.net"), "{}", again.err);
    assert_eq!(desk.suppression("left@example.net"), Some(SuppressionReason::Withdrawn));
}
