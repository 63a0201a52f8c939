//! Effect: leasing rows that are due, and the last look before MAIL FROM. Consent and suppression are read now.

use rusqlite::{OptionalExtension, Row, params};

use super::{AGREED_AT, Claim, ClaimRequest, Claimed, Guarded, Intent, LAST_WORD, NEVER, OPEN_D, Standing};
use crate::clock::{Instant, from_millis};
use crate::model::notice::{Mailing, NoticeKind};
use crate::model::{DeliveryId, EditionId, EmailAddress, SubscriberId, SuppressionKey};
use crate::retry;
use crate::store::{Ledger, StoreError, sql};

/// A due row as read, before anything is decided.
struct Due {
    id: DeliveryId,
    mailing: Mailing,
    subscriber: SubscriberId,
    attempts: i64,
    maybe_sent: bool,
    address: Option<String>,
    name: Option<String>,
    agreed: bool,
    /// Since when, of an edition.
    agreed_at: Option<i64>,
    /// Of a notice.
    kind: Option<NoticeKind>,
    first_tried_at: Option<i64>,
}

impl Ledger<'_> {
    /// Leases up to `limit` due rows of editions that are being sent, oldest edition first. Rows whose person may no
    /// longer be mailed end here, without an attempt; rows of a held destination are put off.
    pub fn claim_next(&self, request: ClaimRequest, key: &SuppressionKey) -> Result<Claim, StoreError> {
        let mut claim = self.claim_notices(request, key)?;
        let mut held = None;
        for (edition, digest) in self.sending_editions()? {
            let room = request.limit.saturating_sub(claim.rows.len());
            if room == 0 {
                break;
            }
            for due in self.due_rows(edition, &digest, request, room)? {
                let held = match &held {
                    Some(held) => held,
                    None => held.insert(self.held_destinations(request.now)?),
                };
                self.claim_row(due, request, key, held, &mut claim)?;
            }
        }
        Ok(claim)
    }

    /// Notices go first: they are few, and somebody waits for each.
    fn claim_notices(&self, request: ClaimRequest, key: &SuppressionKey) -> Result<Claim, StoreError> {
        let mut claim = Claim::default();
        let notices = self.due_notices(request.now, request.limit)?;
        if notices.is_empty() {
            return Ok(claim);
        }
        let (held, now) = (self.held_destinations(request.now)?, request.now.timestamp_millis());
        for notice in notices {
            if notice.expired {
                claim.suppressed += 1;
                self.end_unwanted(notice.delivery, notice.maybe_sent, "쓸 수 있는 기한이 지났어요", now)?;
                continue;
            }
            let due = Due {
                id: notice.delivery,
                mailing: Mailing::Notice(notice.notice),
                subscriber: notice.subscriber,
                attempts: notice.attempts,
                maybe_sent: notice.maybe_sent,
                address: notice.address,
                name: notice.name,
                agreed: notice.wanted,
                agreed_at: None,
                kind: Some(notice.kind),
                first_tried_at: notice.first_tried_at,
            };
            self.claim_row(due, request, key, &held, &mut claim)?;
        }
        Ok(claim)
    }

    fn sending_editions(&self) -> Result<Vec<(EditionId, String)>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT id, coalesce(best_of, digest) FROM editions WHERE state = 'sending' ORDER BY id",
            )
            .and_then(|mut list| {
                list.query_map([], |row| Ok((EditionId(row.get(0)?), row.get(1)?)))?.collect()
            })
            .map_err(sql)
    }

    fn due_rows(
        &self,
        edition: EditionId,
        digest: &str,
        request: ClaimRequest,
        limit: usize,
    ) -> Result<Vec<Due>, StoreError> {
        let text = format!(
            "SELECT d.id, d.subscriber_id, d.attempts, d.state = 'unknown', p.address, p.name,
                    CASE s.state WHEN 'active' THEN {AGREED_AT} END,
                    (SELECT min(a.started_at) FROM attempts a WHERE a.delivery_id = d.id)
               FROM deliveries d JOIN subscribers p ON p.id = d.subscriber_id
               LEFT JOIN subscriptions s ON s.digest = ?2 AND s.subscriber_id = d.subscriber_id
              WHERE d.edition_id = ?1 AND d.due_at <= ?3 AND {OPEN_D}
                AND (d.state = 'queued' OR d.state = 'deferred' OR d.state = 'unknown')
              ORDER BY d.due_at, d.id LIMIT ?4"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.db
            .prepare_cached(&text)
            .and_then(|mut list| {
                let found = params![edition.0, digest, request.now.timestamp_millis(), limit];
                list.query_map(found, |row| due(row, edition))?.collect()
            })
            .map_err(sql)
    }

    fn claim_row(
        &self,
        due: Due,
        request: ClaimRequest,
        key: &SuppressionKey,
        held: &[(String, i64)],
        claim: &mut Claim,
    ) -> Result<(), StoreError> {
        let now = request.now.timestamp_millis();
        let address = due.address.as_deref().and_then(|text| EmailAddress::parse(text).ok());
        let Some(address) = address.filter(|_| due.agreed) else {
            claim.suppressed += 1;
            return self.end_unwanted(due.id, due.maybe_sent, "구독이나 동의가 지금은 없어요", now);
        };
        let hash = key.hash(&address);
        let forbidden = match due.kind {
            Some(kind) if !self.forbids(&hash, kind)? => None,
            _ => self.suppression(&hash)?,
        };
        if let Some(reason) = forbidden {
            claim.suppressed += 1;
            let reason = format!("발송 금지된 주소예요 ({})", reason.words());
            return self.end_unwanted(due.id, due.maybe_sent, &reason, now);
        }
        let destination = retry::destination(address.domain());
        if let Some((_, retry_at)) = held.iter().find(|(name, _)| name == destination) {
            claim.put_off += 1;
            return self.put_off(due.id, *retry_at, now);
        }
        self.db
            .prepare_cached(
                "UPDATE deliveries SET state = 'leased', epoch = ?2, lease_until = ?3, changed_at = ?4 WHERE id = ?1",
            )
            .and_then(|mut update| {
                update.execute((due.id.0, request.epoch, request.until.timestamp_millis(), now))
            })
            .map_err(sql)?;
        claim.rows.push(Claimed {
            id: due.id,
            mailing: due.mailing,
            subscriber: due.subscriber,
            address,
            name: due.name,
            consented_at: due.agreed_at.map(from_millis),
            hash,
            attempts: due.attempts,
            first_tried_at: due.first_tried_at.map(from_millis),
            leased_until: request.until,
        });
        Ok(())
    }

    /// Ends a row without an attempt. One that the relay may hold stays `unknown` and is only not tried again.
    fn end_unwanted(
        &self,
        id: DeliveryId,
        maybe_sent: bool,
        reason: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        let text = if maybe_sent {
            "UPDATE deliveries SET due_at = 9223372036854775807, changed_at = ?3, lease_until = NULL,
                    last_reply = coalesce(last_reply, ?2) WHERE id = ?1"
        } else {
            "UPDATE deliveries SET state = 'suppressed', lease_until = NULL, last_reply = ?2, changed_at = ?3 WHERE id = ?1"
        };
        self.db
            .prepare_cached(text)
            .and_then(|mut update| update.execute((id.0, reason, now)))
            .map(drop)
            .map_err(sql)
    }

    fn put_off(&self, id: DeliveryId, until: i64, now: i64) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE deliveries SET due_at = ?2, changed_at = ?3,
                        state = CASE state WHEN 'unknown' THEN state ELSE 'deferred' END WHERE id = ?1",
            )
            .and_then(|mut update| update.execute((id.0, until, now)))
            .map(drop)
            .map_err(sql)
    }

    /// Whether the relay has taken a copy of an edition for anyone but the operator's `own` addresses. Looks no further
    /// back than the edition's beginning, nor than some thousand attempts: a no costs one row that goes alone.
    pub fn was_taken(&self, edition: EditionId, own: &[EmailAddress]) -> Result<bool, StoreError> {
        let text =
            "SELECT a.started_at >= e.frozen_at, a.result = 'sent' AND d.edition_id IS e.id, p.address_key
                      FROM editions e CROSS JOIN attempts a JOIN deliveries d ON d.id = a.delivery_id
                      JOIN subscribers p ON p.id = d.subscriber_id
                     WHERE e.id = ?1 ORDER BY a.id DESC LIMIT 10000";
        let mut list = self.db.prepare_cached(text).map_err(sql)?;
        let rows = list.query_map([edition.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        for row in rows.map_err(sql)? {
            let (since, taken, key): (bool, bool, Option<String>) = row.map_err(sql)?;
            if !since {
                return Ok(false);
            }
            if taken && !own.iter().any(|address| Some(address.key()) == key) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Puts off a row that we have leased and not begun.
    pub fn put_off_leased(
        &self,
        id: DeliveryId,
        epoch: i64,
        until: Instant,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE deliveries SET due_at = ?3, changed_at = ?4, lease_until = NULL,
                        state = CASE WHEN EXISTS (SELECT 1 FROM attempts a WHERE a.delivery_id = ?1
                                                     AND a.result = 'unknown') THEN 'unknown' ELSE 'deferred' END
                  WHERE id = ?1 AND epoch = ?2 AND state = 'leased'",
            )
            .and_then(|mut update| {
                update.execute((id.0, epoch, until.timestamp_millis(), now.timestamp_millis()))
            })
            .map(drop)
            .map_err(sql)
    }

    /// The last look, directly before MAIL FROM: is the row still ours, the edition still going out, the person still
    /// willing? Sees the last commit.
    pub fn still_wanted(&self, row: &Claimed, epoch: i64) -> Result<Standing, StoreError> {
        let (id, hash) = (row.id, &row.hash);
        if let Mailing::Notice(_) = row.mailing {
            return Ok(match self.notice_stands(id, epoch, hash)? {
                Some((true, true)) => Standing::Wanted,
                Some((true, false)) => Standing::Unwanted,
                Some((false, _)) | None => Standing::Lost,
            });
        }
        let text = format!(
            "SELECT d.state = 'in_flight' AND d.epoch = ?2, e.state = 'sending',
                    p.address IS NOT NULL AND s.state = 'active' AND {LAST_WORD} IN ('granted', 'confirmed')
                      AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = ?3)
               FROM deliveries d JOIN editions e ON e.id = d.edition_id JOIN subscribers p ON p.id = d.subscriber_id
               LEFT JOIN subscriptions s ON s.digest = coalesce(e.best_of, e.digest) AND s.subscriber_id = d.subscriber_id
              WHERE d.id = ?1"
        );
        let found: Option<(bool, bool, Option<bool>)> = self
            .db
            .prepare_cached(&text)
            .and_then(|mut look| {
                look.query_row((id.0, epoch, hash), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                    .optional()
            })
            .map_err(sql)?;
        Ok(match found {
            Some((true, _, None | Some(false))) => Standing::Unwanted,
            Some((true, false, _)) => Standing::Held,
            Some((true, true, Some(true))) => Standing::Wanted,
            Some((false, ..)) | None => Standing::Lost,
        })
    }

    /// Records that the message may be reaching the relay from now on. A lease that has run out is lost.
    pub fn record_intent(&self, intent: &Intent) -> Result<Guarded, StoreError> {
        let changed = self
            .db
            .prepare_cached(
                "UPDATE deliveries SET state = 'in_flight', message_id = ?3, changed_at = ?4, lease_until = ?5
                  WHERE id = ?1 AND state = 'leased' AND epoch = ?2 AND lease_until > ?4",
            )
            .and_then(|mut update| {
                let (at, until) = (intent.at.timestamp_millis(), intent.until.timestamp_millis());
                update.execute((intent.id.0, intent.epoch, &intent.message_id, at, until))
            })
            .map_err(sql)?;
        if changed == 1 { Ok(Guarded::Done) } else { self.why_unchanged(intent.id, intent.epoch) }
    }

    /// Why a guarded write under the lease of `epoch` found no row.
    pub(super) fn why_unchanged(&self, id: DeliveryId, epoch: i64) -> Result<Guarded, StoreError> {
        // Only withdrawals and cancelled editions end a row that is leased, and move its epoch on; everything else is
        // another sender's work.
        let text = format!(
            "SELECT 1 FROM deliveries WHERE id = ?1
                AND (state = 'suppressed' OR (state = 'unknown' AND due_at = {NEVER} AND epoch > ?2))"
        );
        let settled =
            self.db.prepare_cached(&text).and_then(|mut found| found.exists((id.0, epoch))).map_err(sql)?;
        Ok(if settled { Guarded::Settled } else { Guarded::Lost })
    }
}

fn due(row: &Row<'_>, edition: EditionId) -> rusqlite::Result<Due> {
    let agreed_at: Option<i64> = row.get(6)?;
    Ok(Due {
        id: DeliveryId(row.get(0)?),
        mailing: Mailing::Edition(edition),
        kind: None,
        subscriber: SubscriberId(row.get(1)?),
        attempts: row.get(2)?,
        maybe_sent: row.get(3)?,
        address: row.get(4)?,
        name: row.get(5)?,
        agreed: agreed_at.is_some(),
        agreed_at,
        first_tried_at: row.get(7)?,
    })
}
