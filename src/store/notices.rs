//! Effect: notices: written with their delivery row, claimed before editions, erased with the person.

mod claim;

use rusqlite::{OptionalExtension, Row, params};

use super::deliveries::OPEN_D;
use super::{Ledger, StoreError, sql};
use crate::clock::{Instant, from_millis};
use crate::model::edition::Content;
use crate::model::notice::NoticeKind;
use crate::model::{DeliveryId, EmailAddress, NoticeId, SubscriberId};

/// A notice to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct NewNotice {
    /// What it tells.
    pub kind: NoticeKind,
    /// About whose subscription; also to whom, unless `address` says otherwise.
    pub subscriber: SubscriberId,
    /// The digest it is about; none: all of them.
    pub digest: Option<String>,
    /// The instant of the act it is about: of each there is one notice.
    pub about: Instant,
    /// To whom, where that is not the subscriber's own address.
    pub address: Option<EmailAddress>,
    /// What it says; no preheader.
    pub content: Content,
    /// Now.
    pub at: Instant,
    /// Of no use after this; none: as long as it is tried.
    pub expires_at: Option<Instant>,
}

/// A notice as it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Its one delivery.
    pub delivery: DeliveryId,
    /// What it tells.
    pub kind: NoticeKind,
    /// When it was written: the mail's date.
    pub created_at: Instant,
    /// What it says.
    pub content: Content,
}

/// A person who withdrew and is to be told before being erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Whose row.
    pub subscriber: SubscriberId,
    /// When they withdrew.
    pub since: Instant,
    /// They have a subscription again; one that waits for its confirmation anybody can have asked for.
    pub back: bool,
    /// When the notice was written, if it was.
    pub noticed_at: Option<Instant>,
    /// It has ended: sent, or not to be sent any more.
    pub ended: bool,
}

/// How the notices of one kind stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The relay took them.
    pub sent: u64,
    /// They wait for their turn, or for another try.
    pub queued: u64,
    /// They ended otherwise: refused, out of time, no longer wanted, or nobody knows.
    pub unsent: u64,
}

