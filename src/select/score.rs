//! Pure: what a post gained, and what that is worth.
//!
//! raw = w_r·ln(1 + Δreactions) + w_c·ln(1 + Δcomments). What a post has above the mean of the blog's gaining posts
//! counts only as far as there are counts behind it: n/(n + 1) of it, n = Δreactions + Δcomments. So one lucky click
//! cannot carry a post over the blog's usual, silence is never lifted to it, and more is never worth less.
//! score = that × (days + 2)^−gravity.

use super::{Basis, Candidate, History, Rules};
use crate::clock::Instant;

/// Counts that weigh as much as the blog's mean.
const PRIOR: f64 = 1.0;
const MILLIS_A_DAY: f64 = 86_400_000.0;

/// What a candidate gained and its score.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scored {
    pub(super) reactions: u64,
    pub(super) comments: u64,
    pub(super) basis: Basis,
    pub(super) score: f64,
}

impl Scored {
    pub(super) fn gained(&self) -> bool {
        self.reactions > 0 || self.comments > 0
    }
}

/// A configured weight made harmless: finite and not negative.
fn sound(weight: f64) -> f64 {
    if weight.is_finite() { weight.clamp(0.0, 1e6) } else { 0.0 }
}

fn basis(candidate: &Candidate, history: &History) -> Basis {
    let inside = |at: Instant| history.window_from.is_some_and(|from| at > from);
    if candidate.before.is_some() {
        Basis::Window
    } else if !candidate.baseline
        && inside(candidate.first_seen_at)
        && candidate.published_at.is_none_or(inside)
    {
        Basis::Appeared
    } else {
        Basis::Lifetime
    }
}

/// Gained reactions, each emoji by its weight as far as the source counts them.
fn weighted_reactions(candidate: &Candidate, gained: u64, rules: &Rules) -> f64 {
    if rules.emoji_weights.is_empty() {
        return gained as f64;
    }
    let before = candidate.before.as_ref().map_or(&[][..], |tally| &tally.reactions.emoji);
    let mut counted: u64 = 0;
    let mut sum = 0.0;
    for emoji in &candidate.now.reactions.emoji {
        let Some(count) = emoji.count else { continue };
        let earlier = before.iter().find(|other| other.symbol == emoji.symbol);
        let grown = count.saturating_sub(earlier.and_then(|other| other.count).unwrap_or(0));
        // An inconsistent source may count more emoji than reactions; the total is what was gained.
        let grown = grown.min(gained - counted);
        let weight = rules.emoji_weights.iter().find(|(symbol, _)| *symbol == emoji.symbol);
        sum += weight.map_or(1.0, |(_, weight)| sound(*weight)) * grown as f64;
        counted += grown;
    }
    sum + (gained - counted) as f64
}

/// Since when a post counts as there: its date, unless that lies after its first sight here (edited, or plainly wrong).
pub(super) fn date(candidate: &Candidate) -> Instant {
    candidate.published_at.map_or(candidate.first_seen_at, |at| at.min(candidate.first_seen_at))
}

fn decay(candidate: &Candidate, rules: &Rules, now: Instant) -> f64 {
    let age = now.timestamp_millis().saturating_sub(date(candidate).timestamp_millis());
    let days = (age as f64 / MILLIS_A_DAY).max(0.0);
    (days + 2.0).powf(-sound(rules.gravity).min(10.0))
}

/// The gains and scores of all candidates, in their order.
pub(super) fn scores(
    candidates: &[Candidate],
    rules: &Rules,
    history: &History,
    now: Instant,
) -> Vec<Scored> {
    let (for_reactions, for_comments) = (sound(rules.reaction_weight), sound(rules.comment_weight));
    let mut scored: Vec<Scored> = Vec::with_capacity(candidates.len());
    let mut usual: Vec<f64> = Vec::new();
    for candidate in candidates {
        let basis = basis(candidate, history);
        let (reactions, comments) =
            candidate.before.as_ref().map_or((0, 0), |before| (before.reactions.total, before.comments));
        let reactions = candidate.now.reactions.total.saturating_sub(reactions);
        let comments = candidate.now.comments.saturating_sub(comments);
        let raw = for_reactions * weighted_reactions(candidate, reactions, rules).ln_1p()
            + for_comments * (comments as f64).ln_1p();
        let one = Scored { reactions, comments, basis, score: raw };
        if one.gained() && !candidate.hidden && !candidate.missing {
            usual.push(raw);
        }
        scored.push(one);
    }
    // Summed in order of size: the order of the candidates must not show even in the last bit.
    usual.sort_unstable_by(f64::total_cmp);
    let mean = if usual.is_empty() { 0.0 } else { usual.iter().sum::<f64>() / usual.len() as f64 };
    for (one, candidate) in scored.iter_mut().zip(candidates) {
        let counts = one.reactions as f64 + one.comments as f64;
        let above = (one.score - mean).max(0.0);
        let shrunk = one.score.min(mean) + above * counts / (counts + PRIOR);
        one.score = shrunk * decay(candidate, rules, now);
    }
    scored
}

