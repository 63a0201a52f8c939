//! What the law asks for on a day, told by `moabom law` under a clock moved by hand; and a consent as evidence.

use moabom::cli::law::{self, LawArgs, Only};
use moabom::cli::{Context, Misuse};
use moabom::clock::{Clock, Instant};
use moabom::config::ConfigError;
use moabom::feedback::{self, Via};
use moabom::model::SubscriberId;
use moabom::model::subscriber::{Consent, ConsentAct};
use moabom::store::suppressions::Farewell;
use serde_json::{Value, json};

use crate::people::Desk;

const HTTPS: &str = "[web]\npublic_url = \"https://letter.example.com/\"\n";

/// A desk with a configuration beside its store.
struct Office {
    desk: Desk,
    config: std::path::PathBuf,
    only: Option<Only>,
}

fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

impl Office {
    fn new(newsletter: &str, sender: &str, web: &str) -> Office {
        let desk = Desk::new();
        let config = desk.folder.path().join("moabom.toml");
        let text = format!(
            "[newsletter]\ntitle = \"봄\"\nhome = \"https://a.example/\"\n{newsletter}\n\
             [sender]\nname = \"봄\"\nemail = \"a@a.example\"\n{sender}\n\
             [[source]]\nname = \"b\"\nkind = \"page-text\"\nlocation = \"https://a.example/l\"\n\
             [[digest]]\nname = \"weekly\"\nschedule = \"@weekly\"\n\
             [smtp]\nhost = \"smtp.a.example\"\nport = 587\n{web}\
             [store]\npath = {:?}\n",
            desk.store.path()
        );
        std::fs::write(&config, text).expect("written");
        Office { desk, config, only: None }
    }

    fn plain() -> Office {
        Office::new("advertising = false", "", HTTPS)
    }

    fn run(&self, now: Instant, json: bool) -> (String, Result<(), anyhow::Error>) {
        let context = Context { config_path: self.config.clone(), clock: Clock::manual(now) };
        let mut out = Vec::new();
        let result = law::run(&context, LawArgs { json, only: self.only }, &mut out);
        (String::from_utf8(out).expect("UTF-8"), result)
    }

    /// The report, and whether the command ended well.
    fn report(&self, now: &str) -> (Value, bool) {
        let (out, result) = self.run(at(now), true);
        (serde_json::from_str(&out).expect("JSON"), result.is_ok())
    }

    /// Adds a reader who agreed at `consented`, written down at once.
    fn add(&mut self, address: &str, consented: &str) -> SubscriberId {
        self.desk.now = at(consented);
        self.desk.run(&["add", address, "--consent", consented]).ok();
        self.desk.id(address)
    }

    fn tell(&self, id: SubscriberId, when: &str) {
        let consent = Consent {
            act: ConsentAct::Notified,
            digest: None,
            at: at(when),
            source: "test".into(),
            wording: "1".into(),
        };
        let write = self
            .desk
            .store
            .write(move |ledger| ledger.record_consent(id, &consent, at("2027-01-01T00:00:00Z")));
        write.expect("written");
    }
}

#[test]
fn a_result_notice_is_due_for_fourteen_days_and_overdue_after() {
    let mut office = Office::plain();
    let id = office.add("kim@naver.com", "2026-11-01T03:00:00Z");
    for (day, due, pressing, overdue) in [
        ("2026-11-01T03:00:00Z", 1, 0, 0),
        ("2026-11-10T14:59:59Z", 1, 0, 0),
        ("2026-11-10T15:00:00Z", 1, 1, 0),
        ("2026-11-15T14:59:59Z", 1, 1, 0),
        ("2026-11-15T15:00:00Z", 0, 0, 1),
    ] {
        let (report, well) = office.report(day);
        let notices = &report["consent_results"];
        let counts = (&notices["due"]["count"], &notices["pressing"], &notices["overdue"]["count"]);
        assert_eq!(counts, (&json!(due), &json!(pressing), &json!(overdue)), "{day}: {report:#}");
        assert_eq!(well, overdue == 0, "{day}");
    }
    office.tell(id, "2026-11-12T00:00:00Z");
    let (report, well) = office.report("2026-12-24T00:00:00Z");
    assert!(well, "{report:#}");
    assert_eq!(report["consent_results"]["due"]["count"], 0);
}

