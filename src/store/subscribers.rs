//! Effect: people, subscriptions, consents.

mod look;

use rusqlite::OptionalExtension;

use super::{Ledger, StoreError, sql};
use crate::clock::Instant;
use crate::model::subscriber::{Consent, ConsentAct, SubscriptionState, SuppressionReason};
use crate::model::{EmailAddress, SubscriberId, SuppressionKey};

pub use look::{Listed, SubscriberFilter};

/// A person to put on the list, with the consent that allows it.
#[derive(Clone, Copy, Debug)]
pub struct NewSubscriber<'a> {
    /// Address.
    pub address: &'a EmailAddress,
    /// Name where given, cleaned.
    pub name: Option<&'a str>,
    /// The digests agreed to.
    pub digests: &'a [String],
    /// The state the subscriptions begin in.
    pub state: SubscriptionState,
    /// When the person agreed.
    pub consent_at: Instant,
    /// Where that is known from: `cli`, `import:FILE`, `web`.
    pub source: &'a str,
    /// What was agreed to, or who says so.
    pub wording: &'a str,
}

/// What [`Ledger::add_subscriber`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// A new person.
    New(SubscriberId),
    /// The person was there and now has these digests too.
    Joined(SubscriberId, Vec<String>),
    /// The person had all of it; nothing changed (a missing name may have been filled in).
    Known(SubscriberId),
    /// The address must not be mailed; nothing changed.
    Suppressed(SuppressionReason),
}

impl Ledger<'_> {
    /// Puts a person on the list, or adds digests to one who is there. Repeating it changes nothing, and no existing
    /// subscription changes its state. A suppressed address is refused, whoever asks.
    pub fn add_subscriber(
        &self,
        new: &NewSubscriber<'_>,
        key: &SuppressionKey,
        now: Instant,
    ) -> Result<Added, StoreError> {
        if let Some(reason) = self.is_suppressed(key, new.address)? {
            return Ok(Added::Suppressed(reason));
        }
        let address_key = new.address.key();
        let joins = Some(new.consent_at).filter(|_| new.state.is_on());
        let inserted: Option<i64> = self
            .db
            .prepare_cached(
                "INSERT INTO subscribers (address, address_key, name, created_at, joined_at)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (address_key) DO NOTHING RETURNING id",
            )
            .and_then(|mut insert| {
                let joined_at = joins.map(|at| at.timestamp_millis());
                let row = (new.address.as_str(), &address_key, new.name, now.timestamp_millis(), joined_at);
                insert.query_row(row, |row| row.get(0)).optional()
            })
            .map_err(sql)?;
        if let Some(id) = inserted.map(SubscriberId) {
            for digest in new.digests {
                self.subscribe(id, digest, new, now)?;
            }
            return Ok(Added::New(id));
        }
        let id = self.fill_name(&address_key, new.name)?;
        let mut joined = Vec::new();
        for digest in new.digests {
            if self.subscribe(id, digest, new, now)? {
                joined.push(digest.clone());
            }
        }
        if joined.is_empty() {
            return Ok(Added::Known(id));
        }
        joins.map_or(Ok(()), |at| self.note_joining(id, at))?;
        Ok(Added::Joined(id, joined))
    }

    /// A person is on the list, by a consent of `at`; one who was before has been since.
    pub(super) fn note_joining(&self, id: SubscriberId, at: Instant) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE subscribers SET joined_at = min(coalesce(joined_at, ?2), ?2), left_at = NULL WHERE id = ?1",
            )
            .and_then(|mut update| update.execute((id.0, at.timestamp_millis())))
            .map(drop)
            .map_err(sql)
    }

    fn fill_name(&self, address_key: &str, name: Option<&str>) -> Result<SubscriberId, StoreError> {
        self.db
            .prepare_cached(
                "UPDATE subscribers SET name = coalesce(name, ?2) WHERE address_key = ?1 RETURNING id",
            )
            .and_then(|mut update| update.query_row((address_key, name), |row| row.get(0)))
            .map(SubscriberId)
            .map_err(sql)
    }

    /// Subscribes a person to `digest` with the consent of `new`. False if there is such a subscription in any state.
    fn subscribe(
        &self,
        id: SubscriberId,
        digest: &str,
        new: &NewSubscriber<'_>,
        now: Instant,
    ) -> Result<bool, StoreError> {
        if !self.insert_subscription(id, digest, new.state, new.consent_at)? {
            return Ok(false);
        }
        let consent = Consent {
            act: ConsentAct::Granted,
            digest: Some(digest.to_owned()),
            at: new.consent_at,
            source: new.source.to_owned(),
            wording: new.wording.to_owned(),
        };
        self.record_consent(id, &consent, now)?;
        Ok(true)
    }

    /// Makes a subscription and counts it: a trigger that did would have SQLite keep a journal of its own for each person
    /// of an import. False, and nothing done, if there is such a one in any state.
    pub(super) fn insert_subscription(
        &self,
        id: SubscriberId,
        digest: &str,
        state: SubscriptionState,
        since: Instant,
    ) -> Result<bool, StoreError> {
        let made = self
            .db
            .prepare_cached(
                "INSERT INTO subscriptions (subscriber_id, digest, state, since) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (digest, subscriber_id) DO NOTHING",
            )
            .and_then(|mut insert| insert.execute((id.0, digest, state.as_str(), since.timestamp_millis())))
            .map_err(sql)?;
        if made == 1 {
            self.db
                .prepare_cached(
                    "INSERT INTO readership (digest, state, count) VALUES (?1, ?2, 1)
                     ON CONFLICT (digest, state) DO UPDATE SET count = count + 1",
                )
                .and_then(|mut count| count.execute((digest, state.as_str())))
                .map_err(sql)?;
        }
        Ok(made == 1)
    }

    /// Appends an event to a person's consent ledger.
    pub fn record_consent(
        &self,
        id: SubscriberId,
        consent: &Consent,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO consents (subscriber_id, digest, act, at, recorded_at, source, wording)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .and_then(|mut insert| {
                insert.execute((
                    id.0,
                    &consent.digest,
                    consent.act.as_str(),
                    consent.at.timestamp_millis(),
                    now.timestamp_millis(),
                    &consent.source,
                    &consent.wording,
                ))
            })
            .map(|_| ())
            .map_err(sql)
    }

    /// Runs `job`, and undoes what it wrote unless it returned true beside its result. The result comes back either way.
    pub fn unless_refused<T>(
        &self,
        job: impl FnOnce(&Self) -> Result<(T, bool), StoreError>,
    ) -> Result<T, StoreError> {
        self.db.execute_batch("SAVEPOINT trial").map_err(sql)?;
        let result = job(self);
        if !matches!(result, Ok((_, true))) {
            self.db.execute_batch("ROLLBACK TO trial").map_err(sql)?;
        }
        self.db.execute_batch("RELEASE trial").map_err(sql)?;
        result.map(|(value, _)| value)
    }
}
