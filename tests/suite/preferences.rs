//! A reader's own page: pauses that end by themselves, the name, a new address; nobody else's business.

use moabom::clock::Instant;
use moabom::model::edition::Content;
use moabom::model::subscriber::{Frequency, SubscriptionState};
use moabom::model::token::{Purpose, SecretKey};
use moabom::model::{EmailAddress, SubscriberId, SuppressionKey};
use moabom::store::editions::{Audience, Freeze, NewEdition};
use moabom::store::subscribers::NewSubscriber;

use crate::signup::{FORM, Front};
use crate::support::smtp_server::SmtpServer;
use crate::support::system::System;
use crate::web::{body, status};

fn front() -> Front {
    let front = Front::new();
    front.desk.run(&["add", "kim@naver.com", "--name", "김해봄"]).ok();
    front
}

fn page(front: &Front, address: &str) -> String {
    let id = front.desk.id(address);
    format!("/preferences/{}", front.desk.keys[0].numbered_token(Purpose::Preferences, id, 0))
}

fn edition(now: Instant, number: i64) -> NewEdition {
    let text = |word: &str| format!("{word} {}", moabom::render::slot::Slot::UnsubscribeUrl.marker());
    let content =
        Content {
            subject: "제목".into(), preheader: String::new(), html: text("편지"), text: text("편지")
        };
    let digest = "weekly".to_owned();
    NewEdition { digest, number, slot_at: now, cutoff_at: now, frozen_at: now, content, posts: vec![] }
}

/// Freezes the next edition now; how many it is for.
fn freeze(front: &Front, number: i64) -> Freeze {
    let new = edition(front.clock.now(), number);
    front.desk.store.write(move |ledger| ledger.freeze(&new)).expect("writes")
}

#[test]
fn the_page_stands_beside_unsubscribing_and_says_how_things_are() {
    let front = front();
    let leave = front.served.ask("GET", &format!("/unsubscribe/{}", front.desk.token("kim@naver.com")));
    let own = page(&front, "kim@naver.com");
    assert!(leave.contains(&format!("href=\"{own}\"")), "{leave}");
    let answer = front.served.ask("GET", &own);
    assert_eq!(status(&answer), "200");
    for word in [
        "k***@naver.com",
        "value=\"김해봄\"",
        "매주 월요일 09:00에",
        "수신거부 (Unsubscribe)",
        "2026년 12월 23일",
    ] {
        assert!(answer.contains(word), "{word} in {answer}");
    }
    assert!(answer.contains("value=\"every\" checked") && !answer.contains("kim@naver.com"), "{answer}");
    assert!(answer.to_lowercase().contains("cache-control: no-store"));
}

#[test]
fn a_pause_keeps_editions_away_and_ends_by_itself() {
    let front = front();
    front.desk.run(&["add", "lee@naver.com"]).ok();
    let own = page(&front, "kim@naver.com");
    let saved = front.served.post(&own, FORM, "do=save&pace-weekly=rest-2w&name=%ED%95%B4%EB%B4%84");
    assert!(
        status(&saved) == "200" && saved.contains("저장했어요") && saved.contains("value=\"keep\" checked"),
        "{saved}"
    );
    assert!(saved.contains("2026년 12월 7일") && saved.contains("value=\"해봄\""), "{saved}");
    assert_eq!(front.state("kim@naver.com"), Some(SubscriptionState::Paused));
    assert!(matches!(freeze(&front, 1), Freeze::Frozen { recipients: 1, .. }));
    front.pass(chrono::Duration::days(13));
    front.served.post(&own, FORM, "do=save&pace-weekly=keep&name=");
    assert!(matches!(freeze(&front, 2), Freeze::Frozen { recipients: 1, .. }));
    front.pass(chrono::Duration::days(1));
    assert!(matches!(freeze(&front, 3), Freeze::Frozen { recipients: 2, .. }));
    assert_eq!(front.state("kim@naver.com"), Some(SubscriptionState::Active));
    front.served.post(&own, FORM, "do=save&pace-weekly=rest-3m");
    front.served.post(&own, FORM, "do=save&pace-weekly=every");
    assert_eq!(front.state("kim@naver.com"), Some(SubscriptionState::Active));
}

