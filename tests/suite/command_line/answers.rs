//! What a command answers to a slip, to nothing to show, and to a program: exit codes, words and figures that agree.

use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};

use mail_parser::MessageParser;
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
fn every_instant_in_json_is_of_one_form() {
    let server = SmtpServer::start();
    server.for_recipient("one@example.com", At::Rcpt, Act::say("451 4.3.0 later"));
    let system = sound(server.port());
    system.run(&["publish", "weekly"]);
    let sent = system.json(&["deliver", "--json"]);
    let person = system.json(&["subscribers", "show", "one@example.com", "--evidence", "--json"]);
    let consent = &person["consents"][0];
    let export = system.json(&["export", "--everything", "all", "--json"]);
    for at in [
        &export["exported_at"],
        &sent["next_due"],
        &person["created_at"],
        &consent["at"],
        &consent["recorded_at"],
    ] {
        let text = at.as_str().unwrap_or_else(|| panic!("no instant: {at} in {sent:#} {person:#}"));
        assert_eq!((text.len(), text.get(19..)), (25, Some("+09:00")), "{text}");
    }
}

#[test]
fn an_edition_as_of_a_moment_needs_no_name_where_there_is_one_digest() {
    let system = sound(1);
    let (code, out, err) = said(&system, &["publish", "--at", "2026-01-05 09:00", "--json"]);
    assert_eq!(code, Some(0), "{out}{err}");
    let rows: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&rows[0]["digest"], rows.as_array().map(Vec::len)), (&json!("weekly"), Some(1)), "{rows}");
    let second = "[[digest]]\nname = \"daily\"\nschedule = \"0 9 * * *\"\n\n[smtp]";
    configure(&system, "[smtp]", second);
    let refused = output(&system, &["publish", "--at", "2026-01-05 09:00"]);
    check("two digests", &refused, 2, &["이름을 적어 주세요", "weekly", "daily"]);
}

#[test]
fn a_name_nobody_configured_is_refused_with_the_one_that_was_meant() {
    let system = sound(1);
    for arguments in [
        ["publish", "wekly"].as_slice(),
        &["preview", "wekly"],
        &["posts", "top", "--digest", "wekly"],
        &["posts", "top", "--by", "score", "--digest", "wekly"],
        &["editions", "list", "wekly"],
        &["subscribers", "list", "--digest", "wekly"],
    ] {
        let refused = output(&system, arguments);
        check("a digest", &refused, 2, &["설정에 없는 다이제스트예요: `wekly`", "혹시 `weekly`?"]);
        let err = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(err.matches("다이제스트").count(), 1, "{err}");
    }
    for arguments in [["ingest", "blg"].as_slice(), &["posts", "list", "--source", "blg", "--json"]] {
        let refused = output(&system, arguments);
        check("a source", &refused, 2, &["설정에 없는 출처예요: `blg`", "혹시 `blog`?"]);
    }
}

#[test]
fn a_source_that_was_never_read_has_no_posts_and_that_is_no_failure() {
    let system = System::new(1, 1);
    let list = ["posts", "list", "--source", "blog"];
    assert_eq!(said(&system, &[&list[..], &["--json"]].concat()).1.trim(), "[]");
    let (code, out, _) = said(&system, &list);
    assert_eq!((code, out.contains("ingest")), (Some(0), true), "{out}");
    // One that is no longer configured is known by its posts.
    fs::write(system.path("page.txt"), PAGE).expect("written");
    system.run(&["ingest"]);
    configure(&system, "name = \"blog\"", "name = \"home\"");
    assert_eq!(system.json(&[&list[..], &["--json"]].concat()).as_array().map(Vec::len), Some(6));
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
    assert!(said(&system, &["preview", "--help"]).1.contains("끝낼 때의 값은 0"));
}

