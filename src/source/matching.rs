//! Pure: which fetched post is which known post, and the identity each one has at its source.
//!
//! What a source says counts most: its own id, then the address. Without them a post is known by its title, and bodies
//! decide what titles cannot: posts of equal titles, titles that were changed, titles that were used again. Whatever
//! stays open goes in the page's order, counted from the oldest, so that a new post on top shifts no other.
//!
//! Everything is hashed once; bodies themselves are compared for a bounded number of open posts only.

mod label;
mod similar;

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use crate::model::PostId;
use crate::model::post::FetchedPost;

pub use label::BodyPrint;
use label::Label;

/// A post moved to another address or id is only believed with a body at least this long (characters).
const MOVED_CHARS: usize = 200;

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
pub struct Matching {
    /// What each is.
    pub met: Vec<Met>,
    /// The identity each has from now on; unique among them and among the known posts that were not met.
    pub identities: Vec<String>,
    /// The print of each body.
    pub prints: Vec<BodyPrint>,
}

/// Matches `fetched` (newest first) with `known` (oldest first). `cut_off`: the page's oldest posts may be lacking.
/// `body_of` gives the body of a known post by its place; it is asked for a bounded number of them.
pub fn match_posts<E>(
    known: &[Known],
    fetched: &[FetchedPost],
    cut_off: bool,
    body_of: impl FnMut(usize) -> Result<String, E>,
) -> Result<Matching, E> {
    let mut pairing = Pairing::new(known, fetched);
    pairing.by_id();
    pairing.by_address();
    pairing.by_title_and_body(cut_off);
    pairing.by_body();
    if pairing.is_ambiguous() {
        let open = pairing.open();
        for (k, f) in similar::pairs(&open, known.len(), fetched, body_of)? {
            pairing.pair_if_allowed(k, f);
        }
    }
    pairing.by_title(cut_off);
    Ok(pairing.finish())
}

/// Open posts that may be each other, both oldest first.
#[derive(Default)]
struct Group {
    kept: Vec<usize>,
    seen: Vec<usize>,
}

/// Who is paired with whom so far. Places in the two lists throughout.
struct Pairing<'a> {
    known: &'a [Known],
    kept: Vec<Label<'a>>,
    seen: Vec<Label<'a>>,
    met: Vec<Met>,
    taken: Vec<bool>,
}

impl<'a> Pairing<'a> {
    fn new(known: &'a [Known], fetched: &'a [FetchedPost]) -> Pairing<'a> {
        let kept: Vec<Label<'a>> = known.iter().map(Label::of_known).collect();
        let mut seen: Vec<Label<'a>> = fetched.iter().map(Label::of_fetched).collect();
        let met = label::settle_repeats(&mut seen);
        Pairing { known, kept, seen, met, taken: vec![false; known.len()] }
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

    /// Pairs two whose ids and addresses do not say that they are different posts.
    fn pair_if_allowed(&mut self, k: usize, f: usize) {
        if let (Some(kept), Some(seen)) = (self.kept.get(k), self.seen.get(f))
            && !kept.differs(seen)
        {
            self.pair(k, f);
        }
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
        let mut places: HashMap<&str, Option<usize>> = HashMap::new();
        for (k, label) in self.open_known() {
            if let Some(url) = label.url.as_deref() {
                // an address that several posts share tells none of them
                places.entry(url).and_modify(|place| *place = None).or_insert(Some(k));
            }
        }
        let found: Vec<(usize, usize)> = self
            .open_fetched()
            .filter_map(|(f, label)| Some(((*places.get(label.url.as_deref()?)?)?, f)))
            .collect();
        found.into_iter().for_each(|(k, f)| self.pair(k, f));
    }

    /// Equal in both. Bodies too short to tell must stand there once; the page's order settles the others.
    fn by_title_and_body(&mut self, cut_off: bool) {
        let key = |_, label: &Label<'a>| (label.key.clone(), label.print);
        for group in self.groups(key, key) {
            let tells =
                group.kept.first().and_then(|k| self.kept.get(*k)).is_some_and(|label| label.print.tells());
            if !tells && (group.kept.len(), group.seen.len()) != (1, 1) {
                continue;
            }
            for (k, f) in self.aligned(group, cut_off) {
                let Some((kept, seen)) = self.kept.get(k).zip(self.seen.get(f)) else { continue };
                if kept.print.chars >= MOVED_CHARS || !kept.differs(seen) {
                    self.pair(k, f);
                }
            }
        }
    }

