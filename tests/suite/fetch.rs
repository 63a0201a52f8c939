//! Reading a source's location: files, and a web server that does what a script says.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use moabom::source::Location;
use moabom::source::fetch::{FetchError, FetchSettings, Fetched, Reason, Validators, fetch};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use super::support::site::{Answer, PART as PAGE, Site};
use super::support::smtp_server::tls_config;

/// `PAGE`, packed.
pub(crate) const GZIP: &str =
    "H4sIAAAAAAACAwElANr/7Jik64qY7J2YIOq4gArrsJjsnZHsnbQg66eO7JWY7Ja07JqUCh3OAuElAAAA";
const BROTLI: &str = "CxKA7Jik64qY7J2YIOq4gArrsJjsnZHsnbQg66eO7JWY7Ja07JqUCgM=";
/// 20,000,000 times `a`.
pub(crate) const BROTLI_BOMB: &str = "y///P/glwuKxQCD3/o///3/wSwDEYRGA7v1f/rPE4JcAiMMCAF2SGA==";

fn web(address: &str) -> Location {
    Location::Web(Url::parse(address).expect("an address"))
}

fn near() -> FetchSettings {
    FetchSettings { allow_private: true, ..FetchSettings::default() }
}

async fn read(location: &Location) -> Result<Fetched, FetchError> {
    fetch(location, &Validators::default(), &near()).await
}

async fn text(location: &Location) -> String {
    match read(location).await.expect("readable") {
        Fetched::Text { text, cut_off: false, .. } => text,
        other => panic!("{other:?}"),
    }
}

async fn refused(location: &Location, settings: &FetchSettings) -> FetchError {
    fetch(location, &Validators::default(), settings).await.expect_err("a reason")
}

#[tokio::test]
async fn a_page_is_read_with_its_validators_and_the_next_request_carries_them() {
    let site =
        Site::saying("200 OK", "ETag: \"v1\"\r\nLast-Modified: Mon, 23 Nov 2026 09:00:00 GMT\r\n", PAGE)
            .await;
    let Fetched::Text { text, validators, cut_off } = read(&site.at("/page")).await.expect("readable") else {
        panic!("nothing was known before");
    };
    assert_eq!((text.as_str(), cut_off), (PAGE, false));
    assert_eq!(validators.etag.as_deref(), Some("\"v1\""));
    let settings =
        FetchSettings { home: Some(Url::parse("https://me:pw@blog.test/").expect("an address")), ..near() };
    fetch(&site.at("/page"), &validators, &settings).await.expect("readable");
    let heard = site.heard();
    let [first, second] = heard.as_slice() else { panic!("{heard:?}") };
    assert!(!first.to_lowercase().contains("if-"), "{first}");
    let second = second.to_lowercase();
    assert!(second.contains("if-none-match: \"v1\"\r\n"), "{second}");
    assert!(second.contains("if-modified-since: mon, 23 nov 2026 09:00:00 gmt\r\n"), "{second}");
    let agent = format!("user-agent: moabom/{} (+https://blog.test/)\r\n", env!("CARGO_PKG_VERSION"));
    assert!(second.contains(&agent), "{second}");
    assert!(!second.contains("cookie") && !second.contains("referer"), "{second}");
}

#[tokio::test]
async fn an_unchanged_page_is_unchanged_only_if_it_was_asked_about() {
    let site = Site::saying("304 Not Modified", "", "").await;
    let seen = Validators { etag: Some("\"v1\"".to_owned()), last_modified: None };
    assert_eq!(fetch(&site.at("/"), &seen, &near()).await.expect("an answer"), Fetched::Unchanged);
    let error = refused(&site.at("/"), &near()).await;
    assert!(matches!(error.reason, Reason::Status { code: 304, .. }), "{error}");
}

