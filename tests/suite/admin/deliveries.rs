//! Single deliveries on the operator's page: looked at, decided as on the command line, and nothing by a look.

use std::collections::BTreeSet;

use super::{Office, status};
use crate::axe::{assert_page_sound, axe};
use crate::support::chromium::chromium;

/// What a relay may write to whoever looks.
const HOSTILE: &str =
    "450 4.2.1 </p></bdi><script>window.ran=1</script><img src=x onerror=window.ran=1>\" onmouseover=\"ran=1";

/// An office whose edition has a delivery of each state that asks for a look, with an attempt that led there.
fn troubled() -> Office {
    let office = Office::with(false, None);
    office.world.add_many(6);
    office.world.meddle(&format!(
        "INSERT INTO deliveries (kind, edition_id, subscriber_id, state, due_at, changed_at)
           SELECT 'edition', 1, id, 'queued', 0, 0 FROM subscribers WHERE id > 3;
         UPDATE editions SET recipients = (SELECT count(*) FROM deliveries);
         UPDATE deliveries SET state = 'unknown', due_at = 9223372036854775807, attempts = 1,
                message_id = '<one@example.com>' WHERE id IN (1, 6);
         UPDATE deliveries SET state = 'bounced', attempts = 1 WHERE id = 2;
         UPDATE deliveries SET state = 'deferred', attempts = 1, due_at = 4000000000000 WHERE id = 3;
         UPDATE deliveries SET state = 'expired', attempts = 3 WHERE id = 4;
         UPDATE deliveries SET state = 'suppressed' WHERE id = 5;
         UPDATE deliveries SET last_reply = '{0}' WHERE id < 7;
         INSERT INTO attempts (delivery_id, started_at, ended_at, stage, result, reply)
           SELECT id, 1000, 2000, 'rcpt', state, '{0}' FROM deliveries WHERE id < 5 OR id = 6;",
        HOSTILE.replace('\'', "''")
    ));
    office.world.check();
    office
}

fn decide(office: &Office, id: i64, decision: &str) -> String {
    let token = office.token("/subscribers", "");
    office.post(&format!("/deliveries/{id}"), "", &format!("token={token}&decision={decision}"))
}

fn state(office: &Office, id: i64) -> String {
    office.world.texts(&format!("SELECT state FROM deliveries WHERE id = {id}")).concat()
}

#[test]
fn deliveries_are_listed_by_state_with_address_and_reply_as_text() {
    let office = troubled();
    let edition = office.ask("GET", "/editions/1", "");
    for (state, word, count) in [
        ("unknown", "알 수 없음", 2),
        ("bounced", "반송", 1),
        ("deferred", "미룸", 1),
        ("expired", "기한 지남", 1),
        ("suppressed", "발송 안 함", 1),
    ] {
        let link = format!("href=\"/editions/1/deliveries?state={state}\">{word} <b>{count}</b>");
        assert!(edition.contains(&link), "{link}: {edition}");
        let list = office.ask("GET", &format!("/editions/1/deliveries?state={state}"), "");
        assert_eq!(list.matches("href=\"/deliveries/").count(), count, "{list}");
        assert!(list.contains("&lt;script&gt;") && !list.contains("<script"), "{list}");
    }
    let first = office.ask("GET", "/editions/1/deliveries", "");
    assert!(
        first.contains("a0@example.com") && first.contains("정해 주기를 기다려요"),
        "the unknown ones: {first}"
    );
    let one = office.ask("GET", "/deliveries/3", "");
    assert!(
        one.contains("다음 시도") && one.contains("받는 주소(RCPT TO)") && one.contains("2096년"),
        "{one}"
    );
    assert!(office.ask("GET", "/deliveries/1", "").contains("&lt;one@example.com&gt;"));
    assert!(office.ask("GET", "/subscribers/2", "").contains("href=\"/deliveries/2\""));
    for (path, expected) in [
        ("/editions/1/deliveries?state=sent", "200"),
        ("/editions/1/deliveries?state=%22%3E&after=x", "200"),
        ("/editions/9/deliveries", "404"),
        ("/notices?state=unknown", "200"),
        ("/deliveries/99", "404"),
        ("/deliveries/-1", "404"),
        ("/deliveries/x", "404"),
    ] {
        assert_eq!(status(&office.ask("GET", path, "")), expected, "{path}");
    }
    let overview = office.ask("GET", "/", "");
    let link = "href=\"/editions/1/deliveries?state=unknown\"";
    assert!(overview.contains(link) && overview.contains("제1호 2건"), "{overview}");
}

#[test]
fn where_nothing_asks_for_a_look_no_state_is_offered() {
    let office = Office::with(false, None);
    for path in ["/notices", "/editions/1/deliveries"] {
        let page = office.ask("GET", path, "");
        assert!(page.contains("살펴볼 발송이 없어요") && !page.contains("알 수 없"), "{page}");
    }
}