#[test]
fn a_post_is_shown_with_how_often_each_emoji_was_given() {
    let system = System::new(1, 1);
    let post = r#"{"id":"a","title":"하나","reactions":{"👍":3,"😍":1}}"#;
    fs::write(system.path("posts.jsonl"), format!("{post}\n")).expect("written");
    configure(
        &system,
        "kind = \"page-text\"\nlocation = \"page.txt\"",
        "kind = \"jsonl\"\nlocation = \"posts.jsonl\"",
    );
    system.run(&["ingest"]);
    let shown = system.json(&["posts", "show", "1", "--json"]);
    let counts = json!([{"emoji": "👍", "count": 3}, {"emoji": "😍", "count": 1}]);
    assert_eq!(shown["emoji_counts"], counts, "{shown:#}");
    assert_eq!(shown["emoji"], json!(["👍", "😍"]));
    assert_eq!(shown["observations"][0]["emoji_counts"], counts);
}

#[test]
fn the_fields_of_a_schedule_may_stand_apart_by_tabs_as_in_a_crontab() {
    let system = System::new(1, 1);
    configure(&system, "0 9 * * MON", "0\\t9\\t*\\t*\\tMON");
    let runs = |system: &System| system.json(&["check", "--json"])["digests"][0]["schedule_in_words"].clone();
    assert_eq!(runs(&system), runs(&System::new(1, 1)));
    configure(&system, "page.txt", "pa\\tge.txt");
    check("a path", &output(&system, &["check"]), 2, &["source[0].location"]);
}

#[test]
fn what_was_named_and_is_not_there_is_misuse_everywhere() {
    let system = sound(1);
    fs::create_dir(system.path("folder")).expect("made");
    for (arguments, says) in [
        (["restore", "no.db"].as_slice(), "백업 파일이 없어요"),
        (&["subscribers", "import", "no.csv"], "그런 파일이 없어요"),
        (&["demo", "--once", "--source", "no.txt"], "no.txt"),
        (&["--config", "folder", "check"], "폴더예요"),
        (&["--config", "no.toml", "check"], "설정 파일이 없어요"),
        (&["subscribers", "import", "folder"], "폴더예요"),
        (&["demo", "--once", "--source", "folder"], "폴더"),
        (&["editions", "correct", "1", "--subject", "가", "--text", "no.txt"], "본문 파일"),
    ] {
        // The harness names a configuration of its own, and the later one counts.
        let refused = match arguments {
            ["--config", path, rest @ ..] => {
                let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_moabom"));
                command.current_dir(system.folder.path()).args(["--config", path]).args(rest);
                command.stdin(Stdio::null()).output().expect("it starts")
            }
            _ => output(&system, arguments),
        };
        check(&arguments.join(" "), &refused, 2, &[says]);
    }
}

#[test]
fn a_backup_says_by_its_name_how_it_is_brought_back() {
    let system = sound(1);
    let out = system.run(&["backup", "copy.db"]);
    assert!(out.contains("moabom restore copy.db"), "{out}");
}

#[test]
fn a_reason_by_hand_is_a_sentence_and_not_a_page() {
    let system = sound(1);
    system.run(&["publish", "weekly"]);
    let (sentence, page) = ("가".repeat(500), "가".repeat(501));
    for command in ["pause", "cancel"] {
        let refused = output(&system, &["editions", command, "1", "--reason", &page]);
        check(command, &refused, 2, &["500자"]);
        let err = String::from_utf8_lossy(&refused.stderr);
        assert!(err.chars().count() < 300, "the page comes back: {err}");
    }
    system.run(&["editions", "pause", "1", "--reason", &sentence]);
    assert_eq!(system.json(&["editions", "list", "--json"])[0]["reason"].as_str(), Some(sentence.as_str()));
}

#[test]
fn a_port_out_of_range_is_told_with_the_range() {
    let folder = tempfile::tempdir().expect("a folder");
    let init = |port: &str| {
        let rest = ["--advertising", "false", "--sender-name", "봄", "--sender-email", "a@a.example"];
        let mut command = crate::support::system::moabom(folder.path(), &["init", "--title", "봄"]);
        command.args(["--home", "https://a.example", "--source", "list.txt", "--smtp-host", "127.0.0.1"]);
        command.args(rest).args([&format!("--smtp-port={port}")]).output().expect("it starts")
    };
    for port in ["99999", "0", "-1", "99999999999999999999999"] {
        let refused = init(port);
        check(port, &refused, 2, &["--smtp-port", "1에서 65535"]);
        assert!(!String::from_utf8_lossy(&refused.stderr).contains("따옴표"), "{refused:?}");
    }
    assert_eq!(init("0587").status.code(), Some(0), "a number however it is written");
    let written = fs::read_to_string(folder.path().join("moabom.toml")).expect("written");
    assert!(written.contains("port = 587"), "{written}");
}

