//! Effect: copies of the whole store: taken while others write, checked, and settled before one becomes the store again.
//!
//! A restored store is a state of the past: what it shows as open may have gone out since, and so may editions it has
//! never heard of. So nothing that it holds is sent again unless a person says so, the slots of the time between are not
//! made up for, and its next rows take numbers that the lost ones cannot have had: old letters carry row numbers in
//! their links and Message-IDs.

use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OptionalExtension};

use super::connection::{self, Whose};
use super::deliveries::{NEVER, OPEN};
use super::{Ledger, Refusal, StoreError, sql};
use crate::clock::Instant;
use crate::model::{EmailAddress, SubscriberId, SuppressionKey};

/// Pages copied between two looks at the progress.
const PAGES: i32 = 2_000;
/// Numbers that a restored store leaves out: more editions and people than can have been added since its backup.
const EDITION_GAP: i64 = 1_000;
const PEOPLE_GAP: i64 = 1_000_000;

const MAYBE_SENT: &str =
    "백업에서 되살렸어요. 백업한 뒤에 보냈을 수 있어 알 수 없음으로 두고, 저절로 다시 보내지 않아요";
const NOT_MADE_UP: &str = "백업에서 되살렸어요. 백업한 뒤의 예정 시각은 이미 발행했을 수 있어 다시 발행하지 않아요. 발행한 적이 없다면 손으로 발행하세요.";

/// Why a copy was not made, or is not to be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// The store or the copy failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No SQLite file, or none of ours.
    #[error("모아봄의 저장소가 아니에요: {}. 다른 파일을 고르지 않았는지 확인하세요", .0.display())]
    NotAStore(PathBuf),
    /// `integrity_check` or `foreign_key_check` found something.
    #[error("{}의 사본이 온전하지 않아요: {what}. 저장소를 `moabom verify`로 확인하고, 다른 백업이 있으면 그것을 쓰세요", path.display())]
    Damaged {
        /// What was copied.
        path: PathBuf,
        /// The first thing found.
        what: String,
    },
    /// The copy did not get to the disk.
    #[error("{}에 쓰지 못했어요: {cause}. 폴더의 권한과 남은 공간을 확인하세요", path.display())]
    Unwritten {
        /// The copy.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// Another connection kept the file for too long.
    #[error("다른 프로그램이 저장소를 잡고 있어 복사하지 못했어요: {}. 잠시 뒤에 다시 해 보세요", .0.display())]
    Busy(PathBuf),
}

/// What a restored store was left with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Open deliveries, now `unknown` and held.
    pub held: u64,
    /// What became of withdrawals made after the backup.
    pub carried: Carried,
}

/// Withdrawals made after a backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Carried {
    /// There was no replaced store to read, or not under the same key.
    #[default]
    Unknown,
    /// Read from the replaced store: so many people of the restored one had withdrawn.
    People(u64),
}

/// What the replaced store still knew, and the key its hashes were made with.
#[derive(Clone, Copy)]
pub struct Replaced<'a> {
    /// Its file.
    pub path: &'a Path,
    /// The key both stores share.
    pub key: &'a SuppressionKey,
}

/// Copies the last commit of `from` into `to`, which is there, empty and ours. Writers are not kept waiting. Tells
/// `progress` pages done and pages in all. The copy is one file, checked; making it durable is the caller's.
pub fn copy(from: &Path, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), BackupError> {
    let source = open_ours(from)?;
    // A transaction of its own: the copy is of one commit, however many follow while it is made.
    let snapshot = source.unchecked_transaction().map_err(sql)?;
    let mut target = Connection::open(to).map_err(sql)?;
    {
        let backup = Backup::new(&snapshot, &mut target).map_err(sql)?;
        loop {
            let step = backup.step(PAGES).map_err(sql)?;
            let pages = backup.progress();
            let (all, left) = (pages.pagecount.unsigned_abs(), pages.remaining.unsigned_abs());
            progress(u64::from(all.saturating_sub(left)), u64::from(all));
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                _ => return Err(BackupError::Busy(from.to_owned())),
            }
        }
    }
    close_as_one_file(&target)?;
    check(&target, from)
}

