//! What a command answers to a slip, to nothing to show, and to a program: exit codes, words and figures that agree.

use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use super::super::broken::{PAGE, check, sound};
use super::assert_keys;
use crate::support::smtp_server::{Act, At, SmtpServer};
use crate::support::system::System;

/// The configuration with `to` in the place of `from`.
fn configure(system: &System, from: &str, to: &str) {
    let path = system.path("moabom.toml");
    let text = fs::read_to_string(&path).expect("configuration");
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replacen(from, to, 1)).expect("written");
}

fn output(system: &System, arguments: &[&str]) -> Output {
    system.command(arguments).output().expect("it starts")
}

/// Exit code, standard output, standard error.
fn said(system: &System, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = output(system, arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn the_size_of_a_preview_is_that_of_the_part_as_it_is_sent() {
    let system = sound(1);
    let at = ["--at", "2031-05-05 09:00"];
    let html = output(&system, &["preview", at[0], at[1], "--format", "html"]).stdout;
    let json = system.json(&["preview", at[0], at[1], "--format", "json"]);
    assert_eq!(json["html_bytes"].as_u64(), Some(html.len() as u64));
}

#[test]
fn an_issue_that_would_be_skipped_is_an_answer_in_every_format() {
    let system = sound(1);
    for post in system.json(&["posts", "list", "--json"]).as_array().into_iter().flatten() {
        system.run(&["posts", "hide", &post["id"].to_string()]);
    }
    let skip = system.json(&["preview", "--format", "json"])["skip"].as_str().map(str::to_owned);
    let skip = skip.expect("a reason");
    for format in ["html", "text", "eml"] {
        let (code, out, err) = said(&system, &["preview", "--format", format, "--out", "letter"]);
        assert_eq!((code, out.as_str()), (Some(0), ""), "{format}: {err}");
        assert!(err.contains(&skip) && err.contains("--why"), "{format}: {err}");
        assert!(!system.path("letter").exists(), "{format}: nothing to write");
    }
    assert!(said(&system, &["preview", "--help"]).1.contains("끝값"));
}
