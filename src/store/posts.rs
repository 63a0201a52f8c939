//! Effect: posts and observations: what ingest reads and writes, what lists and commands show.

mod list;
mod moved;

use rusqlite::params;

use super::{Ledger, StoreError, sql};
use crate::clock::{Instant, from_millis};
use crate::model::post::FetchedPost;
use crate::model::{PostId, SourceId};
use crate::source::matching::{BodyPrint, Known};

pub use list::{ListedPost, PostFilter, PostOrder};
pub use moved::{Move, Moved};

/// Counts as the store keeps them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All reactions.
    pub reactions: i64,
    /// All comments.
    pub comments: i64,
    /// The emoji, as JSON.
    pub emoji: String,
}

impl Counts {
    /// The counts of a fetched post; a number no column holds becomes the largest that one does.
    pub fn of(post: &FetchedPost) -> Counts {
        let column = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Counts {
            reactions: column(post.reactions.total),
            comments: column(post.comments),
            emoji: serde_json::to_string(&post.reactions.emoji).unwrap_or_else(|_| "[]".to_owned()),
        }
    }
}

/// A kept post as ingest compares it with what was fetched. The body stays in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPost {
    /// What it is recognised by.
    pub known: Known,
    /// Larger is newer.
    pub ingest_order: i64,
    /// Author, where known.
    pub author: Option<String>,
    /// The newest counts.
    pub counts: Counts,
}

/// A post to write: new, or in place of what was known of it.
#[derive(Clone, Copy, Debug)]
pub struct PostRow<'a> {
    /// Its identity at the source.
    pub identity: &'a str,
    /// Title.
    pub title: &'a str,
    /// Author.
    pub author: Option<&'a str>,
    /// Address.
    pub url: Option<&'a str>,
    /// Publication time.
    pub published_at: Option<Instant>,
    /// Plain-text body; none leaves it as it is.
    pub body: Option<(&'a str, BodyPrint)>,
}

impl Ledger<'_> {
    /// All posts of a source, the missing ones too, oldest first.
    pub fn kept_posts(&self, source: SourceId) -> Result<Vec<KeptPost>, StoreError> {
        let mut list = self
            .db
            .prepare_cached(
                "SELECT id, identity, title, url, body_hash, body_chars, missing_since IS NOT NULL, ingest_order,
                        author, published_at, reactions, comments, emoji
                   FROM posts WHERE source_id = ?1 ORDER BY ingest_order, id",
            )
            .map_err(sql)?;
        let rows = list.query_map([source.0], |row| {
            let known = Known {
                id: PostId(row.get(0)?),
                identity: row.get(1)?,
                title: row.get(2)?,
                url: row.get(3)?,
                published_at: row.get::<_, Option<i64>>(9)?.map(from_millis),
                print: BodyPrint {
                    hash: row.get(4)?,
                    chars: usize::try_from(row.get::<_, i64>(5)?).unwrap_or(0),
                },
                missing: row.get(6)?,
            };
            Ok(KeptPost {
                known,
                ingest_order: row.get(7)?,
                author: row.get(8)?,
                counts: Counts { reactions: row.get(10)?, comments: row.get(11)?, emoji: row.get(12)? },
            })
        });
        rows.and_then(Iterator::collect).map_err(sql)
    }

    /// A post's body; empty if there is no such post.
    pub fn post_body(&self, post: PostId) -> Result<String, StoreError> {
        Ok(self.post_text(post)?.map(|text| text.body).unwrap_or_default())
    }

    /// Adds a post. Its counts are added by [`Ledger::observe`].
    pub fn add_post(
        &self,
        source: SourceId,
        text: &PostRow<'_>,
        ingest_order: i64,
        baseline: bool,
        now: Instant,
    ) -> Result<PostId, StoreError> {
        let (body, print) = text.body.unwrap_or_default();
        self.db
            .prepare_cached(
                "INSERT INTO posts (source_id, identity, ingest_order, title, author, url, published_at, first_seen_at,
                                    baseline, body_hash, body_chars, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) RETURNING id",
            )
            .and_then(|mut add| {
                add.query_row(
                    params![
                        source.0,
                        text.identity,
                        ingest_order,
                        text.title,
                        text.author,
                        text.url,
                        text.published_at.map(|at| at.timestamp_millis()),
                        now.timestamp_millis(),
                        baseline,
                        print.hash,
                        i64::try_from(print.chars).unwrap_or(i64::MAX),
                        body
                    ],
                    |row| row.get(0),
                )
            })
            .map(PostId)
            .map_err(sql)
    }

    /// Frees a post's identity for another one until [`Ledger::change_post`] gives it its new one.
    pub fn free_identity(&self, post: PostId) -> Result<(), StoreError> {
        self.db
            .prepare_cached("UPDATE posts SET identity = 'moving:' || id WHERE id = ?1")
            .and_then(|mut change| change.execute([post.0]))
            .map(drop)
            .map_err(sql)
    }

    /// Writes what a post says now.
    pub fn change_post(&self, post: PostId, text: &PostRow<'_>) -> Result<(), StoreError> {
        let published_at = text.published_at.map(|at| at.timestamp_millis());
        self.db
            .prepare_cached(
                "UPDATE posts SET identity = ?2, title = ?3, author = ?4, url = ?5, published_at = ?6 WHERE id = ?1",
            )
            .and_then(|mut change| {
                change.execute((post.0, text.identity, text.title, text.author, text.url, published_at))
            })
            .map_err(sql)?;
        let Some((body, print)) = text.body else { return Ok(()) };
        let chars = i64::try_from(print.chars).unwrap_or(i64::MAX);
        self.db
            .prepare_cached("UPDATE posts SET body_hash = ?2, body_chars = ?3, body = ?4 WHERE id = ?1")
            .and_then(|mut change| change.execute((post.0, print.hash, chars, body)))
            .map(drop)
            .map_err(sql)
    }

    /// Adds an observation, never before the post's last one, and makes it the newest.
    pub fn observe(&self, post: PostId, counts: &Counts, now: Instant) -> Result<(), StoreError> {
        let Counts { reactions, comments, emoji } = counts;
        self.db
            .prepare_cached(
                "INSERT INTO observations (post_id, observed_at, reactions, comments, emoji)
                 VALUES (?1, max(?2, coalesce((SELECT max(observed_at) FROM observations WHERE post_id = ?1), ?2)),
                         ?3, ?4, ?5)",
            )
            .and_then(|mut add| {
                add.execute((post.0, now.timestamp_millis(), reactions, comments, emoji))
            })
            .map_err(sql)?;
        self.db
            .prepare_cached("UPDATE posts SET reactions = ?2, comments = ?3, emoji = ?4 WHERE id = ?1")
            .and_then(|mut change| change.execute((post.0, reactions, comments, emoji)))
            .map(drop)
            .map_err(sql)
    }

    /// Marks a post as no longer listed by its source since that instant, or as listed.
    pub fn set_missing(&self, post: PostId, since: Option<Instant>) -> Result<(), StoreError> {
        self.db
            .prepare_cached("UPDATE posts SET missing_since = ?2 WHERE id = ?1")
            .and_then(|mut change| change.execute((post.0, since.map(|at| at.timestamp_millis()))))
            .map(drop)
            .map_err(sql)
    }
}
