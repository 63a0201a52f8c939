//! The whole way against an independent relay: Postfix's smtp-sink stores what the daemon sends, Python reads it.

use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use moabom::model::delivery::DeliveryState;
use serde_json::Value;

use crate::support::judges;
use crate::support::smtp_server::SmtpServer;
use crate::support::system::System;
use crate::support::world::{World, start_of_time};

/// Killed when dropped.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// smtp-sink storing each message in a file of `folder`; none where there is none.
fn smtp_sink(folder: &Path, port: u16, options: &[&str]) -> Option<Running> {
    let Some(program) = judges::program(&["smtp-sink"]) else {
        judges::left_out("no smtp-sink (Debian's postfix), so no independent relay has taken our mail");
        return None;
    };
    let mut command = Command::new(program);
    // Started by root it wants a user to become.
    if std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
        command.args(["-u", "nobody"]);
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(folder, open).expect("a folder for anyone");
        let parent = folder.parent().expect("a parent");
        std::fs::set_permissions(parent, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("a way in");
    }
    command.args(options).current_dir(folder).args(["-d", "%M.", &format!("127.0.0.1:{port}"), "100"]);
    let running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts"));
    wait("smtp-sink to listen", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    Some(running)
}

/// Another process is waited for; what it does is what tells.
pub fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("listed").count()
}

/// The mails of a folder as Python reads them.
fn read_folder(folder: &Path) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/read_mail.py");
    let output = Command::new("python3").arg(script).arg(folder).output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The unsubscribe addresses in a text.
fn links(text: &str) -> BTreeSet<String> {
    let start = "http://127.0.0.1:8025/unsubscribe/";
    let end = |c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_');
    text.split(start)
        .skip(1)
        .map(|rest| format!("{start}{}", rest.split(end).next().unwrap_or_default()))
        .collect()
}

#[test]
fn two_hundred_mails_reach_another_relay_each_once_and_read_as_written() {
    let port = free_port();
    let system = System::new(port, 4);
    let mails = system.path("mails");
    std::fs::create_dir(&mails).expect("a folder");
    let Some(_sink) = smtp_sink(&mails, port, &[]) else { return };
    system.publish_to(200);
    let daemon = Running(system.start(&["run"]));
    wait("200 mails", || count(&mails) >= 200);
    let editions = || system.json(&["editions", "list", "--json"]);
    wait("the edition to be done", || editions()[0]["state"] == "done");
    assert_eq!(editions()[0]["counts"]["sent"], 200);
    drop(daemon);

    if Command::new("python3").arg("--version").output().is_ok() {
        let mut seen = BTreeSet::new();
        for mail in read_folder(&mails) {
            check(&mail, &mut seen);
        }
        assert_eq!(seen.len(), 200, "one link a reader");
    } else {
        judges::left_out("no python3 here, so its email package has not read the mails in the sink");
    }
    let report: Value = system.json(&["deliver", "--json"]);
    assert_eq!((report["sent"].as_u64(), count(&mails)), (Some(0), 200), "a restart sends nothing more");
    system.verify();
}

fn check(mail: &Value, seen: &mut BTreeSet<String>) {
    let to = &mail["to"][0];
    let address = to[1].as_str().expect("an address");
    let number = address.trim_start_matches("reader").split('@').next().expect("a number");
    let name = format!("독자 {number}");
    assert_eq!((to[0].as_str(), &mail["defects"]), (Some(name.as_str()), &Value::Array(vec![])), "{address}");
    assert_eq!(mail["from"][0][0], "느린 오후의 기록");
    assert!(
        mail["subject"].as_str().is_some_and(|subject| subject.ends_with("외 9편")),
        "{}",
        mail["subject"]
    );
    let header = |name: &str| {
        let headers = mail["headers"].as_array().expect("headers");
        let found =
            headers.iter().find(|pair| pair[0].as_str().is_some_and(|own| own.eq_ignore_ascii_case(name)));
        found.and_then(|pair| pair[1].as_str()).unwrap_or_default().to_owned()
    };
    assert!(header("X-Rcpt-Args").contains(address), "the envelope is for the one in To");
    let parts = mail["parts"].as_array().expect("parts");
    let [text, html] = parts.as_slice() else { panic!("{} parts", parts.len()) };
    let of = links(&header("List-Unsubscribe"));
    assert_eq!(of.len(), 1, "{address}");
    for part in [text, html] {
        let body = part[1].as_str().expect("text");
        assert!(body.contains(&format!("안녕하세요, {name}님!")), "{address}: {}", part[0]);
        assert_eq!(links(body), of, "{address}: {}", part[0]);
    }
    assert!(of.into_iter().all(|link| seen.insert(link)), "{address}: a link of another reader");
}

#[test]
fn a_relay_that_hangs_up_after_the_dot_makes_rows_unknown_and_each_is_sent_once_more() {
    let server = SmtpServer::start();
    let mut world = World::new(&server);
    let port = free_port();
    world.relay.port = port;
    let mails = world.folder.path().join("mails");
    std::fs::create_dir(&mails).expect("a folder");
    world.add_many(12);
    world.freeze();

    let Some(silent) = smtp_sink(&mails, port, &["-q", "."]) else { return };
    // A relay that fails so is soon left alone; each later try finds the next rows.
    for _ in 0..40 {
        world.try_deliver().expect("delivered");
        if world.states().iter().all(|state| *state == DeliveryState::Unknown) {
            break;
        }
        world.store.write(|ledger| ledger.retry_breakers(start_of_time())).expect("opened");
    }
    drop(silent);
    let before = world.rows();
    assert!(before.iter().all(|row| row.state == DeliveryState::Unknown), "{:?}", world.states());
    assert!(before.iter().all(|row| row.last_reply.is_some() && row.message_id.is_some()));

    let _healthy = smtp_sink(&mails, port, &[]).expect("it was there before");
    world.wait(9);
    world.store.write(|ledger| ledger.retry_breakers(start_of_time())).expect("opened");
    assert_eq!(world.try_deliver().expect("delivered").sent, 0, "not before ten minutes");
    world.wait(60);
    assert_eq!(world.deliver().sent, 12);
    let after = world.rows();
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((after.state, &after.message_id), (DeliveryState::Sent, &before.message_id));
    }
    let tries = world.number("SELECT count(*) FROM attempts");
    assert_eq!((tries, world.number("SELECT count(*) FROM attempts WHERE result = 'unknown'")), (24, 12));
    world.wait(60 * 24);
    assert_eq!(world.deliver().sent, 0, "once more, and no more");
}

#[test]
fn the_log_names_nobody_even_where_it_tells_everything() {
    let keeper = crate::support::keeper::Keeper::start(0);
    let system = System::new(keeper.port(), 2);
    system.publish_to(5);
    let log = std::fs::File::create(system.path("log")).expect("a file");
    let mut daemon =
        system.command(&["run"]).env("MOABOM__LOG__LEVEL", "trace").stderr(log).spawn().expect("it starts");
    assert!(keeper.wait_for(5, std::time::Duration::from_secs(20)), "nothing was sent");
    daemon.kill().and_then(|()| daemon.wait()).expect("ended");
    let log = std::fs::read_to_string(system.path("log")).expect("a log");
    assert!(log.contains("TRACE") || log.contains("DEBUG") || log.contains("INFO"), "{log}");
    for n in 0..5 {
        assert!(!log.contains(&format!("reader{n}")) && !log.contains(&format!("독자 {n}")), "{log}");
    }
    assert!(!log.contains("/unsubscribe/"), "a link that acts for its reader: {log}");
}
