//! Signing up by the form: double opt-in, floods, and what nobody is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use moabom::clock::Clock;
use moabom::model::subscriber::{ConsentAct, SubscriptionState, SuppressionReason};
use moabom::model::token::{Purpose, SecretKey};
use moabom::model::{EmailAddress, SubscriberId, SuppressionKey};
use moabom::web::{self, DigestChoice};

use crate::people::Desk;
use crate::web::{Served, body, deps, status};

pub const FORM: &str = "application/x-www-form-urlencoded";

/// A desk whose pages are served on a clock that moves.
pub struct Front {
    pub desk: Desk,
    pub clock: Clock,
    pub served: Served,
}

impl Front {
    pub fn new() -> Front {
        Front::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut web::Deps)) -> Front {
        let desk = Desk::new();
        let mut deps = deps(&desk, desk.keys.clone());
        // The client of a test stands for a proxy, so that each request may come from where it likes.
        deps.people.trusted_proxies =
            moabom::model::network::Network::parse("127.0.0.1").into_iter().collect();
        change(&mut deps);
        let clock = deps.clock.clone();
        let served = Served::of(deps);
        Front { desk, clock, served }
    }

    pub fn pass(&self, span: chrono::Duration) {
        self.clock.set(self.clock.now() + span);
    }

    /// The stamp of a form opened now, which is old enough when this returns.
    pub fn stamp(&self) -> String {
        let page = self.served.ask("GET", "/subscribe");
        let made = page.split("name=\"made\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let made = made.expect("a stamp").to_owned();
        self.pass(chrono::Duration::seconds(5));
        made
    }

    pub fn sign_up(&self, address: &str) -> String {
        let body = filled(&self.stamp(), address);
        self.served.post("/subscribe", FORM, &body)
    }

    /// Mails asked for so far.
    pub fn mailed(&self) -> i64 {
        self.number("SELECT count(*) FROM notices WHERE kind = 'confirm'")
    }

    pub fn number(&self, query: &str) -> i64 {
        self.desk.sql().query_row(query, [], |row| row.get(0)).expect("reads")
    }

    pub fn state(&self, address: &str) -> Option<SubscriptionState> {
        let address = EmailAddress::parse(address).expect("an address");
        let store = &self.desk.store;
        let person = store.read(|ledger| ledger.subscriber_by_address(&address)).expect("reads")?;
        let has = store.read(|ledger| ledger.subscriptions_of(person.id)).expect("reads");
        has.first().map(|(one, _)| one.state)
    }

    /// The link of the newest mail, below the public address.
    pub fn link(&self) -> String {
        let text: String = self
            .desk
            .sql()
            .query_row("SELECT text FROM notices ORDER BY id DESC LIMIT 1", [], |row| row.get(0))
            .expect("a notice");
        let at = text.find("https://letter.example.com/").expect("a link");
        let link = text[at..].split_whitespace().next().expect("a word");
        link["https://letter.example.com".len()..].to_owned()
    }
}

/// A form in which everything is ticked.
pub fn filled(stamp: &str, address: &str) -> String {
    let address: String = url::form_urlencoded::byte_serialize(address.as_bytes()).collect();
    format!("made={stamp}&address={address}&name=&digest=weekly&agree=yes&adult=yes&website=")
}

#[test]
fn signing_up_takes_a_form_a_mail_and_one_button() {
    let front = Front::new();
    let answer = front.sign_up("Kim@Naver.com");
    assert_eq!(status(&answer), "200");
    assert_eq!(front.state("kim@naver.com"), Some(SubscriptionState::Pending));
    assert_eq!(front.mailed(), 1);
    let link = front.link();
    for _ in 0..3 {
        let page = front.served.ask("GET", &link);
        assert!(page.contains("<form method=\"post\">") && page.contains("K***@naver.com"), "{page}");
    }
    assert_eq!(front.state("kim@naver.com"), Some(SubscriptionState::Pending), "looking confirms nothing");
    let said: Vec<String> = (0..3)
        .map(|_| front.served.post(&link, "", ""))
        .inspect(|answer| assert_eq!(status(answer), "200"))
        .collect();
    assert!(said[0].contains("구독을 시작했어요") && said.iter().all(|one| body(one) == body(&said[0])));
    assert_eq!(front.state("kim@naver.com"), Some(SubscriptionState::Active));
    let consents = front.desk.store.read(|ledger| ledger.consents_of(SubscriberId(1))).expect("reads");
    let acts: Vec<ConsentAct> =
        consents.iter().map(|one| one.act).filter(|act| *act != ConsentAct::Notified).collect();
    assert_eq!(acts, [ConsentAct::Granted, ConsentAct::Confirmed]);
    assert!(consents[0].wording.starts_with("구독 양식 1판: 개인정보 수집·이용, 만 14세 이상 ("));
    assert_eq!((&consents[0].wording, consents[1].source.as_str()), (&consents[1].wording, "web"));
    assert!(front.served.ask("GET", &link).contains("구독을 시작했어요"));
    let shown: String = front
        .desk
        .sql()
        .query_row("SELECT shown FROM wordings WHERE wording = ?1", [&consents[0].wording], |row| row.get(0))
        .expect("the text agreed to");
    assert!(
        shown.contains("동의하지 않을 권리")
            && shown.contains("만 14세 이상이에요")
            && !shown.contains("광고")
    );
}

