//! What programs and people read from the built binary: JSON shapes, help, previews, a whole way to a relay.

mod answers;
mod real_page;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;

use mail_parser::MessageParser;
use serde_json::Value;

use super::broken::{PAGE, sound};
use crate::support::smtp_server::SmtpServer;
use crate::support::system::{System, moabom};

/// The keys of an object, in order.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys().map(String::as_str).collect()
}

/// Exactly these keys, in any order.
fn assert_keys(value: &Value, wanted: &[&str]) {
    let found: BTreeSet<&str> = keys(value).into_iter().collect();
    assert_eq!(found, wanted.iter().copied().collect::<BTreeSet<_>>(), "{value}");
}

/// A system whose letters were sent through a scripted relay, and the relay.
fn sent() -> (System, SmtpServer) {
    let server = SmtpServer::start();
    let system = sound(server.port());
    system.run(&["publish", "weekly"]);
    system.run(&["deliver"]);
    (system, server)
}

#[test]
fn the_lists_have_the_keys_that_other_programs_read() {
    let (system, _server) = sent();
    let posts = system.json(&["posts", "list", "--json"]);
    assert_eq!(posts.as_array().map(Vec::len), Some(6));
    for post in posts.as_array().into_iter().flatten() {
        assert_keys(
            post,
            &[
                "id",
                "source",
                "title",
                "author",
                "url",
                "published_at",
                "first_seen_at",
                "reactions",
                "comments",
                "emoji",
            ],
        );
    }
    assert_eq!(posts[0]["title"], "된장찌개를 다시 배우다");
    assert_eq!((&posts[0]["reactions"], &posts[0]["comments"]), (&12.into(), &3.into()));
    assert_eq!(posts[0]["emoji"], serde_json::json!(["👍", "😍"]));
    assert_eq!(posts[1]["emoji"], serde_json::json!(["❤️"]));

    let people = system.json(&["subscribers", "list", "--json"]);
    assert_eq!(people.as_array().map(Vec::len), Some(2));
    assert_keys(&people[0], &["id", "address", "name", "subscriptions"]);
    assert_keys(&people[0]["subscriptions"][0], &["digest", "state"]);
    assert_eq!(people[0]["subscriptions"][0], serde_json::json!({"digest": "weekly", "state": "active"}));

    let editions = system.json(&["editions", "list", "--json"]);
    assert_keys(&editions[0], &["id", "digest", "number", "slot", "state", "reason", "recipients", "counts"]);
    let states =
        ["queued", "leased", "in_flight", "deferred", "sent", "bounced", "expired", "suppressed", "unknown"];
    assert_keys(&editions[0]["counts"], &states);
    assert_eq!((&editions[0]["recipients"], &editions[0]["counts"]["sent"]), (&2.into(), &2.into()));

    let deliveries = system.json(&["deliveries", "list", "--json"]);
    for row in deliveries.as_array().into_iter().flatten() {
        assert_keys(
            row,
            &[
                "id",
                "kind",
                "edition",
                "notice",
                "subscriber",
                "address",
                "state",
                "attempts",
                "message_id",
                "last_reply",
            ],
        );
        assert_eq!(row["state"], "sent");
    }
}

#[test]
fn a_preview_as_json_has_the_keys_that_other_programs_read() {
    let system = sound(1);
    let shown = system.json(&["preview", "--format", "json"]);
    let outer = ["digest", "slot", "number", "subject", "preheader", "html_bytes", "sections", "left_out"];
    assert_keys(&shown, &outer);
    assert_eq!((&shown["digest"], &shown["number"]), (&"weekly".into(), &1.into()));
    let mut seen = BTreeSet::new();
    for section in shown["sections"].as_array().into_iter().flatten() {
        assert_keys(section, &["kind", "title", "posts"]);
        for post in section["posts"].as_array().into_iter().flatten() {
            assert_keys(post, &["id", "title", "score", "why"]);
            assert!(seen.insert(post["id"].as_i64()), "{post} stands twice");
        }
    }
    for post in shown["left_out"].as_array().into_iter().flatten() {
        assert_keys(post, &["id", "title", "score", "why"]);
        assert!(seen.insert(post["id"].as_i64()), "{post} is in and out");
    }
    assert_eq!(seen.len(), 6, "every post has its reason");
    let html = system.run(&["preview", "--format", "html"]);
    assert!(shown["html_bytes"].as_u64().is_some_and(|bytes| bytes > 1_000), "{} bytes", html.len());
    for (empty, list) in [("editions", "[]"), ("deliveries", "[]")] {
        assert_eq!(system.run(&[empty, "list", "--json"]).trim(), list);
    }
}

