//! Effect: addresses that posts had before. Another source may list a post by one of them for long.

use std::collections::{HashMap, HashSet};

use super::super::{Ledger, StoreError, sql};
use crate::clock::Instant;
use crate::model::canonical::site_and_path;

/// What such a row's key in `meta` begins with. Its value: when the post moved, and the address it has now.
const KEY: &str = "moved:";

/// Where such keys end: `;` follows `:`.
const END: &str = "moved;";

/// So many are kept, those of the latest moves.
const MOST: u32 = 10_000;

/// Former addresses, each with the one that the post has now.
#[derive(Debug, Default)]
pub struct Moved(HashMap<String, String>);

impl Moved {
    /// The address now of the post that was at `address`, both in canonical form.
    pub fn now<'a>(&'a self, address: &'a str) -> &'a str {
        self.0.get(address).map_or(address, String::as_str)
    }
}

/// A post's change of address, both in canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The one it had.
    pub from: String,
    /// The one it has.
    pub to: String,
    /// It is to be known by the former one, too; else only by those it had before that.
    pub kept: bool,
}

impl Ledger<'_> {
    /// Records the moves of one page, the newest post first. Of each site a post keeps its last address alone.
    pub fn posts_moved(&self, moves: &[Move], now: Instant) -> Result<(), StoreError> {
        let Moved(known) = self.moved_posts()?;
        let mut formers: HashMap<&str, Vec<&str>> = HashMap::new();
        for (former, address) in &known {
            formers.entry(address).or_default().push(former);
        }
        for one in moves.iter().rev() {
            for former in formers.get(one.from.as_str()).into_iter().flatten() {
                if one.kept && site(former) == site(&one.from) {
                    self.forget_address(former)?;
                } else {
                    self.db
                        .prepare_cached(
                            "UPDATE meta SET value = CAST(value AS INTEGER) || ' ' || ?2 WHERE key = ?1",
                        )
                        .and_then(|mut put| put.execute([&format!("{KEY}{former}"), &one.to]))
                        .map_err(sql)?;
                }
            }
            if one.kept {
                let value = format!("{} {}", now.timestamp_millis(), one.to);
                self.db
                    .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")
                    .and_then(|mut put| put.execute([format!("{KEY}{}", one.from), value]))
                    .map_err(sql)?;
            }
        }
        // An address in use leads nowhere.
        let in_use: HashSet<&str> = moves.iter().map(|one| one.to.as_str()).collect();
        in_use.into_iter().try_for_each(|address| self.forget_address(address))?;
        self.db
            .prepare_cached(
                "DELETE FROM meta WHERE key IN (SELECT key FROM meta WHERE key >= ?1 AND key < ?2
                                                 ORDER BY CAST(value AS INTEGER) DESC LIMIT -1 OFFSET ?3)",
            )
            .and_then(|mut gone| gone.execute((KEY, END, MOST)))
            .map(drop)
            .map_err(sql)
    }

    fn forget_address(&self, address: &str) -> Result<(), StoreError> {
        self.db
            .prepare_cached("DELETE FROM meta WHERE key = ?1")
            .and_then(|mut gone| gone.execute([format!("{KEY}{address}")]))
            .map(drop)
            .map_err(sql)
    }

    /// All former addresses.
    pub fn moved_posts(&self) -> Result<Moved, StoreError> {
        let mut list = self
            .db
            .prepare_cached(
                "SELECT substr(key, 1 + length(?1)), substr(value, 1 + instr(value, ' ')) FROM meta
                  WHERE key >= ?1 AND key < ?2",
            )
            .map_err(sql)?;
        let rows = list.query_map([KEY, END], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.and_then(Iterator::collect).map(Moved).map_err(sql)
    }
}

fn site(address: &str) -> &str {
    site_and_path(address).map_or(address, |(site, _)| site)
}
