//! The operator's page over real sockets: who is let in, what a press changes, and that looking changes nothing.

mod deliveries;
mod page;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use moabom::config::Config;
use moabom::model::edition::EditionState;
use moabom::model::network::Network;
use moabom::model::{EditionId, EmailAddress, SubscriberId};
use moabom::store::subscribers::NewSubscriber;
use moabom::store::suppressions::Farewell;
use moabom::web::admin::password::{SALT, hash};
use moabom::web::admin::{self, PasswordSource};
use moabom::web::preview::Look;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::support::smtp_server::SmtpServer;
use crate::support::system::{System, moabom};
use crate::support::world::World;

const PASSWORD: &str = "봄날의 긴 비밀번호";
const OTHER: &str = "가을의 다른 비밀번호";
const CONFIG: &str = r#"
newsletter = { title = "해봄의 <편지>", home = "https://blog.example.com/", advertising = false }
sender = { name = "해봄", email = "haebom@example.com" }
smtp = { host = "127.0.0.1", port = 1025, tls = "none" }
source = [{ name = "blog", kind = "page-text", location = "page.txt" }]
digest = [{ name = "weekly", schedule = "0 9 * * MON" }]
"#;

type Hash = Arc<Mutex<Result<SecretString, String>>>;

fn hash_of(password: &str) -> SecretString {
    hash(&password.to_owned().into(), &[7; SALT]).expect("a hash")
}

/// The page of a world, served until dropped.
struct Office {
    world: World,
    address: SocketAddr,
    hash: Hash,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<std::io::Result<()>>>,
}

impl Office {
    fn with(login: bool, public: Option<&str>) -> Office {
        let server = SmtpServer::start();
        let mut world = World::new(&server);
        world.add_many(3);
        world.freeze();
        let config = Config::parse(Path::new("x.toml"), CONFIG, std::iter::empty());
        let config = config.unwrap_or_else(|faults| panic!("{faults}"));
        let hash: Hash = Arc::new(Mutex::new(Ok(hash_of(PASSWORD))));
        let source = Arc::clone(&hash);
        let source: PasswordSource = Arc::new(move || source.lock().expect("a hash").clone());
        let router = admin::router(admin::Deps {
            store: world.store.clone(),
            clock: world.clock.clone(),
            masthead: config.masthead,
            digests: config.digests,
            sources: config.sources,
            password: login.then_some(source),
            keys: vec![world.key.clone()],
            // The client of a test stands for a proxy, so that each request may come from where it likes.
            trusted_proxies: Network::parse("127.0.0.1").into_iter().collect(),
            public_url: public.map(|url| url.parse().expect("an address")),
            look: Arc::new(|_| Look { html: Some("<p>편지</p>".into()), ..Look::default() }),
        });
        let router = router.expect("randomness");
        let stop = CancellationToken::new();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("non-blocking");
        let address = listener.local_addr().expect("bound");
        let until = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
            runtime.block_on(async {
                moabom::web::serve(tokio::net::TcpListener::from_std(listener)?, router, until).await
            })
        });
        Office { world, address, hash, stop, thread: Some(thread) }
    }

    fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).expect("connects");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        stream.write_all(request.as_bytes()).expect("writes");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("reads");
        String::from_utf8(answer).expect("UTF-8")
    }

    /// A request with these head lines besides the host.
    fn ask(&self, method: &str, path: &str, lines: &str) -> String {
        let host = self.address;
        self.raw(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{lines}\r\n"))
    }

    fn post_as(&self, path: &str, lines: &str, body: &str) -> String {
        let length = body.len();
        let kind = "application/x-www-form-urlencoded";
        self.raw(&format!(
            "POST {path} HTTP/1.1\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{lines}\r\n{body}"
        ))
    }

    /// A press of a button on a page of ours.
    fn post(&self, path: &str, cookie: &str, body: &str) -> String {
        let host = self.address;
        self.post_as(path, &format!("Host: {host}\r\nOrigin: http://{host}\r\nCookie: {cookie}\r\n"), body)
    }

    /// The page that an answer leads to.
    fn follow(&self, answer: &str, cookie: &str) -> String {
        self.ask("GET", location(answer), &format!("Cookie: {cookie}\r\n"))
    }

    fn token(&self, path: &str, cookie: &str) -> String {
        let page = self.ask("GET", path, &format!("Cookie: {cookie}\r\n"));
        let rest = page.split("name=\"token\" value=\"").nth(1).unwrap_or_else(|| panic!("no form: {page}"));
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    fn try_login(&self, password: &str) -> String {
        self.try_login_from("198.51.100.7", password)
    }

    /// A try by a client with that address.
    fn try_login_from(&self, client: &str, password: &str) -> String {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("token", &self.token("/login", ""))
            .append_pair("password", password)
            .finish();
        let host = self.address;
        let lines = format!("Host: {host}\r\nOrigin: http://{host}\r\nX-Forwarded-For: {client}\r\n");
        self.post_as("/login", &lines, &form)
    }

    /// Logs in and gives back the cookie.
    fn login(&self) -> String {
        let answer = self.try_login(PASSWORD);
        assert_eq!(status(&answer), "303", "{answer}");
        let line =
            answer.lines().find(|line| line.to_lowercase().starts_with("set-cookie:")).expect("a cookie");
        line.split([':', ';']).nth(1).unwrap_or_default().trim().to_owned()
    }

    fn state(&self) -> EditionState {
        let edition = self.world.store.read(|ledger| ledger.edition(EditionId(1))).expect("reads");
        edition.expect("there").state
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let served = thread.join().expect("no panic");
            assert!(served.is_ok(), "{served:?}");
        }
    }
}