#[test]
fn a_pause_ends_on_the_clock_too() {
    let front = front();
    front.served.post(&page(&front, "kim@naver.com"), FORM, "do=save&pace-weekly=rest-1m");
    let look = |at: Instant| moabom::feedback::run_once(&front.desk.store, at).expect("runs").resumed;
    assert_eq!(look(front.clock.now() + chrono::Duration::days(29)), 0);
    assert_eq!(look(front.clock.now() + chrono::Duration::days(31)), 1);
    assert_eq!(front.state("kim@naver.com"), Some(SubscriptionState::Active));
}

#[test]
fn a_name_that_is_none_is_refused_and_a_missing_field_changes_nothing() {
    let front = front();
    let own = page(&front, "kim@naver.com");
    let refused = front.served.post(&own, FORM, "do=save&pace-weekly=rest-2w&name=http://x");
    assert!(status(&refused) == "422" && refused.contains("value=\"http://x\""), "{refused}");
    assert_eq!(front.state("kim@naver.com"), Some(SubscriptionState::Active), "all or nothing");
    for nothing in [
        "",
        "do=save",
        "do=save&pace-other=rest-2w&pace-weekly=nonsense",
        "pace-weekly=rest-2w&name=x",
        "do=else",
    ] {
        assert_eq!(status(&front.served.post(&own, FORM, nothing)), "200");
    }
    let listed = front.desk.list();
    assert_eq!(
        (&listed[0]["name"], &listed[0]["subscriptions"][0]["state"]),
        (&"김해봄".into(), &"active".into())
    );
    front.served.post(&own, FORM, "do=save&name=");
    assert_eq!(front.desk.list()[0]["name"], serde_json::Value::Null);
}

/// Gives the reader of `address` that digest too.
fn join(front: &Front, address: &str, digest: &str) {
    let (address, digests) = (EmailAddress::parse(address).expect("an address"), [digest.to_owned()]);
    let (key, now) = (SuppressionKey::of(&front.desk.keys).expect("a key"), front.clock.now());
    let joined = front.desk.store.write(move |ledger| {
        let new = NewSubscriber {
            address: &address,
            name: None,
            digests: &digests,
            state: SubscriptionState::Active,
            consent_at: now,
            source: "test",
            wording: "test",
        };
        ledger.add_subscriber(&new, &key, now)
    });
    joined.expect("joined");
}

#[test]
fn a_page_opened_before_another_digest_came_changes_the_digest_it_showed() {
    let front = front();
    let own = page(&front, "kim@naver.com");
    let opened = front.served.ask("GET", &own);
    let field = opened.split("type=\"radio\" name=\"").nth(1).and_then(|rest| rest.split('"').next());
    let field = field.expect("a choice").to_owned();
    join(&front, "kim@naver.com", "daily");
    let saved = front.served.post(&own, FORM, &format!("do=save&{field}=rest-1m&name="));
    assert_eq!(status(&saved), "200");
    let paused = "SELECT count(*) FROM subscriptions WHERE state = 'paused' AND digest = ";
    assert_eq!(front.number(&format!("{paused}'daily'")), 0);
    assert_eq!(front.number(&format!("{paused}'weekly'")), 1);
}

