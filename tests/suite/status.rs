//! What `schedule` and `status` tell, before there is anything and after things went wrong.

use chrono::DateTime;
use rusqlite::Connection;
use serde_json::Value;

use crate::support::smtp_server::SmtpServer;
use crate::support::system::{System, moabom};
use crate::support::terminal;

fn words(value: &Value) -> String {
    let list = value.as_array().expect("a list").iter();
    list.map(|one| one.as_str().expect("a text")).collect::<Vec<_>>().join("\n")
}

fn meddle(system: &System, statement: &str) {
    let db = Connection::open(system.path("data/moabom.sqlite")).expect("the file");
    db.execute_batch(statement).expect("meddled");
}

#[test]
fn a_schedule_is_told_in_korean_with_its_next_runs() {
    let system = System::new(1, 1);
    let said = system.run(&["schedule", "--count", "2"]);
    assert!(said.contains("매주 월요일 오전 9시"), "{said}");
    assert!(said.contains("0 9 * * MON") && said.contains("Asia/Seoul"), "{said}");
    assert_eq!(said.matches("(월) 09:00").count(), 2, "{said}");
    assert!(!system.path("data").exists(), "telling a schedule makes no store");
    let rows = system.json(&["schedule", "weekly", "--count", "5", "--json"]);
    let next = rows[0]["next"].as_array().expect("a list");
    let next: Vec<_> = next
        .iter()
        .map(|at| DateTime::parse_from_rfc3339(at.as_str().expect("a text")).expect("an instant"))
        .collect();
    assert_eq!(next.len(), 5);
    assert!(next.windows(2).all(|pair| pair[1] - pair[0] == chrono::Duration::weeks(1)));
    assert_eq!(rows[0]["last"], Value::Null);
    let refused = system.try_run(&["schedule", "monthly"]).expect_err("refused");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("weekly"));
}

#[test]
fn a_schedule_tells_what_holidays_make_of_it() {
    let system = System::new(1, 1);
    let config = std::fs::read_to_string(system.path("moabom.toml")).expect("read");
    let with = |keys: &str| {
        let schedule = "schedule = \"0 9 * * MON\"\n";
        let text = config.replace(schedule, &format!("schedule = \"0 9 * * *\"\n{keys}\n"));
        std::fs::write(system.path("moabom.toml"), text).expect("written");
    };
    // Every ninth day of the coming year is off.
    let days = moabom::clock::Clock::System.now().date_naive().iter_days().skip(2);
    let list: String = days.step_by(9).take(40).map(|day| format!("{day} = \"쉬는 날\"\n")).collect();
    std::fs::write(system.path("off.toml"), list).expect("written");
    with("holidays = \"next_workday\"\nholidays_file = \"off.toml\"");
    let said = system.run(&["schedule", "--count", "30"]);
    assert!(said.contains("공휴일이면 다음 평일의 같은 시각으로 옮겨요"), "{said}");
    assert!(said.contains("쉬는 날"), "{said}");
    with("holidays = \"skip\"");
    let said = system.run(&["schedule"]);
    assert!(said.contains("공휴일이면 건너뛰어요. 2030년까지의 공휴일을 알아요"), "{said}");
    let rows = system.json(&["schedule", "--json"]);
    assert!(rows[0]["holidays"].as_str().is_some_and(|words| words.contains("건너뛰어요")));
    with("holidays = \"never\"");
    assert_eq!(system.try_run(&["schedule"]).expect_err("refused").status.code(), Some(2));
    std::fs::write(system.path("off.toml"), "2026-02-30 = \"없는 날\"\n").expect("written");
    with("holidays = \"skip\"\nholidays_file = \"off.toml\"");
    let refused = system.try_run(&["check"]).expect_err("refused");
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("off.toml") && told.contains("2026-02-30"), "{told}");
}

#[test]
fn a_schedule_tells_what_became_of_the_last_slot_and_what_is_due() {
    let server = SmtpServer::start();
    let system = System::new(server.port(), 1);
    system.publish_to(4);
    system.run(&["deliver"]);
    let said = system.run(&["schedule"]);
    assert!(said.contains("제1호") && said.contains("끝남") && said.contains("보냄 4"), "{said}");
    // As if the daemon had been away for the last slot, eight days long.
    let now = "(SELECT max(slot_at) FROM editions)";
    let week = 8 * 86_400_000_i64;
    meddle(
        &system,
        &format!(
            "INSERT INTO meta SELECT 'schedule:weekly', ({now} - {week}) || ' 0 9 * * MON Asia/Seoul' WHERE true
               ON CONFLICT (key) DO UPDATE SET value = excluded.value;
             UPDATE editions SET slot_at = slot_at - {week}, frozen_at = frozen_at - {week}, cutoff_at = cutoff_at - {week};"
        ),
    );
    let said = system.run(&["schedule"]);
    assert!(said.contains("발행을 아직 하지 않았어요") || said.contains("건너뜀으로 적어요"), "{said}");
}

#[test]
fn the_status_of_nothing_is_told_without_making_anything() {
    let system = System::new(1, 1);
    let said = system.run(&["status"]);
    for words in
        ["느린 오후의 기록", "살펴볼 것이 없어요", "매주 월요일 오전 9시", "아직 읽지 않음", "아직 없어요"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!system.path("data").exists());
    let status = system.json(&["status", "--json"]);
    assert_eq!(status["sources"][0]["last_read_at"], Value::Null);
    assert_eq!(status["concerns"], serde_json::json!([]));
}

