//! Pure: JSON Feed 1 and 1.1, and counts in its extensions.
//!
//! The format has no counts of its own; its extensions are objects whose name begins with `_`. In any of them are read
//! `comments` or `comment_count`, and `reactions`, `reaction_count` or `likes`: a number, or an object of emoji and numbers.

use serde_json::{Map, Value};

use super::item::{Feed, Item, Markup};
use super::{FeedError, POSTS};
use crate::model::post::{Emoji, Reactions};

/// Reads a JSON Feed.
pub(super) fn parse(text: &str) -> Result<Feed, FeedError> {
    let value: Value = serde_json::from_str(text).map_err(|error| FeedError::Json {
        line: error.line(),
        // A text that ends too early is told from one that is wrong.
        cut: error.is_eof(),
    })?;
    let Some((feed, items)) = value.as_object().and_then(|feed| Some((feed, feed.get("items")?.as_array()?)))
    else {
        return Err(FeedError::NoFeed);
    };
    let plain = |name: &str| text_of(feed, name).map(Markup::Plain);
    Ok(Feed {
        title: plain("title"),
        description: plain("description"),
        link: text_of(feed, "home_page_url").or_else(|| text_of(feed, "feed_url")),
        author: author(feed),
        items: items.iter().filter_map(Value::as_object).take(POSTS).map(item).collect(),
        too_many: items.len() > POSTS,
        ..Feed::default()
    })
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
        comments = comments.or_else(|| first(&["comments", "comment_count"]).and_then(number));
        let told = first(&["reactions", "reaction_count", "likes"]).and_then(reactions_of);
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