#[cfg(test)]
mod tests {
    use super::super::tests::{candidate, counts, hours};
    use super::*;
    use crate::model::post::Emoji;

    fn of(candidates: &[Candidate], rules: &Rules) -> Vec<Scored> {
        let history = History { window_from: Some(hours(0)), ..History::default() };
        scores(candidates, rules, &history, hours(100))
    }

    #[test]
    fn more_is_never_worth_less_and_nothing_is_worth_nothing() {
        let mut last = -1.0;
        for gain in 0..200 {
            // Company that makes the blog's mean high.
            let mut all = vec![candidate(1, (0, 0), (gain, 0))];
            all.extend((2..30).map(|id| candidate(id, (0, 0), (40, 10))));
            let score = of(&all, &Rules::default()).first().map_or(0.0, |one| one.score);
            assert!(score > last, "{gain}: {score} after {last}");
            assert_eq!(score == 0.0, gain == 0);
            last = score;
        }
    }

    #[test]
    fn a_few_counts_cannot_carry_a_post_far_over_the_blogs_mean() {
        let rules = Rules { comment_weight: 0.0, gravity: 0.0, ..Rules::default() };
        let all = of(&[candidate(1, (0, 0), (1, 0)), candidate(2, (0, 0), (3, 0))], &rules);
        let mean = (2f64.ln() + 4f64.ln()) / 2.0;
        assert!((all[0].score - 2f64.ln()).abs() < 1e-12);
        assert!((all[1].score - (mean + (4f64.ln() - mean) * 0.75)).abs() < 1e-12);
    }

    #[test]
    fn emoji_weigh_as_configured_where_the_source_counts_them() {
        let rules = Rules {
            emoji_weights: vec![("👎".to_owned(), 0.0)],
            gravity: 0.0,
            comment_weight: 0.0,
            ..Rules::default()
        };
        let mut one = candidate(1, (1, 0), (5, 0));
        let emoji = |symbol: &str, count| Emoji { symbol: symbol.to_owned(), count };
        one.now.reactions.emoji = vec![emoji("👎", Some(3)), emoji("👍", Some(2))];
        one.before = Some(Tally {
            reactions: crate::model::post::Reactions { total: 1, emoji: vec![emoji("👎", Some(1))] },
            comments: 0,
        });
        assert!((of(&[one.clone()], &rules)[0].score - 3f64.ln()).abs() < 1e-12);
        one.now.reactions.emoji = vec![emoji("👎", None)];
        assert!((of(&[one], &rules)[0].score - 5f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn no_count_weight_or_date_makes_a_score_that_is_no_number() {
        for weight in [f64::NAN, f64::INFINITY, -1.0, 1e300, 0.0] {
            let rules = Rules {
                reaction_weight: weight,
                comment_weight: weight,
                gravity: weight,
                emoji_weights: vec![("👍".to_owned(), weight)],
                ..Rules::default()
            };
            let mut one = candidate(1, (u64::MAX, 0), (u64::MAX, u64::MAX));
            one.before = None;
            one.now.reactions.emoji = vec![Emoji { symbol: "👍".to_owned(), count: Some(u64::MAX) }; 3];
            let mut other = one.clone();
            other.published_at = Some(Instant::MIN_UTC);
            let mut future = counts(one.clone(), u64::MAX, u64::MAX);
            future.first_seen_at = Instant::MAX_UTC;
            for score in of(&[one, other, future], &rules) {
                assert!(score.score.is_finite() && score.score >= 0.0);
            }
        }
    }

    use super::super::Tally;
}
