//! Files of subscribers: what is read, what is refused and why, and the way back out.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use moabom::model::subscriber::SuppressionReason;
use serde_json::{Value, json};

use crate::people::{Desk, Said};

impl Desk {
    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).expect("writes");
        path
    }

    fn import(&self, bytes: impl AsRef<[u8]>, more: &[&str]) -> Said {
        let path = self.file("people.csv", bytes);
        self.run(&[&["import", path.to_str().expect("UTF-8")], more].concat())
    }

    fn report(&self, bytes: impl AsRef<[u8]>, more: &[&str]) -> Value {
        let said = self.import(bytes, &[more, &["--json"]].concat()).ok();
        serde_json::from_str(&said.out).expect("JSON")
    }

    fn count(&self) -> usize {
        self.list().as_array().map_or(0, Vec::len)
    }
}

#[test]
fn the_same_list_is_read_in_every_encoding_and_shape_a_spreadsheet_saves() {
    let text =
        "이메일,이름,구독일\r\nkim@naver.com,\"김, 해봄\",2026-11-01\r\nlee@daum.net,이봄,2026. 11. 2.\r\n";
    let (cp949, _, failed) = encoding_rs::EUC_KR.encode(text);
    assert!(!failed);
    let utf16: Vec<u8> = "\u{feff}"
        .chars()
        .chain(text.chars())
        .flat_map(|c| {
            c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<u8>>()
        })
        .collect();
    let tabs = text.replace("\"김, 해봄\"", "김\u{1} 해봄").replace(',', "\t").replace('\u{1}', ",");
    let variants: Vec<(&str, Vec<u8>)> = vec![
        ("UTF-8", text.into()),
        ("BOM", format!("\u{feff}{text}").into()),
        ("CP949", cp949.into_owned()),
        ("UTF-16", utf16),
        ("TSV", tabs.into()),
        (
            "semicolons",
            text.replace("\"김, 해봄\"", "김\u{1} 해봄").replace(',', ";").replace('\u{1}', ",").into(),
        ),
        ("LF, no end", text.replace("\r\n", "\n").trim_end().into()),
        ("empty columns", text.replace("\r\n", ",,\r\n").into()),
    ];
    for (what, bytes) in variants {
        let desk = Desk::new();
        let report = desk.report(&bytes, &[]);
        assert_eq!((&report["accepted"], &report["invalid"]), (&json!(2), &json!(0)), "{what}");
        assert_eq!(desk.list()[0]["name"], "김, 해봄", "{what}");
    }
}

#[test]
fn files_of_listmonk_stibee_and_mailchimp_are_understood_and_the_gone_stay_out() {
    let listmonk = "uuid,email,name,attributes,status,created_at,updated_at\n\
        1,a@b.com,A,\"{\"\"city\"\": \"\"서울\"\"}\",enabled,2024-01-02T03:04:05.123456Z,2024-01-02T03:04:05Z\n\
        2,c@d.com,C,{},blocklisted,2024-01-02T03:04:05Z,2024-01-02T03:04:05Z\n";
    let stibee = "이메일 주소,이름,구독 상태,구독일,광고성 정보 수신 동의 여부\n\
        a@b.com,가,구독 중,2024. 1. 2. 오후 3:04:05,Y\nc@d.com,나,수신거부,2024-01-02,Y\ne@f.com,다,구독 중,2024-01-02,N\n";
    let mailchimp = "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,UNSUB_TIME\n\
        a@b.com,해봄,김,2,\"2021-08-22 10:57:06\",\"2021-08-22 10:58:00\",\n\
        c@d.com,Ann,Lee,2,\"2021-08-22 10:57:06\",,2022-01-01 00:00:00\n";
    for (text, left, name) in [(listmonk, 1, "A"), (stibee, 2, "가"), (mailchimp, 1, "김해봄")] {
        let desk = Desk::new();
        let report = desk.report(text, &[]);
        assert_eq!((&report["accepted"], &report["left"]), (&json!(1), &json!(left)), "{text}");
        assert_eq!(desk.list()[0]["name"], name);
    }
}