/// Without a journal beside it, so that the file alone is the store.
fn close_as_one_file(db: &Connection) -> Result<(), BackupError> {
    db.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).map_err(|error| sql(error).into())
}

fn check(db: &Connection, path: &Path) -> Result<(), BackupError> {
    let looks = [
        "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok' LIMIT 1",
        "SELECT 'foreign key: ' || \"table\" FROM pragma_foreign_key_check LIMIT 1",
    ];
    for look in looks {
        let found = db.query_row(look, [], |row| row.get::<_, String>(0)).optional();
        // A file too damaged to be checked at all is as bad.
        let what = match found {
            Ok(None) => continue,
            Ok(Some(what)) => what,
            Err(error) => Refusal::of(&error).cause,
        };
        return Err(BackupError::Damaged { path: path.to_owned(), what });
    }
    let id = "SELECT value FROM meta WHERE key = 'instance_id'";
    match db.query_row(id, [], |row| row.get::<_, String>(0)).optional() {
        Ok(Some(_)) => Ok(()),
        _ => Err(BackupError::NotAStore(path.to_owned())),
    }
}

/// Makes the copy at `path` fit to be the store from `now` on.
pub fn settle_restored(
    path: &Path,
    replaced: Option<Replaced<'_>>,
    now: Instant,
) -> Result<Restored, BackupError> {
    let mut db = connection::open(path, now)?;
    let transaction = db.transaction().map_err(sql)?;
    let restored = {
        let ledger = Ledger::on(&transaction);
        let held = ledger.hold_open_deliveries(now)?;
        ledger.skip_numbers(now)?;
        ledger.new_instance(now)?;
        // A damaged store is what backups are for: what cannot be read of it is no reason not to restore.
        let carried = replaced.and_then(|replaced| ledger.carry_withdrawals(replaced, now).ok());
        Restored { held, carried: carried.map_or(Carried::Unknown, Carried::People) }
    };
    transaction.commit().map_err(sql)?;
    close_as_one_file(&db)?;
    check(&db, path)?;
    Ok(restored)
}

/// Whether links or suppressions of the store at `path` need its key. An error where it is no store of ours.
pub fn is_keyed(path: &Path) -> Result<bool, BackupError> {
    let db = open_ours(path)?;
    Ok(Ledger::on(&db).is_keyed()?)
}

fn open_ours(path: &Path) -> Result<Connection, BackupError> {
    let db = connection::open_reader(path).map_err(|error| match error {
        StoreError::Foreign { path } => BackupError::NotAStore(path),
        error => error.into(),
    })?;
    let version = |db: &Connection| db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    match connection::whose(&db) {
        Ok(Whose::Ours) if version(&db).is_ok_and(|version| version > 0) => Ok(db),
        Ok(Whose::Newer(found)) => Err(connection::newer(path, found).into()),
        Ok(Whose::Ours | Whose::Foreign) => Err(BackupError::NotAStore(path.to_owned())),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            Err(BackupError::NotAStore(path.to_owned()))
        }
        Err(error) => Err(BackupError::Damaged { path: path.to_owned(), what: Refusal::of(&error).cause }),
    }
}

