//! Pure: a post as fetched and as kept, and what readers did with it.

use serde::{Deserialize, Serialize};

use super::{PostId, SourceId};
use crate::clock::Instant;

/// One emoji of a reaction line, kept whole (variation selectors and ZWJ sequences included).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emoji {
    /// The grapheme cluster as the source shows it.
    pub symbol: String,
    /// How many gave it, where the source says so.
    pub count: Option<u64>,
}

/// Reactions of a post as seen at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reactions {
    /// All reactions together.
    pub total: u64,
    /// The emoji seen, in the source's order.
    pub emoji: Vec<Emoji>,
}

/// Counts that a source did not tell of a post: they stay as they were last seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untold {
    /// The comments.
    pub comments: bool,
    /// The reactions.
    pub reactions: bool,
}

/// A post as a source gave it, before identity is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedPost {
    /// The source's own stable id, where it has one.
    pub external_id: Option<String>,
    /// Canonical address, where the source gives one.
    pub url: Option<String>,
    /// Title as shown, NFC, trimmed, one line.
    pub title: String,
    /// Author as shown.
    pub author: Option<String>,
    /// Body as plain text.
    pub body: String,
    /// When the source says it was published.
    pub published_at: Option<Instant>,
    /// Comments now.
    pub comments: u64,
    /// Reactions now.
    pub reactions: Reactions,
    /// Which of these counts the source did not tell; they are 0 above.
    pub untold: Untold,
}

/// A post as the store keeps it, with its newest observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Row.
    pub id: PostId,
    /// The source it came from.
    pub source_id: SourceId,
    /// That source's configured name.
    pub source: String,
    /// Identity at the source: its id, else the canonical URL, else the normalised title.
    pub identity: String,
    /// Larger is newer; the order in which the page lists posts, oldest first.
    pub ingest_order: i64,
    /// Title now.
    pub title: String,
    /// Author, where known.
    pub author: Option<String>,
    /// Address, where known.
    pub url: Option<String>,
    /// Plain-text body.
    pub body: String,
    /// Publication time, where the source gives one.
    pub published_at: Option<Instant>,
    /// When it was first seen here.
    pub first_seen_at: Instant,
    /// Seen in the source's first ingest: no grace period applies to it.
    pub baseline: bool,
    /// Since when the source no longer lists it.
    pub missing_since: Option<Instant>,
    /// Hidden by the operator.
    pub hidden: bool,
    /// Pinned by the operator.
    pub pinned: bool,
    /// Reactions in the newest observation.
    pub reactions: Reactions,
    /// Comments in the newest observation.
    pub comments: u64,
}

/// What was seen of a post at an instant. A row is added only when something changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The post.
    pub post: PostId,
    /// When it was seen.
    pub observed_at: Instant,
    /// Reactions then.
    pub reactions: Reactions,
    /// Comments then.
    pub comments: u64,
}
