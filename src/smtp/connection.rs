//! Effect: one connection, driven stage by stage. On any doubt it ends, so that no answer is ever taken for another's.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;

use super::crash;
use super::ehlo::Offers;
use super::stream::Stream;
use super::tls::TlsContext;
use super::{Failure, Login, RelaySettings, Timeouts, TlsMode};
use crate::model::delivery::Stage;
use crate::model::reply::{Cause, Reply};

/// What ends a message after its last line.
const END: &[u8] = b".\r\n";

/// An open session with the relay, at a clean start between transactions.
pub struct Connection {
    stream: Stream,
    offers: Offers,
    timeouts: Timeouts,
    packet: Vec<u8>,
    transactions: usize,
}

fn failure(stage: Stage, cause: Cause) -> Failure {
    Failure { stage, reply: None, cause, after_last_byte: false, connection_usable: false }
}

fn refused(stage: Stage, reply: Reply) -> Failure {
    // Neither a success nor a refusal: the two sides no longer talk about the same thing.
    let known = reply.is_transient() || reply.is_permanent();
    let cause = if known { Cause::Refused } else { Cause::Protocol };
    Failure { reply: Some(reply), ..failure(stage, cause) }
}

impl Connection {
    /// Connects, secures and logs in, as `settings` say. Each stage has its own limit.
    pub async fn open(settings: &RelaySettings, tls: &TlsContext) -> Result<Connection, Failure> {
        let limit = settings.timeouts.connect;
        crash::point("connect");
        let at = |stage| move |cause| failure(stage, cause);
        let mut stream =
            Stream::connect(&settings.host, settings.port, limit).await.map_err(at(Stage::Connect))?;
        if settings.tls == TlsMode::None && !stream.ends().is_some_and(|(_, peer)| peer.is_loopback()) {
            return Err(failure(Stage::Tls, Cause::Tls));
        }
        if settings.tls == TlsMode::Implicit {
            stream.upgrade(tls, &settings.host, limit).await.map_err(at(Stage::Tls))?;
        }
        let mut session = Connection {
            stream,
            offers: Offers::default(),
            timeouts: settings.timeouts,
            packet: Vec::with_capacity(512),
            transactions: 0,
        };
        let greeting = session.read(Stage::Connect, limit).await?;
        if greeting.code != 220 {
            return Err(refused(Stage::Connect, greeting));
        }
        session.greet(settings).await?;
        if settings.tls == TlsMode::StartTls {
            session.start_tls(settings, tls).await?;
            session.greet(settings).await?;
        }
        if let Some(login) = &settings.login {
            session.log_in(login).await?;
        }
        Ok(session)
    }

    /// What the relay offered last.
    pub fn offers(&self) -> &Offers {
        &self.offers
    }

    /// Transactions begun so far.
    pub fn transactions(&self) -> usize {
        self.transactions
    }

    async fn greet(&mut self, settings: &RelaySettings) -> Result<(), Failure> {
        let hello = match (&settings.hello, self.stream.ends()) {
            (Some(name), _) => name.clone(),
            (None, Some((std::net::IpAddr::V4(own), _))) => format!("[{own}]"),
            (None, Some((std::net::IpAddr::V6(own), _))) => format!("[IPv6:{own}]"),
            (None, None) => "[127.0.0.1]".to_owned(),
        };
        let limit = self.timeouts.connect;
        self.write(Stage::Ehlo, format!("EHLO {hello}\r\n").as_bytes(), limit).await?;
        let mut offers = Offers::default();
        let answer = self.stream.read_reply(limit, &mut |line| offers.take(line)).await;
        let answer = answer.map_err(|cause| failure(Stage::Ehlo, cause))?;
        if answer.is_success() {
            self.offers = offers;
            return Ok(());
        }
        // Only where nothing that EHLO announces is needed (RFC 5321 section 3.2).
        let plain = settings.tls == TlsMode::None && settings.login.is_none();
        if !(plain && matches!(answer.code, 500 | 502)) {
            return Err(refused(Stage::Ehlo, answer));
        }
        self.offers = Offers::default();
        self.command(Stage::Ehlo, format!("HELO {hello}\r\n").as_bytes(), limit).await.map(drop)
    }

