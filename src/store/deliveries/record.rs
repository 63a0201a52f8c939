//! Effect: how a transaction ended: the row's new state and its attempt, in one step.

use rusqlite::params;

use super::{Ending, Finished, Guarded, MAYBE_SENT, NEVER, UnknownPolicy};
use crate::model::delivery::DeliveryState;
use crate::model::notice::Mailing;
use crate::model::subscriber::SuppressionReason;
use crate::model::{DeliveryId, SuppressionKey};
use crate::retry;
use crate::store::{Ledger, StoreError, sql};

/// A notice `n` to an address that is not, or no longer, the person's.
const ELSEWHERE: &str = "(n.kind = 'address_change' OR n.kind = 'moved')";

/// What is written to a row.
struct Change<'a> {
    state: DeliveryState,
    /// None: unchanged.
    due_at: Option<i64>,
    charged: bool,
    /// The attempt's result; none: there was no transaction.
    result: Option<&'a str>,
}

impl Ledger<'_> {
    /// Records a transaction's end. `key` serves where a refusal means a withdrawal.
    pub fn record_result(&self, finished: &Finished, key: &SuppressionKey) -> Result<Guarded, StoreError> {
        let change = self.change_for(finished)?;
        let changed = self
            .db
            .prepare_cached(
                "UPDATE deliveries SET state = ?3, due_at = coalesce(?4, due_at), attempts = attempts + ?5,
                        lease_until = NULL, last_reply = coalesce(?6, last_reply), changed_at = ?7
                  WHERE id = ?1 AND epoch = ?2 AND state IN ('in_flight', 'leased')",
            )
            .and_then(|mut update| {
                update.execute(params![
                    finished.id.0,
                    finished.epoch,
                    change.state.as_str(),
                    change.due_at,
                    i64::from(change.charged),
                    (!finished.reply.is_empty()).then_some(&finished.reply),
                    finished.ended_at.timestamp_millis(),
                ])
            })
            .map_err(sql)?;
        if changed == 0 {
            return self.why_unchanged(finished.id, finished.epoch);
        }
        if let Some(result) = change.result {
            self.insert_attempt(finished, result)?;
        }
        self.consequences(finished, key)?;
        Ok(Guarded::Done)
    }

    fn change_for(&self, finished: &Finished) -> Result<Change<'static>, StoreError> {
        let change = |state, due_at, charged, result| Change { state, due_at, charged, result };
        Ok(match finished.ending {
            Ending::Sent => change(DeliveryState::Sent, None, true, Some("sent")),
            Ending::Deferred { due_at, charged } => {
                let due_at = Some(due_at.timestamp_millis());
                change(DeliveryState::Deferred, due_at, charged, Some("deferred"))
            }
            Ending::Bounced { .. } => change(DeliveryState::Bounced, None, true, Some("bounced")),
            Ending::Unsubscribed if self.was_unknown(finished.id)? => {
                change(DeliveryState::Unknown, Some(NEVER), true, Some("suppressed"))
            }
            Ending::Unsubscribed => change(DeliveryState::Suppressed, None, true, Some("suppressed")),
            Ending::Expired if self.was_unknown(finished.id)? => {
                change(DeliveryState::Unknown, Some(NEVER), true, Some("expired"))
            }
            Ending::Expired => change(DeliveryState::Expired, None, true, Some("expired")),
            Ending::Unknown => {
                let again = finished.unknown == UnknownPolicy::RetryOnce && !self.was_unknown(finished.id)?;
                let wait = retry::UNKNOWN_WAIT.as_millis() as i64;
                let due_at = if again { finished.ended_at.timestamp_millis() + wait } else { NEVER };
                change(DeliveryState::Unknown, Some(due_at), true, Some("unknown"))
            }
            Ending::Suppressed if self.was_unknown(finished.id)? => {
                change(DeliveryState::Unknown, Some(NEVER), false, None)
            }
            Ending::Suppressed => change(DeliveryState::Suppressed, None, false, None),
            Ending::Released if self.was_unknown(finished.id)? => {
                change(DeliveryState::Unknown, None, false, None)
            }
            Ending::Released => change(DeliveryState::Queued, None, false, None),
        })
    }

    /// Whether an earlier attempt may have reached the relay.
    fn was_unknown(&self, id: DeliveryId) -> Result<bool, StoreError> {
        self.db
            .prepare_cached(&format!("SELECT 1 FROM deliveries WHERE id = ?1 AND {MAYBE_SENT}"))
            .and_then(|mut found| found.exists([id.0]))
            .map_err(sql)
    }

    fn insert_attempt(&self, finished: &Finished, result: &str) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO attempts (delivery_id, started_at, ended_at, stage, result, reply)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    finished.id.0,
                    finished.started_at.timestamp_millis(),
                    finished.ended_at.timestamp_millis(),
                    finished.stage.as_str(),
                    result,
                    finished.reply,
                ])
            })
            .map(drop)
            .map_err(sql)
    }

    fn consequences(&self, finished: &Finished, key: &SuppressionKey) -> Result<(), StoreError> {
        let now = finished.ended_at;
        match finished.ending {
            Ending::Sent => match finished.mailing {
                Mailing::Notice(notice) => self.record_told(notice, now, now),
                Mailing::Edition(_) => Ok(()),
            },
            Ending::Bounced { hard } if hard || self.bounced_before(finished)? => {
                self.suppress(&finished.hash, SuppressionReason::HardBounce, now)
            }
            Ending::Unsubscribed if self.went_elsewhere(finished)? => {
                self.suppress(&finished.hash, SuppressionReason::Withdrawn, now)
            }
            Ending::Unsubscribed => self.withdraw(finished.subscriber, "smtp", key, now).map(drop),
            _ => Ok(()),
        }
    }

    /// Whether it went to an address that is not, or no longer, the person's: what is said there is not the person's word.
    fn went_elsewhere(&self, finished: &Finished) -> Result<bool, StoreError> {
        let Mailing::Notice(notice) = finished.mailing else { return Ok(false) };
        self.db
            .prepare_cached(&format!("SELECT 1 FROM notices n WHERE n.id = ?1 AND {ELSEWHERE}"))
            .and_then(|mut found| found.exists([notice.0]))
            .map_err(sql)
    }

    /// Whether another letter to this person's present address bounced within the window that turns soft into hard.
    fn bounced_before(&self, finished: &Finished) -> Result<bool, StoreError> {
        if self.went_elsewhere(finished)? {
            return Ok(false);
        }
        let window = retry::SOFT_WINDOW.as_millis() as i64;
        self.db
            .prepare_cached(&format!(
                "SELECT 1 FROM deliveries d JOIN attempts a ON a.delivery_id = d.id
                  WHERE d.subscriber_id = ?1 AND d.id <> ?2 AND a.result = 'bounced'
                    AND a.ended_at >= max(?3, (SELECT coalesce(max(n.about), 0) FROM notices n
                                                WHERE n.subscriber_id = ?1 AND n.kind = 'moved'))
                    AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.id = d.notice_id AND {ELSEWHERE})"
            ))
            .and_then(|mut found| {
                let since = finished.ended_at.timestamp_millis() - window;
                found.exists((finished.subscriber.0, finished.id.0, since))
            })
            .map_err(sql)
    }
}
