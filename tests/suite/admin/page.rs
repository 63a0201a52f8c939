//! The operator's page of the running daemon in a real browser: logging in, looking, pausing, resuming; and what a hostile
//! title, name and SMTP reply can do there: nothing.
//!
//! Needs `chromium` on the path; says so and passes where there is none. With `MOABOM_PICTURES=DIR` it keeps pictures.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::PASSWORD;
use crate::support::chromium::{Tab, chromium};
use crate::support::smtp_server::{Act, At, SmtpServer};
use crate::support::system::System;

/// Widths of a small telephone, a usual one, a desktop.
const WIDTHS: [u32; 3] = [320, 390, 1200];

/// Figures of the page as it is shown: what sticks out, the faintest text, the smallest text and press.
const MEASURE: &str = r#"(() => {
const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const numbers = text => (text.match(/[\d.]+/g) || []).map(Number);
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
const ground = node => {
  for (; node; node = node.parentElement) {
    const colour = numbers(getComputedStyle(node).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
const root = document.documentElement;
const seen = [...document.body.querySelectorAll('*')].filter(e => e.getClientRects().length && !e.closest('.skip,.hidden,.scroll,svg'));
const texts = seen.filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
const faint = texts.map(e => [contrast(numbers(getComputedStyle(e).color), ground(e)), e.textContent.slice(0, 40)]).sort((a, b) => a[0] - b[0]);
const presses = seen.filter(e => e.matches('button, .button, header nav a, .choices a, input:not([type=hidden])'));
const low = presses.map(e => [e.getBoundingClientRect().height, e.textContent.slice(0, 40)]).sort((a, b) => a[0] - b[0]);
return {
  scroll: root.scrollWidth - root.clientWidth,
  beyond: seen.filter(e => e.getBoundingClientRect().right > root.clientWidth + 1).map(e => e.outerHTML.slice(0, 80)),
  contrast: faint[0][0], faintest: faint[0][1], font: Math.min(...texts.map(e => parseFloat(getComputedStyle(e).fontSize))),
  target: low.length ? low[0][0] : 44, lowest: low.length ? low[0][1] : '', h1: document.querySelectorAll('h1').length,
  made: document.querySelectorAll('script, img, link:not([rel=stylesheet]), style, object, embed, base, [onclick], [onerror], [onload], [onmouseover], [style]').length,
  ran: window.ran === undefined ? 0 : 1, stopped: window.stopped,
};
})()"#;

/// The daemon of a system, with the address of its operator's page.
struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn start(system: &System) -> Running {
        let mut child =
            system.command(&["run"]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
        let log = BufReader::new(child.stderr.take().expect("piped"));
        let (say, heard) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                if let Some((_, rest)) = line.split_once("운영 페이지를 http://") {
                    let _ = say.send(rest.split('/').next().unwrap_or_default().to_owned());
                }
            }
        });
        let address = heard.recv_timeout(std::time::Duration::from_secs(60)).expect("it serves the page");
        Running { child, address }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A listener that nobody may ever reach.
fn canary() -> (u16, Arc<AtomicUsize>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let reached = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&reached);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, reached)
}

