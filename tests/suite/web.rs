//! The unsubscribe page and one-click, over real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use moabom::clock::Clock;
use moabom::model::token::{Purpose, SecretKey};
use moabom::model::{EditionId, EmailAddress, Sender, SubscriberId, SuppressionKey};
use moabom::render::Renderer;
use moabom::render::confirmation::Confirmations;
use moabom::web;
use tokio_util::sync::CancellationToken;

use crate::people::Desk;

/// What the pages of a desk's store are served with.
pub fn deps(desk: &Desk, keys: Vec<SecretKey>) -> web::Deps {
    let links: url::Url = "https://letter.example.com/".parse().expect("an address");
    let sender = Sender {
        name: "해봄".into(),
        email: EmailAddress::parse("haebom@example.com").expect("an address"),
        reply_to: None,
        phone: None,
        address: None,
    };
    let (renderer, named) = (Renderer::new(&[]).expect("templates"), sender.clone());
    let confirmations = move || Confirmations::new(renderer.templates(), "해봄의 <편지>", &named);
    web::Deps {
        store: desk.store.clone(),
        keys,
        clock: Clock::manual(desk.now),
        newsletter: "해봄의 <편지>".into(),
        contact: "haebom@example.com".into(),
        archive: web::ArchiveSettings {
            zone: chrono_tz::Asia::Seoul,
            links: Some(links.clone()),
            home: "https://blog.example.com/".parse().expect("an address"),
            digests: vec!["weekly".into()],
            titles: Default::default(),
        },
        draft: None,
        confirmations: std::sync::Arc::new(confirmations),
        farewell: Default::default(),
        people: web::PeopleSettings {
            signup: true,
            advertising: false,
            sender,
            zone: chrono_tz::Asia::Seoul,
            links: Some(links),
            digests: vec![web::DigestChoice {
                name: "weekly".into(),
                when: "매주 월요일 09:00".into(),
                best: None,
            }],
            confirmations_per_hour: 60,
            trusted_proxies: vec![],
            privacy: web::PrivacySettings {
                officer: "해봄".into(),
                email: "haebom@example.com".into(),
                processors: vec![],
                since: None,
            },
        },
        queued: std::sync::Arc::default(),
    }
}

/// The pages of a desk's store, served until dropped.
pub struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<std::io::Result<()>>>,
}

impl Served {
    pub fn start(desk: &Desk, keys: Vec<SecretKey>) -> Served {
        Served::of(deps(desk, keys))
    }

    /// Serves pages that were set up otherwise.
    pub fn of(deps: web::Deps) -> Served {
        let router = web::router(deps);
        let stop = CancellationToken::new();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("non-blocking");
        let address = listener.local_addr().expect("bound");
        let until = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
            runtime.block_on(async {
                web::serve(tokio::net::TcpListener::from_std(listener)?, router, until).await
            })
        });
        Served { address, stop, thread: Some(thread) }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn raw(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).expect("connects");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        stream.write_all(request).expect("writes");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("reads");
        String::from_utf8(answer).expect("UTF-8")
    }

    pub fn ask(&self, method: &str, path: &str) -> String {
        self.raw(format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
    }

    pub fn post(&self, path: &str, kind: &str, body: &str) -> String {
        let length = body.len();
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n");
        let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        self.raw(format!("{head}{kind}\r\n{body}").as_bytes())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let served = thread.join().expect("no panic");
            assert!(served.is_ok(), "{served:?}");
        }
    }
}

pub fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

pub fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

fn desk() -> Desk {
    let desk = Desk::new();
    for name in ["kim", "lee", "park", "choi", "jung", "kang"] {
        desk.run(&["add", &format!("{name}@naver.com")]).ok();
    }
    desk
}

#[test]
fn looking_changes_nothing_however_often() {
    let desk = desk();
    let token = desk.token("kim@naver.com");
    let forged = SecretKey::new(1, &[8; 32]).token(Purpose::Unsubscribe, SubscriberId(1), EditionId(0));
    let served = Served::start(&desk, desk.keys.clone());
    let before = desk.sql().query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).expect("reads");
    let dump = || {
        (
            std::fs::read(desk.store.path()).expect("db"),
            std::fs::read(desk.store.path().with_extension("db-wal")).expect("wal"),
        )
    };
    let bytes = dump();
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PROPFIND"] {
        for path in [
            format!("/unsubscribe/{token}"),
            format!("/unsubscribe/{forged}"),
            format!("/unsubscribe/{token}?List-Unsubscribe=One-Click"),
            format!("/unsubscribe/{token}/"),
            format!("//unsubscribe/{token}"),
            format!("/UNSUBSCRIBE/{token}"),
            "/unsubscribe/x".into(),
            "/unsubscribe/%ff".into(),
            "/healthz".into(),
            "/".into(),
            "/admin".into(),
        ] {
            for _ in 0..5 {
                let answer = served.ask(method, &path);
                let led = path == "/" && status(&answer) == "302";
                let plain = ["200", "404", "405", "400"].contains(&status(&answer));
                assert!(led || plain, "{method} {path}: {answer}");
            }
        }
    }
    assert_eq!(dump(), bytes, "byte for byte");
    let after = desk.sql().query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).expect("reads");
    assert_eq!((before, desk.list().as_array().map(Vec::len)), (after, Some(6)));
}

