//! Effect: addresses that posts had before. Another source may list a post by one of them for long.

use std::collections::HashMap;

use super::super::{Ledger, StoreError, sql};

/// What such a row's key in `meta` begins with.
const KEY: &str = "moved:";

/// Former addresses, each with the one that followed it.
#[derive(Debug, Default)]
pub struct Moved(HashMap<String, String>);

impl Moved {
    /// The last address of the post that was at `address`, both in canonical form.
    pub fn now<'a>(&'a self, mut address: &'a str) -> &'a str {
        // An address in use again leads nowhere, so no way leads in a ring; the bound is for rows of others' making.
        for _ in 0..self.0.len() {
            let Some(next) = self.0.get(address) else { break };
            address = next;
        }
        address
    }
}

impl Ledger<'_> {
    /// Records that the post at `from` is at `to` now, both in canonical form.
    pub fn post_moved(&self, from: &str, to: &str) -> Result<(), StoreError> {
        self.db
            .prepare_cached("DELETE FROM meta WHERE key = ?1")
            .and_then(|mut gone| gone.execute([format!("{KEY}{to}")]))
            .map_err(sql)?;
        self.db
            .prepare_cached(
                "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )
            .and_then(|mut put| put.execute([&format!("{KEY}{from}"), to]))
            .map(drop)
            .map_err(sql)
    }

    /// All former addresses.
    pub fn moved_posts(&self) -> Result<Moved, StoreError> {
        let mut list = self
            .db
            .prepare_cached(
                "SELECT substr(key, 1 + length(?1)), value FROM meta WHERE key >= ?1 AND key < ?2",
            )
            .map_err(sql)?;
        // `;` follows `:`
        let rows = list.query_map([KEY, "moved;"], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.and_then(Iterator::collect).map(Moved).map_err(sql)
    }
}
