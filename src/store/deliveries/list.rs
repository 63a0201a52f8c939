//! Effect: deliveries as the operator sees them, and what is decided by hand.

use std::ops::ControlFlow;

use rusqlite::{OptionalExtension, Row, params};

use super::NEVER;
use crate::clock::{Instant, from_millis};
use crate::model::delivery::DeliveryState;
use crate::model::notice::NoticeKind;
use crate::model::subscriber::SuppressionReason;
use crate::model::{DeliveryId, EditionId, EmailAddress, SubscriberId, SuppressionKey};
use crate::store::{Ledger, StoreError, sql};

/// Which deliveries a list holds. The default is all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only this state.
    pub state: Option<DeliveryState>,
    /// Only this edition.
    pub edition: Option<EditionId>,
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDelivery {
    /// Row.
    pub id: DeliveryId,
    /// Its edition; none for a notice.
    pub edition: Option<EditionId>,
    /// What the notice tells, where it is one.
    pub notice: Option<NoticeKind>,
    /// To whom.
    pub subscriber: SubscriberId,
    /// Address; none once erased.
    pub address: Option<String>,
    /// Where it stands.
    pub state: DeliveryState,
    /// Charged attempts.
    pub attempts: i64,
    /// Of the last attempt that got as far.
    pub message_id: Option<String>,
    /// The last reply or local cause, one line.
    pub last_reply: Option<String>,
    /// When it is tried next, as long as it has not ended; none where a person has to say so.
    pub due_at: Option<Instant>,
}

/// What a person decided about an unknown row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The reader has it.
    Sent,
    /// The reader has it not: it is sent again.
    NotSent,
}

/// What came of a change by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// Done.
    Changed,
    /// There is no such row.
    NoSuchDelivery,
    /// Its state does not allow it.
    Refused(DeliveryState),
    /// Its edition was cancelled.
    Cancelled,
    /// The person may no longer be mailed.
    Erased,
}

/// What `listed` reads.
pub(super) const LISTED: &str =
    "SELECT d.id, d.edition_id, d.subscriber_id, coalesce(n.address, p.address), d.state, d.attempts,
                             d.message_id, d.last_reply, n.kind, d.due_at
                        FROM deliveries d JOIN subscribers p ON p.id = d.subscriber_id
                        LEFT JOIN notices n ON n.id = d.notice_id";

pub(super) fn listed(row: &Row<'_>) -> rusqlite::Result<ListedDelivery> {
    Ok(ListedDelivery {
        id: DeliveryId(row.get(0)?),
        edition: row.get::<_, Option<i64>>(1)?.map(EditionId),
        subscriber: SubscriberId(row.get(2)?),
        address: row.get(3)?,
        state: state(row, 4)?,
        attempts: row.get(5)?,
        message_id: row.get(6)?,
        last_reply: row.get(7)?,
        notice: row.get::<_, Option<String>>(8)?.and_then(|word| NoticeKind::parse(&word)),
        due_at: Some(row.get(9)?).filter(|due_at| *due_at != NEVER).map(from_millis),
    })
}

fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<DeliveryState> {
    word(row, column, DeliveryState::parse)
}

/// A column's word as what it stands for.
pub(super) fn word<T>(row: &Row<'_>, column: usize, parse: fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let word: String = row.get(column)?;
    parse(&word).ok_or_else(|| rusqlite::Error::InvalidColumnType(column, word, rusqlite::types::Type::Text))
}

