//! Pure: what the formats of feeds have in common, as they wrote it.

use crate::model::post::Reactions;

/// A text and what kind of text it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Markup {
    /// As it is.
    Plain(String),
    /// HTML, or text that may hold some.
    Html(String),
}

impl Markup {
    pub(super) fn is_blank(&self) -> bool {
        let (Markup::Plain(text) | Markup::Html(text)) = self;
        text.trim().is_empty()
    }
}

/// One item or entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Item {
    /// guid, id or rdf:about.
    pub(super) id: Option<String>,
    /// The id may be taken for the address.
    pub(super) id_is_link: bool,
    /// As written: perhaps relative.
    pub(super) link: Option<String>,
    /// What relative links are relative to, where the item says so.
    pub(super) base: Option<String>,
    pub(super) title: Option<Markup>,
    pub(super) author: Option<String>,
    pub(super) content: Option<Markup>,
    pub(super) summary: Option<Markup>,
    pub(super) published: Option<String>,
    pub(super) updated: Option<String>,
    pub(super) comments: Option<u64>,
    pub(super) reactions: Option<Reactions>,
}

/// A feed, its items in its own order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Feed {
    pub(super) title: Option<Markup>,
    pub(super) description: Option<Markup>,
    /// The site's address, as written.
    pub(super) link: Option<String>,
    pub(super) base: Option<String>,
    pub(super) author: Option<String>,
    pub(super) items: Vec<Item>,
    /// It ended before its own end.
    pub(super) broken_off: bool,
    /// Something in it had to be guessed to be read.
    pub(super) mended: bool,
    /// It holds more items than are read.
    pub(super) too_many: bool,
}

/// A count as feeds write it; the store counts in signed 64 bits.
pub(in crate::source) fn count(text: &str) -> Option<u64> {
    let digits: String = text.trim().chars().filter(|c| *c != ',').collect();
    digits.parse::<u64>().ok().filter(|count| i64::try_from(*count).is_ok())
}
