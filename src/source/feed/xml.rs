//! Pure: RSS 0.9x, 1.0 (RDF), 2.0 and Atom, from tags as they are found.
//!
//! Elements are known by their namespace where it is declared, else by their usual prefix, and by where they stand: an
//! image's title is not the blog's. What is not closed ends where something begins that cannot stand inside it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::item::{Feed, Item, Markup, count};
use super::names::{SPACES, is_body, is_field, is_unmistakable, person};
use super::soup::{Tag, Token, Tokens, decode};
use super::{FeedError, POSTS};

/// No feed nests deeper for a reason.
const DEEPEST: usize = 64;

/// A text being collected, until its element ends.
struct Capture {
    field: String,
    /// Whether its parent is an item, and its parent's name.
    in_item: bool,
    parent: String,
    permalink: bool,
    kind: Option<String>,
    /// Text with its references read, and the same as it stands, tags and all.
    read: String,
    raw: String,
    has_tags: bool,
    /// Elements of the same name inside.
    inside: usize,
}

struct Builder<'a> {
    prefixes: HashMap<String, &'static str>,
    /// Open elements, the root first.
    open: Vec<Cow<'a, str>>,
    deeper: usize,
    atom: bool,
    item: Option<Item>,
    capture: Option<Capture>,
    feed: Feed,
    closed: bool,
}

/// Reads a feed from its first tag on.
pub(super) fn parse(text: &str) -> Result<Feed, FeedError> {
    let mut builder = Builder {
        prefixes: HashMap::new(),
        open: Vec::new(),
        deeper: 0,
        atom: false,
        item: None,
        capture: None,
        feed: Feed::default(),
        closed: false,
    };
    for token in Tokens::of(text) {
        match token {
            Token::Text(text) => builder.text(text, &decode(text)),
            Token::Verbatim(text) => builder.text(text, text),
            Token::Start(tag) if builder.open.is_empty() && !builder.closed => builder.root(tag)?,
            Token::Start(tag) => builder.start(tag),
            Token::End(name) => builder.end(name),
        }
        if builder.feed.too_many {
            break;
        }
    }
    if builder.open.is_empty() && !builder.closed {
        return Err(FeedError::NoFeed);
    }
    // An item that the end of the text cut is not taken: half of it would be kept as the whole.
    builder.feed.broken_off = !builder.closed && !builder.feed.too_many;
    Ok(builder.feed)
}

impl<'a> Builder<'a> {
    fn root(&mut self, tag: Tag<'a>) -> Result<(), FeedError> {
        self.declare(&tag);
        let name = self.name(tag.name);
        match &*name {
            "feed" | "atom:feed" => self.atom = true,
            "rss" | "rdf:rdf" | "channel" => {}
            "html" | "head" | "body" | "div" | "script" => return Err(FeedError::Html),
            other => return Err(FeedError::Other(other.chars().take(40).collect())),
        }
        self.feed.base = tag.attribute("xml:base").map(Cow::into_owned);
        self.closed = tag.empty;
        self.open.push(self.name(tag.name));
        Ok(())
    }

    fn declare(&mut self, tag: &Tag<'_>) {
        for (name, value) in tag.attributes() {
            let Some(prefix) = name.strip_prefix("xmlns") else { continue };
            let prefix = prefix.strip_prefix(':').unwrap_or(prefix).to_ascii_lowercase();
            let value = value.trim().to_ascii_lowercase();
            let space = SPACES.iter().find(|(space, _)| *space == value);
            if let Some((_, known)) = space.filter(|_| !prefix.is_empty()) {
                self.prefixes.insert(prefix, known);
            }
        }
    }

    /// The name under which an element is known here.
    fn name(&self, written: &'a str) -> Cow<'a, str> {
        let lower = if written.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(written.to_ascii_lowercase())
        } else {
            Cow::Borrowed(written)
        };
        let Some((prefix, local)) = lower.split_once(':') else { return lower };
        let known = self.prefixes.get(prefix).copied().unwrap_or(prefix);
        let known = if self.atom && known == "atom" { "" } else { known };
        match known {
            "" => Cow::Owned(local.to_owned()),
            known if known == prefix => lower,
            known => Cow::Owned(format!("{known}:{local}")),
        }
    }