#[tokio::test]
async fn packed_pages_are_unpacked() {
    for (name, packed) in [("gzip", GZIP), ("br", BROTLI)] {
        let body = STANDARD.decode(packed).expect("base64");
        let site = Site::saying("200 OK", &format!("Content-Encoding: {name}\r\n"), body).await;
        assert_eq!(text(&site.at("/")).await, PAGE, "{name}");
    }
    let site = Site::saying("200 OK", "Content-Encoding: zstd\r\n", b"x").await;
    assert!(matches!(refused(&site.at("/"), &near()).await.reason, Reason::Packed));
    let site = Site::saying("200 OK", "Content-Encoding: gzip\r\n", b"not gzip at all").await;
    assert!(matches!(refused(&site.at("/"), &near()).await.reason, Reason::Broken));
}

#[tokio::test]
async fn more_than_the_limit_is_refused_however_it_is_packed() {
    let promised = Site::saying("200 OK", "", vec![b'a'; 5_000_001]).await;
    let poured = Site::open(Answer::Pour).await;
    let bomb = STANDARD.decode(BROTLI_BOMB).expect("base64");
    let brotli = Site::saying("200 OK", "Content-Encoding: br\r\n", bomb).await;
    for site in [&promised, &poured, &brotli] {
        let error = refused(&site.at("/"), &near()).await;
        assert!(matches!(error.reason, Reason::TooLarge { limit_mb: 5 }), "{error}");
    }
    // 300,000 times `a` in 326 bytes.
    let bomb = format!("H4sIAAAAAAACA+3BAQ0AAADCoKzvX8IeDig{}PgxX/JO9OCTBAA=", "A".repeat(386));
    let site =
        Site::saying("200 OK", "Content-Encoding: gzip\r\n", STANDARD.decode(bomb).expect("base64")).await;
    let whole = FetchSettings { web_limit: 300_000, ..near() };
    let read = fetch(&site.at("/"), &Validators::default(), &whole).await.expect("within the limit");
    assert!(matches!(read, Fetched::Text { text, .. } if text.len() == 300_000));
    let short = FetchSettings { web_limit: 299_999, ..near() };
    assert!(matches!(refused(&site.at("/"), &short).await.reason, Reason::TooLarge { .. }));
}

#[tokio::test]
async fn five_redirects_are_followed_and_a_sixth_is_not() {
    let site = Site::open(Answer::CountDown).await;
    assert_eq!(text(&site.at("/5")).await, PAGE);
    assert_eq!(site.heard().len(), 6);
    let error = refused(&site.at("/6"), &near()).await;
    assert!(matches!(error.reason, Reason::Redirects { limit: 5 }), "{error}");
    assert!(!error.is_transient());
    assert_eq!(site.heard().len(), 12, "the sixth address is not asked");
}

