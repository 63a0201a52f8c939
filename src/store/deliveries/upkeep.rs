//! Effect: what a sender does at its start, and the ends of editions.

use rusqlite::params;

use super::{BY_HAND, MAYBE_SENT, NEVER, OPEN, UnknownPolicy};
use crate::clock::{Instant, from_millis};
use crate::model::{DeliveryId, EditionId, EmailAddress, SubscriberId};
use crate::retry;
use crate::store::{Ledger, StoreError, sql};

/// What was found of an earlier sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Leased rows, queued again.
    pub queued: u64,
    /// Rows in flight, now unknown.
    pub unknown: u64,
}

/// Whose rows.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Whose {
    /// An edition's.
    Edition(EditionId),
    /// A person's.
    Person(SubscriberId),
}

impl Ledger<'_> {
    /// Takes the next epoch. Rows leased under earlier ones can no longer be written by their holders.
    pub fn next_epoch(&self) -> Result<i64, StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO meta (key, value) VALUES ('sender_epoch', '1')
                 ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)
                 RETURNING CAST(value AS INTEGER)",
            )
            .and_then(|mut next| next.query_row([], |row| row.get(0)))
            .map_err(sql)
    }

    /// Settles what an earlier sender left. Only for the holder of the sender's lock, which proves that no other sender
    /// lives: so every lease found has lapsed.
    pub fn recover_at_start(&self, now: Instant, policy: UnknownPolicy) -> Result<Recovered, StoreError> {
        let millis = now.timestamp_millis();
        let run = |text: &str, values: &[&dyn rusqlite::ToSql]| {
            self.db.prepare_cached(text).and_then(|mut update| update.execute(values)).map_err(sql)
        };
        let leased = format!("{OPEN} AND state = 'leased'");
        run(
            &format!(
                "UPDATE deliveries SET state = 'unknown', lease_until = NULL, changed_at = ?1 WHERE {leased} AND {MAYBE_SENT}"
            ),
            &[&millis],
        )?;
        let queued = run(
            &format!(
                "UPDATE deliveries SET state = 'queued', lease_until = NULL, changed_at = ?1 WHERE {leased}"
            ),
            &[&millis],
        )?;
        let wait = retry::UNKNOWN_WAIT.as_millis() as i64;
        let due = if policy == UnknownPolicy::RetryOnce { millis + wait } else { NEVER };
        let reply = "보내는 도중에 프로그램이 끝나, 릴레이가 받았는지 알 수 없어요";
        let in_flight = format!("{OPEN} AND state = 'in_flight'");
        let unknown = run(
            &format!(
                "UPDATE deliveries SET due_at = CASE WHEN {MAYBE_SENT} THEN ?2 ELSE ?1 END, last_reply = ?3 WHERE {in_flight}"
            ),
            &[&due, &NEVER, &reply],
        )?;
        run(
            &format!(
                "INSERT INTO attempts (delivery_id, started_at, ended_at, stage, result, reply)
                 SELECT id, min(changed_at, ?1), ?1, 'dot', 'unknown', ?2 FROM deliveries WHERE {in_flight}"
            ),
            &[&millis, &reply],
        )?;
        run(
            &format!(
                "UPDATE deliveries SET state = 'unknown', attempts = attempts + 1, lease_until = NULL, changed_at = ?1
                  WHERE {in_flight}"
            ),
            &[&millis],
        )?;
        self.end_cancelled(now)?;
        Ok(Recovered { queued: queued as u64, unknown: unknown as u64 })
    }

    /// Gives leased rows back, as they were before the claim.
    pub fn release(
        &self,
        rows: impl Iterator<Item = DeliveryId>,
        epoch: i64,
        now: Instant,
    ) -> Result<(), StoreError> {
        let text = format!(
            "UPDATE deliveries SET lease_until = NULL, changed_at = ?3,
                    state = CASE WHEN {MAYBE_SENT} THEN 'unknown' ELSE 'queued' END
              WHERE id = ?1 AND epoch = ?2 AND state = 'leased'"
        );
        let mut update = self.db.prepare_cached(&text).map_err(sql)?;
        for row in rows {
            update.execute((row.0, epoch, now.timestamp_millis())).map_err(sql)?;
        }
        Ok(())
    }

    /// Ends what an older edition still holds once a newer one of its digest is frozen, but for what a person asked for
    /// again. Says how many rows ended.
    pub fn expire_superseded(&self, now: Instant) -> Result<u64, StoreError> {
        let newer = "EXISTS (SELECT 1 FROM editions n WHERE n.digest = e.digest AND n.number > e.number
                              AND n.state <> 'cancelled')";
        let text = format!(
            "UPDATE deliveries SET lease_until = NULL, changed_at = ?1,
                    state = CASE WHEN {MAYBE_SENT} THEN 'unknown' ELSE 'expired' END,
                    due_at = CASE WHEN {MAYBE_SENT} THEN {NEVER} ELSE due_at END,
                    last_reply = '다음 호가 나와 더 보내지 않아요'
              WHERE edition_id IN (SELECT e.id FROM editions e WHERE e.state IN ('sending', 'paused') AND {newer})
                AND {OPEN} AND state IN ('queued', 'deferred') AND NOT {BY_HAND}"
        );
        self.db
            .prepare_cached(&text)
            .and_then(|mut update| update.execute([now.timestamp_millis()]))
            .map(|rows| rows as u64)
            .map_err(sql)
    }

    /// Ends what came back to an edition after it was cancelled: what was on the wire then and is not sent. What the relay
    /// may hold stays unknown and is not tried again.
    pub fn end_cancelled(&self, now: Instant) -> Result<(), StoreError> {
        let held = format!("(state = 'unknown' OR {MAYBE_SENT})");
        let text = format!(
            "UPDATE deliveries SET changed_at = ?1, state = CASE WHEN {held} THEN 'unknown' ELSE 'suppressed' END,
                    due_at = CASE WHEN {held} THEN {NEVER} ELSE due_at END
              WHERE edition_id IN (SELECT id FROM editions WHERE state = 'cancelled')
                AND {OPEN} AND (state IN ('queued', 'deferred') OR state = 'unknown' AND due_at < {NEVER})"
        );
        self.db
            .prepare_cached(&text)
            .and_then(|mut update| update.execute([now.timestamp_millis()]))
            .map(drop)
            .map_err(sql)
    }

    /// Ends the rows of an edition or of a person that have not begun to leave; their leases are lost by the epoch. Of
    /// what the relay may hold the row stays unknown and is only not tried again.
    pub(in crate::store) fn end_unbegun(
        &self,
        whose: Whose,
        reason: Option<&str>,
        now: Instant,
    ) -> Result<(), StoreError> {
        let (column, id) = match whose {
            Whose::Edition(id) => ("edition_id", id.0),
            Whose::Person(id) => ("subscriber_id", id.0),
        };
        let text = format!(
            "UPDATE deliveries SET state = CASE WHEN {MAYBE_SENT} THEN 'unknown' ELSE 'suppressed' END,
                    due_at = CASE WHEN {MAYBE_SENT} THEN {NEVER} ELSE due_at END,
                    epoch = epoch + 1, lease_until = NULL, last_reply = coalesce(?2, last_reply), changed_at = ?3
              WHERE {column} = ?1 AND state IN ('queued', 'leased', 'deferred')"
        );
        self.db
            .prepare_cached(&text)
            .and_then(|mut update| update.execute((id, reason, now.timestamp_millis())))
            .map(drop)
            .map_err(sql)
    }

    /// Lets the rows of these addresses that nobody has tried yet be claimed before all others of their edition.
    pub fn put_first(&self, addresses: &[EmailAddress]) -> Result<(), StoreError> {
        let text = format!(
            "UPDATE deliveries SET due_at = 0
              WHERE subscriber_id = (SELECT id FROM subscribers WHERE address_key = ?1)
                AND edition_id IN (SELECT id FROM editions WHERE state = 'sending')
                AND {OPEN} AND state = 'queued' AND attempts = 0 AND due_at > 0"
        );
        let mut update = self.db.prepare_cached(&text).map_err(sql)?;
        for address in addresses {
            update.execute([address.key()]).map_err(sql)?;
        }
        Ok(())
    }

    /// Gives the beginnings of the transactions that named a recipient since `since` to `add`, the oldest first within a
    /// minute or so; reads no further back than it has to.
    pub fn messages_begun(&self, since: Instant, mut add: impl FnMut(Instant)) -> Result<(), StoreError> {
        let text = "SELECT started_at, stage FROM attempts ORDER BY id DESC";
        let mut begun = Vec::new();
        let mut list = self.db.prepare_cached(text).map_err(sql)?;
        let mut rows = list.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let (at, stage): (i64, String) = (row.get(0).map_err(sql)?, row.get(1).map_err(sql)?);
            if at <= since.timestamp_millis() {
                break;
            }
            if ["rcpt", "data", "body", "dot"].contains(&stage.as_str()) {
                begun.push(at);
            }
        }
        begun.into_iter().rev().for_each(|at| add(from_millis(at)));
        Ok(())
    }

    /// Marks editions done whose every row has ended; an unknown row that is tried no more has.
    pub fn finish_editions(&self) -> Result<u64, StoreError> {
        let text = format!(
            "UPDATE editions SET state = 'done' WHERE state = 'sending' AND NOT EXISTS (
               SELECT 1 FROM deliveries WHERE edition_id = editions.id AND {OPEN}
                  AND NOT (state = 'unknown' AND due_at = {NEVER}))"
        );
        self.db
            .prepare_cached(&text)
            .and_then(|mut update| update.execute([]))
            .map(|rows| rows as u64)
            .map_err(sql)
    }

    /// When the next row of an edition being sent falls due; none if none will.
    pub fn next_due(&self) -> Result<Option<Instant>, StoreError> {
        let text = format!(
            "SELECT min(at) FROM (
               SELECT (SELECT min(due_at) FROM deliveries WHERE edition_id = e.id AND {OPEN}
                          AND state IN ('queued', 'deferred', 'unknown') AND due_at < ?1) AS at
                 FROM editions e WHERE e.state = 'sending'
               UNION ALL
               SELECT min(due_at) FROM deliveries WHERE edition_id IS NULL AND {OPEN}
                  AND state IN ('queued', 'deferred', 'unknown') AND due_at < ?1)"
        );
        self.db
            .prepare_cached(&text)
            .and_then(|mut found| found.query_row(params![NEVER], |row| row.get::<_, Option<i64>>(0)))
            .map(|millis| millis.map(from_millis))
            .map_err(sql)
    }

    /// How many rows of editions being sent are due by `now`.
    pub fn due_count(&self, now: Instant) -> Result<u64, StoreError> {
        let text = format!(
            "SELECT count(*) FROM deliveries
              WHERE (edition_id IS NULL OR edition_id IN (SELECT id FROM editions WHERE state = 'sending')) AND {OPEN} AND state IN ('queued', 'deferred', 'unknown') AND due_at <= ?1"
        );
        self.db
            .prepare_cached(&text)
            .and_then(|mut found| found.query_row([now.timestamp_millis()], |row| row.get::<_, i64>(0)))
            .map(|count| count as u64)
            .map_err(sql)
    }
}