#[test]
fn a_bad_row_stops_the_whole_file_and_is_named_by_line_and_column() {
    let desk = Desk::new();
    let text = "이메일,이름,구독일\nkim@naver.com,\"두\n줄\",2026-11-01\nbad@@b.com,x,2026-11-01\nlee@daum.net,y,2027-01-01\n\
        a@b.com\nnodate@b.com,z,\n";
    let said = desk.import(text, &[]);
    assert!(said.error().contains("3개"), "{}", said.error());
    for line in [
        "4행 1열(이메일): 'bad@@b.com'",
        "5행 3열(구독일): '2027-01-01'",
        "6행: 칸이 1개",
        "7행: 동의일이 없어",
    ] {
        assert!(said.err.contains(line), "{line} in\n{}", said.err);
    }
    assert_eq!(desk.count(), 0);
    let report = desk.report(text, &["--keep-going"]);
    assert_eq!(
        report,
        json!({"rows": 5, "accepted": 1, "joined": 0, "duplicate": 0, "already": 0, "suppressed": 0, "left": 0,
            "without_consent": 1, "invalid": 3, "left_out": report["left_out"], "more_left_out": 0})
    );
    assert_eq!(report["left_out"].as_array().map(Vec::len), Some(4), "{report:#}");
    assert_eq!(desk.list()[0]["name"], "두 줄");
}

#[test]
fn each_row_is_counted_once_and_imports_revive_nobody() {
    let desk = Desk::new();
    desk.run(&["add", "old@b.com"]).ok();
    desk.run(&["add", "gone@b.com"]).ok();
    desk.run(&["remove", "gone@b.com"]).ok();
    let text = "email,name\nnew@b.com,a\nNEW@B.com,b\nold@b.com,c\ngone@b.com,d\nnew2@gamil.com,e\n\n,\n";
    let dry = desk.import(text, &["--consent-date", "2026-11-01", "--dry-run"]).ok();
    assert!(dry.out.contains("시험 실행") && desk.count() == 1, "{}", dry.out);
    let said = desk.import(text, &["--consent-date", "2026-11-01", "--json"]).ok();
    let report: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(
        report,
        json!({"rows": 5, "accepted": 2, "joined": 0, "duplicate": 1, "already": 1, "suppressed": 1, "left": 0,
            "without_consent": 0, "invalid": 0, "more_left_out": 0,
            "left_out": [{"row": 5, "kind": "suppressed", "place": null,
                "reason": "발송 금지된 주소라 뺐어요 (까닭: 수신거부)"}]})
    );
    assert!(said.err.contains("6행 주의") && said.err.contains("gmail.com"), "{}", said.err);
    assert_eq!(desk.suppression("gone@b.com"), Some(SuppressionReason::Withdrawn));
    assert_eq!(desk.count(), 3);
}

#[test]
fn broken_files_are_refused_with_what_to_do() {
    let desk = Desk::new();
    let open_quote =
        format!("이메일,구독일\n\"a@b.com,2026-11-01\n{}", "c@d.com,2026-11-01\n".repeat(40_000));
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", Vec::new(), "빈 파일"),
        ("no header", "a@b.com,김,2026-11-01\n".into(), "머리글 행이 없어요"),
        ("no address column", "이름,구독일\n김,2026-11-01\n".into(), "이메일 열을"),
        ("no consent column", "이메일,이름\na@b.com,김\n".into(), "--consent-date"),
        ("xlsx", b"PK\x03\x04rest".to_vec(), "CSV UTF-8"),
        ("latin-1", b"email,name,created_at\na@b.com,Andr\xe9 x,2026-11-01\n".to_vec(), "2행"),
        ("binary", vec![0, 159, 146, 150, 255, 1, 2, 3], "읽을 수 없어요"),
        ("open quote", open_quote.into(), "큰따옴표"),
        ("unknown state", "이메일,구독일,상태\na@b.com,2026-11-01,뭘까\n".into(), "잘못된 행이 1개"),
        ("unknown digest", "이메일,구독일,다이제스트\na@b.com,2026-11-01,daily\n".into(), "잘못된 행이 1개"),
    ];
    for (what, bytes, word) in cases {
        let said = desk.import(&bytes, &[]);
        assert!(said.error().contains(word), "{what}: {}", said.error());
        assert_eq!(said.result.map_err(|error| error.exit_code()), Err(1));
        assert_eq!(desk.count(), 0, "{what}");
    }
    let missing = desk.run(&["import", "/nowhere/at/all.csv"]);
    assert!(missing.error().contains("그런 파일이 없어요"), "{}", missing.error());
}