#[test]
fn what_is_decided_is_what_the_command_line_decides() {
    let office = troubled();
    let done = decide(&office, 1, "sent");
    assert!(done.contains("/editions/1/deliveries?state=unknown&done=sent"), "{done}");
    assert_eq!(state(&office, 1), "sent");
    let said = office.follow(&done, "");
    assert!(said.contains("받은 것으로 적었어요"), "{said}");
    assert_eq!(status(&decide(&office, 6, "not-sent")), "303");
    let due = office.world.number("SELECT due_at < 9000000000000000000 FROM deliveries WHERE id = 6");
    assert_eq!((state(&office, 6).as_str(), due), ("unknown", 1), "listed until it is claimed");
    for id in [2, 3, 4] {
        assert_eq!(status(&decide(&office, id, "retry")), "303", "{id}");
        assert_eq!(state(&office, id), "queued", "{id}");
    }
    office.world.check();
    let refused = decide(&office, 1, "retry");
    assert!(status(&refused) == "409" && refused.contains("‘보냄’"), "{refused}");
    assert_eq!(status(&decide(&office, 2, "sent")), "409");
    assert_eq!(status(&decide(&office, 5, "retry")), "409");
    assert_eq!(status(&decide(&office, 99, "retry")), "404");
    for decision in ["", "burn", "retry&decision=sent"] {
        assert_eq!(status(&decide(&office, 2, decision)), "400", "{decision}");
    }
    assert_eq!(status(&office.post("/deliveries/6", "", "decision=sent")), "403", "no form of ours");
    assert_eq!(state(&office, 6), "unknown");
}

#[test]
fn no_other_try_is_promised_to_an_address_that_is_never_mailed() {
    use moabom::model::subscriber::SuppressionReason::HardBounce;
    let office = troubled();
    let addresses = office.world.texts(
        "SELECT address FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id WHERE d.id < 3 ORDER BY d.id",
    );
    for address in addresses {
        let (key, now) = (office.world.suppressions(), office.world.clock.now());
        let address = moabom::model::EmailAddress::parse(&address).expect("an address");
        let suppress =
            move |ledger: &moabom::store::Ledger<'_>| ledger.suppress(&key.hash(&address), HardBounce, now);
        office.world.store.write(suppress).expect("writes");
    }
    for (id, decision, buttons) in [(1, "not-sent", 1), (2, "retry", 0)] {
        let page = office.ask("GET", &format!("/deliveries/{id}"), "");
        assert_eq!(page.matches("name=\"decision\"").count(), buttons, "{page}");
        assert!(page.contains("발송 금지") && page.contains("새 주소로"), "{page}");
        let before = state(&office, id);
        let refused = decide(&office, id, decision);
        assert!(status(&refused) == "409" && refused.contains("발송 금지"), "{refused}");
        assert_eq!(state(&office, id), before);
    }
    assert_eq!(status(&decide(&office, 1, "sent")), "303", "that it came may be said");
    office.world.check();
}

#[test]
fn only_what_can_be_done_is_offered() {
    let office = troubled();
    let offered = |id: i64| -> BTreeSet<String> {
        let page = office.ask("GET", &format!("/deliveries/{id}"), "");
        let values = page.split("name=\"decision\" value=\"").skip(1);
        values.filter_map(|rest| rest.split('"').next().map(str::to_owned)).collect()
    };
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(offered(1), set(&["sent", "not-sent"]));
    for (id, expected) in
        [(2, set(&["retry"])), (3, set(&["retry"])), (4, set(&["retry"])), (5, set(&[])), (7, set(&[]))]
    {
        assert_eq!(offered(id), expected, "{id}");
    }
    let token = office.token("/subscribers", "");
    assert_eq!(status(&office.post("/editions/1/cancel", "", &format!("token={token}"))), "303");
    assert_eq!((offered(1), offered(2)), (set(&["sent"]), set(&[])), "of a cancelled edition");
    let refused = decide(&office, 2, "retry");
    assert!(status(&refused) == "409" && refused.contains("취소"), "{refused}");
    assert_eq!(status(&decide(&office, 1, "sent")), "303");
    office.world.check();
}