#[test]
fn the_page_says_who_and_what_under_strict_headers() {
    let desk = desk();
    let served = Served::start(&desk, desk.keys.clone());
    let answer = served.ask("GET", &format!("/unsubscribe/{}", desk.token("kim@naver.com")));
    let page = body(&answer);
    for word in
        ["k***@naver.com", "해봄의 &lt;편지&gt;", "<form method=\"post\">", "Unsubscribe", "min-height:44px"]
    {
        assert!(page.contains(word), "{word} in {page}");
    }
    assert!(!page.contains("kim@naver.com") && !page.contains("<script"));
    let head = answer.to_lowercase();
    for line in [
        "default-src 'none'; style-src 'sha256-",
        "form-action 'self'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cache-control: no-store",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert!(!head.contains("unsafe-inline") && !head.contains("set-cookie"));
}

#[test]
fn one_click_works_in_every_encoding_and_says_the_same_each_time() {
    let mut desk = desk();
    let tokens: Vec<String> = ["kim", "lee", "park", "choi", "jung", "kang"]
        .map(|name| desk.token(&format!("{name}@naver.com")))
        .into();
    // An older link goes on working after the keys rotated.
    desk.keys.insert(0, SecretKey::new(2, &[9; 32]));
    let served = Served::start(&desk, desk.keys.clone());
    let form = "application/x-www-form-urlencoded";
    let parts =
        "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    let bodies = [
        (form, "List-Unsubscribe=One-Click".to_owned()),
        ("multipart/form-data; boundary=b", parts.into()),
        ("", String::new()),
        (form, "by=page".into()),
        ("text/plain", "\u{0}무엇이든".into()),
        ("application/json", "{".repeat(100_000)),
    ];
    let mut said = std::collections::HashSet::new();
    for (token, (kind, text)) in tokens.iter().zip(&bodies) {
        for _ in 0..2 {
            let answer = served.post(&format!("/unsubscribe/{token}"), kind, text);
            assert_eq!(status(&answer), "200", "{kind}: {answer}");
            assert!(
                !answer.to_lowercase().contains("\r\nlocation:")
                    && !answer.to_lowercase().contains("set-cookie")
            );
            said.insert(body(&answer).to_owned());
        }
    }
    assert_eq!(desk.list(), serde_json::json!([]));
    let sources: Vec<String> = (1..=6)
        .map(|id| {
            desk.store.read(|ledger| ledger.consents_of(SubscriberId(id))).expect("reads")[1].source.clone()
        })
        .collect();
    assert_eq!(sources, ["one-click", "one-click", "one-click", "web", "one-click", "one-click"]);
    let unknown = desk.keys[0].token(Purpose::Unsubscribe, SubscriberId(999), EditionId(3));
    let mut flipped = tokens[0].clone();
    flipped.replace_range(46..47, if flipped.ends_with('A') { "E" } else { "A" });
    for token in [unknown, flipped, "A".repeat(47)] {
        let answer = served.post(&format!("/unsubscribe/{token}"), form, "List-Unsubscribe=One-Click");
        assert_eq!(status(&answer), "200");
        said.insert(body(&answer).to_owned());
    }
    assert_eq!(said.len(), 1, "all are answered alike");
    assert_eq!(status(&served.post("/unsubscribe/short", form, "")), "404");
}

#[test]
fn tokens_that_are_not_ours_are_shown_one_and_the_same_page() {
    let desk = desk();
    let served = Served::start(&desk, desk.keys.clone());
    let forged = SecretKey::new(1, &[8; 32]).token(Purpose::Unsubscribe, SubscriberId(1), EditionId(0));
    let nobody = desk.keys[0].token(Purpose::Unsubscribe, SubscriberId(99), EditionId(0));
    let pages: Vec<String> = [forged, nobody, "A".repeat(47)]
        .map(|token| body(&served.ask("GET", &format!("/unsubscribe/{token}"))).to_owned())
        .into();
    assert!(pages[0].contains("<form") && pages.iter().all(|page| *page == pages[0]));
}