#[test]
fn a_preview_before_anything_was_read_says_how_to_read() {
    let system = System::new(1, 1);
    let output = system.command(&["preview"]).output().expect("it starts");
    super::broken::check("nothing read", &output, 0, &["moabom ingest"]);
    fs::write(system.path("page.txt"), PAGE).expect("written");
    system.run(&["ingest"]);
    for post in system.json(&["posts", "list", "--json"]).as_array().into_iter().flatten() {
        system.run(&["posts", "hide", &post["id"].to_string()]);
    }
    let output = system.command(&["preview"]).output().expect("it starts");
    super::broken::check("all hidden", &output, 0, &["--why"]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("ingest"), "it was read");
}

#[test]
fn previews_are_the_parts_of_the_mail_and_the_same_bytes_twice() {
    let system = sound(1);
    let at = ["--at", "2031-05-05 09:00"];
    let preview = |format: &str| {
        let arguments = ["preview", "weekly", at[0], at[1], "--format", format];
        let output = system.command(&arguments).output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    for format in ["html", "text", "eml", "json"] {
        assert_eq!(preview(format), preview(format), "{format}");
    }
    let message = preview("eml");
    let parsed = MessageParser::default().parse(&message).expect("a message");
    assert_eq!(parsed.body_html(0).expect("HTML").as_bytes(), preview("html"));
    assert_eq!(parsed.body_text(0).expect("text").as_bytes(), preview("text"));
    let json: Value = serde_json::from_slice(&preview("json")).expect("JSON");
    assert_eq!(parsed.subject(), json["subject"].as_str());
    let out = system.path("letter.html");
    system.run(&["preview", "weekly", at[0], at[1], "--format", "html", "--out", "letter.html"]);
    assert_eq!(fs::read(out).expect("written"), preview("html"));
}

#[test]
fn what_is_published_is_sent_to_each_person_once() {
    let (system, server) = sent();
    let to: Vec<String> = server.kept().into_iter().map(|kept| kept.to).collect();
    assert_eq!(to.iter().collect::<BTreeSet<_>>().len(), to.len(), "{to:?}");
    let wanted = ["one@example.com".to_owned(), "two@example.com".to_owned()];
    assert_eq!(to.iter().cloned().collect::<BTreeSet<_>>(), wanted.into_iter().collect());
    let rows = system.json(&["deliveries", "list", "--json"]);
    for row in rows.as_array().into_iter().flatten() {
        let kept = server.kept_for(row["address"].as_str().expect("an address"));
        assert_eq!(kept.len(), 1);
        assert_eq!(
            Some(kept[0].message_id().trim_matches(['<', '>'])),
            row["message_id"].as_str().map(|id| id.trim_matches(['<', '>']))
        );
        let parsed = MessageParser::default().parse(&kept[0].bytes).expect("a message");
        let to = parsed.to().and_then(|to| to.first()).and_then(|to| to.address());
        assert_eq!(to, row["address"].as_str());
    }
    let again = system.run(&["deliver"]);
    assert!(again.contains("지금 보낼 메일이 없어요"), "{again}");
    assert_eq!(server.kept().len(), 2);
    system.verify();
}

#[test]
fn between_commands_the_store_is_one_file() {
    let (system, _server) = sent();
    for log in ["data/moabom.sqlite-wal", "data/moabom.sqlite-shm"] {
        assert!(!system.path(log).exists(), "{log} is left");
    }
    let copy = "data/copy.sqlite";
    fs::copy(system.path("data/moabom.sqlite"), system.path(copy)).expect("copied");
    let rows = system.command(&["deliveries", "list", "--json"]).env("MOABOM__STORE__PATH", copy).output();
    let rows: Value = serde_json::from_slice(&rows.expect("it starts").stdout).expect("JSON");
    assert_eq!(rows, system.json(&["deliveries", "list", "--json"]));
    assert_eq!(rows.as_array().map(Vec::len), Some(2));
}

#[test]
fn a_reader_of_our_output_may_leave_early() {
    let system = sound(1);
    let many: String = (0..20_000).map(|n| format!("r{n}@example.com,독자,2024-01-01\n")).collect();
    fs::write(system.path("many.csv"), format!("이메일,이름,구독일\n{many}")).expect("written");
    system.run(&["subscribers", "import", "many.csv"]);
    for arguments in [
        vec!["subscribers", "list"],
        vec!["subscribers", "list", "--json"],
        vec!["subscribers", "export"],
        vec!["preview", "--why"],
        vec!["posts", "list", "--json"],
        vec!["--help"],
    ] {
        let mut command = system.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::with_capacity(16, child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("a line");
        let mut said = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
        let status = child.wait().expect("it ends");
        assert!(status.success(), "{arguments:?}: {status} {said}");
        assert!(!said.contains("panicked") && !said.contains("os error"), "{arguments:?}: {said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let system = sound(1);
    for arguments in [
        ["posts", "list", "--json"].as_slice(),
        &["subscribers", "list", "--json"],
        &["subscribers", "export"],
        &["preview", "--format", "eml"],
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("the device");
        let output = system.command(arguments).stdout(full).output().expect("it starts");
        super::broken::check("a full disk", &output, 1, &["결과를 쓰지 못했어요", "남은 공간이 없어요"]);
    }
}

/// Commands by their words, each with the flags its help has to name.
const COMMANDS: &[(&[&str], &[&str])] = &[
    (&["demo"], &["--source", "--once", "--out"]),
    (&["init"], &["--title", "--home", "--advertising", "--smtp-host", "--public-url"]),
    (&["check"], &["--json"]),
    (&["doctor"], &["--json", "--resolver", "--timeout"]),
    (&["run"], &["--config"]),
    (&["ingest"], &["--json"]),
    (&["publish"], &["--at", "--json"]),
    (&["deliver"], &["--json"]),
    (&["preview"], &["--at", "--format", "--why", "--out", "--serve"]),
    (&["test-send"], &["<주소>", "[다이제스트]"]),
    (&["templates", "export"], &["[폴더]"]),
    (&["templates", "check"], &[]),
    (&["posts", "list"], &["--json", "--source", "--limit", "--all"]),
    (&["posts", "show"], &["--json"]),
    (&["posts", "top"], &["--by", "--digest", "--limit", "--json"]),
    (&["posts", "pin"], &["--undo"]),
    (&["posts", "hide"], &["--undo"]),
    (&["admin", "password"], &["--out"]),
    (&["subscribers", "add"], &["--name", "--consent", "--digest"]),
    (&["subscribers", "list"], &["--digest", "--state", "--all", "--json"]),
    (&["subscribers", "show"], &["--json"]),
    (&["subscribers", "import"], &["--consent-date", "--digest", "--keep-going", "--dry-run", "--json"]),
    (&["subscribers", "export"], &["--out", "--bom", "--digest", "--state"]),
    (&["subscribers", "remove"], &[]),
    (&["subscribers", "forget"], &[]),
    (&["editions", "list"], &["--json"]),
    (&["editions", "show"], &["--json"]),
    (&["editions", "pause"], &["--reason"]),
    (&["editions", "resume"], &[]),
    (&["editions", "cancel"], &["--reason"]),
    (&["deliveries", "list"], &["--state", "--edition", "--json"]),
    (&["deliveries", "retry"], &[]),
    (&["deliveries", "resolve"], &["--as"]),
    (&["dkim", "new"], &["--domain", "--selector", "--folder", "--ed25519"]),
    (&["migrate"], &[]),
    (&["verify"], &["--json"]),
    (&["law"], &["--json"]),
    (&["law", "due"], &["--json"]),
    (&["adopt"], &[]),
];

#[test]
fn help_is_korean_and_names_every_flag() {
    let here = tempfile::tempdir().expect("a folder");
    let help = |words: &[&str]| {
        let arguments: Vec<&str> = words.iter().copied().chain(["--help"]).collect();
        let output = moabom(here.path(), &arguments).output().expect("it starts");
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{words:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    for (words, flags) in COMMANDS {
        let text = help(words);
        for flag in *flags {
            assert!(text.contains(flag), "{words:?} does not name {flag}:\n{text}");
        }
    }
    // Every command there is, as the help itself lists them.
    let mut left: Vec<Vec<String>> = vec![vec![]];
    while let Some(words) = left.pop() {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let text = help(&words);
        for part in ["쓰는 법: moabom", "옵션:", "--config", "--help"] {
            assert!(text.contains(part), "{words:?} does not name {part}:\n{text}");
        }
        let listed =
            text.split("명령:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
        let names = listed
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
            .filter(|name| !name.is_empty());
        left.extend(names.map(|name| words.iter().copied().chain([name]).map(str::to_owned).collect()));
        for english in
            ["Usage", "Options", "Arguments", "Commands", "Print", "[default", "[possible", "OPTIONS"]
        {
            assert!(!text.contains(english), "{words:?} says {english}:\n{text}");
        }
        let in_english = |part: &str| part.starts_with(|c: char| c.is_ascii_uppercase());
        let place = text.split(['<', '[']).skip(1).find(|part| in_english(part));
        assert_eq!(place, None, "{words:?}");
        // Every option and argument has its Korean word, beside it or in the next line.
        let korean = |line: &&str| line.chars().any(|c| ('가'..='힣').contains(&c));
        let lines: Vec<&str> = text.lines().collect();
        let missing: Vec<&[&str]> = lines
            .windows(2)
            .filter(|pair| pair[0].starts_with("  ") && pair[0].trim_start().starts_with(['-', '<']))
            .filter(|pair| !pair.iter().any(korean))
            .collect();
        assert!(missing.is_empty(), "{words:?}: {missing:?}");
    }
}

#[test]
fn the_demos_three_letters_differ_in_their_links_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("page.txt");
    fs::write(&page, PAGE).expect("written");
    let own = page.display().to_string();
    for source in [vec![], vec!["--source", own.as_str()]] {
        let arguments: Vec<&str> = ["demo", "--once", "--out", "mails"].into_iter().chain(source).collect();
        let output = moabom(folder.path(), &arguments).output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        three_alike(&folder.path().join("mails"));
        fs::remove_dir_all(folder.path().join("mails")).expect("removed");
    }
}

/// Three mails and three pages, alike but for who they are to and the links that are theirs.
fn three_alike(folder: &Path) {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().display().to_string())
        .collect();
    names.sort();
    assert_eq!(names, ["1.eml", "1.html", "2.eml", "2.html", "3.eml", "3.html"]);
    let read = |name: String| fs::read(folder.join(name)).expect("read");
    let (mut heads, mut htmls, mut texts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut people, mut links) = (BTreeSet::new(), BTreeSet::new());
    for n in 1..=3 {
        let message = read(format!("{n}.eml"));
        let parsed = MessageParser::default().parse(&message).expect("a message");
        let to =
            parsed.to().and_then(|to| to.first()).and_then(|to| to.address()).expect("a reader").to_owned();
        people.insert(to);
        let list = parsed.header_raw("List-Unsubscribe").expect("a way out").to_owned();
        let link = list.split(['<', '>']).find(|part| part.starts_with("http")).expect("a link").to_owned();
        let html = parsed.body_html(0).expect("HTML").into_owned();
        let text = parsed.body_text(0).expect("text").into_owned();
        assert_eq!(read(format!("{n}.html")), html.as_bytes());
        assert!(html.contains(&link) && text.contains(&link), "the link of the header stands in both parts");
        htmls.insert(html.replace(&link, "LINK"));
        texts.insert(text.replace(&link, "LINK"));
        links.insert(link);
        heads.insert(head_but(&message, &["to", "message-id", "list-unsubscribe"]));
    }
    assert_eq!((people.len(), links.len()), (3, 3));
    assert_eq!((heads.len(), htmls.len(), texts.len()), (1, 1, 1), "{heads:#?}");
}

/// The header without these fields.
fn head_but(message: &[u8], personal: &[&str]) -> String {
    let text = String::from_utf8_lossy(message);
    let head = text.split("\r\n\r\n").next().expect("a header");
    let mut kept = String::new();
    let mut skip = false;
    for line in head.split("\r\n") {
        if !line.starts_with([' ', '\t']) {
            let name = line.split(':').next().expect("a name").to_ascii_lowercase();
            skip = personal.contains(&name.as_str());
        }
        if !skip {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}
