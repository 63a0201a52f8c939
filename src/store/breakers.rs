//! Effect: what is held back, why, and until when.

use rusqlite::{Row, params};

use super::{Ledger, StoreError, sql};
use crate::clock::{Instant, from_millis};

/// Something that is held back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// `auth`, `relay` or `destination:DOMAIN`.
    pub name: String,
    /// Since when.
    pub opened_at: Instant,
    /// When it is tried again; none: a person has to say so.
    pub retry_at: Option<Instant>,
    /// How often in a row it opened.
    pub failures: i64,
    /// Why, for the operator.
    pub reason: String,
}

impl Breaker {
    /// Whether nothing may pass at `now`.
    pub fn holds(&self, now: Instant) -> bool {
        self.retry_at.is_none_or(|at| at > now)
    }
}

fn breaker(row: &Row<'_>) -> rusqlite::Result<Breaker> {
    Ok(Breaker {
        name: row.get(0)?,
        opened_at: from_millis(row.get(1)?),
        retry_at: row.get::<_, Option<i64>>(2)?.map(from_millis),
        failures: row.get(3)?,
        reason: row.get(4)?,
    })
}

impl Ledger<'_> {
    /// All breakers, by name.
    pub fn breakers(&self) -> Result<Vec<Breaker>, StoreError> {
        self.db
            .prepare_cached("SELECT name, opened_at, retry_at, failures, reason FROM breakers ORDER BY name")
            .and_then(|mut list| list.query_map([], breaker)?.collect())
            .map_err(sql)
    }

    /// Opens a breaker, or holds on to it. One that waits for a person goes on waiting.
    pub fn open_breaker(&self, new: &Breaker) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO breakers (name, opened_at, retry_at, failures, reason) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (name) DO UPDATE SET failures = excluded.failures, reason = excluded.reason,
                   retry_at = CASE WHEN retry_at IS NULL THEN NULL ELSE excluded.retry_at END",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    new.name,
                    new.opened_at.timestamp_millis(),
                    new.retry_at.map(|at| at.timestamp_millis()),
                    new.failures,
                    new.reason,
                ])
            })
            .map(drop)
            .map_err(sql)
    }

    /// Closes a breaker: what it held is tried again. False if it was not open.
    pub fn close_breaker(&self, name: &str) -> Result<bool, StoreError> {
        self.db
            .prepare_cached("DELETE FROM breakers WHERE name = ?1")
            .and_then(|mut delete| delete.execute([name]))
            .map(|rows| rows > 0)
            .map_err(sql)
    }

    /// Lets breakers that wait for a person be tried again from `now` on: a person asked for it.
    pub fn retry_breakers(&self, now: Instant) -> Result<u64, StoreError> {
        self.db
            .prepare_cached("UPDATE breakers SET retry_at = ?1 WHERE name IN ('auth', 'relay')")
            .and_then(|mut update| update.execute([now.timestamp_millis()]))
            .map(|rows| rows as u64)
            .map_err(sql)
    }

    /// Held destinations with the end of their hold, in milliseconds.
    pub(super) fn held_destinations(&self, now: Instant) -> Result<Vec<(String, i64)>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT substr(name, 13), coalesce(retry_at, ?2) FROM breakers
                  WHERE name LIKE 'destination:%' AND (retry_at IS NULL OR retry_at > ?1)",
            )
            .and_then(|mut list| {
                let far = now.timestamp_millis() + 8 * 3_600_000;
                list.query_map((now.timestamp_millis(), far), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .map_err(sql)
    }
}