#[test]
fn through_four_years_each_two_year_notice_is_asked_for_until_it_is_given() {
    let mut office = Office::plain();
    let id = office.add("kim@naver.com", "2024-11-23T03:00:00Z");
    office.tell(id, "2024-11-23T03:00:00Z");
    let two_year = |day: &str| {
        let (report, well) = office.report(day);
        let notices = report["two_year"].clone();
        let last_day = notices["due"]["last_day"].as_str().or(notices["overdue"]["last_day"].as_str());
        let counts = (notices["due"]["count"].as_u64(), notices["overdue"]["count"].as_u64());
        (counts.0.unwrap_or(9), counts.1.unwrap_or(9), last_day.unwrap_or_default().to_owned(), well)
    };
    let nothing = (0, 0, String::new(), true);
    assert_eq!(two_year("2026-10-23T14:59:59Z"), nothing);
    assert_eq!(two_year("2026-10-23T15:00:00Z"), (1, 0, "2026-11-22".into(), true));
    assert_eq!(two_year("2026-11-22T14:59:59Z"), (1, 0, "2026-11-22".into(), true));
    assert_eq!(two_year("2026-11-22T15:00:00Z"), (0, 1, "2026-11-22".into(), false));
    office.tell(id, "2026-11-22T01:00:00Z");
    assert_eq!(two_year("2026-11-23T00:00:00Z"), nothing);
    assert_eq!(two_year("2028-10-24T00:00:00Z"), (1, 0, "2028-11-22".into(), true));
    assert_eq!(two_year("2028-11-23T00:00:00Z"), (0, 1, "2028-11-22".into(), false));
}

#[test]
fn a_withdrawal_is_to_be_told_too_and_an_erased_address_is_admitted() {
    let mut office = Office::plain();
    let id = office.add("kim@naver.com", "2026-11-01T03:00:00Z");
    office.tell(id, "2026-11-01T03:00:00Z");
    let token = office.desk.token("kim@naver.com");
    let left = at("2026-11-20T03:00:00Z");
    feedback::withdraw(&office.desk.store, &office.desk.keys, &token, Via::OneClick, Farewell::Untold, left)
        .expect("withdrawn");
    let (report, well) = office.report("2026-12-04T03:00:00Z");
    let notices = &report["withdrawal_results"];
    assert_eq!((&notices["due"]["count"], &notices["unreachable"], well), (&json!(1), &json!(1), true));
    let (out, result) = office.run(at("2026-12-05T03:00:00Z"), false);
    let error = result.expect_err("overdue");
    assert!(!error.is::<Misuse>(), "exit 1");
    for word in ["기한 지남  1건 (구독자 1, 가장 이른 기한 2026-12-04)", "주소를 지워서", "50조 7항"]
    {
        assert!(out.contains(word), "{word} in {out}");
    }
}

#[test]
fn what_is_due_soon_or_late_is_listed_one_by_one() {
    let mut office = Office::plain();
    office.only = Some(Only::Due);
    office.add("fresh@naver.com", "2026-11-02T03:00:00Z");
    office.add("old@naver.com", "2026-11-01T03:00:00Z");
    assert_eq!(office.report("2026-11-10T14:59:59Z"), (json!([]), true));
    let row = json!({"about": "consent", "subscriber": 2, "acted_on": "2026-11-01", "last_day": "2026-11-15",
        "overdue": false, "erased": false});
    assert_eq!(office.report("2026-11-11T03:00:00Z"), (json!([row]), true));
    let (rows, well) = office.report("2026-11-16T03:00:00Z");
    let overdue: Vec<&Value> = rows.as_array().into_iter().flatten().map(|row| &row["overdue"]).collect();
    assert_eq!((overdue, well), (vec![&json!(false), &json!(true)], false), "{rows}");
    let (out, result) = office.run(at("2026-11-16T03:00:00Z"), false);
    let line = "기한 지남  구독자 2 · 수신동의 처리 결과 · 2026-11-01의 일 · 기한 2026-11-15\n";
    assert!(out.contains(line) && result.is_err_and(|error| !error.is::<Misuse>()), "{out}");
    office.tell(SubscriberId(1), "2026-11-16T03:00:00Z");
    office.tell(SubscriberId(2), "2026-11-16T03:00:00Z");
    let (out, result) = office.run(at("2026-11-16T03:00:00Z"), false);
    assert!(out.contains("없어요") && result.is_ok(), "{out}");
    // The consent before that anniversary, and who left and was not told.
    assert_eq!(office.report("2028-10-30T03:00:00Z").0.as_array().map(Vec::len), Some(2));
    let token = office.desk.token("old@naver.com");
    let left = at("2026-11-20T03:00:00Z");
    feedback::withdraw(&office.desk.store, &office.desk.keys, &token, Via::Web, Farewell::Untold, left)
        .expect("withdrawn");
    let (rows, _) = office.report("2026-12-01T03:00:00Z");
    assert_eq!((&rows[0]["about"], &rows[0]["erased"]), (&json!("withdrawal"), &json!(true)), "{rows}");
}