impl Ledger<'_> {
    /// Every row that had not ended is `unknown` and waits for a person.
    fn hold_open_deliveries(&self, now: Instant) -> Result<u64, StoreError> {
        let millis = now.timestamp_millis();
        let open = format!("{OPEN} AND NOT (state = 'unknown' AND due_at = {NEVER})");
        self.db
            .execute(
                &format!(
                    "INSERT INTO attempts (delivery_id, started_at, ended_at, stage, result, reply)
                     SELECT id, min(changed_at, ?1), ?1, 'dot', 'unknown', ?2 FROM deliveries WHERE {open}"
                ),
                (millis, MAYBE_SENT),
            )
            .map_err(sql)?;
        self.db
            .execute(
                &format!(
                    "UPDATE deliveries SET state = 'unknown', due_at = {NEVER}, epoch = epoch + 1, lease_until = NULL,
                            last_reply = ?2, changed_at = ?1 WHERE {open}"
                ),
                (millis, MAYBE_SENT),
            )
            .map(|rows| rows as u64)
            .map_err(sql)
    }

    /// Puts a skipped slot at `now` for each digest, so that no slot before it is made up for, and leaves a gap in the
    /// numbers of editions and people.
    fn skip_numbers(&self, now: Instant) -> Result<(), StoreError> {
        let millis = now.timestamp_millis();
        self.db
            .execute(
                "INSERT INTO editions (id, digest, slot_at, state, reason, cutoff_at, frozen_at)
                 SELECT ?1 + row_number() OVER (ORDER BY digest) + (SELECT coalesce(max(id), 0) FROM editions),
                        digest, ?2, 'skipped', ?3, ?2, ?2
                   FROM (SELECT digest FROM editions UNION SELECT digest FROM subscriptions
                         UNION SELECT substr(key, 10) FROM meta WHERE key LIKE 'schedule:%') WHERE true
                 ON CONFLICT (digest, slot_at) DO NOTHING",
                (EDITION_GAP, millis, NOT_MADE_UP),
            )
            .map_err(sql)?;
        // A person who never was, erased from the start: SQLite numbers the next one after it.
        self.db
            .execute(
                "INSERT INTO subscribers (id, created_at, erased_at)
                 SELECT ?1 + max(id), ?2, ?2 FROM subscribers HAVING count(*) > 0",
                (PEOPLE_GAP, millis),
            )
            .map(drop)
            .map_err(sql)
    }

    fn new_instance(&self, now: Instant) -> Result<(), StoreError> {
        self.send_from_anywhere()?;
        let id = connection::instance_id()?;
        for (key, value) in [("instance_id", id), ("restored_at", now.timestamp_millis().to_string())] {
            self.db
                .execute(
                    "INSERT INTO meta (key, value) VALUES (?1, ?2)
                     ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    [key, value.as_str()],
                )
                .map_err(sql)?;
        }
        Ok(())
    }

    /// Who was never to be mailed according to the replaced store is not mailed by the restored one either. Says how many
    /// people of it had withdrawn.
    fn carry_withdrawals(&self, replaced: Replaced<'_>, now: Instant) -> Result<u64, StoreError> {
        let old = connection::open_reader(replaced.path)?;
        let mut list = old.prepare("SELECT address_hash, reason, at FROM suppressions").map_err(sql)?;
        let mut insert = self
            .db
            .prepare("INSERT INTO suppressions (address_hash, reason, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
            .map_err(sql)?;
        let mut rows = list.query([]).map_err(sql)?;
        let mut new = 0;
        while let Some(row) = rows.next().map_err(sql)? {
            let row = (row.get::<_, Vec<u8>>(0), row.get::<_, String>(1), row.get::<_, i64>(2));
            let (Ok(hash), Ok(reason), Ok(at)) = row else { continue };
            new += insert.execute((hash, reason, at)).map_err(sql)?;
        }
        if new == 0 { Ok(0) } else { self.withdraw_the_suppressed(replaced.key, now) }
    }

    fn withdraw_the_suppressed(&self, key: &SuppressionKey, now: Instant) -> Result<u64, StoreError> {
        let people: Vec<(i64, String)> = self
            .db
            .prepare("SELECT id, address FROM subscribers WHERE address IS NOT NULL")
            .and_then(|mut list| list.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .map_err(sql)?;
        let mut withdrawn = 0;
        for (id, address) in people {
            let Ok(address) = EmailAddress::parse(&address) else { continue };
            let reason = self.suppression(&key.hash(&address))?;
            if reason.is_some_and(|reason| reason.as_str() == "withdrawn") {
                self.withdraw(SubscriberId(id), "restore", key, now)?;
                withdrawn += 1;
            }
        }
        Ok(withdrawn)
    }
}
