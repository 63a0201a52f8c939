//! Every public route: what looks changes nothing, odd spellings open nothing, and no body brings a page down.

use std::io::{Read, Write};
use std::net::TcpStream;

use moabom::model::token::Purpose;
use moabom::model::{EditionId, SubscriberId};

use crate::signup::{FORM, Front, filled};
use crate::support::keeper::Dice;
use crate::web::{body, status};

/// Somebody who receives, somebody to be confirmed, a new address waiting: a link of each kind.
fn tokens(front: &Front) -> [String; 4] {
    front.desk.run(&["add", "kim@naver.com", "--name", "김해봄"]).ok();
    front.sign_up("lee@naver.com");
    let confirm = front.link();
    let key = &front.desk.keys[0];
    let own = key.numbered_token(Purpose::Preferences, SubscriberId(1), 0);
    front.served.post(&format!("/preferences/{own}"), FORM, "do=address&address=neu%40daum.net");
    let leave = key.token(Purpose::Unsubscribe, SubscriberId(1), EditionId(0));
    [format!("/unsubscribe/{leave}"), confirm, format!("/preferences/{own}"), front.link()]
}

const PUBLIC: [&str; 10] = [
    "/",
    "/subscribe",
    "/subscribe?digest=weekly",
    "/privacy",
    "/healthz",
    "/unsubscribe",
    "/archive",
    "/archive/weekly",
    "/archive/weekly/feed.xml",
    "/archive/weekly/1",
];

fn dump(front: &Front) -> (Vec<u8>, Vec<u8>) {
    let path = front.desk.store.path();
    (std::fs::read(path).expect("db"), std::fs::read(path.with_extension("db-wal")).expect("wal"))
}

/// Requests one after another on kept connections, and their statuses.
fn ask_often(front: &Front, method: &str, path: &str, extra: &str, times: usize) {
    let port = front.served.port();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connects");
    let last = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{extra}Connection: close\r\n\r\n");
    let one = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{extra}\r\n");
    let requests = one.repeat(times - 1) + &last;
    let mut writer = stream.try_clone().expect("clones");
    let writing = std::thread::spawn(move || writer.write_all(requests.as_bytes()));
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).expect("reads");
    writing.join().expect("no panic").expect("writes");
    let answers = String::from_utf8_lossy(&answers);
    let told = answers.matches("HTTP/1.1 ").count();
    assert_eq!(told, times, "{method} {path}");
    assert!(!answers.contains("HTTP/1.1 5"), "{method} {path}");
}

#[test]
fn a_thousand_looks_at_every_route_leave_the_database_byte_for_byte() {
    let front = Front::new();
    let links = tokens(&front);
    let before = dump(&front);
    let paths = PUBLIC.iter().copied().chain(links.iter().map(String::as_str));
    for path in paths {
        ask_often(&front, "GET", path, "", 1000);
        ask_often(&front, "GET", path, "Sec-Purpose: prefetch\r\nPurpose: prefetch\r\n", 1000);
        ask_often(&front, "HEAD", path, "", 1000);
        ask_often(&front, "OPTIONS", path, "Origin: https://a.example\r\n", 1000);
    }
    assert!(dump(&front) == before, "the files changed");
}

#[test]
fn odd_spellings_cookies_and_methods_open_nothing() {
    let front = Front::new();
    let links = tokens(&front);
    let before = dump(&front);
    for link in links.iter().map(String::as_str).chain(PUBLIC.into_iter().skip(1)) {
        let rest = link.trim_start_matches('/');
        let odd = [
            format!("//{rest}"),
            format!("/./{rest}"),
            format!("/x/../{rest}"),
            format!("/%2e/{rest}"),
            format!("/{}", rest.replacen('/', "//", 1)),
            format!("/{}", rest.replacen('/', "%2f", 1)),
            link.to_uppercase(),
            format!("{}/", link.split('?').next().unwrap_or(link)),
            format!("{}%00", link.split('?').next().unwrap_or(link)),
            format!("{}%ff", link.split('?').next().unwrap_or(link)),
            format!("{}.html", link.split('?').next().unwrap_or(link)),
        ];
        for path in odd.iter().filter(|path| *path != link) {
            for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "PROPFIND"] {
                let answer = front.served.ask(method, path);
                assert!(["404", "405", "400"].contains(&status(&answer)), "{method} {path}: {answer}");
                assert!(
                    !answer.contains("naver.com") && !answer.contains("김해봄"),
                    "{method} {path}: {answer}"
                );
            }
        }
        for method in ["PUT", "DELETE", "PATCH", "PROPFIND", "TRACE", "CONNECTX"] {
            let answer = front.served.ask(method, link);
            assert_eq!(status(&answer), if link == "/" { "404" } else { "405" }, "{method} {link}");
        }
    }
    for cookie in ["Cookie: session=x\r\n", "Authorization: Basic YTpi\r\n", ""] {
        for path in
            ["/admin", "/admin/people", "/metrics", "/api", "/.env", "/preferences", "/confirm", "/address"]
        {
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{cookie}Connection: close\r\n\r\n");
            let answer = front.served.raw(request.as_bytes());
            assert_eq!(status(&answer), "404", "{path}: {answer}");
        }
    }
    assert!(dump(&front) == before, "the files changed");
}

