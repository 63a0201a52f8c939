//! Effect: editions with what became of their deliveries.

use rusqlite::ToSql;

use super::record::{COLUMNS, edition};
use crate::model::EditionId;
use crate::model::delivery::DeliveryState;
use crate::model::edition::Edition;
use crate::store::deliveries::OPEN;
use crate::store::{Ledger, StoreError, sql};

/// An edition with its recipients by delivery state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditionOverview {
    /// The edition.
    pub edition: Edition,
    /// All deliveries.
    pub recipients: i64,
    /// Deliveries in each state, in the order of [`DeliveryState::ALL`].
    pub counts: [i64; 9],
}

impl Ledger<'_> {
    /// Editions and skipped slots, newest first: of one digest, or of all.
    pub fn editions(&self, digest: Option<&str>) -> Result<Vec<EditionOverview>, StoreError> {
        self.overviews("?1 IS NULL OR e.digest = ?1", &[&digest])
    }

    /// The digest's `limit` newest editions and skipped slots, newest first.
    pub fn recent_editions(&self, digest: &str, limit: usize) -> Result<Vec<EditionOverview>, StoreError> {
        let newest =
            "e.id IN (SELECT id FROM editions WHERE digest = ?1 ORDER BY slot_at DESC, id DESC LIMIT ?2)";
        self.overviews(newest, &[&digest, &i64::try_from(limit).unwrap_or(i64::MAX)])
    }

    /// `limit` editions and skipped slots of all digests after the `past` newest, newest first.
    pub fn editions_after(&self, past: usize, limit: usize) -> Result<Vec<EditionOverview>, StoreError> {
        let column = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let newest = "e.id IN (SELECT id FROM editions ORDER BY slot_at DESC, id DESC LIMIT ?2 OFFSET ?1)";
        self.overviews(newest, &[&column(past), &column(limit)])
    }

    /// One edition with its counts, or none.
    pub fn edition_overview(&self, id: EditionId) -> Result<Option<EditionOverview>, StoreError> {
        self.overviews("e.id = ?1", &[&id.0]).map(|found| found.into_iter().next())
    }

    fn overviews(&self, condition: &str, values: &[&dyn ToSql]) -> Result<Vec<EditionOverview>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS}, coalesce(e.recipients, (SELECT count(*) FROM deliveries WHERE edition_id = e.id))
               FROM editions e WHERE {condition} ORDER BY e.slot_at DESC, e.id DESC"
        );
        let mut statement = self.db.prepare_cached(&text).map_err(sql)?;
        let rows = statement.query_map(values, |row| Ok((edition(row)?, row.get(8)?))).map_err(sql)?;
        let counted = rows.map(|row| {
            let (edition, recipients) = row.map_err(sql)?;
            Ok(EditionOverview { counts: self.delivery_counts(edition.id, recipients)?, edition, recipients })
        });
        counted.collect()
    }

    /// An edition's deliveries by state. What was sent, and what waits, is told by what is left of the others: those
    /// are many, and no index of theirs would be worth its writes.
    fn delivery_counts(&self, id: EditionId, recipients: i64) -> Result<[i64; 9], StoreError> {
        use DeliveryState::{
            Bounced, Deferred, Expired, InFlight, Leased, Queued, Sent, Suppressed, Unknown,
        };
        let of = |which: &str| format!("(SELECT count(*) FROM deliveries WHERE edition_id = ?1 AND {which})");
        let counted = DeliveryState::ALL.map(|state| match state {
            Queued => of(OPEN),
            Leased | InFlight => of(&format!("state = '{}' AND lease_until IS NOT NULL", state.as_str())),
            Deferred | Bounced | Expired | Suppressed | Unknown => {
                of(&format!("state = '{}'", state.as_str()))
            }
            Sent => "?2".to_owned(),
        });
        let mut statement = self.db.prepare_cached(&format!("SELECT {}", counted.join(", "))).map_err(sql)?;
        let mut counts = [0; 9];
        statement
            .query_row([id.0, recipients], |row| {
                counts.iter_mut().enumerate().try_for_each(|(column, count)| {
                    *count = row.get(column)?;
                    Ok(())
                })
            })
            .map_err(sql)?;
        let others = |of: &[DeliveryState]| {
            let pairs = DeliveryState::ALL.iter().zip(counts);
            pairs.filter(|(state, _)| of.contains(state)).map(|(_, count)| count).sum::<i64>()
        };
        let waiting = others(&[Leased, InFlight, Deferred, Unknown]);
        let ended = others(&[Queued, Bounced, Expired, Suppressed]);
        for (state, count) in DeliveryState::ALL.iter().zip(&mut counts) {
            match state {
                Queued => *count -= waiting,
                Sent => *count -= ended,
                _ => {}
            }
        }
        Ok(counts)
    }
}
