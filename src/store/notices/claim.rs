//! Effect: notices that are due, and the last look before MAIL FROM: whether the person may still have them.

use rusqlite::{OptionalExtension, Row};

use super::kind;
use crate::clock::Instant;
use crate::model::notice::NoticeKind;
use crate::model::suppression::AddressHash;
use crate::model::{DeliveryId, NoticeId, SubscriberId};
use crate::store::deliveries::{LAST_WORD, OPEN_D};
use crate::store::{Ledger, StoreError, sql};

/// Whether the person of a notice may have it, in SQL, where notices are `n` and subscribers `p`. A confirmation serves
/// whoever asked; a goodbye whoever left; the others whoever has a subscription and the last word of whose consent for it
/// is a yes.
fn wanted() -> String {
    let agreed = format!(
        "EXISTS (SELECT 1 FROM subscriptions s WHERE s.subscriber_id = n.subscriber_id
                    AND (n.digest IS NULL OR s.digest = n.digest) AND (s.state = 'active' OR s.state = 'paused')
                    AND {LAST_WORD} <> 'withdrawn')"
    );
    format!(
        "CASE n.kind
           WHEN 'confirm' THEN EXISTS (SELECT 1 FROM subscriptions s
                                        WHERE s.subscriber_id = n.subscriber_id AND s.state = 'pending')
           WHEN 'goodbye' THEN 1
           ELSE {agreed} END"
    )
}

/// Whether a notice is addressed by name: to those who confirmed that they are the reader. Anybody can write a name into a
/// form, for any address.
const ADDRESSED: &str = "n.kind IN ('welcome', 'goodbye', 'renewal')";

/// Whether a suppression of that address stands against a notice: a withdrawal does not forbid its own result, nor a
/// confirmation that the person asked for afterwards.
const AGAINST: &str = "(x.reason <> 'withdrawn' OR NOT (n.kind = 'goodbye' OR n.kind = 'confirm'))";

/// A due notice as read, before anything is decided.
pub(in crate::store) struct DueNotice {
    pub(in crate::store) delivery: DeliveryId,
    pub(in crate::store) notice: NoticeId,
    pub(in crate::store) kind: NoticeKind,
    pub(in crate::store) subscriber: SubscriberId,
    pub(in crate::store) attempts: i64,
    pub(in crate::store) maybe_sent: bool,
    pub(in crate::store) address: Option<String>,
    pub(in crate::store) name: Option<String>,
    pub(in crate::store) wanted: bool,
    pub(in crate::store) expired: bool,
    pub(in crate::store) first_tried_at: Option<i64>,
}

impl Ledger<'_> {
    /// Notices due by `now`, the oldest first.
    pub(in crate::store) fn due_notices(
        &self,
        now: Instant,
        limit: usize,
    ) -> Result<Vec<DueNotice>, StoreError> {
        let text = format!(
            "SELECT d.id, n.id, n.kind, d.subscriber_id, d.attempts, d.state = 'unknown',
                    coalesce(n.address, p.address), CASE WHEN {ADDRESSED} THEN p.name END,
                    p.address IS NOT NULL AND {},
                    n.expires_at IS NOT NULL AND n.expires_at <= ?1,
                    (SELECT min(a.started_at) FROM attempts a WHERE a.delivery_id = d.id)
               FROM deliveries d JOIN notices n ON n.id = d.notice_id JOIN subscribers p ON p.id = d.subscriber_id
              WHERE d.edition_id IS NULL AND d.due_at <= ?1 AND {OPEN_D}
                AND (d.state = 'queued' OR d.state = 'deferred' OR d.state = 'unknown')
              ORDER BY d.due_at, d.id LIMIT ?2",
            wanted()
        );
        self.db
            .prepare_cached(&text)
            .and_then(|mut list| {
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                list.query_map((now.timestamp_millis(), limit), due)?.collect()
            })
            .map_err(sql)
    }

    /// Whether a suppression of `hash` forbids a notice of that kind.
    pub(in crate::store) fn forbids(&self, hash: &AddressHash, kind: NoticeKind) -> Result<bool, StoreError> {
        self.db
            .prepare_cached(&format!(
                "SELECT 1 FROM suppressions x, (SELECT ?2 AS kind) n WHERE x.address_hash = ?1 AND {AGAINST}"
            ))
            .and_then(|mut found| found.exists((hash, kind.as_str())))
            .map_err(sql)
    }

    /// The last look before MAIL FROM of a notice: whether the row is still ours under `epoch`, and whether it is still
    /// to be sent. None: no such row.
    pub(in crate::store) fn notice_stands(
        &self,
        id: DeliveryId,
        epoch: i64,
        hash: &AddressHash,
    ) -> Result<Option<(bool, bool)>, StoreError> {
        let text = format!(
            "SELECT d.state = 'in_flight' AND d.epoch = ?2,
                    p.address IS NOT NULL AND {}
                      AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = ?3 AND {AGAINST})
               FROM deliveries d JOIN notices n ON n.id = d.notice_id JOIN subscribers p ON p.id = d.subscriber_id
              WHERE d.id = ?1",
            wanted()
        );
        self.db
            .prepare_cached(&text)
            .and_then(|mut look| {
                look.query_row((id.0, epoch, hash), |row| Ok((row.get(0)?, row.get(1)?))).optional()
            })
            .map_err(sql)
    }
}

fn due(row: &Row<'_>) -> rusqlite::Result<DueNotice> {
    Ok(DueNotice {
        delivery: DeliveryId(row.get(0)?),
        notice: NoticeId(row.get(1)?),
        kind: kind(row, 2)?,
        subscriber: SubscriberId(row.get(3)?),
        attempts: row.get(4)?,
        maybe_sent: row.get(5)?,
        address: row.get(6)?,
        name: row.get(7)?,
        wanted: row.get::<_, Option<bool>>(8)?.unwrap_or(false),
        expired: row.get(9)?,
        first_tried_at: row.get(10)?,
    })
}
