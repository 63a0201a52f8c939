//! Effect: posts as lists and commands show them, and the operator's marks: pinned, hidden.

use rusqlite::{OptionalExtension, Row, params};

use crate::clock::{Instant, from_millis};
use crate::model::post::{Emoji, Observation, Post, Reactions};
use crate::model::{PostId, SourceId};
use crate::store::{Ledger, StoreError, sql};

/// Which posts a list holds. The default is all that their sources list now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostFilter {
    /// Only this source's.
    pub source: Option<String>,
    /// Those that their source no longer lists, too.
    pub missing: bool,
    /// Not the hidden ones.
    pub visible: bool,
    /// At most this many.
    pub limit: Option<usize>,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PostOrder {
    /// The newest first.
    #[default]
    Newest,
    /// Most reactions first, then most comments, then the newest.
    Reactions,
}

/// A post as a list shows it: without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPost {
    /// Row.
    pub id: PostId,
    /// Its source's name.
    pub source: String,
    /// Title.
    pub title: String,
    /// Author, where known.
    pub author: Option<String>,
    /// Address, where known.
    pub url: Option<String>,
    /// Publication time, where known.
    pub published_at: Option<Instant>,
    /// When it was first seen here.
    pub first_seen_at: Instant,
    /// Since when its source no longer lists it.
    pub missing_since: Option<Instant>,
    /// Hidden by the operator.
    pub hidden: bool,
    /// Pinned by the operator.
    pub pinned: bool,
    /// Reactions, as last seen.
    pub reactions: Reactions,
    /// Comments, as last seen.
    pub comments: u64,
}

const LISTED: &str =
    "p.id, s.name, p.title, p.author, p.url, p.published_at, p.first_seen_at, p.missing_since,
                      p.hidden_at IS NOT NULL, p.pinned_at IS NOT NULL, p.reactions, p.comments, p.emoji";

/// Without a date of its own, a post is as old as its first sight, one of the baseline as old as that; a date in the
/// future does not make a post newer than it is.
const NEWEST: &str =
    "coalesce(min(p.published_at, p.first_seen_at), CASE WHEN p.baseline = 1 THEN s.first_read_at END,
                               p.first_seen_at) DESC, p.ingest_order DESC, p.id DESC";

impl Ledger<'_> {
    /// The posts that the filter lets through.
    pub fn posts(&self, filter: &PostFilter, order: PostOrder) -> Result<Vec<ListedPost>, StoreError> {
        let first = match order {
            PostOrder::Newest => "",
            PostOrder::Reactions => "p.reactions DESC, p.comments DESC, ",
        };
        let text = format!(
            "SELECT {LISTED} FROM posts p JOIN sources s ON s.id = p.source_id
              WHERE (?1 IS NULL OR s.name = ?1) AND (?2 OR p.missing_since IS NULL)
                AND NOT (?3 AND p.hidden_at IS NOT NULL)
              ORDER BY {first}{NEWEST} LIMIT ?4"
        );
        let limit = filter.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
        let mut list = self.db.prepare_cached(&text).map_err(sql)?;
        let rows = list.query_map(params![filter.source, filter.missing, filter.visible, limit], listed);
        rows.and_then(Iterator::collect).map_err(sql)
    }

    /// A post of that row as a list shows it.
    pub fn listed_post(&self, id: PostId) -> Result<Option<ListedPost>, StoreError> {
        let text =
            format!("SELECT {LISTED} FROM posts p JOIN sources s ON s.id = p.source_id WHERE p.id = ?1");
        self.db
            .prepare_cached(&text)
            .and_then(|mut found| found.query_row([id.0], listed).optional())
            .map_err(sql)
    }

    /// The post of that row, whole.
    pub fn post(&self, id: PostId) -> Result<Option<Post>, StoreError> {
        let Some(listed) = self.listed_post(id)? else { return Ok(None) };
        let mut found = self
            .db
            .prepare_cached(
                "SELECT source_id, identity, ingest_order, baseline, body FROM posts WHERE id = ?1",
            )
            .map_err(sql)?;
        found
            .query_row([id.0], |row| {
                Ok(Post {
                    id: listed.id,
                    source_id: SourceId(row.get(0)?),
                    source: listed.source,
                    identity: row.get(1)?,
                    ingest_order: row.get(2)?,
                    title: listed.title,
                    author: listed.author,
                    url: listed.url,
                    body: row.get(4)?,
                    published_at: listed.published_at,
                    first_seen_at: listed.first_seen_at,
                    baseline: row.get(3)?,
                    missing_since: listed.missing_since,
                    hidden: listed.hidden,
                    pinned: listed.pinned,
                    reactions: listed.reactions,
                    comments: listed.comments,
                })
            })
            .optional()
            .map_err(sql)
    }

    /// A post's observations, the oldest first.
    pub fn observations(&self, post: PostId) -> Result<Vec<Observation>, StoreError> {
        let mut list = self
            .db
            .prepare_cached(
                "SELECT observed_at, reactions, comments, emoji FROM observations WHERE post_id = ?1
                  ORDER BY observed_at, id",
            )
            .map_err(sql)?;
        let rows = list.query_map([post.0], |row| {
            Ok(Observation {
                post,
                observed_at: from_millis(row.get(0)?),
                reactions: Reactions { total: count(row, 1)?, emoji: emoji(row, 3)? },
                comments: count(row, 2)?,
            })
        });
        rows.and_then(Iterator::collect).map_err(sql)
    }

    /// Pins a post, or unpins it. False if there is no such post.
    pub fn set_pinned(&self, post: PostId, since: Option<Instant>) -> Result<bool, StoreError> {
        self.mark("pinned_at", post, since)
    }

    /// Hides a post from all editions to come, or shows it again. False if there is no such post.
    pub fn set_hidden(&self, post: PostId, since: Option<Instant>) -> Result<bool, StoreError> {
        self.mark("hidden_at", post, since)
    }

    fn mark(&self, column: &str, post: PostId, since: Option<Instant>) -> Result<bool, StoreError> {
        // Marking twice keeps the first instant.
        let text = format!(
            "UPDATE posts SET {column} = CASE WHEN ?2 IS NULL THEN NULL ELSE coalesce({column}, ?2) END WHERE id = ?1"
        );
        self.db
            .prepare_cached(&text)
            .and_then(|mut change| change.execute((post.0, since.map(|at| at.timestamp_millis()))))
            .map(|rows| rows > 0)
            .map_err(sql)
    }
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

fn emoji(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<Emoji>> {
    match row.get_ref(column)?.as_str()? {
        "[]" => Ok(Vec::new()),
        text => serde_json::from_str(text).map_err(|cause| {
            rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(cause))
        }),
    }
}

fn listed(row: &Row<'_>) -> rusqlite::Result<ListedPost> {
    let instant =
        |column: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(from_millis));
    Ok(ListedPost {
        id: PostId(row.get(0)?),
        source: row.get(1)?,
        title: row.get(2)?,
        author: row.get(3)?,
        url: row.get(4)?,
        published_at: instant(5)?,
        first_seen_at: from_millis(row.get(6)?),
        missing_since: instant(7)?,
        hidden: row.get(8)?,
        pinned: row.get(9)?,
        reactions: Reactions { total: count(row, 10)?, emoji: emoji(row, 12)? },
        comments: count(row, 11)?,
    })
}