#[test]
fn a_digest_of_any_name_can_be_paused() {
    let front = front();
    let name = "주간 <b>\"&=+;%25";
    join(&front, "kim@naver.com", name);
    let own = page(&front, "kim@naver.com");
    let opened = front.served.ask("GET", &own);
    assert!(opened.contains("name=\"pace-주간 &lt;b&gt;&quot;&amp;=+;%25\""), "{opened}");
    let field: String = url::form_urlencoded::byte_serialize(format!("pace-{name}").as_bytes()).collect();
    front.served.post(&own, FORM, &format!("do=save&{field}=rest-1m"));
    assert_eq!(
        front.number("SELECT count(*) FROM subscriptions WHERE state = 'paused' AND digest <> 'weekly'"),
        1
    );
}

#[test]
fn a_new_address_counts_once_it_is_confirmed_there() {
    let front = front();
    let own = page(&front, "kim@naver.com");
    let said = front.served.post(&own, FORM, "do=address&address=neu%40daum.net");
    assert_eq!(status(&said), "200");
    assert!(front.desk.list()[0]["address"] == "kim@naver.com");
    let link = front.link();
    for _ in 0..2 {
        let page = front.served.ask("GET", &link);
        assert!(page.contains("n***@daum.net") && page.contains("<form method=\"post\">"), "{page}");
    }
    assert!(front.served.post(&link, "", "").contains("바꿨어요"));
    assert_eq!(front.desk.list()[0]["address"], "neu@daum.net");
    assert_eq!(status(&front.served.post(&link, "", "")), "404", "used up");
    assert_eq!(
        front.number("SELECT count(*) FROM address_changes WHERE address IS NOT NULL AND back = 0"),
        0
    );
    assert!(
        front.served.ask("GET", &own).contains("n***@daum.net"),
        "the link is the person's, not the address's"
    );
}

#[test]
fn addresses_cannot_be_tried_out_through_a_change() {
    let front = front();
    front.desk.run(&["add", "lee@naver.com"]).ok();
    front.desk.run(&["add", "left@naver.com"]).ok();
    front.desk.run(&["remove", "left@naver.com"]).ok();
    let own = page(&front, "kim@naver.com");
    let ask = |address: &str| {
        body(&front.served.post(&own, FORM, &format!("do=address&address={address}"))).to_owned()
    };
    let mails = || front.number("SELECT count(*) FROM notices");
    let (taken, gone, free) = (ask("lee%40naver.com"), ask("left%40naver.com"), ask("new%40naver.com"));
    assert!(taken == free && gone == free);
    assert_eq!(mails(), 1);
    assert!(ask("more%40naver.com") == free && mails() == 1, "three a day");
    front.pass(chrono::Duration::hours(25));
    ask("later%40naver.com");
    assert_eq!(mails(), 2);
    let link = front.link();
    front.pass(chrono::Duration::hours(73));
    assert_eq!(status(&front.served.post(&link, "", "")), "404", "too old");
    let kept = || {
        let there = "SELECT (SELECT count(*) FROM address_changes)
            + (SELECT count(*) FROM notices WHERE address IS NOT NULL OR text <> '')";
        front.number(there)
    };
    assert!(kept() > 0);
    assert!(moabom::feedback::run_once(&front.desk.store, front.clock.now()).expect("runs").forgotten > 0);
    assert_eq!(kept(), 0, "addresses that nobody confirmed are forgotten");
    assert_eq!(front.desk.list()[0]["address"], "kim@naver.com");
    assert_eq!(status(&front.served.post(&own, FORM, "do=address&address=nonsense")), "422");
}

#[test]
fn a_new_address_leaves_with_the_person() {
    let front = front();
    front.served.post(&page(&front, "kim@naver.com"), FORM, "do=address&address=neu%40daum.net");
    let link = front.link();
    front.desk.run(&["remove", "kim@naver.com"]).ok();
    assert_eq!(front.number("SELECT count(*) FROM address_changes"), 0);
    assert_eq!(status(&front.served.post(&link, "", "")), "404");
}

