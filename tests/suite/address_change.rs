//! A new address for a subscription: who is mailed for it and how often, and whom no change concerns any more.

use moabom::model::token::Purpose;
use moabom::store::suppressions::Farewell;

use crate::signup::{FORM, Front};
use crate::web::status;

fn front() -> Front {
    let front = Front::new();
    front.desk.run(&["add", "kim@naver.com", "--name", "김해봄"]).ok();
    front
}

fn page(front: &Front, address: &str) -> String {
    let id = front.desk.id(address);
    format!("/preferences/{}", front.desk.keys[0].numbered_token(Purpose::Preferences, id, 0))
}

/// Mails asking for a confirmation at a new address so far.
fn asked(front: &Front) -> i64 {
    front.number("SELECT count(*) FROM notices WHERE kind = 'address_change'")
}

/// Asks for `address` on that page. Whether a mail went there: the page tells nobody.
fn ask(front: &Front, own: &str, address: &str) -> bool {
    front.pass(chrono::Duration::seconds(1));
    let before = asked(front);
    let address: String = url::form_urlencoded::byte_serialize(address.as_bytes()).collect();
    assert_eq!(status(&front.served.post(own, FORM, &format!("do=address&address={address}"))), "200");
    asked(front) > before
}

#[test]
fn moving_to_and_fro_between_two_mailboxes_mails_a_stranger_once_a_day() {
    let front = front();
    let own = page(&front, "kim@naver.com");
    let mut victim = 0;
    for mine in ["b@naver.com", "kim@naver.com", "b@naver.com", "kim@naver.com"] {
        for _ in 0..2 {
            victim += i64::from(ask(&front, &own, "victim@naver.com"));
        }
        if ask(&front, &own, mine) {
            front.served.post(&front.link(), "", "");
        }
    }
    assert_eq!((victim, asked(&front)), (1, 2), "the stranger once, then one more, then no more today");
    front.pass(chrono::Duration::hours(25));
    assert!(ask(&front, &own, "victim@naver.com"));
}

#[test]
fn many_readers_and_the_form_together_mail_an_address_once_a_day() {
    let front = front();
    front.desk.run(&["add", "lee@naver.com"]).ok();
    let (kim, lee) = (page(&front, "kim@naver.com"), page(&front, "lee@naver.com"));
    assert!(ask(&front, &kim, "victim@naver.com"));
    assert!(!ask(&front, &lee, "Victim@Naver.com"));
    front.desk.run(&["remove", "kim@naver.com"]).ok();
    assert!(!ask(&front, &lee, "victim@naver.com"), "forgotten with whoever asked first");
    let answer = front.sign_up("victim@naver.com");
    assert!(status(&answer) == "200" && front.mailed() == 0, "the form counts too");
    front.pass(chrono::Duration::hours(25));
    front.sign_up("victim@naver.com");
    assert_eq!(front.mailed(), 1);
    assert!(!ask(&front, &lee, "victim@naver.com"));
    let kept = || front.number("SELECT count(*) FROM asked_mails");
    assert!(kept() > 0);
    front.pass(chrono::Duration::hours(25));
    moabom::feedback::run_once(&front.desk.store, front.clock.now()).expect("runs");
    assert_eq!(kept(), 0, "not even a hash is kept longer than it is needed");
}

#[test]
fn the_hours_mails_are_shared_with_signing_up() {
    let front = Front::with(|deps| deps.people.confirmations_per_hour = 2);
    for reader in ["kim@naver.com", "lee@naver.com"] {
        front.desk.run(&["add", reader]).ok();
    }
    front.sign_up("new@naver.com");
    assert!(ask(&front, &page(&front, "kim@naver.com"), "a@naver.com"));
    assert!(!ask(&front, &page(&front, "lee@naver.com"), "b@naver.com"), "the hour is full");
    front.sign_up("newer@naver.com");
    assert_eq!(front.mailed(), 1, "for signing up as well");
    front.pass(chrono::Duration::hours(1));
    assert!(ask(&front, &page(&front, "lee@naver.com"), "b@naver.com"));
}

#[test]
fn whoever_left_cannot_be_moved() {
    let front = Front::with(|deps| deps.farewell = Farewell::Told);
    front.desk.run(&["add", "kim@naver.com"]).ok();
    let own = page(&front, "kim@naver.com");
    let leave = format!("/unsubscribe/{}", front.desk.token("kim@naver.com"));
    assert!(ask(&front, &own, "neu@daum.net"));
    let link = front.link();
    front.served.post(&leave, FORM, "by=page");
    for answer in [front.served.ask("GET", &link), front.served.post(&link, "", "")] {
        assert_eq!(status(&answer), "404", "{answer}");
    }
    let here = "SELECT count(*) FROM subscribers WHERE address = 'kim@naver.com'";
    assert_eq!(front.number(here), 1, "to be told where the subscription was");
    let left = "SELECT (SELECT count(*) FROM address_changes WHERE address IS NOT NULL)
                     + (SELECT count(*) FROM notices WHERE address IS NOT NULL OR text <> '')";
    assert_eq!(front.number(left), 0, "the new address is nobody's any more");
}
