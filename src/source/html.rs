//! Pure: a listing page (`kind = "html"`) read by CSS selectors: each element that `item` finds is a post.
//!
//! A listing is a window on the newest posts. What a selector does not find is not told, which is not the same as 0.

mod pick;
mod presets;
mod tree;
mod words;

use std::collections::HashSet;

use scraper::{ElementRef, Selector};
use url::Url;

use super::FetchedPage;
use super::feed::{LONGEST_ID, TITLE_WIDTH, address, date};
use crate::korean::{title, width};
use crate::model::post::{FetchedPost, Reactions, Untold};
pub use pick::{Pick, checked_item};
use pick::{Ready, compiled, first, inner};
pub use presets::{PRESETS, Preset};
use tree::Stunted;

/// More posts than this are not read from one page.
const POSTS: usize = 5_000;
/// Characters of a title or a name that are kept.
const LONGEST_TITLE: usize = 1_000;

/// The selectors of a listing page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Each post.
    pub item: String,
    /// Its title.
    pub title: Option<Pick>,
    /// Its address; `@href` where no attribute is named.
    pub link: Option<Pick>,
    /// Its date; a `datetime` attribute goes before the text.
    pub date: Option<Pick>,
    /// Its author.
    pub author: Option<Pick>,
    /// Its first lines.
    pub excerpt: Option<Pick>,
    /// The number of reactions.
    pub reactions: Option<Pick>,
    /// The number of comments.
    pub comments: Option<Pick>,
    /// The emoji shown; every element found.
    pub emoji: Option<Pick>,
    /// On the page itself: the link to the next page; `@href` where no attribute is named.
    pub next: Option<Pick>,
    /// At most this many pages.
    pub pages: usize,
}

/// Why a page gave no posts; Korean, with what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HtmlError {
    /// Nothing but white space.
    #[error("내용이 비어 있어요. 글 목록 페이지의 주소를 확인하세요")]
    Empty,
    /// The selector found nothing.
    #[error(
        "선택자 `{0}`에 맞는 글이 하나도 없어요. 블로그의 모양이 바뀌었다면 `[source.select]`를 고치세요. 목록을 스크립트로 그리는 블로그라면 `feed`로 읽으세요"
    )]
    NoItem(String),
    /// None of what it found has a title.
    #[error("글 {0}편을 찾았지만 제목이 있는 것이 하나도 없어요. `[source.select]`의 title을 고치세요")]
    NoTitle(usize),
    /// It would cost too much to understand.
    #[error("태그가 너무 많거나 깊게 겹쳐 있어 읽지 않았어요. 글 목록 페이지의 주소를 확인하세요")]
    TooLarge,
    /// Understanding it took too long.
    #[error("페이지의 짜임이 이상해 정해진 시간 안에 읽지 못했어요. 글 목록 페이지의 주소를 확인하세요")]
    TooSlow,
    /// A selector is no selector.
    #[error("CSS 선택자로 읽을 수 없어요: `{0}`. `[source.select]`를 고치세요")]
    Selector(String),
}

/// A page, and the address of the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingPage {
    /// Its posts.
    pub page: FetchedPage,
    /// Where the list goes on.
    pub next: Option<Url>,
}

/// Reads a page found at `location`, to which its links are relative where it says nothing else. `go_on` is asked now
/// and then whether anyone still waits for it.
pub fn parse(
    text: &str,
    location: Option<&Url>,
    listing: &Listing,
    go_on: &dyn Fn() -> bool,
) -> Result<ListingPage, HtmlError> {
    if text.trim().is_empty() {
        return Err(HtmlError::Empty);
    }
    let reader = Reader::new(listing)?;
    let html = tree::grown(text, go_on).map_err(|stunted| match stunted {
        Stunted::TooLarge => HtmlError::TooLarge,
        Stunted::Stopped => HtmlError::TooSlow,
    })?;
    let base = first(html.root_element(), &compiled("base[href]")?)
        .and_then(|element| element.attr("href"))
        .and_then(|href| address(href, location))
        .and_then(|base| Url::parse(&base).ok());
    let base = base.as_ref().or(location);
    let items = innermost(html.select(&reader.item).take_while(|_| go_on()).take(POSTS).collect());
    if !go_on() {
        return Err(HtmlError::TooSlow);
    }
    if items.is_empty() {
        return Err(HtmlError::NoItem(listing.item.clone()));
    }
    let looked_at = items.iter().take_while(|_| go_on());
    let posts: Vec<FetchedPost> = looked_at.filter_map(|item| reader.post(*item, base)).collect();
    if !go_on() {
        return Err(HtmlError::TooSlow);
    }
    let untitled = items.len() - posts.len();
    if posts.is_empty() {
        return Err(HtmlError::NoTitle(untitled));
    }
    let notes = (untitled > 0).then(|| format!("제목이 없는 칸 {untitled}개는 건너뛰었어요."));
    let next = reader.next.as_ref().and_then(|next| next.value(html.root_element()));
    let next = next.and_then(|href| address(&href, base)).and_then(|next| Url::parse(&next).ok());
    let name = first(html.root_element(), &compiled("head title")?).map(|element| line(&inner(element)));
    let page = FetchedPage {
        title: name.filter(|name| !name.is_empty()),
        posts,
        notes: notes.into_iter().collect(),
        window: true,
        ..FetchedPage::default()
    };
    Ok(ListingPage { page, next })
}

