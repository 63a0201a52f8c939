//! A web server on loopback that does what a script says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use moabom::source::Location;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The body where an answer has none of its own.
pub const PART: &str = "오늘의 글\n반응이 많았어요\n";

/// What the server does with one request.
#[derive(Clone)]
pub enum Answer {
    /// Head lines after the status line, and body; then the connection closes.
    Say(&'static str, String, Vec<u8>),
    /// 6,000,000 bytes without having said how many.
    Pour,
    /// White space without end, as fast as it is taken.
    Endless,
    /// A byte every tenth of a second, without end.
    Drip,
    /// The same in chunks.
    Chunks,
    /// The head, a byte every tenth of a second, without end.
    HeadDrip,
    /// A head without end, as fast as it is taken.
    HeadEndless,
    /// Exactly these bytes.
    Raw(Vec<u8>),
    /// To whoever shows a mark, that nothing changed; else the next of these with a mark, the last one again and again.
    Stale(Vec<Vec<u8>>),
    /// A redirect to the next number above the path's.
    CountUp,
    /// What the path names: body by path; anything else is 404.
    Paths(Vec<(&'static str, Vec<u8>)>),
    /// The head and some of the body, and then nothing more until the client leaves.
    Stall,
    /// More is promised than comes.
    BreakOff,
    /// Something that is not HTTP.
    Garbage,
    /// A redirect to the next number below the path's, until 0.
    CountDown,
}

/// A web server on loopback that gives one answer to every request and keeps the requests' heads.
pub struct Site {
    pub port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Site {
    pub async fn open(answer: Answer) -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ears = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer.clone(), Arc::clone(&ears)));
            }
        });
        Site { port, heard }
    }

    /// Answers everything with this status, these head lines (each ending in CRLF) and this body.
    pub async fn saying(status: &'static str, head: &str, body: impl AsRef<[u8]>) -> Site {
        Site::open(Answer::Say(status, head.to_owned(), body.as_ref().to_vec())).await
    }

    pub fn at(&self, path: &str) -> Location {
        let address = format!("http://127.0.0.1:{}{path}", self.port);
        Location::Web(url::Url::parse(&address).expect("an address"))
    }

    /// The heads of the requests so far.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("no panic while held").clone()
    }
}

async fn serve(mut stream: TcpStream, answer: Answer, heard: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let is_marked = |request: &str| request.to_ascii_lowercase().contains("if-none-match");
    let marked = is_marked(&request);
    let bare = {
        let mut heard = heard.lock().expect("no panic while held");
        heard.push(request);
        heard.iter().filter(|request| !is_marked(request)).count()
    };
    let (status, head, body, stall) = match answer {
        Answer::Say(status, head, body) => {
            let length = format!("{head}Content-Length: {}\r\n", body.len());
            (status, length, body, false)
        }
        Answer::CountDown => match path.parse::<u32>() {
            Ok(left @ 1..) => ("302 Found", format!("Location: /{}\r\n", left - 1), Vec::new(), false),
            _ => ("200 OK", String::new(), PART.into(), false),
        },
        Answer::CountUp => {
            let next = path.parse::<u32>().unwrap_or(0) + 1;
            ("302 Found", format!("Location: /{next}\r\n"), Vec::new(), false)
        }
        Answer::Stale(_) if marked => ("304 Not Modified", "ETag: \"x\"\r\n".to_owned(), Vec::new(), false),
        Answer::Stale(bodies) => {
            let body = bodies.get(bare - 1).or(bodies.last()).cloned().unwrap_or_default();
            ("200 OK", format!("ETag: \"x\"\r\nContent-Length: {}\r\n", body.len()), body, false)
        }
        Answer::Pour => ("200 OK", String::new(), vec![b'a'; 6_000_000], false),
        Answer::Paths(pages) => {
            let page = pages.into_iter().find(|(at, _)| at.trim_start_matches('/') == path);
            let body = page.as_ref().map(|(_, body)| body.clone()).unwrap_or_default();
            let head = format!("Content-Length: {}\r\n", body.len());
            (if page.is_some() { "200 OK" } else { "404 Not Found" }, head, body, false)
        }
        Answer::Endless => return endless(stream, HEAD, &[b' '; 65_536], None).await,
        Answer::Drip => return endless(stream, HEAD, b" ", Some(NOW_AND_THEN)).await,
        Answer::Chunks => return endless(stream, CHUNKED, b"1\r\n \r\n", Some(NOW_AND_THEN)).await,
        Answer::HeadDrip => {
            return endless(stream, b"HTTP/1.1 200 OK\r\nX: ", b"x", Some(NOW_AND_THEN)).await;
        }
        Answer::HeadEndless => {
            return endless(stream, b"HTTP/1.1 200 OK\r\n", b"X-Y: zzzzzzz\r\n", None).await;
        }
        Answer::Stall => ("200 OK", String::new(), PART.into(), true),
        Answer::BreakOff => ("200 OK", "Content-Length: 5000\r\n".to_owned(), PART.into(), false),
        Answer::Garbage => return raw(stream, b"SSH-2.0-x\r\n\r\n").await,
        Answer::Raw(bytes) => return raw(stream, &bytes).await,
    };
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{head}\r\n");
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&body).await;
    if stall {
        let _ = stream.read_u8().await;
    }
    let _ = stream.shutdown().await;
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const NOW_AND_THEN: Duration = Duration::from_millis(100);

async fn raw(mut stream: TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
}

/// After `head` the piece again and again, until the client leaves.
async fn endless(mut stream: TcpStream, head: &[u8], piece: &[u8], every: Option<Duration>) {
    let mut pace = every.map(tokio::time::interval);
    if stream.write_all(head).await.is_err() {
        return;
    }
    while stream.write_all(piece).await.is_ok() {
        if let Some(pace) = &mut pace {
            pace.tick().await;
        }
    }
}
