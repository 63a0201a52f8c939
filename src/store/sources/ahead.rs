//! Effect: what a clock that was ahead wrote of a source, and whether it published meanwhile.

use rusqlite::params;

use super::falls_key;
use crate::clock::Instant;
use crate::model::SourceId;
use crate::store::{Ledger, StoreError, sql};

impl Ledger<'_> {
    /// Dates by `now` whatever is dated later: when the source was read, its posts were seen first or last, and counted.
    pub fn bring_back(&self, source: SourceId, now: Instant) -> Result<(), StoreError> {
        for change in [
            "UPDATE sources SET first_read_at = min(first_read_at, ?2), last_read_at = min(last_read_at, ?2)
              WHERE id = ?1",
            "UPDATE posts SET first_seen_at = min(first_seen_at, ?2), missing_since = min(missing_since, ?2)
              WHERE source_id = ?1 AND (first_seen_at > ?2 OR missing_since > ?2)",
            // Of one instant the later row is the newer one.
            "UPDATE observations SET observed_at = ?2
              WHERE observed_at > ?2 AND post_id IN (SELECT id FROM posts WHERE source_id = ?1)",
        ] {
            self.db
                .prepare_cached(change)
                .and_then(|mut change| change.execute(params![source.0, now.timestamp_millis()]))
                .map_err(sql)?;
        }
        self.db
            .prepare_cached("UPDATE meta SET value = ?2 WHERE key = ?1 AND CAST(value AS INTEGER) > ?2")
            .and_then(|mut change| change.execute(params![falls_key(source), now.timestamp_millis()]))
            .map(drop)
            .map_err(sql)
    }

    /// Whether anything of any source is dated after the one and until the other instant: read, seen, counted or written.
    pub fn kept_between(&self, after: Instant, until: Instant) -> Result<bool, StoreError> {
        self.db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM sources WHERE (first_read_at > ?1 AND first_read_at <= ?2)
                                                         OR (last_read_at > ?1 AND last_read_at <= ?2))
                     OR EXISTS (SELECT 1 FROM posts WHERE (first_seen_at > ?1 AND first_seen_at <= ?2)
                                                       OR (missing_since > ?1 AND missing_since <= ?2)
                                                       OR (published_at > ?1 AND published_at <= ?2))
                     OR EXISTS (SELECT 1 FROM observations WHERE observed_at > ?1 AND observed_at <= ?2)",
            )
            .and_then(|mut found| {
                found.query_row((after.timestamp_millis(), until.timestamp_millis()), |row| row.get(0))
            })
            .map_err(sql)
    }

    /// Whether any digest published later than that.
    pub fn published_after(&self, at: Instant) -> Result<bool, StoreError> {
        self.db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM editions WHERE state <> 'skipped' AND frozen_at > ?1)",
            )
            .and_then(|mut found| found.query_row([at.timestamp_millis()], |row| row.get(0)))
            .map_err(sql)
    }
}
