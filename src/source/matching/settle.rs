//! Pure: the identities of matched posts, and the order of those that only their order tells apart.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::label::{self, Label};
use super::{Met, Pairing};

impl<'a> Pairing<'a> {
    /// Posts equal in title and body cannot be told apart next time but by their order: let it be the known posts' own.
    pub(super) fn sort_twins(&mut self) {
        let mut twins: Vec<usize> = (0..self.seen.len()).rev().collect();
        twins.retain(|f| {
            let bare = |label: &Label<'a>| label.id.is_none() && label.url.is_none();
            self.seen.get(*f).is_some_and(bare) && !matches!(self.met.get(*f), Some(Met::Twice(_)))
        });
        let look = |f: &usize| self.seen.get(*f).map(|label| (&label.key, label.print));
        twins.sort_by(|a, b| look(a).cmp(&look(b)));
        let groups: Vec<Vec<usize>> = twins
            .chunk_by(|a, b| look(a) == look(b))
            .filter(|group| group.len() > 1)
            .map(<[usize]>::to_vec)
            .collect();
        for group in groups {
            let mut found: Vec<Met> = group.iter().filter_map(|f| self.met.get(*f).copied()).collect();
            found.sort_by_key(|met| match met {
                Met::Known(k) => *k,
                Met::New | Met::Twice(_) => usize::MAX,
            });
            for (f, met) in group.into_iter().zip(found) {
                self.met.get_mut(f).into_iter().for_each(|place| *place = met);
            }
        }
    }

    /// Ids and addresses speak for themselves. A title's identity stays while its title does; another one takes the
    /// lowest number that is free, the oldest post first.
    pub(super) fn identities(&self) -> Vec<Cow<'a, str>> {
        let mut identities = vec![Cow::Borrowed(""); self.seen.len()];
        let mut open = Vec::new();
        let unmet = self.open_known().filter_map(|(k, _)| self.known.get(k));
        let mut used: HashSet<Cow<'_, str>> =
            unmet.map(|known| Cow::Borrowed(known.identity.as_str())).collect();
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
                let settled: Cow<'_, str> = Cow::Owned(label::title_identity(&label.key, *number));
                if used.insert(settled.clone()) {
                    *identity = settled;
                    break;
                }
            }
        }
        identities
    }
}