#[test]
fn a_status_shows_editions_readers_and_sources_at_their_work() {
    let server = SmtpServer::start();
    let system = System::new(server.port(), 1);
    system.publish_to(7);
    system.run(&["deliver"]);
    system.run(&["subscribers", "remove", "reader3@d3.example.com"]);
    let said = system.run(&["status"]);
    for words in ["살펴볼 것이 없어요", "정상", "제1호", "끝남"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let status = system.json(&["status", "--json"]);
    assert_eq!(status["editions"][0]["counts"]["sent"], 7);
    assert_eq!(status["subscriptions"][0]["active"], 6);
    assert_eq!(status["subscriptions"][0]["unsubscribed"], 1);
    assert_eq!(status["suppressed"], 1);
    assert!(status["sources"][0]["posts"].as_i64() > Some(0));
    assert_eq!(status["held"], serde_json::json!([]));
}

#[test]
fn a_status_says_what_is_held_failing_and_unknown_and_why() {
    let server = SmtpServer::start();
    let system = System::new(server.port(), 1);
    system.publish_to(3);
    let id = system.json(&["editions", "list", "--json"])[0]["id"].to_string();
    system.run(&["editions", "pause", &id, "--reason", "제목에 오타가 있어요\u{1b}[31m"]);
    std::fs::write(system.path("page.txt"), "").expect("written");
    system.try_run(&["ingest"]).expect_err("an empty page");
    meddle(
        &system,
        "UPDATE sources SET failing_since = failing_since - 6 * 3600000, failures = 24;
         INSERT INTO breakers VALUES ('relay', 0, 9000000000000000, 3, '릴레이에 이어지지 않아요');
         INSERT INTO breakers VALUES ('auth', 0, NULL, 1, '로그인을 받아 주지 않아요');
         UPDATE deliveries SET state = 'unknown', due_at = 9223372036854775807 WHERE id = 1;",
    );
    let status = system.json(&["status", "--json"]);
    let concerns = words(&status["concerns"]);
    for words in ["제목에 오타", "릴레이에 이어지지", "로그인을", "1건", "6시간째 읽지 못하고", "24번"]
    {
        assert!(concerns.contains(words), "{words}: {concerns}");
    }
    assert_eq!(status["held"].as_array().map(Vec::len), Some(3));
    let said = system.run(&["status"]);
    assert!(said.contains("6시간째 읽지 못함") && said.contains("멈춤"), "{said}");
    assert!(!said.contains('\u{1b}'), "nothing from outside steers the terminal");
}

/// The words of a screen: what stands between blanks and borders.
fn tokens(screen: &str) -> Vec<&str> {
    let border = |c: char| c.is_whitespace() || ('\u{2500}'..='\u{257f}').contains(&c);
    screen.split(border).filter(|word| !word.is_empty()).collect()
}

#[test]
fn a_terminal_of_any_width_breaks_no_word_of_the_status() {
    let server = SmtpServer::start();
    let system = System::new(server.port(), 1);
    system.publish_to(3);
    let id = system.json(&["editions", "list", "--json"])[0]["id"].to_string();
    system.run(&[
        "editions",
        "pause",
        &id,
        "--reason",
        "제목에 오타가 있어 고친 뒤에 다시 보내려고 잠시 멈추었어요",
    ]);
    for columns in [20, 40, 60, 80, 100, 120, 200] {
        let Some(screen) = terminal::shown(&system, columns, &[("NO_COLOR", "1")], "status") else { return };
        let words = tokens(&screen);
        for word in ["weekly", "제1호", "09:00", "최근", "멈춤", "멈추었어요", "제목에"] {
            assert!(
                words.iter().any(|one| one.trim_end_matches([',', ':', '.']) == word),
                "{columns}, {word}:\n{screen}"
            );
        }
        let widest = screen.lines().map(moabom::korean::width::of).max();
        assert!(widest <= Some(columns.into()), "{columns}: {widest:?}\n{screen}");
    }
}

#[test]
fn a_terminal_that_wants_no_colours_gets_none() {
    let system = System::new(1, 1);
    let Some(coloured) = terminal::shown(&system, 80, &[], "--help") else { return };
    assert!(coloured.contains('\u{1b}'), "{coloured}");
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let plain = terminal::shown(&system, 80, &[variable], "--help").expect("there was one");
        assert!(!plain.contains('\u{1b}') && plain.contains("쓰는 법"), "{variable:?}: {plain}");
    }
}

#[test]
fn every_shell_gets_its_completions_without_a_configuration() {
    let folder = tempfile::tempdir().expect("a directory");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = moabom(folder.path(), &["completions", shell]).output().expect("it starts");
        let script = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && script.contains("subscribers"), "{shell}");
        // Nothing that the command line refuses: `help` as a command, and the version of a command.
        assert!(!script.contains("subscribers help") && !script.contains("__help"), "{shell}");
        assert!(
            !script.contains("subscribers;help") && !script.contains("__fish_seen_subcommand_from help"),
            "{shell}"
        );
        assert!(script.matches("--version").count() + script.matches("-l version").count() <= 2, "{shell}");
    }
}
