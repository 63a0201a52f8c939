//! The figures for Prometheus, as the built daemon serves them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::support::free_port;
use crate::support::http::ask;
use crate::support::keeper::Keeper;
use crate::support::system::System;

/// The value of a sample, by its whole name with labels.
fn value(page: &str, sample: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {sample} in\n{page}")).parse().expect("a number")
}

/// Every sample follows the HELP and TYPE of its family, which comes once; every value is a number.
fn assert_well_formed(page: &str) {
    let mut families = BTreeSet::new();
    let mut family = "";
    for line in page.lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["#", "HELP", name, ..] => {
                assert!(families.insert(name), "{name} comes twice");
                family = name;
            }
            ["#", "TYPE", name, kind] => {
                assert!(name == family && ["gauge", "counter"].contains(&kind), "{line}");
            }
            _ => {
                let (sample, value) = line.rsplit_once(' ').expect("a value");
                assert_eq!(sample.split('{').next(), Some(family), "{line}");
                assert!(value.parse::<f64>().is_ok(), "{line}");
            }
        }
    }
    assert!(families.len() >= 10, "{families:?}");
}

#[test]
fn the_daemon_serves_figures_that_a_scraper_reads_and_nothing_of_anybody() {
    let keeper = Keeper::start(0);
    let system = System::new(keeper.port(), 2);
    system.publish_to(5);
    system.run(&["deliver"]);
    let port = free_port();
    let mut daemon = system
        .command(&["run"])
        .env("MOABOM__METRICS__LISTEN", format!("127.0.0.1:{port}"))
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let begun = Instant::now();
    let answer = loop {
        if let Ok(answer) = ask(port, "GET", "/metrics", "") {
            break answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "no figures");
        std::thread::yield_now();
    };
    let missing = ask(port, "GET", "/", "").expect("an answer");
    daemon.kill().and_then(|()| daemon.wait()).expect("ended");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("text/plain; version=0.0.4"), "{answer}");
    assert!(missing.starts_with("HTTP/1.1 404"), "{missing}");
    let page = answer.split_once("\r\n\r\n").expect("a body").1;
    assert_well_formed(page);
    assert_eq!(value(page, "moabom_attempts_total"), 5.0);
    assert_eq!(value(page, "moabom_editions{state=\"done\"}"), 1.0);
    assert_eq!(value(page, "moabom_subscriptions{digest=\"weekly\",state=\"active\"}"), 5.0);
    assert_eq!(value(page, "moabom_source_failures{source=\"blog\"}"), 0.0);
    assert!(value(page, "moabom_next_slot_timestamp_seconds{digest=\"weekly\"}") > 1.7e9);
    assert!(value(page, "process_resident_memory_bytes") > 1e6);
    let dashboard = include_str!("../../config/grafana-dashboard.json");
    let dashboard: serde_json::Value = serde_json::from_str(dashboard).expect("JSON");
    for panel in dashboard["panels"].as_array().expect("panels") {
        let asked = panel["targets"][0]["expr"].as_str().expect("a query");
        let name = asked.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let name = name.clone().find(|word| word.starts_with("moabom_") || word.starts_with("process_"));
        assert!(page.contains(&format!("# TYPE {} ", name.expect("a family"))), "{asked}");
    }
    assert!(!page.contains('@') && !page.contains("reader0"), "{page}");
}

#[test]
fn figures_are_for_this_machine_alone() {
    let system = System::new(25, 1);
    let output =
        system.command(&["check"]).env("MOABOM__METRICS__LISTEN", "0.0.0.0:9464").output().expect("it runs");
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(
        !output.status.success() && said.contains("metrics.listen") && said.contains("127.0.0.1:9464"),
        "{said}"
    );
}
