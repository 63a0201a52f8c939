//! The preview in a real browser, as its owner sees it: it follows an edit, tells of a broken template, and fetches and runs
//! nothing that is not its own.

use serde_json::{Value, json};

use crate::broken::sound;
use crate::preview_page::Served;
use crate::support::chromium::{Tab, chromium};
use crate::support::keeper::Keeper;

/// The text of the first element that `selector` finds.
fn text(tab: &mut Tab<'_>, selector: &str) -> String {
    let found = tab.value(&format!("document.querySelector({selector:?})?.textContent ?? ''"));
    found.as_str().expect("a text").to_owned()
}

/// What the widest frame shows, asked as the frame asks it.
fn letter(tab: &mut Tab<'_>) -> String {
    let shown = tab.value("fetch(document.querySelector('iframe').src).then(answer => answer.text())");
    shown.as_str().expect("a letter").to_owned()
}

/// Nothing came from elsewhere, nothing ran that should not, and the page's own policy found nothing to complain of.
fn assert_at_home(tab: &Tab<'_>, served: &Served) {
    for url in tab.requests() {
        // The browser draws a date field's own button from a picture within itself.
        assert!(url.starts_with(&served.url("/")) || url.starts_with("data:image/svg+xml;"), "{url}");
    }
    assert_eq!(tab.asked_outside(), None);
    for told in [
        "Runtime.exceptionThrown",
        "Runtime.consoleAPICalled",
        "Page.javascriptDialogOpening",
        "Log.entryAdded",
    ] {
        assert_eq!(tab.events(told), Vec::<Value>::new(), "{told}");
    }
}

#[test]
fn a_browser_that_asks_another_machine_is_found_out() {
    let Some(mut browser) = chromium() else { return };
    let served = Served::start();
    let mut tab = browser.tab();
    tab.open(&served.url("/letter"));
    assert_eq!(tab.asked_outside(), None);
    tab.open("about:blank");
    tab.value("void fetch('http://outside.example/pixel.png', { mode: 'no-cors' }).catch(() => 0)");
    // A question of ours takes its time on the way to the browser and back, so this ends.
    let asked = (0..1_000).find_map(|_| {
        tab.value("0");
        tab.asked_outside().filter(|line| line.contains("outside.example"))
    });
    assert!(asked.is_some());
}

#[test]
fn an_edited_template_is_shown_at_the_next_question_after_it() {
    let Some(mut browser) = chromium() else { return };
    let served = Served::start();
    let mut tab = browser.tab();
    tab.open(&served.url("/"));
    assert!(letter(&mut tab).contains("한눈에 보기"));
    assert_at_home(&tab, &served);
    tab.value("scrollTo(0, 300)");
    tab.reloads(|_| {
        served.template("letter.txt", "새로 쓴 틀이에요. {{ newsletter.title }} {{ unsubscribe_url }}\n")
    });
    // One question may have been under way; the page asks each half second, so the edit shows within one.
    let questions = tab.requests().iter().filter(|url| url.ends_with("/version")).count();
    assert!(questions <= 3, "{questions}");
    assert!(text(&mut tab, "details pre").contains("새로 쓴 틀이에요."));
    assert_eq!(tab.value("scrollY"), 300, "the reader stays at the same place");
    assert_at_home(&tab, &served);
}

