//! Pure: editions and the sections they are made of.

use serde::{Deserialize, Serialize};

use super::{EditionId, PostId};
use crate::clock::Instant;

crate::model::subscriber::words! {
    /// What becomes of an edition that waits for the operator: the operator's word, or what silence means.
    Silence {
        /// It is sent.
        Send = "send",
        /// It is skipped.
        Skip = "skip",
    }
}

/// A block of a digest with its selection rule, in the order in which blocks fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SectionKind {
    /// Chosen by the operator's hand.
    Pinned,
    /// Not yet issued in this digest, newest first.
    New,
    /// Best received since the last edition.
    Top,
    /// Older than the window and gaining now (뒤늦게 뜬 글).
    Late,
}

impl SectionKind {
    /// The word in tables, configuration and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            SectionKind::Pinned => "pinned",
            SectionKind::New => "new",
            SectionKind::Top => "top",
            SectionKind::Late => "late",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<SectionKind> {
        [SectionKind::Pinned, SectionKind::New, SectionKind::Top, SectionKind::Late]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// Where an edition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EditionState {
    /// Frozen and being sent.
    Sending,
    /// Held, by the operator or a breaker; the reason says which.
    Paused,
    /// Every delivery has ended.
    Done,
    /// Stopped by the operator; what was unsent is suppressed.
    Cancelled,
    /// The slot published nothing; the reason says why. It has no number.
    Skipped,
}

impl EditionState {
    /// The word in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            EditionState::Sending => "sending",
            EditionState::Paused => "paused",
            EditionState::Done => "done",
            EditionState::Cancelled => "cancelled",
            EditionState::Skipped => "skipped",
        }
    }

    /// The state of that word.
    pub fn parse(word: &str) -> Option<EditionState> {
        use EditionState::{Cancelled, Done, Paused, Sending, Skipped};
        [Sending, Paused, Done, Cancelled, Skipped].into_iter().find(|state| state.as_str() == word)
    }
}

/// What one slot published, or that it published nothing and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// Row.
    pub id: EditionId,
    /// The digest's configured name.
    pub digest: String,
    /// Counts the digest's published editions from 1 without gaps; none for a skipped slot.
    pub number: Option<i64>,
    /// The scheduled instant.
    pub slot_at: Instant,
    /// Where it stands.
    pub state: EditionState,
    /// Why it is paused, cancelled or skipped, in Korean.
    pub reason: Option<String>,
    /// Cut-off: observations up to here were counted; the next window starts here.
    pub cutoff_at: Instant,
    /// When it was frozen; the Date of its letters.
    pub frozen_at: Instant,
}

/// The rendered content of an edition, with slot markers where personal parts go (see `render::slot`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Subject, decoded.
    pub subject: String,
    /// Preheader.
    pub preheader: String,
    /// HTML with slot markers.
    pub html: String,
    /// Text with slot markers.
    pub text: String,
}

/// A post's place in an edition.
#[derive(Clone, Debug, PartialEq)]
pub struct EditionPost {
    /// The post.
    pub post: PostId,
    /// The section it stands in.
    pub section: SectionKind,
    /// Place within the edition from 0.
    pub position: i64,
    /// Score it was chosen by.
    pub score: f64,
    /// One Korean sentence on why.
    pub why: String,
    /// Title as issued (a later edit does not change what was sent).
    pub title: String,
}