/// Where an answer leads to.
fn location(answer: &str) -> &str {
    let rest = answer.split("\r\nlocation: ").nth(1).unwrap_or_else(|| panic!("leads nowhere: {answer}"));
    rest.lines().next().unwrap_or_default()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

/// Nothing of a private page is in the answer.
fn is_closed(answer: &str, what: &str) {
    assert!(["303", "401", "403", "404", "405", "400"].contains(&status(answer)), "{what}: {answer}");
    for secret in ["example.com", "weekly", "발행호", "<nav", "구독자"] {
        assert!(!answer.contains(secret), "{what} told {secret}: {answer}");
    }
}

#[test]
fn no_private_route_answers_whoever_is_not_logged_in() {
    let office = Office::with(true, None);
    let good = office.login();
    let paths =
        admin::private_routes().into_iter().map(|path| path.replace("{id}", "1").replace("{act}", "pause"));
    let paths: Vec<String> = paths.collect();
    assert!(paths.len() > 10 && paths.contains(&"/editions/1/pause".to_owned()), "{paths:?}");
    let (name, _) = good.split_once('=').expect("a pair");
    let cookies = [
        String::new(),
        format!("{name}=\r\n"),
        format!("{name}={}\r\n", "A".repeat(43)),
        format!("__Host-{good}\r\n"),
        format!("x{good}\r\n"),
        format!("{}\r\n", good.to_lowercase()),
    ];
    for path in &paths {
        let bent = [
            path.clone(),
            format!("/{path}"),
            format!("/.{path}"),
            format!("{path}/"),
            format!("{path}/."),
            format!("/login/..{path}"),
            format!("/admin.css{path}"),
            format!("{path}?/login"),
            format!("{path}%2f"),
            path.to_uppercase(),
            format!("http://x{path}"),
        ];
        for (at, bent) in bent.iter().enumerate() {
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get"] {
                // Each cookie on the path itself; one is enough for each way of bending it.
                for cookie in cookies.iter().take(if at == 0 { cookies.len() } else { 1 }) {
                    let cookie = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}") };
                    let answer = office.ask(method, bent, &cookie);
                    is_closed(&answer, &format!("{method} {bent} {cookie}"));
                }
            }
        }
    }
    assert_eq!(office.state(), EditionState::Sending);
    let seen = office.ask("GET", "/editions/1", &format!("Cookie: {good}\r\n"));
    assert!(status(&seen) == "200" && seen.contains("weekly"), "the login itself works: {seen}");
}

