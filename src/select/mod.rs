//! Pure: candidates + rules + history + now → a selection with a reason for each candidate (design section 5).

//!
//! The answer depends on nothing but its arguments, not even on the order of the candidates.

mod fill;
mod same;
mod score;
mod why;

use chrono::Duration;

use crate::clock::Instant;
use crate::model::edition::SectionKind;
use crate::model::post::Reactions;
use crate::model::{PostId, SourceId};

pub use fill::select;
pub use why::section_name;

/// Counts of a post at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Reactions then.
    pub reactions: Reactions,
    /// Comments then.
    pub comments: u64,
}

/// That this digest has carried a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issued {
    /// In 제N호, the latest one.
    pub number: i64,
    /// Which was frozen at.
    pub at: Instant,
}

/// A post that could be chosen, as of the instant of choosing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The post.
    pub post: PostId,
    /// Its source; `ingest_order` counts within it.
    pub source: SourceId,
    /// Title.
    pub title: String,
    /// Its address as it is compared; none where it has none, or where there is one source only.
    pub address: Option<String>,
    /// Larger is newer.
    pub ingest_order: i64,
    /// Publication time, where the source gives one; not to be trusted alone.
    pub published_at: Option<Instant>,
    /// When it was first seen here.
    pub first_seen_at: Instant,
    /// It was there at the source's first ingest.
    pub baseline: bool,
    /// The source no longer lists it.
    pub missing: bool,
    /// Hidden by the operator.
    pub hidden: bool,
    /// Pinned by the operator.
    pub pinned: bool,
    /// The newest counts.
    pub now: Tally,
    /// Counts at the start of the window; none where it was not observed by then.
    pub before: Option<Tally>,
    /// Whether this digest has carried it.
    pub issued: Option<Issued>,
}

/// What this digest published before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Nothing yet: what was there at the first ingest is old, apart from the newest few.
    pub first: bool,
    /// Start of the window (exclusive: counts seen by then are no gain); none: lifetime counts stand in.
    pub window_from: Option<Instant>,
    /// Title that led the last edition.
    pub last_lead: Option<String>,
}

/// From where a gain is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// From the counts at the start of the window.
    Window,
    /// From nothing: the post appeared within the window.
    Appeared,
    /// From nothing, for want of an earlier observation: lifetime counts stand in.
    Lifetime,
}

/// A candidate with its numbers and the reason for being in or out.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The post.
    pub post: PostId,
    /// Title.
    pub title: String,
    /// Score, finite, at least 0.
    pub score: f64,
    /// All reactions.
    pub reactions: u64,
    /// All comments.
    pub comments: u64,
    /// Reactions gained.
    pub gained_reactions: u64,
    /// Comments gained.
    pub gained_comments: u64,
    /// From where the gain is counted.
    pub basis: Basis,
    /// One Korean sentence: why in, or why out.
    pub why: String,
}

/// A section as filled.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Which.
    pub kind: SectionKind,
    /// Its posts in order; never empty.
    pub picks: Vec<Judged>,
}

/// Whether there is an edition in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is.
    Publish,
    /// There is not.
    Skip {
        /// Why, one Korean sentence.
        reason: String,
    },
}

/// What was chosen, and every other candidate with its reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The sections that have posts.
    pub sections: Vec<Section>,
    /// The rest, best score first.
    pub left_out: Vec<Judged>,
    /// Whether to publish.
    pub verdict: Verdict,
}

impl Selection {
    /// The chosen posts with their sections, in the letter's order.
    pub fn picks(&self) -> impl Iterator<Item = (SectionKind, &Judged)> {
        self.sections.iter().flat_map(|section| section.picks.iter().map(|pick| (section.kind, pick)))
    }
}

/// One section of a digest: its rule and at most how many posts.
#[derive(Clone, Debug, PartialEq)]
pub struct SectionRule {
    /// Which rule.
    pub kind: SectionKind,
    /// At most this many posts.
    pub max: usize,
}

/// How a digest chooses; all from `[[digest]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Sections in the order in which they fill.
    pub sections: Vec<SectionRule>,
    /// Fewer posts than this: the slot is skipped.
    pub min_posts: usize,
    /// More are never issued.
    pub max_posts: usize,
    /// A post issued in this digest is not eligible again within this span.
    pub cooldown: Duration,
    /// A post younger than this (since publication or first sight) waits.
    pub grace: Duration,
    /// The first edition looks at this many newest posts only for `new`.
    pub look_back: usize,
    /// Weight of gained reactions.
    pub reaction_weight: f64,
    /// Weight of gained comments.
    pub comment_weight: f64,
    /// Exponent of the decay `1/(days+2)^g`.
    pub gravity: f64,
    /// `top` and `late` need at least this score.
    pub floor: f64,
    /// Weights of single emoji where the source counts them; 1 for the rest.
    pub emoji_weights: Vec<(String, f64)>,
}

impl Default for Rules {
    /// What suits a weekly letter of a personal blog.
    fn default() -> Rules {
        let section = |kind, max| SectionRule { kind, max };
        Rules {
            sections: vec![
                section(SectionKind::Pinned, 3),
                section(SectionKind::New, 5),
                section(SectionKind::Top, 5),
                section(SectionKind::Late, 2),
            ],
            min_posts: 1,
            max_posts: 15,
            cooldown: Duration::days(180),
            grace: Duration::minutes(30),
            look_back: 5,
            reaction_weight: 1.0,
            comment_weight: 0.3,
            gravity: 0.5,
            floor: 0.05,
            emoji_weights: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
