//! Effect: sign-ups by the form: asked for, mailed for, confirmed, or never confirmed and erased again.

use rusqlite::OptionalExtension;

use super::asked::Room;
use super::subscribers::NewSubscriber;
use super::{Ledger, StoreError, sql};
use crate::clock::Instant;
use crate::model::subscriber::{Consent, ConsentAct, SubscriptionState, SuppressionReason};
use crate::model::{EmailAddress, SubscriberId, SuppressionKey};

/// What a sign-up came to. The person who asked is told none of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignUp {
    /// Pending now, and to be mailed.
    Pending(SubscriberId),
    /// Receives, or has paused, all of it already.
    Known,
    /// Mailed within the last day.
    Repeated,
    /// The address must not be mailed.
    Suppressed(SuppressionReason),
    /// This hour's mails are used up.
    Full,
}

/// What a confirmation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// These digests are active now.
    Done(Vec<String>),
    /// They were before.
    Already,
    /// Something waits, but the link is too old.
    Expired,
    /// Nobody, or nothing to confirm.
    Unknown,
}

impl Ledger<'_> {
    /// Takes a sign-up: makes the digests not yet received `pending` with the consent of `new`, and says whether to mail.
    /// At most `most_an_hour` are mailed in an hour, as [`super::asked`] counts. Whatever the answer is, one row is written,
    /// so that it takes as long as any other.
    pub fn sign_up(
        &self,
        new: &NewSubscriber<'_>,
        most_an_hour: u32,
        key: &SuppressionKey,
        now: Instant,
    ) -> Result<SignUp, StoreError> {
        let mailed = self.count_asked(now)?;
        // Who withdrew may come back by the mail's own button; the other reasons stand.
        match self.is_suppressed(key, new.address)? {
            None | Some(SuppressionReason::Withdrawn) => {}
            Some(reason) => return Ok(SignUp::Suppressed(reason)),
        }
        let person = self.subscriber_by_address(new.address)?.map(|person| person.id);
        let wanted = self.not_received(person, new.digests)?;
        if wanted.is_empty() {
            return Ok(SignUp::Known);
        }
        let hash = key.hash(new.address);
        match self.room(&hash, mailed, most_an_hour, now)? {
            Room::Open => {}
            Room::Repeated => return Ok(SignUp::Repeated),
            Room::Full => return Ok(SignUp::Full),
        }
        let id = match person {
            Some(id) => self.name_unconfirmed(id, new.name).map(|()| id)?,
            None => self.insert_person(new, now)?,
        };
        for digest in &wanted {
            self.set_pending(id, digest, new, now)?;
        }
        self.count_mailed(&hash, now)?;
        self.note_sign_up(id, now)?;
        Ok(SignUp::Pending(id))
    }

    /// Keeps the text that a wording stands for, once: what was agreed to can be shown years later.
    pub fn keep_wording(&self, wording: &str, shown: &str) -> Result<(), StoreError> {
        self.db
            .prepare_cached("INSERT INTO wordings (wording, shown) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
            .and_then(|mut insert| insert.execute([wording, shown]))
            .map(drop)
            .map_err(sql)
    }

    fn note_sign_up(&self, id: SubscriberId, now: Instant) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO signups (subscriber_id, mailed_at) VALUES (?1, ?2)
                 ON CONFLICT (subscriber_id) DO UPDATE SET mailed_at = excluded.mailed_at",
            )
            .and_then(|mut insert| insert.execute((id.0, now.timestamp_millis())))
            .map(drop)
            .map_err(sql)
    }

    /// Those of `digests` that the person neither receives nor has paused.
    fn not_received(
        &self,
        person: Option<SubscriberId>,
        digests: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let Some(id) = person else { return Ok(digests.to_vec()) };
        let received = self.subscriptions_of(id)?;
        let on = |digest: &String| received.iter().any(|(has, _)| has.digest == *digest && has.state.is_on());
        Ok(digests.iter().filter(|digest| !on(digest)).cloned().collect())
    }

    fn insert_person(&self, new: &NewSubscriber<'_>, now: Instant) -> Result<SubscriberId, StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO subscribers (address, address_key, name, created_at) VALUES (?1, ?2, ?3, ?4)",
            )
            .and_then(|mut insert| {
                insert.insert((new.address.as_str(), new.address.key(), new.name, now.timestamp_millis()))
            })
            .map(SubscriberId)
            .map_err(sql)
    }

    /// Until somebody confirms, the name is that of the last form: whoever asked first may have been a stranger. A
    /// reader's own stays.
    fn name_unconfirmed(&self, id: SubscriberId, name: Option<&str>) -> Result<(), StoreError> {
        if self.paces_of(id)?.is_empty() { self.rename(id, name) } else { Ok(()) }
    }

    fn set_pending(
        &self,
        id: SubscriberId,
        digest: &str,
        new: &NewSubscriber<'_>,
        now: Instant,
    ) -> Result<(), StoreError> {
        if !self.insert_subscription(id, digest, SubscriptionState::Pending, now)? {
            self.db
                .prepare_cached(
                    "UPDATE subscriptions SET state = 'pending', since = ?3
                      WHERE subscriber_id = ?1 AND digest = ?2 AND state IN ('pending', 'unsubscribed')",
                )
                .and_then(|mut update| update.execute((id.0, digest, now.timestamp_millis())))
                .map_err(sql)?;
        }
        let consent = Consent {
            act: ConsentAct::Granted,
            digest: Some(digest.to_owned()),
            at: new.consent_at,
            source: new.source.to_owned(),
            wording: new.wording.to_owned(),
        };
        self.record_consent(id, &consent, now)
    }
}