#[test]
fn a_wrong_password_does_not_let_in_and_trying_on_is_slowed_down() {
    let office = Office::with(true, None);
    let answer = office.try_login("봄날의 긴 비밀번호 ");
    assert!(status(&answer) == "401" && answer.contains("비밀번호가 달라요"), "{answer}");
    assert!(!answer.to_lowercase().contains("set-cookie"), "{answer}");
    let mut last = String::new();
    for _ in 0..12 {
        last = office.try_login("틀린 비밀번호예요");
    }
    assert!(status(&last) == "429" && last.to_lowercase().contains("retry-after: 30"), "{last}");
    assert_eq!(status(&office.try_login(PASSWORD)), "429", "the right one waits as well");
    assert_eq!(status(&office.try_login_from("198.51.100.200", PASSWORD)), "429", "so does a neighbour");
    assert_eq!(
        status(&office.try_login_from("203.0.113.7", PASSWORD)),
        "303",
        "the owner, elsewhere, does not"
    );
    office.world.wait(1);
    office.login();
}

#[test]
fn a_changed_password_ends_every_login_at_once_and_a_lost_one_closes_the_page() {
    let office = Office::with(true, None);
    let (one, two) = (office.login(), office.login());
    assert_ne!(one, two);
    let sees = |cookie: &str| office.ask("GET", "/", &format!("Cookie: {cookie}\r\n"));
    assert!(status(&sees(&one)) == "200" && status(&sees(&two)) == "200");
    *office.hash.lock().expect("a hash") = Ok(hash_of(OTHER));
    for cookie in [&one, &two] {
        is_closed(&sees(cookie), "after the change");
    }
    *office.hash.lock().expect("a hash") = Ok(hash_of(PASSWORD));
    is_closed(&sees(&one), "the old password does not bring the login back");
    let cookie = office.login();
    *office.hash.lock().expect("a hash") = Err("no such file".to_owned());
    let closed = sees(&cookie);
    assert!(status(&closed) == "503" && !closed.contains("weekly"), "{closed}");
    assert_eq!(status(&office.try_login(PASSWORD)), "503");
    *office.hash.lock().expect("a hash") = Ok("비밀번호".to_owned().into());
    assert_eq!(status(&office.try_login("비밀번호")), "503", "a file with a bare password is no password");
}

#[test]
fn a_login_ends_by_the_button_and_by_time() {
    let office = Office::with(true, None);
    let cookie = office.login();
    let sees = |cookie: &str| status(&office.ask("GET", "/", &format!("Cookie: {cookie}\r\n"))).to_owned();
    let left = office.post("/logout", &cookie, &format!("token={}", office.token("/", &cookie)));
    assert!(status(&left) == "303" && left.contains("Max-Age=0"), "{left}");
    assert_eq!(sees(&cookie), "303");
    let cookie = office.login();
    office.world.wait(11 * 60);
    assert_eq!(sees(&cookie), "200");
    office.world.wait(13 * 60);
    assert_eq!(sees(&cookie), "303");
}

#[test]
fn pausing_resuming_and_cancelling_are_written_to_the_ledger() {
    let office = Office::with(true, None);
    let cookie = office.login();
    let press = |path: &str, more: &str| {
        let token = office.token(path, &cookie);
        office.post(path, &cookie, &format!("token={token}{more}"))
    };
    let paused = press("/editions/1/pause", "&reason=%EC%98%A4%ED%83%80%0D%0A%1B%5B31m");
    assert!(status(&paused) == "303" && paused.contains("/editions/1?done=pause"), "{paused}");
    assert_eq!(office.state(), EditionState::Paused);
    assert_eq!(office.world.texts("SELECT reason FROM editions"), ["오타   [31m"]);
    let again = office.ask("GET", "/editions/1/pause", &format!("Cookie: {cookie}\r\n"));
    assert!(status(&again) == "409" && again.contains("멈춤"), "{again}");
    let seen = office.follow(&paused, &cookie);
    assert!(
        seen.contains("발송을 멈췄어요") && seen.contains("오타") && seen.contains("이어서 보내기"),
        "{seen}"
    );
    assert_eq!(status(&press("/editions/1/resume", "")), "303");
    assert_eq!(office.state(), EditionState::Sending);
    assert_eq!(status(&press("/editions/1/cancel", "&reason=")), "303");
    assert_eq!(office.state(), EditionState::Cancelled);
    assert_eq!(office.world.number("SELECT count(*) FROM deliveries WHERE state = 'suppressed'"), 3);
    let token = office.token("/", &cookie);
    let refused = office.post("/editions/1/resume", &cookie, &format!("token={token}"));
    assert_eq!(status(&refused), "409");
    let nobody = office.post("/editions/99/pause", &cookie, &format!("token={token}"));
    assert_eq!(status(&nobody), "404");
    assert_eq!(status(&office.post("/editions/1/delete", &cookie, &format!("token={token}"))), "404");
    office.world.check();
}

