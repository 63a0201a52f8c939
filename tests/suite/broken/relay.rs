//! A relay, a port and a lock that refuse: nobody is blamed for it, nothing counts as sent.

use std::fs::{self, OpenOptions};
use std::net::TcpListener;

use super::{PAGE, case, check, refused, sound};
use crate::support::free_port;
use crate::support::smtp_server::{Act, At, Options, SmtpServer};
use crate::support::system::System;

/// A system with two letters to send through the relay at `port`, after these changes to its configuration.
fn published(port: u16, changes: &[(&str, &str)]) -> System {
    let system = System::new(port, 2);
    fs::write(system.path("page.txt"), PAGE).expect("written");
    system.run(&["ingest"]);
    for reader in ["one@example.com", "two@example.com"] {
        system.run(&["subscribers", "add", reader, "--consent", "2024-01-05"]);
    }
    system.run(&["publish", "weekly"]);
    let mut config = fs::read_to_string(system.path("moabom.toml")).expect("configuration");
    for (from, to) in changes {
        assert!(config.contains(from), "{from}");
        config = config.replacen(from, to, 1);
    }
    fs::write(system.path("moabom.toml"), config).expect("written");
    system
}

/// Sends, is refused with these words, and has sent to nobody and blamed nobody. Says what was said.
fn held(name: &str, system: &System, says: &[&str]) -> String {
    let output = system.command(&["deliver"]).output().expect("it starts");
    check(name, &output, 1, says);
    let editions = system.json(&["editions", "list", "--json"]);
    let counts = &editions[0]["counts"];
    for ended in ["sent", "bounced", "expired", "suppressed", "unknown", "in_flight", "leased"] {
        assert_eq!(counts[ended], 0, "{name}: {ended} of {counts}");
    }
    let readers = system.json(&["subscribers", "list", "--state", "active", "--json"]);
    assert_eq!(readers.as_array().map(Vec::len), Some(2), "{name}");
    system.verify();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_relay_that_refuses_is_told_with_advice_and_blames_nobody() {
    let free = free_port();
    let address = format!("127.0.0.1:{free}");
    held("no relay", &published(free, &[]), &["한 통도 보내지 못해", &address, "[smtp]"]);
    let (ours, unheard) = ("[smtp]의 host, port, tls가 맞는지", "살아 있는지");
    for (name, at, act, says, remedy) in [
        ("refused at once", At::Connect, Act::say("554 5.3.2 not here"), "554", "moabom doctor"),
        ("busy", At::Connect, Act::say("421 4.3.2 later"), "421", "per_hour"),
        ("too many", At::Mail, Act::say("421 4.3.1 You send too many messages."), "421 4.3.1", "per_hour"),
        ("no login", At::Mail, Act::say("550 5.7.26 unauthenticated"), "550 5.7.26", "moabom doctor"),
        ("no SMTP", At::Connect, Act::say("SSH-2.0-x"), "SMTP", ours),
        ("gone after the greeting", At::Ehlo, Act::Close, "연결이 끊겼거나", ours),
    ] {
        let server = SmtpServer::start();
        server.always(at, act);
        let system = published(server.port(), &[]);
        let said = held(name, &system, &[says, remedy]);
        assert_eq!(said.contains(unheard), remedy == ours, "{name}: it answered, or it did not: {said}");
    }
}

#[test]
fn readers_put_off_one_by_one_are_no_failure_of_the_relay() {
    let server = SmtpServer::start();
    server.always(At::Rcpt, Act::say("451 4.7.1 greylisted, come back later"));
    let system = published(server.port(), &[]);
    let said = system.run(&["deliver"]);
    assert!(said.contains("미룸") && said.contains("보냄 0"), "{said}");
    let again = system.run(&["deliver"]);
    assert!(again.contains("지금 보낼 메일이 없어요") && again.contains("분 안에"), "{again}");
    server.heal();
    system.verify();
}

#[test]
fn a_relay_without_the_tls_asked_for_gets_nothing() {
    let server = SmtpServer::start();
    let system = published(server.port(), &[("\"none\"", "\"starttls\"\nca_file = \"ca.pem\"")]);
    fs::write(system.path("ca.pem"), &server.certificate).expect("written");
    held("no STARTTLS", &system, &["TLS", "[smtp]"]);
    let server = SmtpServer::named(Options { starttls: true, ..Options::default() }, "other.example");
    let system = published(server.port(), &[("\"none\"", "\"starttls\"\nca_file = \"ca.pem\"")]);
    fs::write(system.path("ca.pem"), &server.certificate).expect("written");
    held("another's certificate", &system, &["TLS", "[smtp]"]);
    let server = SmtpServer::start();
    let system = published(server.port(), &[("\"none\"", "\"implicit\"\nca_file = \"ca.pem\"")]);
    fs::write(system.path("ca.pem"), &server.certificate).expect("written");
    held("no TLS at all", &system, &["[smtp]"]);
    assert!(server.kept().is_empty());
}

#[test]
fn a_login_or_sender_that_is_refused_stops_everything_and_shows_no_password() {
    let login = Some(("me".to_owned(), "right".to_owned()));
    let server = SmtpServer::with(Options { login, ..Options::default() });
    let system = published(server.port(), &[("\"none\"", "\"none\"\nuser = \"me\"")]);
    let mut list = system.command(&["editions", "list"]);
    assert!(!list.output().expect("it starts").status.success(), "a user without a password");
    let config = fs::read_to_string(system.path("moabom.toml")).expect("configuration");
    let output = system.command(&["deliver"]).env("MOABOM__SMTP__PASSWORD", "hunter2").output();
    check("a wrong password", &output.expect("it starts"), 1, &["로그인", "[smtp]의 user와 비밀번호"]);
    fs::write(system.path("moabom.toml"), config.replace("user = \"me\"\n", "")).expect("written");
    let editions = system.json(&["editions", "list", "--json"]);
    assert_eq!((&editions[0]["counts"]["sent"], &editions[0]["counts"]["bounced"]), (&0.into(), &0.into()));
    system.verify();

    let server = SmtpServer::start();
    server.always(At::Mail, Act::say("550 5.7.1 sender not allowed"));
    held("a sender not allowed", &published(server.port(), &[]), &["550"]);
}

#[test]
fn a_second_sender_and_a_taken_port_are_refused_at_once() {
    let system = sound(1);
    let lock =
        OpenOptions::new().create(true).truncate(false).write(true).open(system.path("data/moabom.lock"));
    let lock = lock.expect("a lock file");
    lock.try_lock().expect("free");
    for arguments in [["deliver"], ["run"]] {
        refused(&system, &case("a second sender", &arguments, 1, &["다른 moabom이 이미", "끝내세요"]));
    }
    drop(lock);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let listen = |to: &str| format!("listen = \"{to}\"");
    let here = "listen = \"127.0.0.1:0\"";
    let says: &[&str] = &["웹 페이지를 열지 못했어요", "이미 쓰고 있어요", "[web] listen"];
    refused(&system, &case("a taken port", &["run"], 1, says).config(here, listen(&address)));
    let says: &[&str] = &["이 기기에 없는 주소", "[web] listen"];
    refused(&system, &case("another's address", &["run"], 1, says).config(here, listen("203.0.113.9:8025")));
}
