//! A relay that keeps every message it accepts, answers after a random while, and can be waited on.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// A small generator, so that a run can be repeated by its seed (xorshift).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed | 1)
    }

    /// Below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}

/// Copies by recipient, in order of arrival.
pub type Copies = BTreeMap<String, Vec<Vec<u8>>>;

#[derive(Default)]
struct Kept {
    copies: Copies,
    total: usize,
}

pub struct Keeper {
    port: u16,
    kept: Arc<(Mutex<Kept>, Condvar)>,
}

impl Keeper {
    /// Answers each dot after up to `delay` milliseconds; the message is kept before that.
    pub fn start(delay: u64) -> Keeper {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let kept: Arc<(Mutex<Kept>, Condvar)> = Arc::default();
        let shared = Arc::clone(&kept);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().flatten().enumerate() {
                let kept = Arc::clone(&shared);
                thread::spawn(move || converse(stream, &kept, Dice::new(number as u64 * 7919 + 3), delay));
            }
        });
        Keeper { port, kept }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn total(&self) -> usize {
        self.kept.0.lock().expect("unpoisoned").total
    }

    /// Waits until `count` messages are kept in all, or for `limit`. True if they are.
    pub fn wait_for(&self, count: usize, limit: Duration) -> bool {
        let guard = self.kept.0.lock().expect("unpoisoned");
        let waited =
            self.kept.1.wait_timeout_while(guard, limit, |kept| kept.total < count).expect("unpoisoned");
        !waited.1.timed_out()
    }

    pub fn copies(&self) -> Copies {
        self.kept.0.lock().expect("unpoisoned").copies.clone()
    }
}

fn converse(stream: TcpStream, kept: &(Mutex<Kept>, Condvar), mut dice: Dice, delay: u64) -> Option<()> {
    let mut out = stream.try_clone().ok()?;
    let mut input = BufReader::new(stream);
    out.write_all(b"220 keeper\r\n").ok()?;
    let (mut line, mut to) = (Vec::new(), String::new());
    loop {
        line.clear();
        if input.by_ref().take(4096).read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&line).trim().to_owned();
        let answer: &[u8] = match text.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" => b"250-keeper\r\n250 PIPELINING\r\n",
            "RCPT" => {
                to = text.split(['<', '>']).nth(1)?.to_owned();
                b"250 ok\r\n"
            }
            "DATA" => {
                out.write_all(b"354 go\r\n").ok()?;
                let message = body(&mut input)?;
                {
                    let mut all = kept.0.lock().ok()?;
                    all.copies.entry(to.clone()).or_default().push(message);
                    all.total += 1;
                    kept.1.notify_all();
                }
                if delay > 0 {
                    thread::sleep(Duration::from_millis(dice.below(delay + 1)));
                }
                b"250 2.0.0 kept\r\n"
            }
            "QUIT" => {
                let _ = out.write_all(b"221 bye\r\n");
                return None;
            }
            _ => b"250 ok\r\n",
        };
        out.write_all(answer).ok()?;
    }
}

/// A body up to its final dot; none: the client went away before it.
fn body(input: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let start = message.len();
        if input.read_until(b'\n', &mut message).ok()? == 0 {
            return None;
        }
        if &message[start..] == b".\r\n" {
            message.truncate(start);
            return Some(message);
        }
    }
}
