//! Pure: candidates + rules + history + now → a selection with a reason for each candidate (design section 5).

use chrono::Duration;

use crate::model::edition::SectionKind;

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
