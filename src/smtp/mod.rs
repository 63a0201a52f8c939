//! Effect: one owned connection to the relay, driven one stage at a time → outcome (RFC 5321, 3207, 4954, 2920).

mod connection;
pub mod crash;
mod ehlo;
mod reply;
mod stream;
mod tls;

use std::time::Duration;

use secrecy::SecretString;

use crate::model::delivery::Stage;
use crate::model::reply::{Cause, Reply};

pub use connection::Connection;
pub use ehlo::Offers;
pub use tls::{TlsContext, TlsError};

/// Why a stage failed. Whoever gets one with `connection_usable` false drops the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where.
    pub stage: Stage,
    /// What the relay said, where it said something.
    pub reply: Option<Reply>,
    /// What kind of failure.
    pub cause: Cause,
    /// Every byte of the message and its final dot may have reached the relay, and no readable answer came: it may hold
    /// the message.
    pub after_last_byte: bool,
    /// The connection is at a clean start for another transaction.
    pub connection_usable: bool,
}

/// How the connection is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// STARTTLS, required (RFC 3207).
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// Plain; only for a relay on loopback.
    None,
}

/// Name and password at the relay.
#[derive(Clone, Debug)]
pub struct Login {
    /// User name.
    pub user: String,
    /// Password.
    pub password: SecretString,
}

/// Limits per stage (RFC 5321 section 4.5.3.2); tests set them lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// TCP connect, greeting, TLS, EHLO and AUTH, each.
    pub connect: Duration,
    /// MAIL and RCPT, each.
    pub command: Duration,
    /// DATA up to the 354.
    pub data: Duration,
    /// Each block of the body.
    pub body: Duration,
    /// The final dot up to the answer.
    pub dot: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        Timeouts {
            connect: minutes(1),
            command: minutes(5),
            data: minutes(2),
            body: minutes(3),
            dot: minutes(10),
        }
    }
}

/// `[smtp]`, checked.
#[derive(Clone, Debug)]
pub struct RelaySettings {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How it is secured.
    pub tls: TlsMode,
    /// PEM file of further roots to trust (a relay with an own certificate).
    pub ca_file: Option<std::path::PathBuf>,
    /// Login, where the relay wants one.
    pub login: Option<Login>,
    /// Name given in EHLO; the configuration puts the sender's domain where none is set. None: this end's address.
    pub hello: Option<String>,
    /// Connections at once.
    pub connections: usize,
    /// Messages per connection.
    pub messages_per_connection: usize,
    /// Messages per second over all connections; none: no limit.
    pub per_second: Option<f64>,
    /// Limits per stage.
    pub timeouts: Timeouts,
}
