//! Effect: what a reader decides about what is received: how often, pauses, the name.

use super::{Ledger, StoreError, sql};
use crate::clock::Instant;
use crate::model::SubscriberId;
use crate::model::subscriber::{Frequency, Subscription};

impl Ledger<'_> {
    /// A reader's subscriptions that are active or paused, by digest name.
    pub fn paces_of(&self, id: SubscriberId) -> Result<Vec<Subscription>, StoreError> {
        let all = self.subscriptions_of(id)?.into_iter().map(|(subscription, _)| subscription);
        Ok(all.filter(|subscription| subscription.state.is_on()).collect())
    }

    /// Pauses an active or paused subscription until `until`; false if there is none.
    pub fn pause(
        &self,
        id: SubscriberId,
        digest: &str,
        until: Instant,
        now: Instant,
    ) -> Result<bool, StoreError> {
        self.db
            .prepare_cached(
                "UPDATE subscriptions SET since = CASE state WHEN 'paused' THEN since ELSE ?4 END,
                        state = 'paused', resumes_at = ?3
                 WHERE subscriber_id = ?1 AND digest = ?2 AND state IN ('active', 'paused')",
            )
            .and_then(|mut update| {
                update.execute((id.0, digest, until.timestamp_millis(), now.timestamp_millis()))
            })
            .map(|changed| changed == 1)
            .map_err(sql)
    }

    /// Ends a pause; false if there is none.
    pub fn resume(&self, id: SubscriberId, digest: &str, now: Instant) -> Result<bool, StoreError> {
        self.db
            .prepare_cached(
                "UPDATE subscriptions SET state = 'active', since = ?3, resumes_at = NULL
                 WHERE subscriber_id = ?1 AND digest = ?2 AND state = 'paused'",
            )
            .and_then(|mut update| update.execute((id.0, digest, now.timestamp_millis())))
            .map(|changed| changed == 1)
            .map_err(sql)
    }

    /// Sets how often an active or paused subscription is wanted.
    pub fn set_frequency(
        &self,
        id: SubscriberId,
        digest: &str,
        frequency: Frequency,
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE subscriptions SET pace = ?3 WHERE subscriber_id = ?1 AND digest = ?2 AND pace <> ?3
                    AND state IN ('active', 'paused')",
            )
            .and_then(|mut update| update.execute((id.0, digest, frequency.as_str())))
            .map(drop)
            .map_err(sql)
    }

    /// Ends the pauses whose time has come. Returns how many.
    pub fn resume_due(&self, now: Instant) -> Result<usize, StoreError> {
        self.db
            .prepare_cached(
                "UPDATE subscriptions SET state = 'active', since = ?1, resumes_at = NULL
                 WHERE state = 'paused' AND resumes_at <= ?1",
            )
            .and_then(|mut update| update.execute([now.timestamp_millis()]))
            .map_err(sql)
    }

    /// Gives a reader a name, or none. An erased person gets none.
    pub fn rename(&self, id: SubscriberId, name: Option<&str>) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE subscribers SET name = ?2 WHERE id = ?1 AND erased_at IS NULL AND name IS NOT ?2",
            )
            .and_then(|mut update| update.execute((id.0, name)))
            .map(|changed| {
                if changed > 0 {
                    self.erasing()
                }
            })
            .map_err(sql)
    }
}
