//! Effect: editions as the operator sees them, and the changes of state made by hand.

use rusqlite::{OptionalExtension, Row, ToSql, params};

use crate::clock::{Instant, from_millis};
use crate::model::delivery::DeliveryState;
use crate::model::edition::{Content, Edition, EditionPost, EditionState, SectionKind};
use crate::model::{EditionId, PostId};
use crate::store::{Ledger, StoreError, sql};

/// An edition with its recipients by delivery state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditionOverview {
    /// The edition.
    pub edition: Edition,
    /// All deliveries.
    pub recipients: i64,
    /// Deliveries in each state, in the order of [`DeliveryState::ALL`].
    pub counts: [i64; 9],
}

/// What came of a change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateChange {
    /// Done.
    Changed,
    /// There is no such edition.
    NoSuchEdition,
    /// The edition's state does not allow it.
    Refused(EditionState),
}

const COLUMNS: &str = "e.id, e.digest, e.number, e.slot_at, e.state, e.reason, e.cutoff_at, e.frozen_at";

fn word<T>(column: usize, parsed: Option<T>) -> rusqlite::Result<T> {
    parsed.ok_or_else(|| {
        rusqlite::Error::InvalidColumnType(column, "unknown word".to_owned(), rusqlite::types::Type::Text)
    })
}

fn edition(row: &Row<'_>) -> rusqlite::Result<Edition> {
    Ok(Edition {
        id: EditionId(row.get(0)?),
        digest: row.get(1)?,
        number: row.get(2)?,
        slot_at: from_millis(row.get(3)?),
        state: word(4, EditionState::parse(row.get_ref(4)?.as_str()?))?,
        reason: row.get(5)?,
        cutoff_at: from_millis(row.get(6)?),
        frozen_at: from_millis(row.get(7)?),
    })
}

