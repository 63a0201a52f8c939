//! Pure: which fetched post is which known post, and the identity each one has at its source.
//!
//! What a source says counts most: its own id, then the address. Without them a post is known by its title, and bodies
//! decide what titles cannot: posts of equal titles, titles that were changed, titles that were used again. Whatever
//! stays open goes in the page's order, counted from the oldest, so that a new post on top shifts no other.
//!
//! Everything is hashed once; bodies themselves are compared for a bounded number of open posts only.

mod label;
mod moved;
mod settle;
mod similar;

use std::borrow::Cow;
use std::collections::HashMap;

use crate::clock::Instant;
use crate::model::PostId;
use crate::model::post::FetchedPost;

pub use label::BodyPrint;
use label::Label;
use moved::once;

/// A post moved to another address or id is only believed with a body at least this long (characters).
const MOVED_CHARS: usize = 200;

/// From this many posts on, that none of them has a known id or address says something of the source.
const STRANGERS: usize = 3;

/// What matching needs of a kept post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its row.
    pub id: PostId,
    /// Its identity, as [`Matching::identities`] once gave it.
    pub identity: String,
    /// Its title.
    pub title: String,
    /// Its address.
    pub url: Option<String>,
    /// When it was published, as the source said.
    pub published_at: Option<Instant>,
    /// Its body's print.
    pub print: BodyPrint,
    /// The source did not list it the last time.
    pub missing: bool,
}

/// What a fetched post is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// This known post, by its place in the list given.
    Known(usize),
    /// Never seen before.
    New,
    /// The page lists it twice; the other place is the one that counts.
    Twice(usize),
}

/// The answer, in the order of the fetched posts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching<'a> {
    /// What each is.
    pub met: Vec<Met>,
    /// The identity each has from now on; unique among them and among the known posts that were not met.
    pub identities: Vec<Cow<'a, str>>,
    /// The print of each body.
    pub prints: Vec<BodyPrint>,
}

/// Matches `fetched` (newest first) with `known` (oldest first). `cut_off`: the page's oldest posts may be lacking.
/// `body_of` gives the body of a known post by its place; it is asked for a bounded number of them.
pub fn match_posts<'a, E>(
    known: &'a [&'a Known],
    fetched: &'a [FetchedPost],
    cut_off: bool,
    body_of: impl FnMut(usize) -> Result<String, E>,
) -> Result<Matching<'a>, E> {
    let mut pairing = Pairing::new(known, fetched);
    pairing.by_id();
    pairing.by_address();
    pairing.doubt_ids();
    pairing.by_move();
    pairing.by_title_and_body(cut_off);
    pairing.by_body();
    if pairing.is_ambiguous() {
        let open = pairing.open();
        for (k, f) in similar::pairs(&open, known.len(), fetched, body_of)? {
            pairing.pair_if_allowed(k, f);
        }
    }
    pairing.by_title(cut_off);
    pairing.sort_twins();
    Ok(pairing.finish())
}

/// An open post; in this order the known ones come first, those listed before those missing, then the oldest first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    Known { missing: bool, place: usize },
    Fetched { newness: std::cmp::Reverse<usize> },
}

/// Who is paired with whom so far. Places in the two lists throughout.
struct Pairing<'a> {
    known: &'a [&'a Known],
    fetched: &'a [FetchedPost],
    /// Nobody was known by id or address: the source may give new ones at each reading.
    strangers: bool,
    kept: Vec<Label<'a>>,
    seen: Vec<Label<'a>>,
    met: Vec<Met>,
    taken: Vec<bool>,
}

impl<'a> Pairing<'a> {
    fn new(known: &'a [&'a Known], fetched: &'a [FetchedPost]) -> Pairing<'a> {
        let kept: Vec<Label<'a>> = known.iter().map(|known| Label::of_known(known)).collect();
        let mut seen: Vec<Label<'a>> = fetched.iter().map(Label::of_fetched).collect();
        let met = label::settle_repeats(&mut seen);
        Pairing { known, fetched, strangers: false, kept, seen, met, taken: vec![false; known.len()] }
    }

    fn is_open(&self, f: usize) -> bool {
        self.met.get(f) == Some(&Met::New)
    }

    fn pair(&mut self, k: usize, f: usize) {
        if let (Some(met), Some(taken)) = (self.met.get_mut(f), self.taken.get_mut(k))
            && *met == Met::New
            && !*taken
        {
            *met = Met::Known(k);
            *taken = true;
        }
    }

