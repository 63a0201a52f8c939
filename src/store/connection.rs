//! Effect: opening the database file: settings, schema version, migrations.

use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::StoreError;
use crate::clock::Instant;

/// Migrations in order; the schema's version is how many have run. Only ever appended to.
const MIGRATIONS: &[&str] = &[
    include_str!("schema_v1.sql"),
    include_str!("schema_v2.sql"),
    include_str!("schema_v3.sql"),
    include_str!("schema_v4.sql"),
    include_str!("schema_v5.sql"),
    include_str!("schema_v6.sql"),
    include_str!("schema_v7.sql"),
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

fn open_error(path: &Path, cause: impl std::fmt::Display) -> StoreError {
    StoreError::Open { path: path.to_owned(), cause: cause.to_string() }
}

/// SQLite's refusal in Korean; of a statement's text nothing is repeated.
fn refused(path: &Path, error: &rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode;
    let cause = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => return StoreError::Foreign { path: path.to_owned() },
        Some(ErrorCode::CannotOpen) => "그곳의 파일을 열거나 만들 수 없어요",
        Some(ErrorCode::PermissionDenied) => "권한이 없어요",
        Some(ErrorCode::ReadOnly) => "쓸 수 없는 파일이나 폴더예요",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "다른 프로그램이 붙들고 있어요",
        Some(ErrorCode::DiskFull) => "디스크에 남은 공간이 없어요",
        Some(ErrorCode::DatabaseCorrupt) => "파일이 깨졌어요. 백업에서 되살리세요",
        Some(ErrorCode::SystemIoFailure) => "디스크가 읽거나 쓰지 못했어요",
        _ => return open_error(path, error),
    };
    open_error(path, cause)
}

fn folder_words(error: &io::Error) -> String {
    let words = match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            "경로 가운데에 폴더가 아닌 것이 있어요"
        }
        io::ErrorKind::NotFound => "폴더를 만들 수 없는 곳이에요",
        io::ErrorKind::PermissionDenied => "폴더를 만들 권한이 없어요",
        io::ErrorKind::ReadOnlyFilesystem => "쓸 수 없게 묶인 디스크예요",
        io::ErrorKind::StorageFull => "디스크에 남은 공간이 없어요",
        _ => return error.to_string(),
    };
    words.to_owned()
}

/// Opens or makes the file, for writing.
pub(super) fn open(path: &Path, now: Instant) -> Result<Connection, StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|cause| open_error(path, folder_words(&cause)))?;
    }
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
    aws_lc_rs::rand::fill(&mut id).map_err(|_| StoreError::Sql("no randomness".to_owned()))?;
    Ok(id.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;
    use crate::store::Store;

    #[test]
    fn a_store_of_schema_6_is_counted_once_as_it_is_brought_up_to_date() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("old.sqlite");
        let old = Connection::open(&path).expect("a file");
        old.execute_batch(&MIGRATIONS[..6].concat()).expect("schema 6");
        old.execute_batch(
            "INSERT INTO subscribers (id, address, address_key, created_at)
               VALUES (1, 'a@x.kr', 'a@x.kr', 0), (2, 'b@x.kr', 'b@x.kr', 0), (3, 'c@x.kr', 'c@x.kr', 0);
             INSERT INTO subscriptions (subscriber_id, digest, state, since)
               VALUES (1, 'weekly', 'active', 0), (2, 'weekly', 'active', 0), (3, 'weekly', 'paused', 0);
             INSERT INTO editions (id, digest, number, slot_at, state, cutoff_at, frozen_at, html)
               VALUES (1, 'weekly', 1, 0, 'done', 0, 0, '<p>'), (2, 'weekly', NULL, 1, 'skipped', 0, 0, NULL);
             INSERT INTO deliveries (kind, edition_id, subscriber_id, state, due_at, changed_at)
               VALUES ('edition', 1, 1, 'sent', 0, 0), ('edition', 1, 2, 'bounced', 0, 0);
             PRAGMA user_version = 6;",
        )
        .expect("rows");
        drop(old);
        let store = Store::open(&path, from_millis(0)).expect("brought up to date");
        let told = store.write(|ledger| {
            ledger
                .db
                .execute("UPDATE subscriptions SET state = 'active' WHERE subscriber_id = 3", [])
                .map_err(crate::store::sql)?;
            ledger
                .db
                .execute("DELETE FROM subscriptions WHERE subscriber_id = 1", [])
                .map_err(crate::store::sql)?;
            Ok((ledger.editions(None)?, ledger.readership()?))
        });
        let (editions, readers) = told.expect("read");
        let recipients: Vec<_> = editions.iter().map(|one| (one.recipients, one.counts)).collect();
        assert_eq!(recipients, [(0, [0; 9]), (2, [0, 0, 0, 0, 1, 1, 0, 0, 0])]);
        assert_eq!((readers[0].active, readers[0].paused, readers.len()), (2, 0, 1));
    }
}
