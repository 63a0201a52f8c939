//! Effect: single deliveries as the operator's page looks at them: of a person, of an edition by state, one with its attempts.

use rusqlite::{OptionalExtension, params};

use super::NOT_SENT;
use super::list::{LISTED, ListedDelivery, listed, word};
use crate::clock::{Instant, from_millis};
use crate::model::delivery::{DeliveryState, Stage};
use crate::model::reply::{Cause, Reply};
use crate::model::{DeliveryId, EditionId, SubscriberId};
use crate::retry::{self, Step};
use crate::store::{Ledger, StoreError, sql};

/// A transaction as it is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAttempt {
    /// When it began.
    pub started_at: Instant,
    /// The stage at which it ended.
    pub stage: Stage,
    /// What its delivery was after it.
    pub result: DeliveryState,
    /// The relay's reply or the local cause, one line.
    pub reply: String,
}

/// Notices that the relay does not take, through no reader's doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedNotices {
    /// How many.
    pub count: u64,
    /// What it said last, one line.
    pub last_reply: String,
}

impl Ledger<'_> {
    /// A person's newest deliveries, newest first, at most `limit`.
    pub fn recent_deliveries_of(
        &self,
        subscriber: SubscriberId,
        limit: usize,
    ) -> Result<Vec<ListedDelivery>, StoreError> {
        let text = format!("{LISTED} WHERE d.subscriber_id = ?1 ORDER BY d.id DESC LIMIT ?2");
        let mut list = self.db.prepare_cached(&text).map_err(sql)?;
        let rows = list.query_map((subscriber.0, i64::try_from(limit).unwrap_or(i64::MAX)), listed);
        rows.and_then(Iterator::collect).map_err(sql)
    }

    /// One delivery, or none.
    pub fn listed_delivery(&self, id: DeliveryId) -> Result<Option<ListedDelivery>, StoreError> {
        self.db
            .prepare_cached(&format!("{LISTED} WHERE d.id = ?1"))
            .and_then(|mut found| found.query_row([id.0], listed).optional())
            .map_err(sql)
    }

    /// Deliveries in one of the states that ask for a look (deferred, unknown, bounced, expired, suppressed) of an
    /// edition, or of all notices: by row number, after `after`, at most `limit`.
    pub fn not_sent(
        &self,
        edition: Option<EditionId>,
        state: DeliveryState,
        after: DeliveryId,
        limit: usize,
    ) -> Result<Vec<ListedDelivery>, StoreError> {
        // The rows are found in the index alone; only those shown are read.
        let text = format!(
            "{LISTED} WHERE d.id IN (SELECT id FROM deliveries WHERE {NOT_SENT} AND state = ?2 AND edition_id IS ?1
                                        AND id > ?3 ORDER BY id LIMIT ?4) ORDER BY d.id"
        );
        let mut list = self.db.prepare_cached(&text).map_err(sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = list.query_map(params![edition.map(|id| id.0), state.as_str(), after.0, limit], listed);
        rows.and_then(Iterator::collect).map_err(sql)
    }

    /// How many notices are in that state, one of those that ask for a look.
    pub fn notices_not_sent(&self, state: DeliveryState) -> Result<i64, StoreError> {
        let text =
            format!("SELECT count(*) FROM deliveries WHERE {NOT_SENT} AND state = ?1 AND edition_id IS NULL");
        self.db
            .prepare_cached(&text)
            .and_then(|mut found| found.query_row([state.as_str()], |row| row.get(0)))
            .map_err(sql)
    }

    /// Notices of which the relay's last word since `since` was a refusal of the sender or of the mail: no edition stands
    /// still for them, so nobody would see. Looks at the newest few thousand.
    pub fn refused_notices(&self, since: Instant) -> Result<Option<RefusedNotices>, StoreError> {
        const MOST: usize = 5_000;
        let text = format!(
            "SELECT a.stage, coalesce(a.reply, '') FROM deliveries d JOIN attempts a
                 ON a.id = (SELECT max(id) FROM attempts WHERE delivery_id = d.id)
              WHERE d.id IN (SELECT id FROM deliveries WHERE {NOT_SENT} AND state IN ('deferred', 'expired')
                                AND edition_id IS NULL AND changed_at > ?1 ORDER BY id DESC LIMIT {MOST})
              ORDER BY a.id DESC"
        );
        let mut list = self.db.prepare_cached(&text).map_err(sql)?;
        let mut rows = list.query([since.timestamp_millis()]).map_err(sql)?;
        let mut found: Option<RefusedNotices> = None;
        while let Some(row) = rows.next().map_err(sql)? {
            let (stage, said): (Stage, String) =
                (word(row, 0, Stage::parse).map_err(sql)?, row.get(1).map_err(sql)?);
            let Some(reply) = Reply::of_line(&said) else { continue };
            if retry::classify(stage, Some(&reply), Cause::Refused).step == Step::Pause {
                found.get_or_insert(RefusedNotices { count: 0, last_reply: said }).count += 1;
            }
        }
        Ok(found)
    }

    /// A delivery's newest attempts, the newest first, at most `limit`.
    pub fn attempts_of(&self, id: DeliveryId, limit: usize) -> Result<Vec<ListedAttempt>, StoreError> {
        let mut list = self
            .db
            .prepare_cached(
                "SELECT started_at, stage, result, coalesce(reply, '') FROM attempts WHERE delivery_id = ?1
                  ORDER BY id DESC LIMIT ?2",
            )
            .map_err(sql)?;
        let rows = list.query_map((id.0, i64::try_from(limit).unwrap_or(i64::MAX)), |row| {
            Ok(ListedAttempt {
                started_at: from_millis(row.get(0)?),
                stage: word(row, 1, Stage::parse)?,
                result: word(row, 2, DeliveryState::parse)?,
                reply: row.get(3)?,
            })
        });
        rows.and_then(Iterator::collect).map_err(sql)
    }
}
