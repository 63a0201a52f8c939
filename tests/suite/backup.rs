//! Backups taken while letters go out, and what a restored store does and does not do.

use std::io::BufRead;
use std::process::Stdio;
use std::sync::Mutex;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::smtp_server::SmtpServer;
use crate::support::system::{System, moabom};

fn count(rows: &Value) -> usize {
    rows.as_array().expect("a list").len()
}

fn ids(rows: &Value) -> Vec<String> {
    rows.as_array().expect("a list").iter().map(|row| row["id"].to_string()).collect()
}

/// What went wrong, and the exit code.
fn refused(system: &System, arguments: &[&str]) -> (String, Option<i32>) {
    let output = system.try_run(arguments).expect_err("refused");
    (String::from_utf8_lossy(&output.stderr).into_owned(), output.status.code())
}

fn store(system: &System) -> std::path::PathBuf {
    system.path("data/moabom.sqlite")
}

/// What stands beside the store, by name.
fn data_folder(system: &System) -> Vec<String> {
    let found = std::fs::read_dir(system.path("data")).into_iter().flatten().flatten();
    found.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// A system of `count` people whose edition was sent while a backup was made after `after` of them.
fn backed_up_while_sending(count: usize, after: usize) -> (System, SmtpServer) {
    let server = SmtpServer::start();
    let system = System::new(server.port(), 2);
    system.publish_to(count);
    let folder = system.folder.path().to_owned();
    let seen = Mutex::new(0);
    server.on_rcpt(move |_| {
        let mut seen = seen.lock().expect("a number");
        *seen += 1;
        if *seen == after {
            let done = moabom(&folder, &["backup", "copy.db"]).output().expect("it starts");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
    });
    system.run(&["deliver"]);
    assert_eq!(server.kept().len(), count);
    system.verify();
    (system, server)
}

/// The backup of `from` in a folder of its own, not yet restored.
fn carried_over(from: &System, server: &SmtpServer) -> System {
    let system = System::new(server.port(), 2);
    for name in ["copy.db", "copy.db.key"] {
        std::fs::copy(from.path(name), system.path(name)).expect("copied");
    }
    system
}

#[test]
fn a_backup_made_while_letters_go_out_is_restored_elsewhere_and_mails_nobody_twice() {
    let (first, server) = backed_up_while_sending(40, 15);
    let second = carried_over(&first, &server);
    let said = second.run(&["restore", "copy.db"]);
    assert!(said.contains("알 수 없음"), "{said}");
    second.verify();
    let unknown = second.json(&["deliveries", "list", "--state", "unknown", "--json"]);
    let sent = second.json(&["deliveries", "list", "--state", "sent", "--json"]);
    assert_eq!(count(&unknown) + count(&sent), 40);
    assert!((25..=28).contains(&count(&unknown)), "{} unknown", count(&unknown));
    for row in unknown.as_array().expect("a list") {
        assert!(row["last_reply"].as_str().is_some_and(|reason| reason.contains("백업")), "{row}");
    }

    second.run(&["deliver"]);
    assert_eq!(server.kept().len(), 40, "nothing was sent again");
    second.verify();
    assert_eq!(second.json(&["editions", "list", "--json"])[1]["state"], "done");

    // What a person decides is done, for that row alone.
    let rows = ids(&unknown);
    second.run(&["deliveries", "resolve", &rows[0], "--as", "sent"]);
    second.run(&["deliveries", "retry", &rows[1]]);
    second.run(&["deliver"]);
    assert_eq!(server.kept().len(), 41);
    second.verify();
}

#[test]
fn a_restored_store_makes_up_for_no_slot_and_reuses_no_number() {
    let (first, server) = backed_up_while_sending(3, 1);
    let before = first.json(&["editions", "list", "--json"]);
    let second = carried_over(&first, &server);
    second.run(&["restore", "copy.db"]);
    second.run(&["publish"]);
    let rows = second.json(&["editions", "list", "--json"]);
    let rows = rows.as_array().expect("a list");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(rows[0]["state"], "skipped");
    assert!(rows[0]["reason"].as_str().is_some_and(|reason| reason.contains("되살렸어요")));
    assert!(rows[0]["id"].as_i64() > before[0]["id"].as_i64().map(|id| id + 999));
    std::fs::write(second.path("one.csv"), "이메일,구독일\nnew@example.com,2026-10-01\n").expect("written");
    second.run(&["subscribers", "import", "one.csv"]);
    let people = second.json(&["subscribers", "list", "--json"]);
    let newest = people.as_array().expect("a list").iter().filter_map(|row| row["id"].as_i64()).max();
    assert!(newest > Some(1_000_000), "{newest:?}");
    assert_eq!(count(&people), 4);
    second.verify();
    let id = |system: &System| -> String {
        let db = Connection::open(store(system)).expect("the file");
        db.query_row("SELECT value FROM meta WHERE key = 'instance_id'", [], |row| row.get(0)).expect("an id")
    };
    assert_ne!(id(&first), id(&second));
}

#[test]
fn a_backup_is_one_whole_file_for_its_owners_eyes_and_never_over_another() {
    let (system, _server) = backed_up_while_sending(3, 2);
    let names = || {
        let found = std::fs::read_dir(system.folder.path()).expect("a folder").flatten();
        let mut names: Vec<String> = found
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with("copy") || name.starts_with("other"))
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["copy.db", "copy.db.key"]);
    #[cfg(unix)]
    for name in names() {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(system.path(&name)).expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    let before = std::fs::read(system.path("copy.db")).expect("a file");
    let (said, code) = refused(&system, &["backup", "copy.db"]);
    assert!(said.contains("이미 있는 파일") && code == Some(2), "{said}");
    std::fs::write(system.path("other.db.key"), "mine").expect("written");
    let (said, code) = refused(&system, &["backup", "other.db"]);
    assert!(said.contains("other.db.key") && code == Some(2), "{said}");
    assert_eq!(names(), ["copy.db", "copy.db.key", "other.db.key"]);
    assert_eq!(std::fs::read(system.path("copy.db")).expect("a file"), before);
    let (said, _) = refused(&system, &["backup", "no/such/folder.db"]);
    assert!(said.contains("쓰지 못했어요"), "{said}");
}

#[test]
fn a_store_in_place_is_replaced_only_when_asked_and_its_withdrawals_are_carried_over() {
    let (system, server) = backed_up_while_sending(5, 2);
    system.run(&["subscribers", "remove", "reader0@d0.example.com"]);
    let (said, code) = refused(&system, &["restore", "copy.db"]);
    assert!(said.contains("--replace") && code == Some(2), "{said}");
    let said = system.run(&["restore", "copy.db", "--replace"]);
    assert!(said.contains("수신거부한 1명"), "{said}");
    system.verify();
    let people = system.json(&["subscribers", "list", "--json"]);
    assert_eq!(count(&people), 4, "{people}");
    let mut aside = data_folder(&system);
    aside.retain(|name| {
        name.contains(".before-restore-") && !name.ends_with("-wal") && !name.ends_with("-shm")
    });
    assert_eq!(aside.len(), 1, "{aside:?}");
    let aside = system.path("data").join(&aside[0]);
    let db = Connection::open(&aside).expect("the old store");
    let sent: i64 = db
        .query_row("SELECT count(*) FROM deliveries WHERE state = 'sent'", [], |row| row.get(0))
        .expect("a number");
    assert_eq!(sent, 5);
    system.run(&["deliver"]);
    assert_eq!(server.kept().len(), 5);
}

#[test]
fn what_is_no_sound_backup_is_refused_and_leaves_nothing_behind() {
    let (first, server) = backed_up_while_sending(3, 1);
    let fresh = || carried_over(&first, &server);
    let check = |system: &System, arguments: &[&str], words: &str| {
        let (said, _) = refused(system, arguments);
        assert!(said.contains(words), "{said}");
        let left = data_folder(system);
        assert!(left.iter().all(|name| name.ends_with(".lock")), "{left:?}");
    };
    let system = fresh();
    std::fs::write(system.path("copy.db"), "글이지 저장소가 아니에요".repeat(100)).expect("written");
    check(&system, &["restore", "copy.db"], "모아봄의 저장소가 아니에요: copy.db");
    let system = fresh();
    let mut bytes = std::fs::read(system.path("copy.db")).expect("a file");
    let middle = bytes.len() / 2;
    bytes[4096..middle].fill(0xff);
    std::fs::write(system.path("copy.db"), bytes).expect("written");
    check(&system, &["restore", "copy.db"], "깨졌어요");
    let system = fresh();
    std::fs::remove_file(system.path("copy.db.key")).expect("removed");
    check(&system, &["restore", "copy.db"], "비밀 키가 없어요");
    let system = fresh();
    check(&system, &["restore", "nothing.db"], "백업 파일이 없어요");
    let system = fresh();
    Connection::open(system.path("copy.db"))
        .and_then(|db| db.pragma_update(None, "user_version", 9999))
        .expect("set");
    check(&system, &["restore", "copy.db"], "저장소 copy.db의 스키마는 9999판");
}

/// `moabom web`, ended when dropped.
struct Pages(std::process::Child);

impl Pages {
    /// Once it serves.
    fn open(system: &System) -> Pages {
        let mut web = system.command(&["web"]);
        web.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut pages = Pages(web.spawn().expect("it starts"));
        let log = std::io::BufReader::new(pages.0.stderr.as_mut().expect("piped"));
        let served = log.lines().map_while(Result::ok).any(|line| line.contains("페이지를 열었어요"));
        assert!(served, "it ended");
        pages
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_store_that_pages_write_into_is_not_replaced_under_them() {
    let (system, _server) = backed_up_while_sending(3, 1);
    let pages = Pages::open(&system);
    let (said, code) = refused(&system, &["restore", "copy.db", "--replace"]);
    assert!(said.contains("moabom web") && code == Some(1), "{said}");
    let moved = data_folder(&system).into_iter().find(|name| name.contains(".before-restore-"));
    assert_eq!(moved, None, "a withdrawal would be written into the file that was moved away");
    drop(pages);
    system.run(&["restore", "copy.db", "--replace"]);
    system.verify();
}

#[test]
fn a_restore_waits_for_no_sender_but_refuses_while_one_is_at_work() {
    let (system, _server) = backed_up_while_sending(3, 1);
    let store = store(&system);
    let lock = std::fs::File::options().write(true).open(store.with_extension("lock")).expect("the lock");
    lock.lock().expect("held");
    let (said, _) = refused(&system, &["restore", "copy.db", "--replace"]);
    assert!(said.contains("이미 이 저장소"), "{said}");
}