    async fn start_tls(&mut self, settings: &RelaySettings, tls: &TlsContext) -> Result<(), Failure> {
        if !self.offers.starttls {
            return Err(failure(Stage::Tls, Cause::Tls));
        }
        let limit = self.timeouts.connect;
        let answer = self.command(Stage::Tls, b"STARTTLS\r\n", limit).await?;
        if answer.code != 220 {
            return Err(refused(Stage::Tls, answer));
        }
        // What was said in clear counts for nothing (RFC 3207 section 4.2); injected text is an error in `upgrade`.
        self.offers = Offers::default();
        let upgraded = self.stream.upgrade(tls, &settings.host, limit).await;
        upgraded.map_err(|cause| failure(Stage::Tls, cause))
    }

    async fn log_in(&mut self, login: &Login) -> Result<(), Failure> {
        let limit = self.timeouts.connect;
        let password = login.password.expose_secret();
        let line = |head: &str, secret: &[u8]| format!("{head}{}\r\n", STANDARD.encode(secret)).into_bytes();
        let answer = if self.offers.auth_plain {
            let secret = format!("\0{}\0{password}", login.user);
            self.exchange(Stage::Auth, &line("AUTH PLAIN ", secret.as_bytes()), limit).await?
        } else if self.offers.auth_login {
            let mut answer = self.exchange(Stage::Auth, b"AUTH LOGIN\r\n", limit).await?;
            for secret in [login.user.as_bytes(), password.as_bytes()] {
                if answer.code != 334 {
                    break;
                }
                answer = self.exchange(Stage::Auth, &line("", secret), limit).await?;
            }
            answer
        } else {
            return Err(failure(Stage::Auth, Cause::Unsupported));
        };
        if answer.code == 235 { Ok(()) } else { Err(refused(Stage::Auth, answer)) }
    }

    /// MAIL, RCPT and DATA, in one packet where PIPELINING is offered. Ok: the relay waits for the message (354).
    pub async fn envelope(
        &mut self,
        from: &str,
        to: &str,
        size: usize,
        smtputf8: bool,
    ) -> Result<(), Failure> {
        let alone = |stage, cause| Err(Failure { connection_usable: true, ..failure(stage, cause) });
        if !is_path(from) || !is_path(to) || (smtputf8 && !self.offers.smtputf8) {
            return alone(Stage::Rcpt, Cause::Unsupported);
        }
        if !self.offers.takes(size) {
            return alone(Stage::Mail, Cause::TooLarge);
        }
        if self.stream.has_unread() {
            return Err(self.unasked(Stage::Mail).await);
        }
        self.transactions += 1;
        crash::point("mail");
        let mut mail = format!("MAIL FROM:<{from}>");
        if self.offers.size.is_some() {
            mail.push_str(&format!(" SIZE={size}"));
        }
        if smtputf8 {
            mail.push_str(" SMTPUTF8");
            // Its header holds eight bits, so the relay must not take it for seven (RFC 6152).
            if self.offers.eight_bit {
                mail.push_str(" BODY=8BITMIME");
            }
        }
        mail.push_str("\r\n");
        let rcpt = format!("RCPT TO:<{to}>\r\n");
        if self.offers.pipelining {
            self.pipelined(&mail, &rcpt).await
        } else {
            self.lockstep(&mail, &rcpt).await
        }
    }

    async fn pipelined(&mut self, mail: &str, rcpt: &str) -> Result<(), Failure> {
        let Timeouts { command, data, .. } = self.timeouts;
        let mut packet = std::mem::take(&mut self.packet);
        packet.clear();
        for part in [mail, rcpt, "DATA\r\n"] {
            packet.extend_from_slice(part.as_bytes());
        }
        let written = self.write(Stage::Mail, &packet, command).await;
        self.packet = packet;
        written?;
        let mail = self.read(Stage::Mail, command).await?;
        crash::point("rcpt");
        let first = if mail.is_success() { None } else { Some(refused(Stage::Mail, mail)) };
        if let Some(failure) = first.as_ref().filter(|failure| is_closing(failure)) {
            return Err(failure.clone());
        }
        let rcpt = self.read(Stage::Rcpt, command).await.map_err(|later| first.clone().unwrap_or(later))?;
        crash::point("data");
        let first = first.or_else(|| (!rcpt.is_success()).then(|| refused(Stage::Rcpt, rcpt)));
        if let Some(failure) = first.as_ref().filter(|failure| is_closing(failure)) {
            return Err(failure.clone());
        }
        let data = self.read(Stage::Data, data).await.map_err(|later| first.clone().unwrap_or(later))?;
        match (first, data.code) {
            (None, 354) => Ok(()),
            (None, _) => Err(self.after_refusal(refused(Stage::Data, data)).await),
            (Some(first), 354) => Err(self.close_empty(first).await),
            (Some(first), _) => Err(self.after_refusal(first).await),
        }
    }