    fn text(&mut self, raw: &str, read: &str) {
        if let Some(capture) = &mut self.capture {
            capture.read.push_str(read);
            capture.raw.push_str(raw);
        }
    }

    fn parent(&self) -> &str {
        self.open.last().map_or("", |name| name)
    }

    fn start(&mut self, tag: Tag<'a>) {
        let name = self.name(tag.name);
        if let Some(capture) = &mut self.capture {
            let inside = if is_body(&capture.field) { !is_unmistakable(&name) } else { !is_field(&name) };
            if name != "item" && name != "entry" && inside {
                capture.raw.push_str(tag.raw);
                capture.has_tags = true;
                capture.inside += usize::from(name == capture.field.as_str() && !tag.empty);
                return;
            }
            self.feed.mended = true;
            self.finish_capture();
        }
        self.declare(&tag);
        if name == "item" || name == "entry" {
            self.begin_item(&tag, name);
            return;
        }
        let in_item = self.item.is_some() && matches!(self.parent(), "item" | "entry");
        let in_feed = matches!(self.parent(), "channel" | "feed");
        if in_item || in_feed {
            self.attributes(&name, &tag, in_item);
        }
        let above = self.open.len().checked_sub(2).and_then(|at| self.open.get(at));
        let whose = above.is_some_and(|above| matches!(&**above, "item" | "entry" | "feed" | "channel"));
        let person = self.parent() == "author" && name == "name" && whose;
        if !tag.empty
            && (person || ((in_item || in_feed) && is_field(&name) && !(self.atom && name == "author")))
        {
            self.capture = Some(Capture {
                parent: self.parent().to_owned(),
                in_item: self.item.is_some(),
                permalink: tag
                    .attribute("ispermalink")
                    .is_none_or(|value| !value.eq_ignore_ascii_case("false")),
                kind: tag.attribute("type").map(|kind| kind.to_ascii_lowercase()),
                field: name.into_owned(),
                read: String::new(),
                raw: String::new(),
                has_tags: false,
                inside: 0,
            });
        } else if !tag.empty {
            self.push(name);
        }
    }

    fn push(&mut self, name: Cow<'a, str>) {
        if self.open.len() < DEEPEST { self.open.push(name) } else { self.deeper += 1 }
    }

    fn begin_item(&mut self, tag: &Tag<'a>, name: Cow<'a, str>) {
        if self.item.is_some() {
            // The one before was never closed.
            self.feed.mended = true;
            self.finish_item();
            self.close_to(&["channel", "feed", "rdf:rdf", "rss"]);
        }
        let id = tag.attribute("rdf:about").map(Cow::into_owned);
        let item = Item {
            id_is_link: id.is_some(),
            id,
            base: tag.attribute("xml:base").map(Cow::into_owned),
            ..Item::default()
        };
        if self.feed.items.len() >= POSTS {
            self.feed.too_many = true;
        } else if !tag.empty {
            self.item = Some(item);
            self.open.push(name);
        }
    }

    /// Closes elements inside the innermost of `names`.
    fn close_to(&mut self, names: &[&str]) {
        let place = self.open.iter().rposition(|open| names.contains(&&**open));
        if let Some(place) = place {
            self.open.truncate(place + 1);
            self.deeper = 0;
        }
    }

    /// What an element says by its attributes.
    fn attributes(&mut self, name: &str, tag: &Tag<'_>, in_item: bool) {
        if name != "link" {
            return;
        }
        let Some(address) = tag.attribute("href").map(Cow::into_owned).filter(|href| !href.trim().is_empty())
        else {
            return;
        };
        let relation =
            tag.attribute("rel").map_or_else(|| "alternate".to_owned(), |rel| rel.to_ascii_lowercase());
        let shown = tag.attribute("type").is_none_or(|kind| kind.contains("html"));
        if let Some(item) = self.item.as_mut().filter(|_| in_item) {
            if relation == "replies" {
                let replies = tag.attribute("thr:count").and_then(|text| count(&text));
                item.comments = item.comments.or(replies);
            } else if relation == "alternate" && (item.link.is_none() || shown) {
                item.link = item.link.take().filter(|_| !shown).or(Some(address));
            }
        } else if relation == "alternate" {
            self.feed.link.get_or_insert(address);
        }
    }

