//! Pure: JSON Feed 1 and 1.1, and counts in its extensions.
//!
//! The format has no counts of its own; its extensions are objects whose name begins with `_`. In any of them are read
//! `comments` or `comment_count`, and `reactions`, `reaction_count` or `likes`: a number, or an object of emoji and numbers.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::item::{Feed, Item, Markup};
use super::{FeedError, POSTS};
use crate::model::post::{Emoji, Reactions};
use crate::source::sparse_json::Keep;

/// Kinds of reactions kept of one post.
pub(in crate::source) const EMOJI: usize = 50;

const COMMENTS: [&str; 2] = ["comments", "comment_count"];
const REACTIONS: [&str; 3] = ["reactions", "reaction_count", "likes"];

/// Reads a JSON Feed.
pub(super) fn parse(text: &str) -> Result<Feed, FeedError> {
    let mut document = serde_json::Deserializer::from_str(text);
    let read = document.deserialize_any(Document).and_then(|feed| document.end().map(|()| feed));
    read.map_err(|error| FeedError::Json {
        line: error.line(),
        // A text that ends too early is told from one that is wrong.
        cut: error.is_eof(),
    })?
    .ok_or(FeedError::NoFeed)
}

fn in_feed(name: &str) -> Option<Keep> {
    match name {
        "title" | "description" | "home_page_url" | "feed_url" => Some(Keep::Scalar),
        "author" | "authors" => Some(Keep::FirstOf(in_author)),
        _ => None,
    }
}

fn in_item(name: &str) -> Option<Keep> {
    match name {
        "id" | "url" | "external_url" | "title" | "content_html" | "content_text" | "summary"
        | "date_published" | "date_modified" => Some(Keep::Scalar),
        "author" | "authors" => Some(Keep::FirstOf(in_author)),
        _ => name.starts_with('_').then_some(Keep::Members(in_extension)),
    }
}

fn in_author(name: &str) -> Option<Keep> {
    (name == "name").then_some(Keep::Scalar)
}

fn in_extension(name: &str) -> Option<Keep> {
    (COMMENTS.contains(&name) || REACTIONS.contains(&name)).then_some(Keep::Few(EMOJI))
}

/// The whole text; none where it is no object with a list of items. Its items are read one by one.
struct Document;

impl<'de> Visitor<'de> for Document {
    type Value = Option<Feed>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON Feed")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<Feed>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Option<Feed>, A::Error> {
        let (mut about, mut items) = (Map::new(), None);
        while let Some(name) = object.next_key::<String>()? {
            match in_feed(&name) {
                _ if name == "items" => items = Some(object.next_value_seed(Items)?),
                Some(keep) => drop(about.insert(name, object.next_value_seed(keep)?)),
                None => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        let plain = |name: &str| text_of(&about, name).map(Markup::Plain);
        Ok(items.map(|(items, too_many)| Feed {
            title: plain("title"),
            description: plain("description"),
            link: text_of(&about, "home_page_url").or_else(|| text_of(&about, "feed_url")),
            author: author(&about),
            items,
            too_many,
            ..Feed::default()
        }))
    }
}

/// A list of items, and whether there are more than are read.
struct Items;

impl<'de> DeserializeSeed<'de> for Items {
    type Value = (Vec<Item>, bool);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items {
    type Value = (Vec<Item>, bool);

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while items.len() < POSTS {
            match list.next_element_seed(Keep::Members(in_item))? {
                Some(value) => items.extend(value.as_object().map(item)),
                None => return Ok((items, false)),
            }
        }
        let mut too_many = false;
        while list.next_element::<IgnoredAny>()?.is_some() {
            too_many = true;
        }
        Ok((items, too_many))
    }
}

fn text_of(object: &Map<String, Value>, name: &str) -> Option<String> {
    let text = match object.get(name)? {
        Value::String(text) => text.trim().to_owned(),
        // Ids are numbers in many a feed.
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

fn author(object: &Map<String, Value>) -> Option<String> {
    let first = object.get("authors").and_then(Value::as_array).and_then(|authors| authors.first());
    first
        .or_else(|| object.get("author"))
        .and_then(Value::as_object)
        .and_then(|author| text_of(author, "name"))
}

fn item(item: &Map<String, Value>) -> Item {
    let text = |name: &str| text_of(item, name);
    let (comments, reactions) = extensions(item);
    Item {
        id: text("id"),
        id_is_link: true,
        link: text("url").or_else(|| text("external_url")),
        base: None,
        title: text("title").map(Markup::Plain),
        author: author(item),
        content: text("content_html").map(Markup::Html).or_else(|| text("content_text").map(Markup::Plain)),
        summary: text("summary").map(Markup::Plain),
        published: text("date_published"),
        updated: text("date_modified"),
        comments,
        reactions,
    }
}

fn extensions(item: &Map<String, Value>) -> (Option<u64>, Option<Reactions>) {
    let (mut comments, mut reactions) = (None, None);
    let objects =
        item.iter().filter(|(name, _)| name.starts_with('_')).filter_map(|(_, value)| value.as_object());
    for object in objects {
        let first = |names: &[&str]| names.iter().find_map(|name| object.get(*name));
        comments = comments.or_else(|| first(&COMMENTS).and_then(number));
        let told = first(&REACTIONS).and_then(reactions_of);
        reactions = reactions.or(told);
    }
    (comments, reactions)
}

/// A number, or an object of emoji and numbers.
pub(in crate::source) fn reactions_of(value: &Value) -> Option<Reactions> {
    match value {
        Value::Object(kinds) => Some(by_emoji(kinds)),
        value => number(value).map(|total| Reactions { total, emoji: Vec::new() }),
    }
}

/// A count that the store can hold.
pub(in crate::source) fn number(value: &Value) -> Option<u64> {
    value.as_u64().filter(|count| i64::try_from(*count).is_ok())
}

fn by_emoji(kinds: &Map<String, Value>) -> Reactions {
    let counted =
        kinds.iter().filter_map(|(symbol, value)| Some((symbol, number(value).filter(|count| *count > 0)?)));
    let mut emoji: Vec<Emoji> =
        counted.map(|(symbol, count)| Emoji { symbol: symbol.clone(), count: Some(count) }).collect();
    // JSON objects have no order of their own: the most given comes first.
    emoji.sort_by_key(|emoji| std::cmp::Reverse(emoji.count));
    let total = emoji.iter().filter_map(|emoji| emoji.count).fold(0, u64::saturating_add);
    Reactions { total: total.min(i64::MAX.unsigned_abs()), emoji }
}
