//! Pure: feeds (`kind = "feed"`): RSS 0.9x, 1.0, 2.0, Atom and JSON Feed → posts, newest first.
//!
//! A feed is a window on the newest posts: what is not in it has not gone. It is read from its tags as they are found, in
//! one pass, so that one bad character costs nothing but itself; what a document defines (entities) is never expanded.

pub(super) mod date;
mod item;
pub(super) mod json;
mod names;
pub(super) mod plain;
pub(super) mod soup;
mod xml;

use std::collections::{HashMap, HashSet};

use url::Url;

use super::FetchedPage;
use crate::korean::{title, width};
use crate::model::post::{FetchedPost, Untold};
pub(super) use item::count;
use item::{Feed, Item, Markup};

/// More items than this are not read.
pub(super) const POSTS: usize = 100_000;
/// Bytes of an id or address that is believed.
pub(super) const LONGEST_ID: usize = 2_000;
/// Columns of a title that is made from a body.
pub(super) const TITLE_WIDTH: usize = 60;
/// Characters of a title that is kept.
const LONGEST_TITLE: usize = 1_000;

/// Why a text is no feed; Korean, with what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// Nothing but white space.
    #[error("내용이 비어 있어요. 피드의 주소를 확인하세요")]
    Empty,
    /// A web page.
    #[error("피드가 아니라 웹 페이지예요. 블로그의 RSS나 Atom 피드 주소를 location에 적으세요")]
    Html,
    /// A web page that names its feed.
    #[error("피드가 아니라 웹 페이지예요. 이 페이지가 알려 주는 피드 주소를 location에 적으세요: {0}")]
    HtmlWithFeed(String),
    /// Another kind of XML.
    #[error("RSS나 Atom이 아닌 XML이에요(`<{0}>`로 시작해요). 피드의 주소를 확인하세요")]
    Other(String),
    /// Neither XML nor JSON of a feed.
    #[error("RSS, Atom, JSON Feed 가운데 어느 것도 아니에요. 피드의 주소를 확인하세요")]
    NoFeed,
    /// Broken JSON.
    #[error("JSON Feed의 {line}행을 읽을 수 없어요{}. 블로그 쪽에서 고쳐야 해요", if *cut { "(중간에 끊겼어요)" } else { "" })]
    Json {
        /// From 1.
        line: usize,
        /// The text ended too early.
        cut: bool,
    },
    /// It ended before its first item was whole.
    #[error("피드가 첫 글도 끝나기 전에 끊겼어요. 잠시 뒤에 다시 읽어요")]
    BrokenOff,
}

/// Reads a feed found at `location`, to which relative links are relative where the feed says nothing else.
pub fn parse(text: &str, location: Option<&Url>) -> Result<FetchedPage, FeedError> {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if text.is_empty() {
        return Err(FeedError::Empty);
    }
    let feed = if text.starts_with(['{', '[']) { json::parse(text)? } else { read_xml(text, location)? };
    if feed.items.is_empty() && feed.broken_off {
        return Err(FeedError::BrokenOff);
    }
    Ok(page(feed, location))
}

fn read_xml(text: &str, location: Option<&Url>) -> Result<Feed, FeedError> {
    // What a server says before the feed (a warning, say) is passed over; a page that speaks of feeds is none.
    let start = ["<rss", "<feed", "<rdf:RDF", "<atom:feed"].iter().filter_map(|root| text.find(root)).min();
    let (before, from) = text.split_at_checked(start.unwrap_or(0)).unwrap_or(("", text));
    let page = before.contains("<html") || before.contains("<HTML");
    let read = xml::parse(if page { text } else { from });
    match read {
        Err(FeedError::Html) => {
            Err(named_feed(text, location).map_or(FeedError::Html, FeedError::HtmlWithFeed))
        }
        other => other,
    }
}

/// The feed that a web page names in its head.
fn named_feed(text: &str, location: Option<&Url>) -> Option<String> {
    let links = soup::Tokens::of(text).filter_map(|token| match token {
        soup::Token::Start(tag) if tag.name.eq_ignore_ascii_case("link") => Some(tag),
        _ => None,
    });
    let feeds = ["application/rss+xml", "application/atom+xml", "application/feed+json"];
    let mut feeds = links.filter(|tag| tag.attribute("type").is_some_and(|kind| feeds.contains(&&*kind)));
    let href = feeds.find_map(|tag| tag.attribute("href"))?;
    address(&href, location).filter(|address| address.len() <= 300)
}