#[test]
fn only_what_was_pressed_is_said_to_be_done() {
    for login in [true, false] {
        let office = Office::with(login, None);
        let cookie = if login { office.login() } else { String::new() };
        let sees = |path: &str| office.ask("GET", path, &format!("Cookie: {cookie}\r\n"));
        let says = |page: &str| page.contains("class=\"said\"");
        for made_up in ["?done=cancel", "?done=cancel.1.x", "?done=", "?done=cancel&done=cancel"] {
            let page = sees(&format!("/editions/1{made_up}"));
            assert!(status(&page) == "200" && !says(&page), "{made_up}: {page}");
        }
        let token = office.token("/editions/1/pause", &cookie);
        let paused = office.post("/editions/1/pause", &cookie, &format!("token={token}"));
        let place = location(&paused).to_owned();
        assert!(says(&sees(&place)) && says(&sees(&place)), "looking takes nothing away");
        for bent in [place.replace("pause", "cancel"), place.replace("/editions/1", "/"), place[..70].into()]
        {
            assert!(!says(&sees(&bent)), "{bent}");
        }
        if login {
            let other = office.login();
            assert!(!says(&office.ask("GET", &place, &format!("Cookie: {other}\r\n"))), "another login");
        }
        office.world.wait(2);
        assert!(!says(&sees(&place)), "an old link");
    }
}

#[test]
fn a_skipped_slot_is_not_said_to_be_published() {
    let office = Office::with(false, None);
    office.world.meddle(
        "INSERT INTO editions (id, digest, slot_at, state, reason, cutoff_at, frozen_at)
         VALUES (7, 'weekly', 1, 'skipped', '새 글이 모자라요', 1, 1)",
    );
    let (sent, skipped) = (office.ask("GET", "/editions/1", ""), office.ask("GET", "/editions/7", ""));
    assert!(sent.contains(">발행 11월"), "{sent}");
    assert!(skipped.contains("새 글이 모자라요") && !skipped.contains(">발행 "), "{skipped}");
}

#[test]
fn posts_are_pinned_and_hidden_by_a_press() {
    let office = Office::with(true, None);
    office.world.meddle(
        "INSERT INTO sources (id, name) VALUES (1, 'blog');
         INSERT INTO posts (id, source_id, identity, ingest_order, title, first_seen_at, baseline, body)
           VALUES (5, 1, 'a', 1, '글', 0, 1, '본문이에요.');
         INSERT INTO observations (post_id, observed_at, reactions, comments) VALUES (5, 1000, 3, 1), (5, 2000, 12, 2);",
    );
    let cookie = office.login();
    let marks =
        || office.world.number("SELECT (pinned_at IS NOT NULL) * 2 + (hidden_at IS NOT NULL) FROM posts");
    for (mark, expected) in [("pin", 2), ("hide", 3), ("unpin", 1), ("unhide", 0)] {
        let token = office.token("/posts/5", &cookie);
        let done = office.post("/posts/5", &cookie, &format!("token={token}&mark={mark}"));
        assert!(done.contains(&format!("/posts/5?done={mark}")), "{done}");
        assert_eq!(marks(), expected, "{mark}");
    }
    let token = office.token("/posts/5", &cookie);
    assert_eq!(status(&office.post("/posts/5", &cookie, &format!("token={token}&mark=burn"))), "400");
    assert_eq!(status(&office.post("/posts/6", &cookie, &format!("token={token}&mark=pin"))), "404");
    let list = office.ask("GET", "/posts?by=reactions", &format!("Cookie: {cookie}\r\n"));
    assert!(list.contains("처음 3, 지금 12") && list.contains("<polyline"), "{list}");
}

