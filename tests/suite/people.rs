//! People by hand: adding, showing, removing, forgetting, and what a withdrawal leaves behind.

use std::io::Write;
use std::path::Path;

use clap::Parser;
use moabom::cli::subscribers::{self, Command, Deps, SubscribersError};
use moabom::clock::Instant;
use moabom::feedback::{self, Outcome, Via};
use moabom::model::subscriber::{ConsentAct, SubscriptionState, SuppressionReason};
use moabom::model::token::{Purpose, SecretKey};
use moabom::model::{EditionId, EmailAddress, SubscriberId, SuppressionKey};
use moabom::store::Store;
use moabom::store::suppressions::Farewell;

/// A store in a directory of its own, with the commands at hand.
pub struct Desk {
    pub folder: tempfile::TempDir,
    pub store: Store,
    pub keys: Vec<SecretKey>,
    pub digests: Vec<String>,
    pub farewell: Farewell,
    pub advertising: bool,
    pub now: Instant,
}

/// What a command printed, and how it ended.
pub struct Said {
    pub out: String,
    pub err: String,
    pub result: Result<(), SubscribersError>,
}

impl Said {
    pub fn ok(self) -> Said {
        assert!(self.result.is_ok(), "{:?}\n{}\n{}", self.result, self.out, self.err);
        self
    }

    pub fn error(&self) -> String {
        self.result.as_ref().expect_err("must fail").to_string()
    }
}

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

impl Desk {
    pub fn new() -> Desk {
        let folder = tempfile::tempdir().expect("a folder");
        let now: Instant = "2026-11-23T03:00:00Z".parse().expect("an instant");
        let store = Store::open(&folder.path().join("moabom.db"), now).expect("opens");
        let keys = vec![SecretKey::new(1, &[7; 32])];
        let digests = vec!["weekly".into()];
        Desk { folder, store, keys, digests, farewell: Farewell::Untold, advertising: false, now }
    }

    pub fn run(&self, line: &[&str]) -> Said {
        let mut err = Vec::new();
        let (out, result) = self.run_before(line, &mut err);
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Said { out: text(out), err: text(err), result }
    }

    /// As [`Desk::run`], with the talk before the eyes of `err` while the command still runs.
    pub fn run_before(&self, line: &[&str], err: &mut dyn Write) -> (Vec<u8>, Result<(), SubscribersError>) {
        let line = Line::try_parse_from(std::iter::once("subscribers").chain(line.iter().copied()));
        let command = line.expect("a command").command;
        let deps = Deps {
            store: &self.store,
            keys: &self.keys,
            digests: &self.digests,
            farewell: self.farewell,
            advertising: self.advertising,
            time_zone: chrono_tz::Asia::Seoul,
            now: self.now,
        };
        let mut out = Vec::new();
        let result = subscribers::run(&command, &deps, &mut out, err);
        (out, result)
    }

    pub fn list(&self) -> serde_json::Value {
        serde_json::from_str(&self.run(&["list", "--json"]).ok().out).expect("JSON")
    }

    pub fn id(&self, address: &str) -> SubscriberId {
        let address = EmailAddress::parse(address).expect("an address");
        let found = self.store.read(|ledger| ledger.subscriber_by_address(&address)).expect("reads");
        found.expect("on the list").id
    }

    pub fn token(&self, address: &str) -> String {
        self.keys[0].token(Purpose::Unsubscribe, self.id(address), EditionId(0))
    }

    pub fn suppression(&self, address: &str) -> Option<SuppressionReason> {
        let key = SuppressionKey::of(&self.keys).expect("a key");
        let address = EmailAddress::parse(address).expect("an address");
        self.store.read(|ledger| ledger.is_suppressed(&key, &address)).expect("reads")
    }

    pub fn sql(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.store.path()).expect("opens")
    }
}