/// A system whose posts, people and relay are hostile, with an edition that the relay puts off.
fn hostile_system(server: &SmtpServer, canary: u16) -> System {
    let system = System::new(server.port(), 1);
    let mark = format!(
        "</title></textarea></bdi><script>window.ran=1</script><img src=http://127.0.0.1:{canary}/i onerror=window.ran=1><svg onload=window.ran=1>\" onmouseover=\"window.ran=1\" style=\"background:url(http://127.0.0.1:{canary}/s)"
    );
    let config = std::fs::read_to_string(system.path("moabom.toml")).expect("read");
    let config = config.replace("느린 오후의 기록", "느린 오후 <b>기록</b>")
        + "\n[[digest]]\nname = \"달마다\"\nschedule = \"0 9 1 * *\"\n\n[admin]\nlisten = \"127.0.0.1:0\"\npassword_hash_file = \"secret/admin-password\"\n";
    std::fs::write(system.path("moabom.toml"), config).expect("written");
    let page = std::fs::read_to_string(system.path("page.txt")).expect("read");
    let title = page.lines().nth(2).expect("a title").to_owned();
    std::fs::write(system.path("page.txt"), page.replacen(&title, &format!("{title} {mark}"), 1))
        .expect("written");
    server.for_recipient(
        "reader1@d1.example.com",
        At::Rcpt,
        Act::say(&format!("550 5.1.1 no such user {mark}")),
    );
    server.always(At::Rcpt, Act::say(&format!("450 4.2.1 later {mark}")));
    system.publish_to(12);
    let db = rusqlite::Connection::open(system.path("data/moabom.sqlite")).expect("the file");
    db.execute("UPDATE subscribers SET name = ?1", [&mark]).expect("written");
    // A list that came to be over some weeks, and posts whose reactions grew.
    db.execute("UPDATE subscribers SET created_at = created_at - (12 - id) * 9 * 86400000", [])
        .expect("written");
    let grow = "INSERT INTO observations (post_id, observed_at, reactions, comments)
                  SELECT id, first_seen_at - 86400000 * (9 - n), reactions * n * n / 81, comments * n / 9
                    FROM posts, (VALUES (1), (3), (4), (7)) AS days(n)";
    db.execute(
        &grow.replace(
            "(VALUES (1), (3), (4), (7)) AS days(n)",
            "(SELECT 1 AS n UNION SELECT 3 UNION SELECT 4 UNION SELECT 7)",
        ),
        [],
    )
    .expect("written");
    system
}