    async fn lockstep(&mut self, mail: &str, rcpt: &str) -> Result<(), Failure> {
        let Timeouts { command, data, .. } = self.timeouts;
        let mail = self.exchange(Stage::Mail, mail.as_bytes(), command).await?;
        if !mail.is_success() {
            return Err(self.after_refusal(refused(Stage::Mail, mail)).await);
        }
        crash::point("rcpt");
        let rcpt = self.exchange(Stage::Rcpt, rcpt.as_bytes(), command).await?;
        if !rcpt.is_success() {
            return Err(self.after_refusal(refused(Stage::Rcpt, rcpt)).await);
        }
        crash::point("data");
        let data = self.exchange(Stage::Data, b"DATA\r\n", data).await?;
        if data.code == 354 { Ok(()) } else { Err(self.after_refusal(refused(Stage::Data, data)).await) }
    }

    /// The relay waits for a message although its recipient was refused (RFC 2920 section 3.1): a lone dot ends it.
    async fn close_empty(&mut self, first: Failure) -> Failure {
        let limit = self.timeouts.dot;
        let ended = self.exchange(Stage::Dot, END, limit).await;
        match ended {
            // It must not have taken an empty message from us; where it did, the session is closed all the same.
            Ok(answer) if answer.is_permanent() || answer.is_transient() => self.after_refusal(first).await,
            _ => first,
        }
    }

    /// Makes the session clean again where it can be.
    async fn after_refusal(&mut self, failure: Failure) -> Failure {
        if is_closing(&failure) || failure.cause != Cause::Refused || self.stream.has_unread() {
            return failure;
        }
        let reset = self.command(Stage::Mail, b"RSET\r\n", self.timeouts.command).await;
        Failure { connection_usable: reset.is_ok() && !self.stream.has_unread(), ..failure }
    }

    /// Writes the message and the final dot in one go and reads the answer. `message` is whole lines with CRLF; it is
    /// given back as it was unless a line began with a dot. Ok only if the relay answered 250 (any 2yz) after the dot.
    pub async fn body(&mut self, message: &mut Vec<u8>) -> Result<Reply, Failure> {
        if self.stream.spoke_unasked().await {
            return Err(self.unasked(Stage::Body).await);
        }
        if has_dot_line(message) {
            stuff_dots(message);
        }
        let length = message.len();
        if !message.ends_with(b"\r\n") {
            message.extend_from_slice(b"\r\n");
        }
        message.extend_from_slice(END);
        let written = self.write_body(message).await;
        message.truncate(length);
        if let Err(stopped) = written {
            if stopped.all_taken {
                return Err(Failure { after_last_byte: true, ..failure(Stage::Dot, stopped.cause) });
            }
            // What the relay said before it hung up tells more than the broken pipe; a 2yz here is no acceptance.
            return Err(self.unasked(Stage::Body).await);
        }
        crash::point("after_dot");
        let answer = self.stream.read_reply(self.timeouts.dot, &mut |_| {}).await;
        let unclear = |cause| Failure { after_last_byte: true, ..failure(Stage::Dot, cause) };
        let answer = answer.map_err(unclear)?;
        if answer.is_success() {
            return Ok(answer);
        }
        let failure = refused(Stage::Dot, answer);
        if failure.cause != Cause::Refused {
            return Err(Failure { after_last_byte: true, ..failure });
        }
        Err(Failure { connection_usable: !is_closing(&failure) && !self.stream.has_unread(), ..failure })
    }

    #[cfg(not(debug_assertions))]
    async fn write_body(&mut self, bytes: &[u8]) -> Result<(), super::stream::WriteStopped> {
        self.stream.send_body(bytes, self.timeouts.body).await
    }

