//! A scripted SMTP server on a real loopback socket. Each connection has its thread; behaviour is chosen by stage, by
//! recipient and by count. It keeps its own ledger of what it took.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Where a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Connect,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// After the 354, with half a message read.
    MidBody,
    /// After the dot; the message is not kept.
    Dot,
    /// After the dot; the message is kept.
    DotKept,
}

/// What happens there instead of the usual answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// The connection ends without a word.
    Close,
    /// Nothing is said until the client gives up.
    Stall,
    /// These bytes are written; a text of code 421 also closes.
    Say(Vec<u8>),
    /// The usual answer, one byte to a packet.
    Split,
}

impl Act {
    pub fn say(text: &str) -> Act {
        Act::Say(format!("{text}\r\n").into_bytes())
    }
}

#[derive(Clone, Debug)]
struct Fault {
    at: At,
    act: Act,
    to: Option<String>,
    left: usize,
}

/// A message the server took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub to: String,
    pub bytes: Vec<u8>,
}

impl Kept {
    pub fn message_id(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        let line = text.lines().find(|line| line.to_ascii_lowercase().starts_with("message-id:"));
        line.and_then(|line| line.split_once(':')).map(|(_, id)| id.trim().to_owned()).unwrap_or_default()
    }
}

/// What the server saw, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Connection,
    Auth(String),
    Mail(String),
    Rcpt(String),
    Data,
    Reset,
    Quit,
}

/// What the server offers.
#[derive(Clone, Default)]
pub struct Options {
    pub lockstep: bool,
    pub size: Option<usize>,
    pub starttls: bool,
    pub implicit: bool,
    pub login: Option<(String, String)>,
    pub login_only: bool,
    /// EHLO is not known here.
    pub helo_only: bool,
    /// SMTPUTF8, and with it 8BITMIME as RFC 6531 wants.
    pub smtputf8: bool,
    /// DATA is answered 354 although no recipient was taken, as RFC 2920 allows.
    pub data_without_rcpt: bool,
    /// Sessions at once; who comes beyond is turned away.
    pub sessions: Option<usize>,
    /// Written in clear right behind STARTTLS's 220.
    pub inject: Option<String>,
}

type Hook = Box<dyn Fn(&str) + Send>;

#[derive(Default)]
struct Ledger {
    faults: Vec<Fault>,
    kept: Vec<Kept>,
    seen: Vec<Seen>,
    lines: Vec<String>,
    open: usize,
    on_rcpt: Option<Hook>,
}

pub struct SmtpServer {
    address: SocketAddr,
    ledger: Arc<Mutex<Ledger>>,
    /// The certificate that clients must trust, in PEM.
    pub certificate: String,
}

impl SmtpServer {
    pub fn start() -> SmtpServer {
        SmtpServer::with(Options::default())
    }

    pub fn with(options: Options) -> SmtpServer {
        SmtpServer::named(options, "127.0.0.1")
    }

    /// With a certificate for `name`.
    pub fn named(options: Options, name: &str) -> SmtpServer {
        SmtpServer::secured(options, tls_config(name))
    }