#[test]
fn an_old_consent_that_came_by_import_is_not_held_against_the_new_list() {
    let mut office = Office::plain();
    office.desk.now = at("2026-11-23T03:00:00Z");
    office.desk.run(&["add", "old@naver.com", "--consent", "2025-06-01"]).ok();
    office.desk.run(&["add", "new@naver.com", "--consent", "2026-11-20"]).ok();
    let (report, well) = office.report("2026-11-23T03:00:00Z");
    let notices = &report["consent_results"];
    assert_eq!((&notices["before_us"], &notices["overdue"]["count"], well), (&json!(1), &json!(0), true));
    assert_eq!(notices["due"]["subscribers"], json!([2]));
}

#[test]
fn a_subscription_without_a_consent_fails() {
    let office = Office::plain();
    office
        .desk
        .sql()
        .execute_batch(
            "INSERT INTO subscribers (id, address, address_key, created_at) VALUES (7, 'a@b.com', 'a@b.com', 0);
             INSERT INTO subscriptions (subscriber_id, digest, state, since) VALUES (7, 'weekly', 'active', 0);",
        )
        .expect("a row of other hands");
    let (report, well) = office.report("2026-11-23T03:00:00Z");
    assert_eq!((&report["unconsented"]["subscribers"], well), (&json!([7]), false));
}

#[test]
fn pending_and_ended_subscriptions_are_no_consents() {
    let mut office = Office::plain();
    office.add("kim@naver.com", "2024-11-01T03:00:00Z");
    for state in ["pending", "unsubscribed"] {
        office.desk.sql().execute("UPDATE subscriptions SET state = ?1", [state]).expect("changed");
        let (report, well) = office.report("2026-11-23T03:00:00Z");
        assert!(well, "{state}: {report:#}");
    }
    office.desk.sql().execute("UPDATE subscriptions SET state = 'paused'", []).expect("changed");
    assert!(!office.report("2026-11-23T03:00:00Z").1);
}

#[test]
fn what_the_configuration_lacks_is_named_with_its_article() {
    let (report, well) = Office::plain().report("2026-11-23T03:00:00Z");
    assert!(well && report["missing"] == json!([]), "{report:#}");
    assert_eq!(report["advice"].as_array().map(Vec::len), Some(2));
    for web in ["", "[web]\npublic_url = \"http://letter.example.com/\"\n"] {
        let office = Office::new("advertising = false", "", web);
        let (out, result) = office.run(at("2026-11-23T03:00:00Z"), false);
        assert!(result.is_ok() && out.contains("참고  web.public_url [정보통신망법 50조"), "{out}");
    }
    let full = Office::new("advertising = true", "phone = \"02-1\"\naddress = \"서울\"", HTTPS);
    let (out, result) = full.run(at("2026-11-23T03:00:00Z"), false);
    assert!(
        result.is_ok() && out.contains("빠진 것이 없어요") && !out.contains("advertising = false"),
        "{out}"
    );
    assert!(out.contains("`run`과 `deliver`가 저절로 보내요"), "{out}");
    let silent = "phone = \"02-1\"\naddress = \"서울\"";
    let quiet = Office::new("advertising = true", silent, &format!("{HTTPS}[law]\nnotices = false\n"));
    let (out, _) = quiet.run(at("2026-11-23T03:00:00Z"), false);
    assert!(out.contains("`[law] notices = true`"), "{out}");
    // An advertising letter without its footer is no configuration at all.
    let bare = Office::new("advertising = true", "", HTTPS);
    let error = bare.run(at("2026-11-23T03:00:00Z"), false).1.expect_err("refused");
    let faults = error.downcast_ref::<ConfigError>().expect("a faulty configuration");
    assert!(faults.is_misuse() && faults.to_string().contains("정보통신망법 50조"), "{faults}");
}

