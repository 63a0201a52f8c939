//! Effect: one reading of a source: what lies at its location, understood in its format.

use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::desk::{self, Seat};
use super::feed::{self, FeedError};
use super::fetch::{FetchError, FetchSettings, Fetched, Validators, fetch};
use super::html::{self, HtmlError, Listing};
use super::jsonl::{self, JsonlError};
use super::known_blog::feed_of;
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
    /// What came is not what the source's format expects.
    #[error("출처 `{source_name}`에서 읽은 {}: {fault}{}", fault.what(), instead(.feed.as_deref()))]
    Understand {
        /// The source.
        source_name: String,
        /// What is wrong, and where.
        fault: Misread,
        /// The feed that the blog's address tells of, where that would help.
        feed: Option<String>,
    },
}

/// What is wrong with a text, by the format it was to have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misread {
    /// It is no page dump.
    #[error(transparent)]
    PageText(#[from] PageTextError),
    /// It holds no posts that the selectors find.
    #[error(transparent)]
    Html(#[from] HtmlError),
    /// It is no list of JSON lines.
    #[error(transparent)]
    Jsonl(#[from] JsonlError),
    /// It is no feed.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// Understanding it came to no end.
    #[error("이해하다가 멈췄어요. 출처의 주소를 확인하세요")]
    Broken,
}

impl Misread {
    fn what(&self) -> &'static str {
        match self {
            Misread::PageText(_) => "글 목록",
            Misread::Html(_) => "페이지",
            Misread::Jsonl(_) => "JSON 글 목록",
            Misread::Feed(_) => "피드",
            Misread::Broken => "내용",
        }
    }

    /// A web page came, and no posts with it: another address may give them.
    fn is_page(&self) -> bool {
        matches!(
            self,
            Misread::PageText(PageTextError::Markup)
                | Misread::Html(HtmlError::NoItem(_) | HtmlError::NoTitle(_))
                | Misread::Feed(FeedError::Html)
        )
    }
}

fn instead(feed: Option<&str>) -> String {
    feed.map_or_else(String::new, |feed| {
        format!(". 이 블로그는 피드로 읽을 수 있어요: `kind = \"feed\"`, `location = \"{feed}\"`")
    })
}

/// Bytes of a listing page: a tree of it takes many times as many.
const HTML_LIMIT: u64 = 2_000_000;
/// How long a listing page may take to be understood; other formats take no longer than their length allows.
const LONGEST: Duration = Duration::from_secs(10);

/// Reads the source. `seen` marks the version read last. Whoever keeps what it lists keeps the seat until then.
pub async fn read(
    source: &SourceSettings,
    seen: &Validators,
    settings: &FetchSettings,
) -> Result<(Reading, Seat), ReadError> {
    let mut seat = Seat::in_the_room().await;
    let settings = FetchSettings { allow_private: source.allow_private, ..settings.clone() };
    if source.kind == SourceKind::Html {
        let reading = read_listing(source, seen, settings).await?;
        seat.go_to_the_desk().await;
        return Ok((reading, seat));
    }
    let (text, validators, cut_off) = match fetch(&source.location, seen, &settings).await? {
        Fetched::Unchanged => return Ok((Reading::Unchanged, seat)),
        Fetched::Text { text, validators, cut_off } => (text, validators, cut_off),
    };
    let (kind, at) = (source.kind, address(&source.location).cloned());
    seat.go_to_the_desk().await;
    let read = desk::work(Duration::MAX, move |_| understood(kind, &text, at.as_ref())).await;
    let mut page = read.unwrap_or(Err(Misread::Broken)).map_err(|fault| misread(source, fault))?;
    // A feed tells by its own end whether it is whole.
    page.cut_off |= cut_off && !page.window;
    Ok((Reading::Page(page, validators), seat))
}

fn understood(kind: SourceKind, text: &str, at: Option<&Url>) -> Result<FetchedPage, Misread> {
    Ok(match kind {
        SourceKind::PageText => page_text::parse(text)?,
        SourceKind::Feed => feed::parse(text, at)?,
        SourceKind::Jsonl => jsonl::parse(text, at)?,
        // Read page by page instead.
        SourceKind::Html => return Err(HtmlError::Empty.into()),
    })
}

fn misread(source: &SourceSettings, fault: impl Into<Misread>) -> ReadError {
    let fault = fault.into();
    let feed = address(&source.location).filter(|_| fault.is_page()).and_then(feed_of).map(String::from);
    ReadError::Understand { source_name: source.name.clone(), fault, feed }
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
    let start = address(&source.location).cloned();
    let (mut page, mut next) = listed(text, start, &listing).await.map_err(|fault| misread(source, fault))?;
    let until = Instant::now() + settings.more_pages;
    let mut been: Vec<Url> = address(&source.location).cloned().into_iter().collect();
    while been.len() < pages
        && let Some(at) = next.take().filter(|at| is_next(at, &been))
    {
        if Instant::now() >= until {
            page.notes.push(format!("블로그가 느려 {}번째 페이지까지만 읽었어요.", been.len()));
            break;
        }
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

async fn listed(
    text: String,
    at: Option<Url>,
    listing: &Listing,
) -> Result<(FetchedPage, Option<Url>), HtmlError> {
    let listing = listing.clone();
    let _desk = desk::place().await;
    let read = desk::work(LONGEST, move |go_on| html::parse(&text, at.as_ref(), &listing, go_on)).await;
    read.unwrap_or(Err(HtmlError::TooSlow)).map(|read| (read.page, read.next))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: &str = include_str!("../../tests/fixtures/listings/naver-front.html");
    const UNDRAWN: &str = include_str!("../../tests/fixtures/listings/velog-undrawn.html");

    fn said(kind: SourceKind, place: &str, page: &str) -> String {
        let span = Duration::from_secs(60);
        let source = SourceSettings {
            name: "blog".to_owned(),
            kind,
            location: Location::Web(Url::parse(place).expect("an address")),
            poll: span,
            allow_private: false,
            listing: None,
            alarm_after: span,
        };
        let listing = html::Preset::Velog.listing();
        let fault = match kind {
            SourceKind::Html => html::parse(page, None, &listing, &|| true).expect_err("no post").into(),
            kind => understood(kind, page, None).expect_err("no post"),
        };
        misread(&source, fault).to_string()
    }

    #[test]
    fn a_page_without_posts_says_which_feed_to_read_instead() {
        let (naver, velog) = ("https://rss.blog.naver.com/bomi.xml", "https://v2.velog.io/rss/@bomi");
        for (kind, place, page, words, feed) in [
            (SourceKind::Html, "https://blog.naver.com/bomi", FRONT, "하나도 없어요", naver),
            (SourceKind::Feed, "https://m.blog.naver.com/bomi", FRONT, "웹 페이지", naver),
            (SourceKind::Html, "https://velog.io/@bomi/posts", UNDRAWN, "스크립트", velog),
            (SourceKind::PageText, "https://velog.io/@bomi", UNDRAWN, "출처 `blog`에서 읽은 글 목록", velog),
        ] {
            let said = said(kind, place, page);
            assert!(said.contains(words) && said.contains(&format!("`location = \"{feed}\"`")), "{said}");
        }
        let elsewhere = said(SourceKind::Feed, "https://blog.example.com/", FRONT);
        assert!(!elsewhere.contains("kind = "), "{elsewhere}");
        let other = said(SourceKind::Feed, "https://bomi.tistory.com/", "그냥 글");
        assert!(!other.contains("kind = "), "another fault has another remedy: {other}");
    }
}
