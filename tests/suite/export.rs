//! Leaving with everything: all of it, in open formats, at one instant, and nothing that is secret or was erased.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use moabom::cli::export::{Heading, Progress, everything};
use moabom::model::{EmailAddress, Sender};
use moabom::store::export::{LEFT_OUT, NOUNS};
use rusqlite::Connection;
use serde_json::Value;

use crate::people::Desk;
use crate::support::keeper::Keeper;
use crate::support::system::System;

/// A system with a history: an edition sent to all but one, who left; a pause, a pin, a hide, a second observation.
fn lived(keeper: &Keeper) -> System {
    let system = System::new(keeper.port(), 2);
    let config = fs::read_to_string(system.path("moabom.toml")).expect("read");
    fs::write(system.path("moabom.toml"), config + "\n[law]\nnotices = true\n").expect("written");
    system.publish_to(12);
    system.run(&["deliver"]);
    system.run(&["posts", "pin", "1"]);
    system.run(&["posts", "hide", "2"]);
    system.run(&["subscribers", "add", "바늘김씨 <needle.kim@example.com>", "--consent", "2026-10-01"]);
    system.run(&["subscribers", "forget", "needle.kim@example.com"]);
    system.run(&["subscribers", "forget", "reader3@d3.example.com"]);
    let db = store_of(&system);
    db.execute_batch(
        "UPDATE subscriptions SET state = 'paused', resumes_at = 1800000000000, pace = 'monthly' WHERE subscriber_id = 5;
         INSERT INTO wordings VALUES ('web:1', '매주 월요일에 편지를 보내요.\n언제든 그만둘 수 있어요.');
         INSERT INTO observations (post_id, observed_at, reactions, comments, emoji)
           VALUES (1, 1790000000000, 7, 3, '[{\"symbol\":\"👍\",\"count\":7}]');",
    )
    .expect("rows");
    system
}

fn store_of(system: &System) -> Connection {
    Connection::open(system.path("data/moabom.sqlite")).expect("the file")
}

fn count(db: &Connection, table: &str) -> u64 {
    let rows: i64 =
        db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("counts");
    rows.unsigned_abs()
}

fn rows(folder: &Path, noun: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(format!("{noun}.jsonl"))).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// All files below `folder`, by their names in it.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else {
            found.push((name, fs::read(&path).expect("read")));
        }
    }
    found
}

#[test]
fn everything_the_store_holds_comes_out_and_the_manifest_proves_it() {
    let keeper = Keeper::start(0);
    let system = lived(&keeper);
    let summary = system.json(&["export", "--everything", "out/all", "--json"]);
    let (folder, db) = (system.path("out/all"), store_of(&system));
    for noun in NOUNS {
        assert_eq!(rows(&folder, noun.name).len() as u64, count(&db, noun.name), "{}", noun.name);
        assert_eq!(summary["rows"][noun.name], count(&db, noun.name), "{}", noun.name);
    }
    let mut tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").expect("tables");
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).expect("tables");
    let tables: BTreeSet<String> = tables.map(|name| name.expect("a name")).collect();
    let known = NOUNS.iter().map(|noun| noun.name).chain(LEFT_OUT.iter().map(|(table, _)| *table));
    assert_eq!(tables, known.map(str::to_owned).collect(), "each table is taken, or left out for a reason");

    let manifest: Value =
        serde_json::from_slice(&fs::read(folder.join("manifest.json")).expect("read")).expect("JSON");
    let listed = manifest["files"].as_array().expect("a list");
    let there = files(&folder);
    assert_eq!(listed.len() + 1, there.len(), "each file but the manifest is listed");
    for file in listed {
        let name = file["path"].as_str().expect("a path");
        let (_, bytes) = there.iter().find(|(path, _)| path == name).expect("it is there");
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
        let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((&file["sha256"], &file["bytes"]), (&hex.into(), &bytes.len().into()), "{name}");
    }
    let readme = fs::read_to_string(folder.join("README.md")).expect("UTF-8");
    assert!(readme.contains("## subscriptions.jsonl") && readme.contains("`resumes_at`"), "{readme}");
}

