//! Pure: who is eligible, and the sections filled in order. A post appears once in an edition.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::same;
use super::score::{Scored, date, scores};
use super::why::{Lead, Reason, sentence};
use super::{Basis, Candidate, History, Judged, Rules, Section, Selection, Verdict};
use crate::clock::Instant;
use crate::model::SourceId;
use crate::model::edition::SectionKind;

/// The work in hand: all lists run parallel to the candidates.
struct Choice<'a> {
    candidates: &'a [Candidate],
    rules: &'a Rules,
    history: &'a History,
    scored: Vec<Scored>,
    /// For `new`: whether it is, and whether only because the first edition looks back.
    fresh: Vec<Fresh>,
    /// Decided so far.
    reasons: Vec<Option<Reason>>,
    /// Ineligible or already in.
    closed: Vec<bool>,
    /// There is more than one source.
    several: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fresh {
    No,
    Arrived,
    LookedBack,
}

/// Chooses an edition's posts as of `now` and explains every candidate exactly once.
pub fn select(candidates: &[Candidate], rules: &Rules, history: &History, now: Instant) -> Selection {
    let several = same::several_sources(candidates);
    let copies = match several {
        true => {
            same::barriers(candidates, now.checked_sub_signed(rules.cooldown).unwrap_or(Instant::MIN_UTC))
        }
        false => HashMap::new(),
    };
    let mut choice = Choice {
        candidates,
        rules,
        history,
        scored: scores(candidates, rules, history, now),
        fresh: fresh(candidates, rules, history, several, &copies),
        reasons: vec![None; candidates.len()],
        closed: vec![false; candidates.len()],
        several,
    };
    choice.bar(now, &copies);
    let by_score = choice.by_score();
    let by_age = choice.by_age();
    let mut sections: Vec<(SectionKind, Vec<usize>)> = Vec::new();
    let mut total = 0;
    for rule in &rules.sections {
        let order = match rule.kind {
            SectionKind::Pinned | SectionKind::New => &by_age,
            SectionKind::Top | SectionKind::Late => &by_score,
        };
        let room = rules.max_posts.saturating_sub(total);
        let picks = choice.fill(rule.kind, rule.max, room, order);
        total += picks.len();
        if !picks.is_empty() {
            sections.push((rule.kind, picks));
        }
    }
    choice.vary_lead(&mut sections);
    let verdict = match total {
        0 => Verdict::Skip {
            reason: "실을 글이 한 편도 없어 이번 호를 건너뛰어요.".to_owned()
        },
        _ if total < rules.min_posts => Verdict::Skip {
            reason: format!(
                "실을 글이 {total}편뿐이라 최소 {}편이 안 되어 이번 호를 건너뛰어요.",
                rules.min_posts
            ),
        },
        _ => Verdict::Publish,
    };
    let judge = |index: &usize| choice.judged(*index);
    let mut left_out = Vec::with_capacity(candidates.len());
    left_out.extend(by_score.iter().filter(|index| !choice.picked(**index)).map(judge));
    let sections = sections
        .iter()
        .map(|(kind, picks)| Section { kind: *kind, picks: picks.iter().map(judge).collect() })
        .collect();
    Selection { sections, left_out, verdict }
}