#[test]
fn everybody_is_told_the_same() {
    let front = Front::new();
    front.desk.run(&["add", "known@naver.com"]).ok();
    front.desk.run(&["add", "left@naver.com"]).ok();
    front.desk.run(&["remove", "left@naver.com"]).ok();
    for (address, reason) in
        [("bounced@naver.com", SuppressionReason::HardBounce), ("never@naver.com", SuppressionReason::Manual)]
    {
        let key = SuppressionKey::of(&front.desk.keys).expect("a key");
        let hash = key.hash(&EmailAddress::parse(address).expect("an address"));
        let now = front.desk.now;
        front.desk.store.write(move |ledger| ledger.suppress(&hash, reason, now)).expect("writes");
    }
    let addresses = [
        "new@naver.com",
        "known@naver.com",
        "left@naver.com",
        "bounced@naver.com",
        "never@naver.com",
        "new@naver.com",
    ];
    let pages: Vec<String> = addresses.iter().map(|one| body(&front.sign_up(one)).to_owned()).collect();
    assert!(pages.iter().all(|page| *page == pages[0] && page.contains("72시간 안에")), "{pages:?}");
    let trapped = format!("{}x", filled(&front.stamp(), "bot@naver.com"));
    assert_eq!(body(&front.served.post("/subscribe", FORM, &trapped)), pages[0]);
    assert_eq!(front.mailed(), 2, "the new one, and the one who left and may come back");
    assert_eq!(front.state("bot@naver.com"), None);
    assert_eq!(front.state("known@naver.com"), Some(SubscriptionState::Active));
}

#[test]
fn whoever_left_comes_back_by_the_mail_alone() {
    let front = Front::new();
    front.desk.run(&["add", "left@naver.com"]).ok();
    front.desk.run(&["remove", "left@naver.com"]).ok();
    front.sign_up("left@naver.com");
    assert!(front.desk.suppression("left@naver.com").is_some(), "nothing is lifted by a form");
    assert_eq!(front.state("left@naver.com"), Some(SubscriptionState::Pending));
    front.served.post(&front.link(), "", "");
    assert_eq!(front.desk.suppression("left@naver.com"), None);
    assert_eq!(front.state("left@naver.com"), Some(SubscriptionState::Active));
}

#[test]
fn an_old_link_confirms_nothing_and_says_how_to_ask_anew() {
    let front = Front::new();
    front.sign_up("kim@naver.com");
    let link = front.link();
    front.pass(chrono::Duration::hours(73));
    for answer in [front.served.ask("GET", &link), front.served.post(&link, "", "")] {
        assert_eq!(status(&answer), "410");
        assert!(answer.contains("href=\"/subscribe\"") && !answer.contains("naver.com"), "{answer}");
    }
    assert_eq!(front.state("kim@naver.com"), Some(SubscriptionState::Pending));
    let nobody = front.desk.keys[0].numbered_token(
        Purpose::Confirm,
        SubscriberId(99),
        front.clock.now().timestamp_millis(),
    );
    let forged = SecretKey::new(1, &[8; 32]).numbered_token(Purpose::Confirm, SubscriberId(1), i64::MAX);
    let other = front.desk.keys[0].numbered_token(Purpose::Preferences, SubscriberId(1), 0);
    let expired = front.served.post(&link, "", "");
    for token in [nobody, forged, other, "A".repeat(47)] {
        let answer = front.served.post(&format!("/confirm/{token}"), "", "");
        assert_eq!((status(&answer), body(&answer)), ("410", body(&expired)), "no oracle");
    }
    front.sign_up("kim@naver.com");
    assert_eq!(front.mailed(), 2, "asked anew after a day");
    front.served.post(&front.link(), "", "");
    assert_eq!(front.state("kim@naver.com"), Some(SubscriptionState::Active));
}

