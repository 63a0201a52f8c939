//! The built binary as a service: what it tells systemd over a real datagram socket, and what SIGHUP does.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::judges;
use crate::support::keeper::Keeper;
use crate::support::system::System;

const PATIENCE: Duration = Duration::from_secs(20);
/// The watchdog's time in these tests.
const WATCHDOG: Duration = Duration::from_secs(2);

/// `run` with a socket in systemd's place.
pub struct Service {
    child: Child,
    socket: UnixDatagram,
    log: std::path::PathBuf,
}

impl Service {
    pub fn start(system: &System, variables: &[(&str, &str)]) -> Service {
        let path = system.path("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        let log = system.path("log");
        let mut command = system.command(&["run"]);
        command.env("NOTIFY_SOCKET", &path).envs(variables.iter().copied());
        command.env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string());
        command.stdout(Stdio::null()).stderr(std::fs::File::create(&log).expect("a log"));
        Service { child: command.spawn().expect("it starts"), socket, log }
    }

    /// The next message, unless none comes within `patience`.
    fn hear(&self, patience: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(patience)).expect("a limit");
        let mut bytes = [0; 4096];
        let length = self.socket.recv(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(bytes.get(..length)?).into_owned())
    }

    /// All messages up to the first that has `line`.
    pub fn until(&self, line: &str) -> Vec<String> {
        let (mut heard, end) = (Vec::new(), Instant::now() + PATIENCE);
        while Instant::now() < end {
            let Some(message) = self.hear(PATIENCE) else { break };
            heard.push(message);
            if heard.last().is_some_and(|last| last.lines().any(|one| one.starts_with(line))) {
                return heard;
            }
        }
        panic!("no {line} among {heard:?}; the log: {}", self.log());
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("a log")
    }

    /// What it says to its end is heard: a full socket would hold it up.
    pub fn end(mut self) {
        self.signal("TERM");
        self.until("STOPPING=1");
        let end = Instant::now() + PATIENCE;
        let code = loop {
            self.hear(Duration::from_millis(50));
            if let Some(code) = self.child.try_wait().expect("a state") {
                break code;
            }
            assert!(Instant::now() < end, "it does not end: {}", self.log());
        };
        assert!(code.success(), "{}", self.log());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn rewrite(system: &System, from: &str, to: &str) {
    let path = system.path("moabom.toml");
    let text = std::fs::read_to_string(&path).expect("a configuration");
    assert!(text.contains(from), "{from} stands in it");
    std::fs::write(path, text.replace(from, to)).expect("written");
}

#[test]
fn systemd_hears_of_readiness_the_next_edition_life_and_the_end() {
    let keeper = Keeper::start(0);
    let system = System::new(keeper.port(), 1);
    let service = Service::start(&system, &[]);
    let mut heard = service.until("WATCHDOG=1");
    heard.extend(service.until("WATCHDOG=1"));
    let all = heard.join("\n");
    assert!(all.contains("READY=1"), "{all}");
    // Life is shown well within the time, again and again.
    for _ in 0..8 {
        let before = Instant::now();
        service.until("WATCHDOG=1");
        assert!(before.elapsed() < WATCHDOG);
    }
    service.end();
}

#[cfg(debug_assertions)]
#[test]
fn a_hung_task_stops_the_signs_of_life_and_is_named() {
    let keeper = Keeper::start(0);
    let system = System::new(keeper.port(), 1);
    system.publish_to(3);
    let service = Service::start(&system, &[("MOABOM_HANG_AT", "connect")]);
    service.until("READY=1");
    let heard = service.until("STATUS=멈춰 있는 일이 있어요: 발송");
    assert!(heard.iter().any(|message| message.contains("WATCHDOG=1")), "it lived before: {heard:?}");
    // Other tasks go on; still nobody says that all is well, for longer than systemd waits.
    let end = Instant::now() + WATCHDOG * 2;
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        let message = service.hear(left).unwrap_or_default();
        assert!(!message.contains("WATCHDOG=1"), "{message}");
    }
    assert!(service.log().contains("발송"), "{}", service.log());
}

#[test]
fn a_long_wait_for_the_relay_is_no_hang() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let system = System::new(silent.local_addr().expect("an address").port(), 1);
    system.publish_to(1);
    let service = Service::start(&system, &[]);
    let _held = silent.accept().expect("the sender calls");
    let end = Instant::now() + WATCHDOG * 3;
    while Instant::now() < end {
        service.until("WATCHDOG=1");
    }
    assert!(!service.log().contains("기척"), "{}", service.log());
}

#[test]
fn a_long_wait_for_the_relay_with_a_mail_to_the_operator_is_no_hang() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let system = System::new(silent.local_addr().expect("an address").port(), 1);
    system.publish_to(1);
    system.run(&["editions", "pause", "1"]);
    let owner = ("MOABOM__OPERATOR__EMAIL", "owner@example.com");
    let service = Service::start(&system, &[owner]);
    let _held = silent.accept().expect("the operator is told that it is held");
    let end = Instant::now() + WATCHDOG * 3;
    while Instant::now() < end {
        service.until("WATCHDOG=1");
    }
    assert!(!service.log().contains("기척"), "{}", service.log());
}