impl Ledger<'_> {
    /// Writes a notice and queues its delivery. None, and nothing written, if that act was told of before.
    pub fn queue_notice(&self, new: &NewNotice) -> Result<Option<NoticeId>, StoreError> {
        let at = new.at.timestamp_millis();
        let inserted: Option<i64> = self
            .db
            .prepare_cached(
                "INSERT INTO notices (kind, subscriber_id, digest, about, address, subject, html, text, created_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT (subscriber_id, kind, about, coalesce(digest, '')) DO NOTHING RETURNING id",
            )
            .and_then(|mut insert| {
                let row = params![
                    new.kind.as_str(),
                    new.subscriber.0,
                    new.digest,
                    new.about.timestamp_millis(),
                    new.address.as_ref().map(EmailAddress::as_str),
                    new.content.subject,
                    new.content.html,
                    new.content.text,
                    at,
                    new.expires_at.map(|at| at.timestamp_millis()),
                ];
                insert.query_row(row, |row| row.get(0)).optional()
            })
            .map_err(sql)?;
        let Some(id) = inserted else { return Ok(None) };
        self.db
            .prepare_cached(
                "INSERT INTO deliveries (kind, notice_id, subscriber_id, state, due_at, changed_at)
                 VALUES ('notice', ?1, ?2, 'queued', ?3, ?3)",
            )
            .and_then(|mut insert| insert.execute((id, new.subscriber.0, at)))
            .map_err(sql)?;
        Ok(Some(NoticeId(id)))
    }

    /// A notice as it is sent; none once the person is erased.
    pub fn notice(&self, id: NoticeId) -> Result<Option<Notice>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT d.id, n.kind, n.created_at, n.subject, n.html, n.text
                   FROM notices n JOIN deliveries d ON d.notice_id = n.id WHERE n.id = ?1 AND n.text <> ''",
            )
            .and_then(|mut found| found.query_row([id.0], notice).optional())
            .map_err(sql)
    }

    /// People who withdrew and are still here, the longest first; at most `limit`, after that row number.
    pub fn leaving(&self, after: SubscriberId, limit: usize) -> Result<Vec<Leaving>, StoreError> {
        self.db
            .prepare_cached(
                "SELECT l.subscriber_id, l.since,
                        EXISTS (SELECT 1 FROM subscriptions s
                                 WHERE s.subscriber_id = l.subscriber_id AND s.state IN ('active', 'paused')),
                        n.created_at,
                        d.state IN ('sent', 'bounced', 'expired', 'suppressed')
                          OR d.state = 'unknown' AND d.due_at = 9223372036854775807
                   FROM leaving l
                   LEFT JOIN notices n ON n.subscriber_id = l.subscriber_id AND n.kind = 'goodbye' AND n.about = l.since
                   LEFT JOIN deliveries d ON d.notice_id = n.id
                  WHERE l.subscriber_id > ?1 ORDER BY l.subscriber_id LIMIT ?2",
            )
            .and_then(|mut list| {
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                list.query_map((after.0, limit), leaving)?.collect()
            })
            .map_err(sql)
    }

    /// Erases a person who was told, or whose time is over; one who came back, or may yet confirm that, stays. False: stayed.
    pub fn see_off(&self, id: SubscriberId, now: Instant) -> Result<bool, StoreError> {
        let back = self.subscriptions_of(id)?.iter().any(|(subscription, _)| {
            subscription.state != crate::model::subscriber::SubscriptionState::Unsubscribed
        });
        let address = self.subscriber(id)?.and_then(|person| person.address);
        if let Some(address) = address.filter(|_| !back) {
            self.erase(id, &address, now)?;
            return Ok(true);
        }
        self.db
            .prepare_cached("DELETE FROM leaving WHERE subscriber_id = ?1")
            .and_then(|mut delete| delete.execute([id.0]))
            .map_err(sql)?;
        Ok(false)
    }

    /// Whether a notice about that act is on its way or has ended.
    pub fn is_told_of(
        &self,
        kind: NoticeKind,
        subscriber: SubscriberId,
        digest: Option<&str>,
        about: Instant,
    ) -> Result<bool, StoreError> {
        self.db
            .prepare_cached(
                "SELECT 1 FROM notices WHERE subscriber_id = ?1 AND kind = ?2 AND about = ?3
                    AND coalesce(digest, '') = coalesce(?4, '')",
            )
            .and_then(|mut found| {
                found.exists(params![subscriber.0, kind.as_str(), about.timestamp_millis(), digest])
            })
            .map_err(sql)
    }

    /// How the notices of each kind stand.
    pub fn notices_by_kind(&self) -> Result<Vec<(NoticeKind, Progress)>, StoreError> {
        let open = format!("{OPEN_D} AND NOT (d.state = 'unknown' AND d.due_at = 9223372036854775807)");
        let text = format!(
            "SELECT n.kind, sum(d.state = 'sent'), sum({open}), sum(NOT (d.state = 'sent') AND NOT ({open}))
               FROM notices n JOIN deliveries d ON d.notice_id = n.id GROUP BY n.kind ORDER BY n.kind"
        );
        let count = |row: &Row<'_>, column| row.get::<_, i64>(column).map(i64::unsigned_abs);
        let counted = |row: &Row<'_>| {
            let progress = Progress { sent: count(row, 1)?, queued: count(row, 2)?, unsent: count(row, 3)? };
            Ok((kind(row, 0)?, progress))
        };
        let mut list = self.db.prepare_cached(&text).map_err(sql)?;
        list.query_map([], counted).and_then(Iterator::collect).map_err(sql)
    }

    /// Records in the consent ledger what a person found of an unknown row: that its notice went out when it was tried.
    pub(super) fn record_told_after_all(&self, delivery: DeliveryId, now: Instant) -> Result<(), StoreError> {
        let found: Option<(i64, i64)> = self
            .db
            .prepare_cached(
                "SELECT d.notice_id, max(a.ended_at) FROM deliveries d JOIN attempts a ON a.delivery_id = d.id
                  WHERE d.id = ?1 AND d.notice_id IS NOT NULL AND a.result = 'unknown' GROUP BY d.notice_id",
            )
            .and_then(|mut found| {
                found.query_row([delivery.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()
            })
            .map_err(sql)?;
        found.map_or(Ok(()), |(notice, at)| self.record_told(NoticeId(notice), from_millis(at), now))
    }

    /// Records in the consent ledger that a notice of the law went out at `at`.
    pub(super) fn record_told(&self, id: NoticeId, at: Instant, now: Instant) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO consents (subscriber_id, digest, act, at, recorded_at, source, wording)
                 SELECT subscriber_id, digest, 'notified', ?2, ?3, 'mail', kind FROM notices
                  WHERE id = ?1 AND kind IN ('welcome', 'goodbye', 'renewal')",
            )
            .and_then(|mut insert| insert.execute((id.0, at.timestamp_millis(), now.timestamp_millis())))
            .map(drop)
            .map_err(sql)
    }
}

fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<NoticeKind> {
    let word: String = row.get(column)?;
    NoticeKind::parse(&word)
        .ok_or_else(|| rusqlite::Error::InvalidColumnType(column, word, rusqlite::types::Type::Text))
}

fn leaving(row: &Row<'_>) -> rusqlite::Result<Leaving> {
    Ok(Leaving {
        subscriber: SubscriberId(row.get(0)?),
        since: from_millis(row.get(1)?),
        back: row.get(2)?,
        noticed_at: row.get::<_, Option<i64>>(3)?.map(from_millis),
        ended: row.get::<_, Option<bool>>(4)?.unwrap_or(false),
    })
}

fn notice(row: &Row<'_>) -> rusqlite::Result<Notice> {
    Ok(Notice {
        delivery: DeliveryId(row.get(0)?),
        kind: kind(row, 1)?,
        created_at: from_millis(row.get(2)?),
        content: Content {
            subject: row.get(3)?,
            preheader: String::new(),
            html: row.get(4)?,
            text: row.get(5)?,
        },
    })
}