/// The elements without those that hold others of them: a list of posts is no post, and no text is read twice.
fn innermost(mut items: Vec<ElementRef<'_>>) -> Vec<ElementRef<'_>> {
    let mut holders = HashSet::new();
    for item in &items {
        // Above one that was met before, all were met.
        for holder in item.ancestors() {
            if !holders.insert(holder.id()) {
                break;
            }
        }
    }
    items.retain(|item| !holders.contains(&item.id()));
    items
}

struct Reader {
    item: Selector,
    title: Option<Ready>,
    link: Option<Ready>,
    date: Option<Ready>,
    author: Option<Ready>,
    excerpt: Option<Ready>,
    reactions: Option<Ready>,
    comments: Option<Ready>,
    emoji: Option<Ready>,
    next: Option<Ready>,
}

impl Reader {
    fn new(listing: &Listing) -> Result<Reader, HtmlError> {
        let ready = |pick: &Option<Pick>| Ready::of(pick.as_ref(), None);
        let link = |pick: &Option<Pick>| Ready::of(pick.as_ref(), Some("href"));
        Ok(Reader {
            item: compiled(&listing.item)?,
            title: ready(&listing.title)?,
            link: link(&listing.link)?,
            date: ready(&listing.date)?,
            author: ready(&listing.author)?,
            excerpt: ready(&listing.excerpt)?,
            reactions: ready(&listing.reactions)?,
            comments: ready(&listing.comments)?,
            emoji: ready(&listing.emoji)?,
            next: link(&listing.next)?,
        })
    }

    /// None without a title or an excerpt to make one of.
    fn post(&self, item: ElementRef<'_>, base: Option<&Url>) -> Option<FetchedPost> {
        let text = |ready: &Option<Ready>| ready.as_ref().and_then(|ready| ready.value(item));
        let body = text(&self.excerpt).unwrap_or_default();
        let title = text(&self.title).map(|text| line(&text)).filter(|title| !title.is_empty());
        let linked = || self.link.as_ref().and_then(|link| link.element(item)).map(|link| line(&inner(link)));
        let title = title.or_else(linked).unwrap_or_default();
        let title = match body.lines().next() {
            Some(first) if title.is_empty() => width::cut(first, TITLE_WIDTH),
            _ => title,
        };
        if title.is_empty() {
            return None;
        }
        let url =
            text(&self.link).and_then(|link| address(&link, base)).filter(|url| url.len() <= LONGEST_ID);
        let count = |ready: &Option<Ready>| text(ready).and_then(|text| words::count(&text));
        let (comments, total) = (count(&self.comments), count(&self.reactions));
        let emoji = self.emoji_of(item);
        Some(FetchedPost {
            external_id: None,
            url,
            title,
            author: text(&self.author).map(|text| line(&text)).filter(|author| !author.is_empty()),
            body,
            published_at: self.date_of(item),
            untold: Untold { comments: comments.is_none(), reactions: total.is_none() },
            comments: comments.unwrap_or(0),
            reactions: total.map(|total| Reactions { total, emoji }).unwrap_or_default(),
        })
    }

    fn date_of(&self, item: ElementRef<'_>) -> Option<crate::clock::Instant> {
        let pick = self.date.as_ref()?;
        let element = pick.element(item)?;
        let machine = element.attr("datetime").filter(|_| pick.attribute.is_none()).and_then(date::parse);
        machine.or_else(|| words::date(&pick.value_of(element)?))
    }

    fn emoji_of(&self, item: ElementRef<'_>) -> Vec<crate::model::post::Emoji> {
        let Some(pick) = &self.emoji else { return Vec::new() };
        let found: Vec<ElementRef<'_>> = match &pick.selector {
            Some(selector) => item.select(selector).take(words::EMOJI).collect(),
            None => vec![item],
        };
        let texts: Vec<String> = found.into_iter().filter_map(|element| pick.value_of(element)).collect();
        words::emoji(&texts)
    }
}

/// One line, as titles and names are kept.
fn line(text: &str) -> String {
    let short: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    title::normalise(&short.chars().take(LONGEST_TITLE).collect::<String>())
}

#[cfg(test)]
mod tests;
