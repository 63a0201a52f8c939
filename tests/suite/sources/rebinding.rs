//! Names that lead somewhere else each time they are asked for, in a network of its own where addresses that are public
//! elsewhere are this machine's: a name server on port 53, a public site, and a listener on every private address.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::process::Command;
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::{Message, MessageType, OpCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA};
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use moabom::source::html::Preset;
use moabom::source::{Location, SourceKind, SourceSettings};
use url::Url;

use super::hostile::cases::FEED;
use super::{polled, source};
use crate::ingest::World;

/// Set inside the network.
const INSIDE: &str = "MOABOM_TEST_INSIDE";
/// A site on the open internet, as far as anyone can tell.
const PUBLIC: [&str; 2] = ["93.184.216.34", "2606:2800:220:1::34"];
/// Addresses of this machine and its neighbours that the network has.
const PRIVATE: [&str; 9] = [
    "127.0.0.1",
    "10.1.2.3",
    "172.20.0.1",
    "192.168.7.7",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "::1",
    "fd00:ec2::254",
];

#[test]
fn no_name_leads_to_a_private_listener_however_it_changes() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let folder = tempfile::tempdir().expect("a directory");
    let resolver = folder.path().join("resolv.conf");
    std::fs::write(&resolver, "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n").expect("written");
    let mut script = String::from("set -e\nip link set lo up\n");
    for address in PUBLIC.iter().chain(&PRIVATE).filter(|address| !matches!(**address, "127.0.0.1" | "::1")) {
        let length = if address.contains(':') { 128 } else { 32 };
        script += &format!(
            "ip addr add {address}/{length} dev lo nodad 2>/dev/null || ip addr add {address}/{length} dev lo\n"
        );
    }
    script += &format!("mount --bind {} /etc/resolv.conf\n", resolver.display());
    let ready = |then: &str| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--net", "sh", "-c", &format!("{script}{then}")]);
        command
    };
    if !ready("true").output().is_ok_and(|output| output.status.success()) {
        eprintln!("left out: whoever runs this may make no network of its own");
        return;
    }
    let program = std::env::current_exe().expect("this program");
    let name = "sources::rebinding::no_name_leads_to_a_private_listener_however_it_changes";
    let output = ready(&format!("exec {} --exact {name} --nocapture", program.display()))
        .env(INSIDE, "yes")
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// What the name server answers: for each name a list of addresses, the next one at each look-up, the last one for ever.
type Names = HashMap<&'static str, Vec<Vec<&'static str>>>;

/// How often each name was looked up.
type Asked = Arc<Mutex<HashMap<String, usize>>>;

fn name_server(names: Names) -> Asked {
    let socket = UdpSocket::bind("127.0.0.1:53").expect("a network of our own");
    let asked = Asked::default();
    let counted = Arc::clone(&asked);
    std::thread::spawn(move || {
        let mut room = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut room) {
            let question = Message::from_vec(&room[..length]).expect("a question");
            let query = question.queries.first().expect("a question").clone();
            let name = query.name().to_ascii().to_ascii_lowercase();
            let name = name.trim_end_matches('.');
            // A look-up asks for both kinds; it is counted by the one.
            let wide = query.query_type() == RecordType::AAAA;
            let mut counted = counted.lock().expect("unpoisoned");
            let times = counted.entry(name.to_owned()).or_insert(0);
            *times += usize::from(!wide);
            let answers = names.get(name).map_or(&[][..], Vec::as_slice);
            let now = answers.get(times.saturating_sub(1)).or(answers.last());
            let mut answer = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
            answer.metadata.recursion_desired = true;
            answer.metadata.recursion_available = true;
            for address in now.into_iter().flatten() {
                let data = match address.parse::<IpAddr>().expect("an address") {
                    IpAddr::V4(ip) if !wide => RData::A(A(ip)),
                    IpAddr::V6(ip) if wide => RData::AAAA(AAAA(ip)),
                    _ => continue,
                };
                answer.add_answer(Record::from_rdata(query.name().clone(), 0, data));
            }
            answer.add_query(query);
            let _ = socket.send_to(&answer.to_vec().expect("an answer"), from);
        }
    });
    asked
}

/// Answers by host and path on every public address; gives back who was asked for.
fn site() -> Arc<Mutex<Vec<String>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    for address in PUBLIC {
        let listener =
            TcpListener::bind((address.parse::<IpAddr>().expect("an address"), 80)).expect("a port");
        let ears = Arc::clone(&heard);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut head = [0; 4096];
                let length = stream.read(&mut head).unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..length]).into_owned();
                let host =
                    head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                ears.lock().expect("unpoisoned").push(host.clone());
                let answer = match path.as_str() {
                    "/again" => format!(
                        "HTTP/1.1 302 Found\r\nLocation: http://{host}/feed\r\nContent-Length: 0\r\n\r\n"
                    ),
                    "/bomi" => {
                        let page = include_str!("../../fixtures/listings/naver-front.html");
                        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{page}", page.len())
                    }
                    _ => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{FEED}", FEED.len()),
                };
                let _ = stream.write_all(answer.as_bytes());
            }
        });
    }
    heard
}

