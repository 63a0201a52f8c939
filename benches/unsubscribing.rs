//! How long leaving takes while the letters go out and other visitors read slowly: the built binary, a relay and browsers
//! on loopback.
//!
//! `cargo bench --bench unsubscribing`. Figures and how to read them: `benches/README.md`.

#[path = "sending/sink.rs"]
mod sink;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use moabom::compose::links::unsubscribe_url;
use moabom::model::{EditionId, SubscriberId};

const READERS: usize = 10_000;
const LEAVING: usize = 600;
const BROWSERS: usize = 4;
/// Connections that send a byte now and then, and ones that never read what they asked for.
const SLOW: usize = 60;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if arguments.first().is_some_and(|word| word == "sink") {
        // Ten connections and two answers a letter: about ten seconds for everybody.
        sink::serve(sink::Habit { delay: Duration::from_millis(5), pipelining: true, quick_ack: false });
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut relay = child(Command::new(std::env::current_exe().expect("this program")).arg("sink"));
    let mut port = String::new();
    BufReader::new(relay.stdout.take().expect("piped")).read_line(&mut port).expect("a port");
    let web =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a port").port();
    set_up(folder.path(), port.trim(), web);
    let mut daemon = child(moabom(folder.path(), &["run"]).stderr(Stdio::null()));
    let times = leave_while_sending(folder.path(), web);
    let open = count(folder.path(), "queued");
    daemon.kill().and_then(|()| daemon.wait()).expect("ended");
    relay.kill().and_then(|()| relay.wait()).expect("ended");
    println!("{} left, {} letters were still to go", times.len(), open);
    assert!(open > 0, "the letters were all sent before the last one had left");
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    println!("leaving, median / 99th percentile / longest {:.1} / {:.1} / {:.1} ms", at(50), at(99), at(100));
}

fn child(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it starts")
}

fn moabom(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moabom"));
    command.current_dir(folder).args(["--config", "moabom.toml"]).args(arguments).stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = moabom(folder, arguments).output().expect("it starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn set_up(folder: &Path, relay: &str, web: u16) {
    let config = format!(
        r#"[newsletter]
title = "느린 오후의 기록"
home = "https://blog.example.com/"
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
port = {relay}
tls = "none"
connections = 10

[web]
listen = "127.0.0.1:{web}"
public_url = "http://127.0.0.1:{web}/"
"#
    );
    std::fs::write(folder.join("moabom.toml"), config).expect("written");
    std::fs::write(folder.join("page.txt"), include_str!("../src/demo/blog_2.txt")).expect("written");
    let people: String =
        (0..READERS).map(|n| format!("reader{n}@d{}.example,2026-10-01\n", n % 97)).collect();
    std::fs::write(folder.join("people.csv"), format!("이메일,구독일\n{people}")).expect("written");
    run(folder, &["ingest"]);
    run(folder, &["subscribers", "import", "people.csv"]);
    run(folder, &["publish", "weekly"]);
}

fn count(folder: &Path, state: &str) -> u64 {
    let editions: serde_json::Value =
        serde_json::from_str(&run(folder, &["editions", "list", "--json"])).expect("JSON");
    editions[0]["counts"][state].as_u64().expect("a count")
}

/// The times of all who left, sorted. Each comes on a connection of its own, as a mail program's one-click does.
fn leave_while_sending(folder: &Path, web: u16) -> Vec<Duration> {
    let keys = moabom::config::key::load(&folder.join("data/moabom.sqlite.key")).expect("the key");
    let public = format!("http://127.0.0.1:{web}/").parse().expect("a URL");
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", web)).is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "the pages are not served");
        std::thread::yield_now();
    }
    let slow: Vec<TcpStream> = (0..SLOW).map(|n| slow_reader(web, n)).collect();
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..BROWSERS)
            .map(|lane| {
                let (keys, public) = (&keys, &public);
                scope.spawn(move || {
                    let ids = (lane..LEAVING).step_by(BROWSERS).map(|n| SubscriberId((READERS - n) as i64));
                    ids.map(|id| leave(web, unsubscribe_url(public, &keys[0], id, EditionId(1))))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        lanes.into_iter().flat_map(|lane| lane.join().expect("all left")).collect()
    });
    drop(slow);
    times.sort();
    times
}

/// Half of them never end their request, half ask for a page and do not read it.
fn slow_reader(web: u16, n: usize) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", web)).expect("a connection");
    let request: &[u8] =
        if n.is_multiple_of(2) { b"POST /unsub" } else { b"GET /archive HTTP/1.1\r\nHost: a\r\n\r\n" };
    stream.write_all(request).expect("asked");
    stream
}

fn leave(web: u16, url: String) -> Duration {
    let path = url.split_once(&format!(":{web}")).expect("our address").1;
    let body = "List-Unsubscribe=One-Click";
    let start = Instant::now();
    let mut stream = TcpStream::connect(("127.0.0.1", web)).expect("a connection");
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("asked");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("answered");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    start.elapsed()
}
