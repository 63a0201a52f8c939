//! Effect: editions as the operator sees them, and the changes of state made by hand.

use rusqlite::{OptionalExtension, Row, params};

use crate::clock::{Instant, from_millis};
use crate::model::edition::{Content, Edition, EditionPost, EditionState, SectionKind};
use crate::model::{EditionId, PostId};
use crate::store::deliveries::Whose;
use crate::store::{Ledger, StoreError, sql};

/// An edition as the public archive lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedEdition {
    /// The digest's name.
    pub digest: String,
    /// 제N호.
    pub number: i64,
    /// The slot: the day the letter carries.
    pub slot_at: Instant,
    /// When it was published.
    pub frozen_at: Instant,
    /// Subject, decoded.
    pub subject: String,
    /// Preheader.
    pub preheader: String,
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

/// What the public sees: not the skipped, the held, the cancelled.
const ARCHIVED: &str = "number IS NOT NULL AND state IN ('sending', 'done')";

pub(in crate::store) const COLUMNS: &str =
    "e.id, e.digest, e.number, e.slot_at, e.state, e.reason, e.cutoff_at, e.frozen_at";

fn word<T>(column: usize, parsed: Option<T>) -> rusqlite::Result<T> {
    parsed.ok_or_else(|| {
        rusqlite::Error::InvalidColumnType(column, "unknown word".to_owned(), rusqlite::types::Type::Text)
    })
}

pub(in crate::store) fn edition(row: &Row<'_>) -> rusqlite::Result<Edition> {
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

fn archived(row: &Row<'_>) -> rusqlite::Result<ArchivedEdition> {
    let text = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<String>>(column)?.unwrap_or_default());
    Ok(ArchivedEdition {
        digest: row.get(0)?,
        number: row.get(1)?,
        slot_at: from_millis(row.get(2)?),
        frozen_at: from_millis(row.get(3)?),
        subject: text(4)?,
        preheader: text(5)?,
    })
}

impl Ledger<'_> {
    /// The digests that have an edition for the public, by name.
    pub fn archived_digests(&self) -> Result<Vec<String>, StoreError> {
        let query = format!("SELECT DISTINCT digest FROM editions WHERE {ARCHIVED} ORDER BY digest");
        let mut statement = self.db.prepare_cached(&query).map_err(sql)?;
        let rows = statement.query_map([], |row| row.get(0)).map_err(sql)?;
        rows.collect::<Result<_, _>>().map_err(sql)
    }

    /// The digest's editions for the public, newest first: at most `limit`, with numbers below `before`.
    pub fn archived_editions(
        &self,
        digest: &str,
        before: i64,
        limit: usize,
    ) -> Result<Vec<ArchivedEdition>, StoreError> {
        let query = format!(
            "SELECT digest, number, slot_at, frozen_at, subject, preheader FROM editions
              WHERE digest = ?1 AND number < ?2 AND {ARCHIVED} ORDER BY number DESC LIMIT ?3"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut statement = self.db.prepare_cached(&query).map_err(sql)?;
        let rows = statement.query_map(params![digest, before, limit], archived).map_err(sql)?;
        rows.collect::<Result<_, _>>().map_err(sql)
    }

    /// The HTML, with slot markers, of an edition for the public; none where there is no such one.
    pub fn archived_html(&self, digest: &str, number: i64) -> Result<Option<String>, StoreError> {
        let query = format!("SELECT html FROM editions WHERE digest = ?1 AND number = ?2 AND {ARCHIVED}");
        let mut statement = self.db.prepare_cached(&query).map_err(sql)?;
        statement.query_row(params![digest, number], |row| row.get(0)).optional().map_err(sql)
    }

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

    /// Holds an edition that is being sent.
    pub fn pause_edition(&self, id: EditionId, reason: &str) -> Result<StateChange, StoreError> {
        self.change_edition(id, EditionState::Paused, Some(reason), &[EditionState::Sending])
    }

    /// Goes on with a held edition.
    pub fn resume_edition(&self, id: EditionId) -> Result<StateChange, StoreError> {
        let change = self.change_edition(id, EditionState::Sending, None, &[EditionState::Paused])?;
        if change == StateChange::Changed {
            self.forget_hold(id)?;
        }
        Ok(change)
    }

    /// Stops an edition for good: what has not begun to leave ends; a message already on the wire ends as it ends.
    pub fn cancel_edition(
        &self,
        id: EditionId,
        reason: &str,
        now: Instant,
    ) -> Result<StateChange, StoreError> {
        let from = [EditionState::Sending, EditionState::Paused];
        let change = self.change_edition(id, EditionState::Cancelled, Some(reason), &from)?;
        if change == StateChange::Changed {
            self.end_unbegun(Whose::Edition(id), Some(reason), now)?;
            self.end_cancelled(now)?;
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
