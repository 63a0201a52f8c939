//! Effect: fetching what a source lists now. One file per format: wire type → adapter → `FetchedPost`.

pub mod desk;
pub mod feed;
pub mod fetch;
pub mod guard;
pub mod html;
pub mod jsonl;
pub mod known_blog;
pub mod matching;
pub mod page_text;
pub mod read;
mod sparse_json;

use std::path::PathBuf;
use std::time::Duration;

use crate::model::post::FetchedPost;

/// The formats a source can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A listing page as text (`kind = "page-text"`).
    PageText,
    /// RSS, Atom or JSON Feed (`kind = "feed"`).
    Feed,
    /// A listing page read by selectors (`kind = "html"`).
    Html,
    /// A post a line, as JSON (`kind = "jsonl"`).
    Jsonl,
}

/// Where a source is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file on this machine.
    File(PathBuf),
    /// An http or https address.
    Web(url::Url),
}

/// One `[[source]]`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSettings {
    /// Its name in tables and on the command line.
    pub name: String,
    /// Its format.
    pub kind: SourceKind,
    /// Where it is.
    pub location: Location,
    /// How often the daemon reads it.
    pub poll: Duration,
    /// Whether an address in a private network may be read.
    pub allow_private: bool,
    /// Where things stand on the page, for [`SourceKind::Html`].
    pub listing: Option<Box<html::Listing>>,
    /// For how long readings may fail before the operator is told.
    pub alarm_after: Duration,
}

impl SourceKind {
    /// As the configuration names it.
    pub fn as_str(self) -> &'static str {
        match self {
            SourceKind::PageText => "page-text",
            SourceKind::Feed => "feed",
            SourceKind::Html => "html",
            SourceKind::Jsonl => "jsonl",
        }
    }
}

impl SourceSettings {
    /// Format and location in one text, without a password: a reading of another place is no later version of this.
    pub fn place(&self) -> String {
        let location = match &self.location {
            Location::File(path) => path.display().to_string(),
            Location::Web(url) => {
                let mut url = url.clone();
                // Refused for addresses that cannot have one.
                let _ = url.set_password(None);
                url.into()
            }
        };
        format!("{} {location}", self.kind.as_str())
    }
}

/// What a source lists now, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchedPage {
    /// The blog's title.
    pub title: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// The posts, newest first.
    pub posts: Vec<FetchedPost>,
    /// What was odd but could be read soundly: one Korean sentence each.
    pub notes: Vec<String>,
    /// The text ended within a post: what is missing from it may still exist.
    pub cut_off: bool,
    /// Something within it could not be read: a post that is missing from it may still exist.
    pub gaps: bool,
    /// It lists its newest posts only: older ones that are not listed have not gone.
    pub window: bool,
}