#[test]
fn every_page_keeps_the_strict_headers() {
    let front = Front::new();
    let links = tokens(&front);
    let paths = links.iter().map(String::as_str).chain(["/subscribe", "/privacy", "/nothing"]);
    for path in paths {
        let head = front.served.ask("HEAD", path).to_lowercase();
        for line in [
            "default-src 'none'; style-src 'sha256-",
            "form-action 'self'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
            "x-frame-options: deny",
        ] {
            assert!(head.contains(line), "{path}: {line} in {head}");
        }
        let page = front.served.ask("GET", path);
        assert!(
            !page.contains("<script")
                && !page.contains("<img")
                && !page.to_lowercase().contains("set-cookie")
        );
        assert!(page.contains("lang=\"ko\"") && page.contains("name=\"viewport\""), "{path}");
    }
}

fn roll(dice: &mut Dice, sides: usize) -> usize {
    usize::try_from(dice.below(sides as u64)).expect("small")
}

fn pick<'a, T: ?Sized>(dice: &mut Dice, from: &[&'a T]) -> &'a T {
    from[roll(dice, from.len())]
}

#[test]
fn no_body_and_no_header_brings_a_page_down() {
    for signup in [true, false] {
        let front = Front::with(|deps| {
            deps.people.advertising = !signup;
            deps.people.links = deps.people.links.take().filter(|_| signup);
        });
        let links = if signup {
            tokens(&front)
        } else {
            ["/unsubscribe/x", "/confirm/x", "/preferences/x", "/address/x"].map(str::to_owned)
        };
        let stamp = if signup { front.stamp() } else { "1-01-00".to_owned() };
        let mut dice = Dice::new(0x5EED);
        let kinds = [FORM, "multipart/form-data; boundary=b", "text/plain", "application/json", "\u{1}", ""];
        let names = [
            "address",
            "email",
            "name",
            "do",
            "pace-weekly",
            "pace99999999999999999999",
            "made",
            "digest",
            "agree",
            "website",
            "",
            "%ff",
        ];
        let values = [
            "%00",
            "%ff%fe",
            "kim%40naver.com",
            "=&=&",
            "%F0%9F%91%A8%E2%80%8D",
            "{{+x+}}",
            "%3Cscript%3E",
            "save",
            "address",
            "rest-2w",
            "-1",
            "yes",
            "%",
            "+",
            "a%0d%0aBcc%3A+x%40y.com",
            "\u{2}link\u{3}",
        ];
        for round in 0..3000 {
            let mut sent: Vec<u8> = match roll(&mut dice, 4) {
                0 => (0..roll(&mut dice, 400)).map(|_| dice.below(256) as u8).collect(),
                1 => filled(&stamp, "x@y.com").into_bytes(),
                _ => Vec::new(),
            };
            for _ in 0..roll(&mut dice, 8) {
                let part = format!("&{}={}", pick(&mut dice, &names), pick(&mut dice, &values));
                sent.extend(part.as_bytes());
            }
            if roll(&mut dice, 50) == 0 {
                sent.resize(100_000, b'a');
            }
            let paths =
                [&links[0], &links[1], &links[2], &links[3], "/subscribe", "/privacy", "/archive/%00"];
            // Whoever left cannot come back in this test, so leaving is tried last.
            let path = if round < 2900 { pick(&mut dice, &paths[1..]) } else { pick(&mut dice, &paths) };
            let mut head = format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\nX-Forwarded-For: {}\r\n",
                sent.len(),
                pick(&mut dice, &["1.2.3.4", "::1, 5.6.7.8", "x", ",,,", "", "999.1.1.1"])
            );
            let kind = pick(&mut dice, &kinds);
            if !kind.is_empty() && kind != "\u{1}" {
                head.push_str(&format!("Content-Type: {kind}\r\n"));
            }
            let mut request = (head + "\r\n").into_bytes();
            request.extend(&sent);
            let answer = front.served.raw(&request);
            assert!(
                !status(&answer).starts_with('5'),
                "{path} {:?}: {answer}",
                String::from_utf8_lossy(&sent)
            );
            assert!(!body(&answer).contains("<script"), "{answer}");
        }
        assert_eq!(status(&front.served.ask("GET", "/healthz")), "200");
    }
}

#[test]
fn a_failing_store_is_told_on_every_page_and_nothing_is_half_done() {
    let front = Front::new();
    let [_, confirm, own, moved] = tokens(&front);
    let tables = [
        ("subscribers", "UPDATE"),
        ("subscriptions", "UPDATE"),
        ("signup_hours", "UPDATE"),
        ("address_changes", "INSERT"),
    ];
    for (table, act) in tables {
        let trigger = format!(
            "CREATE TRIGGER broken_{table} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END;"
        );
        front.desk.sql().execute_batch(&trigger).expect("writes");
    }
    let form = filled(&front.stamp(), "park@naver.com");
    let tries = [
        ("/subscribe", form.as_str()),
        (&confirm, ""),
        (&own, "do=save&pace-weekly=rest-2w&name=x"),
        (&own, "do=address&address=a%40b.com"),
        (&moved, ""),
    ];
    for (path, sent) in tries {
        let answer = front.served.post(path, FORM, sent);
        assert_eq!(status(&answer), "503", "{path}: {answer}");
        assert!(answer.contains("처리하지 못했어요") && answer.contains("haebom@example.com"));
    }
    assert_eq!(
        front.number("SELECT count(*) FROM subscribers WHERE name = '김해봄' AND address = 'kim@naver.com'"),
        1
    );
    assert_eq!(
        (front.mailed(), front.number("SELECT count(*) FROM subscriptions WHERE state = 'pending'")),
        (1, 1)
    );
}