    #[cfg(debug_assertions)]
    async fn write_body(&mut self, bytes: &[u8]) -> Result<(), super::stream::WriteStopped> {
        let (front, back) = bytes.split_at(bytes.len() / 2);
        self.stream.send_body(front, self.timeouts.body).await?;
        crash::point("mid_body");
        self.stream.send_body(back, self.timeouts.body).await
    }

    /// Says goodbye; nothing depends on the answer.
    pub async fn quit(mut self) {
        let limit = self.timeouts.connect.min(Duration::from_secs(5));
        if self.stream.send(b"QUIT\r\n", limit).await.is_ok() {
            let _ = self.stream.read_reply(limit, &mut |_| {}).await;
        }
        self.stream.close(limit).await;
    }

    /// What a relay that spoke out of turn said, if it is a refusal; else a protocol failure. The session is over.
    async fn unasked(&mut self, stage: Stage) -> Failure {
        match self.stream.read_reply(Duration::from_secs(1), &mut |_| {}).await {
            Ok(reply) if reply.is_transient() || reply.is_permanent() => refused(stage, reply),
            Ok(reply) => Failure { reply: Some(reply), ..failure(stage, Cause::Protocol) },
            Err(cause) => failure(stage, cause),
        }
    }

    async fn write(&mut self, stage: Stage, packet: &[u8], limit: Duration) -> Result<(), Failure> {
        self.stream.send(packet, limit).await.map_err(|cause| failure(stage, cause))
    }

    async fn read(&mut self, stage: Stage, limit: Duration) -> Result<Reply, Failure> {
        self.stream.read_reply(limit, &mut |_| {}).await.map_err(|cause| failure(stage, cause))
    }

    async fn exchange(&mut self, stage: Stage, packet: &[u8], limit: Duration) -> Result<Reply, Failure> {
        self.write(stage, packet, limit).await?;
        self.read(stage, limit).await
    }

    /// As [`Connection::exchange`], for commands that only a 2yz answers.
    async fn command(&mut self, stage: Stage, packet: &[u8], limit: Duration) -> Result<Reply, Failure> {
        let reply = self.exchange(stage, packet, limit).await?;
        if reply.is_success() { Ok(reply) } else { Err(refused(stage, reply)) }
    }
}

/// 421 closes the channel (RFC 5321 section 3.8).
fn is_closing(failure: &Failure) -> bool {
    failure.reply.as_ref().is_some_and(|reply| reply.code == 421)
}

/// Nothing in it could end the path or the line.
fn is_path(address: &str) -> bool {
    !address.is_empty() && !address.chars().any(|c| c.is_control() || matches!(c, '<' | '>' | ' '))
}

/// One pass that the compiler vectorises: messages made here have no such line.
fn has_dot_line(message: &[u8]) -> bool {
    let pairs = message.iter().zip(message.iter().skip(1));
    message.first() == Some(&b'.')
        || pairs.fold(false, |found, (a, b)| found | ((*a == b'\n') & (*b == b'.')))
}

/// Doubles the dot of every line that begins with one (RFC 5321 section 4.5.2).
fn stuff_dots(message: &mut Vec<u8>) {
    let mut stuffed = Vec::with_capacity(message.len() + 64);
    let mut previous = b'\n';
    for byte in message.iter().copied() {
        if byte == b'.' && previous == b'\n' {
            stuffed.push(b'.');
        }
        stuffed.push(byte);
        previous = byte;
    }
    *message = stuffed;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_is_doubled_only_where_a_line_begins() {
        let mut message = b".a\r\nb.\r\n..\r\n.\r\n".to_vec();
        assert!(has_dot_line(&message));
        stuff_dots(&mut message);
        assert_eq!(message, b"..a\r\nb.\r\n...\r\n..\r\n");
        assert!(!has_dot_line(b"a.b\r\nc.\r\n"));
    }

    #[test]
    fn no_address_can_end_its_command() {
        assert!(is_path("a@example.com"));
        for bad in ["", "a@b>\r\nRCPT TO:<c@d", "a b@c", "a@b\0"] {
            assert!(!is_path(bad));
        }
    }
}