#[test]
fn what_is_confirmed_has_its_name_and_a_reader_is_not_told_of_being_erased() {
    let front = Front::with(|deps| {
        deps.archive.titles = [("monthly".to_owned(), "월간 <모음>".to_owned())].into_iter().collect();
        let (name, when) = ("monthly".to_owned(), "매월 1일".to_owned());
        deps.people.digests.push(DigestChoice { name, when, best: None });
    });
    let ask = |digest: &str| {
        let sent = filled(&front.stamp(), "kim@naver.com").replace("digest=weekly", digest);
        front.served.post("/subscribe", FORM, &sent);
        front.link()
    };
    let link = ask("digest=weekly");
    let page = front.served.ask("GET", &link);
    assert!(page.contains("받을 편지: weekly") && page.contains("7일"), "{page}");
    front.served.post(&link, "", "");
    front.pass(chrono::Duration::hours(25));
    let page = front.served.ask("GET", &ask("digest=monthly"));
    assert!(page.contains("받을 편지: 월간 &lt;모음&gt;"), "{page}");
    assert!(!page.contains("7일") && page.contains("받고 계신 편지는 그대로"), "{page}");
    let text: String = front
        .desk
        .sql()
        .query_row("SELECT text FROM notices ORDER BY id DESC LIMIT 1", [], |row| row.get(0))
        .expect("a notice");
    assert!(!text.contains("주소는 7일"), "the same mail goes to readers: {text}");
}

/// A sign-up under that name; the link of its mail.
fn sign_up_as(front: &Front, name: &str) -> String {
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let sent = filled(&front.stamp(), "kim@naver.com").replace("name=&", &format!("name={name}&"));
    front.served.post("/subscribe", FORM, &sent);
    front.link()
}

fn name_of_kim(front: &Front) -> Option<String> {
    let address = EmailAddress::parse("kim@naver.com").expect("an address");
    let person = front.desk.store.read(|ledger| ledger.subscriber_by_address(&address)).expect("reads");
    person.expect("there").name
}

#[test]
fn a_name_that_a_stranger_wrote_gives_way_to_that_of_the_one_who_confirms() {
    let front = Front::new();
    sign_up_as(&front, "낯선 사람");
    front.pass(chrono::Duration::hours(25));
    let link = sign_up_as(&front, "김 & 해봄");
    let page = front.served.ask("GET", &link);
    assert!(page.contains("name=\"name\" value=\"김 &amp; 해봄\"") && !page.contains("낯선"), "{page}");
    let refused = front.served.post(&link, FORM, "name=www.example.com");
    assert!(status(&refused) == "422" && refused.contains("웹 주소"), "{refused}");
    assert!(refused.contains("value=\"www.example.com\""), "what was typed stays: {refused}");
    assert_eq!(front.state("kim@naver.com"), Some(SubscriptionState::Pending));
    assert_eq!(status(&front.served.post(&link, FORM, "name=+%EA%B9%80%EB%B4%84")), "200");
    assert_eq!(name_of_kim(&front).as_deref(), Some("김봄"));
    // The link goes on working, and changes nothing any more.
    front.served.post(&link, FORM, "name=other");
    assert_eq!(name_of_kim(&front).as_deref(), Some("김봄"));
}

#[test]
fn a_name_can_be_left_away_when_confirming_and_a_readers_own_is_no_strangers_to_write() {
    let front = Front::with(|deps| {
        let (name, when) = ("monthly".to_owned(), "매월 1일".to_owned());
        deps.people.digests.push(DigestChoice { name, when, best: None });
    });
    let link = sign_up_as(&front, "낯선 사람");
    front.served.post(&link, FORM, "name=");
    assert_eq!(name_of_kim(&front), None);
    front.pass(chrono::Duration::hours(25));
    let sent = filled(&front.stamp(), "kim@naver.com")
        .replace("name=&digest=weekly", "name=stranger&digest=monthly");
    front.served.post("/subscribe", FORM, &sent);
    let page = front.served.ask("GET", &front.link());
    assert!(page.contains("구독 시작하기") && !page.contains("name=\"name\""), "{page}");
    front.served.post(&front.link(), FORM, "name=stranger");
    assert_eq!(name_of_kim(&front), None);
}

