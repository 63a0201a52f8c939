//! Effect: what the operator is told by mail: each fact once, outside the subscribers' ledger.

use rusqlite::{OptionalExtension, params};

use super::editions::{COLUMNS, edition};
use super::{Ledger, StoreError, sql};
use crate::clock::{Instant, from_millis};
use crate::model::EditionId;
use crate::model::edition::Edition;

/// Tries after which a mail to the operator is given up.
const TRIES: i64 = 12;

/// A mail to the operator that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorMail {
    /// Row.
    pub id: i64,
    /// Decoded subject.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// When it was written.
    pub created_at: Instant,
    /// Tries so far.
    pub tries: i64,
}

/// The fact that an edition is held for this reason.
pub fn hold_fact(edition: EditionId, reason: &str) -> String {
    format!("paused:{edition}:{reason}")
}

impl Ledger<'_> {
    /// Whether that fact was told of, or is about to be.
    pub fn operator_knows(&self, fact: &str) -> Result<bool, StoreError> {
        self.db
            .prepare_cached("SELECT 1 FROM operator_mails WHERE fact = ?1")
            .and_then(|mut found| found.exists([fact]))
            .map_err(sql)
    }

    /// Queues a mail about a fact. False, and nothing written, if it was told of before.
    pub fn tell_operator(
        &self,
        fact: &str,
        subject: &str,
        text: &str,
        now: Instant,
    ) -> Result<bool, StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO operator_mails (fact, subject, text, created_at, due_at) VALUES (?1, ?2, ?3, ?4, ?4)
                 ON CONFLICT (fact) DO NOTHING",
            )
            .and_then(|mut insert| insert.execute(params![fact, subject, text, now.timestamp_millis()]))
            .map(|rows| rows == 1)
            .map_err(sql)
    }

    /// The next mail that is due by `now`.
    pub fn due_operator_mail(&self, now: Instant) -> Result<Option<OperatorMail>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT id, subject, text, created_at, tries FROM operator_mails
                  WHERE sent_at IS NULL AND due_at <= ?1 AND tries < ?2 ORDER BY due_at, id LIMIT 1",
            )
            .and_then(|mut found| {
                let mail = |row: &rusqlite::Row<'_>| {
                    Ok(OperatorMail {
                        id: row.get(0)?,
                        subject: row.get(1)?,
                        text: row.get(2)?,
                        created_at: from_millis(row.get(3)?),
                        tries: row.get(4)?,
                    })
                };
                found.query_row((now.timestamp_millis(), TRIES), mail).optional()
            })
            .map_err(sql)
    }

    /// The relay took it.
    pub fn operator_told(&self, id: i64, now: Instant) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE operator_mails SET sent_at = ?2, tries = tries + 1, last_error = NULL WHERE id = ?1",
            )
            .and_then(|mut update| update.execute((id, now.timestamp_millis())))
            .map(drop)
            .map_err(sql)
    }

    /// It could not be sent; tried again at `due_at`.
    pub fn operator_not_told(&self, id: i64, error: &str, due_at: Instant) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE operator_mails SET tries = tries + 1, last_error = ?2, due_at = ?3 WHERE id = ?1",
            )
            .and_then(|mut update| update.execute(params![id, error, due_at.timestamp_millis()]))
            .map(drop)
            .map_err(sql)
    }

    /// The edition goes on: should it be held again, even for the same reason, the operator is told anew.
    pub(super) fn forget_hold(&self, edition: EditionId) -> Result<(), StoreError> {
        self.db
            .prepare_cached("DELETE FROM operator_mails WHERE fact LIKE ?1")
            .and_then(|mut forgotten| forgotten.execute([hold_fact(edition, "%")]))
            .map(drop)
            .map_err(sql)
    }

    /// Editions that ended after `since`, the oldest first.
    pub fn editions_done_since(&self, since: Instant) -> Result<Vec<EditionId>, StoreError> {
        self.db
            .prepare_cached("SELECT id FROM editions WHERE state = 'done' AND frozen_at >= ?1 ORDER BY id")
            .and_then(|mut list| {
                list.query_map([since.timestamp_millis()], |row| row.get(0).map(EditionId))?.collect()
            })
            .map_err(sql)
    }

    /// Slots whose skip was recorded from `from` until before `to`, the oldest first.
    pub fn skips_recorded(&self, from: Instant, to: Instant) -> Result<Vec<Edition>, StoreError> {
        self.frozen_within("e.state = 'skipped'", from, to)
    }

    /// Editions frozen from `from` until before `to`, the oldest first.
    pub fn editions_frozen(&self, from: Instant, to: Instant) -> Result<Vec<Edition>, StoreError> {
        self.frozen_within("e.state <> 'skipped'", from, to)
    }

    fn frozen_within(&self, which: &str, from: Instant, to: Instant) -> Result<Vec<Edition>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS} FROM editions e WHERE {which} AND e.frozen_at >= ?1 AND e.frozen_at < ?2
              ORDER BY e.slot_at, e.id"
        );
        self.db
            .prepare_cached(&text)
            .and_then(|mut list| {
                list.query_map([from.timestamp_millis(), to.timestamp_millis()], edition)?.collect()
            })
            .map_err(sql)
    }

    /// Editions that are held, the oldest first.
    pub fn editions_paused(&self) -> Result<Vec<EditionId>, StoreError> {
        self.db
            .prepare_cached("SELECT id FROM editions WHERE state = 'paused' ORDER BY id")
            .and_then(|mut list| list.query_map([], |row| row.get(0).map(EditionId))?.collect())
            .map_err(sql)
    }
}
