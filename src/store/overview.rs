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
        let count = |state: SubscriptionState| {
            format!("coalesce(sum(count) FILTER (WHERE state = '{}'), 0)", state.as_str())
        };
        let text = format!(
            "SELECT digest, {}, {}, {}, {} FROM readership GROUP BY digest HAVING sum(count) > 0 ORDER BY digest",
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

    /// Deliveries of which nobody knows whether they arrived, and which wait for a person: by their edition, the newest
    /// first; none stands for notices.
    pub fn unknown_held(&self) -> Result<Vec<(Option<EditionId>, i64)>, StoreError> {
        let text = format!(
            "SELECT edition_id, count(*) FROM deliveries WHERE state = 'unknown' AND due_at = {NEVER}
              GROUP BY edition_id ORDER BY edition_id DESC"
        );
        let mut statement = self.db.prepare_cached(&text).map_err(sql)?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, Option<i64>>(0)?.map(EditionId), row.get::<_, i64>(1)?)));
        rows.and_then(Iterator::collect).map_err(sql)
    }

    /// Posts of each source that are listed now, by the source's name.
    pub fn post_counts(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let text = "SELECT s.name, (SELECT count(*) FROM posts WHERE source_id = s.id)
                                 - (SELECT count(*) FROM posts WHERE source_id = s.id AND missing_since IS NOT NULL)
                      FROM sources s ORDER BY s.name";
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

    /// How many people were on the list at `first` and at each of the `steps` instants after it, `step` apart: from the
    /// consent that let a letter go out to the withdrawal.
    pub fn people_over_time(
        &self,
        first: Instant,
        step: Duration,
        steps: usize,
    ) -> Result<Vec<i64>, StoreError> {
        let step = step.max(Duration::milliseconds(1));
        let mut gained = self
            .db
            .prepare_cached(
                "SELECT (SELECT count(*) FROM subscribers WHERE joined_at > ?1 AND joined_at <= ?2)
                      - (SELECT count(*) FROM subscribers WHERE left_at > ?1 AND left_at <= ?2)",
            )
            .map_err(sql)?;
        let mut people = Vec::with_capacity(steps + 1);
        let (mut count, mut after) = (0, i64::MIN);
        for at in 0..=steps {
            let until = (first + step * i32::try_from(at).unwrap_or(i32::MAX)).timestamp_millis();
            count += gained.query_row((after, until), |row| row.get::<_, i64>(0)).map_err(sql)?;
            people.push(count);
            after = until;
        }
        Ok(people)
    }

    fn number(&self, text: &str) -> Result<i64, StoreError> {
        self.db.prepare_cached(text).and_then(|mut found| found.query_row([], |row| row.get(0))).map_err(sql)
    }
}
