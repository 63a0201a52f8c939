//! Effect: what the consent ledger says of notices the law asks for, and a person's ledger as evidence.

use rusqlite::Row;

use super::{Ledger, StoreError, sql};
use crate::clock::{Instant, from_millis};
use crate::model::SubscriberId;
use crate::model::subscriber::{Consent, ConsentAct};

/// Something a reader did, and what the reader was told since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act {
    /// When it was done.
    pub at: Instant,
    /// When it was written down here.
    pub recorded_at: Instant,
    /// The newest notice since it: about it, or about a later act of the same consent.
    pub told_at: Option<Instant>,
}

/// A subscription that letters are or may again be sent to, with the consent it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveConsent {
    /// The reader.
    pub subscriber: SubscriberId,
    /// The digest.
    pub digest: String,
    /// The newest consent; none where the ledger has none.
    pub consent: Option<Act>,
}

/// A withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastConsent {
    /// The reader.
    pub subscriber: SubscriberId,
    /// The withdrawal.
    pub withdrawal: Act,
    /// Whether the address was erased, so that no mail can tell the reader any more.
    pub erased: bool,
}

/// An event of the consent ledger with the time at which it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The event.
    pub consent: Consent,
    /// When it was written down here; nothing changed or removed it since.
    pub recorded_at: Instant,
    /// The text that the wording stands for, as it was shown; none where the wording is the text itself.
    pub shown: Option<String>,
}

impl Ledger<'_> {
    /// Shows every subscription that is active or paused, by reader. One at a time: memory does not grow with the list.
    pub fn each_live_consent(&self, visit: &mut dyn FnMut(LiveConsent)) -> Result<(), StoreError> {
        const QUERY: &str = "SELECT s.subscriber_id, s.digest, c.at, c.recorded_at,
                (SELECT max(n.at) FROM consents n WHERE n.subscriber_id = s.subscriber_id AND n.act = 'notified'
                    AND (n.digest IS NULL OR n.digest = s.digest))
           FROM subscriptions s LEFT JOIN consents c ON c.id = (
                SELECT g.id FROM consents g WHERE g.subscriber_id = s.subscriber_id
                   AND g.act IN ('granted', 'confirmed') AND (g.digest IS NULL OR g.digest = s.digest)
                 ORDER BY g.at DESC, g.id DESC LIMIT 1)
          WHERE s.state IN ('active', 'paused') ORDER BY s.subscriber_id, s.digest";
        let mut list = self.db.prepare_cached(QUERY).map_err(sql)?;
        let mut rows = list.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            visit(live(row).map_err(sql)?);
        }
        Ok(())
    }

    /// Shows every withdrawal, by reader. One at a time.
    pub fn each_withdrawal(&self, visit: &mut dyn FnMut(PastConsent)) -> Result<(), StoreError> {
        const QUERY: &str = "SELECT w.subscriber_id, p.erased_at IS NOT NULL, w.at, w.recorded_at,
                (SELECT max(n.at) FROM consents n WHERE n.subscriber_id = w.subscriber_id AND n.act = 'notified'
                    AND (n.digest IS NULL OR w.digest IS NULL OR n.digest = w.digest))
           FROM consents w JOIN subscribers p ON p.id = w.subscriber_id
          WHERE w.act = 'withdrawn' ORDER BY w.subscriber_id, w.at";
        let mut list = self.db.prepare_cached(QUERY).map_err(sql)?;
        let mut rows = list.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            visit(past(row).map_err(sql)?);
        }
        Ok(())
    }

    /// A person's consent ledger, oldest event first, each event with the time it was written.
    pub fn evidence_of(&self, id: SubscriberId) -> Result<Vec<Evidence>, StoreError> {
        const QUERY: &str = "SELECT act, digest, at, source, wording, recorded_at,
                (SELECT w.shown FROM wordings w WHERE w.wording = consents.wording)
           FROM consents WHERE subscriber_id = ?1 ORDER BY at, id";
        let mut list = self.db.prepare_cached(QUERY).map_err(sql)?;
        let rows = list.query_map([id.0], evidence).map_err(sql)?;
        rows.collect::<Result<_, _>>().map_err(sql)
    }
}

fn act(row: &Row<'_>, at: Instant) -> rusqlite::Result<Act> {
    // What was told earlier on the same day was told of an act before this one.
    let told_at = row.get::<_, Option<i64>>(4)?.map(from_millis).filter(|told| *told >= at);
    Ok(Act { at, recorded_at: from_millis(row.get(3)?), told_at })
}

fn live(row: &Row<'_>) -> rusqlite::Result<LiveConsent> {
    let at = row.get::<_, Option<i64>>(2)?.map(from_millis);
    Ok(LiveConsent {
        subscriber: SubscriberId(row.get(0)?),
        digest: row.get(1)?,
        consent: at.map(|at| act(row, at)).transpose()?,
    })
}

fn past(row: &Row<'_>) -> rusqlite::Result<PastConsent> {
    let withdrawal = act(row, from_millis(row.get(2)?))?;
    Ok(PastConsent { subscriber: SubscriberId(row.get(0)?), erased: row.get(1)?, withdrawal })
}

fn evidence(row: &Row<'_>) -> rusqlite::Result<Evidence> {
    let word: String = row.get(0)?;
    let act = ConsentAct::parse(&word).ok_or_else(|| {
        rusqlite::Error::InvalidColumnType(0, format!("unknown act `{word}`"), rusqlite::types::Type::Text)
    })?;
    let consent = Consent {
        act,
        digest: row.get(1)?,
        at: from_millis(row.get(2)?),
        source: row.get(3)?,
        wording: row.get(4)?,
    };
    Ok(Evidence { consent, recorded_at: from_millis(row.get(5)?), shown: row.get(6)? })
}