impl Ledger<'_> {
    /// Shows every row the filter lets through, by row number, until `visit` breaks. One at a time.
    pub fn each_delivery(
        &self,
        filter: DeliveryFilter,
        visit: &mut dyn FnMut(ListedDelivery) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let text = format!(
            "{LISTED} WHERE (?1 IS NULL OR d.state = ?1) AND (?2 IS NULL OR d.edition_id = ?2) ORDER BY d.id"
        );
        let mut list = self.db.prepare_cached(&text).map_err(sql)?;
        let values = params![filter.state.map(DeliveryState::as_str), filter.edition.map(|id| id.0)];
        let mut rows = list.query(values).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            if visit(listed(row).map_err(sql)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// What the newest attempt was told, if it failed on the way to the relay or at the sender, before any recipient was named.
    pub fn last_failure_before_rcpt(&self) -> Result<Option<String>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT reply FROM (SELECT stage, result, reply FROM attempts ORDER BY id DESC LIMIT 1)
                  WHERE stage IN ('connect', 'ehlo', 'tls', 'auth', 'mail') AND result <> 'sent'",
            )
            .and_then(|mut last| last.query_row([], |row| row.get::<_, Option<String>>(0)).optional())
            .map(|found| found.map(Option::unwrap_or_default))
            .map_err(sql)
    }

    fn row_by_hand(&self, id: DeliveryId) -> Result<Result<DeliveryState, RowChange>, StoreError> {
        let found: Option<(DeliveryState, Option<String>, bool)> = self
            .db
            .prepare_cached(
                "SELECT d.state, e.state, p.address IS NULL
                   FROM deliveries d JOIN subscribers p ON p.id = d.subscriber_id
                   LEFT JOIN editions e ON e.id = d.edition_id WHERE d.id = ?1",
            )
            .and_then(|mut found| {
                found.query_row([id.0], |row| Ok((state(row, 0)?, row.get(1)?, row.get(2)?))).optional()
            })
            .map_err(sql)?;
        Ok(match found {
            None => Err(RowChange::NoSuchDelivery),
            Some((_, Some(edition), _)) if edition == "cancelled" => Err(RowChange::Cancelled),
            Some((_, _, true)) => Err(RowChange::Erased),
            Some((state, ..)) => Ok(state),
        })
    }

    /// Why a row's address must not get it, if so: a claim would end the row.
    pub fn barred(
        &self,
        id: DeliveryId,
        key: &SuppressionKey,
    ) -> Result<Option<SuppressionReason>, StoreError> {
        let Some(row) = self.listed_delivery(id)? else { return Ok(None) };
        let Some(Ok(address)) = row.address.as_deref().map(EmailAddress::parse) else { return Ok(None) };
        let hash = key.hash(&address);
        match row.notice {
            Some(kind) if !self.forbids(&hash, kind)? => Ok(None),
            _ => self.suppression(&hash),
        }
    }

    /// Queues a row again that was put off, or ended without the reader having it. Its edition goes on if it was done,
    /// and a newer one does not end the row.
    pub fn retry_delivery(&self, id: DeliveryId, now: Instant) -> Result<RowChange, StoreError> {
        use DeliveryState::{Bounced, Deferred, Expired, Unknown};
        match self.row_by_hand(id)? {
            Err(change) => Ok(change),
            Ok(Deferred | Unknown | Expired | Bounced) => self.queue_again(id, now),
            Ok(state) => Ok(RowChange::Refused(state)),
        }
    }

    fn queue_again(&self, id: DeliveryId, now: Instant) -> Result<RowChange, StoreError> {
        // A row whose first copy may lie with the relay stays listed as unknown until it is claimed.
        let update = "UPDATE deliveries SET due_at = ?2, changed_at = ?2, lease_until = NULL,
                             attempts = CASE WHEN state IN ('expired', 'bounced') THEN 0 ELSE attempts END,
                             state = CASE state WHEN 'unknown' THEN state ELSE 'queued' END WHERE id = ?1";
        self.db
            .prepare_cached(update)
            .and_then(|mut update| update.execute((id.0, now.timestamp_millis())))
            .map_err(sql)?;
        self.db
            .prepare_cached(
                "UPDATE editions SET state = 'sending' WHERE state = 'done'
                    AND id = (SELECT edition_id FROM deliveries WHERE id = ?1)",
            )
            .and_then(|mut update| update.execute([id.0]))
            .map_err(sql)?;
        self.db
            .prepare_cached(
                "INSERT INTO meta (key, value) VALUES ('by_hand:' || ?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )
            .and_then(|mut note| note.execute((id.0, now.timestamp_millis().to_string())))
            .map_err(sql)?;
        Ok(RowChange::Changed)
    }

    /// Settles an unknown row as a person found it.
    pub fn resolve_delivery(
        &self,
        id: DeliveryId,
        resolution: Resolution,
        now: Instant,
    ) -> Result<RowChange, StoreError> {
        match self.row_by_hand(id)? {
            // What is known to have arrived may be noted of anyone.
            Ok(DeliveryState::Unknown) => {}
            Err(RowChange::Erased | RowChange::Cancelled) if resolution == Resolution::Sent => {}
            Err(change) => return Ok(change),
            Ok(state) => return Ok(RowChange::Refused(state)),
        }
        if resolution == Resolution::NotSent {
            return self.queue_again(id, now);
        }
        let changed = self
            .db
            .prepare_cached(
                "UPDATE deliveries SET state = 'sent', changed_at = ?2, due_at = min(due_at, ?2)
                  WHERE id = ?1 AND state = 'unknown'",
            )
            .and_then(|mut update| update.execute((id.0, now.timestamp_millis())))
            .map_err(sql)?;
        if changed == 0 {
            return Ok(RowChange::NoSuchDelivery);
        }
        self.record_told_after_all(id, now)?;
        self.db
            .prepare_cached(
                "INSERT INTO attempts (delivery_id, started_at, ended_at, stage, result, reply)
                 VALUES (?1, ?2, ?2, 'dot', 'sent', '운영자가 보낸 것으로 정했어요')",
            )
            .and_then(|mut insert| insert.execute((id.0, now.timestamp_millis())))
            .map(|_| RowChange::Changed)
            .map_err(sql)
    }
}
