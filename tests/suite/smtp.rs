//! One connection against a scripted relay: handshakes, logins, and what counts as an answer.

use moabom::model::delivery::Stage;
use moabom::model::reply::Cause;
use moabom::smtp::{Connection, Failure, Login, RelaySettings, TlsContext, TlsMode};

use crate::support::smtp_server::{Act, At, Options, Seen, SmtpServer};
use crate::support::world::{SHORT, all_of, relay};

struct Trial {
    settings: RelaySettings,
    _folder: tempfile::TempDir,
}

fn trial(server: &SmtpServer, mode: TlsMode) -> Trial {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("root.pem");
    std::fs::write(&file, &server.certificate).expect("written");
    let settings = RelaySettings { tls: mode, ca_file: Some(file), ..relay(server) };
    Trial { settings, _folder: folder }
}

fn block<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(task)
}

fn open(settings: &RelaySettings) -> Result<Connection, Failure> {
    let tls = TlsContext::new(settings).expect("trust");
    block(Connection::open(settings, &tls))
}

/// Opens, sends one message, says goodbye.
fn send(settings: &RelaySettings, message: &[u8]) -> Result<u16, Failure> {
    let tls = TlsContext::new(settings).expect("trust");
    block(async {
        let mut connection = Connection::open(settings, &tls).await?;
        connection.envelope("me@sender.test", "you@example.com", message.len(), false).await?;
        let reply = connection.body(&mut message.to_vec()).await?;
        connection.quit().await;
        Ok(reply.code)
    })
}

fn login(user: &str, password: &str) -> Option<Login> {
    Some(Login { user: user.to_owned(), password: password.to_owned().into() })
}

#[test]
fn mail_goes_out_over_starttls_and_implicit_tls_with_either_login() {
    for mode in [TlsMode::StartTls, TlsMode::Implicit] {
        for login_only in [false, true] {
            let server = SmtpServer::with(Options {
                starttls: mode == TlsMode::StartTls,
                implicit: mode == TlsMode::Implicit,
                login: Some(("사람".to_owned(), "비밀".to_owned())),
                login_only,
                ..Options::default()
            });
            let mut trial = trial(&server, mode);
            trial.settings.login = login("사람", "비밀");
            assert_eq!(send(&trial.settings, b"Subject: x\r\n\r\nhello\r\n"), Ok(250));
            assert_eq!(server.kept()[0].bytes, b"Subject: x\r\n\r\nhello\r\n");
            assert_eq!(server.count(|seen| *seen == Seen::Auth("사람:비밀".to_owned())), 1);
        }
    }
}

#[test]
fn a_certificate_for_another_name_or_from_nobody_known_is_refused() {
    let server = SmtpServer::named(Options { starttls: true, ..Options::default() }, "other.test");
    let found = open(&trial(&server, TlsMode::StartTls).settings).err().expect("refused");
    assert_eq!((found.stage, found.cause), (Stage::Tls, Cause::Tls));
    let server = SmtpServer::with(Options { starttls: true, ..Options::default() });
    let mut settings = trial(&server, TlsMode::StartTls).settings;
    settings.ca_file = None;
    assert_eq!(open(&settings).err().expect("refused").cause, Cause::Tls);
}

#[test]
fn text_injected_before_the_handshake_is_an_error() {
    let inject = Some("250-relay.test\r\n250 AUTH PLAIN".to_owned());
    let server = SmtpServer::with(Options { starttls: true, inject, ..Options::default() });
    let found = open(&trial(&server, TlsMode::StartTls).settings).err().expect("refused");
    assert_eq!(found.stage, Stage::Tls);
}

#[test]
fn a_relay_without_starttls_gets_neither_login_nor_mail() {
    let server = SmtpServer::with(Options { login: Some(("a".into(), "b".into())), ..Options::default() });
    let mut trial = trial(&server, TlsMode::StartTls);
    trial.settings.login = login("a", "b");
    let found = open(&trial.settings).err().expect("refused");
    assert_eq!((found.stage, found.cause), (Stage::Tls, Cause::Tls));
    assert_eq!(server.count(|seen| !matches!(seen, Seen::Connection)), 0);
}

