//! Effect: where a store sends from. A copy on another machine or in another folder is recognised, and does not send until a
//! person says that it takes over: else the same letters would leave from both.

use std::path::Path;

use rusqlite::OptionalExtension;

use super::{Ledger, StoreError, sql};

/// The key in `meta`.
const KEY: &str = "sends_from";

/// This machine (its `machine-id`, where it has one) and the file's whole path.
pub fn place(database: &Path) -> String {
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let path = std::fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
    format!("{} {}", machine.trim(), path.display())
}

impl Ledger<'_> {
    /// Claims the right to send for `place`, if no place has it yet; refuses where another has it.
    pub fn send_from(&self, place: &str) -> Result<(), StoreError> {
        match self.sends_from()? {
            None => self.adopt(place),
            Some(known) if known == place => Ok(()),
            Some(known) => {
                // The path alone is told; the machine's number says nothing to a person.
                let path = known.split_once(' ').map_or(known.as_str(), |(_, path)| path);
                Err(StoreError::Copied { path: path.into() })
            }
        }
    }

    /// The place that has the right to send; none where no one sent yet.
    pub fn sends_from(&self) -> Result<Option<String>, StoreError> {
        self.db
            .prepare_cached("SELECT value FROM meta WHERE key = ?1")
            .and_then(|mut found| found.query_row([KEY], |row| row.get(0)).optional())
            .map_err(sql)
    }

    /// Gives `place` the right to send, whoever had it.
    pub fn adopt(&self, place: &str) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )
            .and_then(|mut put| put.execute([KEY, place]))
            .map(drop)
            .map_err(sql)
    }

    /// Forgets who had the right to send; the next sender takes it.
    pub(super) fn send_from_anywhere(&self) -> Result<(), StoreError> {
        let gone = self
            .db
            .prepare_cached("DELETE FROM meta WHERE key = ?1")
            .and_then(|mut gone| gone.execute([KEY]));
        gone.map(drop).map_err(sql)
    }
}
