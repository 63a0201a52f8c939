//! Effect: one reading of a source: what lies at its location, understood in its format.

use url::Url;

use super::feed::{self, FeedError};
use super::fetch::{FetchError, FetchSettings, Fetched, Validators, fetch};
use super::html::{self, HtmlError, Listing};
use super::jsonl::{self, JsonlError};
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
    /// What came holds no posts that the selectors find.
    #[error("출처 `{source_name}`에서 읽은 페이지: {cause}")]
    Html {
        /// The source.
        source_name: String,
        /// What is wrong.
        cause: HtmlError,
    },
    /// What came is no list of JSON lines.
    #[error("출처 `{source_name}`에서 읽은 JSON 글 목록: {cause}")]
    Jsonl {
        /// The source.
        source_name: String,
        /// What is wrong, and where.
        cause: JsonlError,
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

/// Bytes of a listing page: a tree of it takes many times as many.
const HTML_LIMIT: u64 = 2_000_000;

/// Reads the source. `seen` marks the version read last.
pub async fn read(
    source: &SourceSettings,
    seen: &Validators,
    settings: &FetchSettings,
) -> Result<Reading, ReadError> {
    let settings = FetchSettings { allow_private: source.allow_private, ..settings.clone() };
    if source.kind == SourceKind::Html {
        return read_listing(source, seen, settings).await;
    }
    let (text, validators, cut_off) = match fetch(&source.location, seen, &settings).await? {
        Fetched::Unchanged => return Ok(Reading::Unchanged),
        Fetched::Text { text, validators, cut_off } => (text, validators, cut_off),
    };
    let mut page = understood(source, &text)?;
    // A feed tells by its own end whether it is whole.
    page.cut_off |= cut_off && !page.window;
    Ok(Reading::Page(page, validators))
}

fn understood(source: &SourceSettings, text: &str) -> Result<FetchedPage, ReadError> {
    let name = || source.name.clone();
    let location = address(&source.location);
    match source.kind {
        SourceKind::PageText => {
            page_text::parse(text).map_err(|cause| ReadError::PageText { source_name: name(), cause })
        }
        SourceKind::Feed => {
            feed::parse(text, location).map_err(|cause| ReadError::Feed { source_name: name(), cause })
        }
        SourceKind::Jsonl => {
            jsonl::parse(text, location).map_err(|cause| ReadError::Jsonl { source_name: name(), cause })
        }
        // Read page by page above.
        SourceKind::Html => Err(ReadError::Html { source_name: name(), cause: HtmlError::Empty }),
    }
}

fn address(location: &Location) -> Option<&Url> {
    match location {
        Location::Web(url) => Some(url),
        Location::File(_) => None,
    }
}

/// Page after page of a listing, as far as `pages` allows. Only a list of one page is asked for by its marks: that the
/// first is as it was says nothing of the others. A later page that fails leaves what was read before it.
async fn read_listing(
    source: &SourceSettings,
    seen: &Validators,
    settings: FetchSettings,
) -> Result<Reading, ReadError> {
    let settings = FetchSettings {
        web_limit: settings.web_limit.min(HTML_LIMIT),
        file_limit: settings.file_limit.min(HTML_LIMIT),
        ..settings
    };
    let listing = source.listing.as_deref().cloned().unwrap_or_default();
    let pages = if address(&source.location).is_some() { listing.pages.max(1) } else { 1 };
    let seen = if pages > 1 { &Validators::default() } else { seen };
    let (text, validators) = match fetch(&source.location, seen, &settings).await? {
        Fetched::Unchanged => return Ok(Reading::Unchanged),
        Fetched::Text { text, validators, .. } => (text, validators),
    };
    let failed = |cause| ReadError::Html { source_name: source.name.clone(), cause };
    let (mut page, mut next) =
        listed(text, address(&source.location).cloned(), &listing).await.map_err(failed)?;
    let mut been: Vec<Url> = address(&source.location).cloned().into_iter().collect();
    while been.len() < pages
        && let Some(at) = next.take().filter(|at| is_next(at, &been))
    {
        been.push(at.clone());
        let location = Location::Web(at.clone());
        let more = match fetch(&location, &Validators::default(), &settings).await {
            Ok(Fetched::Text { text, .. }) => {
                listed(text, Some(at), &listing).await.map_err(|error| error.to_string())
            }
            Ok(Fetched::Unchanged) => break,
            Err(error) => Err(error.to_string()),
        };
        match more {
            Ok((more, after)) => {
                page.posts.extend(more.posts);
                page.notes.extend(more.notes);
                next = after;
            }
            Err(why) => {
                page.notes.push(format!("{}번째 페이지를 읽지 못해 그 앞까지만 읽었어요: {why}", been.len()));
                break;
            }
        }
    }
    if page.posts.iter().all(|post| post.published_at.is_some()) {
        page.posts.sort_by_key(|post| std::cmp::Reverse(post.published_at));
    }
    Ok(Reading::Page(page, if pages > 1 { Validators::default() } else { validators }))
}

/// A page of the same site that was not read yet: a link may not lead to where the first address may.
fn is_next(at: &Url, been: &[Url]) -> bool {
    been.first().is_some_and(|start| start.origin() == at.origin()) && !been.contains(at)
}

/// A tree is made on a thread of its own: a large page takes a while.
async fn listed(
    text: String,
    at: Option<Url>,
    listing: &Listing,
) -> Result<(FetchedPage, Option<Url>), HtmlError> {
    let listing = listing.clone();
    let read = tokio::task::spawn_blocking(move || html::parse(&text, at.as_ref(), &listing));
    read.await.unwrap_or(Err(HtmlError::TooDeep)).map(|read| (read.page, read.next))
}
