//! Pure: RSS 0.9x, 1.0 (RDF), 2.0 and Atom, from tags as they are found.
//!
//! Elements are known by their namespace where it is declared, else by their usual prefix, and by where they stand: an
//! image's title is not the blog's. What is not closed ends where something begins that cannot stand inside it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::item::{Feed, Item, Markup, count};
use super::soup::{Tag, Token, Tokens, decode};
use super::{FeedError, ITEMS};

/// Namespaces and the prefix under which their elements are known here.
const SPACES: &[(&str, &str)] = &[
    ("http://purl.org/rss/1.0/", ""),
    ("http://my.netscape.com/rdf/simple/0.9/", ""),
    ("http://www.w3.org/2005/atom", "atom"),
    ("http://purl.org/atom/ns#", "atom"),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf"),
    ("http://purl.org/dc/elements/1.1/", "dc"),
    ("http://purl.org/dc/terms/", "dcterms"),
    ("http://purl.org/rss/1.0/modules/content/", "content"),
    ("http://purl.org/rss/1.0/modules/slash/", "slash"),
    ("http://purl.org/syndication/thread/1.0", "thr"),
    ("http://rssnamespace.org/feedburner/ext/1.0", "feedburner"),
    ("http://www.itunes.com/dtds/podcast-1.0.dtd", "itunes"),
    ("http://www.w3.org/1999/xhtml", "xhtml"),
];

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
        if self.feed.items.len() >= ITEMS {
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
        let field = capture.field.as_str();
        let read = || Some(capture.read.trim().to_owned()).filter(|text| !text.is_empty());
        if capture.parent == "author" {
            let author = if capture.in_item {
                self.item.as_mut().map(|item| &mut item.author)
            } else {
                Some(&mut self.feed.author)
            };
            if let (Some(author), Some(name)) = (author, read()) {
                author.get_or_insert(name);
            }
            return;
        }
        let atom = self.atom;
        let Some(item) = self.item.as_mut().filter(|_| capture.in_item) else {
            match field {
                "title" if self.feed.title.is_none() => self.feed.title = Some(capture.markup(atom)),
                "description" | "subtitle" | "tagline" if self.feed.description.is_none() => {
                    self.feed.description = Some(capture.markup(atom));
                }
                "link" => self.feed.link = self.feed.link.take().or(read()),
                _ => {}
            }
            return;
        };
        match field {
            "title" => item.title = Some(capture.markup(atom)),
            "content:encoded" | "content" | "xhtml:body" => item.content = Some(capture.markup(atom)),
            "description" | "summary" => item.summary = Some(capture.markup(atom)),
            "guid" | "id" => {
                item.id = read();
                item.id_is_link = field == "guid" && capture.permalink;
            }
            "link" => item.link = item.link.take().or(read()),
            "feedburner:origlink" => item.link = read().or(item.link.take()),
            "author" | "dc:creator" | "itunes:author" => {
                let name = read().and_then(|text| person(&text));
                item.author = if field == "dc:creator" {
                    name.or(item.author.take())
                } else {
                    item.author.take().or(name)
                };
            }
            "pubdate" | "published" | "issued" | "dc:date" | "dcterms:created" | "dcterms:issued" => {
                item.published = item.published.take().or(read());
            }
            "updated" | "modified" | "dcterms:modified" => item.updated = read(),
            "slash:comments" | "thr:total" => item.comments = count(&capture.read).or(item.comments),
            _ => {}
        }
    }
}

/// Elements whose text is read, of an item or of the feed.
fn is_field(name: &str) -> bool {
    is_body(name)
        || matches!(
            name,
            "title"
                | "subtitle"
                | "tagline"
                | "link"
                | "guid"
                | "id"
                | "author"
                | "dc:creator"
                | "itunes:author"
                | "pubdate"
                | "published"
                | "issued"
                | "dc:date"
                | "dcterms:created"
                | "dcterms:issued"
                | "updated"
                | "modified"
                | "dcterms:modified"
                | "slash:comments"
                | "thr:total"
                | "feedburner:origlink"
        )
}

/// Elements that no HTML is called like: inside a body they show that it was never closed.
fn is_unmistakable(name: &str) -> bool {
    is_field(name)
        && (name.contains(':') || matches!(name, "guid" | "pubdate" | "published" | "updated" | "issued"))
}

/// Elements that may hold tags of any name.
fn is_body(name: &str) -> bool {
    matches!(name, "description" | "summary" | "content" | "content:encoded" | "xhtml:body")
}

impl Capture {
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

/// The name in `name@example.com (이름)` or `이름 <name@example.com>`; an address alone is not shown to readers.
pub(super) fn person(text: &str) -> Option<String> {
    let bracketed = |open: char, close: char| {
        let (before, rest) = text.split_once(open)?;
        let (inside, _) = rest.split_once(close)?;
        Some((before.trim(), inside.trim()))
    };
    let name = match (bracketed('(', ')'), bracketed('<', '>')) {
        (Some((address, name)), _) if address.contains('@') => name,
        (_, Some((name, address))) if address.contains('@') => name.trim_matches('"'),
        _ => text.trim(),
    };
    let address = name.contains('@') && !name.contains(' ');
    Some(name.to_owned()).filter(|name| !name.is_empty() && !address)
}
