//! Effect: opening the database file: settings, schema version, migrations.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::StoreError;
use crate::clock::Instant;

/// Migrations in order; the schema's version is how many have run. Only ever appended to.
const MIGRATIONS: &[&str] = &[include_str!("schema_v1.sql"), include_str!("schema_v2.sql")];

fn settings(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(Duration::from_secs(10))?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // A plan that looked at a bound value is made anew at each execution; ours are meant to stand.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.set_prepared_statement_cache_capacity(128);
    Ok(())
}

fn open_error(path: &Path, cause: impl std::fmt::Display) -> StoreError {
    StoreError::Open { path: path.to_owned(), cause: cause.to_string() }
}

/// Opens or makes the file, for writing.
pub(super) fn open(path: &Path, now: Instant) -> Result<Connection, StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|cause| open_error(path, cause))?;
    }
    let mut db = Connection::open(path).map_err(|cause| open_error(path, cause))?;
    settings(&db).map_err(|cause| open_error(path, cause))?;
    db.pragma_update(None, "journal_mode", "WAL").map_err(|cause| open_error(path, cause))?;
    migrate(&mut db, path, now)?;
    Ok(db)
}

/// Opens another connection on a file that [`open`] prepared, for reading only.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(|cause| open_error(path, cause))?;
    settings(&db).map_err(|cause| open_error(path, cause))?;
    Ok(db)
}

fn migrate(db: &mut Connection, path: &Path, now: Instant) -> Result<(), StoreError> {
    let failed = |cause: rusqlite::Error| open_error(path, cause);
    let known = MIGRATIONS.len() as i64;
    let version = |db: &Connection| db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    let found = version(db).map_err(failed)?;
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    if found == known {
        return Ok(());
    }
    // All pending migrations in one transaction: a crash leaves the old schema whole. Another process may have
    // migrated while this one waited for the lock, so the version is read again inside.
    let transaction =
        db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
    let found = version(&transaction).map_err(failed)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(migration).map_err(failed)?;
    }
    if found == 0 {
        for (key, value) in
            [("instance_id", instance_id()?), ("created_at", now.timestamp_millis().to_string())]
        {
            transaction
                .execute("INSERT INTO meta (key, value) VALUES (?1, ?2)", [key, value.as_str()])
                .map_err(failed)?;
        }
    }
    transaction.pragma_update(None, "user_version", known).map_err(failed)?;
    transaction.commit().map_err(failed)
}

/// What tells one store's life from another's: 32 random hex digits.
pub(super) fn instance_id() -> Result<String, StoreError> {
    let mut id = [0u8; 16];
    aws_lc_rs::rand::fill(&mut id).map_err(|_| StoreError::Sql("no randomness".to_owned()))?;
    Ok(id.iter().map(|byte| format!("{byte:02x}")).collect())
}