#[test]
fn what_an_owner_needs_elsewhere_is_in_the_rows() {
    let keeper = Keeper::start(0);
    let system = lived(&keeper);
    system.run(&["export", "--everything", "all"]);
    let folder = system.path("all");
    let of = |noun: &str, key: &str, value: i64| {
        rows(&folder, noun).into_iter().find(|row| row[key] == value).unwrap_or_else(|| panic!("{noun}"))
    };
    let paused = of("subscriptions", "subscriber_id", 5);
    assert_eq!(
        (&paused["state"], &paused["resumes_at"], &paused["pace"]),
        (&"paused".into(), &"2027-01-15T08:00:00Z".into(), &"monthly".into())
    );
    let consent = of("consents", "subscriber_id", 1);
    assert_eq!((&consent["act"], &consent["at"]), (&"granted".into(), &"2026-09-30T15:00:00Z".into()));
    assert!(rows(&folder, "wordings")[0]["shown"].as_str().is_some_and(|text| text.contains("매주 월요일")));
    assert!(of("posts", "id", 1)["pinned_at"].is_string() && of("posts", "id", 2)["hidden_at"].is_string());
    assert!(!of("posts", "id", 1)["body"].as_str().unwrap_or_default().is_empty());
    let seen = rows(&folder, "observations").pop().expect("observations");
    assert_eq!((&seen["reactions"], &seen["emoji"][0]["symbol"]), (&7.into(), &"👍".into()));
    let delivery = of("deliveries", "subscriber_id", 1);
    assert_eq!(delivery["state"], "sent");
    assert_eq!(of("attempts", "delivery_id", delivery["id"].as_i64().expect("a number"))["result"], "sent");
    let told = rows(&folder, "suppressions");
    assert!(told.iter().all(|row| row["address_hash"].as_str().is_some_and(|hash| hash.len() == 32)));
    assert_eq!(told.len(), 2);

    let edition = of("editions", "number", 1);
    let letter = folder.join(edition["letter"].as_str().expect("a letter"));
    let read = |ending: &str| fs::read_to_string(letter.with_extension(ending)).expect("UTF-8");
    let (html, text, eml) = (read("html"), read("txt"), read("eml"));
    let lead = rows(&folder, "edition_posts")[0]["title"].as_str().expect("a title").to_owned();
    assert!(html.contains("구독자님") && text.contains("구독자님") && text.contains(&lead), "{text}");
    assert!(html.contains("mailto:letter@example.com") && !html.contains("/unsubscribe/"), "{html}");
    let mail = mail_parser::MessageParser::default().parse(eml.as_bytes()).expect("a mail");
    assert_eq!(mail.subject(), edition["subject"].as_str());
    assert!(eml.starts_with("From:") || eml.contains("\r\nFrom:"));
}

#[test]
fn nobody_who_was_erased_and_no_secret_comes_out() {
    let keeper = Keeper::start(0);
    let system = lived(&keeper);
    // A sign-up and a change of address leave mails with links that act for their reader.
    let token = "AQIBAAAAAAAAAAUAAAAAAAAAADq8dY0u1VbYb6Zk7vJrDg0";
    store_of(&system)
        .execute_batch(&format!(
            "INSERT INTO notices (kind, subscriber_id, about, subject, html, text, created_at)
               VALUES ('confirm', 5, 1, '확인', '', 'https://x/confirm/{token}', 1),
                      ('address_change', 5, 2, '변경', '', 'https://x/address/{token}', 1);
             INSERT INTO operator_mails (fact, subject, text, created_at, due_at)
               VALUES ('approval:1', '물어봐요', 'https://x/draft/{token}', 1, 1);"
        ))
        .expect("rows");
    fs::write(system.path("data/admin-password"), "$argon2id$v=19$m=19456$secret").expect("written");
    system.run(&["export", "--everything", "all"]);
    let key = fs::read_to_string(system.path("data/moabom.sqlite.key")).expect("a key");
    let secrets: Vec<&str> =
        key.split(|c: char| c.is_whitespace() || c == ':').filter(|word| word.len() > 20).collect();
    assert!(!secrets.is_empty(), "{key}");
    let erased = ["needle", "바늘김씨", "reader3@", "독자 3\""];
    let mut forbidden: Vec<&str> = erased.into_iter().chain([token, "argon2", "/unsubscribe/"]).collect();
    forbidden.extend(&secrets);
    for (name, bytes) in files(&system.path("all")) {
        let text = String::from_utf8(bytes).expect("UTF-8");
        for word in &forbidden {
            assert!(!text.contains(word), "{word} in {name}");
        }
    }
    let people = rows(&system.path("all"), "subscribers");
    assert_eq!(people.iter().filter(|row| row["erased_at"].is_string()).count(), 2, "their dates stay");
    let notices = rows(&system.path("all"), "notices");
    assert!(notices.iter().any(|row| row["kind"] == "confirm" && row["text"].is_null()));
}

