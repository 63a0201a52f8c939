//! A reader's whole way, through the built binary: form, mail, button, letter, preferences, leaving.

use mail_parser::MessageParser;
use moabom::clock::Clock;
use moabom::config::key;
use moabom::model::token::form_stamp;

use crate::keys::Pages;
use crate::signup::filled;
use crate::support::chromium::{Tab, chromium};
use crate::support::smtp_server::SmtpServer;
use crate::support::system::System;
use crate::web::status;

const PUBLIC: &str = "http://127.0.0.1:8025";

/// Subject and text of the newest mail to `address`.
fn newest(server: &SmtpServer, address: &str) -> (String, String) {
    let kept = server.kept_for(address);
    let mail = MessageParser::default().parse(&kept.last().expect("a mail").bytes).expect("a message");
    (mail.subject().unwrap_or_default().to_owned(), mail.body_text(0).expect("text").into_owned())
}

/// The path of the first link to `page` in `text`.
fn link(text: &str, page: &str) -> String {
    let start = format!("{PUBLIC}/{page}/");
    let at = text.find(&start).unwrap_or_else(|| panic!("no {start} in {text}"));
    let end = text[at..].find(|c: char| c.is_whitespace() || "\"<>".contains(c)).unwrap_or(text.len() - at);
    text[at + PUBLIC.len()..at + end].to_owned()
}

#[test]
fn a_reader_comes_reads_rests_moves_and_leaves() {
    let server = SmtpServer::start();
    let system = System::new(server.port(), 1);
    system.run(&["ingest"]);
    system.run(&["subscribers", "add", "other@example.com"]);
    let pages = Pages::start(&system);
    let keys = key::load(&system.path("data/moabom.sqlite.key")).expect("keys");
    let stamp = form_stamp(&keys[0], (Clock::System.now() - chrono::Duration::seconds(9)).timestamp_millis());
    let form = filled(&stamp, "haru@example.com").replace("name=", "name=%ED%95%98%EB%A3%A8");
    assert_eq!(status(&pages.post("/subscribe", &form)), "200");
    system.run(&["deliver"]);
    assert_eq!(server.kept().len(), 1, "one mail, to whoever asked");
    let (subject, text) = newest(&server, "haru@example.com");
    assert!(subject.starts_with("구독을 확인해 주세요") && !text.contains("하루"), "{subject}: {text}");
    let raw = String::from_utf8_lossy(&server.kept()[0].bytes).into_owned();
    assert!(raw.contains("Auto-Submitted: auto-generated"), "{raw}");
    let mail = MessageParser::default().parse(raw.as_bytes()).expect("a message");
    let to = mail.to().and_then(|to| to.first()).expect("a recipient");
    assert_eq!(to.name(), None, "what a stranger wrote in the form reaches nobody");
    assert!(pages.post(&link(&text, "confirm"), "").contains("구독을 시작했어요"));

    system.run(&["publish", "weekly"]);
    system.run(&["deliver"]);
    let (_, letter) = newest(&server, "haru@example.com");
    assert!(letter.contains("하루님"), "{letter}");
    let leave = link(&letter, "unsubscribe");
    let own = pages.ask("GET", &leave);
    let own = own.split("href=\"").find_map(|rest| rest.strip_prefix("/preferences/")).expect("a link");
    let own = format!("/preferences/{}", own.split('"').next().expect("its end"));
    assert!(pages.post(&own, "do=save&pace-weekly=rest-1m").contains("저장했어요"));
    assert_eq!(system.json(&["subscribers", "list", "--json"])[1]["subscriptions"][0]["state"], "paused");

    assert_eq!(status(&pages.post(&own, "do=address&address=haru%40new.example.com")), "200");
    system.run(&["deliver"]);
    let (subject, text) = newest(&server, "haru@new.example.com");
    assert!(subject.starts_with("받는 주소를 확인해 주세요"), "{subject}");
    assert!(pages.post(&link(&text, "address"), "").contains("바꿨어요"));
    assert_eq!(system.json(&["subscribers", "list", "--json"])[1]["address"], "haru@new.example.com");
    system.run(&["deliver"]);
    let (subject, text) = newest(&server, "haru@example.com");
    assert!(
        subject.starts_with("받는 주소가 바뀌었습니다") && !text.contains("new.example"),
        "{subject}: {text}"
    );
    assert!(pages.ask("GET", &link(&text, "address")).contains("h***@example.com"));

    assert_eq!(status(&pages.post(&leave, "List-Unsubscribe=One-Click")), "200");
    let sent = server.kept().len();
    system.run(&["deliver"]);
    let left = system.json(&["subscribers", "list", "--json"]);
    assert_eq!((left.as_array().map(Vec::len), server.kept().len()), (Some(1), sent));
    system.verify();
}

/// The demo: blog, inbox and pages, until dropped.
struct Demo {
    child: std::process::Child,
    inbox: String,
    subscribe: String,
    _folder: tempfile::TempDir,
    /// Held open: a demo that can no longer say anything ends.
    _said: std::io::Lines<std::io::BufReader<std::process::ChildStdout>>,
}

