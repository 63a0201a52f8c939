//! One broken part each: the fault and its remedy are named, and nothing else is blamed.

use std::fs;
use std::net::TcpListener;

use super::clinic::{Clinic, sound_relay};
use crate::support::free_port;
use crate::support::smtp_server::{Act, At, Options, Seen, SmtpServer, expired_tls_config};

/// The topic must be the only one to mend; its finding holds `found`, and its advice or line `remedy`.
fn blamed(clinic: &Clinic, topic: &str, found: &str, remedy: &str) {
    let report = clinic.report();
    assert_eq!(report.code, Some(1), "{:#}", report.json);
    let to_mend: Vec<_> = report.findings().iter().filter(|finding| finding["state"] == "mend").collect();
    let topics: Vec<_> = to_mend.iter().filter_map(|finding| finding["topic"].as_str()).collect();
    assert_eq!(topics, [topic], "{:#}", report.json);
    let finding = to_mend[0];
    let said = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    assert!(said("found").contains(found), "{found} in {finding:#}");
    assert!(format!("{} {}", said("advice"), said("set")).contains(remedy), "{remedy} in {finding:#}");
    assert!(!said("advice").is_empty() && !said("looked_at").is_empty(), "{finding:#}");
}

#[test]
fn a_wrong_password_is_named_and_tried_once() {
    let clinic = Clinic::new();
    fs::write(clinic.path("password"), "wrong").expect("written");
    blamed(&clinic, "릴레이", "로그인이 거절됐어요", "비밀번호를 확인");
    assert_eq!(clinic.relay.count(|seen| matches!(seen, Seen::Auth(_))), 1);
}

#[test]
fn a_relay_without_starttls_gets_no_password() {
    let clinic = Clinic::with(SmtpServer::with(Options { starttls: false, ..sound_relay() }));
    blamed(&clinic, "릴레이", "STARTTLS를 알리지 않아", "implicit");
    assert_eq!(clinic.relay.count(|seen| matches!(seen, Seen::Auth(_))), 0);
}

#[test]
fn an_expired_certificate_is_told_from_others() {
    let clinic = Clinic::with(SmtpServer::secured(sound_relay(), expired_tls_config("127.0.0.1")));
    blamed(&clinic, "릴레이", "기한이 지났어요", "인증서를 새로");
}

#[test]
fn a_self_signed_certificate_is_told_from_others() {
    let mut clinic = Clinic::new();
    clinic.set("ca_file = ", "");
    blamed(&clinic, "릴레이", "스스로 서명했거나", "ca_file");
}

#[test]
fn a_certificate_for_another_name_is_told_from_others() {
    let clinic = Clinic::with(SmtpServer::named(sound_relay(), "other.test"));
    blamed(&clinic, "릴레이", "127.0.0.1의 것이 아니에요", "[smtp] host");
}

#[test]
fn a_relay_that_refuses_us_is_quoted() {
    let clinic = Clinic::new();
    clinic.relay.always(At::Connect, Act::say("554 5.7.1 your address is blocked"));
    let report = clinic.report();
    assert!(report.finding("릴레이")["found"].as_str().unwrap().contains("your address is blocked"));
    blamed(&clinic, "릴레이", "거절해요", "IP를 허용");
}

#[test]
fn a_relay_that_says_nothing_is_not_waited_for() {
    let mut clinic = Clinic::new();
    // Connections are taken by the system, and nobody ever speaks.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("bound").port();
    clinic.set("port = ", &format!("port = {port}"));
    clinic.timeout = "2";
    blamed(&clinic, "릴레이", "답이 없었어요", "방화벽");
}

#[test]
fn a_domain_without_spf_gets_a_whole_record_to_set() {
    let clinic = Clinic::new();
    clinic.texts("example.com", &["google-site-verification=abc"]);
    blamed(&clinic, "SPF", "레코드가 없어요", "example.com. IN TXT \"v=spf1 ip4:203.0.113.5 ~all\"");
}

#[test]
fn two_spf_records_are_merged() {
    let clinic = Clinic::new();
    clinic.texts("example.com", &["v=spf1 ip4:203.0.113.0/24 -all", "v=spf1 a -all"]);
    blamed(&clinic, "SPF", "2개 있어요", "v=spf1 ip4:203.0.113.0/24 a ~all");
}

#[test]
fn an_spf_record_without_the_relay_gets_it_put_in() {
    let clinic = Clinic::new();
    clinic.texts("example.com", &["v=spf1 ip4:192.0.2.1 -all"]);
    blamed(&clinic, "SPF", "보내도 된다는 말이 SPF에 없어요", "v=spf1 ip4:192.0.2.1 ip4:203.0.113.5 -all");
}

#[test]
fn more_than_ten_lookups_are_counted_over_all_records() {
    let clinic = Clinic::new();
    let includes: Vec<String> = (0..6).map(|n| format!("include:s{n}.example.org")).collect();
    clinic.texts("example.com", &[&format!("v=spf1 ip4:203.0.113.0/24 {} -all", includes.join(" "))]);
    for n in 0..6 {
        clinic.texts(&format!("s{n}.example.org"), &["v=spf1 a:host.example.org -all"]);
    }
    clinic.dns.address("host.example.org", [192, 0, 2, 9]);
    blamed(&clinic, "SPF", "12번", "ip4");
}