#[test]
fn adding_twice_in_any_spelling_is_one_person_with_one_consent() {
    let desk = Desk::new();
    desk.run(&["add", "Haebom@Naver.com", "--name", "김해봄", "--consent", "2026-11-01"]).ok();
    let again = desk.run(&["add", "haebom@naver.COM"]).ok();
    assert!(again.out.contains("이미"), "{}", again.out);
    assert_eq!(
        desk.list(),
        serde_json::json!([{"id": 1, "address": "Haebom@naver.com", "name": "김해봄",
            "subscriptions": [{"digest": "weekly", "state": "active"}]}])
    );
    let consents = desk.store.read(|ledger| ledger.consents_of(SubscriberId(1))).expect("reads");
    assert_eq!(consents.len(), 1);
    assert_eq!(consents[0].at.to_rfc3339(), "2026-10-31T15:00:00+00:00");
    let shown = desk.run(&["show", "1"]).ok().out;
    assert!(shown.contains("김해봄") && shown.contains("2026-11-01") && shown.contains("구독 중"), "{shown}");
}

#[test]
fn wrong_input_is_explained_and_changes_nothing() {
    let desk = Desk::new();
    for (line, word) in [
        (vec!["add", "a@b.com\r\nRCPT TO:<x@y.com>"], "제어 문자"),
        (vec!["add", "a@b.com RCPT TO:<x@y.com>"], "꼴이 아니"),
        (vec!["add", "a＠b.com"], "전각"),
        (vec!["add", "a@b.com", "--consent", "2027-01-01"], "오지 않은"),
        (vec!["add", "a@b.com", "--consent", "11/23/2026"], "연·월·일"),
        (vec!["add", "a@b.com", "--digest", "monthly"], "weekly"),
        (vec!["show", "nobody@b.com"], "찾지 못했"),
        (vec!["remove", "99"], "찾지 못했"),
    ] {
        let said = desk.run(&line);
        assert!(said.error().contains(word), "{line:?}: {}", said.error());
    }
    assert_eq!(desk.list(), serde_json::json!([]));
}

#[test]
fn a_slip_in_the_domain_is_hinted_but_kept_as_typed() {
    let desk = Desk::new();
    let said = desk.run(&["add", "kim@naver.con"]).ok();
    assert!(said.err.contains("kim@naver.com"), "{}", said.err);
    assert_eq!(desk.list()[0]["address"], "kim@naver.con");
}

#[test]
fn a_withdrawal_erases_the_person_and_stops_what_was_not_begun() {
    let desk = Desk::new();
    desk.run(&["add", "kim@naver.com", "--name", "김"]).ok();
    let sql = desk.sql();
    sql.execute_batch(
        "INSERT INTO editions (id, digest, number, slot_at, state, cutoff_at, frozen_at, subject, preheader, html, text)
           VALUES (1, 'weekly', 1, 0, 'sending', 0, 0, 's', 'p', 'h', 't'), (2, 'weekly', 2, 1, 'sending', 0, 0, 's', 'p', 'h', 't'),
                  (3, 'weekly', 3, 2, 'sending', 0, 0, 's', 'p', 'h', 't');
         INSERT INTO deliveries (kind, edition_id, subscriber_id, state, due_at, changed_at, epoch, last_reply)
           VALUES ('edition', 1, 1, 'leased', 0, 0, 4, NULL), ('edition', 2, 1, 'in_flight', 0, 0, 4, NULL),
                  ('edition', 3, 1, 'deferred', 0, 0, 4, '450 KIM@naver.com try later');",
    )
    .expect("rows");
    let token = desk.token("kim@naver.com");
    let withdraw = || {
        feedback::withdraw(&desk.store, &desk.keys, &token, Via::OneClick, Farewell::Untold, desk.now)
            .expect("writes")
    };
    assert_eq!(withdraw(), Outcome::Done);
    assert_eq!(withdraw(), Outcome::Already);
    let states: Vec<(String, i64, Option<String>)> = sql
        .prepare("SELECT state, epoch, last_reply FROM deliveries ORDER BY id")
        .expect("prepares")
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .expect("reads")
        .collect::<Result<_, _>>()
        .expect("rows");
    let row = |state: &str, epoch| (state.to_owned(), epoch, None);
    assert_eq!(states, [row("suppressed", 5), row("in_flight", 4), row("suppressed", 5)]);
    assert_eq!(desk.suppression("KIM@naver.com"), Some(SuppressionReason::Withdrawn));
    let (person, subscriptions, consents) = desk
        .store
        .read(|ledger| {
            let id = SubscriberId(1);
            Ok((ledger.subscriber(id)?, ledger.subscriptions_of(id)?, ledger.consents_of(id)?))
        })
        .expect("reads");
    let person = person.expect("the row stays");
    assert_eq!((person.address, person.name), (None, None));
    assert_eq!(person.erased_at, Some(desk.now));
    assert_eq!(subscriptions[0].0.state, SubscriptionState::Unsubscribed);
    let acts: Vec<ConsentAct> = consents.iter().map(|consent| consent.act).collect();
    assert_eq!(acts, [ConsentAct::Granted, ConsentAct::Withdrawn]);
    assert_eq!(desk.list(), serde_json::json!([]));
    let all = desk.run(&["list", "--json", "--all"]).ok().out;
    assert!(all.contains("unsubscribed") && all.contains("null"), "{all}");
}

