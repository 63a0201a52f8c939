//! The same five weeks lived by the daemon's own loop: all its tasks and pages, in a process of its own whose memory and
//! files are looked at, from the configuration file to the relay. Only its clock is moved by hand.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use chrono::Duration;
use moabom::cli::Context;
use moabom::cli::run::RunArgs;
use moabom::clock::{Clock, Instant};

use super::{Blog, written};
use crate::ingest::blog;
use crate::support::smtp_server::{Act, At, SmtpServer};
use crate::support::system::System;
use crate::support::world::start_of_time;

/// Where the process that is told the time finds its configuration.
const CONFIG: &str = "MOABOM_TEST_CONFIG";
/// Its sleepers by the clock: 읽기, 발행, 통지, 독자, 알림, 발송.
const TASKS: usize = 6;
const WEEK: i64 = 7 * 24;

/// `moabom run` by a clock that each line of standard input sets (milliseconds since 1970). It answers once all is quiet.
#[test]
#[ignore = "the process that a test of the month starts"]
fn a_daemon_that_is_told_the_time() {
    let Some(config_path) = std::env::var_os(CONFIG) else { return };
    let clock = Clock::manual(start_of_time());
    let told = clock.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for line in std::io::stdin().lines() {
            let millis = line.expect("a line").parse().expect("milliseconds");
            runtime.block_on(told.quiet(TASKS));
            told.set(moabom::clock::from_millis(millis));
            runtime.block_on(told.quiet(TASKS));
            // past the capture of the test's own output
            std::io::stdout().write_all(b"quiet\n").expect("heard");
        }
    });
    let context = Context { config_path: config_path.into(), clock };
    moabom::cli::run::run(&context, RunArgs::default()).expect("a clean end");
}

/// That process.
struct Daemon {
    child: Child,
    told: ChildStdin,
    heard: BufReader<ChildStdout>,
}

impl Daemon {
    fn start(system: &System) -> Daemon {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "month::lived::a_daemon_that_is_told_the_time", "--ignored"])
            .current_dir(system.folder.path())
            .env(CONFIG, "moabom.toml")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let told = child.stdin.take().expect("a pipe");
        let heard = BufReader::new(child.stdout.take().expect("a pipe"));
        Daemon { child, told, heard }
    }

    /// Moves its clock, and waits until it has done what was due.
    fn reach(&mut self, at: Instant) {
        writeln!(self.told, "{}", at.timestamp_millis()).expect("told");
        let mut line = String::new();
        while line != "quiet\n" {
            line.clear();
            assert!(self.heard.read_line(&mut line).expect("heard") > 0, "the daemon ended");
        }
    }

    fn proc(&self, name: &str) -> std::path::PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(name)
    }

    /// Its memory (KiB) and its open files.
    fn held(&self) -> (u64, usize) {
        let status = fs::read_to_string(self.proc("status")).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
        let memory = line.trim().trim_end_matches(" kB").parse().expect("KiB");
        (memory, fs::read_dir(self.proc("fd")).expect("Linux").count())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn five_weeks_of_the_daemon_bring_what_they_must_and_leave_nothing_behind() {
    let (web, server) = (Blog::default(), SmtpServer::start());
    *web.0.lock().expect("unpoisoned") = blog(8);
    let system = System::new(server.port(), 1);
    configure(&system, web.serve());
    let mut daemon = Daemon::start(&system);
    let mut held = Vec::new();
    for hour in 0..(5 * WEEK + 3) {
        written(&web, hour);
        for half in [0, 30] {
            daemon.reach(start_of_time() + Duration::hours(hour) + Duration::minutes(half + 1));
        }
        if hour % WEEK == 100 {
            held.push(daemon.held());
        }
    }
    eprintln!("{held:?}");
    for kept in server.kept() {
        let mail = mail_parser::MessageParser::default().parse(&kept.bytes).expect("a mail");
        eprintln!("{} {:?}", kept.to, mail.subject());
    }
    drop(daemon);
    system.verify();
    panic!("look");
}

fn configure(system: &System, blog: u16) {
    let config = fs::read_to_string(system.path("moabom.toml")).expect("the configuration");
    let location = format!("location = \"http://127.0.0.1:{blog}/list\"\nallow_private = true");
    let rules = "schedule = \"0 9 * * MON\"\nsections = { new = 5, top = 2 }\nmin = 2\nlook_back = 0";
    let config = config
        .replace("location = \"page.txt\"", &location)
        .replace("schedule = \"0 9 * * MON\"", rules);
    let more = "\n[operator]\nemail = \"owner@example.com\"\n\n[law]\nnotices = true\n";
    fs::write(system.path("moabom.toml"), config + more).expect("written");
    let people = "이메일,이름,구독일\n\
        old@example.com,오래된 독자,2025-01-10\n\
        new@example.com,새 독자,2026-10-01\n\
        gone@example.com,떠날 독자,2026-10-01\n\
        moved@example.com,이사한 독자,2026-10-01\n";
    fs::write(system.path("people.csv"), people).expect("written");
    system.run(&["subscribers", "import", "people.csv"]);
}