    fn end(&mut self, written: &'a str) {
        let name = self.name(written);
        if let Some(capture) = &mut self.capture {
            if name == capture.field.as_str() {
                if capture.inside > 0 {
                    capture.inside -= 1;
                    capture.raw.push_str("</");
                    capture.raw.push_str(written);
                    capture.raw.push('>');
                } else {
                    self.finish_capture();
                }
                return;
            }
            if !matches!(&*name, "item" | "entry" | "channel" | "feed" | "rss" | "rdf:rdf") {
                capture.raw.push_str("</");
                capture.raw.push_str(written);
                capture.raw.push('>');
                return;
            }
            self.feed.mended = true;
            self.finish_capture();
        }
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let Some(place) = self.open.iter().rposition(|open| *open == name) else {
            self.feed.mended = true;
            return;
        };
        self.feed.mended |= place + 1 != self.open.len();
        let in_item = self.open.iter().position(|open| matches!(&**open, "item" | "entry"));
        if in_item.is_some_and(|item| place <= item) {
            self.finish_item();
        }
        self.open.truncate(place);
        self.closed |= self.open.is_empty();
    }

    fn finish_item(&mut self) {
        if let Some(item) = self.item.take() {
            self.feed.items.push(item);
        }
    }

    fn finish_capture(&mut self) {
        let Some(capture) = self.capture.take() else { return };
        match self.item.as_mut().filter(|_| capture.in_item) {
            Some(item) if capture.parent == "author" => item.author = item.author.take().or(capture.words()),
            Some(item) => capture.fill(item, self.atom),
            None => capture.describe(&mut self.feed, self.atom),
        }
    }
}

impl Capture {
    /// Its text without blanks around it; none if there is none.
    fn words(&self) -> Option<String> {
        Some(self.read.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Puts it where it belongs in the feed.
    fn describe(&self, feed: &mut Feed, atom: bool) {
        match self.field.as_str() {
            _ if self.parent == "author" => feed.author = feed.author.take().or(self.words()),
            "title" if feed.title.is_none() => feed.title = Some(self.markup(atom)),
            "description" | "subtitle" | "tagline" if feed.description.is_none() => {
                feed.description = Some(self.markup(atom));
            }
            "link" => feed.link = feed.link.take().or(self.words()),
            _ => {}
        }
    }

    /// Puts it where it belongs in an item.
    fn fill(&self, item: &mut Item, atom: bool) {
        match self.field.as_str() {
            "title" => item.title = Some(self.markup(atom)),
            "content:encoded" | "content" | "xhtml:body" => item.content = Some(self.markup(atom)),
            "description" | "summary" => item.summary = Some(self.markup(atom)),
            "guid" | "id" => {
                item.id = self.words();
                item.id_is_link = self.field == "guid" && self.permalink;
            }
            "link" => item.link = item.link.take().or(self.words()),
            "feedburner:origlink" => item.link = self.words().or(item.link.take()),
            "dc:creator" => item.author = self.person().or(item.author.take()),
            "author" | "itunes:author" => item.author = item.author.take().or(self.person()),
            "pubdate" | "published" | "issued" | "dc:date" | "dcterms:created" | "dcterms:issued" => {
                item.published = item.published.take().or(self.words());
            }
            "updated" | "modified" | "dcterms:modified" => item.updated = self.words(),
            "slash:comments" | "thr:total" => item.comments = count(&self.read).or(item.comments),
            _ => {}
        }
    }

    fn person(&self) -> Option<String> {
        self.words().and_then(|text| person(&text))
    }

    /// Its text, and whether it is HTML: in Atom the type says so; in RSS everything may be.
    fn markup(&self, atom: bool) -> Markup {
        if self.has_tags {
            return Markup::Html(self.raw.clone());
        }
        match self.kind.as_deref() {
            Some("html" | "xhtml" | "text/html") => Markup::Html(self.read.clone()),
            Some("text" | "text/plain") => Markup::Plain(self.read.clone()),
            None if atom => Markup::Plain(self.read.clone()),
            _ => Markup::Html(self.read.clone()),
        }
    }
}