    /// With that side of TLS and its certificate.
    pub fn secured(options: Options, (tls, certificate): (Arc<ServerConfig>, String)) -> SmtpServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let shared = Arc::clone(&ledger);
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let _ = socket.set_nodelay(true);
                let session = Session {
                    place: None,
                    wire: Wire::Plain(socket),
                    input: Vec::new(),
                    options: options.clone(),
                    ledger: Arc::clone(&shared),
                    tls: Arc::clone(&tls),
                };
                thread::spawn(move || session.serve());
            }
        });
        SmtpServer { address, ledger, certificate }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on, `act` at `at`, always.
    pub fn always(&self, at: At, act: Act) {
        self.add(at, act, None, usize::MAX);
    }

    /// `act` at `at`, the next `times` times.
    pub fn times(&self, times: usize, at: At, act: Act) {
        self.add(at, act, None, times);
    }

    /// `act` at `at` for that recipient, always.
    pub fn for_recipient(&self, to: &str, at: At, act: Act) {
        self.add(at, act, Some(to.to_owned()), usize::MAX);
    }

    /// `act` at `at` for that recipient, the next time.
    pub fn once_for(&self, to: &str, at: At, act: Act) {
        self.add(at, act, Some(to.to_owned()), 1);
    }

    fn add(&self, at: At, act: Act, to: Option<String>, left: usize) {
        self.ledger.lock().expect("ledger").faults.push(Fault { at, act, to, left });
    }

    /// Forgets all faults: the relay is well again.
    pub fn heal(&self) {
        self.ledger.lock().expect("ledger").faults.clear();
    }

    /// Runs at every RCPT, before its answer.
    pub fn on_rcpt(&self, hook: impl Fn(&str) + Send + 'static) {
        self.ledger.lock().expect("ledger").on_rcpt = Some(Box::new(hook));
    }

    pub fn kept(&self) -> Vec<Kept> {
        self.ledger.lock().expect("ledger").kept.clone()
    }

    pub fn kept_for(&self, to: &str) -> Vec<Kept> {
        self.kept().into_iter().filter(|kept| kept.to == to).collect()
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.ledger.lock().expect("ledger").seen.clone()
    }

    /// The command lines that begin with this word, as they came.
    pub fn lines(&self, word: &str) -> Vec<String> {
        let ledger = self.ledger.lock().expect("ledger");
        ledger.lines.iter().filter(|line| line.starts_with(word)).cloned().collect()
    }

    pub fn count(&self, wanted: impl Fn(&Seen) -> bool) -> usize {
        self.seen().iter().filter(|seen| wanted(seen)).count()
    }
}

/// A server's side of TLS for `name`, self-signed, and its certificate.
pub fn tls_config(name: &str) -> (Arc<ServerConfig>, String) {
    self_signed(rcgen::CertificateParams::new(vec![name.to_owned()]).expect("a name"))
}

/// The same with a certificate whose time is over.
pub fn expired_tls_config(name: &str) -> (Arc<ServerConfig>, String) {
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    self_signed(params)
}

fn self_signed(params: rcgen::CertificateParams) -> (Arc<ServerConfig>, String) {
    let pair = rcgen::KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&pair).expect("a certificate");
    let key = rustls::pki_types::PrivateKeyDer::try_from(pair.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a server configuration");
    (Arc::new(config), certificate.pem())
}

enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
    Gone,
}

impl Wire {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Wire::Plain(socket) => socket.read(room),
            Wire::Tls(socket) => socket.read(room),
            Wire::Gone => Ok(0),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Wire::Plain(socket) => socket.write_all(bytes),
            Wire::Tls(socket) => socket.write_all(bytes).and_then(|()| socket.flush()),
            Wire::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn close(&self) {
        let socket = match self {
            Wire::Plain(socket) => socket,
            Wire::Tls(socket) => &socket.sock,
            Wire::Gone => return,
        };
        let _ = socket.shutdown(Shutdown::Both);
    }
}

struct Session {
    // Before the wire: who sees the end of a session finds its place free.
    place: Option<Place>,
    wire: Wire,
    input: Vec<u8>,
    options: Options,
    ledger: Arc<Mutex<Ledger>>,
    tls: Arc<ServerConfig>,
}

/// A session among those that are open.
struct Place(Arc<Mutex<Ledger>>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.lock().expect("ledger").open -= 1;
    }
}

/// The session is over.
struct Over;

type Step<T> = Result<T, Over>;

impl Session {
    fn serve(mut self) {
        self.note(Seen::Connection);
        let open = {
            let mut ledger = self.ledger.lock().expect("ledger");
            ledger.open += 1;
            ledger.open
        };
        self.place = Some(Place(Arc::clone(&self.ledger)));
        let full = self.options.sessions.is_some_and(|most| open > most);
        drop(self.converse(full));
    }