#[test]
fn it_works_while_run_is_at_work() {
    let keeper = Keeper::start(0);
    let system = lived(&keeper);
    let mut run = system.start(&["run"]);
    let exported = system.try_run(&["export", "--everything", "all"]);
    let working = run.try_wait().expect("a child").is_none();
    run.kill().expect("it ends");
    run.wait().expect("it ended");
    assert!(exported.is_ok() && working, "{exported:?}");
    assert_eq!(
        rows(&system.path("all"), "subscribers").len() as u64,
        count(&store_of(&system), "subscribers")
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let keeper = Keeper::start(0);
    let system = lived(&keeper);
    system.run(&["export", "--everything", "all"]);
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&system.path("all")), mode(&system.path("all/letters"))), (0o700, 0o700));
    for (name, _) in files(&system.path("all")) {
        assert_eq!(mode(&system.path("all").join(&name)), 0o600, "{name}");
    }
}

#[test]
fn a_folder_that_is_there_is_left_as_it_is() {
    let system = System::new(1, 1);
    let nothing = system.try_run(&["export", "--everything", "all"]).expect_err("no store");
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("저장소가 아직 없어요"));
    assert!(!system.path("data").exists() && !system.path("all.part").exists());
    system.run(&["ingest"]);
    for (name, word) in [("all", "이미 있어서"), ("all.part", "끝나지 않은 내보내기")] {
        fs::create_dir(system.path(name)).expect("made");
        let refused = system.try_run(&["export", "--everything", "all"]).expect_err("refused");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains(word) && said.contains(name), "{said}");
        assert!(files(&system.path(name)).is_empty());
        fs::remove_dir(system.path(name)).expect("as it was");
    }
    fs::write(system.path("file"), "").expect("written");
    let refused = system.try_run(&["export", "--everything", "file/all"]).expect_err("refused");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("쓰지 못했어요") && !said.contains("os error"), "{said}");
}

fn heading() -> Heading {
    let email = EmailAddress::parse("letter@example.com").expect("an address");
    let sender = Sender { name: "봄날".into(), email, reply_to: None, phone: None, address: None };
    Heading { newsletter: "봄날의 노트".into(), sender, zone: chrono_tz::Asia::Seoul }
}

#[test]
fn it_is_one_snapshot_while_others_write() {
    let desk = Desk::new();
    for number in 0..5_000 {
        desk.run(&["add", &format!("reader{number}@example.com"), "--consent", "2026-10-01"]).ok();
    }
    let folder = desk.folder.path().join("all");
    let mut later = 0;
    everything(&desk.store, &heading(), &folder, desk.now, &mut |_| {
        // Between the nouns and within one: someone joins, someone leaves.
        desk.run(&["add", &format!("later{later}@example.com")]).ok();
        desk.run(&["remove", &format!("reader{later}@example.com")]).ok();
        later += 1;
        Ok(())
    })
    .expect("written");
    assert!(later > NOUNS.len(), "it was asked within nouns too");
    let people = rows(&folder, "subscribers");
    assert_eq!(people.len(), 5_000);
    assert!(people.iter().all(|row| row["address"].as_str().is_some_and(|text| text.starts_with("reader"))));
    assert_eq!((rows(&folder, "subscriptions").len(), rows(&folder, "consents").len()), (5_000, 5_000));
    assert!(rows(&folder, "suppressions").is_empty());
    assert_eq!(desk.list().as_array().map(Vec::len), Some(5_000), "and nobody was kept from writing");
}

#[test]
fn an_export_that_ends_halfway_leaves_nothing_behind() {
    let desk = Desk::new();
    desk.run(&["add", "reader@example.com"]).ok();
    let folder = desk.folder.path().join("all");
    let ended = everything(&desk.store, &heading(), &folder, desk.now, &mut |progress| match progress {
        Progress::File(file) if file.path == "subscribers.jsonl" => anyhow::bail!("stop"),
        _ => Ok(()),
    });
    assert!(ended.is_err() && !folder.exists());
    assert!(!desk.folder.path().join("all.part").exists());
}