#[test]
fn only_a_form_of_ours_changes_anything() {
    let office = Office::with(true, None);
    let cookie = office.login();
    let (host, token) = (office.address.to_string(), office.token("/", &cookie));
    let form = format!("token={token}");
    let path = "/editions/1/pause";
    for lines in [
        format!("Host: {host}\r\n"),
        format!("Host: {host}\r\nOrigin: null\r\n"),
        format!("Host: {host}\r\nOrigin: https://evil.example\r\n"),
        format!("Host: {host}\r\nOrigin: http://{host}\r\nSec-Fetch-Site: cross-site\r\n"),
        format!("Host: {host}\r\nOrigin: http://{host}\r\nSec-Fetch-Site: same-site\r\n"),
        format!("Host: {host}\r\nOrigin: http://localhost:{}\r\n", office.address.port()),
        "Host: evil.example\r\nOrigin: http://evil.example\r\n".to_owned(),
    ] {
        let answer = office.post_as(path, &format!("{lines}Cookie: {cookie}\r\n"), &form);
        assert_eq!(status(&answer), "403", "{lines}: {answer}");
    }
    let other = office.token("/", &office.login());
    for body in
        ["", "token=", "reason=x", &format!("token={other}"), &format!("token=x&token={token}"), &form[..20]]
    {
        let answer = office.post(path, &cookie, body);
        assert_eq!(status(&answer), "403", "{body}: {answer}");
    }
    let large = format!("{form}&reason={}", "x".repeat(20_000));
    assert_eq!(status(&office.post(path, &cookie, &large)), "413");
    assert_eq!(office.state(), EditionState::Sending);
    assert_eq!(status(&office.post(path, &cookie, &form)), "303", "the form itself is good");
}

#[test]
fn looking_changes_nothing_and_every_page_has_its_strict_headers() {
    let office = Office::with(true, None);
    let cookie = office.login();
    let lines = format!("Cookie: {cookie}\r\n");
    let dump = || {
        let path = office.world.database();
        (std::fs::read(&path).expect("db"), std::fs::read(path.with_extension("db-wal")).expect("wal"))
    };
    let before = dump();
    for path in admin::private_routes() {
        let path = path.replace("{id}", "1").replace("{act}", "pause");
        for method in ["GET", "HEAD"] {
            let answer = office.ask(method, &path, &lines).to_lowercase();
            assert!(["200", "404", "405"].contains(&status(&answer)), "{method} {path}: {answer}");
            let framed = path.ends_with("/letter");
            let ancestors = if framed { "frame-ancestors 'self'" } else { "frame-ancestors 'none'" };
            for line in [
                "default-src 'none'",
                ancestors,
                "x-content-type-options: nosniff",
                "referrer-policy: no-referrer",
                "cache-control: no-store",
            ] {
                assert!(answer.contains(line), "{line}: {path}: {answer}");
            }
            assert!(framed || !answer.contains("unsafe-inline"), "{answer}");
            assert!(!framed || answer.contains("sandbox"), "{answer}");
        }
    }
    assert_eq!(dump(), before, "byte for byte");
}

