//! Effect: people as lists and pages show them.

use std::ops::ControlFlow;

use rusqlite::{OptionalExtension, Row};

use crate::clock::{Instant, from_millis};
use crate::model::subscriber::{Consent, ConsentAct, Frequency, Subscriber, Subscription, SubscriptionState};
use crate::model::{EmailAddress, SubscriberId};
use crate::store::{Ledger, StoreError, sql};

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
