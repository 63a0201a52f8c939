//! Pure: posts of a blog that moved: to another host, into another folder, under another name at the same service.
//!
//! Id and address say that such a post is another one. It is believed to be the known one only where nothing else could
//! be meant, and not by its title alone: some blogs call all their posts the same.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use chrono::Duration;

use super::label::Label;
use super::{MOVED_CHARS, Pairing, STRANGERS};

/// The one place of each key; none where several have it.
pub(super) fn once<K: Eq + Hash>(keyed: impl Iterator<Item = (K, usize)>) -> HashMap<K, Option<usize>> {
    let mut places = HashMap::new();
    for (key, at) in keyed {
        places.entry(key).and_modify(|place| *place = None).or_insert(Some(at));
    }
    places
}

impl<'a> Pairing<'a> {
    pub(super) fn by_move(&mut self) {
        if self.open_fetched().next().is_none() || self.open_known().next().is_none() {
            return;
        }
        self.by_path();
        let (known, fetched) = (self.known, self.fetched);
        let text = |label: &Label<'a>| (label.key.clone(), label.print);
        let telling = |label: &Label<'a>| label.print.tells().then(|| text(label));
        let kept_date = |k: usize| Some(known.get(k)?.published_at?.timestamp_millis());
        let seen_date = |f: usize| Some(fetched.get(f)?.published_at?.timestamp_millis());
        let pairs = self.matches(
            |k, label| telling(label).zip(kept_date(k)),
            |f, label| telling(label).zip(seen_date(f)),
        );
        pairs.into_iter().for_each(|(k, f)| self.pair(k, f));
        for (k, f) in self.matches(|_, label| Some(text(label)), |_, label| Some(text(label))) {
            let long = self.kept.get(k).is_some_and(|label| label.print.chars >= MOVED_CHARS);
            if long || (self.strangers && self.same_date(k, f) != Some(false)) {
                self.pair(k, f);
            }
        }
    }

    /// The same title under the same path of another site. Where posts of a known site are still listed, the source may
    /// hold several blogs that number their posts alike: then date or text must be the same, too. Else neither may
    /// contradict, but for the text of several undated posts: a blog that moves may cut its summaries anew.
    fn by_path(&mut self) {
        let sites = |labels: &'_ [Label<'a>]| -> HashSet<String> {
            labels.iter().filter_map(|label| Some(label.place()?.0)).collect()
        };
        let uprooted = sites(&self.kept).is_disjoint(&sites(&self.seen));
        let key = |_, label: &Label<'a>| Some((label.key.clone(), label.place()?.1));
        let pairs = self.matches(key, key);
        let several = pairs.len() >= STRANGERS;
        for (k, f) in pairs {
            let Some((kept, seen)) = self.kept.get(k).zip(self.seen.get(f)) else { continue };
            let (equal, tell) = (kept.print == seen.print, kept.print.tells() && seen.print.tells());
            let contradicted = !equal && (self.is_another_day(k, f) || (tell && !several));
            let same = (equal && tell) || self.same_date(k, f) == Some(true);
            if same || (uprooted && !contradicted) {
                self.pair(k, f);
            }
        }
    }

    /// Both have a date, and no zone and no missing time of day explains that it is not the same.
    fn is_another_day(&self, k: usize, f: usize) -> bool {
        self.dates(k, f).is_some_and(|(kept, seen)| (kept - seen).abs() > Duration::days(1))
    }

    /// Posts open under another id or address, one of either list, that alone have their key.
    fn matches<K: Eq + Hash>(
        &self,
        kept_key: impl Fn(usize, &Label<'a>) -> Option<K>,
        seen_key: impl Fn(usize, &Label<'a>) -> Option<K>,
    ) -> Vec<(usize, usize)> {
        let kept = once(self.open_known().filter_map(|(k, label)| Some((kept_key(k, label)?, k))));
        let seen = once(self.open_fetched().filter_map(|(f, label)| Some((seen_key(f, label)?, f))));
        let mut pairs: Vec<(usize, usize)> =
            kept.iter().filter_map(|(key, k)| Some(((*k)?, (*seen.get(key)?)?))).collect();
        pairs.retain(|(k, f)| self.kept.get(*k).zip(self.seen.get(*f)).is_some_and(|(k, f)| k.differs(f)));
        pairs.sort_unstable();
        pairs
    }
}
