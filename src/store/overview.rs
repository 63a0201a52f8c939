//! Effect: how the whole stands, in a few numbers: for `status` and the operator's page.

use chrono::Duration;

use super::deliveries::{NEVER, OPEN};
use super::{Ledger, StoreError, sql};
use crate::clock::{Instant, from_millis};
use crate::model::EditionId;
use crate::model::edition::Edition;
use crate::model::subscriber::SubscriptionState;

/// Subscriptions of one digest, by state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readership {
    /// The digest's name; it may no longer be configured.
    pub digest: String,
    /// Receive editions.
    pub active: i64,
    /// Asked for, not confirmed.
    pub pending: i64,
    /// Rest.
    pub paused: i64,
    /// Withdrawn.
    pub unsubscribed: i64,
}

impl Ledger<'_> {
    /// The latest instant at which something was written down: a source read, an edition frozen, an attempt, a consent.
    pub fn last_record(&self) -> Result<Option<Instant>, StoreError> {
        let query = "SELECT max(at) FROM (
            SELECT max(last_read_at) AS at FROM sources UNION ALL SELECT max(frozen_at) FROM editions
            UNION ALL SELECT ended_at FROM attempts WHERE id = (SELECT max(id) FROM attempts)
            UNION ALL SELECT recorded_at FROM consents WHERE id = (SELECT max(id) FROM consents))";
        let found = self.db.prepare_cached(query).and_then(|mut last| last.query_row([], |row| row.get(0)));
        found.map(|at: Option<i64>| at.map(from_millis)).map_err(sql)
    }

    /// Subscriptions by digest and state, by the digest's name.
    pub fn readership(&self) -> Result<Vec<Readership>, StoreError> {
        let count =
            |state: SubscriptionState| format!("count(CASE state WHEN '{}' THEN 1 END)", state.as_str());
        let text = format!(
            "SELECT digest, {}, {}, {}, {} FROM subscriptions GROUP BY digest ORDER BY digest",
            count(SubscriptionState::Active),
            count(SubscriptionState::Pending),
            count(SubscriptionState::Paused),
            count(SubscriptionState::Unsubscribed),
        );
        let mut statement = self.db.prepare_cached(&text).map_err(sql)?;
        let rows = statement.query_map([], |row| {
            Ok(Readership {
                digest: row.get(0)?,
                active: row.get(1)?,
                pending: row.get(2)?,
                paused: row.get(3)?,
                unsubscribed: row.get(4)?,
            })
        });
        rows.and_then(Iterator::collect).map_err(sql)
    }

    /// Deliveries that have not ended, by state; reads the index of those alone.
    pub fn open_deliveries(&self) -> Result<Vec<(String, i64)>, StoreError> {
        self.by_state(&format!(
            "SELECT state, count(*) FROM deliveries WHERE {OPEN} GROUP BY state ORDER BY state"
        ))
    }

    /// Editions and skipped slots, by state.
    pub fn editions_by_state(&self) -> Result<Vec<(String, i64)>, StoreError> {
        self.by_state("SELECT state, count(*) FROM editions GROUP BY state ORDER BY state")
    }

    fn by_state(&self, query: &str) -> Result<Vec<(String, i64)>, StoreError> {
        self.db
            .prepare_cached(query)
            .and_then(|mut list| list.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .map_err(sql)
    }

    /// SMTP transactions recorded; rows are only ever appended.
    pub fn attempt_count(&self) -> Result<i64, StoreError> {
        self.number("SELECT coalesce(max(id), 0) FROM attempts")
    }

    /// Addresses that are never mailed.
    pub fn suppression_count(&self) -> Result<i64, StoreError> {
        self.number("SELECT count(*) FROM suppressions")
    }

    /// Deliveries of which nobody knows whether they arrived, and which wait for a person.
    pub fn unknown_held_count(&self) -> Result<i64, StoreError> {
        self.number(&format!(
            "SELECT count(*) FROM deliveries WHERE {OPEN} AND state = 'unknown' AND due_at = {NEVER}"
        ))
    }

    /// Posts of each source that are listed now, by the source's name.
    pub fn post_counts(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let text = "SELECT s.name, count(p.id) FROM sources s LEFT JOIN posts p ON p.source_id = s.id
                       AND p.missing_since IS NULL GROUP BY s.id ORDER BY s.name";
        let mut statement = self.db.prepare_cached(text).map_err(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.and_then(Iterator::collect).map_err(sql)
    }

    /// Editions that wait for a person.
    pub fn paused_editions(&self) -> Result<Vec<Edition>, StoreError> {
        let ids: Vec<i64> = self
            .db
            .prepare_cached("SELECT id FROM editions WHERE state = 'paused' ORDER BY id")
            .and_then(|mut list| list.query_map([], |row| row.get(0))?.collect())
            .map_err(sql)?;
        let editions = ids.into_iter().filter_map(|id| self.edition(EditionId(id)).transpose());
        editions.collect()
    }

    /// How many people were on the list at `first` and at each of the `steps` instants after it, `step` apart: rows made
    /// by then and not erased by then.
    pub fn people_over_time(
        &self,
        first: Instant,
        step: Duration,
        steps: usize,
    ) -> Result<Vec<i64>, StoreError> {
        let mut people = vec![0; steps + 1];
        // The first of the instants at which the row counts; what is older counts from the first on.
        let made = "SELECT max(0, (created_at - ?1 + ?2 - 1) / ?2), count(*) FROM subscribers GROUP BY 1";
        let erased = "SELECT max(0, (erased_at - ?1 + ?2 - 1) / ?2), -count(*) FROM subscribers
                       WHERE erased_at IS NOT NULL GROUP BY 1";
        for text in [made, erased] {
            let mut statement = self.db.prepare_cached(text).map_err(sql)?;
            let span = (first.timestamp_millis(), step.num_milliseconds().max(1));
            let rows = statement.query_map(span, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
            let changes: Vec<(i64, i64)> = rows.and_then(Iterator::collect).map_err(sql)?;
            for (from, change) in changes {
                let from = usize::try_from(from).unwrap_or(usize::MAX);
                people.iter_mut().skip(from).for_each(|count| *count += change);
            }
        }
        Ok(people)
    }

    fn number(&self, text: &str) -> Result<i64, StoreError> {
        self.db.prepare_cached(text).and_then(|mut found| found.query_row([], |row| row.get(0))).map_err(sql)
    }
}