    fn converse(mut self, full: bool) -> Step<()> {
        if full {
            self.place = None;
            return self.say("421 4.7.0 Error: too many connections from 127.0.0.1");
        }
        if self.options.implicit {
            self.secure()?;
        }
        self.answer(At::Connect, None, "220 relay.test ESMTP")?;
        let (mut from, mut to): (bool, Option<String>) = (false, None);
        loop {
            let line = self.line()?;
            self.ledger.lock().expect("ledger").lines.push(line.clone());
            let upper = line.to_ascii_uppercase();
            if upper.starts_with("EHLO") {
                let text = self.greeting();
                self.answer(At::Ehlo, None, &text)?;
            } else if upper.starts_with("HELO") {
                self.say("250 relay.test")?;
            } else if upper == "STARTTLS" && self.options.starttls {
                self.start_tls()?;
            } else if upper.starts_with("AUTH") {
                self.auth(&line)?;
            } else if upper.starts_with("MAIL FROM:") {
                self.note(Seen::Mail(path(&line)));
                from = self.answer(At::Mail, None, "250 2.1.0 Ok")?;
                to = None;
            } else if upper.starts_with("RCPT TO:") {
                let address = path(&line);
                self.note(Seen::Rcpt(address.clone()));
                if let Some(hook) = &self.ledger.lock().expect("ledger").on_rcpt {
                    hook(&address);
                }
                if !from {
                    self.say("503 5.5.1 MAIL first")?;
                } else if self.answer(At::Rcpt, Some(&address), "250 2.1.5 Ok")? {
                    to = Some(address);
                }
            } else if upper == "DATA" {
                self.data(&mut to)?;
                from = false;
            } else if upper == "RSET" {
                self.note(Seen::Reset);
                (from, to) = (false, None);
                self.say("250 2.0.0 Ok")?;
            } else if upper == "QUIT" {
                self.note(Seen::Quit);
                self.place = None;
                self.say("221 2.0.0 Bye")?;
                return Ok(());
            } else {
                self.say("500 5.5.2 unknown")?;
            }
        }
    }

    fn greeting(&self) -> String {
        if self.options.helo_only {
            return "502 5.5.1 not implemented".to_owned();
        }
        let mut lines = vec!["relay.test".to_owned()];
        if !self.options.lockstep {
            lines.push("pipelining".to_owned());
        }
        lines.extend(self.options.size.map(|size| format!("SIZE {size}")));
        let secure = matches!(self.wire, Wire::Tls(_));
        if self.options.starttls && !secure {
            lines.push("STARTTLS".to_owned());
        }
        if self.options.login.is_some() && (secure || !(self.options.starttls || self.options.implicit)) {
            lines.push(if self.options.login_only { "AUTH LOGIN" } else { "AUTH LOGIN PLAIN" }.to_owned());
        }
        if self.options.smtputf8 {
            lines.extend(["8BITMIME".to_owned(), "SMTPUTF8".to_owned()]);
        }
        lines.push("ENHANCEDSTATUSCODES".to_owned());
        let last = lines.len() - 1;
        let shape = |(n, line): (usize, &String)| format!("250{}{line}", if n == last { ' ' } else { '-' });
        lines.iter().enumerate().map(shape).collect::<Vec<_>>().join("\r\n")
    }

    fn start_tls(&mut self) -> Step<()> {
        let go_on = self.answer(At::StartTls, None, "220 2.0.0 Ready")?;
        if let Some(text) = self.options.inject.clone() {
            self.say(&text)?;
        }
        if go_on { self.secure() } else { Ok(()) }
    }

    fn secure(&mut self) -> Step<()> {
        self.input.clear();
        let Wire::Plain(socket) = std::mem::replace(&mut self.wire, Wire::Gone) else { return Err(Over) };
        let tls = ServerConnection::new(Arc::clone(&self.tls)).map_err(|_| Over)?;
        self.wire = Wire::Tls(Box::new(StreamOwned::new(tls, socket)));
        Ok(())
    }

    fn auth(&mut self, line: &str) -> Step<()> {
        use base64::Engine;
        let decode = |text: &str| {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let mut words = line.split(' ').skip(1);
        let given = match words.next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "PLAIN" => decode(words.next().unwrap_or_default()).trim_start_matches('\0').replace('\0', ":"),
            _ => {
                self.say("334 VXNlcm5hbWU6")?;
                let user = decode(&self.line()?);
                self.say("334 UGFzc3dvcmQ6")?;
                format!("{user}:{}", decode(&self.line()?))
            }
        };
        self.note(Seen::Auth(given.clone()));
        let known = self.options.login.as_ref().is_some_and(|(user, word)| given == format!("{user}:{word}"));
        let usual = if known { "235 2.7.0 Ok" } else { "535 5.7.8 Authentication credentials invalid" };
        self.answer(At::Auth, None, usual).map(drop)
    }

