//! `moabom preview --serve` through its socket: what it shows, what it says of a fault, whom it answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Stdio};

use crate::broken::sound;
use crate::support::keeper::Keeper;
use crate::support::system::System;

/// What the law wants in each part of a letter: without it no template is used.
const LAWFUL: &str = "{{ sender.name }} {{ sender.email }} {% if sender.phone %}{{ sender.phone }}{% endif %}\
    {% if sender.address %} {{ sender.address }}{% endif %} Unsubscribe\n";

/// `preview --serve` of a system of its own, until dropped.
pub struct Served {
    pub system: System,
    child: Child,
    host: String,
    /// Held, so that the server can go on talking.
    _out: BufReader<ChildStdout>,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    pub fn start() -> Served {
        let system = System::new(1, 1);
        system.run(&["ingest"]);
        Served::of(system)
    }

    /// The preview of a system that has read its posts.
    pub fn of(system: System) -> Served {
        let mut command = system.command(&["preview", "--serve"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        out.read_line(&mut line).expect("an address");
        let host = line.trim().rsplit("http://").next().expect("an address").trim_end_matches('/').to_owned();
        Served { system, child, host, _out: out }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    fn get_as(&self, path: &str, host: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    }

    /// Posts a form as a page of `origin` would.
    fn post_from(&self, origin: Option<&str>, form: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).expect("it listens");
        let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
        let request = format!(
            "POST /trial HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{origin}Content-Type: \
             application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.host,
            form.len()
        );
        stream.write_all(request.as_bytes()).expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    }

    fn get(&self, path: &str) -> String {
        self.get_as(path, &self.host)
    }

    pub fn version(&self) -> String {
        self.get("/version").rsplit("\r\n\r\n").next().unwrap_or_default().to_owned()
    }

    /// Writes a template of that text, with what is wanted of each after it.
    pub fn template(&self, name: &str, text: &str) {
        let folder = self.system.path("templates/digest");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(name), format!("{text}{LAWFUL}")).expect("written");
    }
}

#[test]
fn the_page_shows_the_letter_that_would_be_sent_and_why() {
    let served = Served::start();
    let page = served.get("/");
    for part in [
        "넓은 화면",
        "휴대전화, 어두운 화면",
        "회의를 절반으로 줄여 보았다",
        "List-Unsubscribe",
        "왜 이 글인가",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(
        page.contains("content-security-policy: default-src 'none'; style-src 'self'; script-src 'self'")
    );
    let body = |answer: &str| answer.split_once("\r\n\r\n").expect("a body").1.to_owned();
    let (light, dark) = (body(&served.get("/letter")), body(&served.get("/letter?scheme=dark")));
    assert!(light.contains("@media not all") && dark.contains("@media all"));
    assert!(served.get("/letter").contains("content-security-policy: sandbox"));
    let later = served.get("/?at=2026-12-07T09%3A00");
    assert!(later.contains("2026-12-07 09:00"), "another time can be asked for");
    assert!(served.get("/?at=%EA%B8%80%EC%8E%84").contains("시각"), "a time that is none is told of");
}

#[test]
fn only_this_machine_under_its_own_name_is_answered() {
    let served = Served::start();
    for host in ["evil.example", "127.0.0.1.evil.example:80", "192.168.0.5:8027", ""] {
        assert!(served.get_as("/", host).starts_with("HTTP/1.1 40"), "{host:?}");
    }
    assert!(served.get_as("/", "localhost:1").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_change_is_news_and_a_broken_template_keeps_the_last_good_letter() {
    let served = Served::start();
    let first = served.version();
    assert!(served.get("/").contains("한눈에 보기"));
    assert_eq!(served.version(), first, "looking changes nothing");

    served.template("letter.txt", "새 틀이에요. {{ newsletter.title }} {{ unsubscribe_url }}\n");
    let second = served.version();
    assert_ne!(first, second, "a template is news");
    assert!(served.get("/").contains("새 틀이에요."));

    served.template("letter.txt", "첫 줄\n{{ newsletter.titel }}\n");
    assert_ne!(second, served.version());
    let page = served.get("/");
    assert!(
        page.contains("role=\"alert\"") && page.contains("letter.txt") && page.contains("titel"),
        "{page}"
    );
    assert!(page.contains("새 틀이에요."), "the last good letter stays");

    served.template("letter.txt", "다시 성한 틀 {{ unsubscribe_url }}\n");
    assert!(!served.get("/").contains("role=\"alert\""));
    let config = served.system.path("moabom.toml");
    let text = std::fs::read_to_string(&config).expect("read");
    let before = served.version();
    std::fs::write(&config, text.replace("schedule", "shedule")).expect("written");
    assert_ne!(before, served.version());
    assert!(served.get("/").contains("shedule"), "a configuration's fault is shown");

    std::fs::write(&config, text).expect("written");
    let before = served.version();
    served.system.run(&["posts", "hide", "1"]);
    assert_ne!(before, served.version(), "a changed store is news");
}

#[test]
fn a_hostile_title_stays_text() {
    let served = Served::start();
    let page = served.system.path("page.txt");
    let text = std::fs::read_to_string(&page).expect("read");
    let hostile =
        text.replacen("첫 보일러를 켠 날", "<script>alert(1)</script><img src=x onerror=alert(2)>", 1);
    std::fs::write(&page, hostile).expect("written");
    served.system.run(&["ingest"]);
    for path in ["/", "/letter"] {
        let answer = served.get(path);
        assert!(answer.contains("&lt;script&gt;"), "{path}");
        assert!(!answer.contains("<script>alert") && !answer.contains("<img src=x"), "{path}");
    }
}

#[test]
fn a_trial_is_sent_from_the_pages_own_form_alone_and_once_confirmed() {
    const CONFIRMED: &str = "address=me%40example.net&confirmed=yes";
    let keeper = Keeper::start(0);
    let served = Served::of(sound(keeper.port()));
    let own = format!("http://{}", served.host);
    let elsewhere = format!("http://localhost{}", served.host.trim_start_matches("127.0.0.1"));
    for origin in
        [None, Some("null"), Some("https://evil.example"), Some(elsewhere.as_str()), Some("http://127.0.0.1")]
    {
        let answer = served.post_from(origin, CONFIRMED);
        assert!(answer.starts_with("HTTP/1.1 403"), "{origin:?}: {answer}");
    }
    assert!(served.get("/trial").starts_with("HTTP/1.1 405"), "looking sends nothing");
    let asked = served.post_from(Some(&own), "address=me%40example.net");
    assert!(asked.contains("me@example.net 주소로 보낼까요?") && asked.contains("제목: [시험] "), "{asked}");
    for (form, why) in [
        ("address=nobody&confirmed=yes", "시험 편지를 보낼 수 없어요"),
        ("address=%3Cscript%3Ealert(1)%3C%2Fscript%3E&confirmed=yes", "&lt;script&gt;"),
        ("address=Gone%40Example.com&confirmed=yes", "발송 금지"),
    ] {
        let answer = served.post_from(Some(&own), form);
        assert!(answer.contains("보내지 못했어요") && answer.contains(why), "{answer}");
        assert!(!answer.contains("<script>"));
    }
    assert_eq!(keeper.total(), 0);
    let sent = served.post_from(Some(&own), CONFIRMED);
    assert!(sent.contains("시험 편지를 보냈어요") && sent.contains("250 2.0.0 kept"), "{sent}");
    assert_eq!(keeper.total(), 1);
}