#[test]
fn templates_beside_the_configuration_that_nobody_reads_are_pointed_out() {
    let system = System::new(1, 1);
    let conf = system.path("conf");
    fs::create_dir_all(conf.join("templates/digest")).expect("made");
    fs::copy(system.path("moabom.toml"), conf.join("moabom.toml")).expect("copied");
    let from = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_moabom"));
        command.current_dir(system.folder.path()).args(["--config", "conf/moabom.toml"]).args(arguments);
        let output = command.stdin(Stdio::null()).output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    for arguments in [["check"].as_slice(), &["templates", "check"]] {
        assert!(!from(arguments).contains("conf/templates"), "an empty folder is no mistake");
    }
    fs::write(conf.join("templates/digest/letter.txt"), "{{ subject }}\n").expect("written");
    for arguments in [["check"].as_slice(), &["check", "--json"], &["templates", "check"]] {
        let out = from(arguments);
        assert!(out.contains("conf/templates") && out.contains("[templates] path"), "{arguments:?}: {out}");
    }
    let config = fs::read_to_string(conf.join("moabom.toml")).expect("read");
    fs::write(conf.join("moabom.toml"), format!("{config}\n[templates]\npath = \"./conf/templates\"\n"))
        .expect("written");
    fs::remove_file(conf.join("templates/digest/letter.txt")).expect("removed");
    system.run(&["templates", "export", "conf/templates"]);
    assert!(!from(&["check"]).contains("쓰지 않아요"), "it is the one used");
}