impl Demo {
    fn start() -> Demo {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_moabom"));
        command.arg("demo").current_dir(folder.path()).stdin(std::process::Stdio::null());
        let mut child = command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("it starts");
        let mut said = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().expect("piped")));
        let mut address = |of: &str| {
            let line = said.by_ref().map(|line| line.expect("UTF-8")).find(|line| line.contains(of));
            let line = line.unwrap_or_else(|| panic!("the demo does not tell {of}"));
            line[line.find("http://").expect("an address")..].trim().to_owned()
        };
        let (inbox, subscribe) = (address("브라우저"), address("구독 신청"));
        Demo { child, inbox, subscribe, _said: said, _folder: folder }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Presses what the selector finds, and waits for the page that follows.
fn press(tab: &mut Tab<'_>, selector: &str) {
    tab.reloads(|tab| {
        tab.value(&format!("document.querySelector({}).click()", serde_json::json!(selector)));
    });
}

fn heading(tab: &mut Tab<'_>) -> String {
    tab.value("document.querySelector('h1').innerText").as_str().unwrap_or_default().to_owned()
}

/// The first link of the newest mail in the inbox whose address holds `part`, once one to that reader is there.
fn mailed(tab: &mut Tab<'_>, demo: &Demo, to: &str, part: &str) -> String {
    let begun = std::time::Instant::now();
    loop {
        tab.open(&demo.inbox);
        let newest = tab.value("document.querySelector('ol a').innerText");
        if newest.as_str().is_some_and(|text| text.contains(to) && text.contains("구독을 확인해 주세요"))
        {
            break;
        }
        assert!(begun.elapsed().as_secs() < 30, "no mail to {to}: {newest}");
    }
    let mail = tab.value("document.querySelector('ol a').href");
    tab.open(&format!("{}/html", mail.as_str().expect("a mail")));
    let found = format!("[...document.links].map(a => a.href).find(href => href.includes('{part}'))");
    tab.value(&found).as_str().unwrap_or_else(|| panic!("no link to {part}")).to_owned()
}

#[test]
fn the_whole_way_in_a_browser_against_the_embedded_inbox() {
    let Some(mut chromium) = chromium() else { return };
    let demo = Demo::start();
    let mut tab = chromium.tab();
    for (width, address) in [(375, "phone@example.com"), (1200, "desk@example.com")] {
        tab.size(width, 800, 1);
        tab.open(&demo.subscribe);
        // Whoever is quicker than a person is asked to press again, as is one whose name is no name.
        let begun = std::time::Instant::now();
        let mut name = "<b>하루</b><script>window.ran=1</script>";
        while heading(&mut tab) != "메일함을 확인해 주세요" {
            let text = tab.value("document.body.innerText");
            assert!(begun.elapsed().as_secs() < 30, "never taken: {text}");
            tab.value(&format!("document.querySelector('#address').value = '{address}'"));
            tab.value(&format!("document.querySelector('#name').value = {}", serde_json::json!(name)));
            tab.value("document.querySelectorAll('.tick input').forEach(box => { box.checked = true })");
            press(&mut tab, "form button");
            let text = tab.value("document.body.innerText");
            if text.as_str().is_some_and(|text| text.contains("특수 기호는 쓸 수 없어요")) {
                assert!(tab.value("window.ran").is_null(), "a name ran");
                name = "하루";
            }
        }
        assert_eq!(name, "하루", "the other was refused");
        let confirm = mailed(&mut tab, &demo, address, "/confirm/");
        tab.open(&confirm);
        assert_eq!(heading(&mut tab), "구독 확인");
        press(&mut tab, "form button");
        assert_eq!(heading(&mut tab), "구독을 시작했어요");
    }

    // The letter that a reader of the demo got: to the archive, the preferences, and out.
    tab.open(&demo.inbox);
    let letter = tab.value("[...document.querySelectorAll('ol a')].pop().href");
    tab.open(&format!("{}/html", letter.as_str().expect("a letter")));
    let links = tab.value("[...document.links].map(a => a.href)");
    let of = |part: &str| {
        let links = links.as_array().expect("links").iter().filter_map(serde_json::Value::as_str);
        links.clone().find(|link| link.contains(part)).unwrap_or_else(|| panic!("no {part}")).to_owned()
    };
    let (web, leave) = (of("/archive/"), of("/unsubscribe/"));
    tab.open(&web);
    assert!(tab.value("document.body.innerText").as_str().is_some_and(|text| text.contains("제1호")));
    tab.open(&leave);
    assert_eq!(heading(&mut tab), "수신거부");
    press(&mut tab, "a[href*='/preferences/']");
    assert_eq!(heading(&mut tab), "받는 방법 바꾸기");
    tab.value("document.querySelector('input[value=rest-1m]').click()");
    press(&mut tab, "form button");
    assert!(tab.value("document.body.innerText").as_str().is_some_and(|text| text.contains("저장했어요")));
    tab.open(&leave);
    press(&mut tab, "form button");
    assert_eq!(heading(&mut tab), "수신거부를 처리했어요");
    assert_eq!(tab.asked_outside(), None, "nothing was fetched from outside");
}
