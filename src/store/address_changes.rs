//! Effect: a new address for a reader's subscriptions: asked for, confirmed there, and for three days the way back.

use rusqlite::OptionalExtension;

use super::asked::Room;
use super::{Ledger, StoreError, sql};
use crate::clock::Instant;
use crate::model::subscriber::{Consent, ConsentAct};
use crate::model::{EmailAddress, SubscriberId, SuppressionKey};

/// A new address may be asked for this often in [`CHANGES_WITHIN`].
pub const CHANGES: i64 = 3;
/// The span [`CHANGES`] is counted in.
pub const CHANGES_WITHIN: chrono::Duration = chrono::Duration::days(1);
/// A new address not confirmed within this is forgotten, and so is the old one after a move.
pub const CHANGE_OPEN: chrono::Duration = chrono::Duration::hours(72);

/// What a wish for a new address came to. The reader is told none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewAddress {
    /// To be confirmed there; the number of the change.
    Asked(i64),
    /// Asked for too often: by this reader, for that address, or by all in this hour.
    TooOften,
    /// It is the present one, another reader's, or must not be mailed.
    Taken,
    /// There is no such reader.
    Unknown,
}

/// What a confirmed change of address came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The reader has the new address now.
    Done {
        /// Where the reader was before.
        from: EmailAddress,
        /// The change that leads back there; none after one that led back itself.
        back: Option<i64>,
    },
    /// Too old, taken meanwhile, used before, or nobody's.
    Unknown,
}