    /// Pairs two whose ids and addresses do not say that they are different posts, or say so where they say it of all
    /// and the dates are the same.
    fn pair_if_allowed(&mut self, k: usize, f: usize) {
        if let (Some(kept), Some(seen)) = (self.kept.get(k), self.seen.get(f))
            && (!kept.differs(seen) || (self.strangers && self.same_date(k, f) == Some(true)))
        {
            self.pair(k, f);
        }
    }

    /// None where either has no date.
    fn same_date(&self, k: usize, f: usize) -> Option<bool> {
        self.dates(k, f).map(|(kept, seen)| kept.timestamp_millis() == seen.timestamp_millis())
    }

    fn dates(&self, k: usize, f: usize) -> Option<(Instant, Instant)> {
        self.known.get(k)?.published_at.zip(self.fetched.get(f)?.published_at)
    }

    /// A source that gives each post a new id or address at each reading would give each post anew.
    fn doubt_ids(&mut self) {
        let none = !self.met.iter().any(|met| matches!(met, Met::Known(_)));
        self.strangers = none && self.seen.len() >= STRANGERS;
    }

    fn open_known(&self) -> impl Iterator<Item = (usize, &Label<'a>)> {
        self.kept.iter().enumerate().filter(|(k, _)| self.taken.get(*k) == Some(&false))
    }

    /// Oldest first.
    fn open_fetched(&self) -> impl Iterator<Item = (usize, &Label<'a>)> {
        self.seen.iter().enumerate().rev().filter(|(f, _)| self.is_open(*f))
    }

    fn by_id(&mut self) {
        let places: HashMap<&str, usize> =
            self.open_known().filter_map(|(k, label)| Some((label.id?, k))).collect();
        let found: Vec<(usize, usize)> =
            self.open_fetched().filter_map(|(f, label)| Some((*places.get(label.id?)?, f))).collect();
        found.into_iter().for_each(|(k, f)| self.pair(k, f));
    }

    fn by_address(&mut self) {
        // an address that several posts share tells none of them
        let places = once(self.open_known().filter_map(|(k, label)| Some((label.url.as_deref()?, k))));
        let found: Vec<(usize, usize)> = self
            .open_fetched()
            .filter_map(|(f, label)| Some(((*places.get(label.url.as_deref()?)?)?, f)))
            .collect();
        found.into_iter().for_each(|(k, f)| self.pair(k, f));
    }

    /// Equal in both. Of bodies too short to tell there must be as many as before; the page's order settles the others.
    fn by_title_and_body(&mut self, cut_off: bool) {
        let key = |_, label: &'_ Label<'a>| label.print;
        for (k, f) in self.aligned(cut_off, true, key, key) {
            let Some((kept, seen)) = self.kept.get(k).zip(self.seen.get(f)) else { continue };
            let moved = self.strangers || kept.print.chars >= MOVED_CHARS;
            if !kept.differs(seen) || (moved && self.same_date(k, f) == Some(true)) {
                self.pair(k, f);
            }
        }
    }

    /// A body that stands in one kept post and in one fetched post, and nowhere else: retitled.
    fn by_body(&mut self) {
        let prints = |labels: &[Label<'a>]| {
            let telling = labels.iter().enumerate().filter(|(_, label)| label.print.tells());
            once(telling.map(|(at, label)| (label.print, at)))
        };
        let (kept, seen) = (prints(&self.kept), prints(&self.seen));
        let mut found: Vec<(usize, usize)> =
            kept.iter().filter_map(|(print, k)| Some(((*k)?, (*seen.get(print)?)?))).collect();
        found.sort_unstable();
        found.into_iter().for_each(|(k, f)| self.pair_if_allowed(k, f));
    }

    /// Whether anything but titles one to one is still open.
    fn is_ambiguous(&self) -> bool {
        let mut left: HashMap<&str, (usize, usize)> = HashMap::new();
        for (k, label) in self.open_known() {
            left.entry(&label.key).or_default().0 += if self.is_missing(k) { 2 } else { 1 };
        }
        for (_, label) in self.open_fetched() {
            left.entry(&label.key).or_default().1 += 1;
        }
        let lacks_known = left.values().any(|(kept, _)| *kept != 0);
        let lacks_fetched = left.values().any(|(_, seen)| *seen != 0);
        lacks_known && lacks_fetched && left.values().any(|counts| *counts != (1, 1))
    }

    fn open(&self) -> similar::Open {
        let known = self.open_known().filter(|(_, label)| label.print.tells());
        let fetched = self.open_fetched().filter(|(_, label)| label.print.tells());
        // the newest: what was retitled lately is what could be sent twice
        let mut known: Vec<usize> = known.map(|(k, _)| k).collect();
        known.reverse();
        let mut fetched: Vec<usize> = fetched.map(|(f, _)| f).collect();
        fetched.reverse();
        similar::Open { known, fetched }
    }