#[test]
fn a_stranger_does_not_rename_a_reader_who_rests_since_the_import() {
    let front = Front::with(|deps| {
        let (name, when) = ("monthly".to_owned(), "매월 1일".to_owned());
        deps.people.digests.push(DigestChoice { name, when, best: None });
    });
    let list = front.desk.folder.path().join("list.csv");
    std::fs::write(&list, "이메일,이름,구독일,상태\nkim@naver.com,김봄,2026-11-01,일시정지\n")
        .expect("writes");
    front.desk.run(&["import", list.to_str().expect("a path"), "--digest", "weekly"]).ok();
    assert_eq!(front.state("kim@naver.com"), Some(SubscriptionState::Paused));
    let sent = filled(&front.stamp(), "kim@naver.com")
        .replace("name=&digest=weekly", "name=stranger&digest=monthly");
    front.served.post("/subscribe", FORM, &sent);
    assert_eq!((front.mailed(), name_of_kim(&front).as_deref()), (1, Some("김봄")));
}

#[test]
fn what_nobody_confirms_is_erased_after_a_week() {
    let front = Front::new();
    front.sign_up("kim@naver.com");
    front.sign_up("lee@naver.com");
    front.served.post(&front.link(), "", "");
    let look = || moabom::feedback::run_once(&front.desk.store, front.clock.now()).expect("runs");
    front.pass(chrono::Duration::days(6));
    assert_eq!(look().closed, 0);
    front.pass(chrono::Duration::days(2));
    assert_eq!((look().closed, look().closed), (2, 0));
    assert_eq!(front.state("kim@naver.com"), None);
    assert_eq!(front.state("lee@naver.com"), Some(SubscriptionState::Active));
    assert_eq!(front.number("SELECT count(*) FROM subscribers WHERE address IS NULL"), 1);
    let now = front.clock.now();
    let found = front.desk.store.read(|ledger| moabom::store::verify::verify(ledger, now)).expect("reads");
    assert_eq!(found, []);
}

#[test]
fn a_form_of_another_site_leads_to_ours_with_no_box_ticked() {
    let front = Front::new();
    for sent in [
        "email=kim%40naver.com&name=%EA%B9%80",
        "address=kim%40naver.com&name=%EA%B9%80&agree=yes&adult=yes&digest=weekly",
        "address=kim%40naver.com&name=%EA%B9%80&made=1-01-00&agree=yes&adult=yes",
    ] {
        let answer = front.served.post("/subscribe", FORM, sent);
        assert_eq!(status(&answer), "200");
        let page = body(&answer);
        assert!(page.contains("value=\"kim@naver.com\"") && page.contains("value=\"김\""), "{page}");
        assert!(!page.contains(" checked"), "{page}");
    }
    assert_eq!((front.mailed(), front.number("SELECT count(*) FROM subscribers")), (0, 0));
}

#[test]
fn what_is_missing_is_said_and_what_was_typed_is_kept_as_text() {
    let front = Front::with(|deps| {
        deps.people.advertising = true;
        deps.archive.titles = [("monthly".to_owned(), "<i>월간".to_owned())].into_iter().collect();
        deps.people.digests.push(DigestChoice {
            name: "monthly".into(),
            when: "매월 1일".into(),
            best: None,
        });
    });
    let stamp = front.stamp();
    let sent = format!("made={stamp}&address=%22%3E%3Cscript%3E%40x&name=www.spam.com");
    let answer = front.served.post("/subscribe", FORM, &sent);
    assert_eq!(status(&answer), "422");
    let page = body(&answer);
    assert_eq!(page.matches("class=\"fault\"").count(), 6, "{page}");
    assert!(!page.contains("<script") && !page.contains("<i>"), "{page}");
    assert!(page.contains("&lt;i&gt;월간") && page.contains("value=\"monthly\""), "{page}");
    assert!(page.contains(&format!("value=\"{stamp}\"")), "the stamp stays");
    let hint = front.served.post(
        "/subscribe",
        FORM,
        &format!("{}&advertising=yes", filled(&stamp, "kim@naver.con")),
    );
    assert!(hint.contains("kim@naver.com") && status(&hint) == "422", "{hint}");
    let meant = format!("{}&advertising=yes&typed=kim%40naver.con", filled(&stamp, "kim@naver.con"));
    assert_eq!(status(&front.served.post("/subscribe", FORM, &meant)), "200");
    assert_eq!(front.mailed(), 1);
}