#[tokio::test]
async fn no_private_address_is_connected_to_unless_it_was_named() {
    let canary = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    canary.set_nonblocking(true).expect("a socket");
    let port = canary.local_addr().expect("bound").port();
    let hosts =
        ["127.0.0.1", "localhost", "LOCALHOST.", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0"];
    for host in hosts {
        let error = refused(&web(&format!("http://{host}:{port}/")), &FetchSettings::default()).await;
        assert!(matches!(error.reason, Reason::Private { .. } | Reason::Name { .. }), "{host}: {error}");
        assert!(!error.is_transient() || host == "LOCALHOST.", "{host}");
    }
    // A site that may be private itself leads to another private one.
    for target in ["http://localhost", "http://10.0.0.1", "http://[::1]", "//0x7f000002"] {
        let site = Site::saying("302 Found", &format!("Location: {target}:{port}/\r\n"), "").await;
        let error = refused(&site.at("/"), &near()).await;
        assert!(matches!(error.reason, Reason::Private { .. }), "{target}: {error}");
        assert!(error.to_string().contains("allow_private"), "{error}");
    }
    assert_eq!(canary.accept().expect_err("nobody came").kind(), ErrorKind::WouldBlock);
    // A site that may be private itself, by address or by name, leads to another port of its own host.
    for host in ["127.0.0.1", "localhost"] {
        let site = Site::saying("302 Found", &format!("Location: http://{host}:{port}/\r\n"), "").await;
        let error = refused(&web(&format!("http://{host}:{}/", site.port)), &near()).await;
        assert!(matches!(error.reason, Reason::Private { .. }), "{host}: {error}");
    }
    assert_eq!(canary.accept().expect_err("nobody came").kind(), ErrorKind::WouldBlock);
    // Named by its name, the same listener is reached.
    let site = Site::saying("200 OK", "", PAGE).await;
    assert_eq!(text(&web(&format!("http://localhost:{}/", site.port))).await, PAGE);
}

#[tokio::test]
async fn redirects_to_other_schemes_or_to_nowhere_are_refused() {
    let site = Site::saying("301 Moved", "Location: file:///etc/passwd\r\n", "").await;
    assert!(matches!(refused(&site.at("/"), &near()).await.reason, Reason::Scheme { .. }));
    let site = Site::saying("301 Moved", "", "").await;
    assert!(matches!(refused(&site.at("/"), &near()).await.reason, Reason::BadRedirect));
    let error = refused(&web("ftp://blog.test/"), &near()).await;
    assert!(matches!(error.reason, Reason::Scheme { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_stalls_breaks_off_or_speaks_no_http_may_be_asked_again_later() {
    let brief = FetchSettings { total: Duration::from_millis(200), ..near() };
    let stalled = Site::open(Answer::Stall).await;
    assert!(matches!(refused(&stalled.at("/"), &brief).await.reason, Reason::Timeout(_)));
    let mute = FetchSettings { connect: Duration::from_millis(100), ..near() };
    let error = refused(&web(&format!("https://127.0.0.1:{}/", stalled.port)), &mute).await;
    assert!(matches!(error.reason, Reason::ConnectTimeout(_)) && error.is_transient(), "{error}");
    for answer in [Answer::BreakOff, Answer::Garbage] {
        let site = Site::open(answer).await;
        let error = refused(&site.at("/"), &near()).await;
        assert!(matches!(error.reason, Reason::Broken) && error.is_transient(), "{error}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound").port();
    let error = refused(&web(&format!("http://127.0.0.1:{nobody}/")), &near()).await;
    assert!(
        matches!(error.reason, Reason::Connect { why: "연결 거부", .. }) && error.is_transient(),
        "{error}"
    );
}

#[tokio::test]
async fn no_text_is_taken_from_a_server_that_cannot_prove_its_name() {
    let (unknown, _) = tls_config("localhost");
    let acceptor = tokio_rustls::TlsAcceptor::from(unknown);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let _ = acceptor.accept(stream).await;
        let (mut plain, _) = listener.accept().await.expect("a client");
        let _ = plain.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = plain.read_u8().await;
    });
    for words in ["믿을 수 없는 발급자", "TLS 협상 실패"] {
        let error = refused(&web(&format!("https://localhost:{port}/")), &near()).await;
        assert!(matches!(error.reason, Reason::Tls { why, .. } if why == words), "{error}");
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn korean_pages_in_old_encodings_are_read_declared_or_not() {
    let body = encoding_rs::EUC_KR.encode(PAGE).0.into_owned();
    for head in ["Content-Type: text/plain; charset=euc-kr\r\n", "Content-Type: text/plain\r\n", ""] {
        let site = Site::saying("200 OK", head, &body).await;
        assert_eq!(text(&site.at("/")).await, PAGE, "{head}");
    }
}

#[tokio::test]
async fn what_is_clearly_no_text_is_refused_with_its_type() {
    let site = Site::saying("200 OK", "Content-Type: application/pdf\r\n", "%PDF-1.7").await;
    let error = refused(&site.at("/"), &near()).await;
    assert!(error.to_string().contains("application/pdf"), "{error}");
    let site =
        Site::saying("200 OK", "Content-Type: application/octet-stream\r\n", b"\x7fELF\x02\x01\x01\0\0")
            .await;
    assert!(matches!(refused(&site.at("/"), &near()).await.reason, Reason::NotText));
}

#[tokio::test]
async fn each_status_has_its_own_words_and_says_whether_to_come_back() {
    let cases = [
        ("401 Unauthorized", false),
        ("403 Forbidden", false),
        ("404 Not Found", false),
        ("410 Gone", false),
        ("418 Teapot", false),
        ("204 No Content", false),
        ("429 Too Many Requests", true),
        ("500 Internal Server Error", true),
        ("503 Service Unavailable", true),
    ];
    let mut said = Vec::new();
    for (status, transient) in cases {
        let site = Site::saying(status, "Retry-After: 120\r\n", "<html>no</html>").await;
        let error = refused(&site.at("/a"), &near()).await;
        assert_eq!(error.is_transient(), transient, "{status}");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(120)), "{status}");
        assert!(error.to_string().contains(&status[..3]) && error.to_string().contains("2분 뒤"), "{error}");
        said.push(error.reason.to_string());
    }
    said.sort();
    said.dedup();
    assert_eq!(said.len(), cases.len());
}

#[tokio::test]
async fn a_password_is_used_and_never_shown() {
    let site = Site::saying("404 Not Found", "", "").await;
    let error =
        refused(&web(&format!("http://me:hunter2@127.0.0.1:{}/a?key=s3cret", site.port)), &near()).await;
    assert!(site.heard().concat().to_lowercase().contains("authorization: basic "), "it is used");
    for shown in [error.to_string(), format!("{error:?}")] {
        assert!(!shown.contains("hunter2") && !shown.contains("s3cret") && !shown.contains("me:"), "{shown}");
    }
}

fn kept(folder: &Path, name: &str, bytes: &[u8]) -> Location {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("a file");
    Location::File(path)
}

#[tokio::test]
async fn files_are_read_in_the_encodings_people_save_them_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let wide = [0xfeff].into_iter().chain(PAGE.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let korean = encoding_rs::EUC_KR.encode(PAGE).0.into_owned();
    let marked = format!("\u{feff}{PAGE}").into_bytes();
    for bytes in [PAGE.as_bytes(), &marked, &wide, &korean] {
        assert_eq!(text(&kept(folder.path(), "page.txt", bytes)).await, PAGE);
    }
    let cut =
        read(&kept(folder.path(), "cut.txt", &PAGE.as_bytes()[..PAGE.len() - 2])).await.expect("readable");
    assert!(matches!(cut, Fetched::Text { cut_off: true, .. }));
}

#[tokio::test]
async fn files_that_cannot_be_read_are_refused_with_their_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let reason =
        async |location: Location, settings: FetchSettings| refused(&location, &settings).await.reason;
    let missing = Location::File(folder.path().join("nowhere.txt"));
    assert!(matches!(reason(missing, near()).await, Reason::Missing));
    let directory = Location::File(folder.path().to_owned());
    assert!(matches!(reason(directory, near()).await, Reason::NotAFile { kind: "폴더" }));
    let device = Location::File("/dev/zero".into());
    assert!(matches!(reason(device, near()).await, Reason::NotAFile { .. }));
    let broken = kept(folder.path(), "broken.txt", b"one\ntwo \xff\xff\xff\n");
    assert!(matches!(reason(broken, near()).await, Reason::Encoding { line: 2, byte: 9 }));
    let long = kept(folder.path(), "long.txt", PAGE.as_bytes());
    let short = FetchSettings { file_limit: 10, ..near() };
    assert!(matches!(reason(long, short).await, Reason::TooLarge { .. }));
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_refused_without_waiting_for_its_writer() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(made.success());
    let error = refused(&Location::File(path), &near()).await;
    assert!(matches!(error.reason, Reason::NotAFile { .. }), "{error}");
    assert!(error.to_string().contains("pipe)"), "the path is named: {error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_without_permission_says_so() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let location = kept(folder.path(), "closed.txt", PAGE.as_bytes());
    let path = folder.path().join("closed.txt");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("its owner may");
    if std::fs::File::open(&path).is_ok() {
        eprintln!("left out: whoever runs this may read everything");
        return;
    }
    assert!(matches!(refused(&location, &near()).await.reason, Reason::Denied));
}