fn set_password(system: &System, password: &str) {
    let mut command = system.command(&["admin", "password"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
    child.stdin.take().expect("piped").write_all(format!("{password}\n").as_bytes()).expect("typed");
    assert!(child.wait().expect("it ends").success());
}

fn picture(tab: &mut Tab<'_>, name: &str) {
    if let Some(folder) = std::env::var_os("MOABOM_PICTURES") {
        let path = std::path::Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(path, tab.picture()).expect("written");
    }
}

/// The screen from now on; a narrow one is a phone's.
fn screen(tab: &mut Tab<'_>, width: u32, dark: bool) {
    if width < 500 {
        tab.phone(width, 800)
    } else {
        tab.size(width, 800, 1)
    }
    tab.scheme(if dark { "dark" } else { "light" });
}

fn assert_sound(tab: &mut Tab<'_>, name: &str) {
    for (width, dark) in WIDTHS.into_iter().flat_map(|width| [(width, false), (width, true)]) {
        screen(tab, width, dark);
        let seen: Value = tab.value(MEASURE);
        let what = format!("{name} at {width}, dark {dark}: {seen}");
        assert_eq!(seen["scroll"], 0, "sideways scroll: {what}");
        assert_eq!(seen["beyond"], serde_json::json!([]), "something sticks out: {what}");
        assert!(seen["contrast"].as_f64() >= Some(4.5), "contrast: {what}");
        assert!(seen["font"].as_f64() >= Some(13.0), "font: {what}");
        assert!(seen["target"].as_f64() >= Some(44.0), "target: {what}");
        assert_eq!((&seen["h1"], &seen["made"], &seen["ran"]), (&1.into(), &0.into(), &0.into()), "{what}");
        assert_eq!(seen["stopped"], serde_json::json!([]), "the policy had to stop something: {what}");
        picture(tab, &format!("{name}-{width}{}", if dark { "-dark" } else { "" }));
    }
    screen(tab, 1200, false);
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..600 {
        if done() {
            return;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(100));
    }
    panic!("{what}");
}

#[test]
fn an_operator_logs_in_looks_pauses_and_resumes_and_nothing_hostile_runs() {
    let Some(mut chromium) = chromium() else { return };
    let server = SmtpServer::start();
    let (canary, reached) = canary();
    let system = hostile_system(&server, canary);
    set_password(&system, PASSWORD);
    let running = Running::start(&system);
    let at = |path: &str| format!("http://{}{path}", running.address);
    let edition = || system.json(&["editions", "list", "--json"])[0].clone();
    wait_until("the relay puts readers off", || edition()["counts"]["deferred"].as_i64() > Some(5));

    let mut tab = chromium.tab();
    tab.open(&at("/editions/1"));
    assert_eq!(tab.place(), "/login", "nothing is seen before");
    assert_sound(&mut tab, "login");
    tab.type_into("#password", "틀린 비밀번호예요");
    tab.press("main button");
    assert!(tab.text().contains("비밀번호가 달라요"), "{}", tab.text());
    tab.type_into("#password", PASSWORD);
    tab.press("main button");
    assert_eq!(tab.place(), "/");
    assert_eq!(tab.value("document.cookie"), "", "no script sees the login");

    for (name, path) in [
        ("overview", "/"),
        ("editions", "/editions"),
        ("edition", "/editions/1"),
        ("posts", "/posts"),
        ("post", "/posts/1"),
        ("subscribers", "/subscribers"),
        ("person", "/subscribers/1"),
        ("preview", "/preview?digest=%EB%8B%AC%EB%A7%88%EB%8B%A4"),
        ("nothing", "/preview"),
        ("missing", "/nowhere"),
    ] {
        tab.open(&at(path));
        assert_sound(&mut tab, name);
    }
    tab.open(&at("/preview?digest=%EB%8B%AC%EB%A7%88%EB%8B%A4"));
    let frame = tab.value("(() => { const f = document.querySelector('iframe'); return [f.getAttribute('sandbox'), f.contentDocument === null] })()");
    assert_eq!(frame, serde_json::json!(["", true]), "the letter is a stranger to the page");
    tab.open(&at("/editions/1"));
    let said = tab.text();
    assert!(said.contains("<script>window.ran=1</script>") && said.contains("5.1.1"), "as text: {said}");

    tab.value("document.querySelector('iframe').scrollIntoView()");
    picture(&mut tab, "framed");
    tab.open(&at("/editions/1/letter"));
    assert!(tab.text().contains("안녕하세요, 구독자님!"), "{}", tab.text());
    assert_eq!(tab.value("window.ran === undefined && origin"), "null", "the letter has no place of its own");

    tab.open(&at("/editions/1"));
    tab.press("a[href='/editions/1/pause']");
    assert_sound(&mut tab, "confirm");
    tab.type_into("#reason", "제목에 <i>오타</i>가 있어요");
    tab.press("main button");
    assert!(tab.text().contains("발송을 멈췄어요"), "{}", tab.text());
    assert_sound(&mut tab, "paused");
    let paused = edition();
    assert_eq!(
        (&paused["state"], &paused["reason"]),
        (&"paused".into(), &"제목에 <i>오타</i>가 있어요".into())
    );
    tab.open(&at("/"));
    assert!(tab.text().contains("제목에 <i>오타</i>가 있어요"), "{}", tab.text());
    assert_sound(&mut tab, "concerned");
    tab.open(&at("/editions/1"));
    tab.press("a[href='/editions/1/resume']");
    tab.press("main button");
    assert!(tab.text().contains("이어서 보내요"), "{}", tab.text());
    assert_eq!(edition()["state"], "sending");

    tab.open(&at("/subscribers"));
    tab.type_into("#address", "reader1@");
    tab.press("main button");
    tab.press("main .rows a");
    assert!(tab.text().contains("동의 기록") && tab.text().contains("반송"), "{}", tab.text());
    tab.open(&at("/posts/1"));
    tab.press("button[value=pin]");
    assert!(tab.text().contains("고정했어요"), "{}", tab.text());

    set_password(&system, "가을의 다른 비밀번호");
    tab.open(&at("/editions"));
    assert_eq!(tab.place(), "/login", "a changed password ends the login");
    assert_eq!(tab.asked_outside(), None);
    assert_eq!(reached.load(Ordering::SeqCst), 0, "nothing was fetched from elsewhere");
    // The canary would have been reached: a page of nobody's with its picture in it reaches it.
    tab.open(&format!("data:text/html,<img src=http://127.0.0.1:{canary}/i>"));
    wait_until("the canary is reached", || reached.load(Ordering::SeqCst) > 0);
    drop(running);
    system.verify();
}
