//! Effect: what choosing reads: candidates with their counts then and now, and what the digest published before.

use rusqlite::{OptionalExtension, Row, params};

use super::WENT_OUT;
use crate::clock::{Instant, from_millis};
use crate::model::canonical::canonical;
use crate::model::post::{Emoji, Reactions};
use crate::model::{PostId, SourceId};
use crate::select::{Candidate, Issued, Tally};
use crate::store::posts::Moved;
use crate::store::{Ledger, StoreError, sql};

/// The last edition of a digest that went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastEdition {
    /// 제N호.
    pub number: i64,
    /// Where its window ended and the next begins.
    pub cutoff_at: Instant,
    /// Title of its first post, as issued.
    pub lead: Option<String>,
}

/// What a letter shows of a post beyond its counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostText {
    /// Title now.
    pub title: String,
    /// Author, where known.
    pub author: Option<String>,
    /// Address, where known.
    pub url: Option<String>,
    /// Plain-text body.
    pub body: String,
    /// Publication time, where known.
    pub published_at: Option<Instant>,
}

/// Each post's newest observation at or before an instant: one index seek per post.
fn newest_until(instant: &str) -> String {
    format!(
        "(SELECT o.id FROM observations o WHERE o.post_id = p.id AND o.observed_at <= {instant}
           ORDER BY o.observed_at DESC, o.id DESC LIMIT 1)"
    )
}

fn tally(row: &Row<'_>, from: usize) -> rusqlite::Result<Option<Tally>> {
    let Some(total) = row.get::<_, Option<i64>>(from)? else { return Ok(None) };
    let comments: i64 = row.get(from + 1)?;
    let emoji = row.get_ref(from + 2)?.as_str()?;
    let emoji: Vec<Emoji> = match emoji {
        "[]" => Vec::new(),
        text => serde_json::from_str(text).map_err(|cause| {
            rusqlite::Error::FromSqlConversionFailure(from + 2, rusqlite::types::Type::Text, Box::new(cause))
        })?,
    };
    let count = |value: i64| u64::try_from(value).unwrap_or(0);
    Ok(Some(Tally { reactions: Reactions { total: count(total), emoji }, comments: count(comments) }))
}

fn candidate(row: &Row<'_>, moved: &Moved) -> rusqlite::Result<Candidate> {
    let issued = match (row.get::<_, Option<i64>>(10)?, row.get::<_, Option<i64>>(11)?) {
        (Some(number), Some(at)) => Some(Issued { number, at: from_millis(at) }),
        _ => None,
    };
    Ok(Candidate {
        post: PostId(row.get(0)?),
        source: SourceId(row.get(1)?),
        title: row.get(2)?,
        address: row.get::<_, Option<String>>(18)?.map(|url| moved.now(&canonical(&url)).to_owned()),
        ingest_order: row.get(3)?,
        published_at: row.get::<_, Option<i64>>(4)?.map(from_millis),
        first_seen_at: from_millis(row.get(5)?),
        baseline: row.get(6)?,
        missing: row.get(7)?,
        hidden: row.get(8)?,
        pinned: row.get(9)?,
        issued,
        now: tally(row, 12)?.unwrap_or_default(),
        before: tally(row, 15)?,
    })
}

impl Ledger<'_> {
    /// The digest's last edition that went out, among those cut off by `at`.
    pub fn last_published(&self, digest: &str, at: Instant) -> Result<Option<LastEdition>, StoreError> {
        let text = format!(
            "SELECT e.number, e.cutoff_at,
                    (SELECT ep.title FROM edition_posts ep WHERE ep.edition_id = e.id ORDER BY ep.position LIMIT 1)
               FROM editions e WHERE e.digest = ?1 AND e.cutoff_at <= ?2 AND {WENT_OUT}
              ORDER BY e.number DESC LIMIT 1"
        );
        let mut statement = self.db.prepare_cached(&text).map_err(sql)?;
        statement
            .query_row(params![digest, at.timestamp_millis()], |row| {
                Ok(LastEdition {
                    number: row.get(0)?,
                    cutoff_at: from_millis(row.get(1)?),
                    lead: row.get(2)?,
                })
            })
            .optional()
            .map_err(sql)
    }

    /// When the first source was first read: what was there then is the baseline. None before that.
    pub fn baseline_at(&self) -> Result<Option<Instant>, StoreError> {
        self.db
            .prepare_cached("SELECT MIN(first_seen_at) FROM posts WHERE baseline = 1")
            .and_then(|mut statement| statement.query_row([], |row| row.get::<_, Option<i64>>(0)))
            .map(|millis| millis.map(from_millis))
            .map_err(sql)
    }

    /// Every post first seen by `at`, with its counts at `at` and at `from`, and whether this digest issued it. What a
    /// source listed at its first ingest is compared with that, where this was after `from`. Without `from` there are
    /// no counts to compare with.
    pub fn candidates(
        &self,
        digest: &str,
        from: Option<Instant>,
        at: Instant,
    ) -> Result<Vec<Candidate>, StoreError> {
        let text = format!(
            "WITH issued AS MATERIALIZED (
               SELECT ep.post_id, MAX(e.number) AS number, MAX(e.frozen_at) AS at
                 FROM editions e JOIN edition_posts ep ON ep.edition_id = e.id
                WHERE e.digest = ?1 AND e.cutoff_at <= ?3 AND {WENT_OUT} GROUP BY ep.post_id)
             SELECT p.id, p.source_id, p.title, p.ingest_order, p.published_at, p.first_seen_at, p.baseline,
                    p.missing_since IS NOT NULL AND p.missing_since <= ?3,
                    p.hidden_at IS NOT NULL, p.pinned_at IS NOT NULL, i.number, i.at,
                    COALESCE(n.reactions, p.reactions), COALESCE(n.comments, p.comments), COALESCE(n.emoji, p.emoji),
                    b.reactions, b.comments, b.emoji,
                    CASE WHEN (SELECT count(*) FROM sources) > 1 THEN p.url END
               FROM posts p
               LEFT JOIN issued i ON i.post_id = p.id
               LEFT JOIN observations n ON n.id = {now}
               LEFT JOIN observations b ON ?2 IS NOT NULL AND b.id = {before}
              WHERE p.first_seen_at <= ?3",
            now = newest_until("?3"),
            before = newest_until("(CASE WHEN p.baseline = 1 THEN MAX(p.first_seen_at, ?2) ELSE ?2 END)"),
        );
        let mut statement = self.db.prepare_cached(&text).map_err(sql)?;
        let from = from.map(|from| from.timestamp_millis());
        let moved = self.moved_posts()?;
        let rows = statement
            .query_map(params![digest, from, at.timestamp_millis()], |row| candidate(row, &moved))
            .map_err(sql)?;
        rows.collect::<Result<_, _>>().map_err(sql)
    }

    /// A post's text, none if there is no such post.
    pub fn post_text(&self, post: PostId) -> Result<Option<PostText>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT title, author, url, body, published_at FROM posts WHERE id = ?1")
            .map_err(sql)?;
        statement
            .query_row([post.0], |row| {
                Ok(PostText {
                    title: row.get(0)?,
                    author: row.get(1)?,
                    url: row.get(2)?,
                    body: row.get(3)?,
                    published_at: row.get::<_, Option<i64>>(4)?.map(from_millis),
                })
            })
            .optional()
            .map_err(sql)
    }
}
