//! Effect: people, subscriptions, consents.

use std::ops::ControlFlow;

use rusqlite::{OptionalExtension, Row};

use super::{Ledger, StoreError, sql};
use crate::clock::{Instant, from_millis};
use crate::model::subscriber::{
    Consent, ConsentAct, Frequency, Subscriber, Subscription, SubscriptionState, SuppressionReason,
};
use crate::model::{EmailAddress, SubscriberId, SuppressionKey};

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

/// Which people a list holds. The default is everyone who is not erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriberFilter {
    /// Only those with a subscription to this digest.
    pub digest: Option<String>,
    /// Only those with a subscription in this state (of that digest, if one is named).
    pub state: Option<SubscriptionState>,
    /// Erased rows too.
    pub erased: bool,
}

/// A person with what they subscribe to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The person.
    pub subscriber: Subscriber,
    /// Subscriptions by digest name, each with the newest consent for it.
    pub subscriptions: Vec<(Subscription, Option<Instant>)>,
}

const PERSON: &str = "id, address, name, created_at, erased_at";

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
        let joins = Some(new.consent_at).filter(|_| new.state == SubscriptionState::Active);
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

    /// The person of that row, erased or not.
    pub fn subscriber(&self, id: SubscriberId) -> Result<Option<Subscriber>, StoreError> {
        let text = format!("SELECT {PERSON} FROM subscribers WHERE id = ?1");
        self.db
            .prepare_cached(&text)
            .and_then(|mut found| found.query_row([id.0], person).optional())
            .map_err(sql)
    }

    /// The person with that address, in any spelling that is the same person.
    pub fn subscriber_by_address(&self, address: &EmailAddress) -> Result<Option<Subscriber>, StoreError> {
        let text = format!("SELECT {PERSON} FROM subscribers WHERE address_key = ?1");
        self.db
            .prepare_cached(&text)
            .and_then(|mut found| found.query_row([address.key()], person).optional())
            .map_err(sql)
    }

    /// The one whose address is `part`, whatever the case; else at most `limit` people whose address holds it, by address.
    pub fn subscribers_like(&self, part: &str, limit: usize) -> Result<Vec<Subscriber>, StoreError> {
        let part = part.to_lowercase();
        // A whole address is one seek; a part of one is looked for among the keys alone, and no further than need be.
        let whole = format!("SELECT {PERSON} FROM subscribers WHERE address_key = ?1 LIMIT ?2");
        let parts = format!(
            "SELECT {PERSON} FROM subscribers WHERE id IN (SELECT id FROM subscribers
              WHERE instr(address_key, ?1) > 0 ORDER BY address_key LIMIT ?2) ORDER BY address_key"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = |text: &str| -> Result<Vec<Subscriber>, StoreError> {
            let mut list = self.db.prepare_cached(text).map_err(sql)?;
            list.query_map((&part, limit), person).and_then(Iterator::collect).map_err(sql)
        };
        match found(&whole)? {
            one if one.is_empty() => found(&parts),
            one => Ok(one),
        }
    }

    /// The largest row number given out so far; 0 on an empty list.
    pub fn last_subscriber(&self) -> Result<SubscriberId, StoreError> {
        self.db
            .prepare_cached("SELECT coalesce(max(id), 0) FROM subscribers")
            .and_then(|mut found| found.query_row([], |row| row.get(0)))
            .map(SubscriberId)
            .map_err(sql)
    }

    /// A person's subscriptions by digest name, each with the newest consent for it.
    pub fn subscriptions_of(
        &self,
        id: SubscriberId,
    ) -> Result<Vec<(Subscription, Option<Instant>)>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT digest, state, since, resumes_at, pace,
                        (SELECT max(at) FROM consents AS c WHERE c.subscriber_id = s.subscriber_id
                           AND c.act IN ('granted', 'confirmed') AND (c.digest IS NULL OR c.digest = s.digest))
                 FROM subscriptions AS s WHERE subscriber_id = ?1 ORDER BY digest",
            )
            .and_then(|mut found| {
                found.query_map([id.0], |row| Ok((subscription(row)?, instant(row, 5)?)))?.collect()
            })
            .map_err(sql)
    }

    /// A person's consent ledger, oldest event first.
    pub fn consents_of(&self, id: SubscriberId) -> Result<Vec<Consent>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT act, digest, at, source, wording FROM consents WHERE subscriber_id = ?1 ORDER BY at, id",
            )
            .and_then(|mut found| found.query_map([id.0], consent)?.collect())
            .map_err(sql)
    }

    /// Shows every person the filter lets through, in the order they came, until `visit` breaks. One at a time: memory
    /// does not grow with the list.
    pub fn each_subscriber(
        &self,
        filter: &SubscriberFilter,
        visit: &mut dyn FnMut(Listed) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let text = format!(
            "SELECT {PERSON} FROM subscribers AS p
             WHERE (?1 OR erased_at IS NULL)
               AND ((?2 IS NULL AND ?3 IS NULL) OR EXISTS (
                 SELECT 1 FROM subscriptions AS s WHERE s.subscriber_id = p.id
                   AND (?2 IS NULL OR s.digest = ?2) AND (?3 IS NULL OR s.state = ?3)))
             ORDER BY id"
        );
        let mut list = self.db.prepare_cached(&text).map_err(sql)?;
        let state = filter.state.map(SubscriptionState::as_str);
        let mut rows = list.query((filter.erased, &filter.digest, state)).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let subscriber = person(row).map_err(sql)?;
            let subscriptions = self.subscriptions_of(subscriber.id)?;
            if visit(Listed { subscriber, subscriptions }).is_break() {
                break;
            }
        }
        Ok(())
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

fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Instant>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(from_millis))
}

/// A word or address the program no longer reads: the row was written by other hands.
fn unreadable(column: usize, what: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, what.into())
}

fn person(row: &Row<'_>) -> rusqlite::Result<Subscriber> {
    let address: Option<String> = row.get(1)?;
    let address = address
        .map(|text| EmailAddress::parse(&text).map_err(|error| unreadable(1, error.to_string())))
        .transpose()?;
    Ok(Subscriber {
        id: SubscriberId(row.get(0)?),
        address,
        name: row.get(2)?,
        created_at: from_millis(row.get(3)?),
        erased_at: instant(row, 4)?,
    })
}

fn subscription(row: &Row<'_>) -> rusqlite::Result<Subscription> {
    let (state, frequency): (String, String) = (row.get(1)?, row.get(4)?);
    Ok(Subscription {
        digest: row.get(0)?,
        state: SubscriptionState::parse(&state).ok_or_else(|| unreadable(1, state))?,
        since: from_millis(row.get(2)?),
        resumes_at: instant(row, 3)?,
        frequency: Frequency::parse(&frequency).unwrap_or(Frequency::Every),
    })
}

fn consent(row: &Row<'_>) -> rusqlite::Result<Consent> {
    let act: String = row.get(0)?;
    Ok(Consent {
        act: ConsentAct::parse(&act).ok_or_else(|| unreadable(0, act))?,
        digest: row.get(1)?,
        at: from_millis(row.get(2)?),
        source: row.get(3)?,
        wording: row.get(4)?,
    })
}