impl Ledger<'_> {
    /// One edition, or none.
    pub fn edition(&self, id: EditionId) -> Result<Option<Edition>, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM editions e WHERE e.id = ?1");
        let mut statement = self.db.prepare_cached(&text).map_err(sql)?;
        statement.query_row([id.0], edition).optional().map_err(sql)
    }

    /// An edition's content; none for a skipped slot.
    pub fn edition_content(&self, id: EditionId) -> Result<Option<Content>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT subject, preheader, html, text FROM editions WHERE id = ?1 AND html IS NOT NULL",
            )
            .map_err(sql)?;
        statement
            .query_row([id.0], |row| {
                Ok(Content {
                    subject: row.get(0)?,
                    preheader: row.get(1)?,
                    html: row.get(2)?,
                    text: row.get(3)?,
                })
            })
            .optional()
            .map_err(sql)
    }

    /// An edition's posts in order.
    pub fn edition_posts(&self, id: EditionId) -> Result<Vec<EditionPost>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT post_id, section, position, score, why, title FROM edition_posts
                  WHERE edition_id = ?1 ORDER BY position",
            )
            .map_err(sql)?;
        let rows = statement
            .query_map([id.0], |row| {
                Ok(EditionPost {
                    post: PostId(row.get(0)?),
                    section: word(1, SectionKind::parse(row.get_ref(1)?.as_str()?))?,
                    position: row.get(2)?,
                    score: row.get(3)?,
                    why: row.get(4)?,
                    title: row.get(5)?,
                })
            })
            .map_err(sql)?;
        rows.collect::<Result<_, _>>().map_err(sql)
    }

    /// The editions whose letters are on their way.
    pub fn editions_sending(&self) -> Result<Vec<EditionId>, StoreError> {
        let query = "SELECT id FROM editions WHERE state = 'sending' ORDER BY id";
        let mut statement = self.db.prepare_cached(query).map_err(sql)?;
        let rows = statement.query_map([], |row| row.get(0).map(EditionId)).map_err(sql)?;
        rows.collect::<Result<_, _>>().map_err(sql)
    }

    /// Editions and skipped slots, newest first: of one digest, or of all.
    pub fn editions(&self, digest: Option<&str>) -> Result<Vec<EditionOverview>, StoreError> {
        self.overviews("?1 IS NULL OR e.digest = ?1", &[&digest])
    }

    /// The digest's `limit` newest editions and skipped slots, newest first.
    pub fn recent_editions(&self, digest: &str, limit: usize) -> Result<Vec<EditionOverview>, StoreError> {
        let newest =
            "e.id IN (SELECT id FROM editions WHERE digest = ?1 ORDER BY slot_at DESC, id DESC LIMIT ?2)";
        self.overviews(newest, &[&digest, &i64::try_from(limit).unwrap_or(i64::MAX)])
    }

    /// One edition with its counts, or none.
    pub fn edition_overview(&self, id: EditionId) -> Result<Option<EditionOverview>, StoreError> {
        self.overviews("e.id = ?1", &[&id.0]).map(|found| found.into_iter().next())
    }

    fn overviews(&self, condition: &str, values: &[&dyn ToSql]) -> Result<Vec<EditionOverview>, StoreError> {
        let counts: Vec<String> = DeliveryState::ALL
            .iter()
            .map(|state| format!("COUNT(CASE d.state WHEN '{}' THEN 1 END)", state.as_str()))
            .collect();
        let text = format!(
            "SELECT {COLUMNS}, COUNT(d.id), {} FROM editions e LEFT JOIN deliveries d ON d.edition_id = e.id
              WHERE {condition} GROUP BY e.id ORDER BY e.slot_at DESC, e.id DESC",
            counts.join(", ")
        );
        let mut statement = self.db.prepare_cached(&text).map_err(sql)?;
        let rows = statement
            .query_map(values, |row| {
                let mut counts = [0; 9];
                for (column, count) in (9..).zip(&mut counts) {
                    *count = row.get(column)?;
                }
                Ok(EditionOverview { edition: edition(row)?, recipients: row.get(8)?, counts })
            })
            .map_err(sql)?;
        rows.collect::<Result<_, _>>().map_err(sql)
    }

    /// Holds an edition that is being sent.
    pub fn pause_edition(&self, id: EditionId, reason: &str) -> Result<StateChange, StoreError> {
        self.change_edition(id, EditionState::Paused, Some(reason), &[EditionState::Sending])
    }

    /// Goes on with a held edition.
    pub fn resume_edition(&self, id: EditionId) -> Result<StateChange, StoreError> {
        self.change_edition(id, EditionState::Sending, None, &[EditionState::Paused])
    }

    /// Stops an edition for good: what has not begun to leave is suppressed. Leases on those rows are lost by the
    /// epoch; a message already on the wire ends as it ends.
    pub fn cancel_edition(
        &self,
        id: EditionId,
        reason: &str,
        now: Instant,
    ) -> Result<StateChange, StoreError> {
        let from = [EditionState::Sending, EditionState::Paused];
        let change = self.change_edition(id, EditionState::Cancelled, Some(reason), &from)?;
        if change == StateChange::Changed {
            self.db
                .prepare_cached(
                    "UPDATE deliveries SET state = 'suppressed', epoch = epoch + 1, lease_until = NULL,
                            last_reply = ?2, changed_at = ?3
                      WHERE edition_id = ?1 AND state IN ('queued', 'leased', 'deferred')",
                )
                .and_then(|mut statement| statement.execute(params![id.0, reason, now.timestamp_millis()]))
                .map_err(sql)?;
        }
        Ok(change)
    }

    fn change_edition(
        &self,
        id: EditionId,
        to: EditionState,
        reason: Option<&str>,
        from: &[EditionState],
    ) -> Result<StateChange, StoreError> {
        let Some(found) = self.edition(id)? else { return Ok(StateChange::NoSuchEdition) };
        if !from.contains(&found.state) {
            return Ok(StateChange::Refused(found.state));
        }
        self.db
            .prepare_cached("UPDATE editions SET state = ?2, reason = ?3 WHERE id = ?1")
            .and_then(|mut statement| statement.execute(params![id.0, to.as_str(), reason]))
            .map_err(sql)?;
        Ok(StateChange::Changed)
    }
}