#[test]
fn links_that_are_nobodys_are_answered_with_one_and_the_same_page() {
    let front = front();
    let key = &front.desk.keys[0];
    let forged = SecretKey::new(1, &[8; 32]).numbered_token(Purpose::Preferences, SubscriberId(1), 0);
    let nobody = key.numbered_token(Purpose::Preferences, SubscriberId(99), 0);
    let other = key.numbered_token(Purpose::Unsubscribe, SubscriberId(1), 0);
    front.desk.run(&["add", "left@naver.com"]).ok();
    let left = page(&front, "left@naver.com").split_off("/preferences/".len());
    front.desk.run(&["remove", "left@naver.com"]).ok();
    let mut pages = std::collections::HashSet::new();
    for token in [forged, nobody, other, left, "A".repeat(47)] {
        for sent in ["", "do=save&pace-weekly=rest-2w&name=x", "do=address&address=a%40b.com"] {
            let answer = front.served.post(&format!("/preferences/{token}"), FORM, sent);
            assert_eq!(status(&answer), "404", "{answer}");
            pages.insert(body(&answer).to_owned());
        }
        pages.insert(body(&front.served.ask("GET", &format!("/preferences/{token}"))).to_owned());
        pages.insert(body(&front.served.post(&format!("/address/{token}"), FORM, "")).to_owned());
    }
    assert_eq!(pages.len(), 1, "{pages:?}");
    let suppressed = front.desk.suppression("a@b.com");
    assert_eq!((suppressed, front.number("SELECT count(*) FROM address_changes")), (None, 0));
}

#[test]
fn a_monthly_reader_gets_the_months_best_chosen_anew_and_no_other_edition() {
    let server = SmtpServer::start();
    let system = System::new(server.port(), 1);
    let with_best = std::fs::read_to_string(system.path("moabom.toml")).expect("a file")
        + "\n[[digest]]\nname = \"best\"\nschedule = \"0 9 1 * *\"\nsections = { top = 3 }\nbest_of = \"weekly\"\n";
    let without = std::fs::read_to_string(system.path("moabom.toml")).expect("a file");
    std::fs::write(system.path("moabom.toml"), &with_best).expect("writes");
    system.publish_to(3);
    system.run(&["deliver"]);
    assert_eq!(server.kept().len(), 3, "nobody chose yet");
    let subscribed = system.json(&["subscribers", "list", "--json"]);
    assert_eq!(
        subscribed[0]["subscriptions"].as_array().map(Vec::len),
        Some(1),
        "the best has no readers of its own"
    );
    let nobody = system.run(&["publish", "best"]);
    assert!(nobody.contains("건너뛰"), "{nobody}");
    let store =
        moabom::store::Store::open(&system.path("data/moabom.sqlite"), moabom::clock::Clock::System.now());
    let store = store.expect("opens");
    let monthly = |id: i64| {
        store
            .write(move |ledger| ledger.set_frequency(SubscriberId(id), "weekly", Frequency::Monthly))
            .expect("writes");
    };
    monthly(1);
    system.run(&["publish", "best"]);
    system.run(&["deliver"]);
    let best: Vec<_> = server.kept_for("reader0@d0.example.com").into_iter().skip(1).collect();
    assert_eq!((best.len(), server.kept().len()), (1, 4), "to the monthly reader alone");
    let editions = system.json(&["editions", "list", "--json"]);
    let sent =
        editions.as_array().into_iter().flatten().find(|one| one["digest"] == "best" && one["number"] == 1);
    assert_eq!(sent.expect("an edition")["counts"]["sent"], 1);
    // Without an edition for them, monthly readers are readers like all others.
    std::fs::write(system.path("moabom.toml"), &without).expect("writes");
    let store_says = |audience: Audience| {
        store
            .write(move |ledger| {
                let now = moabom::clock::Clock::System.now();
                let number = ledger.next_edition_number("weekly", Instant::MAX_UTC)?;
                let new = edition(now, number);
                let frozen =
                    ledger.unless_refused(|ledger| Ok((ledger.freeze_for(&new, &audience)?, false)))?;
                Ok(frozen)
            })
            .expect("writes")
    };
    assert!(matches!(store_says(Audience::All), Freeze::Frozen { recipients: 3, .. }));
    assert!(matches!(store_says(Audience::EveryTime), Freeze::Frozen { recipients: 2, .. }));
    assert!(matches!(store_says(Audience::MonthlyOf("weekly".into())), Freeze::Frozen { recipients: 1, .. }));
    drop(store);
    system.verify();
}

