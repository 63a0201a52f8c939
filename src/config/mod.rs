//! Effect: configuration: raw (serde, unknown keys refused) → checked (every fault at once, with file, line, key).
//!
//! Nothing below `cli` and `daemon` takes a [`Config`]; each room gets its own settings struct, which are the fields here.

use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

use crate::compose::dkim::DkimSettings;
use crate::deliver::DeliverSettings;
use crate::publish::{Digest, Masthead};
use crate::smtp::RelaySettings;
use crate::source::SourceSettings;

/// A configuration in which everything was checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[newsletter]` and `[sender]`.
    pub masthead: Masthead,
    /// `[[source]]`, at least one.
    pub sources: Vec<SourceSettings>,
    /// `[[digest]]`, at least one.
    pub digests: Vec<Digest>,
    /// `[smtp]`: the relay.
    pub relay: RelaySettings,
    /// `[smtp]`: how deliveries are worked off.
    pub deliver: DeliverSettings,
    /// `[dkim]`, where letters are signed here.
    pub dkim: Option<DkimSettings>,
    /// `[web]`.
    pub web: WebSettings,
    /// What personal links start with: `public_url`, else `http://<listen>` where the relay is on loopback, else nothing,
    /// and letters carry the mail address for unsubscribing only.
    pub links: Option<Url>,
    /// `[store]`.
    pub store: StoreSettings,
    /// Folder whose files override the built-in templates; need not exist.
    pub templates: PathBuf,
    /// `[log]`.
    pub log: LogSettings,
    /// What is allowed but worth knowing: one Korean sentence each, with place and advice.
    pub warnings: Vec<String>,
}

/// `[web]`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSettings {
    /// Where the pages are served.
    pub listen: SocketAddr,
    /// How readers reach them; an http(s) address ending in `/`.
    pub public_url: Option<Url>,
}

/// `[store]`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// The SQLite file.
    pub path: PathBuf,
    /// The secret keys' file; by default the store's name with `.key` added.
    pub key_file: PathBuf,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[log]`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: tracing::Level,
    /// How lines look.
    pub format: LogFormat,
}