    /// A body that stands in one kept post and in one fetched post, and nowhere else: retitled.
    fn by_body(&mut self) {
        let once = |labels: &[Label<'a>]| {
            let mut places: HashMap<BodyPrint, Option<usize>> = HashMap::new();
            for (at, label) in labels.iter().enumerate().filter(|(_, label)| label.print.tells()) {
                places.entry(label.print).and_modify(|place| *place = None).or_insert(Some(at));
            }
            places
        };
        let (kept, seen) = (once(&self.kept), once(&self.seen));
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
        let groups = self.groups(
            |k, label| (label.key.clone(), slot(&kept_slots, k)),
            |f, label| (label.key.clone(), slot(&seen_slots, f)),
        );
        for group in groups {
            for (k, f) in self.aligned(group, cut_off) {
                let gone = self.known.get(k).is_some_and(|known| known.missing && known.print.tells());
                let other = self.seen.get(f).is_some_and(|label| label.print.tells());
                if !(gone && other) {
                    self.pair_if_allowed(k, f);
                }
            }
        }
    }

    /// For every post of either list, how many older posts of its title are settled.
    fn slots(&self) -> (Vec<usize>, Vec<usize>) {
        let mut older: HashMap<&str, usize> = HashMap::new();
        let mut kept = Vec::with_capacity(self.kept.len());
        for (label, taken) in self.kept.iter().zip(&self.taken) {
            let count = older.entry(&label.key).or_insert(0);
            kept.push(*count);
            *count += usize::from(*taken);
        }
        older.clear();
        let mut seen = Vec::with_capacity(self.seen.len());
        for (label, met) in self.seen.iter().zip(&self.met).rev() {
            let count = older.entry(&label.key).or_insert(0);
            seen.push(*count);
            *count += usize::from(matches!(met, Met::Known(_)));
        }
        seen.reverse();
        (kept, seen)
    }

    /// Open posts of equal key. Known ones that were listed go before those that were missing, then the oldest first.
    fn groups<K: Eq + Hash>(
        &self,
        kept_key: impl Fn(usize, &Label<'a>) -> K,
        seen_key: impl Fn(usize, &Label<'a>) -> K,
    ) -> Vec<Group> {
        let mut groups: HashMap<K, Group> = HashMap::new();
        for (f, label) in self.open_fetched() {
            groups.entry(seen_key(f, label)).or_default().seen.push(f);
        }
        for (k, label) in self.open_known() {
            if let Some(group) = groups.get_mut(&kept_key(k, label)) {
                group.kept.push(k);
            }
        }
        let mut groups: Vec<Group> = groups.into_values().filter(|group| !group.kept.is_empty()).collect();
        for group in &mut groups {
            group.kept.sort_by_key(|k| (self.is_missing(*k), *k));
        }
        groups.sort_unstable_by(|a, b| a.seen.cmp(&b.seen));
        groups
    }

    fn is_missing(&self, k: usize) -> bool {
        self.known.get(k).is_some_and(|known| known.missing)
    }

    /// Pairs of a group in order from the oldest; from the newest where the page was cut off and older ones may lack.
    fn aligned(&self, group: Group, cut_off: bool) -> Vec<(usize, usize)> {
        let listed = group.kept.iter().filter(|k| !self.is_missing(**k)).count();
        let beyond = if cut_off { listed.saturating_sub(group.seen.len()) } else { 0 };
        group.kept.into_iter().skip(beyond).zip(group.seen).collect()
    }

    fn finish(self) -> Matching {
        let identities = self.identities();
        let prints = self.seen.iter().map(|label| label.print).collect();
        Matching { met: self.met, identities, prints }
    }

    /// Ids and addresses speak for themselves. A title's identity stays while its title does; another one takes the
    /// lowest number that is free, the oldest post first.
    fn identities(&self) -> Vec<String> {
        let mut identities = vec![String::new(); self.seen.len()];
        let mut open = Vec::new();
        let unmet = self.open_known().filter_map(|(k, _)| self.known.get(k));
        let mut used: HashSet<String> = unmet.map(|known| known.identity.clone()).collect();
        for (f, label) in self.seen.iter().enumerate().rev() {
            let before = match self.met.get(f) {
                Some(Met::Twice(_)) => continue,
                Some(Met::Known(k)) => self.known.get(*k).map(|known| known.identity.as_str()),
                _ => None,
            };
            let Some(identity) = identities.get_mut(f) else { continue };
            match label.identity(before) {
                Some(settled) if used.insert(settled.clone()) => *identity = settled,
                _ => open.push(f),
            }
        }
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        for f in open {
            let Some((label, identity)) = self.seen.get(f).zip(identities.get_mut(f)) else { continue };
            let number = numbers.entry(&label.key).or_insert(0);
            loop {
                *number += 1;
                let settled = label::title_identity(&label.key, *number);
                if used.insert(settled.clone()) {
                    *identity = settled;
                    break;
                }
            }
        }
        identities
    }
}
