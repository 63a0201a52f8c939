//! Broken input of every kind, given to the built binary: a clear Korean refusal with what to do, and nothing changed.

mod cases;
mod relay;
mod store_file;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use rusqlite::Connection;
use rusqlite::types::Value;

use crate::support::system::System;

pub(crate) const PAGE: &str = include_str!("../fixtures/broken/page.txt");
const DATABASE: &str = "data/moabom.sqlite";
/// What only a success says.
const SUCCESS: [&str; 8] = [
    "가져왔어요",
    "발행했어요",
    "넣었어요",
    "고칠 곳이 없어요",
    "어긋난 것이 없어요",
    "처음 읽었어요",
    "달라진 것이 없어요",
    "만들었어요",
];

/// One thing that is wrong, what is asked, and what has to be said about it.
pub(crate) struct Case {
    name: &'static str,
    arguments: Vec<&'static str>,
    code: i32,
    says: &'static [&'static str],
    files: Vec<(&'static str, Option<Vec<u8>>)>,
    folders: Vec<&'static str>,
    config: Vec<(&'static str, String)>,
    variable: Option<(&'static str, &'static str)>,
}

pub(crate) fn case(
    name: &'static str,
    arguments: &[&'static str],
    code: i32,
    says: &'static [&'static str],
) -> Case {
    let arguments = arguments.to_vec();
    Case { name, arguments, code, says, files: vec![], folders: vec![], config: vec![], variable: None }
}

impl Case {
    pub(crate) fn file(mut self, path: &'static str, bytes: impl Into<Vec<u8>>) -> Case {
        self.files.push((path, Some(bytes.into())));
        self
    }

    pub(crate) fn without(mut self, path: &'static str) -> Case {
        self.files.push((path, None));
        self
    }

    pub(crate) fn folder(mut self, path: &'static str) -> Case {
        self.folders.push(path);
        self.without(path)
    }

    pub(crate) fn config(mut self, from: &'static str, to: impl Into<String>) -> Case {
        self.config.push((from, to.into()));
        self
    }

    pub(crate) fn variable(mut self, name: &'static str, value: &'static str) -> Case {
        self.variable = Some((name, value));
        self
    }
}

/// A sound system: a page read, two readers, one who left.
pub(crate) fn sound(port: u16) -> System {
    let system = System::new(port, 2);
    fs::write(system.path("page.txt"), PAGE).expect("written");
    system.run(&["ingest"]);
    for reader in ["one@example.com", "two@example.com", "gone@example.com"] {
        system.run(&["subscribers", "add", reader, "--consent", "2024-01-05"]);
    }
    system.run(&["subscribers", "remove", "gone@example.com"]);
    system
}

/// Every row of every table. That a source failed, and how often, is no part of what must not change.
pub(crate) fn rows(system: &System) -> Vec<String> {
    let db = Connection::open(system.path(DATABASE)).expect("the file");
    let list = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    let mut tables = db.prepare(list).expect("tables");
    let names = tables.query_map([], |row| row.get::<_, String>(0)).expect("tables");
    let names: Vec<String> = names.map(|name| name.expect("a name")).collect();
    let mut found = Vec::new();
    for name in names {
        let columns = if name == "sources" { "id, name, title, description, first_read_at" } else { "*" };
        let mut query = db.prepare(&format!("SELECT {columns} FROM {name}")).expect("a query");
        let width = query.column_count();
        let shown = query.query_map([], |row| (0..width).map(|at| row.get(at)).collect());
        let shown = shown.expect("rows").map(|row: rusqlite::Result<Vec<Value>>| row.expect("a row"));
        found.extend(shown.map(|row| format!("{name}: {row:?}")));
    }
    found
}

/// All files but the store's own, by path.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.display().to_string();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !name.contains("moabom.sqlite") && !name.ends_with(".lock") {
            found.insert(name, fs::read(&path).expect("read"));
        }
    }
    found
}

/// Makes wrong what is to be wrong; what was there before comes back.
fn spoil(system: &System, case: &Case) -> Vec<(std::path::PathBuf, Option<Vec<u8>>)> {
    let mut before = Vec::new();
    let mut put = |name: &str, bytes: Option<&[u8]>| {
        let path = system.path(name);
        before.push((path.clone(), fs::read(&path).ok()));
        match bytes {
            Some(bytes) => {
                fs::create_dir_all(path.parent().expect("a folder")).expect("made");
                fs::write(&path, bytes).expect("written");
            }
            None => drop(fs::remove_file(&path)),
        }
    };
    let mut config = fs::read_to_string(system.path("moabom.toml")).expect("configuration");
    for (from, to) in &case.config {
        assert!(config.contains(from), "{}: {from}", case.name);
        config = config.replacen(from, to, 1);
    }
    put("moabom.toml", Some(config.as_bytes()));
    for (name, bytes) in &case.files {
        put(name, bytes.as_deref());
    }
    for name in &case.folders {
        fs::create_dir(system.path(name)).expect("made");
    }
    before.reverse();
    before
}

/// Runs the case on a sound system; the system is sound again afterwards.
pub(crate) fn refused(system: &System, case: &Case) {
    let stored = rows(system);
    let before = spoil(system, case);
    let around = files(system.folder.path());
    let mut command: Command = system.command(&case.arguments);
    command.envs(case.variable);
    let output = command.output().expect("it starts");
    assert_eq!(files(system.folder.path()), around, "{}: a file changed", case.name);
    for name in &case.folders {
        let _ = fs::remove_dir(system.path(name));
    }
    for (path, bytes) in before {
        match bytes {
            Some(bytes) => fs::write(path, bytes).expect("put back"),
            None => drop(fs::remove_file(path)),
        }
    }
    check(case.name, &output, case.code, case.says);
    assert_eq!(rows(system), stored, "{}: the store changed", case.name);
    let verified = system.try_run(&["verify"]);
    assert!(verified.is_ok(), "{}: {verified:?}", case.name);
}

/// The exit code, and a Korean word of what is wrong, in nobody's jargon.
pub(crate) fn check(name: &str, output: &Output, code: i32, says: &[&str]) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let all = format!("{name}\n-- stdout\n{out}\n-- stderr\n{err}");
    assert_eq!(output.status.code(), Some(code), "{all}");
    for fragment in says {
        assert!(err.contains(fragment), "`{fragment}` is not said: {all}");
    }
    assert!(err.chars().any(|c| ('가'..='힣').contains(&c)), "{all}");
    for jargon in ["panicked", "os error", "RUST_BACKTRACE", "Error(", "hunter2", "CREATE TABLE"] {
        assert!(!err.contains(jargon), "`{jargon}`: {all}");
    }
    for success in SUCCESS {
        assert!(!out.contains(success), "`{success}`: {all}");
    }
}

fn run(cases: Vec<Case>) {
    let system = sound(1);
    for case in &cases {
        refused(&system, case);
    }
    println!("{} broken inputs refused", cases.len());
}

#[test]
fn each_broken_configuration_is_refused_and_nothing_changes() {
    run(cases::configurations());
}

#[test]
fn each_broken_page_is_refused_and_nothing_changes() {
    run(cases::pages());
}

#[test]
fn each_broken_list_of_people_is_refused_and_nothing_changes() {
    run(cases::lists());
}

#[test]
fn each_broken_address_and_unknown_name_is_refused_and_nothing_changes() {
    run(cases::arguments());
}

#[test]
fn each_broken_template_is_refused_and_nothing_changes() {
    run(cases::templates());
}