#[test]
fn a_long_list_is_turned_page_by_page_and_shows_each_once() {
    let office = Office::with(false, None);
    office.world.add_many(70);
    office.world.meddle(
        "INSERT INTO deliveries (kind, edition_id, subscriber_id, state, due_at, changed_at)
           SELECT 'edition', 1, id, 'queued', 0, 0 FROM subscribers WHERE id > 3;
         UPDATE editions SET recipients = (SELECT count(*) FROM deliveries);
         UPDATE deliveries SET state = 'deferred' WHERE id % 10 <> 0;",
    );
    let (mut path, mut seen, mut pages) = ("/editions/1/deliveries?state=deferred".to_owned(), vec![], 0);
    loop {
        let page = office.ask("GET", &path, "");
        let ids = page.split("href=\"/deliveries/").skip(1).filter_map(|rest| rest.split('"').next());
        seen.extend(ids.map(|id| id.parse::<i64>().expect("a number")));
        pages += 1;
        let Some(more) = page.split("href=\"").find(|rest| rest.contains("더 보기")) else { break };
        path = more.split('"').next().unwrap_or_default().replace("&amp;", "&");
    }
    let all: Vec<i64> = (1..=70).filter(|id| id % 10 != 0).collect();
    assert_eq!((seen, pages), (all, 3));
}

#[test]
fn notices_that_are_not_sent_are_looked_at_and_decided_too() {
    let office = Office::with(false, None);
    office.world.meddle(
        "INSERT INTO notices (id, kind, subscriber_id, about, subject, html, text, created_at)
           VALUES (1, 'confirm', 1, 0, '구독 확인', '', '', 0);
         INSERT INTO deliveries (id, kind, notice_id, subscriber_id, state, due_at, changed_at, attempts)
           VALUES (50, 'notice', 1, 1, 'unknown', 9223372036854775807, 0, 1);
         INSERT INTO attempts (delivery_id, started_at, ended_at, stage, result, reply)
           VALUES (50, 1000, 2000, 'dot', 'unknown', '끊겼어요');",
    );
    let overview = office.ask("GET", "/", "");
    assert!(
        overview.contains("href=\"/notices?state=unknown\"") && overview.contains("통지 1건"),
        "{overview}"
    );
    let list = office.ask("GET", "/notices", "");
    assert!(list.contains("href=\"/deliveries/50\"") && list.contains("a0@example.com"), "{list}");
    let one = office.ask("GET", "/deliveries/50", "");
    assert!(one.contains("구독 확인") && one.contains("끊겼어요"), "{one}");
    let done = decide(&office, 50, "not-sent");
    assert!(done.contains("/notices?state=unknown&done=not-sent"), "{done}");
    office.world.check();
}

/// Every address that a page names: links, frames, and where its forms go.
fn named(page: &str) -> Vec<String> {
    let after = |mark: &str| -> Vec<String> {
        let found = page.split(mark).skip(1).filter_map(|rest| rest.split('"').next());
        found.filter(|path| path.starts_with('/')).map(|path| path.replace("&amp;", "&")).collect()
    };
    [after("href=\""), after("src=\""), after("action=\"")].concat()
}

#[test]
fn following_every_link_and_asking_every_form_by_get_changes_nothing() {
    let office = troubled();
    office.world.meddle(
        "INSERT INTO sources (id, name) VALUES (1, 'blog');
         INSERT INTO posts (id, source_id, identity, ingest_order, title, first_seen_at, baseline, body)
           VALUES (5, 1, 'a', 1, '글', 0, 1, '본문이에요.');",
    );
    let dump = || {
        let path = office.world.database();
        (std::fs::read(&path).expect("db"), std::fs::read(path.with_extension("db-wal")).expect("wal"))
    };
    let token = office.token("/subscribers", "");
    let before = dump();
    let words = "mark=pin&decision=sent&reason=x&address=a0%40example.com&act=cancel&done=sent";
    let (mut ahead, mut seen) = (vec!["/".to_owned()], BTreeSet::new());
    while let Some(path) = ahead.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let join = if path.contains('?') { '&' } else { '?' };
        ahead.extend(named(&office.ask("GET", &path, "")));
        for method in ["GET", "HEAD"] {
            office.ask(method, &format!("{path}{join}token={token}&{words}"), "");
        }
    }
    for path in
        ["/editions/1/pause", "/deliveries/1", "/posts/5", "/subscribers/1", "/preview/letter?digest=weekly"]
    {
        assert!(seen.contains(path), "{path} is reached by links alone: {seen:?}");
    }
    assert!(dump() == before, "byte for byte");
}

#[test]
fn axe_finds_nothing_on_the_operators_pages() {
    let (Some(axe), Some(mut browser)) = (axe(), chromium()) else { return };
    let office = troubled();
    let mut tab = browser.tab();
    for path in [
        "/",
        "/editions",
        "/editions/1",
        "/editions/1/cancel",
        "/editions/1/deliveries",
        "/deliveries/1",
        "/deliveries/2",
        "/notices",
        "/posts",
        "/subscribers",
        "/subscribers/1",
        "/preview",
        "/nowhere",
    ] {
        let address = format!("http://{}{path}", office.address);
        assert_page_sound(&mut tab, &axe, path, |tab| tab.open(&address));
    }
}
