//! A sound set-up whose every part can be broken.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Output;
use std::sync::{Arc, OnceLock};
use std::thread;

use moabom::clock::Clock;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use crate::support::dns_server::DnsServer;
use crate::support::smtp_server::{Options, Seen, SmtpServer, tls_config};
use crate::support::system::moabom;

pub const PASSWORD: &str = "open-sesame-7";
/// Where the relay's own name leads.
pub const ADDRESS: [u8; 4] = [203, 0, 113, 5];
/// The page with the one button, as it is served.
const PAGE: &str = include_str!("../../../templates/page/unsubscribe.html");

/// A key and what its record should say, made once for all tests.
fn key() -> &'static (String, String) {
    static KEY: OnceLock<(String, String)> = OnceLock::new();
    KEY.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a directory");
        let arguments = ["dkim", "new", "--domain", "example.com", "--selector", "moabom", "--folder", "."];
        let made = moabom(folder.path(), &arguments).output().expect("it starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let pem = fs::read_to_string(folder.path().join("dkim-moabom.pem")).expect("a key");
        let line = String::from_utf8(made.stdout).expect("text");
        let record: String = line.split('"').skip(1).step_by(2).collect();
        (pem, record)
    })
}

/// The record that goes with the key.
pub fn record() -> &'static str {
    &key().1
}

pub struct Clinic {
    pub folder: tempfile::TempDir,
    pub relay: SmtpServer,
    pub dns: DnsServer,
    pub resolver: SocketAddr,
    pub timeout: &'static str,
    config: String,
}

pub struct Report {
    pub code: Option<i32>,
    pub json: Value,
}

pub struct Text {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// What the relay of a sound set-up offers.
pub fn sound_relay() -> Options {
    Options { starttls: true, login: Some(("letter".to_owned(), PASSWORD.to_owned())), ..Options::default() }
}

impl Clinic {
    pub fn new() -> Clinic {
        Clinic::with(SmtpServer::with(sound_relay()))
    }

    /// With that relay.
    pub fn with(relay: SmtpServer) -> Clinic {
        let (folder, dns) = (tempfile::tempdir().expect("a directory"), DnsServer::start());
        let (tls, certificate) = tls_config("127.0.0.1");
        let web = secure_site(tls);
        let config = format!(
            r#"[newsletter]
title = "느린 오후의 기록"
home = "https://127.0.0.1:{web}/"
advertising = false
[sender]
name = "느린 오후의 기록"
email = "letter@example.com"
[[source]]
name = "blog"
kind = "page-text"
location = "page.txt"
[[digest]]
name = "weekly"
schedule = "0 9 * * MON"
[smtp]
host = "127.0.0.1"
port = {port}
user = "letter"
password_file = "password"
ca_file = "relay.pem"
[dkim]
selector = "moabom"
key_file = "dkim.pem"
[web]
public_url = "https://127.0.0.1:{web}/"
[store]
path = "moabom.db"
"#,
            port = relay.port()
        );
        let clinic = Clinic { resolver: dns.address, folder, relay, dns, timeout: "10", config };
        clinic.put("relay.pem", &clinic.relay.certificate);
        clinic.put("web.pem", &certificate);
        clinic.put("page.txt", include_str!("../../../src/demo/blog_2.txt"));
        clinic.put_private("password", PASSWORD);
        clinic.put_private("dkim.pem", &key().0);
        clinic.records();
        clinic.write();
        clinic.run(&["ingest"]);
        clinic.run(&["adopt"]);
        clinic.run(&["subscribers", "add", "reader@example.net", "--consent", "2026-11-01"]);
        clinic
    }

    fn records(&self) {
        self.dns.text("example.com", "google-site-verification=abc");
        self.dns.text("example.com", "v=spf1 ip4:203.0.113.0/24 -all");
        self.dns.text("moabom._domainkey.example.com", record());
        self.dns.text("_dmarc.example.com", "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com");
        self.dns.exchanger("example.com", "mx.example.com.");
        self.dns.address("relay.test", ADDRESS);
        self.dns.reverse(ADDRESS, "relay.test.");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    fn put_private(&self, name: &str, text: &str) {
        self.put(name, text);
        self.mode(name, 0o600);
    }

    pub fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).expect("a mode");
    }