#[test]
fn on_loopback_without_a_password_it_works_and_refuses_foreign_names() {
    let office = Office::with(false, None);
    let page = office.ask("GET", "/", "");
    assert!(status(&page) == "200" && page.contains("weekly") && !page.contains("로그아웃"), "{page}");
    assert_eq!(status(&office.ask("GET", "/login", "")), "303");
    let token = office.token("/editions/1/pause", "");
    let port = office.address.port();
    for host in ["evil.example".to_owned(), format!("evil.example:{port}"), format!("192.168.0.2:{port}")] {
        let answer = office.raw(&format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        is_closed(&answer, &host);
        let lines = format!("Host: {host}\r\nOrigin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n");
        is_closed(&office.post_as("/editions/1/pause", &lines, &format!("token={token}")), &host);
    }
    for line in ["X-Forwarded-For: 203.0.113.7\r\n", "Forwarded: for=203.0.113.7\r\n", "Via: 1.1 proxy\r\n"] {
        is_closed(&office.ask("GET", "/", line), line);
    }
    assert_eq!(office.state(), EditionState::Sending);
    assert_eq!(status(&office.post("/editions/1/pause", "", &format!("token={token}"))), "303");
    assert_eq!(office.state(), EditionState::Paused);
}

#[test]
fn under_its_public_address_the_cookie_is_kept_to_https() {
    let office = Office::with(true, Some("https://admin.example.com/"));
    let at = "Host: admin.example.com\r\nOrigin: null\r\nSec-Fetch-Site: same-origin\r\n";
    let page = office.raw("GET /login HTTP/1.1\r\nHost: admin.example.com\r\nConnection: close\r\n\r\n");
    let token =
        page.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form");
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token)
        .append_pair("password", PASSWORD)
        .finish();
    let answer = office.post_as("/login", at, &form);
    let cookie = answer.lines().find(|line| line.to_lowercase().starts_with("set-cookie")).expect("a cookie");
    for part in ["__Host-moabom=", "; Path=/", "; HttpOnly", "; SameSite=Strict", "; Secure"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let plain = office.login();
    let page = office.raw(&format!(
        "GET / HTTP/1.1\r\nHost: admin.example.com\r\nConnection: close\r\nCookie: {plain}\r\n\r\n"
    ));
    is_closed(&page, "a cookie got over http");
}

#[test]
fn what_others_wrote_is_shown_and_is_never_markup() {
    let office = Office::with(false, None);
    let hostile = "</title><script>alert(1)</script><img src=x onerror=alert(1)>\" onmouseover=\"alert(1)";
    let quoted = hostile.replace('\'', "''");
    office.world.meddle(&format!(
        "INSERT INTO sources (id, name, failing_since, failures, last_error) VALUES (1, 'blog', 0, 3, '{quoted}');
         INSERT INTO posts (id, source_id, identity, ingest_order, title, author, url, first_seen_at, baseline, body, emoji)
           VALUES (5, 1, 'a', 1, '{quoted}', '{quoted}', 'javascript:alert(1)', 0, 1, '{quoted}', '[{{\"symbol\":\"<b>\",\"count\":null}}]');
         INSERT INTO observations (post_id, observed_at, reactions, comments) VALUES (5, 1000, 3, 1);
         INSERT INTO edition_posts VALUES (1, 0, 5, 'new', 1.0, '{quoted}', '{quoted}');
         INSERT INTO breakers VALUES ('relay', 0, NULL, 3, '{quoted}');
         UPDATE editions SET state = 'paused', reason = '{quoted}', subject = '{quoted}';
         UPDATE subscribers SET name = '{quoted}';
         UPDATE deliveries SET state = 'bounced', last_reply = '550 {quoted}', message_id = '{quoted}';
         INSERT INTO attempts (delivery_id, started_at, ended_at, stage, result, reply)
           VALUES (1, 1000, 2000, 'rcpt', 'bounced', '550 {quoted}');"
    ));
    let token = office.token("/subscribers", "");
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("token", &token)
        .append_pair("address", hostile)
        .finish();
    let searched = office.post("/subscribers", "", &form);
    let mut pages = vec![searched];
    for path in [
        "/",
        "/editions",
        "/editions/1",
        "/editions/1/resume",
        "/posts",
        "/posts/5",
        "/subscribers/1",
        "/deliveries/1",
        "/editions/1/deliveries",
    ] {
        pages.push(office.ask("GET", path, ""));
    }
    for page in &pages {
        assert_eq!(status(page), "200", "{page}");
        assert!(
            !page.contains("<script") && !page.contains("<img") && !page.contains("\" onmouseover"),
            "{page}"
        );
        assert!(!page.contains("javascript:"), "{page}");
        assert!(!page.contains("&amp;lt;"), "escaped twice: {page}");
    }
    for (at, page) in [
        (1, "현황"),
        (3, "one edition"),
        (5, "the posts"),
        (6, "one post"),
        (7, "one person"),
        (8, "one delivery"),
        (9, "deliveries"),
    ] {
        assert!(pages[at].contains("&lt;script&gt;"), "{page} shows it as text: {}", pages[at]);
    }
}

#[test]
fn a_search_finds_few_and_keeps_addresses_out_of_links() {
    let office = Office::with(false, None);
    office.world.add_many(30);
    let search = |asked: &str| {
        let token = office.token("/subscribers", "");
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("token", &token)
            .append_pair("address", asked)
            .finish();
        office.post("/subscribers", "", &form)
    };
    let found = |page: &str| page.matches("href=\"/subscribers/").count();
    assert_eq!(found(&search(" A7@Example.com ")), 1);
    assert_eq!(found(&search("a7@")), 1);
    let many = search("@example.com");
    assert!(found(&many) == 20 && many.contains("좁혀져요"), "{many}");
    assert_eq!(found(&search("ex")), 0, "too short a part");
    for asked in ["%%%", "nobody@example.org", "'; DROP TABLE subscribers; --"] {
        let page = search(asked);
        assert!(found(&page) == 0 && page.contains("없어요"), "{page}");
    }
    let person = office.ask("GET", "/subscribers/1", "");
    assert!(
        person.contains("a0@example.com") && person.contains("동의") && person.contains("제1호"),
        "{person}"
    );
    assert_eq!(status(&office.ask("GET", "/subscribers/999", "")), "404");
    assert_eq!(status(&office.ask("GET", "/subscribers/x", "")), "404");
}

#[test]
fn the_list_counts_a_person_from_the_consent_to_the_withdrawal() {
    use moabom::model::subscriber::SubscriptionState::{Active, Paused, Pending};
    let office = Office::with(false, None);
    let world = &office.world;
    let (start, week, key) = (world.clock.now(), chrono::Duration::weeks(1), world.suppressions());
    let list = move |ledger: &moabom::store::Ledger<'_>| -> Result<(), moabom::store::StoreError> {
        let digests = ["weekly".to_owned()];
        let agreed = |address: &str, state, weeks: i32, source| {
            let address = EmailAddress::parse(address).expect("an address");
            let (consent_at, wording) = (start + week * weeks, "test");
            let new = NewSubscriber {
                address: &address,
                name: None,
                digests: &digests,
                state,
                consent_at,
                source,
                wording,
            };
            match state {
                Pending => ledger.sign_up(&new, 10, &key, consent_at).map(drop),
                _ => ledger.add_subscriber(&new, &key, start).map(drop),
            }
        };
        agreed("imported@example.com", Active, -3, "import:list.csv")?;
        agreed("resting@example.com", Paused, -3, "import:list.csv")?;
        agreed("nobody@example.com", Pending, -3, "web")?;
        agreed("reader@example.com", Pending, -3, "web")?;
        ledger.confirm(SubscriberId(7), false, &key, start - week)?;
        ledger.leave(
            SubscriberId(4),
            "web",
            Farewell::Told,
            &key,
            start - week + chrono::Duration::days(1),
        )?;
        ledger.close_sign_ups(start - week * 2, 10, start)?;
        ledger.see_off(SubscriberId(4), start).map(drop)
    };
    world.store.write(list).expect("writes");
    let people = world.store.read(|ledger| ledger.people_over_time(start - week * 4, week, 4));
    // The office's own three agreed a day ago.
    assert_eq!(people.expect("counts"), [0, 2, 2, 3, 5]);
}

