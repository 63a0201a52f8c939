//! Effect: opening the database file: settings, schema version, migrations.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Refusal, StoreError};
use crate::clock::Instant;

/// Migrations in order; the schema's version is how many have run. Only ever appended to.
const MIGRATIONS: &[&str] = &[
    include_str!("schema_v1.sql"),
    include_str!("schema_v2.sql"),
    include_str!("schema_v3.sql"),
    include_str!("schema_v4.sql"),
    include_str!("schema_v5.sql"),
    include_str!("schema_v6.sql"),
];

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

/// SQLite's refusal of the whole file.
fn refused(path: &Path, error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StoreError::Foreign { path: path.to_owned() },
        _ => StoreError::Open { path: path.to_owned(), refusal: Refusal::of(error) },
    }
}

/// Makes the folder that the file at `path` lies in.
pub(super) fn make_folder(path: &Path) -> Result<(), StoreError> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    std::fs::create_dir_all(folder)
        .map_err(|cause| StoreError::Open { path: path.to_owned(), refusal: Refusal::of_place(&cause) })
}

/// Opens or makes the file, for writing.
pub(super) fn open(path: &Path, now: Instant) -> Result<Connection, StoreError> {
    let mut db = Connection::open(path).map_err(|cause| refused(path, &cause))?;
    settings(&db).map_err(|cause| refused(path, &cause))?;
    // Asked before anything is changed: a path typed wrong must not turn another program's file into a store.
    match whose(&db).map_err(|cause| refused(path, &cause))? {
        Whose::Ours => {}
        Whose::Newer(found) => return Err(newer(path, found)),
        Whose::Foreign => return Err(StoreError::Foreign { path: path.to_owned() }),
    }
    db.pragma_update(None, "journal_mode", "WAL").map_err(|cause| refused(path, &cause))?;
    migrate(&mut db, path, now)?;
    Ok(db)
}

/// Opens another connection on a file that [`open`] prepared, for reading only.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(|cause| refused(path, &cause))?;
    settings(&db).map_err(|cause| refused(path, &cause))?;
    Ok(db)
}

/// Whose file it is.
pub(super) enum Whose {
    /// Ours, or empty.
    Ours,
    /// A later version's of this program, with its schema's version.
    Newer(i64),
    /// Another program's: tables that no version of this one made.
    Foreign,
}

pub(super) fn whose(db: &Connection) -> rusqlite::Result<Whose> {
    let query = "SELECT count(*), sum(name = 'meta'), (SELECT user_version FROM pragma_user_version)
                   FROM sqlite_schema WHERE type = 'table'";
    let (tables, ours, version): (i64, Option<i64>, i64) =
        db.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let foreign = version < 0 || (tables > 0 && (version == 0 || ours != Some(1)));
    Ok(match version {
        _ if foreign => Whose::Foreign,
        version if version > MIGRATIONS.len() as i64 => Whose::Newer(version),
        _ => Whose::Ours,
    })
}

pub(super) fn newer(path: &Path, found: i64) -> StoreError {
    StoreError::Newer { path: path.to_owned(), found, known: MIGRATIONS.len() as i64 }
}

fn migrate(db: &mut Connection, path: &Path, now: Instant) -> Result<(), StoreError> {
    let failed = |cause: rusqlite::Error| refused(path, &cause);
    let known = MIGRATIONS.len() as i64;
    let version = |db: &Connection| db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    let found = version(db).map_err(failed)?;
    if found > known {
        return Err(newer(path, found));
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
    aws_lc_rs::rand::fill(&mut id).map_err(|_| {
        let advice = "시스템의 난수 장치(/dev/urandom)를 쓸 수 있는지 확인하세요";
        StoreError::Sql(Refusal::new("난수를 얻지 못했어요", advice))
    })?;
    Ok(id.iter().map(|byte| format!("{byte:02x}")).collect())
}
