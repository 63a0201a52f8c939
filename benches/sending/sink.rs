//! A sink that takes mail as fast as it comes: one thread a connection, no storing. `SINK_RTT_MS` delays each answer,
//! as a round trip would; `SINK_QUICK_ACK` asks the kernel to acknowledge at once.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// How the sink answers.
#[derive(Clone, Copy)]
pub struct Habit {
    /// Before each packet of answers.
    pub delay: Duration,
    /// Offers PIPELINING.
    pub pipelining: bool,
    /// Acknowledges each segment at once.
    pub quick_ack: bool,
}

/// Serves until the process is killed; prints the port first.
pub fn serve(habit: Habit) -> ! {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("bound").port());
    loop {
        if let Ok((stream, _)) = listener.accept() {
            std::thread::spawn(move || converse(stream, habit));
        }
    }
}

fn converse(mut stream: TcpStream, habit: Habit) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"220 sink ESMTP\r\n")?;
    let mut input = vec![0; 256 * 1024];
    let (mut pending, mut answers) = (Vec::new(), Vec::new());
    let mut in_body = false;
    // The last bytes of the body so far: the end may be cut between two reads.
    let mut tail = [0u8; 5];
    loop {
        if habit.quick_ack {
            socket2::SockRef::from(&stream).set_tcp_quickack(true)?;
        }
        let read = stream.read(&mut input)?;
        if read == 0 {
            return Ok(());
        }
        let mut rest = &input[..read];
        while !rest.is_empty() {
            if in_body {
                let (used, ended) = skip_body(rest, &mut tail);
                rest = &rest[used..];
                if ended {
                    in_body = false;
                    answers.extend_from_slice(b"250 2.0.0 taken\r\n");
                }
                continue;
            }
            let Some(end) = rest.iter().position(|&b| b == b'\n') else {
                pending.extend_from_slice(rest);
                break;
            };
            pending.extend_from_slice(&rest[..=end]);
            rest = &rest[end + 1..];
            in_body = answer(&pending, habit, &mut answers);
            if in_body {
                tail = *b"\0\0\0\r\n";
            }
            pending.clear();
        }
        if !answers.is_empty() {
            if !habit.delay.is_zero() {
                std::thread::sleep(habit.delay);
            }
            stream.write_all(&answers)?;
            answers.clear();
        }
    }
}

/// Answers one command; true if the body comes next.
fn answer(line: &[u8], habit: Habit, answers: &mut Vec<u8>) -> bool {
    let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
    let text: &[u8] = match verb.as_slice() {
        b"EHLO" if habit.pipelining => b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 20000000\r\n",
        b"EHLO" => b"250-sink\r\n250-8BITMIME\r\n250 SIZE 20000000\r\n",
        b"DATA" => b"354 go\r\n",
        b"QUIT" => b"221 bye\r\n",
        _ => b"250 ok\r\n",
    };
    answers.extend_from_slice(text);
    verb == b"DATA"
}

/// How much of `bytes` is body, and whether the body ended. Looks for dots only.
fn skip_body(bytes: &[u8], tail: &mut [u8; 5]) -> (usize, bool) {
    // The end lies across the border of two reads.
    for used in 1..=bytes.len().min(4) {
        let mut joined = tail.to_vec();
        joined.extend_from_slice(&bytes[..used]);
        if joined.ends_with(b"\r\n.\r\n") {
            return (used, true);
        }
    }
    if let Some(at) = memchr::memmem::find(bytes, b"\r\n.\r\n") {
        return (at + 5, true);
    }
    let mut joined = tail.to_vec();
    joined.extend_from_slice(&bytes[bytes.len().saturating_sub(5)..]);
    tail.copy_from_slice(&joined[joined.len() - 5..]);
    (bytes.len(), false)
}