#[test]
fn a_relay_that_knows_only_helo_is_used_in_clear_on_loopback() {
    let server = SmtpServer::with(Options { helo_only: true, lockstep: true, ..Options::default() });
    assert_eq!(send(&relay(&server), b"x\r\n"), Ok(250));
    let mut settings = relay(&server);
    settings.login = login("a", "b");
    assert_eq!(open(&settings).err().expect("refused").stage, Stage::Ehlo);
}

#[test]
fn dots_and_a_missing_last_line_end_survive_the_way() {
    let server = SmtpServer::start();
    assert_eq!(send(&relay(&server), b".\r\n..\r\na.b\r\n.end"), Ok(250));
    assert_eq!(server.kept()[0].bytes, b".\r\n..\r\na.b\r\n.end\r\n");
}

#[test]
fn a_250_before_the_dot_is_not_taken_for_acceptance() {
    for said in ["354 go on\r\n250 2.0.0 kept", "250 2.0.0 kept"] {
        let server = SmtpServer::start();
        server.always(At::Data, Act::say(said));
        let found = send(&relay(&server), &vec![b'x'; 100_000]).expect_err("not sent");
        assert!(!found.after_last_byte && !found.connection_usable, "{said}: {found:?}");
    }
}

#[test]
fn answers_one_behind_never_make_a_sent_mail() {
    for at in [At::Ehlo, At::Mail, At::Rcpt] {
        for lockstep in [false, true] {
            let server = SmtpServer::with(Options { lockstep, ..Options::default() });
            server.always(at, Act::say("250 one\r\n250 two"));
            let found = send(&relay(&server), b"x\r\n").expect_err("not sent");
            assert!(!found.connection_usable, "{at:?} {lockstep}");
            assert!(server.kept().is_empty());
        }
    }
}

#[test]
fn a_relay_that_refuses_in_mid_body_is_heard_even_if_it_stops_reading() {
    let server = SmtpServer::start();
    server.always(At::MidBody, Act::say("552 5.3.4 too large"));
    let message: Vec<u8> = b"0123456789\r\n".repeat(2_000_000);
    let found = send(&relay(&server), &message).expect_err("refused");
    assert!(!found.after_last_byte);
    assert_eq!(found.reply.map(|reply| reply.code), Some(552));
}

#[test]
fn silence_and_a_closed_connection_after_the_dot_are_told_from_those_before() {
    for (at, after) in [(At::MidBody, false), (At::Dot, true), (At::DotKept, true)] {
        for act in [Act::Close, Act::Stall] {
            let server = SmtpServer::start();
            server.always(at, act.clone());
            let message: Vec<u8> = b"0123456789\r\n".repeat(if at == At::MidBody { 2_000_000 } else { 10 });
            let mut settings = relay(&server);
            if act == Act::Stall {
                settings.timeouts = all_of(SHORT);
            }
            let found = send(&settings, &message).expect_err("not sent");
            assert_eq!(found.after_last_byte, after, "{at:?} {act:?}");
        }
    }
}

#[test]
fn clear_text_is_only_spoken_on_loopback() {
    let server = SmtpServer::start();
    let mut settings = relay(&server);
    settings.host = "192.0.2.1".to_owned();
    let found = open(&settings).err().expect("refused");
    assert!(matches!(found.stage, Stage::Connect | Stage::Tls));
    settings.host = "localhost".to_owned();
    assert_eq!(send(&settings, b"x\r\n"), Ok(250));
}

#[test]
fn the_relay_is_greeted_by_the_senders_domain_unless_a_name_is_configured() {
    use crate::support::system::System;
    for (line, name) in [("", "example.com"), ("hello = \"mail.example.net\"", "mail.example.net")] {
        let server = SmtpServer::start();
        let system = System::new(server.port(), 1);
        let path = system.path("moabom.toml");
        let config = std::fs::read_to_string(&path).expect("a configuration");
        std::fs::write(&path, config.replace("tls = \"none\"", &format!("tls = \"none\"\n{line}")))
            .expect("written");
        system.publish_to(1);
        system.run(&["deliver"]);
        assert_eq!(server.kept().len(), 1);
        let greetings = server.lines("EHLO");
        assert!(
            !greetings.is_empty() && greetings.iter().all(|line| *line == format!("EHLO {name}")),
            "{greetings:?}"
        );
    }
}