#[test]
fn what_goes_out_comes_back_the_same_and_no_spreadsheet_runs_it() {
    let mut desk = Desk::new();
    desk.digests = vec!["weekly".into(), "=monthly".into()];
    for (address, name, day) in [
        ("=cmd@b.com", "=HYPERLINK(\"x\")", "2026-11-01"),
        ("+82@b.com", "'=already", "2026-11-01 10:20:30"),
        ("o'hara@b.com", "쉼표, \"따옴표\"", "2025-02-28"),
        ("해봄@한글.한국", "@me", "2024-02-29 23:59:59.120"),
        ("plain@b.com", "", "2020-01-01"),
    ] {
        desk.run(&["add", address, "--name", name, "--consent", day]).ok();
    }
    desk.sql()
        .execute(
            "UPDATE subscriptions SET state = 'paused' WHERE subscriber_id = 2 AND digest = 'weekly'",
            [],
        )
        .expect("writes");
    desk.sql()
        .execute_batch(
            "UPDATE subscriptions SET state = 'paused', resumes_at = 1800000000000, pace = 'monthly'
              WHERE subscriber_id = 3 AND digest = 'weekly';
             UPDATE subscriptions SET pace = 'monthly' WHERE subscriber_id = 4;",
        )
        .expect("writes");
    let first = desk.folder.path().join("out.csv");
    let path = first.to_str().expect("UTF-8");
    desk.run(&["export", "--out", path, "--bom"]).ok();
    let refused = desk.run(&["export", "--out", path]);
    assert!(refused.error().contains("덮어쓰지 않으니"), "{}", refused.error());
    let written = std::fs::read_to_string(&first).expect("reads");
    assert!(
        written.starts_with("\u{feff}이메일,이름,구독일,상태,다이제스트,다시 받는 날,받는 빈도\r\n"),
        "{written}"
    );
    for cell in written.split(['\n', ',']).map(|cell| cell.trim_start_matches('"')) {
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
    }
    let mut other = Desk::new();
    other.digests.clone_from(&desk.digests);
    other.run(&["import", path]).ok();
    assert_eq!(other.list(), desk.list());
    let wishes = |desk: &Desk| {
        let sql = desk.sql();
        let query = "SELECT subscriber_id, digest, state, resumes_at, pace FROM subscriptions ORDER BY 1, 2";
        let mut list = sql.prepare(query).expect("prepares");
        let read = |row: &rusqlite::Row<'_>| (0..5).map(|at| row.get(at)).collect();
        let rows = list.query_map([], read).expect("reads");
        rows.collect::<Result<Vec<Vec<rusqlite::types::Value>>, _>>().expect("rows")
    };
    assert_eq!(wishes(&other), wishes(&desk), "pauses with their ends, and how often");
    let stream = |desk: &Desk| desk.run(&["export"]).ok().out;
    assert_eq!(stream(&other), stream(&desk));
    assert_eq!(stream(&desk), written.trim_start_matches('\u{feff}'));
}

#[test]
fn the_wishes_in_a_file_are_for_new_subscriptions_and_must_be_readable() {
    let desk = Desk::new();
    desk.run(&["add", "old@b.com"]).ok();
    let text = "이메일,구독일,상태,다시 받는 날,받는 빈도\n\
        old@b.com,2026-11-01,쉬는 중,2027-01-01,월간\nnew@b.com,2026-11-01,쉬는 중,2027-01-01,월간 모음\n\
        back@b.com,2026-11-01,구독 중,2027-01-01,\n";
    desk.import(text, &[]).ok();
    let wishes = |address: &str| {
        let found = desk.store.read(|ledger| ledger.subscriptions_of(desk.id(address))).expect("reads");
        let subscription = found[0].0.clone();
        let until = subscription.resumes_at.map(|at| at.to_rfc3339());
        (subscription.state.as_str(), until, subscription.frequency.as_str())
    };
    assert_eq!(wishes("old@b.com"), ("active", None, "every"), "who is here keeps what the reader chose");
    let until = Some("2026-12-31T15:00:00+00:00".to_owned());
    assert_eq!(wishes("new@b.com"), ("paused", until, "monthly"));
    assert_eq!(wishes("back@b.com"), ("active", None, "every"), "no pause, no end of it");
    for (row, word) in [
        ("x@b.com,2026-11-01,쉬는 중,언젠가,매번", "4열(다시 받는 날): '언젠가'"),
        ("x@b.com,2026-11-01,구독 중,,가끔", "5열(받는 빈도)"),
    ] {
        let said = desk.import(format!("이메일,구독일,상태,다시 받는 날,받는 빈도\n{row}\n"), &[]);
        assert!(said.result.is_err() && said.err.contains(word), "{}", said.err);
    }
    assert_eq!(desk.count(), 3);
}