    fn write(&self) {
        self.put("moabom.toml", &self.config);
    }

    /// Puts `line` in the place of the line that begins with `start`.
    pub fn set(&mut self, start: &str, line: &str) {
        let lines = self.config.lines();
        let changed: Vec<&str> =
            lines.map(|known| if known.starts_with(start) { line } else { known }).collect();
        let changed = changed.join("\n");
        assert_ne!(changed, self.config.trim_end(), "{start} is there");
        self.config = changed + "\n";
        self.write();
    }

    /// Puts one name's texts in the place of what was there.
    pub fn texts(&self, name: &str, texts: &[&str]) {
        self.dns.forget_texts(name);
        texts.iter().for_each(|text| self.dns.text(name, text));
    }

    /// Changes the store's rows behind its back.
    pub fn meddle(&self, statement: &str) {
        let db = rusqlite::Connection::open(self.path("moabom.db")).expect("the file");
        db.execute_batch(statement).expect("meddled");
    }

    pub fn run(&self, arguments: &[&str]) {
        self.printed(arguments);
    }

    /// Standard output of a command that succeeds.
    pub fn printed(&self, arguments: &[&str]) -> String {
        let output = moabom(self.folder.path(), arguments).output().expect("it starts");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs doctor, and sees that nothing was sent and no secret shown.
    fn look(&self, further: &[&str]) -> Output {
        let resolver = self.resolver.to_string();
        let arguments = [&["doctor", "--resolver", &resolver, "--timeout", self.timeout], further].concat();
        let mut command = moabom(self.folder.path(), &arguments);
        let output = command.env("SSL_CERT_FILE", self.path("web.pem")).output().expect("it starts");
        let letters = self.relay.count(|seen| matches!(seen, Seen::Mail(_) | Seen::Rcpt(_) | Seen::Data));
        assert_eq!(letters, 0, "{:?}", self.relay.seen());
        let said = [output.stdout.as_slice(), &output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let own = fs::read_to_string(self.path("moabom.db.key")).unwrap_or_default();
        let hex = own.trim().split(':').nth(1).unwrap_or("no key").to_owned();
        for secret in [PASSWORD, "PRIVATE KEY", key().0.lines().nth(3).expect("base64"), hex.as_str()] {
            assert!(!said.contains(secret), "a secret is shown: {said}");
        }
        output
    }

    pub fn report(&self) -> Report {
        let output = self.look(&["--json"]);
        let json = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        Report { code: output.status.code(), json }
    }

    pub fn text(&self) -> Text {
        let output = self.look(&[]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Text { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

impl Report {
    pub fn findings(&self) -> &[Value] {
        self.json["findings"].as_array().expect("a list")
    }

    pub fn states(&self, topic: &str) -> Vec<String> {
        let of_topic = self.findings().iter().filter(|finding| finding["topic"] == topic);
        of_topic.map(|finding| finding["state"].as_str().expect("a state").to_owned()).collect()
    }

    /// The first of that topic.
    pub fn finding(&self, topic: &str) -> &Value {
        let mut of_topic = self.findings().iter().filter(|finding| finding["topic"] == topic);
        of_topic.next().unwrap_or_else(|| panic!("{topic} in {:#}", self.json))
    }
}

/// Serves the page with its button over HTTPS, with the time of day; the port.
fn secure_site(tls: Arc<ServerConfig>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&tls)).expect("TLS");
            thread::spawn(move || {
                let mut stream = BufReader::new(StreamOwned::new(connection, socket));
                let mut line = String::new();
                stream.read_line(&mut line).ok()?;
                assert!(line.starts_with("GET "), "only ever looked at: {line}");
                while line.trim() != "" {
                    line.clear();
                    stream.read_line(&mut line).ok()?;
                }
                let date = Clock::System.now().format("%a, %d %b %Y %H:%M:%S GMT");
                let head = format!(
                    "HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    PAGE.len()
                );
                stream.get_mut().write_all(&[head.as_bytes(), PAGE.as_bytes()].concat()).ok()?;
                stream.get_mut().conn.send_close_notify();
                stream.get_mut().flush().ok()
            });
        }
    });
    port
}
