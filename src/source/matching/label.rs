//! Pure: what a post is recognised by: id, address, title key, body print; and how identities are written.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use aws_lc_rs::digest::{Context, SHA256};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::{Known, Met};
use crate::korean::title;
use crate::model::canonical::{self, canonical};
use crate::model::post::FetchedPost;

/// A body shorter than this (characters) does not tell one post from another.
const TELLING_CHARS: usize = 10;

/// A body in short: equal prints, equal text, white space aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BodyPrint {
    /// The first 64 bits of SHA-256 over the folded text.
    pub hash: i64,
    /// Its length in characters.
    pub chars: usize,
}

impl BodyPrint {
    /// The print of a body: composed, white space folded.
    pub fn of(body: &str) -> BodyPrint {
        let mut context = Context::new(&SHA256);
        let mut chars = 0;
        for word in body.split_whitespace() {
            if chars > 0 {
                context.update(b" ");
                chars += 1;
            }
            if is_nfc_quick(word.chars()) == IsNormalized::Yes {
                context.update(word.as_bytes());
                chars += word.chars().count();
            } else {
                let composed: String = word.nfc().collect();
                context.update(composed.as_bytes());
                chars += composed.chars().count();
            }
        }
        let digest = context.finish();
        let hash = digest.as_ref().first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
        BodyPrint { hash, chars }
    }

    /// Whether the body is long enough to tell a post by.
    pub fn tells(self) -> bool {
        self.chars >= TELLING_CHARS
    }
}

pub(super) struct Label<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) url: Option<String>,
    pub(super) key: Cow<'a, str>,
    pub(super) print: BodyPrint,
}

impl<'a> Label<'a> {
    pub(super) fn of_known(known: &'a Known) -> Label<'a> {
        let by_title = known.identity.strip_prefix("title").and_then(|rest| rest.split_once(':'));
        let url = known.url.as_deref().filter(|_| by_title.is_none());
        Label {
            id: known.identity.strip_prefix("id:"),
            url: url.map(canonical),
            key: match by_title {
                Some((_, key)) => Cow::Borrowed(key),
                None => Cow::Owned(title::key(&known.title)),
            },
            print: known.print,
        }
    }

    pub(super) fn of_fetched(post: &'a FetchedPost) -> Label<'a> {
        let given = |text: &'a Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        Label {
            id: given(&post.external_id),
            url: given(&post.url).map(canonical),
            key: Cow::Owned(title::key(&post.title)),
            print: BodyPrint::of(&post.body),
        }
    }

    /// The blog's site and the post's path there, by the address or an id that is one.
    pub(super) fn place(&self) -> Option<(String, String)> {
        let id = || self.id.filter(|id| id.starts_with("http://") || id.starts_with("https://"));
        let address = self.url.clone().or_else(|| id().map(canonical))?;
        let (site, path) = canonical::site_and_path(&address)?;
        Some((site.to_owned(), path.to_owned()))
    }

    /// Both have an id, or both have an address: had they been the same post, it would have been seen by then.
    pub(super) fn differs(&self, other: &Label<'_>) -> bool {
        (self.id.is_some() && other.id.is_some()) || (self.url.is_some() && other.url.is_some())
    }

    /// The identity, as far as it needs no number. A stronger one replaces a weaker one, never the reverse.
    pub(super) fn identity<'k>(&self, before: Option<&'k str>) -> Option<Cow<'k, str>> {
        let before_kind = before.map(|identity| identity.split(':').next().unwrap_or_default());
        match (self.id, &self.url, before_kind) {
            (Some(id), _, _) => Some(Cow::Owned(format!("id:{id}"))),
            (None, _, Some("id")) => before.map(Cow::Borrowed),
            (None, Some(url), _) => Some(Cow::Owned(format!("url:{url}"))),
            (None, None, Some("url")) => before.map(Cow::Borrowed),
            _ => before
                .filter(|identity| {
                    let key = identity.strip_prefix("title").and_then(|rest| rest.split_once(':'));
                    key.is_some_and(|(_, key)| key == self.key)
                })
                .map(Cow::Borrowed),
        }
    }
}

/// `title:KEY`, and `title#2:KEY` for the second post of that title.
pub(super) fn title_identity(key: &str, number: usize) -> String {
    if number <= 1 { format!("title:{key}") } else { format!("title#{number}:{key}") }
}

/// Posts listed twice under one id, or under one address and title, are one; an address under several titles (the
/// blog's own, say) tells nothing and is forgotten.
pub(super) fn settle_repeats(labels: &mut [Label<'_>]) -> Vec<Met> {
    let mut met = vec![Met::New; labels.len()];
    let mut ids: HashMap<&str, usize> = HashMap::new();
    let mut urls: HashMap<&str, (usize, bool)> = HashMap::new();
    for (at, label) in labels.iter().enumerate() {
        let Some(place) = met.get_mut(at) else { continue };
        if let Some(id) = label.id {
            match ids.entry(id) {
                Entry::Occupied(first) => *place = Met::Twice(*first.get()),
                Entry::Vacant(free) => {
                    free.insert(at);
                }
            }
        } else if let Some(url) = label.url.as_deref() {
            urls.entry(url).or_insert((at, true));
        }
    }
    let keys: Vec<&str> = labels.iter().map(|label| &*label.key).collect();
    for label in labels.iter() {
        let Some(first) = label.url.as_deref().and_then(|url| urls.get_mut(url)) else { continue };
        first.1 &= label.id.is_none() && keys.get(first.0) == Some(&&*label.key);
    }
    let verdicts: Vec<Option<(usize, bool)>> =
        labels.iter().map(|label| urls.get(label.url.as_deref()?).copied()).collect();
    for ((at, label), verdict) in labels.iter_mut().enumerate().zip(verdicts) {
        match (verdict, met.get_mut(at)) {
            (Some((_, false)), _) => label.url = None,
            (Some((first, true)), Some(place)) if first != at && label.id.is_none() => {
                *place = Met::Twice(first);
            }
            _ => {}
        }
    }
    met
}