#[test]
fn people_come_in_through_a_pipe_as_well() {
    let system = sound(1);
    let through = |arguments: &[&str], text: &[u8]| {
        let mut command = system.command(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        // Whoever refuses early closes the pipe.
        let _ = child.stdin.take().expect("piped").write_all(text);
        child.wait_with_output().expect("it ends")
    };
    let list = "이메일,이름,구독일\nnew@example.com,새 독자,2024-01-01\none@example.com,,2024-01-01\n";
    let done = through(&["subscribers", "import", "-", "--json"], list.as_bytes());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let report: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!((&report["accepted"], &report["already"]), (&json!(1), &json!(1)), "{report:#}");
    let person = system.json(&["subscribers", "show", "new@example.com", "--json"]);
    assert_eq!(person["consents"][0]["source"], "import:-");
    let refused = through(&["subscribers", "import", "/dev/stdin"], b"PK\x03\x04");
    check("a spreadsheet", &refused, 1, &["엑셀 파일"]);
    let done = through(&["subscribers", "import", "/dev/stdin", "--dry-run"], list.as_bytes());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    check("nothing", &through(&["subscribers", "import", "-"], b""), 1, &["빈 파일"]);
    let left = fs::read_dir(system.path("data")).expect("a folder").filter_map(Result::ok);
    let names: Vec<String> = left.map(|entry| entry.file_name().display().to_string()).collect();
    assert!(!names.iter().any(|name| name.ends_with(".new")), "nothing is left behind: {names:?}");
}

#[test]
fn an_import_as_json_names_the_rows_that_stayed_out_and_why() {
    let system = sound(1);
    let list = "이메일,구독일\nnew@example.com,2024-01-01\nbad,2024-01-01\ngone@example.com,2024-01-01\nno@example.com,\n";
    fs::write(system.path("list.csv"), list).expect("written");
    let import = ["subscribers", "import", "list.csv", "--json", "--keep-going"];
    let report = system.json(&[&import[..], &["--dry-run"]].concat());
    let rows: Vec<(u64, &str)> = report["left_out"]
        .as_array()
        .unwrap_or_else(|| panic!("no rows: {report:#}"))
        .iter()
        .map(|row| (row["row"].as_u64().expect("a number"), row["kind"].as_str().expect("a word")))
        .collect();
    assert_eq!(rows, [(3, "invalid"), (4, "suppressed"), (5, "without_consent")], "{report:#}");
    for row in report["left_out"].as_array().into_iter().flatten() {
        assert_keys(row, &["row", "kind", "place", "reason"]);
        assert!(row["reason"].as_str().is_some_and(|reason| reason.contains(|c| ('가'..='힣').contains(&c))));
        assert!(!row.to_string().contains("gone@"), "a barred address is not repeated: {row}");
    }
    assert_eq!(
        (&report["left_out"][0]["place"], &report["more_left_out"]),
        (&json!("1열(이메일)"), &json!(0))
    );
}

#[test]
fn who_is_never_to_be_mailed_is_marked_where_people_are_looked_up() {
    let server = SmtpServer::start();
    server.for_recipient("one@example.com", At::Rcpt, Act::say("550 5.1.1 no such user"));
    let system = sound(server.port());
    system.run(&["publish", "weekly"]);
    let _ = output(&system, &["deliver"]);
    let person = system.json(&["subscribers", "show", "one@example.com", "--json"]);
    assert_eq!(person["suppressed"]["reason"], "hard_bounce", "{person:#}");
    assert_eq!(person["suppressed"]["since"].as_str().map(str::len), Some(25));
    let other = system.json(&["subscribers", "show", "two@example.com", "--json"]);
    assert_eq!(other.get("suppressed"), Some(&Value::Null));
    let text = system.run(&["subscribers", "show", "one@example.com"]);
    assert!(text.contains("발송 금지"), "{text}");
    let list = system.run(&["subscribers", "list"]);
    let marked: Vec<&str> = list.lines().filter(|line| line.contains("발송 금지")).collect();
    assert!(marked.len() == 1 && marked[0].contains("one@example.com"), "{list}");
    assert!(!system.run(&["subscribers", "show", "two@example.com"]).contains("발송 금지"));
}

#[test]
fn a_barred_address_is_not_promised_another_try() {
    let server = SmtpServer::start();
    server.for_recipient("one@example.com", At::Rcpt, Act::say("550 5.1.1 no such user"));
    let system = sound(server.port());
    system.run(&["publish", "weekly"]);
    let _ = output(&system, &["deliver"]);
    let rows = system.json(&["deliveries", "list", "--state", "bounced", "--json"]);
    let id = rows[0]["id"].to_string();
    server.heal();
    let refused = output(&system, &["deliveries", "retry", &id]);
    check("a retry", &refused, 1, &["발송 금지", "없는 주소로 반송됨", "본인에게 확인"]);
    assert_eq!(system.json(&["deliveries", "list", "--state", "bounced", "--json"]), rows);
    system.run(&["deliver"]);
    assert!(server.kept_for("one@example.com").is_empty());
    system.verify();
}

#[test]
fn notices_that_the_relay_refuses_by_policy_are_told_on_the_screen_and_by_mail() {
    let server = SmtpServer::start();
    server.for_recipient("one@example.com", At::Rcpt, Act::say("550 5.7.1 blocked by policy"));
    server.for_recipient("two@example.com", At::Rcpt, Act::say("452 4.2.2 mailbox full"));
    let system = sound(server.port());
    let told = "[law]\nnotices = true\n\n[operator]\nemail = \"own@example.com\"\n\n[smtp]";
    configure(&system, "[smtp]", told);
    for reader in ["one@example.com", "two@example.com"] {
        system.run(&["subscribers", "remove", reader]);
    }
    let _ = output(&system, &["deliver"]);
    let concerns = system.json(&["status", "--json"])["concerns"].to_string();
    assert!(concerns.contains("메일 1건을 받아 주지 않았어요. 마지막 답: 550 5.7.1"), "{concerns}");
    let subjects: Vec<String> = server
        .kept_for("own@example.com")
        .iter()
        .filter_map(|kept| Some(MessageParser::default().parse(&kept.bytes)?.subject()?.to_owned()))
        .collect();
    let about: Vec<&String> =
        subjects.iter().filter(|subject| subject.contains("통지·확인 메일 1건")).collect();
    assert_eq!(about.len(), 1, "{subjects:?}");
    let _ = output(&system, &["deliver"]);
    assert_eq!(server.kept_for("own@example.com").len(), subjects.len(), "once a day");
}