#[test]
fn a_name_that_came_with_the_list_does_not_stand_in_the_way_of_a_pause() {
    for name in ["김해봄 / 편집부", "봄: 기록", &"가".repeat(60)] {
        let front = Front::new();
        front.desk.run(&["add", "kim@naver.com", "--name", name]).ok();
        let own = page(&front, "kim@naver.com");
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let saved = front.served.post(&own, FORM, &format!("do=save&pace-weekly=rest-2w&name={name}"));
        assert!(status(&saved) == "200" && saved.contains("저장했어요"), "{saved}");
        assert_eq!(front.state("kim@naver.com"), Some(SubscriptionState::Paused));
        let other = front.served.post(&own, FORM, &format!("do=save&pace-weekly=every&name={name}%2F"));
        assert_eq!(status(&other), "422", "another such name is none");
    }
}

#[test]
fn receiving_less_often_is_offered_where_there_is_such_an_edition() {
    let plain = front();
    let page_of = |front: &Front| front.served.ask("GET", &page(front, "kim@naver.com"));
    assert!(!page_of(&plain).contains("월간"));
    plain.served.post(&page(&plain, "kim@naver.com"), FORM, "do=save&pace-weekly=monthly");
    assert_eq!(plain.number("SELECT count(*) FROM subscriptions WHERE pace = 'monthly'"), 0);
    let front = Front::with(|deps| deps.people.digests[0].best = Some("매월 1일 오전 9시".into()));
    front.desk.run(&["add", "kim@naver.com"]).ok();
    let leave = front.served.ask("GET", &format!("/unsubscribe/{}", front.desk.token("kim@naver.com")));
    assert!(leave.contains("덜 자주 받기"), "{leave}");
    let own = page(&front, "kim@naver.com");
    let saved = front.served.post(&own, FORM, "do=save&pace-weekly=monthly");
    assert!(saved.contains("value=\"monthly\" checked") && saved.contains("매월 1일 오전 9시에"), "{saved}");
    front.served.post(&own, FORM, "do=save&pace-weekly=rest-2w");
    assert_eq!(
        front.number("SELECT count(*) FROM subscriptions WHERE pace = 'monthly' AND state = 'paused'"),
        1
    );
    front.served.post(&own, FORM, "do=save&pace-weekly=every");
    assert_eq!(
        front.number("SELECT count(*) FROM subscriptions WHERE pace = 'every' AND state = 'active'"),
        1
    );
}

#[test]
fn a_best_of_nothing_is_refused_with_its_place() {
    let system = System::new(1, 1);
    let text = std::fs::read_to_string(system.path("moabom.toml")).expect("a file");
    for (of, also) in [
        ("nothing", ""),
        ("best", ""),
        ("other", "[[digest]]\nname = \"other\"\nschedule = \"@monthly\"\nbest_of = \"weekly\"\n"),
    ] {
        let best = format!("\n[[digest]]\nname = \"best\"\nschedule = \"@monthly\"\nbest_of = \"{of}\"\n");
        std::fs::write(system.path("moabom.toml"), format!("{text}{best}{also}")).expect("writes");
        let refused = system.try_run(&["check"]).expect_err("refused");
        let said =
            String::from_utf8_lossy(&refused.stderr).into_owned() + &String::from_utf8_lossy(&refused.stdout);
        assert!(refused.status.code() == Some(2) && said.contains("best_of") && said.contains(of), "{said}");
    }
}
