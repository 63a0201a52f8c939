//! Effect: addresses never to be mailed, and the withdrawal that ends a person's time on the list.

use rusqlite::OptionalExtension;

use super::deliveries::Whose;
use super::{Ledger, StoreError, sql};
use crate::clock::{Instant, from_millis};
use crate::model::subscriber::SuppressionReason;
use crate::model::suppression::AddressHash;
use crate::model::{EmailAddress, SubscriberId, SuppressionKey};

/// Whether a person who withdraws is told so by mail before the address is erased (법 50조 7항).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Farewell {
    /// No: erased with the withdrawal itself.
    #[default]
    Untold,
    /// Yes: erased when the mail has ended, or its time is over.
    Told,
}

/// What a withdrawal found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// The person was on the list; erased now, or to be told first.
    Done {
        /// The digests that were open for this person.
        digests: Vec<String>,
    },
    /// Had left before; nothing changed.
    Already,
    /// No such row; nothing changed.
    Unknown,
}

impl Ledger<'_> {
    /// Whether anything here was made with the secret key and would be lost with it: suppressions, links in letters sent.
    pub fn is_keyed(&self) -> Result<bool, StoreError> {
        self.db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM suppressions) OR EXISTS (SELECT 1 FROM deliveries)")
            .and_then(|mut found| found.query_row([], |row| row.get(0)))
            .map_err(sql)
    }

    /// Whether something may yet be sent again: its Message-ID is made with the signing key.
    pub fn is_sending(&self) -> Result<bool, StoreError> {
        self.db
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 'leased' OR state = 'in_flight'
                    OR (state = 'queued' OR state = 'deferred' OR state = 'unknown') AND due_at < 9223372036854775807)",
            )
            .and_then(|mut found| found.query_row([], |row| row.get(0)))
            .map_err(sql)
    }

    /// Why `hash` must not be mailed and since when, if so.
    pub fn suppressed_since(
        &self,
        hash: &AddressHash,
    ) -> Result<Option<(SuppressionReason, Instant)>, StoreError> {
        self.db
            .prepare_cached("SELECT reason, at FROM suppressions WHERE address_hash = ?1")
            .and_then(|mut found| {
                found.query_row([hash], |row| Ok((row.get::<_, String>(0)?, row.get(1)?))).optional()
            })
            .map(|found| {
                let reason =
                    |word: String| SuppressionReason::parse(&word).unwrap_or(SuppressionReason::Manual);
                found.map(|(word, at)| (reason(word), from_millis(at)))
            })
            .map_err(sql)
    }

    /// Why `hash` must not be mailed, if so.
    pub fn suppression(&self, hash: &AddressHash) -> Result<Option<SuppressionReason>, StoreError> {
        Ok(self.suppressed_since(hash)?.map(|(reason, _)| reason))
    }

    /// Why `address` must not be mailed, if so.
    pub fn is_suppressed(
        &self,
        key: &SuppressionKey,
        address: &EmailAddress,
    ) -> Result<Option<SuppressionReason>, StoreError> {
        self.suppression(&key.hash(address))
    }

    /// Never mail `hash` again. The first reason stays, but a withdrawal stands above the others.
    pub fn suppress(
        &self,
        hash: &AddressHash,
        reason: SuppressionReason,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO suppressions (address_hash, reason, at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (address_hash) DO UPDATE SET reason = excluded.reason, at = excluded.at
                 WHERE excluded.reason = 'withdrawn' AND suppressions.reason <> 'withdrawn'",
            )
            .and_then(|mut insert| insert.execute((hash, reason.as_str(), now.timestamp_millis())))
            .map(|_| ())
            .map_err(sql)
    }

    /// Ends every subscription of a person in this one transaction: the address is suppressed, letters not yet begun are
    /// suppressed (their leases end: the epoch moves on), the withdrawal is recorded, address and name are erased.
    /// Repeating it changes nothing. `source` says where it came from (`one-click`, `web`, `cli`, `smtp`, `restore`).
    pub fn withdraw(
        &self,
        id: SubscriberId,
        source: &str,
        key: &SuppressionKey,
        now: Instant,
    ) -> Result<Withdrawal, StoreError> {
        self.leave(id, source, Farewell::Untold, key, now)
    }

    /// As [`Ledger::withdraw`]; where the person is to be told, address and name stay until that is done. An address that
    /// bounced for good, complained, or was barred by hand is never written to again, so it is erased at once.
    pub fn leave(
        &self,
        id: SubscriberId,
        source: &str,
        farewell: Farewell,
        key: &SuppressionKey,
        now: Instant,
    ) -> Result<Withdrawal, StoreError> {
        let Some(person) = self.subscriber(id)? else { return Ok(Withdrawal::Unknown) };
        let Some(address) = person.address else { return Ok(Withdrawal::Already) };
        let digests = self.end_subscriptions(id, now)?;
        if digests.is_empty() && self.is_leaving(id)? {
            if farewell == Farewell::Untold {
                self.erase(id, &address, now)?;
            }
            return Ok(Withdrawal::Already);
        }
        let hash = key.hash(&address);
        // Who is not to be mailed for another reason cannot be told either, and is gone at once. Asked before the
        // withdrawal takes that reason's place.
        let farewell = match self.suppression(&hash)? {
            None | Some(SuppressionReason::Withdrawn) => farewell,
            Some(_) => Farewell::Untold,
        };
        self.suppress(&hash, SuppressionReason::Withdrawn, now)?;
        self.record_withdrawal(id, source, now)?;
        self.note_leaving(id, now)?;
        self.end_unbegun(Whose::Person(id), None, now)?;
        self.drop_new_addresses(id)?;
        match farewell {
            Farewell::Untold => self.erase(id, &address, now)?,
            Farewell::Told => self.put_leaving(id, now)?,
        }
        Ok(Withdrawal::Done { digests })
    }

    fn is_leaving(&self, id: SubscriberId) -> Result<bool, StoreError> {
        self.db
            .prepare_cached("SELECT 1 FROM leaving WHERE subscriber_id = ?1")
            .and_then(|mut found| found.exists([id.0]))
            .map_err(sql)
    }

    fn put_leaving(&self, id: SubscriberId, now: Instant) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO leaving (subscriber_id, since) VALUES (?1, ?2)
                 ON CONFLICT (subscriber_id) DO UPDATE SET since = excluded.since",
            )
            .and_then(|mut put| put.execute((id.0, now.timestamp_millis())))
            .map(drop)
            .map_err(sql)
    }

    /// Whoever had joined has left now; one who only asked was never on the list.
    fn note_leaving(&self, id: SubscriberId, now: Instant) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE subscribers SET left_at = ?2
                 WHERE id = ?1 AND joined_at IS NOT NULL AND left_at IS NULL",
            )
            .and_then(|mut update| update.execute((id.0, now.timestamp_millis())))
            .map(drop)
            .map_err(sql)
    }

    fn end_subscriptions(&self, id: SubscriberId, now: Instant) -> Result<Vec<String>, StoreError> {
        self.db
            .prepare_cached(
                "UPDATE subscriptions SET state = 'unsubscribed', since = ?2
                 WHERE subscriber_id = ?1 AND state <> 'unsubscribed' RETURNING digest",
            )
            .and_then(|mut update| {
                let rows = update.query_map((id.0, now.timestamp_millis()), |row| row.get(0))?;
                rows.collect()
            })
            .map_err(sql)
    }

    fn record_withdrawal(&self, id: SubscriberId, source: &str, now: Instant) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO consents (subscriber_id, digest, act, at, recorded_at, source, wording)
                 VALUES (?1, NULL, 'withdrawn', ?2, ?2, ?3, '')",
            )
            .and_then(|mut insert| insert.execute((id.0, now.timestamp_millis(), source)))
            .map(|_| ())
            .map_err(sql)
    }

    /// Address and name leave every row that holds them.
    pub(super) fn erase(
        &self,
        id: SubscriberId,
        address: &EmailAddress,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.erasing();
        self.forget_replies(id, address)?;
        self.db
            .prepare_cached(
                "UPDATE subscribers SET address = NULL, address_key = NULL, name = NULL, erased_at = ?2 WHERE id = ?1",
            )
            .and_then(|mut update| update.execute((id.0, now.timestamp_millis())))
            .map(|_| ())
            .map_err(sql)
    }

    /// Relays like to repeat the address in their replies.
    pub(super) fn forget_replies(&self, id: SubscriberId, address: &EmailAddress) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE deliveries SET last_reply = NULL WHERE subscriber_id = ?1 AND instr(lower(last_reply), ?2) > 0",
            )
            .and_then(|mut update| update.execute((id.0, address.as_str().to_ascii_lowercase())))
            .map(drop)
            .map_err(sql)
    }
}
