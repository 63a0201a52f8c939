//! Effect: sources: what is known of each, when it was read, and how its failures stand.

mod ahead;

use rusqlite::{OptionalExtension, Row};

use super::{Ledger, StoreError, sql};
use crate::clock::{Instant, from_millis};
use crate::model::SourceId;

/// A source as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// Its row.
    pub id: SourceId,
    /// Its configured name.
    pub name: String,
    /// The blog's title, as last read.
    pub title: Option<String>,
    /// Its description, as last read.
    pub description: Option<String>,
    /// The first successful reading.
    pub first_read_at: Option<Instant>,
    /// The last successful reading.
    pub last_read_at: Option<Instant>,
    /// What the two marks below are of: format and location, as [`Ledger::put_validators`] was told.
    pub validators_of: Option<String>,
    /// `ETag` of the last successful reading.
    pub etag: Option<String>,
    /// `Last-Modified` of the last successful reading.
    pub last_modified: Option<String>,
    /// Since when every reading has failed.
    pub failing_since: Option<Instant>,
    /// How many readings have failed since.
    pub failures: u64,
    /// What the last of them said.
    pub last_error: Option<String>,
}

const COLUMNS: &str = "id, name, title, description, first_read_at, last_read_at, etag, last_modified,
                       failing_since, failures, last_error, validators_of";

impl Ledger<'_> {
    /// The source of that name; none if it was never read nor tried.
    pub fn source_state(&self, name: &str) -> Result<Option<SourceState>, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM sources WHERE name = ?1");
        self.db
            .prepare_cached(&text)
            .and_then(|mut found| found.query_row([name], state).optional())
            .map_err(sql)
    }

    /// All sources that were ever read or tried, by name.
    pub fn sources(&self) -> Result<Vec<SourceState>, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM sources ORDER BY name");
        self.db.prepare_cached(&text).and_then(|mut found| found.query_map([], state)?.collect()).map_err(sql)
    }

    /// Records a successful reading, makes the source's row if there is none, and ends its failures. A title or
    /// description that was not read stays as it was.
    pub fn source_read(
        &self,
        name: &str,
        title: Option<&str>,
        description: Option<&str>,
        now: Instant,
    ) -> Result<SourceId, StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO sources (name, title, description, first_read_at, last_read_at)
                 VALUES (?1, ?2, ?3, ?4, ?4)
                 ON CONFLICT (name) DO UPDATE SET
                   title = coalesce(excluded.title, title), description = coalesce(excluded.description, description),
                   first_read_at = coalesce(first_read_at, excluded.first_read_at),
                   last_read_at = excluded.last_read_at, failing_since = NULL, failures = 0, last_error = NULL
                 RETURNING id",
            )
            .and_then(|mut put| {
                put.query_row((name, title, description, now.timestamp_millis()), |row| row.get(0))
            })
            .map(SourceId)
            .map_err(sql)
    }

    /// Records that the source answered "not modified": read, nothing new. Its failures end.
    pub fn source_unchanged(&self, name: &str, now: Instant) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE sources SET last_read_at = max(?2, coalesce(last_read_at, ?2)), failing_since = NULL,
                        failures = 0, last_error = NULL WHERE name = ?1",
            )
            .and_then(|mut put| put.execute((name, now.timestamp_millis())))
            .map(drop)
            .map_err(sql)
    }

    /// Records a failed reading.
    pub fn source_failed(&self, name: &str, error: &str, now: Instant) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO sources (name, failing_since, failures, last_error) VALUES (?1, ?2, 1, ?3)
                 ON CONFLICT (name) DO UPDATE SET
                   failing_since = coalesce(failing_since, excluded.failing_since),
                   failures = failures + 1, last_error = excluded.last_error",
            )
            .and_then(|mut put| put.execute((name, now.timestamp_millis(), error)))
            .map(drop)
            .map_err(sql)
    }

    /// Since when the counts of a source's posts have fallen in a way that is held back.
    pub fn falls_since(&self, source: SourceId) -> Result<Option<Instant>, StoreError> {
        let text: Option<String> = self
            .db
            .prepare_cached("SELECT value FROM meta WHERE key = ?1")
            .and_then(|mut found| found.query_row([falls_key(source)], |row| row.get(0)).optional())
            .map_err(sql)?;
        Ok(text.and_then(|millis| millis.parse().ok()).map(from_millis))
    }

    /// Keeps that instant; none: nothing is held back any more.
    pub fn put_falls_since(&self, source: SourceId, since: Option<Instant>) -> Result<(), StoreError> {
        let key = falls_key(source);
        let put = match since {
            Some(since) => self
                .db
                .prepare_cached(
                    "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                )
                .and_then(|mut put| put.execute((key, since.timestamp_millis().to_string()))),
            None => self
                .db
                .prepare_cached("DELETE FROM meta WHERE key = ?1")
                .and_then(|mut gone| gone.execute([key])),
        };
        put.map(drop).map_err(sql)
    }

    /// Keeps what the next conditional reading of `place` (format and location) asks with; none forgets it.
    pub fn put_validators(
        &self,
        name: &str,
        place: &str,
        etag: Option<&str>,
        last_modified: Option<&str>,
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE sources SET etag = ?2, last_modified = ?3, validators_of = ?4 WHERE name = ?1",
            )
            .and_then(|mut put| put.execute((name, etag, last_modified, place)))
            .map(drop)
            .map_err(sql)
    }
}

fn falls_key(source: SourceId) -> String {
    format!("falls:{}", source.0)
}

fn state(row: &Row<'_>) -> rusqlite::Result<SourceState> {
    let instant =
        |column: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(from_millis));
    Ok(SourceState {
        id: SourceId(row.get(0)?),
        name: row.get(1)?,
        title: row.get(2)?,
        description: row.get(3)?,
        first_read_at: instant(4)?,
        last_read_at: instant(5)?,
        etag: row.get(6)?,
        last_modified: row.get(7)?,
        failing_since: instant(8)?,
        failures: u64::try_from(row.get::<_, i64>(9)?).unwrap_or(0),
        last_error: row.get(10)?,
        validators_of: row.get(11)?,
    })
}