#[test]
fn a_failing_store_is_never_answered_with_done() {
    let desk = desk();
    let token = desk.token("kim@naver.com");
    let served = Served::start(&desk, desk.keys.clone());
    // Another hand makes the tables unwritable: what the disk or a read-only store would do.
    desk.sql()
        .execute_batch(
            "CREATE TRIGGER broken BEFORE UPDATE ON subscribers BEGIN SELECT RAISE(ABORT, 'no'); END;",
        )
        .expect("writes");
    let answer = served.post(&format!("/unsubscribe/{token}"), "", "List-Unsubscribe=One-Click");
    assert_eq!(status(&answer), "503", "{answer}");
    assert!(answer.contains("haebom@example.com") && !answer.contains("처리했어요"));
    assert_eq!(desk.suppression("kim@naver.com"), None, "nothing was half done");
    desk.sql().execute_batch("DROP TRIGGER broken").expect("writes");
    assert_eq!(status(&served.post(&format!("/unsubscribe/{token}"), "", "")), "200");
    assert!(desk.suppression("kim@naver.com").is_some());
}

#[test]
fn a_failure_is_told_in_words_that_fit_whatever_was_tried() {
    let front = crate::signup::Front::new();
    let broken = "CREATE TRIGGER broken BEFORE INSERT ON signup_hours BEGIN SELECT RAISE(ABORT, 'no'); END;";
    front.desk.sql().execute_batch(broken).expect("writes");
    let answer = front.sign_up("kim@naver.com");
    assert_eq!(status(&answer), "503");
    assert!(!answer.contains("주소로 ‘수신거부’라고 보내 주세요"), "{answer}");
    assert!(answer.contains("구독 신청") && answer.contains("haebom@example.com"), "{answer}");
}

/// All that stands in the files of a desk's folder.
fn everything(desk: &Desk) -> Vec<u8> {
    let files = std::fs::read_dir(desk.folder.path()).expect("a folder");
    files.flat_map(|file| std::fs::read(file.expect("a file").path()).expect("reads")).collect()
}

#[test]
fn after_a_withdrawal_no_file_of_the_store_holds_address_or_name() {
    let desk = Desk::new();
    desk.run(&["add", "Needle.Kim@naver.com", "--name", "바늘김씨"]).ok();
    for n in 0..200 {
        desk.run(&["add", &format!("reader{n}@naver.com")]).ok();
    }
    let holds = |word: &str| {
        let all = everything(&desk);
        all.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    let words = ["needle.kim@naver.com", "바늘김씨"];
    assert!(words.iter().all(|word| holds(word)));
    let token = desk.token("needle.kim@naver.com");
    let served = Served::start(&desk, desk.keys.clone());
    // A reader that has looked before keeps nothing from being erased.
    assert_eq!(status(&served.ask("GET", &format!("/unsubscribe/{token}"))), "200");
    assert_eq!(status(&served.post(&format!("/unsubscribe/{token}"), "", "by=page")), "200");
    assert_eq!(words.map(&holds), [false, false]);
    assert!(holds("reader7@naver.com"));
}

#[test]
fn what_a_reader_kept_in_the_log_leaves_it_afterwards() {
    let desk = Desk::new();
    desk.run(&["add", "needle@naver.com"]).ok();
    let holds = || everything(&desk).windows(16).any(|part| part == b"needle@naver.com");
    let (key, now, id) =
        (SuppressionKey::of(&desk.keys).expect("a key"), desk.now, desk.id("needle@naver.com"));
    let held = desk.sql();
    held.execute_batch("BEGIN; SELECT count(*) FROM subscribers").expect("reads");
    desk.store.write(move |ledger| ledger.withdraw(id, "test", &key, now)).expect("withdrawn");
    assert!(holds(), "another process still reads the old state");
    held.execute_batch("COMMIT").expect("ends");
    let begun = std::time::Instant::now();
    while holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it stays in the log");
        std::thread::yield_now();
    }
}

#[test]
fn broken_and_stalling_clients_do_not_keep_others_from_leaving() {
    let desk = desk();
    let token = desk.token("kim@naver.com");
    let served = Served::start(&desk, desk.keys.clone());
    let stalling: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(served.address).expect("connects");
            stream
                .write_all(b"POST /unsubscribe/x HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\nx")
                .expect("writes");
            stream
        })
        .collect();
    for garbage in [
        &b"\x16\x03\x01\x02\x00"[..],
        b"GET\r\n\r\n",
        b"\r\n\r\n\r\n",
        b"POST /unsubscribe/%00 HTTP/1.1\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(served.address).expect("connects");
        stream.write_all(garbage).expect("writes");
    }
    assert_eq!(status(&served.ask("GET", "/healthz")), "200");
    assert_eq!(status(&served.post(&format!("/unsubscribe/{token}"), "", "")), "200");
    drop(stalling);
}