#[test]
fn a_large_file_is_read_as_a_stream_in_one_transaction() {
    let desk = Desk::new();
    let mut text = String::from("이메일,이름,구독일\n");
    for number in 0..12_000 {
        text.push_str(&format!("reader{number}@example.com,독자 {number},2026-11-01\n"));
    }
    let said = desk.import(&text, &[]).ok();
    assert!(said.out.contains("새 구독자: 12000") && said.err.contains("10000행까지"), "{}", said.out);
    let refused: String = text
        .lines()
        .take(3_000)
        .map(|line| line.replace("reader", "other") + "\n")
        .chain(["broken\n".into()])
        .collect();
    assert!(desk.import(refused, &[]).result.is_err());
    let count: i64 =
        desk.sql().query_row("SELECT count(*) FROM subscribers", [], |row| row.get(0)).expect("counts");
    assert_eq!(count, 12_000, "the refused file left nothing");
}

#[test]
fn who_left_in_any_row_of_a_file_is_not_brought_in_by_another() {
    for (what, on, gone) in [
        ("as written", "a@b.com,2026-11-01,구독 중", "a@b.com,2026-11-01,수신거부"),
        ("case", "A@B.com,2026-11-01,구독 중", "a@b.com,2026-11-02,수신거부"),
        ("pending", "a@b.com,2026-11-01,확인 대기", "a@b.com,,해지"),
        ("composition", "가@b.com,2026-11-01,", "\u{1100}\u{1161}@b.com,2026-11-01,수신거부"),
        ("domain", "a@한글.한국,2026-11-01,", "a@xn--bj0bj06e.xn--3e0b707e,2026-11-01,수신거부"),
        ("a day nobody can read", "a@b.com,2026-11-01,", "a@b.com,언젠가,수신거부"),
        ("a slip in the leaving", "a@b.com,2026-11-01,", "\"\u{200b}봄 <a@b．com>\",2026-11-01,수신거부"),
        ("a left row of a state nobody knows", "a@b.com,2026-11-01,", "a@b.com,2026-11-01,뭘까"),
    ] {
        for (first, second, line, other) in [(on, gone, 2, 3), (gone, on, 3, 2)] {
            let desk = Desk::new();
            let text = format!("이메일,구독일,상태\n{first}\n{second}\nx@b.com,2026-11-01,\n");
            let said = desk.import(text, &["--keep-going"]).ok();
            assert_eq!(desk.count(), 1, "{what}: {}", said.err);
            assert_eq!(desk.list()[0]["address"], "x@b.com", "{what}");
            assert!(said.err.contains(&format!("{line}행: 같은 주소가 {other}행에")), "{what}: {}", said.err);
        }
    }
}

#[test]
fn who_is_here_and_left_in_a_row_of_the_file_gets_no_further_digest() {
    let mut desk = Desk::new();
    desk.run(&["add", "a@b.com"]).ok();
    desk.digests.push("monthly".into());
    let said = desk.import("이메일,구독일,상태\na@b.com,2026-11-01,\na@b.com,,수신거부\n", &["--json"]).ok();
    let report: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((&report["joined"], &report["left"]), (&json!(0), &json!(2)));
    assert!(said.err.contains("3행") && said.err.contains("subscribers remove a@b.com"), "{}", said.err);
    assert_eq!(desk.list()[0]["subscriptions"], json!([{"digest": "weekly", "state": "active"}]));
}

