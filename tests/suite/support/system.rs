//! A configured system in its own directory, driven through the built binary.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

pub struct System {
    pub folder: tempfile::TempDir,
}

impl System {
    /// A configuration whose relay is on loopback at `port`, with the demo's page as its source.
    pub fn new(port: u16, connections: usize) -> System {
        let folder = tempfile::tempdir().expect("a directory");
        let config = format!(
            r#"[newsletter]
title = "느린 오후의 기록"
home = "https://blog.example.com/"
advertising = false

[sender]
name = "느린 오후의 기록"
email = "letter@example.com"

[[source]]
name = "blog"
kind = "page-text"
location = "page.txt"

[[digest]]
name = "weekly"
schedule = "0 9 * * MON"

[smtp]
host = "127.0.0.1"
port = {port}
tls = "none"
connections = {connections}

[web]
listen = "127.0.0.1:0"
public_url = "http://127.0.0.1:8025/"
"#
        );
        std::fs::write(folder.path().join("moabom.toml"), config).expect("written");
        let page = include_str!("../../../src/demo/blog_2.txt");
        std::fs::write(folder.path().join("page.txt"), page).expect("written");
        System { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        moabom(self.folder.path(), arguments)
    }

    /// Runs to the end; standard output, or what went wrong.
    pub fn try_run(&self, arguments: &[&str]) -> Result<String, Output> {
        let output = self.command(arguments).output().expect("it starts");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(output)
        }
    }

    pub fn run(&self, arguments: &[&str]) -> String {
        self.try_run(arguments)
            .unwrap_or_else(|output| panic!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(arguments)).expect("JSON")
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
    }

    /// Reads the page, takes in `count` people, freezes an edition.
    pub fn publish_to(&self, count: usize) {
        self.run(&["ingest"]);
        let mut people = String::from("이메일,이름,구독일\n");
        for n in 0..count {
            people += &format!("reader{n}@d{}.example.com,독자 {n},2026-10-01\n", n % 13);
        }
        std::fs::write(self.path("people.csv"), people).expect("written");
        self.run(&["subscribers", "import", "people.csv"]);
        self.run(&["publish", "weekly"]);
    }

    /// Every rule of the ledger holds.
    pub fn verify(&self) {
        self.run(&["verify"]);
    }
}

/// The built binary, in `folder`, with the configuration there.
pub fn moabom(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moabom"));
    command.current_dir(folder).args(["--config", "moabom.toml"]).args(arguments).stdin(Stdio::null());
    command
}
