//! Effect: corrections: an edition of its own, for those alone who may hold the one it corrects.

use rusqlite::{OptionalExtension, params};

use super::{Audience, NewEdition};
use crate::clock::Instant;
use crate::model::EditionId;
use crate::model::edition::{Content, EditionState};
use crate::store::deliveries::LAST_WORD;
use crate::store::{Ledger, StoreError, sql};

/// A correction about to be queued, already rendered.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCorrection {
    /// The edition it corrects.
    pub of: EditionId,
    /// What it says.
    pub content: Content,
    /// Now.
    pub at: Instant,
}

/// What came of a correction. All but the first leave the store as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Corrected {
    /// Queued.
    Queued {
        /// Its row.
        edition: EditionId,
        /// Its number.
        number: i64,
        /// How many deliveries were queued.
        recipients: u64,
    },
    /// There is no such edition, or it is a skipped slot.
    NoSuchEdition,
    /// This edition of the digest is on its way or held: a newer number would end what it still has to send.
    Unfinished(EditionId),
    /// The same words went out, or are going out, as this edition.
    Again(EditionId),
    /// Nobody who may have received it has the subscription still.
    NoAudience,
}

impl Ledger<'_> {
    /// Freezes a correction: row, content, and a queued delivery for everyone whose copy of the corrected edition was
    /// sent, or may have been, and who still has the subscription. It takes the digest's next number and its last
    /// cut-off, and stands a few milliseconds after the slot it corrects: neither the next edition's window nor the
    /// schedule moves.
    pub fn correct(&self, new: &NewCorrection) -> Result<Corrected, StoreError> {
        let found = self.edition(new.of)?.filter(|edition| edition.state != EditionState::Skipped);
        let Some(of) = found else { return Ok(Corrected::NoSuchEdition) };
        if let Some(open) = self.unfinished_edition(&of.digest)? {
            return Ok(Corrected::Unfinished(open));
        }
        if let Some(same) = self.edition_with(&of.digest, &new.content)? {
            return Ok(Corrected::Again(same));
        }
        // One that was cancelled half-way may go again, but to nobody who has these words already.
        let words = &new.content;
        // A monthly edition is for subscribers of another digest.
        let best_of = self.best_of(of.id)?;
        let subscribed = best_of.as_ref().unwrap_or(&of.digest);
        let audience = format!(
            "FROM deliveries d JOIN subscribers p ON p.id = d.subscriber_id
               JOIN subscriptions s ON s.digest = ?2 AND s.subscriber_id = d.subscriber_id
              WHERE d.edition_id = ?1 AND (d.state = 'sent' OR d.state = 'unknown')
                AND s.state = 'active' AND p.erased_at IS NULL AND {LAST_WORD} IN ('granted', 'confirmed')
                AND NOT EXISTS (SELECT 1 FROM editions x JOIN deliveries o ON o.edition_id = x.id
                                 WHERE o.subscriber_id = d.subscriber_id AND (o.state = 'sent' OR o.state = 'unknown')
                                   AND x.digest = ?3 AND x.subject = ?4 AND x.text = ?5)"
        );
        let mut anyone = self.db.prepare_cached(&format!("SELECT 1 {audience} LIMIT 1")).map_err(sql)?;
        if !anyone.exists(params![of.id.0, subscribed, of.digest, words.subject, words.text]).map_err(sql)? {
            return Ok(Corrected::NoAudience);
        }
        let number = self.next_edition_number(&of.digest, Instant::MAX_UTC)?;
        let last = self.last_published(&of.digest, Instant::MAX_UTC)?;
        let row = NewEdition {
            slot_at: self.free_instant(&of.digest, of.slot_at)?,
            cutoff_at: last.map_or(of.cutoff_at, |last| last.cutoff_at),
            digest: of.digest.clone(),
            number,
            frozen_at: new.at,
            content: new.content.clone(),
            posts: vec![],
        };
        let written = best_of.clone().map_or(Audience::All, Audience::MonthlyOf);
        let edition = self.insert_edition(&row, &written)?;
        let queue = format!(
            "INSERT INTO deliveries (kind, edition_id, subscriber_id, state, due_at, changed_at)
             SELECT 'edition', ?6, d.subscriber_id, 'queued', ?7, ?7 {audience}"
        );
        let recipients = self
            .db
            .prepare_cached(&queue)
            .and_then(|mut insert| {
                insert.execute(params![
                    of.id.0,
                    subscribed,
                    of.digest,
                    words.subject,
                    words.text,
                    edition.0,
                    new.at.timestamp_millis()
                ])
            })
            .map_err(sql)?;
        self.note_recipients(edition, recipients)?;
        Ok(Corrected::Queued { edition, number, recipients: recipients as u64 })
    }

    /// An edition of the digest that is being sent or held, or that has a copy of which nobody knows yet.
    fn unfinished_edition(&self, digest: &str) -> Result<Option<EditionId>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT e.id FROM editions e WHERE e.digest = ?1 AND (e.state IN ('sending', 'paused')
                    OR EXISTS (SELECT 1 FROM deliveries d WHERE d.edition_id = e.id
                                  AND (d.state = 'leased' OR d.state = 'in_flight')))
                  ORDER BY e.id LIMIT 1",
            )
            .and_then(|mut found| found.query_row([digest], |row| row.get(0).map(EditionId)).optional())
            .map_err(sql)
    }

    /// The digest whose monthly readers the edition is for, if it is such a one.
    fn best_of(&self, id: EditionId) -> Result<Option<String>, StoreError> {
        self.db
            .prepare_cached("SELECT best_of FROM editions WHERE id = ?1")
            .and_then(|mut found| found.query_row([id.0], |row| row.get(0)))
            .map_err(sql)
    }

    fn edition_with(&self, digest: &str, content: &Content) -> Result<Option<EditionId>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT id FROM editions WHERE digest = ?1 AND subject = ?2 AND text = ?3 AND state <> 'cancelled'",
            )
            .and_then(|mut found| {
                found
                    .query_row(params![digest, content.subject, content.text], |row| row.get(0).map(EditionId))
                    .optional()
            })
            .map_err(sql)
    }

    /// The first millisecond after `slot` at which the digest has no row.
    fn free_instant(&self, digest: &str, slot: Instant) -> Result<Instant, StoreError> {
        let mut at = slot + chrono::Duration::milliseconds(1);
        while self.edition_of_slot(digest, at)?.is_some() {
            at += chrono::Duration::milliseconds(1);
        }
        Ok(at)
    }
}