/// Whoever reads the talk: with each line it is asked whether others may write in the store.
struct Pager {
    others: rusqlite::Connection,
    seen: String,
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.others.execute_batch("BEGIN IMMEDIATE; COMMIT").expect("nobody else is writing");
        self.seen.push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn nobody_waits_for_the_terminal_while_the_store_is_written() {
    let desk = Desk::new();
    desk.run(&["add", "gone@b.com"]).ok();
    desk.run(&["remove", "gone@b.com"]).ok();
    let mut text = String::from("이메일,구독일\n");
    for number in 0..1_500 {
        text.push_str(&format!("broken{number},2026-11-01\ngone@b.com,2026-11-01\n"));
    }
    let path = desk.file("people.csv", text);
    let others = desk.sql();
    others.busy_timeout(Duration::ZERO).expect("sets");
    let mut pager = Pager { others, seen: String::new() };
    let line = ["import", path.to_str().expect("UTF-8"), "--keep-going"];
    let (out, result) = desk.run_before(&line, &mut pager);
    assert!(result.is_ok(), "{result:?}");
    let (out, seen) = (String::from_utf8_lossy(&out), pager.seen);
    assert!(out.contains("발송 금지: 1500") && out.contains("잘못된 행: 1500"), "{out}");
    assert!(seen.contains("3000행 1열(이메일): 'broken1499'") && seen.contains("3행: 발송 금지된"), "{seen}");
    assert!(seen.contains("그 밖에 500건"), "{}", seen.lines().last().unwrap_or_default());
}

#[test]
fn whatever_says_that_a_person_left_or_did_not_agree_is_heard() {
    for (header, gone, on) in [
        ("수신거부", "2026-11-02", ""),
        ("탈퇴일", "2026-11-02", "-"),
        ("unsubscribed", "TRUE", "false"),
        ("해지 여부", "Y", "N"),
        ("상태", "×", "○"),
        ("상태", "구독 중(수신거부)", "구독 중"),
        ("수신동의", "", "동의"),
        ("개인정보 수집에 동의하시나요?", "동의하지 않습니다", "동의합니다"),
    ] {
        let desk = Desk::new();
        let text =
            format!("이메일,구독일,{header}\ngone@b.com,2026-11-01,{gone}\non@b.com,2026-11-01,{on}\n");
        let report = desk.report(text, &[]);
        assert_eq!((&report["left"], &report["accepted"]), (&json!(1), &json!(1)), "{header}: {gone}");
        assert_eq!(desk.list()[0]["address"], "on@b.com", "{header}: {gone}");
    }
    let desk = Desk::new();
    let path = desk.file("수신거부 명단.csv", "이메일,구독일\na@b.com,2026-11-01\n");
    let said = desk.run(&["import", path.to_str().expect("UTF-8")]).ok();
    assert!(said.err.contains("파일 이름") && desk.count() == 0, "{}", said.err);
}

#[test]
fn what_spreadsheets_and_address_books_leave_in_a_file_is_read() {
    for (what, text) in [
        ("sep=", "sep=;\r\n이메일;이름;구독일\r\na@b.com;봄;2026-11-01\r\n"),
        ("bars", "이메일|이름|구독일\na@b.com|봄|2026-11-01\n"),
        ("blank rows first", "\n,,\n이메일,이름,구독일\na@b.com,봄,2026-11-01\n"),
        ("a name with the address", "이메일,구독일\n봄 <a@b.com>,2026-11-01\n"),
        (
            "nothing to see",
            "\u{200b}이메일,이름,구독일\n\u{202a}a@b.com\u{202c},봄\u{200b},2026-11-01\u{200b}\n",
        ),
        ("full-width header", "ｅ－ｍａｉｌ,이름,구독일\na@b.com,봄,2026-11-01\n"),
    ] {
        let desk = Desk::new();
        let said = desk.import(text, &[]);
        assert!(said.result.is_ok(), "{what}: {:?} {}", said.result, said.err);
        assert_eq!(
            (&desk.list()[0]["address"], &desk.list()[0]["name"]),
            (&json!("a@b.com"), &json!("봄")),
            "{what}"
        );
    }
    let one = Desk::new().import("이메일  이름  구독일\na@b.com  봄  2026-11-01\n", &[]);
    assert!(one.error().contains("쉼표(,)나 탭"), "{}", one.error());
}
