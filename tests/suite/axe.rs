//! axe-core, an independent judge of accessibility, looks at the letter and every page in a real browser, light and dark.

use serde_json::{Value, json};

use crate::letters;
use crate::preview_page;
use crate::support::chromium::{Tab, chromium};
use crate::support::judges;
use crate::web::Served;

pub fn axe() -> Option<String> {
    let modules = judges::modules("axe looked at no page")?;
    Some(std::fs::read_to_string(modules.join("axe-core/axe.min.js")).expect("axe-core is there"))
}

/// Rules the page shown breaks in either scheme, with the first element that does.
fn broken(tab: &mut Tab<'_>, axe: &str, switched_off: &[&str]) -> Vec<Value> {
    let rules: serde_json::Map<String, Value> =
        switched_off.iter().map(|rule| ((*rule).to_owned(), json!({ "enabled": false }))).collect();
    let run = format!(
        "axe.run(document, {{ rules: {} }}).then(told => ({{ passed: told.passes.length, broken: told.violations.map(rule => [rule.id, rule.nodes[0].html, rule.nodes[0].failureSummary]) }}))",
        Value::from(rules)
    );
    let mut broken = Vec::new();
    for scheme in ["light", "dark"] {
        tab.scheme(scheme);
        tab.value(&format!("{axe};0"));
        let told = tab.value(&run);
        assert!(told["passed"].as_u64() > Some(5), "axe has looked: {told}");
        broken.extend(told["broken"].as_array().expect("a list").iter().cloned());
    }
    broken
}

#[test]
fn axe_finds_nothing_in_any_letter() {
    /// Of pages, not of letters: a letter stands within a mail program's own page.
    const PAGES_ALONE: [&str; 2] = ["region", "landmark-one-main"];
    let (Some(axe), Some(mut browser)) = (axe(), chromium()) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("letter.html");
    let mut tab = browser.tab();
    for (letter, input) in letters::every_kind() {
        std::fs::write(&page, letters::html(&input)).expect("written");
        tab.open(&format!("file://{}", page.display()));
        assert_eq!(broken(&mut tab, &axe, &PAGES_ALONE), Vec::<Value>::new(), "{letter}");
    }
}

#[test]
fn axe_finds_nothing_on_any_page() {
    let (Some(axe), Some(mut browser)) = (axe(), chromium()) else { return };
    let preview = preview_page::Served::start();
    let desk = crate::archive::desk();
    desk.run(&["add", "kim@naver.com"]).ok();
    let token = desk.token("kim@naver.com");
    let served = Served::start(&desk, desk.keys.clone());
    let paths = ["/archive", "/archive/weekly", "/archive/weekly/2", "/unsubscribe", "/unsubscribe/none"];
    let leave = served.url(&format!("/unsubscribe/{token}"));
    let mut tab = browser.tab();
    for url in paths.map(|path| served.url(path)).into_iter().chain([preview.url("/"), leave.clone()]) {
        assert_page_sound(&mut tab, &axe, &url, |tab| tab.open(&url));
    }
    preview.template("letter.txt", &format!("{}{{{{ nobody }}}}", "긴 줄이에요. ".repeat(60)));
    assert_page_sound(&mut tab, &axe, "a broken template", |tab| tab.open(&preview.url("/")));
    tab.open(&leave);
    assert_page_sound(&mut tab, &axe, "done", |tab| {
        tab.reloads(|tab| {
            tab.value("document.querySelector('form button').click()");
        });
    });
    assert!(tab.value("document.body.textContent").as_str().is_some_and(|text| text.contains("수신거부")));
}

/// Opens a page once, and looks at it on a telephone and on a desk.
pub fn assert_page_sound(tab: &mut Tab<'_>, axe: &str, page: &str, open: impl FnOnce(&mut Tab<'_>)) {
    open(tab);
    for width in [320, 1200] {
        tab.size(width, 800, 1);
        assert_eq!(broken(tab, axe, &[]), Vec::<Value>::new(), "{page}, {width}");
        assert_eq!(tab.asked_outside(), None, "{page}");
        let beyond = tab.value("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(beyond, 0, "{page}, {width}: sideways scroll");
    }
}