    /// What is left, by title, each between the same settled posts of that title as before. A missing post whose body
    /// was another is not the one that has its title now.
    fn by_title(&mut self, cut_off: bool) {
        let (kept_slots, seen_slots) = self.slots();
        let slot = |slots: &[usize], at: usize| slots.get(at).copied().unwrap_or(0);
        let pairs = self.aligned(cut_off, false, |k, _| slot(&kept_slots, k), |f, _| slot(&seen_slots, f));
        for (k, f) in pairs {
            let gone = self.known.get(k).is_some_and(|known| known.missing && known.print.tells());
            let other = self.seen.get(f).is_some_and(|label| label.print.tells());
            if !(gone && other) {
                self.pair_if_allowed(k, f);
            }
        }
    }

    /// For every post of either list, how many older posts that had its title before and have it now are settled.
    fn slots(&self) -> (Vec<usize>, Vec<usize>) {
        let mut stays = vec![false; self.kept.len()];
        let key_of = |k: usize| self.kept.get(k).map(|label| &*label.key);
        let same = |label: &Label<'a>, met: &Met| match *met {
            Met::Known(k) if key_of(k) == Some(&*label.key) => Some(k),
            _ => None,
        };
        for k in self.seen.iter().zip(&self.met).filter_map(|(label, met)| same(label, met)) {
            stays.get_mut(k).into_iter().for_each(|stays| *stays = true);
        }
        let mut older: HashMap<&str, usize> = HashMap::new();
        let mut kept = Vec::with_capacity(self.kept.len());
        for (label, stays) in self.kept.iter().zip(&stays) {
            let count = older.entry(&label.key).or_insert(0);
            kept.push(*count);
            *count += usize::from(*stays);
        }
        older.clear();
        let mut seen = Vec::with_capacity(self.seen.len());
        for (label, met) in self.seen.iter().zip(&self.met).rev() {
            let count = older.entry(&label.key).or_insert(0);
            seen.push(*count);
            *count += usize::from(same(label, met).is_some());
        }
        seen.reverse();
        (kept, seen)
    }

    fn is_missing(&self, k: usize) -> bool {
        self.known.get(k).is_some_and(|known| known.missing)
    }

    /// Open posts of equal title and equal `key`, paired in order from the oldest; from the newest where the page was
    /// cut off and older ones may lack. Posts that were listed go before those that were missing. With `even`, bodies
    /// too short to tell are paired only where there are as many as were listed before.
    fn aligned<K: Ord>(
        &self,
        cut_off: bool,
        even: bool,
        kept_key: impl Fn(usize, &Label<'a>) -> K,
        seen_key: impl Fn(usize, &Label<'a>) -> K,
    ) -> Vec<(usize, usize)> {
        // one sorted list instead of a map of groups: it has to hold a whole blog
        let known = self.open_known().map(|(k, label)| {
            (&*label.key, kept_key(k, label), Entry::Known { missing: self.is_missing(k), place: k })
        });
        let fetched = self.open_fetched().map(|(f, label)| {
            (&*label.key, seen_key(f, label), Entry::Fetched { newness: std::cmp::Reverse(f) })
        });
        let mut entries: Vec<_> = known.chain(fetched).collect();
        entries.sort_unstable();
        let mut found = Vec::new();
        for group in entries.chunk_by(|a, b| (a.0, &a.1) == (b.0, &b.1)) {
            let kept = group.iter().filter_map(|(_, _, entry)| match entry {
                Entry::Known { missing, place } => Some((*missing, *place)),
                Entry::Fetched { .. } => None,
            });
            let mut seen = group.iter().filter_map(|(_, _, entry)| match entry {
                Entry::Fetched { newness } => Some(newness.0),
                Entry::Known { .. } => None,
            });
            let (listed, count) =
                (kept.clone().filter(|(missing, _)| !missing).count(), seen.clone().count());
            let Some(first) = seen.clone().next() else { continue };
            let tells = self.seen.get(first).is_some_and(|label| label.print.tells());
            if even && !tells && listed != count {
                continue;
            }
            let beyond = if cut_off { listed.saturating_sub(count) } else { 0 };
            found.extend(kept.skip(beyond).filter_map(|(_, k)| Some((k, seen.next()?))));
        }
        found
    }

    fn finish(self) -> Matching<'a> {
        let identities = self.identities();
        let prints = self.seen.iter().map(|label| label.print).collect();
        Matching { met: self.met, identities, prints }
    }
}