#[test]
fn who_withdrew_cannot_be_added_back_even_after_the_keys_rotated() {
    let mut desk = Desk::new();
    desk.run(&["add", "kim@naver.com"]).ok();
    desk.run(&["remove", "kim@naver.com"]).ok();
    desk.keys.insert(0, SecretKey::new(2, &[9; 32]));
    let said = desk.run(&["add", "Kim@Naver.com", "--consent", "2026-11-23"]);
    assert!(said.error().contains("수신거부"), "{}", said.error());
    assert!(desk.run(&["remove", "kim@naver.com"]).ok().out.contains("이미"));
}

#[test]
fn tokens_that_are_not_ours_withdraw_nobody() {
    let desk = Desk::new();
    desk.run(&["add", "kim@naver.com"]).ok();
    let forged = SecretKey::new(1, &[8; 32]).token(Purpose::Unsubscribe, SubscriberId(1), EditionId(0));
    let nobody = desk.keys[0].token(Purpose::Unsubscribe, SubscriberId(99), EditionId(0));
    for token in ["", "x", "한글", &forged, &nobody, &"A".repeat(47), &"A".repeat(10_000)] {
        let outcome =
            feedback::withdraw(&desk.store, &desk.keys, token, Via::Web, Farewell::Untold, desk.now)
                .expect("writes");
        assert_eq!(outcome, Outcome::Unknown, "{token:.60}");
    }
    assert_eq!(desk.list().as_array().map(Vec::len), Some(1));
}

#[test]
fn after_forgetting_no_file_of_the_store_holds_the_address_or_the_name() {
    let desk = Desk::new();
    for number in 0..300 {
        desk.run(&["add", &format!("someone{number}@example.com"), "--name", "아무개"]).ok();
    }
    desk.run(&["add", "Needle.Kim@naver.com", "--name", "바늘김씨"]).ok();
    assert!(holds(desk.folder.path(), b"eedle"), "it was there");
    desk.run(&["forget", "needle.kim@naver.com"]).ok();
    assert!(!holds(desk.folder.path(), b"eedle") && !holds(desk.folder.path(), "바늘김씨".as_bytes()));
    assert!(desk.run(&["add", "needle.kim@naver.com"]).result.is_err(), "and it stays suppressed");
    let again = desk.run(&["forget", "needle.kim@naver.com"]).ok();
    assert!(again.out.contains("이미"), "{}", again.out);
}

fn holds(folder: &Path, needle: &[u8]) -> bool {
    let files = std::fs::read_dir(folder).expect("reads");
    files
        .map(|file| std::fs::read(file.expect("a file").path()).expect("reads"))
        .any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
}

proptest::proptest! {
    #[test]
    fn every_address_that_passes_is_one_the_mail_library_takes(
        text in "[a-zA-Z0-9.+가-힣ß'=_\u{1100}-\u{1112}😀-]{1,20}@[a-zA-Z0-9.가-힣-]{1,20}(\\.com|\\.한국)?"
    ) {
        if let Ok(address) = EmailAddress::parse(&text) {
            assert!(address.as_str().parse::<lettre::Address>().is_ok(), "{text}");
        }
    }
}
