//! Pure: one post seen in several sources is one: which of its copies stands for it, and what the others are told.

use std::collections::{HashMap, HashSet};

use super::Candidate;
use super::why::Reason;
use crate::clock::Instant;
use crate::model::SourceId;

/// Copies of one post, by their places.
type Copies = Vec<usize>;

/// Whether posts of more than one source are to choose from.
pub(super) fn several_sources(candidates: &[Candidate]) -> bool {
    let first = candidates.first().map(|one| one.source);
    candidates.iter().any(|one| Some(one.source) != first)
}

/// For every candidate that has copies elsewhere, why it is out on their account; none for all others, and for the copy
/// that stands for the post: what was hidden or issued from one source is so from all. `issued_after`: a copy issued
/// later than that is not issued again.
pub(super) fn barriers(candidates: &[Candidate], issued_after: Instant) -> HashMap<usize, Reason> {
    let mut barred = HashMap::new();
    for copies in copies(candidates) {
        let all = || copies.iter().filter_map(|at| Some((*at, candidates.get(*at)?)));
        let hidden = all().any(|(_, one)| one.hidden);
        let issued = all().filter_map(|(_, one)| one.issued).filter(|issued| issued.at > issued_after);
        let number = issued.map(|issued| issued.number).max();
        // The first that was seen: what was old at one source is not new because another lists it later.
        let stands =
            all().min_by_key(|(_, one)| (one.missing, !one.pinned, one.first_seen_at, one.source, one.post));
        for (at, _) in all() {
            let reason = match number {
                _ if hidden => Some(Reason::HiddenElsewhere),
                Some(number) => Some(Reason::IssuedElsewhere { number }),
                None => stands.is_some_and(|(first, _)| first != at).then_some(Reason::SeenElsewhere),
            };
            barred.extend(reason.map(|reason| (at, reason)));
        }
    }
    barred
}

/// Candidates of equal address in different sources. An address that several listed posts of one source share (the
/// blog's own, say) tells nothing.
fn copies(candidates: &[Candidate]) -> impl Iterator<Item = Copies> {
    let mut by_address: HashMap<&str, Copies> = HashMap::new();
    for (at, one) in candidates.iter().enumerate() {
        if let Some(address) = one.address.as_deref() {
            by_address.entry(address).or_default().push(at);
        }
    }
    by_address.into_values().filter(|copies| {
        let listed = || copies.iter().filter_map(|at| candidates.get(*at));
        let mut seen: HashSet<SourceId> = HashSet::new();
        let told = listed().filter(|one| !one.missing).all(|one| seen.insert(one.source));
        seen.extend(listed().map(|one| one.source));
        told && seen.len() > 1
    })
}