    fn data(&mut self, to: &mut Option<String>) -> Step<()> {
        self.note(Seen::Data);
        let Some(address) = to.take() else {
            if !self.options.data_without_rcpt {
                return self.say("554 5.5.1 no valid recipients");
            }
            self.say("354 go on")?;
            self.body(usize::MAX)?;
            return self.say("554 5.5.1 no valid recipients");
        };
        if !self.answer(At::Data, Some(&address), "354 go on")? {
            return Ok(());
        }
        if let Some(act) = self.fault(At::MidBody, Some(&address)) {
            self.body(200)?;
            return self.act(act, "").map(drop);
        }
        let bytes = self.body(usize::MAX)?;
        if let Some(act) = self.fault(At::Dot, Some(&address)) {
            return self.act(act, "").map(drop);
        }
        self.ledger.lock().expect("ledger").kept.push(Kept { to: address.clone(), bytes });
        self.answer(At::DotKept, Some(&address), "250 2.0.0 Ok: queued").map(drop)
    }

    /// Reads a message up to its dot, or `most` bytes of it; dots unstuffed.
    fn body(&mut self, most: usize) -> Step<Vec<u8>> {
        let mut message = Vec::new();
        while message.len() < most {
            let line = self.raw_line()?;
            if line == b"." {
                return Ok(message);
            }
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            message.extend_from_slice(b"\r\n");
        }
        Ok(message)
    }

    /// The usual answer, unless a fault stands here. True: the usual answer was given.
    fn answer(&mut self, at: At, to: Option<&str>, usual: &str) -> Step<bool> {
        match self.fault(at, to) {
            Some(act) => self.act(act, usual),
            None => self.say(usual).map(|()| true),
        }
    }

    fn act(&mut self, act: Act, usual: &str) -> Step<bool> {
        match act {
            Act::Close => {
                self.wire.close();
                Err(Over)
            }
            Act::Stall => {
                // Nothing is read either, so that a long message does not get through. The client's limits are shorter.
                thread::sleep(Duration::from_millis(500));
                Err(Over)
            }
            Act::Say(bytes) => {
                self.wire.write(&bytes).map_err(|_| Over)?;
                if bytes.starts_with(b"421") {
                    // The client reads the answer before it sees the end.
                    thread::sleep(Duration::from_millis(5));
                    self.wire.close();
                    return Err(Over);
                }
                Ok(bytes.starts_with(b"2") || bytes.starts_with(b"354"))
            }
            Act::Split => {
                for byte in format!("{usual}\r\n").bytes() {
                    self.wire.write(&[byte]).map_err(|_| Over)?;
                }
                Ok(true)
            }
        }
    }

    fn fault(&self, at: At, to: Option<&str>) -> Option<Act> {
        let mut ledger = self.ledger.lock().expect("ledger");
        let fault = ledger.faults.iter_mut().find(|fault| {
            let meant = fault.to.is_none() || fault.to.as_deref() == to;
            fault.at == at && fault.left > 0 && meant
        })?;
        fault.left -= 1;
        Some(fault.act.clone())
    }

    fn say(&mut self, text: &str) -> Step<()> {
        self.wire.write(format!("{text}\r\n").as_bytes()).map_err(|_| Over)
    }

    fn note(&self, seen: Seen) {
        self.ledger.lock().expect("ledger").seen.push(seen);
    }

    fn line(&mut self) -> Step<String> {
        self.raw_line().map(|line| String::from_utf8_lossy(&line).into_owned())
    }

    fn raw_line(&mut self) -> Step<Vec<u8>> {
        loop {
            if let Some(end) = self.input.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.input.drain(..=end).collect();
                while line.last().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
                    line.pop();
                }
                return Ok(line);
            }
            let mut room = [0; 16384];
            match self.wire.read(&mut room) {
                Ok(0) | Err(_) => return Err(Over),
                Ok(got) => self.input.extend_from_slice(&room[..got]),
            }
        }
    }
}

fn path(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(address, _)| address.to_owned()).unwrap_or_default()
}
