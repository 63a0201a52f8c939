//! Effect: mails that somebody asked for by a page, to an address that may be anybody's: a sign-up's, a new address's. One
//! a day for each address and so many an hour for all, whoever asks and by whatever page.

use super::{Ledger, StoreError, sql};
use crate::clock::Instant;
use crate::model::suppression::AddressHash;

/// Between two mails to one address.
pub const MAIL_AGAIN_AFTER: chrono::Duration = chrono::Duration::days(1);
/// Hours on record.
const HOURS_KEPT: i64 = 24 * 30;

/// Whether an address may be mailed for the asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// Yes.
    Open,
    /// It was, within the last day.
    Repeated,
    /// This hour's mails are used up.
    Full,
}

impl Ledger<'_> {
    /// Counts one asked for, and says how many were mailed in this hour.
    pub(super) fn count_asked(&self, now: Instant) -> Result<i64, StoreError> {
        let hour = hour(now);
        self.db
            .prepare_cached("DELETE FROM signup_hours WHERE hour < ?1")
            .and_then(|mut delete| delete.execute([hour - HOURS_KEPT]))
            .map_err(sql)?;
        self.db
            .prepare_cached(
                "INSERT INTO signup_hours (hour, asked, mailed) VALUES (?1, 1, 0)
                 ON CONFLICT (hour) DO UPDATE SET asked = asked + 1 RETURNING mailed",
            )
            .and_then(|mut count| count.query_row([hour], |row| row.get(0)))
            .map_err(sql)
    }

    /// Whether the address of `hash` may be mailed after `mailed` of the hour's `most`.
    pub(super) fn room(
        &self,
        hash: &AddressHash,
        mailed: i64,
        most: u32,
        now: Instant,
    ) -> Result<Room, StoreError> {
        let lately = self
            .db
            .prepare_cached("SELECT 1 FROM asked_mails WHERE address_hash = ?1 AND mailed_at > ?2")
            .and_then(|mut found| found.exists((hash, (now - MAIL_AGAIN_AFTER).timestamp_millis())))
            .map_err(sql)?;
        Ok(match lately {
            true => Room::Repeated,
            false if mailed >= i64::from(most) => Room::Full,
            false => Room::Open,
        })
    }

    /// Counts a mail to the address of `hash`.
    pub(super) fn count_mailed(&self, hash: &AddressHash, now: Instant) -> Result<(), StoreError> {
        self.db
            .prepare_cached("UPDATE signup_hours SET mailed = mailed + 1 WHERE hour = ?1")
            .and_then(|mut update| update.execute([hour(now)]))
            .map_err(sql)?;
        self.db
            .prepare_cached(
                "INSERT INTO asked_mails (address_hash, mailed_at) VALUES (?1, ?2)
                 ON CONFLICT (address_hash) DO UPDATE SET mailed_at = excluded.mailed_at",
            )
            .and_then(|mut insert| insert.execute((hash, now.timestamp_millis())))
            .map(drop)
            .map_err(sql)
    }

    /// Forgets mails that count no longer.
    pub fn forget_asked_mails(&self, now: Instant) -> Result<(), StoreError> {
        self.db
            .prepare_cached("DELETE FROM asked_mails WHERE mailed_at <= ?1")
            .and_then(|mut delete| delete.execute([(now - MAIL_AGAIN_AFTER).timestamp_millis()]))
            .map(drop)
            .map_err(sql)
    }
}

fn hour(now: Instant) -> i64 {
    now.timestamp().div_euclid(3600)
}
