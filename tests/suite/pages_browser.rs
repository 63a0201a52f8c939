//! The reader's pages in a real browser, under their own headers: on telephones and desks, light and dark, by axe, by hand.

use moabom::model::token::Purpose;
use moabom::model::{EditionId, SubscriberId};
use moabom::web::DigestChoice;

use crate::axe::{assert_page_sound, axe};
use crate::signup::Front;
use crate::support::chromium::{Tab, chromium};

const MEASURE: &str = include_str!("browser/measure.js");
/// Height of the lowest thing to be touched.
const LOWEST: &str = "Math.min(...[...document.querySelectorAll('a,button,label.tick,.card input:not([type=hidden]):not(#website)')]
    .map(e => (e.closest('label') || e).getBoundingClientRect().height))";

/// Somebody with a long address, everything switched on, and names with nowhere to break.
fn front() -> Front {
    let front = Front::with(|deps| {
        deps.people.advertising = true;
        let more = ["아주긴이름의다이제스트".repeat(5), "<b>".to_owned()];
        let when = || "매월 1일 오전 9시".to_owned();
        let choices = more.map(|name| DigestChoice { name, when: when(), best: None });
        deps.people.digests.extend(choices);
        deps.people.digests[0].best = Some(when());
        deps.newsletter = "끊을곳이없는이름".repeat(6);
    });
    front.desk.run(&["add", "a-rather-long-address-for-a-telephone@a-rather-long-domain.example.com"]).ok();
    front.desk.run(&["add", "moves@example.com"]).ok();
    front
}

/// Types into the form of the page and sends it.
fn fill(tab: &mut Tab<'_>, fields: &[(&str, &str)], ticks: &[&str], button: &str) {
    for (name, text) in fields {
        tab.value(&format!("document.querySelector('input[name={name}]').value = '{text}'"));
    }
    for name in ticks {
        tab.value(&format!("document.querySelector('input[name={name}]').click()"));
    }
    tab.reloads(|tab| {
        tab.value(&format!("document.querySelector('{button}').click()"));
    });
}

fn assert_fits(tab: &mut Tab<'_>, page: &str) {
    for scheme in ["light", "dark"] {
        tab.scheme(scheme);
        for width in [320, 375, 600, 1200] {
            tab.size(width, 800, 1);
            let figures = tab.value(MEASURE);
            let least = |name: &str| figures[name][0].as_f64().unwrap_or(f64::INFINITY);
            let what = format!("{page}, {scheme}, {width}: {figures}");
            assert!(figures["scroll"].as_f64() <= figures["client"].as_f64(), "{what}");
            assert_eq!(figures["beyond"], serde_json::json!([]), "{what}");
            assert!(least("contrast") >= 4.5 && least("font") >= 14.0, "{what}");
            assert!(tab.value(LOWEST).as_f64().is_some_and(|height| height >= 44.0), "{what}");
            assert_eq!(figures["h1"], 1, "{what}");
        }
    }
}

#[test]
fn the_pages_fit_telephones_and_desks_and_axe_finds_nothing() {
    let (axe, Some(mut browser)) = (axe(), chromium()) else { return };
    let front = front();
    let key = &front.desk.keys[0];
    let none = "A".repeat(47);
    let paths = [
        "/subscribe".to_owned(),
        "/privacy".to_owned(),
        "/nothing".to_owned(),
        "/unsubscribe".to_owned(),
        "/archive".to_owned(),
        format!("/unsubscribe/{}", key.token(Purpose::Unsubscribe, SubscriberId(1), EditionId(0))),
        format!("/preferences/{}", key.numbered_token(Purpose::Preferences, SubscriberId(1), 0)),
        format!("/confirm/{none}"),
        format!("/address/{none}"),
    ];
    let mut tab = browser.tab();
    for path in &paths {
        let url = front.served.url(path);
        tab.open(&url);
        if let Some(axe) = &axe {
            assert_page_sound(&mut tab, axe, path, |_| {});
        }
        assert_fits(&mut tab, path);
    }
}

#[test]
fn a_reader_signs_up_rests_and_moves_by_hand() {
    let (axe, Some(mut browser)) = (axe(), chromium()) else { return };
    let front = front();
    let mut tab = browser.tab();
    let sound = |tab: &mut Tab<'_>, page: &str, said: &str| {
        let text = tab.value("document.body.innerText");
        assert!(text.as_str().is_some_and(|text| text.contains(said)), "{page}: {text}");
        if let Some(axe) = &axe {
            assert_page_sound(tab, axe, page, |_| {});
        }
        assert_fits(tab, page);
    };
    tab.open(&front.served.url("/subscribe"));
    front.pass(chrono::Duration::seconds(5));
    fill(&mut tab, &[("address", "x"), ("name", "www.x.com")], &[], "button");
    sound(&mut tab, "faults", "만 14세 이상만");
    let fields = [("address", "haru@example.com"), ("name", "하루")];
    fill(&mut tab, &fields, &["digest", "agree", "advertising", "adult"], "button");
    sound(&mut tab, "asked", "72시간 안에");
    tab.open(&front.served.url(&front.link()));
    sound(&mut tab, "to confirm", "h***@example.com");
    fill(&mut tab, &[], &[], "button");
    sound(&mut tab, "confirmed", "구독을 시작했어요");
    let id = front.desk.id("haru@example.com");
    let own = front.desk.keys[0].numbered_token(Purpose::Preferences, id, 0);
    tab.open(&front.served.url(&format!("/preferences/{own}")));
    tab.value("document.querySelector('input[value=rest-1m]').click()");
    fill(&mut tab, &[], &[], "button");
    sound(&mut tab, "saved", "쉬고 계세요");
    fill(&mut tab, &[("address", "nonsense")], &[], "button.plain");
    sound(&mut tab, "refused", "@ 기호가 없어요");
    fill(&mut tab, &[("address", "haru@new.example.com")], &[], "button.plain");
    sound(&mut tab, "on its way", "확인 메일을 보냈어요");
    tab.open(&front.served.url(&front.link()));
    sound(&mut tab, "to move", "h***@new.example.com");
    fill(&mut tab, &[], &[], "button");
    sound(&mut tab, "moved", "새 주소로 보내드려요");
    assert_eq!(front.desk.list()[2]["address"], "haru@new.example.com");
}
