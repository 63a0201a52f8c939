//! `moabom doctor` through the built binary, against a relay, a name server and a web server of our own on loopback: a
//! sound set-up, and broken ones that each name their fault and remedy. Never a letter, never a secret.

mod clinic;
mod faults;

use std::process::Command;

use serde_json::Value;

use crate::support::dns_server::DnsServer;
use clinic::Clinic;

#[test]
fn a_sound_set_up_has_nothing_to_mend() {
    let clinic = Clinic::new();
    let report = clinic.report();
    assert_eq!(report.code, Some(0), "{:#}", report.json);
    assert_eq!(report.json["mend"], 0);
    assert_eq!(report.json["look"], 1, "the page that only this machine opens: {:#}", report.json);
    for topic in [
        "설정",
        "편지 틀",
        "비밀 키",
        "저장소",
        "디스크",
        "릴레이",
        "SPF",
        "DKIM",
        "DMARC",
        "받는 메일(MX)",
        "역방향 DNS",
        "수신거부 페이지",
        "시계",
    ] {
        assert!(report.states(topic).contains(&"good".to_owned()), "{topic}: {:#}", report.json);
    }
}

#[test]
fn text_and_json_tell_the_same() {
    let clinic = Clinic::new();
    clinic.dns.forget_texts("_dmarc.example.com");
    let report = clinic.report();
    let text = clinic.text();
    assert_eq!(text.code, Some(1));
    for finding in report.findings() {
        for key in ["found", "why", "advice", "set"] {
            let wanted: String = finding[key].as_str().unwrap_or_default().split_whitespace().collect();
            let shown: String = text.out.split_whitespace().collect::<String>().replace("→", "");
            assert!(shown.contains(&wanted.replace("→", "")), "{key} of {finding:#} in\n{}", text.out);
        }
    }
    assert!(text.out.contains("고쳐야 해요 1"), "{}", text.out);
    assert!(text.err.contains("고쳐야 할 것이 1가지"), "{}", text.err);
}

#[test]
fn without_a_network_each_look_says_so_and_ends() {
    let mut clinic = Clinic::new();
    clinic.set("home = ", "home = \"https://blog.invalid/\"");
    clinic.set("public_url = ", "public_url = \"https://letter.invalid/\"");
    clinic.set("host = ", "host = \"relay.invalid\"");
    // A socket that nobody reads: every question meets silence.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    clinic.resolver = silent.local_addr().expect("bound");
    clinic.timeout = "0.5";
    let report = clinic.report();
    assert_eq!(report.code, Some(1));
    for topic in ["SPF", "DKIM", "DMARC", "받는 메일(MX)"] {
        let finding = report.finding(topic);
        assert!(
            finding["state"] == "look" && finding["found"].as_str().unwrap().contains("답이 없었어요"),
            "{finding:#}"
        );
    }
    for topic in ["릴레이", "수신거부 페이지", "시계"] {
        assert!(report.states(topic).iter().any(|state| state != "good"), "{topic}: {:#}", report.json);
    }
}

#[test]
fn a_name_server_that_knows_nothing_is_told_from_missing_records() {
    let mut clinic = Clinic::new();
    let empty = DnsServer::start();
    clinic.resolver = empty.address;
    let report = clinic.report();
    assert_eq!(report.code, Some(0), "nothing is blamed: {:#}", report.json);
    for topic in ["SPF", "DKIM", "DMARC", "받는 메일(MX)"] {
        let found = report.finding(topic)["found"].as_str().unwrap().to_owned();
        assert!(found.contains("바깥과 끊긴"), "{topic}: {found}");
    }
}

#[test]
fn without_an_address_for_readers_letters_carry_none_as_doctor_says() {
    let mut clinic = Clinic::new();
    clinic.set("public_url = ", "");
    let finding = clinic.report().finding("수신거부 페이지").clone();
    assert_eq!(finding["state"], "look");
    assert!(finding["advice"].as_str().unwrap().contains("메일 주소만"), "{finding:#}");
    let letter = clinic.printed(&["preview", "--format", "eml"]);
    assert!(letter.contains("List-Unsubscribe: <mailto:"), "{letter}");
    assert!(!letter.contains("/unsubscribe/") && !letter.contains("List-Unsubscribe-Post"), "{letter}");
}

#[test]
fn a_store_that_needs_no_key_yet_is_not_blamed_for_having_none() {
    let mut clinic = Clinic::new();
    clinic.set("path = ", "path = \"fresh.db\"");
    clinic.run(&["ingest"]);
    let report = clinic.report();
    assert_eq!(report.states("비밀 키"), ["good"], "{:#}", report.json);
}

#[test]
fn a_faulty_configuration_is_a_finding_with_its_line() {
    let mut clinic = Clinic::new();
    clinic.set("advertising = ", "");
    let report = clinic.report();
    let finding = report.finding("설정");
    assert_eq!((report.code, &finding["state"]), (Some(1), &Value::from("mend")));
    assert!(finding["looked_at"].as_str().unwrap().contains("newsletter.advertising"), "{finding:#}");
    let missing = Command::new(env!("CARGO_BIN_EXE_moabom"))
        .args(["--config", "/nowhere/moabom.toml", "doctor", "--json"])
        .output()
        .expect("it starts");
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stdout).contains("moabom init"));
}

#[test]
fn letters_signed_elsewhere_are_for_a_person_to_check() {
    let mut clinic = Clinic::new();
    clinic.set("[dkim]", "");
    clinic.set("selector = ", "");
    clinic.set("key_file = ", "");
    let report = clinic.report();
    assert_eq!(report.code, Some(0), "{:#}", report.json);
    assert_eq!(report.finding("DKIM")["state"], "look");
}