/// A person with something to confirm, as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaiting {
    /// The address.
    pub address: EmailAddress,
    /// The name written into the form, or had before.
    pub name: Option<String>,
    /// Digests that wait for the confirmation.
    pub pending: Vec<String>,
    /// Digests confirmed before.
    pub confirmed: Vec<String>,
}

impl Ledger<'_> {
    /// What a person has to confirm; none for nobody.
    pub fn awaiting(&self, id: SubscriberId) -> Result<Option<Awaiting>, StoreError> {
        let Some(person) = self.subscriber(id)? else { return Ok(None) };
        let (Some(address), name) = (person.address, person.name) else { return Ok(None) };
        let subscriptions = self.subscriptions_of(id)?;
        let of = |wanted: &[SubscriptionState]| {
            let these = subscriptions.iter().filter(|(one, _)| wanted.contains(&one.state));
            these.map(|(one, _)| one.digest.clone()).collect::<Vec<_>>()
        };
        let pending = of(&[SubscriptionState::Pending]);
        let confirmed = of(&[SubscriptionState::Active, SubscriptionState::Paused]);
        Ok(Some(Awaiting { address, name, pending, confirmed }))
    }

    /// Makes a person's pending subscriptions active with the consent `confirmed`, in the wording each was asked for in.
    /// The address may be mailed again where the person had withdrawn it. Repeating it changes nothing.
    pub fn confirm(
        &self,
        id: SubscriberId,
        expired: bool,
        key: &SuppressionKey,
        now: Instant,
    ) -> Result<Confirmation, StoreError> {
        let Some(awaiting) = self.awaiting(id)? else { return Ok(Confirmation::Unknown) };
        if awaiting.pending.is_empty() {
            let known = !awaiting.confirmed.is_empty();
            return Ok(if known { Confirmation::Already } else { Confirmation::Unknown });
        }
        if expired {
            return Ok(Confirmation::Expired);
        }
        for digest in &awaiting.pending {
            self.activate(id, digest, now)?;
        }
        self.note_joining(id, now)?;
        self.db
            .prepare_cached("DELETE FROM suppressions WHERE address_hash = ?1 AND reason = 'withdrawn'")
            .and_then(|mut delete| delete.execute([key.hash(&awaiting.address)]))
            .map_err(sql)?;
        Ok(Confirmation::Done(awaiting.pending))
    }

    fn activate(&self, id: SubscriberId, digest: &str, now: Instant) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE subscriptions SET state = 'active', since = ?3
                 WHERE subscriber_id = ?1 AND digest = ?2 AND state = 'pending'",
            )
            .and_then(|mut update| update.execute((id.0, digest, now.timestamp_millis())))
            .map_err(sql)?;
        let wording: Option<String> = self
            .db
            .prepare_cached(
                "SELECT wording FROM consents WHERE subscriber_id = ?1 AND digest = ?2 AND act = 'granted'
                 ORDER BY at DESC, id DESC LIMIT 1",
            )
            .and_then(|mut found| found.query_row((id.0, digest), |row| row.get(0)).optional())
            .map_err(sql)?;
        let consent = Consent {
            act: ConsentAct::Confirmed,
            digest: Some(digest.to_owned()),
            at: now,
            source: "web".to_owned(),
            wording: wording.unwrap_or_default(),
        };
        self.record_consent(id, &consent, now)
    }

    /// Closes up to `limit` sign-ups mailed before `before`: what was not confirmed is no longer pending, and a person who
    /// confirmed nothing is erased. Returns how many were closed.
    pub fn close_sign_ups(&self, before: Instant, limit: u32, now: Instant) -> Result<usize, StoreError> {
        let found: Vec<i64> = self
            .db
            .prepare_cached(
                "SELECT subscriber_id FROM signups WHERE mailed_at < ?1 ORDER BY mailed_at LIMIT ?2",
            )
            .and_then(|mut list| {
                list.query_map((before.timestamp_millis(), limit), |row| row.get(0))?.collect()
            })
            .map_err(sql)?;
        for id in &found {
            self.close_sign_up(SubscriberId(*id), now)?;
        }
        Ok(found.len())
    }

    fn close_sign_up(&self, id: SubscriberId, now: Instant) -> Result<(), StoreError> {
        let closed = self
            .db
            .prepare_cached(
                "UPDATE subscriptions SET state = 'unsubscribed', since = ?2
                 WHERE subscriber_id = ?1 AND state = 'pending'",
            )
            .and_then(|mut update| update.execute((id.0, now.timestamp_millis())))
            .map_err(sql)?;
        let live = !self.paces_of(id)?.is_empty();
        let address = self.subscriber(id)?.and_then(|person| person.address);
        if let Some(address) = address.filter(|_| closed > 0 && !live) {
            return self.erase(id, &address, now);
        }
        self.db
            .prepare_cached("DELETE FROM signups WHERE subscriber_id = ?1")
            .and_then(|mut delete| delete.execute([id.0]))
            .map(drop)
            .map_err(sql)
    }
}