/// Which candidates are new to this digest: those that arrived after their source's first ingest and were never issued;
/// for the first edition also the newest few of what was there, by date where all have one, else source by source.
fn fresh(
    candidates: &[Candidate],
    rules: &Rules,
    history: &History,
    several: bool,
    copies: &HashMap<usize, Reason>,
) -> Vec<Fresh> {
    let new = |candidate: &Candidate| {
        if candidate.baseline || candidate.issued.is_some() { Fresh::No } else { Fresh::Arrived }
    };
    let mut fresh: Vec<Fresh> = candidates.iter().map(new).collect();
    if !history.first {
        return fresh;
    }
    let mut there: Vec<usize> = (0..candidates.len())
        .filter(|index| {
            candidates.get(*index).is_some_and(|candidate| {
                let old = candidate.baseline && candidate.issued.is_none();
                old && !candidate.hidden && !candidate.missing && !copies.contains_key(index)
            })
        })
        .collect();
    let one = |index: &usize| candidates.get(*index);
    if several && there.iter().filter_map(one).all(|one| one.published_at.is_some()) {
        there.sort_by_key(|index| one(index).map(|one| Reverse((date(one), one.ingest_order, one.post))));
        for index in there.into_iter().take(rules.look_back) {
            fresh.get_mut(index).into_iter().for_each(|place| *place = Fresh::LookedBack);
        }
        return fresh;
    }
    // An order counts within its source only: the newest of each come first, then the second newest of each.
    there.sort_unstable_by_key(|index| {
        candidates.get(*index).map(|one| Reverse((one.ingest_order, one.post)))
    });
    let mut seen: HashMap<SourceId, usize> = HashMap::new();
    let mut ranked: Vec<(usize, usize)> = there
        .into_iter()
        .filter_map(|index| {
            let rank = seen.entry(candidates.get(index)?.source).or_insert(0);
            *rank += 1;
            Some((*rank, index))
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    for (_, index) in ranked.into_iter().take(rules.look_back) {
        if let Some(place) = fresh.get_mut(index) {
            *place = Fresh::LookedBack;
        }
    }
    fresh
}

impl Choice<'_> {
    /// Closes the ineligible ones, each with its reason.
    fn bar(&mut self, now: Instant, copies: &HashMap<usize, Reason>) {
        for (at, ((candidate, reason), closed)) in
            (0..).zip(self.candidates.iter().zip(&mut self.reasons).zip(&mut self.closed))
        {
            *reason = standing(candidate, self.rules, now)
                .or_else(|| copies.get(&at).copied())
                .or_else(|| too_young(candidate, self.rules, now));
            *closed = reason.is_some();
        }
    }

    /// Best score first; ties by date, then ingest order, then row.
    fn by_score(&self) -> Vec<usize> {
        let mut keyed: Vec<_> = (0..)
            .zip(self.candidates.iter().zip(&self.scored))
            .map(|(index, (one, scored))| {
                // Finite and not negative, so the bits order as the numbers do.
                let rank =
                    (scored.score.to_bits(), date(one).timestamp_millis(), one.ingest_order, one.post.0);
                (Reverse(rank), index)
            })
            .collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, index)| index).collect()
    }

    /// What may stand in `pinned` or `new`, last arrived first, by our own record: a feed's dates may be missing,
    /// future or edited. Between several sources that record says nothing, so dates go first there.
    fn by_age(&self) -> Vec<usize> {
        let mut keyed: Vec<_> = (0..)
            .zip(self.candidates.iter().zip(&self.fresh))
            .filter(|(_, (one, fresh))| one.pinned || **fresh != Fresh::No)
            .map(|(index, (one, _))| {
                let seen = one.first_seen_at.timestamp_millis();
                let dated = if self.several { date(one).timestamp_millis() } else { seen };
                (Reverse((dated, seen, one.ingest_order, one.post.0)), index)
            })
            .collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, index)| index).collect()
    }

    fn fits(&self, kind: SectionKind, index: usize) -> bool {
        let (Some(candidate), Some(scored), Some(fresh)) =
            (self.candidates.get(index), self.scored.get(index), self.fresh.get(index))
        else {
            return false;
        };
        let well_received = scored.gained() && scored.score > 0.0 && scored.score >= self.rules.floor;
        match kind {
            SectionKind::Pinned => candidate.pinned,
            SectionKind::New => *fresh != Fresh::No,
            SectionKind::Top => well_received,
            // Lifetime counts do not say that anything happens now.
            SectionKind::Late => {
                let gaining = well_received && scored.basis == Basis::Window;
                gaining && *fresh == Fresh::No && self.is_old(candidate)
            }
        }
    }

    /// Older than the window; what was there at the first ingest is, unless its own date says otherwise.
    fn is_old(&self, candidate: &Candidate) -> bool {
        match (self.history.window_from, candidate.published_at) {
            (Some(from), None) => candidate.baseline || candidate.first_seen_at <= from,
            (Some(from), Some(_)) => date(candidate) <= from,
            (None, _) => candidate.baseline,
        }
    }

    /// Takes the first of `order` that fit, at most `max` and at most `room`; the rest learn their rank.
    fn fill(&mut self, kind: SectionKind, max: usize, room: usize, order: &[usize]) -> Vec<usize> {
        let mut picks = Vec::new();
        let (mut rank, mut looked_back_at) = (0, 0);
        for index in order {
            let looked_back = self.fresh.get(*index) == Some(&Fresh::LookedBack);
            looked_back_at += usize::from(looked_back);
            if self.closed.get(*index).is_none_or(|closed| *closed) || !self.fits(kind, *index) {
                continue;
            }
            rank += 1;
            let reason = if picks.len() < max.min(room) {
                picks.push(*index);
                if let Some(closed) = self.closed.get_mut(*index) {
                    *closed = true;
                }
                let looked_back = looked_back && kind == SectionKind::New;
                let place = if looked_back { looked_back_at } else { rank };
                Some(Reason::Picked { kind, place, looked_back, lead: Lead::Unmoved })
            } else if self.reasons.get(*index).is_some_and(Option::is_some) {
                continue; // The first section it missed is the one that is told.
            } else if picks.len() >= max {
                Some(Reason::SectionFull { kind, rank, max })
            } else {
                Some(Reason::EditionFull { kind })
            };
            if let Some(place) = self.reasons.get_mut(*index) {
                *place = reason;
            }
        }
        picks
    }

    fn picked(&self, index: usize) -> bool {
        matches!(self.reasons.get(index), Some(Some(Reason::Picked { .. })))
    }

    /// Lets another post lead where the first would repeat the last edition's lead title: one of the same section,
    /// else the next section's first.
    fn vary_lead(&mut self, sections: &mut [(SectionKind, Vec<usize>)]) {
        let Some(last) = self.history.last_lead.as_deref() else { return };
        let repeats =
            |index: &usize| self.candidates.get(*index).is_some_and(|one| one.title.trim() == last.trim());
        let other = sections
            .iter()
            .enumerate()
            .find_map(|(section, (_, picks))| Some((section, picks.iter().position(|pick| !repeats(pick))?)));
        let Some((section, place)) = other.filter(|other| *other != (0, 0)) else { return };
        let at = |section: usize, place: usize| {
            sections.get(section).and_then(|(_, picks)| picks.get(place)).copied()
        };
        let moved = [(at(0, 0), Lead::Given), (at(section, place), Lead::Taken)];
        if let Some((_, picks)) = sections.get_mut(section)
            && let Some(head) = picks.get_mut(..=place)
        {
            head.rotate_right(1);
        }
        if let Some(head) = sections.get_mut(..=section) {
            head.rotate_right(1);
        }
        for (index, now) in moved {
            if let Some(Some(Reason::Picked { lead, .. })) =
                index.and_then(|index| self.reasons.get_mut(index))
            {
                *lead = now;
            }
        }
    }

    fn judged(&self, index: usize) -> Judged {
        // `index` comes from enumerating these very lists.
        let (candidate, scored) = (&self.candidates[index], &self.scored[index]);
        let reason = self.reasons[index].unwrap_or_else(|| self.unfit(candidate, scored));
        Judged {
            post: candidate.post,
            title: candidate.title.clone(),
            score: scored.score,
            reactions: candidate.now.reactions.total,
            comments: candidate.now.comments,
            gained_reactions: scored.reactions,
            gained_comments: scored.comments,
            basis: scored.basis,
            why: sentence(reason, scored, self.rules),
        }
    }

    /// Why an eligible candidate fitted no section.
    fn unfit(&self, candidate: &Candidate, scored: &Scored) -> Reason {
        let ranked = |kind| matches!(kind, SectionKind::Top | SectionKind::Late);
        if !self.rules.sections.iter().any(|rule| ranked(rule.kind)) {
            Reason::NoSection
        } else if !scored.gained() {
            let looks_back = self.rules.sections.iter().any(|rule| rule.kind == SectionKind::New);
            let beyond = self.history.first && candidate.baseline && looks_back;
            if beyond { Reason::BeyondLookBack } else { Reason::NoGain }
        } else if scored.score < self.rules.floor {
            Reason::BelowFloor
        } else {
            Reason::NoSection
        }
    }
}

/// What makes a candidate ineligible for good, whatever its score.
fn standing(candidate: &Candidate, rules: &Rules, now: Instant) -> Option<Reason> {
    if candidate.hidden {
        return Some(Reason::Hidden);
    }
    if candidate.missing {
        return Some(Reason::Missing);
    }
    if let Some(issued) = candidate.issued
        && now - issued.at < rules.cooldown
    {
        return Some(Reason::Issued { number: issued.number });
    }
    None
}

/// What makes it wait.
fn too_young(candidate: &Candidate, rules: &Rules, now: Instant) -> Option<Reason> {
    let age = now - date(candidate);
    // The operator's own hand needs no time to think it over.
    let waits = !candidate.baseline && !candidate.pinned && age < rules.grace;
    waits.then_some(Reason::TooYoung { age })
}
