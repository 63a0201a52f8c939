//! Effect: editions that wait for the operator's word, and what becomes of them.

use rusqlite::{OptionalExtension, Row, params};

use crate::clock::{Instant, from_millis};
use crate::model::EditionId;
use crate::model::edition::Silence;
use crate::store::{Ledger, StoreError, sql};

/// Why such an edition is paused, as the operator reads it.
pub const WAITS: &str = "운영자의 승인을 기다려요.";
const SKIPPED: &str = "운영자가 건너뛰기로 했어요.";
const LATE: &str = "보낼 때를 너무 지나 건너뛰었어요.";
const SILENT: &str = "승인이 없어 건너뛰었어요.";

/// An edition that waits, or waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingApproval {
    /// Which.
    pub edition: EditionId,
    /// Without a word until then, silence decides.
    pub decide_at: Instant,
    /// What silence means.
    pub silence: Silence,
    /// What the operator said.
    pub word: Option<Silence>,
    /// Nothing can be said about it any more.
    pub settled: bool,
}

/// What came of the operator's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Noted now.
    Noted,
    /// The same was said before.
    Already,
    /// It was decided otherwise, or its time is over.
    TooLate,
    /// There is no such edition to decide about.
    Unknown,
}

impl Ledger<'_> {
    /// Holds an edition just frozen until the operator decides.
    pub fn hold_for_approval(
        &self,
        edition: EditionId,
        decide_at: Instant,
        lapses_at: Instant,
        silence: Silence,
    ) -> Result<(), StoreError> {
        self.pause_edition(edition, WAITS)?;
        self.db
            .prepare_cached(
                "INSERT INTO approvals (edition_id, decide_at, lapses_at, silence) VALUES (?1, ?2, ?3, ?4)",
            )
            .and_then(|mut insert| {
                let (decide_at, lapses_at) = (decide_at.timestamp_millis(), lapses_at.timestamp_millis());
                insert.execute((edition.0, decide_at, lapses_at, silence.as_str()))
            })
            .map(drop)
            .map_err(sql)
    }

    /// The approval of an edition, if it has one.
    pub fn approval(&self, edition: EditionId) -> Result<Option<PendingApproval>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT a.edition_id, a.decide_at, a.silence, a.word, a.settled_at IS NOT NULL OR NOT (e.state = 'paused' AND e.reason IS ?2)
                   FROM approvals a JOIN editions e ON e.id = a.edition_id WHERE a.edition_id = ?1",
            )
            .and_then(|mut found| found.query_row(params![edition.0, WAITS], pending).optional())
            .map_err(sql)
    }

    /// Editions that wait for a word, the most urgent first.
    pub fn pending_approvals(&self) -> Result<Vec<PendingApproval>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT a.edition_id, a.decide_at, a.silence, a.word, 0
                   FROM approvals a JOIN editions e ON e.id = a.edition_id
                  WHERE a.settled_at IS NULL AND e.state = 'paused' AND e.reason IS ?1 ORDER BY a.decide_at",
            )
            .and_then(|mut list| list.query_map([WAITS], pending)?.collect())
            .map_err(sql)
    }

    /// Editions that came to nothing since, because the operator said nothing or it grew too late. The oldest first.
    pub fn approvals_lapsed_since(&self, since: Instant) -> Result<Vec<EditionId>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT e.id FROM approvals a JOIN editions e ON e.id = a.edition_id
                  WHERE a.settled_at >= ?1 AND e.state = 'cancelled' AND e.reason IN (?2, ?3) ORDER BY e.id",
            )
            .and_then(|mut list| {
                list.query_map(params![since.timestamp_millis(), LATE, SILENT], |row| {
                    row.get(0).map(EditionId)
                })?
                .collect()
            })
            .map_err(sql)
    }

    /// Notes the operator's word. To skip is done at once; to send is done when its time has come.
    pub fn say(&self, edition: EditionId, word: Silence, now: Instant) -> Result<Said, StoreError> {
        let Some(known) = self.approval(edition)? else { return Ok(Said::Unknown) };
        if known.word == Some(word) {
            return Ok(Said::Already);
        }
        if known.settled {
            return Ok(Said::TooLate);
        }
        self.db
            .prepare_cached("UPDATE approvals SET word = ?2, said_at = ?3 WHERE edition_id = ?1")
            .and_then(|mut update| update.execute(params![edition.0, word.as_str(), now.timestamp_millis()]))
            .map_err(sql)?;
        if word == Silence::Skip {
            self.cancel_edition(edition, SKIPPED, now)?;
            self.settle(edition, now)?;
        }
        Ok(Said::Noted)
    }

    /// Decides about every edition whose time has come: the operator's word, or what silence means. Those that a person
    /// resumed or cancelled, or that were held for another reason since, are out of our hands.
    pub fn decide_approvals(&self, now: Instant) -> Result<u64, StoreError> {
        let due: Vec<(PendingApproval, bool)> = self
            .db
            .prepare_cached(
                "SELECT a.edition_id, a.decide_at, a.silence, a.word, NOT (e.state = 'paused' AND e.reason IS ?2), a.lapses_at < ?1
                   FROM approvals a JOIN editions e ON e.id = a.edition_id
                  WHERE a.settled_at IS NULL AND (a.decide_at <= ?1 OR NOT (e.state = 'paused' AND e.reason IS ?2))",
            )
            .and_then(|mut list| {
                list.query_map(params![now.timestamp_millis(), WAITS], |row| Ok((pending(row)?, row.get(5)?)))?.collect()
            })
            .map_err(sql)?;
        for (one, lapsed) in &due {
            match one.word.unwrap_or(one.silence) {
                _ if one.settled => {}
                _ if *lapsed => drop(self.cancel_edition(one.edition, LATE, now)?),
                Silence::Send => drop(self.resume_edition(one.edition)?),
                Silence::Skip => drop(self.cancel_edition(one.edition, SILENT, now)?),
            }
            self.settle(one.edition, now)?;
        }
        Ok(due.len() as u64)
    }

    fn settle(&self, edition: EditionId, now: Instant) -> Result<(), StoreError> {
        self.db
            .prepare_cached("UPDATE approvals SET settled_at = ?2 WHERE edition_id = ?1")
            .and_then(|mut update| update.execute((edition.0, now.timestamp_millis())))
            .map(drop)
            .map_err(sql)
    }
}

fn pending(row: &Row<'_>) -> rusqlite::Result<PendingApproval> {
    let word = |column: usize| -> rusqlite::Result<Option<Silence>> {
        Ok(row.get::<_, Option<String>>(column)?.and_then(|word| Silence::parse(&word)))
    };
    Ok(PendingApproval {
        edition: EditionId(row.get(0)?),
        decide_at: from_millis(row.get(1)?),
        silence: word(2)?.unwrap_or(Silence::Skip),
        word: word(3)?,
        settled: row.get(4)?,
    })
}