#[test]
fn no_address_is_told_and_nothing_is_written() {
    let mut office = Office::plain();
    for n in 0..30 {
        office.add(&format!("reader{n}@naver.com"), "2024-10-30T03:00:00Z");
    }
    let dump = || {
        let wal = std::fs::read(office.desk.store.path().with_extension("db-wal")).unwrap_or_default();
        (std::fs::read(office.desk.store.path()).expect("the database"), wal)
    };
    let before = dump();
    for json in [true, false] {
        let (out, result) = office.run(at("2026-11-23T03:00:00Z"), json);
        let said = format!("{out}{}", result.expect_err("overdue"));
        assert!(!said.contains('@') && !said.contains("reader"), "{said}");
        assert!(json || said.contains("30건 (구독자 1, 2, 3") && said.contains("20 …"), "{said}");
    }
    assert!(dump() == before, "byte for byte");
}

#[test]
fn a_store_that_is_not_there_is_not_made() {
    let office = Office::plain();
    let text = std::fs::read_to_string(&office.config).expect("read").replace("moabom.db", "other.db");
    std::fs::write(&office.config, text).expect("written");
    assert!(office.run(at("2026-11-23T03:00:00Z"), false).1.is_ok());
    assert!(!office.desk.folder.path().join("other.db").exists());
}

#[test]
fn evidence_shows_each_act_with_its_times_source_and_wording() {
    let mut office = Office::plain();
    let id = office.add("kim@naver.com", "2026-11-01T03:00:00Z");
    office.tell(id, "2026-11-02T03:00:00Z");
    let out = office.desk.run(&["show", "1", "--evidence"]).ok().out;
    for word in [
        "kim@naver.com",
        "1. 동의 · weekly",
        "2. 고지 · 모든 다이제스트",
        "일어난 때  2026-11-01T12:00:00+09:00",
        "적은 때    2027-01-01T09:00:00+09:00",
        "출처       cli",
        "문구       1",
    ] {
        assert!(out.contains(word), "{word} in {out}");
    }
    let out = office.desk.run(&["show", "1", "--evidence", "--json"]).ok().out;
    let shown: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(shown["consents"][1]["recorded_at"], "2027-01-01T09:00:00+09:00");
    // After the withdrawal the dates stay and the address does not.
    let token = office.desk.token("kim@naver.com");
    feedback::withdraw(
        &office.desk.store,
        &office.desk.keys,
        &token,
        Via::Web,
        Farewell::Untold,
        office.desk.now,
    )
    .expect("withdrawn");
    let out = office.desk.run(&["show", "1", "--evidence"]).ok().out;
    assert!(
        out.contains("철회 · 모든 다이제스트") && out.contains("출처       web") && !out.contains("kim@"),
        "{out}"
    );
}

#[test]
fn evidence_shows_the_text_a_person_agreed_to_as_it_was_shown() {
    let mut office = Office::plain();
    office.add("kim@naver.com", "2026-11-01T03:00:00Z");
    // What a sign-up by the form writes.
    let (id, at) = (SubscriberId(1), office.desk.now);
    let keep = move |ledger: &moabom::store::Ledger<'_>| {
        ledger
            .keep_wording("form-1", "수집 항목: 이메일 주소, 이름(선택)\n보유 기간: 구독을 끝낼 때까지\n")?;
        let (digest, source) = (Some("weekly".to_owned()), "web".to_owned());
        let consent =
            Consent { act: ConsentAct::Confirmed, digest, at, source, wording: "form-1".to_owned() };
        ledger.record_consent(id, &consent, at)
    };
    office.desk.store.write(keep).expect("written");
    let out = office.desk.run(&["show", "1", "--evidence"]).ok().out;
    let text = "문구       form-1\n     보여 준 글\n       | 수집 항목: 이메일 주소, 이름(선택)\n       | 보유 기간: 구독을 끝낼 때까지\n";
    assert!(out.contains(text), "{out}");
    let out = office.desk.run(&["show", "1", "--evidence", "--json"]).ok().out;
    let shown: Value = serde_json::from_str(&out).expect("JSON");
    assert!(shown["consents"][0]["shown"].is_null(), "its wording is the text itself");
    let kept = shown["consents"][1]["shown"].as_str().expect("the text");
    assert!(kept.starts_with("수집 항목") && kept.ends_with("까지\n"), "{kept}");
    let brief = office.desk.run(&["show", "1", "--json"]).ok().out;
    assert!(!brief.contains("수집 항목"), "{brief}");
}
