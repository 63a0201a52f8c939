//! The same five weeks lived by the daemon's own loop: all its tasks and pages, in a process of its own whose memory and
//! files are looked at, from the configuration file to the relay. Only its clock is moved by hand.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use chrono::Duration;
use moabom::cli::Context;
use moabom::cli::run::RunArgs;
use moabom::clock::{Clock, Instant};

use super::{Blog, written};
use crate::ingest::blog;
use crate::support::free_port;
use crate::support::http::ask;
use crate::support::smtp_server::{Act, At, Kept, SmtpServer};
use crate::support::system::System;
use crate::support::world::start_of_time;

/// Where the process that is told the time finds its configuration.
const CONFIG: &str = "MOABOM_TEST_CONFIG";
/// Its sleepers by the clock: 읽기, 발행, 통지, 독자, 알림, 발송.
const TASKS: usize = 6;
const DAY: i64 = 24;
const WEEK: i64 = 7 * DAY;

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

    /// Ends it as a service manager does.
    fn end(mut self) -> std::process::ExitStatus {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill");
        assert!(asked.success());
        self.child.wait().expect("ended")
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

/// Who gets what and at which hour of the five weeks, in the order of arrival. Week 0 begins on Monday, 23 November, at
/// 09:00 in Seoul: the slot falls into the first hour of each week after it.
const MAILS: [(i64, &str, &str); 18] = [
    (WEEK, "old", "다 외 2편"),
    (WEEK, "new", "다 외 2편"),
    (WEEK, "gone", "다 외 2편"),
    (WEEK, "owner", "[모아봄] 다 보냈어요: weekly 제1호"),
    (10 * DAY + 1, "gone", "수신거부 처리 결과를 알려 드립니다 - 느린 오후의 기록"),
    (2 * WEEK - 1, "owner", "[모아봄] 지난 한 주: 11월 30일–12월 6일"),
    // one post alone: too few
    (2 * WEEK, "owner", "[모아봄] 예정 시각을 건너뛰었어요: weekly 1번"),
    // 11 December begins in Seoul: 30 days before the second year of a consent of 10 January 2025 is full
    (17 * DAY + 15, "old", "수신동의 여부를 확인해 드립니다 - 느린 오후의 기록"),
    (3 * WEEK - 1, "owner", "[모아봄] 지난 한 주: 12월 7일–13일"),
    (3 * WEEK, "old", "마 외 2편"),
    (3 * WEEK, "new", "마 외 2편"),
    (3 * WEEK, "owner", "[모아봄] 다 보냈어요: weekly 제2호"),
    (4 * WEEK - 1, "owner", "[모아봄] 지난 한 주: 12월 14일–20일"),
    (4 * WEEK, "old", "글 4 외 1편"),
    (4 * WEEK, "new", "글 4 외 1편"),
    (4 * WEEK, "owner", "[모아봄] 다 보냈어요: weekly 제3호"),
    (5 * WEEK - 1, "owner", "[모아봄] 지난 한 주: 12월 21일–27일"),
    (5 * WEEK, "owner", "[모아봄] 예정 시각을 건너뛰었어요: weekly 1번"),
];

/// What a mail is, as [`MAILS`] has it.
fn seen(mail: &Kept) -> (i64, String, String) {
    let read = mail_parser::MessageParser::default().parse(&mail.bytes).expect("a mail");
    let date = read.date().expect("a date").to_timestamp();
    let hour = (date - start_of_time().timestamp()) / 3600;
    let name = mail.to.strip_suffix("@example.com").expect("one of the test's people");
    (hour, name.to_owned(), read.subject().expect("a subject").to_owned())
}

/// Files of the readers that the store keeps at most: four, with the database and its log each.
const READERS: usize = 8;

/// Neither memory nor open files grow from the third week to the fifth, beyond what the store's caches still take in. Of
/// files a week's least counts: a look may fall on a connection that is just being closed.
fn assert_steady(held: &[(u64, usize)]) {
    let week = |week: usize| {
        let days = &held[week * 7..(week + 1) * 7];
        (days.iter().map(|day| day.0).max().expect("days"), days.iter().map(|day| day.1).min().expect("days"))
    };
    let ((before, files), (after, files_after)) = (week(2), week(4));
    assert!(after < before + before / 16, "memory grows: {held:?}");
    assert!(files_after <= files + READERS, "files stay open: {held:?}");
}

#[test]
fn five_weeks_of_the_daemon_bring_what_they_must_and_leave_nothing_behind() {
    let (web, server) = (Blog::default(), SmtpServer::start());
    *web.0.lock().expect("unpoisoned") = blog(8);
    server.for_recipient("moved@example.com", At::Rcpt, Act::say("550 5.1.1 no such mailbox"));
    let system = System::new(server.port(), 1);
    let [pages, figures] = [free_port(), free_port()];
    configure(&system, web.serve(), pages, figures);
    let mut daemon = Daemon::start(&system);
    let mut held = Vec::new();
    for hour in 0..(5 * WEEK + 3) {
        written(&web, hour);
        // the second look sends what the first one queued
        for minute in [1, 2] {
            daemon.reach(start_of_time() + Duration::hours(hour) + Duration::minutes(minute));
        }
        if hour == 10 * DAY {
            leave(pages, &server.kept_for("gone@example.com")[0]);
        }
        if hour % DAY == 4 {
            for (port, path) in [(pages, "/archive"), (figures, "/metrics")] {
                let answer = ask(port, "GET", path, "").expect("an answer");
                assert!(answer.starts_with("HTTP/1.1 200"), "hour {hour}: {answer}");
            }
            held.push(daemon.held());
        }
    }
    assert!(daemon.end().success());
    let mails: Vec<_> = server.kept().iter().map(seen).collect();
    assert_eq!(mails, MAILS.map(|(hour, name, subject)| (hour, name.to_owned(), subject.to_owned())));
    assert_steady(&held);
    let editions = system.json(&["editions", "list", "--json"]);
    let numbers: Vec<_> =
        editions.as_array().expect("a list").iter().map(|one| one["number"].as_i64()).collect();
    assert_eq!(numbers, [None, Some(3), Some(2), None, Some(1)]);
    assert_eq!(editions[4]["counts"]["bounced"], 1, "{editions:#}");
    system.verify();
}

/// One press of the letter's one-click address.
fn leave(port: u16, letter: &Kept) {
    let text = String::from_utf8_lossy(&letter.bytes).replace("\r\n ", " ");
    let header = text.lines().find(|line| line.starts_with("List-Unsubscribe:")).expect("the header");
    let place = header.find("/unsubscribe/").expect("a link");
    let path = header[place..].split('>').next().expect("its end");
    let answer = ask(port, "POST", path, "List-Unsubscribe=One-Click").expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn configure(system: &System, blog: u16, pages: u16, figures: u16) {
    let config = fs::read_to_string(system.path("moabom.toml")).expect("the configuration");
    let location = format!("location = \"http://127.0.0.1:{blog}/list\"\nallow_private = true");
    let rules = "schedule = \"0 9 * * MON\"\nsections = { new = 5, top = 2 }\nmin = 2\nlook_back = 0";
    let config = config
        .replace("location = \"page.txt\"", &location)
        .replace("schedule = \"0 9 * * MON\"", rules)
        .replace("127.0.0.1:0", &format!("127.0.0.1:{pages}"));
    let more = format!(
        "\n[operator]\nemail = \"owner@example.com\"\n\n[law]\nnotices = true\n\n\
         [metrics]\nlisten = \"127.0.0.1:{figures}\"\n"
    );
    fs::write(system.path("moabom.toml"), config + &more).expect("written");
    let people = "이메일,이름,구독일\n\
        old@example.com,오래된 독자,2025-01-10\n\
        new@example.com,새 독자,2026-10-01\n\
        gone@example.com,떠날 독자,2026-10-01\n\
        moved@example.com,이사한 독자,2026-10-01\n";
    fs::write(system.path("people.csv"), people).expect("written");
    system.run(&["subscribers", "import", "people.csv"]);
}