impl Ledger<'_> {
    /// Remembers a new address to be confirmed there, and says whether to mail: as [`super::asked`] counts, and [`CHANGES`]
    /// times for one reader. Forgets older ones that were never confirmed.
    pub fn ask_new_address(
        &self,
        id: SubscriberId,
        address: &EmailAddress,
        most_an_hour: u32,
        key: &SuppressionKey,
        now: Instant,
    ) -> Result<NewAddress, StoreError> {
        if self.paces_of(id)?.is_empty() {
            return Ok(NewAddress::Unknown);
        }
        let mailed = self.count_asked(now)?;
        self.forget_new_addresses(now)?;
        let asked: i64 = self
            .db
            .prepare_cached("SELECT count(*) FROM address_changes WHERE subscriber_id = ?1 AND asked_at > ?2 AND back = 0")
            .and_then(|mut count| {
                let since = (now - CHANGES_WITHIN).timestamp_millis();
                count.query_row((id.0, since), |row| row.get(0))
            })
            .map_err(sql)?;
        if asked >= CHANGES {
            return Ok(NewAddress::TooOften);
        }
        // The wish is kept whatever comes of it, so that trying addresses out is counted too.
        let change = self
            .db
            .prepare_cached(
                "INSERT INTO address_changes (subscriber_id, address, asked_at) VALUES (?1, ?2, ?3)",
            )
            .and_then(|mut insert| insert.insert((id.0, address.as_str(), now.timestamp_millis())))
            .map_err(sql)?;
        if !self.may_have(address, key)? {
            return Ok(NewAddress::Taken);
        }
        let hash = key.hash(address);
        if self.room(&hash, mailed, most_an_hour, now)? != Room::Open {
            return Ok(NewAddress::TooOften);
        }
        self.count_mailed(&hash, now)?;
        Ok(NewAddress::Asked(change))
    }

    /// Forgets new addresses that nobody confirmed in time and old ones nobody went back to, and the mails to them. Returns
    /// how many.
    pub fn forget_new_addresses(&self, now: Instant) -> Result<usize, StoreError> {
        let mails = self
            .db
            .prepare_cached(
                "UPDATE notices SET address = NULL, html = '', text = ''
                 WHERE address IS NOT NULL AND expires_at < ?1",
            )
            .and_then(|mut update| update.execute([now.timestamp_millis()]))
            .map_err(sql)?;
        let changes = self
            .db
            .prepare_cached("DELETE FROM address_changes WHERE asked_at < ?1")
            .and_then(|mut delete| delete.execute([(now - CHANGE_OPEN).timestamp_millis()]))
            .map_err(sql)?;
        if mails + changes > 0 {
            self.erasing();
        }
        Ok(changes)
    }

    fn may_have(&self, address: &EmailAddress, key: &SuppressionKey) -> Result<bool, StoreError> {
        let taken = self.subscriber_by_address(address)?.is_some();
        Ok(!taken && self.is_suppressed(key, address)?.is_none())
    }

    /// The new address a change is about, while it can be confirmed: of a reader who has not left.
    pub fn new_address(
        &self,
        id: SubscriberId,
        change: i64,
        now: Instant,
    ) -> Result<Option<EmailAddress>, StoreError> {
        if self.paces_of(id)?.is_empty() {
            return Ok(None);
        }
        let text: Option<String> = self
            .db
            .prepare_cached(
                "SELECT address FROM address_changes
                 WHERE id = ?1 AND subscriber_id = ?2 AND asked_at >= ?3 AND address IS NOT NULL",
            )
            .and_then(|mut found| {
                let since = (now - CHANGE_OPEN).timestamp_millis();
                found.query_row((change, id.0, since), |row| row.get(0)).optional()
            })
            .map_err(sql)?;
        Ok(text.and_then(|text| EmailAddress::parse(&text).ok()))
    }

    /// Gives a reader the new address of a change that was confirmed there, which is a consent in `wording` to each digest
    /// the reader has. All wishes of the reader end with it, and the ways back from later moves than the one it undoes.
    pub fn move_to(
        &self,
        id: SubscriberId,
        change: i64,
        wording: &str,
        key: &SuppressionKey,
        now: Instant,
    ) -> Result<Moved, StoreError> {
        let Some(address) = self.new_address(id, change, now)? else { return Ok(Moved::Unknown) };
        let Some(from) = self.subscriber(id)?.and_then(|person| person.address) else {
            return Ok(Moved::Unknown);
        };
        if !self.may_have(&address, key)? {
            return Ok(Moved::Unknown);
        }
        self.forget_replies(id, &from)?;
        self.db
            .prepare_cached(
                "UPDATE subscribers SET address = ?2, address_key = ?3 WHERE id = ?1 AND erased_at IS NULL",
            )
            .and_then(|mut update| update.execute((id.0, address.as_str(), address.key())))
            .map_err(sql)?;
        for pace in self.paces_of(id)? {
            let consent = Consent {
                act: ConsentAct::Confirmed,
                digest: Some(pace.digest),
                at: now,
                source: "web".to_owned(),
                wording: wording.to_owned(),
            };
            self.record_consent(id, &consent, now)?;
        }
        self.end_new_addresses(id, change, now)?;
        let back = self.keep_way_back(id, change, &from, now)?;
        Ok(Moved::Done { from, back })
    }

    /// Remembers where the reader of `change` was before it, unless it led back itself: else two mailboxes could have each
    /// other mailed without end.
    fn keep_way_back(
        &self,
        id: SubscriberId,
        change: i64,
        from: &EmailAddress,
        now: Instant,
    ) -> Result<Option<i64>, StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO address_changes (subscriber_id, address, asked_at, back)
                 SELECT ?1, ?2, ?3, 1 WHERE NOT EXISTS (SELECT 1 FROM address_changes WHERE id = ?4 AND back = 1)
                 RETURNING id",
            )
            .and_then(|mut insert| {
                let row = (id.0, from.as_str(), now.timestamp_millis(), change);
                insert.query_row(row, |row| row.get(0)).optional()
            })
            .map_err(sql)
    }

    /// Ends a reader's wishes for a new address, the mails to it, and the ways back from `change` on. What was asked for
    /// still counts.
    fn end_new_addresses(&self, id: SubscriberId, change: i64, now: Instant) -> Result<(), StoreError> {
        self.erasing();
        self.db
            .prepare_cached(
                "UPDATE address_changes SET address = NULL WHERE subscriber_id = ?1 AND (back = 0 OR id >= ?2)",
            )
            .and_then(|mut update| update.execute((id.0, change)))
            .map_err(sql)?;
        self.db
            .prepare_cached(
                "UPDATE notices SET address = NULL, html = '', text = '', expires_at = min(expires_at, ?2)
                 WHERE subscriber_id = ?1 AND kind = 'address_change' AND address IS NOT NULL",
            )
            .and_then(|mut update| update.execute((id.0, now.timestamp_millis())))
            .map(drop)
            .map_err(sql)
    }

    /// Forgets the new addresses of a reader who leaves, and the mails to them.
    pub(super) fn drop_new_addresses(&self, id: SubscriberId) -> Result<(), StoreError> {
        self.erasing();
        self.db
            .prepare_cached("DELETE FROM address_changes WHERE subscriber_id = ?1")
            .and_then(|mut delete| delete.execute([id.0]))
            .map_err(sql)?;
        self.db
            .prepare_cached(
                "UPDATE notices SET address = NULL, html = '', text = ''
                 WHERE subscriber_id = ?1 AND address IS NOT NULL",
            )
            .and_then(|mut update| update.execute([id.0]))
            .map(drop)
            .map_err(sql)
    }
}