#[test]
fn a_person_whose_address_is_not_to_be_mailed_is_shown_so_with_the_reason_and_what_to_do() {
    use moabom::model::subscriber::SuppressionReason::{Complaint, HardBounce, Manual};
    let office = Office::with(false, None);
    let person = |id: i64| office.ask("GET", &format!("/subscribers/{id}"), "");
    assert!(!person(1).contains("발송 금지"), "{}", person(1));
    let reasons = [(HardBounce, "새 주소로 다시 구독"), (Complaint, "되살릴 수 없"), (Manual, "막은 까닭")];
    for (id, (reason, advice)) in (1..).zip(reasons) {
        let key = office.world.suppressions();
        let address = EmailAddress::parse(&format!("a{}@example.com", id - 1)).expect("an address");
        let now = office.world.clock.now();
        let suppress =
            move |ledger: &moabom::store::Ledger<'_>| ledger.suppress(&key.hash(&address), reason, now);
        office.world.store.write(suppress).expect("writes");
        let page = person(id);
        for word in ["발송 금지", reason.words(), advice] {
            assert!(page.contains(word), "{word}: {page}");
        }
    }
}

#[test]
fn what_the_store_refuses_is_told_with_the_remedy_that_fits() {
    let office = Office::with(false, None);
    office.world.meddle("ALTER TABLE suppressions RENAME TO lost");
    let failed = office.ask("GET", "/subscribers/1", "");
    assert!(status(&failed) == "503" && failed.contains("moabom verify"), "{failed}");
    assert!(failed.contains("바뀐 것은 없어요") && !failed.contains("공간"), "{failed}");
}