#[test]
fn a_changed_configuration_is_followed_after_a_hangup_and_what_needs_a_new_start_is_told() {
    let keeper = Keeper::start(0);
    let system = System::new(keeper.port(), 1);
    let service = Service::start(&system, &[]);
    service.until("STATUS=다음 발행");
    rewrite(&system, "0 9 * * MON", "30 7 1 1 *");
    rewrite(&system, "listen = \"127.0.0.1:0\"", "listen = \"127.0.0.1:1\"");
    service.signal("HUP");
    let reloading = service.until("RELOADING=1").pop().expect("a message");
    let at = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
    assert!(at.is_some_and(|at| at.parse::<u64>().is_ok_and(|at| at > 0)), "{reloading}");
    // The publishing task says when the next edition is due by the new schedule; READY may come before or after.
    let mut told = Vec::new();
    let done = |told: &[String]| {
        let all = told.join("\n");
        all.contains("READY=1") && all.contains("-01-01 07:30")
    };
    let end = Instant::now() + PATIENCE;
    while !done(&told) {
        assert!(Instant::now() < end, "{told:?}\n{}", service.log());
        told.push(service.hear(PATIENCE).unwrap_or_else(|| panic!("{told:?}\n{}", service.log())));
    }
    let log = service.log();
    assert!(log.contains("다시 시작해야 바뀌는 설정이 있어요: [web]"), "{log}");
    assert!(log.contains("설정을 다시 읽었어요"), "{log}");
    service.end();
}

#[test]
fn a_broken_configuration_leaves_the_old_one_running_and_says_what_is_wrong() {
    let keeper = Keeper::start(0);
    let system = System::new(keeper.port(), 1);
    let service = Service::start(&system, &[]);
    service.until("READY=1");
    rewrite(&system, "schedule = ", "shedule = ");
    for _ in 0..2 {
        service.signal("HUP");
        service.until("RELOADING=1");
        service.until("READY=1");
    }
    let log = service.log();
    assert!(log.contains("지금까지의 설정으로 계속해요") && log.contains("shedule"), "{log}");
    service.until("WATCHDOG=1");
    rewrite(&system, "shedule = ", "schedule = ");
    service.signal("HUP");
    service.until("READY=1");
    assert!(service.log().contains("설정을 다시 읽었어요"), "{}", service.log());
    service.end();
}

/// A command whose stderr is a socket, as systemd connects a service to the journal, with the variable that says so.
fn in_the_journal(mut command: Command, named: &str) -> (Child, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let stderr = std::fs::File::from(std::os::fd::OwnedFd::from(theirs));
    let here = stderr.metadata().expect("a socket");
    command.env("JOURNAL_STREAM", named.replace("here", &format!("{}:{}", here.dev(), here.ino())));
    (command.stdout(Stdio::null()).stderr(stderr).spawn().expect("it starts"), ours)
}

/// What a command that ends by itself writes to the journal.
fn said_in_the_journal(command: Command, named: &str) -> String {
    let (mut child, mut ours) = in_the_journal(command, named);
    let mut said = String::new();
    ours.set_read_timeout(Some(PATIENCE)).expect("a limit");
    ours.read_to_string(&mut said).expect("it ends");
    child.wait().expect("it ends");
    said
}

#[test]
fn the_journal_is_told_how_grave_each_line_is_and_names_nobody() {
    for format in ["text", "json"] {
        let keeper = Keeper::start(0);
        let system = System::new(keeper.port(), 2);
        system.publish_to(5);
        let mut command = system.command(&["run"]);
        command.env("MOABOM__LOG__LEVEL", "trace").env("MOABOM__LOG__FORMAT", format);
        let (mut child, journal) = in_the_journal(command, "here");
        // Read as it comes: a full socket would hold the daemon up.
        let heard =
            std::thread::spawn(move || BufReader::new(journal).lines().collect::<Result<Vec<_>, _>>());
        assert!(keeper.wait_for(5, PATIENCE), "nothing was sent");
        let stopped = Command::new("kill").arg(child.id().to_string()).status().expect("kill runs");
        assert!(stopped.success() && child.wait().expect("it ends").success());
        let said = heard.join().expect("heard").expect("text");
        assert!(said.iter().any(|line| line.starts_with("<6>")), "{format}: {said:?}");
        for line in &said {
            let rest = ["<3>", "<4>", "<6>", "<7>"].iter().find_map(|priority| line.strip_prefix(priority));
            let rest = rest.unwrap_or_else(|| panic!("no priority: {line}"));
            match format {
                // What a signal is answered with is no event.
                "json" if rest.starts_with('{') => drop(serde_json::from_str::<Value>(rest).expect("JSON")),
                "json" => assert!(rest.starts_with("하던 일을 마치고"), "{line}"),
                _ => assert!(
                    !rest.starts_with(|c: char| c.is_ascii_digit()),
                    "the journal dates lines: {line}"
                ),
            }
            let named = ["reader", "독자 ", "/unsubscribe/"].iter().any(|word| line.contains(word));
            assert!(!named, "{line}");
        }
    }
}

#[test]
fn a_failed_start_is_an_error_in_the_journal_line_by_line_and_only_there() {
    let system = System::new(1, 1);
    rewrite(&system, "schedule = ", "shedule = ");
    let said = said_in_the_journal(system.command(&["run"]), "here");
    assert!(said.contains("shedule") && said.lines().count() > 1, "{said}");
    assert!(said.lines().all(|line| line.starts_with("<3>")), "{said}");
    // A variable that was inherited by a process whose stderr goes elsewhere.
    for named in ["1:1", "", "x"] {
        let said = said_in_the_journal(system.command(&["run"]), named);
        assert!(said.contains("shedule") && !said.contains("<3>"), "{named}: {said}");
    }
}

#[test]
fn the_unit_exposes_little_of_the_machine() {
    let Some(program) = judges::program(&["systemd-analyze"]) else {
        return judges::left_out("the unit's exposure, without systemd-analyze");
    };
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/config/moabom.service");
    let judged = Command::new(program).args(["security", "--offline=true", "--threshold=20", unit]).output();
    let judged = judged.expect("it runs");
    let table = String::from_utf8_lossy(&judged.stdout);
    assert!(table.contains("Overall exposure level"), "{table}");
    assert!(judged.status.success(), "exposure above 2.0: {table}");
}
