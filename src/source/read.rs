//! Effect: one reading of a source: what lies at its location, understood in its format.

use super::feed::{self, FeedError};
use super::fetch::{FetchError, FetchSettings, Fetched, Validators, fetch};
use super::page_text::{self, PageTextError};
use super::{FetchedPage, Location, SourceKind, SourceSettings};

/// What a reading gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The server says that nothing changed.
    Unchanged,
    /// What the source lists, and how this version is marked.
    Page(FetchedPage, Validators),
}

/// Why a source could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Nothing came.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What came is no page dump.
    #[error("출처 `{source_name}`에서 읽은 글 목록: {cause}")]
    PageText {
        /// The source.
        source_name: String,
        /// What is wrong, and where.
        cause: PageTextError,
    },
    /// What came is no feed.
    #[error("출처 `{source_name}`에서 읽은 피드: {cause}")]
    Feed {
        /// The source.
        source_name: String,
        /// What is wrong.
        cause: FeedError,
    },
}

/// Reads the source. `seen` marks the version read last.
pub async fn read(
    source: &SourceSettings,
    seen: &Validators,
    settings: &FetchSettings,
) -> Result<Reading, ReadError> {
    let settings = FetchSettings { allow_private: source.allow_private, ..settings.clone() };
    let (text, validators, cut_off) = match fetch(&source.location, seen, &settings).await? {
        Fetched::Unchanged => return Ok(Reading::Unchanged),
        Fetched::Text { text, validators, cut_off } => (text, validators, cut_off),
    };
    let mut page = match source.kind {
        SourceKind::PageText => page_text::parse(&text)
            .map_err(|cause| ReadError::PageText { source_name: source.name.clone(), cause })?,
        SourceKind::Feed => {
            let location = match &source.location {
                Location::Web(url) => Some(url),
                Location::File(_) => None,
            };
            feed::parse(&text, location)
                .map_err(|cause| ReadError::Feed { source_name: source.name.clone(), cause })?
        }
    };
    // A feed tells by its own end whether it is whole.
    page.cut_off |= cut_off && !page.window;
    Ok(Reading::Page(page, validators))
}