/// Listeners that nobody may come to.
struct Canaries(Vec<TcpListener>);

impl Canaries {
    fn open() -> Canaries {
        let bind = |address: &&str| {
            let listener =
                TcpListener::bind((address.parse::<IpAddr>().expect("an address"), 80)).expect("a port");
            listener.set_nonblocking(true).expect("a socket");
            listener
        };
        Canaries(PRIVATE.iter().map(bind).collect())
    }

    fn assert_silent(&self, after: &str) {
        for canary in &self.0 {
            let at = canary.local_addr().expect("bound");
            let error = canary.accept().expect_err(&format!("{after}: somebody came to {at}"));
            assert_eq!(error.kind(), ErrorKind::WouldBlock, "{at}");
        }
    }
}

fn names() -> Names {
    let public: Vec<&'static str> = PUBLIC.into();
    let mut names: Names = HashMap::from([
        ("public.example", vec![public.clone()]),
        ("blog.naver.com", vec![public.clone()]),
        ("rebinding.example", vec![public.clone(), vec!["127.0.0.1", "::1"]]),
        ("hopping.example", vec![public.clone(), vec!["192.168.7.7"]]),
        ("mixed.example", vec![vec!["127.0.0.1", "10.1.2.3", PUBLIC[0], "::1"]]),
        ("mapped.example", vec![vec!["::ffff:127.0.0.1"]]),
        ("translated.example", vec![vec!["64:ff9b::7f00:1"]]),
        ("nowhere.example", vec![vec!["0.0.0.0"]]),
    ]);
    let private = ["loop", "ten", "dock", "home", "cloud", "carrier", "bench", "six", "local"]
        .map(|name| &*Box::leak(format!("{name}.example").into_boxed_str()));
    names.extend(private.into_iter().zip(PRIVATE).map(|(name, address)| (name, vec![vec![address]])));
    names
}

fn inside() {
    let names = names();
    let refused: Vec<&str> = names
        .iter()
        .filter(|(_, answers)| answers.len() == 1 && !answers.iter().flatten().any(|ip| PUBLIC.contains(ip)))
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(refused.len(), PRIVATE.len() + 3);
    let (canaries, heard, asked) = (Canaries::open(), site(), name_server(names));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let world = World::new();
    let at = |address: &str| {
        let location = Location::Web(Url::parse(&format!("http://{address}")).expect("an address"));
        SourceSettings { allow_private: false, ..source("blog", SourceKind::Feed, location) }
    };
    let read = |own: &SourceSettings| runtime.block_on(polled(&world, own));
    assert_eq!(read(&at("public.example/feed")).expect("kept").listed, 2);
    for name in refused {
        let said = read(&at(name)).expect_err(name);
        assert!(said.contains("사설망 안의 주소라서"), "{name}: {said}");
        canaries.assert_silent(name);
    }
    assert_eq!(read(&at("mixed.example/feed")).expect("its public address").listed, 2);
    canaries.assert_silent("mixed");
    // What was looked up and found public is what is connected to: there is no second look-up that could differ.
    assert_eq!(read(&at("rebinding.example/feed")).expect("public at first").listed, 2);
    assert_eq!(asked.lock().expect("unpoisoned").get("rebinding.example"), Some(&1));
    let said = read(&at("rebinding.example/feed")).expect_err("private now");
    assert!(said.contains("사설망 안의 주소라서"), "{said}");
    canaries.assert_silent("rebinding");
    // Each hop is judged anew, the name that was public a moment ago too.
    let said = read(&at("hopping.example/again")).expect_err("private at the second hop");
    assert!(said.contains("hopping.example, 192.168.7.7"), "{said}");
    canaries.assert_silent("hopping");
    let named = heard.lock().expect("unpoisoned").iter().filter(|host| *host == "hopping.example").count();
    assert_eq!(named, 1);
    // A blog's front page in a frame says which feed to read.
    let front = SourceSettings {
        kind: SourceKind::Html,
        listing: Some(Box::new(Preset::Naver.listing())),
        ..at("blog.naver.com/bomi")
    };
    let said = read(&front).expect_err("no list");
    assert!(said.contains("https://rss.blog.naver.com/bomi.xml"), "{said}");
}