fn set_password(system: &System, arguments: &[&str], typed: &[u8]) -> std::process::Output {
    let mut command = moabom(system.folder.path(), &[&["admin", "password"], arguments].concat());
    let pipe = std::process::Stdio::piped;
    let mut child = command.stdin(pipe()).stdout(pipe()).stderr(pipe()).spawn().expect("it starts");
    child.stdin.take().expect("piped").write_all(typed).expect("typed");
    child.wait_with_output().expect("it ends")
}

#[test]
fn a_password_is_kept_as_a_hash_for_its_owner_alone() {
    let system = System::new(1, 1);
    let file = system.path("admin-password");
    for (typed, word) in [
        (&b"short\n"[..], "짧아요"),
        (b"", "짧아요"),
        (b"line one is long\nline two\n", "한 줄"),
        (&[b'a'; 4000], "길어요"),
        (b"\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe", "UTF-8"),
    ] {
        let done = set_password(&system, &[], typed);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.code() == Some(2) && said.contains(word), "{word}: {said}");
        assert!(!file.exists());
    }
    let done = set_password(&system, &[], format!("{PASSWORD}\r\n").as_bytes());
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success() && said.contains("password_hash_file = \"admin-password\""), "{said}");
    let hash = std::fs::read_to_string(&file).expect("read");
    assert!(hash.starts_with("$argon2id$v=19$") && !hash.contains(PASSWORD), "{hash}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    }
    let config = std::fs::read_to_string(system.path("moabom.toml")).expect("read");
    let with = |lines: &str| {
        std::fs::write(system.path("moabom.toml"), format!("{config}\n[admin]\n{lines}")).expect("written")
    };
    with("listen = \"127.0.0.1:0\"\npassword_hash_file = \"admin-password\"\n");
    assert!(system.run(&["check"]).contains("운영 페이지"));
    let done = set_password(&system, &[], format!("{PASSWORD}\n").as_bytes());
    assert!(String::from_utf8_lossy(&done.stdout).contains("모두 풀렸어요"));
    assert_ne!(std::fs::read_to_string(&file).expect("read"), hash, "salted anew, in the same place");
    for (text, word) in [("plain-password-as-is", "해시가 아니에요"), ("", "해시가 아니에요")] {
        std::fs::write(&file, text).expect("written");
        let refused = system.try_run(&["check"]).expect_err("no hash");
        assert!(String::from_utf8_lossy(&refused.stderr).contains(word));
        let refused = system.try_run(&["run"]).expect_err("no hash, no daemon");
        assert!(String::from_utf8_lossy(&refused.stderr).contains(word));
    }
    std::fs::remove_file(&file).expect("removed");
    let refused = system.try_run(&["run"]).expect_err("no file");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("moabom admin password"));
}