#[test]
fn a_missing_dkim_record_is_shown_whole() {
    let clinic = Clinic::new();
    clinic.dns.forget_texts("moabom._domainkey.example.com");
    blamed(
        &clinic,
        "DKIM",
        "레코드가 없어요",
        "moabom._domainkey.example.com. IN TXT ( \"v=DKIM1; k=rsa; p=",
    );
}

#[test]
fn another_keys_dkim_record_is_seen() {
    let clinic = Clinic::new();
    clinic.texts("moabom._domainkey.example.com", &["v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"]);
    blamed(&clinic, "DKIM", "짝이 아니에요", "v=DKIM1; k=rsa; p=");
}

#[test]
fn a_revoked_dkim_key_is_seen() {
    let clinic = Clinic::new();
    clinic.texts("moabom._domainkey.example.com", &["v=DKIM1; p="]);
    blamed(&clinic, "DKIM", "폐기", "v=DKIM1; k=rsa; p=");
}

#[test]
fn a_domain_without_dmarc_gets_a_record_to_set() {
    let clinic = Clinic::new();
    clinic.dns.forget_texts("_dmarc.example.com");
    blamed(&clinic, "DMARC", "레코드가 없어요", "_dmarc.example.com. IN TXT \"v=DMARC1; p=none\"");
}

#[test]
fn a_strict_policy_and_a_parents_signature_do_not_align() {
    let mut clinic = Clinic::new();
    clinic.set("email = ", "email = \"letter@news.example.com\"");
    clinic.set("selector = ", "selector = \"moabom\"\ndomain = \"example.com\"");
    clinic.texts("_dmarc.example.com", &["v=DMARC1; p=reject; adkim=s"]);
    clinic.texts("news.example.com", &["v=spf1 ip4:203.0.113.5 -all"]);
    clinic.dns.exchanger("news.example.com", "mx.example.com.");
    blamed(&clinic, "DMARC", "adkim=s", "domain = \"news.example.com\"");
}

#[test]
fn public_mailboxes_may_not_be_sent_from_elsewhere() {
    for domain in ["naver.com", "gmail.com", "hanmail.net", "daum.net", "kakao.com"] {
        let mut clinic = Clinic::new();
        clinic.set("email = ", &format!("email = \"me@{domain}\""));
        for line in ["[dkim]", "selector = ", "key_file = "] {
            clinic.set(line, "");
        }
        blamed(&clinic, "보내는 주소", domain, "내 도메인의 주소");
    }
}

#[test]
fn a_broken_template_is_named_by_its_file() {
    let clinic = Clinic::new();
    clinic.put("templates/digest/letter.html", "{% if %}");
    blamed(&clinic, "편지 틀", "letter.html", "내장 틀로 돌아가세요");
}

#[test]
fn a_copied_store_names_where_it_sent_from() {
    let mut clinic = Clinic::new();
    clinic.run(&["verify"]);
    for end in ["", ".key"] {
        fs::copy(clinic.path(&format!("moabom.db{end}")), clinic.path(&format!("copy.db{end}")))
            .expect("copied");
    }
    clinic.set("path = ", "path = \"copy.db\"");
    blamed(&clinic, "저장소", "moabom.db에서 보내던", "moabom adopt");
}

#[test]
fn a_store_of_a_newer_schema_is_left_alone() {
    let clinic = Clinic::new();
    clinic.meddle("PRAGMA user_version = 99");
    blamed(&clinic, "저장소", "99판", "더 새로운 moabom");
}

#[test]
fn a_store_that_breaks_a_promise_is_told_as_verify_tells_it() {
    let clinic = Clinic::new();
    clinic.meddle(
        "UPDATE subscribers SET erased_at = NULL; PRAGMA foreign_keys = OFF; DELETE FROM subscribers",
    );
    blamed(&clinic, "저장소", "다른 표의 없는 줄", "moabom verify");
}

#[test]
fn a_key_file_that_all_can_read_gets_its_mode() {
    let clinic = Clinic::new();
    clinic.mode("moabom.db.key", 0o644);
    blamed(&clinic, "비밀 키", "권한 644", "chmod 600 moabom.db.key");
}

#[test]
fn a_password_file_that_all_can_read_gets_its_mode() {
    let clinic = Clinic::new();
    clinic.mode("password", 0o644);
    blamed(&clinic, "설정", "권한 644", "chmod 600 password");
}

#[test]
fn a_way_out_over_http_is_refused() {
    let mut clinic = Clinic::new();
    clinic.set("public_url = ", "public_url = \"http://letter.invalid/\"");
    let report = clinic.report();
    assert_eq!(report.code, Some(1));
    let finding = report.finding("수신거부 페이지");
    assert_eq!(finding["state"], "mend");
    assert!(finding["found"].as_str().unwrap().contains("https가 아니라 http"), "{finding:#}");
    assert_eq!(finding["set"], "public_url = \"https://letter.invalid/\"");
}

#[test]
fn a_way_out_that_nobody_serves_is_seen() {
    let mut clinic = Clinic::new();
    let port = free_port();
    clinic.set("public_url = ", &format!("public_url = \"https://127.0.0.1:{port}/\""));
    blamed(&clinic, "수신거부 페이지", "연결을 거절했어요", "moabom run");
}

#[test]
fn a_clock_behind_the_last_record_is_seen() {
    let clinic = Clinic::new();
    clinic.meddle("UPDATE sources SET last_read_at = last_read_at + 2 * 86400000");
    blamed(&clinic, "시계", "늦어요", "timedatectl");
}
