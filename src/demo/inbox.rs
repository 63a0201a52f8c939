//! Effect: the demo's SMTP inbox: takes mail on loopback and keeps it in memory (RFC 5321, without relaying).
//!
//! It is a real server for a real client: pipelined commands, dot-stuffing, size limit and line limits hold, and a
//! message counts only once its final dot has been read. It never sends anything anywhere.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Longest command line that is read, in bytes; RFC 5321 section 4.5.3.1.4 asks for 512.
const LINE_LIMIT: u64 = 4096;
/// Largest message, in bytes.
const SIZE_LIMIT: usize = 10 * 1024 * 1024;
/// The oldest mail gives way after this many.
const KEPT: usize = 500;

/// A mail as it arrived: its envelope and its bytes, dots unstuffed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMail {
    /// Counts from 1 in order of arrival.
    pub number: usize,
    /// MAIL FROM.
    pub from: String,
    /// RCPT TO, all of them.
    pub to: Vec<String>,
    /// The message, CRLF lines.
    pub bytes: Vec<u8>,
}

/// What has arrived; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    mails: Arc<Mutex<Vec<Arc<ReceivedMail>>>>,
}

impl Inbox {
    /// All mails kept, oldest first.
    pub fn mails(&self) -> Vec<Arc<ReceivedMail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The mail of that number.
    pub fn mail(&self, number: usize) -> Option<Arc<ReceivedMail>> {
        self.mails().into_iter().find(|mail| mail.number == number)
    }

    fn keep(&self, from: String, to: Vec<String>, bytes: Vec<u8>) {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        let number = mails.last().map_or(1, |mail| mail.number + 1);
        if mails.len() == KEPT {
            mails.remove(0);
        }
        mails.push(Arc::new(ReceivedMail { number, from, to, bytes }));
    }

    /// Serves SMTP on `listener` until `stop`. A client that misbehaves loses its own connection only.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            if let Ok((stream, _)) = accepted {
                let (inbox, stop) = (self.clone(), stop.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        _ = converse(&inbox, stream) => {}
                    }
                });
            }
        }
    }
}

/// The envelope under way on one connection.
#[derive(Default)]
struct Transaction {
    from: Option<String>,
    to: Vec<String>,
}

async fn converse(inbox: &Inbox, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 localhost moabom demo inbox\r\n").await?;
    let mut transaction = Transaction::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut stream).take(LINE_LIMIT).read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        if line.last() != Some(&b'\n') {
            return stream.write_all(b"500 5.5.2 line too long\r\n").await;
        }
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        let verb = text.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        if verb == "DATA" && transaction.from.is_some() && !transaction.to.is_empty() {
            stream.write_all(b"354 end with a dot\r\n").await?;
            let Some(bytes) = read_message(&mut stream).await? else {
                return stream.write_all(b"552 5.3.4 message too big\r\n").await;
            };
            let Transaction { from, to } = std::mem::take(&mut transaction);
            inbox.keep(from.unwrap_or_default(), to, bytes);
            stream.write_all(b"250 2.0.0 kept\r\n").await?;
            continue;
        }
        stream.write_all(answer(&verb, &text, &mut transaction).as_bytes()).await?;
        if verb == "QUIT" {
            return Ok(());
        }
    }
}

fn answer(verb: &str, text: &str, transaction: &mut Transaction) -> String {
    let path = || {
        let (start, end) = (text.find('<')?, text.find('>')?);
        text.get(start + 1..end).map(str::to_owned)
    };
    match (verb, path()) {
        ("EHLO", _) => {
            format!(
                "250-localhost\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE {SIZE_LIMIT}\r\n"
            )
        }
        ("HELO", _) => "250 localhost\r\n".to_owned(),
        ("MAIL", Some(from)) => {
            *transaction = Transaction { from: Some(from), to: Vec::new() };
            "250 2.1.0 ok\r\n".to_owned()
        }
        ("RCPT", Some(to)) if transaction.from.is_some() => {
            transaction.to.push(to);
            "250 2.1.5 ok\r\n".to_owned()
        }
        ("RSET", _) => {
            *transaction = Transaction::default();
            "250 2.0.0 ok\r\n".to_owned()
        }
        ("NOOP", _) => "250 2.0.0 ok\r\n".to_owned(),
        ("QUIT", _) => "221 2.0.0 bye\r\n".to_owned(),
        ("RCPT" | "DATA", _) => "503 5.5.1 bad sequence of commands\r\n".to_owned(),
        _ => "500 5.5.2 not understood\r\n".to_owned(),
    }
}

/// Reads up to the lone dot and unstuffs; none if the message is over the limit.
async fn read_message(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let room = (SIZE_LIMIT + 1024).saturating_sub(bytes.len()) as u64;
        if (&mut *stream).take(room).read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(Some(bytes));
        }
        bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        if bytes.len() > SIZE_LIMIT {
            return Ok(None);
        }
    }
}