fn page(feed: Feed, location: Option<&Url>) -> FetchedPage {
    let site = feed.base.as_deref().and_then(|base| absolute(base, location));
    let site = site.or_else(|| feed.link.as_deref().and_then(|link| absolute(link, location)));
    let base = site.as_ref().or(location);
    let mut notes = Vec::new();
    let (total, shared) = (feed.items.len(), shared_ids(&feed.items));
    let mut dated = 0;
    let posts = feed.items.into_iter().filter_map(|mut item| {
        if item.id.as_ref().is_some_and(|id| shared.contains(id)) {
            item.id = None;
        }
        dated += usize::from(item.published.as_deref().and_then(date::parse).is_some());
        post(item, base, feed.author.as_deref())
    });
    // Collected into the room of the items.
    let mut read: Vec<FetchedPost> = posts.collect();
    read.shrink_to_fit();
    let blank = total - read.len();
    // By their dates where all have one: some feeds are sorted by the last edit, some begin with the oldest.
    if dated == total {
        read.sort_by_key(|post| std::cmp::Reverse(post.published_at));
    }
    let mut note = |said: bool, words: String| notes.extend(said.then_some(words));
    note(feed.mended, "피드의 XML에 어긋난 곳이 있어 고쳐 읽었어요.".to_owned());
    note(feed.broken_off, "피드가 중간에 끊겨 있어 끊긴 글은 다음에 읽어요.".to_owned());
    note(feed.too_many, format!("글이 너무 많아 앞의 {POSTS}편만 읽었어요."));
    note(blank > 0, format!("제목도 내용도 없는 글 {blank}편은 건너뛰었어요."));
    note(
        !shared.is_empty(),
        "서로 다른 글이 같은 id를 쓰고 있어, 그 글들은 주소와 제목으로 알아봐요.".to_owned(),
    );
    FetchedPage {
        title: feed.title.map(|text| shown_title(&text)).filter(|text| !text.is_empty()),
        description: feed.description.map(|text| shown_title(&text)).filter(|text| !text.is_empty()),
        posts: read,
        notes,
        cut_off: false,
        gaps: feed.broken_off,
        window: true,
    }
}

/// Ids that posts of different addresses or titles have in common: they tell nothing.
fn shared_ids(items: &[Item]) -> HashSet<String> {
    let mut first: HashMap<&str, &Item> = HashMap::new();
    let mut shared = HashSet::new();
    for item in items {
        let Some(id) = item.id.as_deref() else { continue };
        let known = first.entry(id).or_insert(item);
        if known.link != item.link || (item.link.is_none() && known.title != item.title) {
            shared.insert(id.to_owned());
        }
    }
    shared
}

/// None where there is nothing to show.
fn post(item: Item, base: Option<&Url>, author: Option<&str>) -> Option<FetchedPost> {
    let own = item.base.as_deref().and_then(|own| absolute(own, base));
    let base = own.as_ref().or(base);
    let by_id = item
        .id
        .as_deref()
        .filter(|id| item.id_is_link && (id.starts_with("http://") || id.starts_with("https://")));
    let url = item.link.as_deref().or(by_id).and_then(|link| address(link, base));
    let content = item.content.filter(|content| !content.is_blank()).or(item.summary);
    let body = content.map_or_else(String::new, |content| match content {
        Markup::Html(html) => plain::text(&html),
        Markup::Plain(text) => plain::folded(&text),
    });
    let title = item.title.map(|text| shown_title(&text)).unwrap_or_default();
    let title = if title.is_empty() { width::cut(body.lines().next()?, TITLE_WIDTH) } else { title };
    let author = item.author.as_deref().or(author).map(title::normalise);
    let published = item.published.as_deref().and_then(date::parse);
    Some(FetchedPost {
        external_id: item
            .id
            .map(|id| id.trim().to_owned())
            .filter(|id| !id.is_empty() && id.len() <= LONGEST_ID),
        url,
        title,
        author: author.filter(|author| !author.is_empty()),
        body,
        published_at: published.or_else(|| item.updated.as_deref().and_then(date::parse)),
        untold: Untold { comments: item.comments.is_none(), reactions: item.reactions.is_none() },
        comments: item.comments.unwrap_or(0),
        reactions: item.reactions.unwrap_or_default(),
    })
}

/// A title that may be dressed in HTML, as readers see it; also fit for names.
pub(super) fn shown_title_of(text: &str) -> String {
    shown_title(&Markup::Html(text.to_owned()))
}

fn shown_title(text: &Markup) -> String {
    let text = match text {
        Markup::Html(html) => plain::title(html),
        Markup::Plain(text) => text.clone(),
    };
    let short: String = text.trim().chars().take(LONGEST_TITLE).collect();
    title::normalise(&short)
}

fn absolute(text: &str, base: Option<&Url>) -> Option<Url> {
    let text = text.trim();
    let url = match base {
        Some(base) => base.join(text),
        None => Url::parse(text),
    };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// The address of a post as letters link to it; none where it leads nowhere on the web.
pub(super) fn address(text: &str, base: Option<&Url>) -> Option<String> {
    absolute(text, base).map(String::from).filter(|url| url.len() <= LONGEST_ID)
}
