//! Effect: erased text leaves the file itself: the database is rewritten and the log emptied.

use std::time::Duration;

use rusqlite::Connection;

use super::{Store, StoreError, sql};

impl Store {
    /// Rewrites the file so that no freed page keeps what was erased, and empties the write-ahead log. False if a
    /// reader, here or in another process, kept the log from being emptied: then it is to be tried again later.
    pub fn purge(&self) -> Result<bool, StoreError> {
        let db = Connection::open(self.path()).map_err(sql)?;
        db.busy_timeout(Duration::from_secs(10)).map_err(sql)?;
        db.execute_batch("VACUUM").map_err(sql)?;
        let held: i64 = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(sql)?;
        Ok(held == 0)
    }
}
