//! All hostile sources at once, read by the daemon beside a sound one: each ends, nobody waits for another, and the
//! process stays small.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use moabom::source::SourceKind;
use rusqlite::Connection;
use tokio::net::TcpListener;

use super::cases::{self, End, FEED};
use crate::support::site::Site;
use crate::support::system::System;

/// Mebibytes that the whole process may ever have held.
const MOST: u64 = 200;

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Daemon {
    /// The most memory it ever held, in mebibytes.
    fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a size");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("KiB") / 1024
    }
}

fn configured(system: &System, sites: &[(String, SourceKind, u16)]) {
    let mut sources = String::new();
    for (name, kind, port) in sites {
        let _ = write!(
            sources,
            "[[source]]\nname = \"{name}\"\nkind = \"{}\"\nlocation = \"http://127.0.0.1:{port}/\"\n\
             poll = \"7d\"\nallow_private = true\n",
            kind.as_str()
        );
        if *kind == SourceKind::Html {
            sources.push_str("[source.select]\nitem = \"li.post\"\ntitle = \".tit\"\nlink = \"a\"\n");
        }
    }
    let config = std::fs::read_to_string(system.path("moabom.toml")).expect("there");
    let own = "[[source]]\nname = \"blog\"\nkind = \"page-text\"\nlocation = \"page.txt\"\n";
    assert!(config.contains(own));
    std::fs::write(system.path("moabom.toml"), config.replace(own, &sources)).expect("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_of_them_at_once_end_by_name_and_keep_the_daemon_small() {
    let canary = TcpListener::bind("[::]:0").await.expect("a port");
    let mut cases = cases::all(canary.local_addr().expect("bound").port());
    cases.extend(cases::long());
    let mut sites = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        sites.push((format!("case-{n:03}"), case.kind, Site::open(case.answer.clone()).await.port));
    }
    sites.push(("sound".to_owned(), SourceKind::Feed, Site::saying("200 OK", "", FEED).await.port));
    let system = System::new(1, 1);
    configured(&system, &sites);
    // What ends when time is up is known to do so; here it only has to hold nobody else.
    let waited: BTreeSet<String> = sites
        .iter()
        .enumerate()
        .filter(|(n, _)| cases.get(*n).is_none_or(|case| !case.is_slow()))
        .map(|(_, (name, ..))| name.clone())
        .collect();
    let mut command = system.command(&["run"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let log = BufReader::new(child.stderr.take().expect("a pipe"));
    let daemon = Daemon(child);
    let ended = tokio::task::spawn_blocking(move || {
        let mut left = waited;
        let mut said = String::new();
        for line in log.lines().map_while(Result::ok) {
            left.retain(|name| !line.contains(name.as_str()));
            said.push_str(&line);
            said.push('\n');
            if left.is_empty() {
                return Ok(said);
            }
        }
        Err(format!("{left:?}\n{said}"))
    });
    // Only so that a hang fails: nothing here is measured in time.
    let ended = tokio::time::timeout(Duration::from_secs(300), ended).await.expect("all of them end");
    let said = ended.expect("read").unwrap_or_else(|left| panic!("it ended before {left}"));
    let peak = daemon.peak();
    eprintln!("at most {peak} MiB");
    assert!(peak < MOST, "{peak} MiB");
    let db = Connection::open(system.path("data/moabom.sqlite")).expect("its store");
    for (n, case) in cases.iter().enumerate().filter(|(_, case)| !case.is_slow()) {
        let name = format!("case-{n:03}");
        let (failures, error): (i64, Option<String>) = db
            .query_row("SELECT failures, last_error FROM sources WHERE name = ?1", [&name], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap_or_else(|error| panic!("{}: {error}\n{said}", case.name));
        let kept: i64 = db
            .query_row(
                "SELECT count(*) FROM posts JOIN sources ON sources.id = source_id WHERE name = ?1",
                [&name],
                |row| row.get(0),
            )
            .expect("a count");
        match case.end {
            End::Kept(count) => assert_eq!((failures, kept), (0, count as i64), "{}", case.name),
            End::Refused(words) => {
                assert!(
                    error.is_some_and(|error| error.contains(words)) && kept == 0,
                    "{}\n{said}",
                    case.name
                );
            }
        }
    }
    assert_eq!(
        db.query_row("SELECT failures FROM sources WHERE name = 'sound'", [], |row| row.get::<_, i64>(0)),
        Ok(0)
    );
    let heard = tokio::time::timeout(Duration::from_millis(50), canary.accept()).await;
    assert!(heard.is_err(), "the private listener was connected to");
}