#[test]
fn a_broken_template_shows_its_line_with_a_caret_beneath_and_keeps_the_last_good_letter() {
    let Some(mut browser) = chromium() else { return };
    let served = Served::start();
    let mut tab = browser.tab();
    tab.open(&served.url("/"));
    let good = letter(&mut tab);
    let title = text(&mut tab, "h1");
    tab.reloads(|_| served.template("letter.txt", "첫 줄\n이번 호 「소식」: {{ newsletter.titel }}\n"));
    let told = text(&mut tab, "[role=alert] .said");
    assert!(told.contains("templates/digest/letter.txt 2행 26열: 알 수 없는 변수 'titel'"), "{told}");
    // The caret stands under the first letter of the wrong name, as painted.
    let place = "(() => {
      const node = document.querySelector('[role=alert] pre').firstChild;
      const at = index => { const range = document.createRange(); range.setStart(node, index); range.setEnd(node, index + 1); return range.getBoundingClientRect(); };
      const wrong = at(node.data.lastIndexOf('titel')), caret = at(node.data.lastIndexOf('^'));
      return [Math.abs(wrong.left - caret.left), caret.top - wrong.top, wrong.width];
    })()";
    let place = tab.value(place);
    let figure = |at: usize| place[at].as_f64().expect("a number");
    assert!(figure(0) < figure(2) && figure(1) > 0.0, "{place}: {told}");
    assert_eq!((letter(&mut tab), text(&mut tab, "h1")), (good, title), "the last good letter stays");
    assert_eq!(tab.value("document.querySelectorAll('iframe').length"), 3);
    tab.reloads(|_| served.template("letter.txt", "다시 성한 틀 {{ unsubscribe_url }}\n"));
    assert_eq!(tab.value("document.querySelectorAll('[role=alert]').length"), 0);
    assert_at_home(&tab, &served);
}

#[test]
fn a_hostile_title_and_template_fetch_and_run_nothing() {
    let Some(mut browser) = chromium() else { return };
    let served = Served::start();
    let page = served.system.path("page.txt");
    let hostile = "<img src=https://evil.example/a onerror=alert(1)><script>alert(2)</script>";
    let posts = std::fs::read_to_string(&page).expect("read").replacen("첫 보일러를 켠 날", hostile, 1);
    std::fs::write(&page, posts).expect("written");
    served.system.run(&["ingest"]);
    let mut tab = browser.tab();
    tab.open(&served.url("/"));
    assert!(text(&mut tab, "body").contains(hostile), "the title is shown as it is");
    assert_eq!(
        tab.value("document.querySelectorAll('img').length + document.scripts.length"),
        1,
        "its own script alone"
    );
    assert_at_home(&tab, &served);
    // Even a template that fetches and runs is kept from both in the frames.
    served.template(
        "letter.html",
        "<img src=https://evil.example/b><script>fetch('https://evil.example/c');alert(3)</script>{{ unsubscribe_url }} {{ name }}",
    );
    tab.open(&served.url("/"));
    assert!(letter(&mut tab).contains("evil.example/b"));
    assert_eq!(tab.asked_outside(), None);
    assert_eq!(tab.events("Page.javascriptDialogOpening"), Vec::<Value>::new());
    let rules =
        tab.value("[...document.querySelectorAll('iframe')].map(frame => frame.getAttribute('sandbox'))");
    let sandbox = "allow-popups allow-popups-to-escape-sandbox";
    assert_eq!(rules, json!([sandbox, sandbox, sandbox]));
}

#[test]
fn a_trial_is_sent_by_two_clicks() {
    let Some(mut browser) = chromium() else { return };
    let keeper = Keeper::start(0);
    let served = Served::of(sound(keeper.port()));
    let mut tab = browser.tab();
    tab.open(&served.url("/"));
    let click = |tab: &mut Tab<'_>, button: &str| {
        tab.reloads(|tab| {
            tab.value(&format!("void document.querySelector({button:?}).click()"));
        });
    };
    tab.value("void (document.querySelector('[type=email]').value = 'me@example.net')");
    click(&mut tab, ".trial button");
    assert_eq!(text(&mut tab, "h1"), "me@example.net 주소로 보낼까요?");
    assert_eq!(keeper.total(), 0, "it was only asked");
    click(&mut tab, "main button");
    assert_eq!(text(&mut tab, "h1"), "시험 편지를 보냈어요");
    let copies = keeper.copies();
    assert_eq!((keeper.total(), copies["me@example.net"].len()), (1, 1));
    let sent = mail_parser::MessageParser::default().parse(&copies["me@example.net"][0]).expect("a message");
    assert!(sent.subject().is_some_and(|subject| subject.starts_with("[시험] ")));
    assert_eq!(served.system.run(&["deliveries", "list", "--json"]).trim(), "[]");
    assert_at_home(&tab, &served);
}
