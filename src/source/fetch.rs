//! Effect: reading what lies at a source's location, as text, within limits that no source can stretch.
//!
//! A file or a web page goes in; its whole text, or one clear reason, comes out. What the text means is the formats' task.

mod answer;
mod charset;
mod error;
mod file;
mod hop;
mod web;

use std::time::Duration;

use url::Url;

use super::Location;
pub use answer::Retry;
pub use error::{FetchError, Reason};

/// How the server marked the version that was read last from a location; empty where it marks none, and for files.
/// They mean nothing at another location.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, as sent.
    pub etag: Option<String>,
    /// `Last-Modified`, as sent.
    pub last_modified: Option<String>,
}

/// What lies at a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The server says that nothing changed since the given validators.
    Unchanged,
    /// The whole text.
    Text {
        /// Without a byte order mark; line endings as they came.
        text: String,
        /// To be given to the next fetch, once this text was taken in.
        validators: Validators,
        /// The bytes ended within a character, which was left off: the text is not whole.
        cut_off: bool,
    },
}

/// Limits of a fetch. The default is what a source gets unless a test needs it shorter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchSettings {
    /// Whether the location's own host and port may have a private address. What it redirects to may not.
    pub allow_private: bool,
    /// The newsletter's home, for the `User-Agent`.
    pub home: Option<Url>,
    /// For name, connection and TLS of one hop.
    pub connect: Duration,
    /// For everything, redirects and body included.
    pub total: Duration,
    /// For as long, once the first page of a listing was read, further ones are begun.
    pub more_pages: Duration,
    /// Bytes of a web page after unpacking.
    pub web_limit: u64,
    /// Bytes of a file.
    pub file_limit: u64,
    /// How many redirects are followed.
    pub redirects: usize,
}

impl Default for FetchSettings {
    fn default() -> FetchSettings {
        FetchSettings {
            allow_private: false,
            home: None,
            connect: Duration::from_secs(10),
            total: Duration::from_secs(30),
            more_pages: Duration::from_secs(30),
            web_limit: 5_000_000,
            file_limit: 200_000_000,
            redirects: 5,
        }
    }
}

impl FetchSettings {
    /// `moabom/VERSION (+home)`: whom a blog's owner can ask about these requests.
    fn user_agent(&self) -> String {
        let home = self.home.as_ref().map(|home| format!(" (+{})", hop::shown(home))).unwrap_or_default();
        format!("moabom/{}{home}", env!("CARGO_PKG_VERSION"))
    }
}

/// Reads the text at `location`, or learns that it did not change since `seen`.
///
/// # Errors
/// One reason in Korean, with the place and what to do; see [`FetchError::is_transient`].
pub async fn fetch(
    location: &Location,
    seen: &Validators,
    settings: &FetchSettings,
) -> Result<Fetched, FetchError> {
    match location {
        Location::File(path) => {
            let (own, limit) = (path.clone(), settings.file_limit);
            let read = tokio::task::spawn_blocking(move || file::read(&own, limit)).await;
            let read = read.unwrap_or_else(|_| Err(Reason::Disk(std::io::ErrorKind::Interrupted.into())));
            read.map(|read| Fetched::Text {
                text: read.text,
                validators: Validators::default(),
                cut_off: read.cut_off,
            })
            .map_err(|reason| FetchError { place: path.display().to_string(), reason })
        }
        Location::Web(start) => {
            let mut at = start.clone();
            let read = tokio::time::timeout(settings.total, web::read(&mut at, seen, settings)).await;
            read.unwrap_or(Err(Reason::Timeout(settings.total)))
                .map_err(|reason| FetchError { place: place(start, &at), reason })
        }
    }
}

/// The configured address, and the one it led to.
fn place(start: &Url, at: &Url) -> String {
    match (hop::shown(start), hop::shown(at)) {
        (start, at) if start == at => start,
        (start, at) => format!("{start} → {at}"),
    }
}
