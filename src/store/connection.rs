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
    include_str!("schema_v7.sql"),
    include_str!("schema_v8.sql"),
    include_str!("schema_v9.sql"),
    include_str!("schema_v10.sql"),
];

/// How long a connection waits for another's lock.
pub(super) const BUSY: Duration = Duration::from_secs(10);

fn settings(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY)?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    // What is erased is overwritten, not only let go.
    db.pragma_update(None, "secure_delete", true)?;
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
    // Made here, for SQLite would let everybody read it; a failure is its to tell.
    let _ = for_the_owner().create_new(true).open(path);
    let mut db = Connection::open(path).map_err(|cause| refused(path, &cause))?;
    settings(&db).map_err(|cause| refused(path, &cause))?;
    // Asked before anything is changed: a path typed wrong must not turn another program's file into a store.
    match whose(&db).map_err(|cause| refused(path, &cause))? {
        Whose::Ours => {}
        Whose::Newer(found) => return Err(newer(path, found)),
        Whose::Foreign => return Err(StoreError::Foreign { path: path.to_owned() }),
    }
    close_to_others(path);
    db.pragma_update(None, "journal_mode", "WAL").map_err(|cause| refused(path, &cause))?;
    migrate(&mut db, path, now)?;
    Ok(db)
}

/// How a file is made that its owner alone can open.
pub(super) fn for_the_owner() -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes from others what earlier versions let them read: the store's file and those beside it. Another owner's stay.
fn close_to_others(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let beside = |ending: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            std::path::PathBuf::from(name)
        };
        let locks = ["lock", "in-use.lock"].map(|ending| path.with_extension(ending));
        for file in [path.to_owned(), beside("-wal"), beside("-shm")].into_iter().chain(locks) {
            if std::fs::metadata(&file).is_ok_and(|found| found.permissions().mode() & 0o077 != 0) {
                let _ = std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600));
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;
    use crate::store::Store;

    #[test]
    fn a_store_of_before_keeps_its_notices_and_their_deliveries() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("old.db");
        let db = Connection::open(&path).expect("made");
        for migration in &MIGRATIONS[..7] {
            db.execute_batch(migration).expect("an old schema");
        }
        db.execute_batch(
            "INSERT INTO meta VALUES ('instance_id', 'x');
             INSERT INTO subscribers (id, address, address_key, created_at) VALUES (1, 'a@b.com', 'a@b.com', 0);
             INSERT INTO notices (id, kind, subscriber_id, about, subject, html, text, created_at)
               VALUES (3, 'welcome', 1, 0, 's', 'h', 't', 0);
             INSERT INTO deliveries (kind, notice_id, subscriber_id, state, due_at, changed_at)
               VALUES ('notice', 3, 1, 'sent', 0, 0);
             INSERT INTO address_changes (id, subscriber_id, address, asked_at) VALUES (5, 1, 'c@d.com', 0);
             PRAGMA user_version = 7",
        )
        .expect("rows");
        drop(db);
        let db = open(&path, from_millis(0)).expect("migrated");
        let one = |query: &str| db.query_row(query, [], |row| row.get::<_, String>(0)).expect("a row");
        assert_eq!(
            one("SELECT n.text FROM notices n JOIN deliveries d ON d.notice_id = n.id WHERE n.id = 3"),
            "t"
        );
        assert_eq!(one("SELECT address FROM address_changes WHERE id = 5 AND back = 0"), "c@d.com");
        assert_eq!(one("SELECT count(*) || '' FROM pragma_foreign_key_check"), "0");
        db.execute_batch("DELETE FROM notices").expect_err("deliveries refer to them");
        db.execute_batch("UPDATE subscribers SET address = NULL, address_key = NULL, erased_at = 1")
            .expect("erased");
        assert_eq!(one("SELECT text || html || (SELECT count(*) FROM address_changes) FROM notices"), "0");
    }

    #[test]
    fn a_store_of_schema_6_is_counted_once_as_it_is_brought_up_to_date() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("old.sqlite");
        let old = Connection::open(&path).expect("a file");
        old.execute_batch(&MIGRATIONS[..6].concat()).expect("schema 6");
        old.execute_batch(
            "INSERT INTO subscribers (id, address, address_key, created_at)
               VALUES (1, 'a@x.kr', 'a@x.kr', 0), (2, 'b@x.kr', 'b@x.kr', 0), (3, 'c@x.kr', 'c@x.kr', 0),
                      (4, 'd@x.kr', 'd@x.kr', 0), (5, 'e@x.kr', 'e@x.kr', 0), (6, 'f@x.kr', 'f@x.kr', 0);
             INSERT INTO subscriptions (subscriber_id, digest, state, since)
               VALUES (1, 'weekly', 'active', 0), (2, 'weekly', 'active', 0), (3, 'weekly', 'paused', 0),
                      (4, 'weekly', 'pending', 0), (5, 'weekly', 'paused', 0), (6, 'weekly', 'unsubscribed', 0);
             INSERT INTO consents (subscriber_id, digest, act, at, recorded_at, source, wording)
               VALUES (1, 'weekly', 'granted', 5, 9, 'cli', ''), (2, 'weekly', 'granted', 6, 6, 'web', ''),
                      (3, 'weekly', 'granted', 7, 7, 'web', ''), (3, 'weekly', 'confirmed', 8, 8, 'web', ''),
                      (4, 'weekly', 'granted', 5, 9, 'import:a.csv', ''), (5, 'weekly', 'granted', 6, 9, 'import:a.csv', ''),
                      (6, 'weekly', 'granted', 6, 9, 'import:a.csv', ''), (6, NULL, 'withdrawn', 7, 9, 'web', '');
             INSERT INTO editions (id, digest, number, slot_at, state, cutoff_at, frozen_at, html)
               VALUES (1, 'weekly', 1, 0, 'done', 0, 0, '<p>'), (2, 'weekly', NULL, 1, 'skipped', 0, 0, NULL);
             INSERT INTO deliveries (kind, edition_id, subscriber_id, state, due_at, changed_at)
               VALUES ('edition', 1, 1, 'sent', 0, 0), ('edition', 1, 2, 'bounced', 0, 0);
             PRAGMA user_version = 6;",
        )
        .expect("rows");
        drop(old);
        let store = Store::open(&path, from_millis(0)).expect("brought up to date");
        let millis = chrono::Duration::milliseconds(1);
        let people = store.read(|ledger| ledger.people_over_time(from_millis(4), millis, 4));
        assert_eq!(people.expect("read"), [0, 1, 3, 2, 3], "those who never confirmed are not counted");
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
        assert_eq!((readers[0].active, readers[0].paused, readers.len()), (2, 1, 1));
    }
}