#[test]
fn a_form_sent_back_at_once_or_after_days_is_shown_again() {
    let front = Front::new();
    let stamp = front.stamp();
    front.clock.set(front.clock.now() - chrono::Duration::seconds(4));
    let quick = front.served.post("/subscribe", FORM, &filled(&stamp, "kim@naver.com"));
    assert!(status(&quick) == "422" && quick.contains("너무 빨리"), "{quick}");
    front.pass(chrono::Duration::days(2));
    let old = front.served.post("/subscribe", FORM, &filled(&stamp, "kim@naver.com"));
    assert!(status(&old) == "422" && !old.contains(&stamp), "{old}");
    assert_eq!(front.mailed(), 0);
}

#[test]
fn without_sign_up_there_is_no_such_page() {
    let front = Front::with(|deps| deps.people.signup = false);
    for path in ["/subscribe", "/confirm/x"] {
        assert_eq!(status(&front.served.ask("GET", path)), "404");
        assert_eq!(status(&front.served.post(path, FORM, "")), "404");
    }
    assert!(!front.served.ask("GET", "/privacy").contains("subscribe"));
}

/// Posts many forms over a few kept connections, each with the address and the client given for its number.
fn flood(front: &Front, count: usize, form: impl Fn(usize) -> (String, String) + Sync) -> Vec<String> {
    let stamp = front.stamp();
    let port = front.served.port();
    let pages = std::sync::Mutex::new(std::collections::BTreeSet::new());
    std::thread::scope(|scope| {
        for lane in 0..8 {
            let (form, stamp, pages) = (&form, &stamp, &pages);
            scope.spawn(move || {
                let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).expect("connects"));
                for n in (lane..count).step_by(8) {
                    let (address, client) = form(n);
                    let text = filled(stamp, &address);
                    let request = format!(
                        "POST /subscribe HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {client}\r\nContent-Type: {FORM}\r\nContent-Length: {}\r\n\r\n{text}",
                        text.len()
                    );
                    stream.get_mut().write_all(request.as_bytes()).expect("writes");
                    let page = answer(&mut stream);
                    pages.lock().expect("not poisoned").insert(page);
                }
            });
        }
    });
    pages.into_inner().expect("not poisoned").into_iter().collect()
}

/// The status line and body of one answer on a kept connection.
fn answer(stream: &mut BufReader<TcpStream>) -> String {
    let (mut first, mut length) = (String::new(), 0);
    stream.read_line(&mut first).expect("a status line");
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).expect("a header");
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("a body");
    first + &String::from_utf8(body).expect("UTF-8")
}

#[test]
fn ten_thousand_posts_of_one_address_are_one_mail() {
    let front = Front::new();
    let pages = flood(&front, 10_000, |n| ("kim@naver.com".into(), format!("10.{}.{}.1", n / 256, n % 256)));
    assert_eq!(pages.len(), 1, "one and the same answer");
    assert_eq!((front.mailed(), front.number("SELECT count(*) FROM subscribers")), (1, 1));
    assert_eq!(front.number("SELECT count(*) FROM consents"), 1);
}

#[test]
fn ten_thousand_addresses_are_as_many_mails_as_an_hour_has_and_the_same_page_for_all() {
    let front = Front::new();
    let pages =
        flood(&front, 10_000, |n| (format!("a{n}@naver.com"), format!("10.{}.{}.1", n / 256, n % 256)));
    assert_eq!(pages.len(), 1);
    assert!(pages[0].starts_with("HTTP/1.1 200"));
    assert_eq!((front.mailed(), front.number("SELECT count(*) FROM subscribers")), (60, 60));
    assert_eq!(front.number("SELECT asked FROM signup_hours"), 10_000);
    front.pass(chrono::Duration::hours(1));
    front.sign_up("late@naver.com");
    assert_eq!(front.mailed(), 61, "the next hour has its own");
}

#[test]
fn one_network_signs_up_so_many_an_hour() {
    let front = Front::new();
    let pages = flood(&front, 400, |n| (format!("a{n}@naver.com"), format!("203.0.113.{}", n % 256)));
    assert_eq!(pages.len(), 1);
    assert_eq!(front.mailed(), 20);
}

#[test]
fn no_word_of_the_form_is_in_the_mail() {
    let front = Front::new();
    let sent = filled(&front.stamp(), "kim@naver.com").replace("name=", "name=%EC%82%AC%EC%84%B8%EC%9A%94");
    assert_eq!(status(&front.served.post("/subscribe", FORM, &sent)), "200");
    let (html, text): (String, String) = front
        .desk
        .sql()
        .query_row("SELECT html, text FROM notices", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("a notice");
    assert!(!html.contains("사세요") && !text.contains("사세요") && !text.contains("kim@"), "{text}");
}
