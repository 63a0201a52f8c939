//! Effect: all SQL. One SQLite file is the whole state; one writer thread commits in groups, readers stand apart.
//!
//! A step writes by `store.write(|ledger| …)`: the closure runs inside the writer's transaction, in a savepoint of its
//! own, and what it returned comes back only after the fsync that made it durable. Closures that wait at the same time
//! share one commit. Reads by `store.read(|ledger| …)` see the last commit. Each noun has its file with its methods on
//! [`Ledger`]; no SQL and no rusqlite type leaves this folder.

pub mod address_changes;
pub mod asked;
pub mod backup;
pub mod breakers;
mod connection;
pub mod consents;
pub mod deliveries;
pub mod editions;
pub mod export;
mod lock;
pub mod notices;
pub mod operator;
pub mod overview;
pub mod place;
pub mod posts;
pub mod preferences;
mod purge;
mod refusal;
pub mod signups;
pub mod sources;
pub mod subscribers;
pub mod suppressions;
pub mod verify;
mod writer;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use crate::clock::Instant;

pub use lock::{InUse, SenderLock};
pub use refusal::Refusal;

/// Why the store could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The file or folder cannot be opened or made.
    #[error("저장소를 열 수 없어요: {path}: {}\n  → {}", refusal.cause, refusal.advice)]
    Open {
        /// The database file.
        path: PathBuf,
        /// Why.
        refusal: Refusal,
    },
    /// The file was written by a newer moabom.
    #[error(
        "저장소 {path}의 스키마는 {found}판인데 이 moabom은 {known}판까지 알아요. 더 새로운 moabom으로 여세요"
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Schema version in the file.
        found: i64,
        /// Newest version this program knows.
        known: i64,
    },
    /// The file is another program's.
    #[error(
        "moabom의 저장소가 아니에요: {path}. 건드리지 않았어요\n  → [store] path에 다른 파일을 적거나, 백업에서 되살리세요"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It sent from another place before: this is a copy, or it was moved.
    #[error(
        "이 저장소는 {path}에서 보내던 것을 옮기거나 복사한 것이라 보내지 않았어요. 그쪽이 더 보내지 않는 것을 확인하고 `moabom adopt`를 실행하세요"
    )]
    Copied {
        /// Where it sent from.
        path: PathBuf,
    },
    /// Another process holds the sender's lock.
    #[error("다른 moabom이 이미 이 저장소({path})로 발송하고 있어요. 그쪽을 먼저 끝내세요")]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// Other processes have it open, so that another cannot be put in its place.
    #[error(
        "이 저장소({path})를 다른 moabom이 열어 두고 있어서 바꾸지 않았어요. 그대로 바꾸면 그쪽에 적히는 수신거부가 사라져요\n  → `moabom run`, `moabom web`, 그 밖의 moabom 명령을 끝내고(서비스라면 `systemctl stop moabom`) 다시 하세요"
    )]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// Another process puts another file in its place.
    #[error("지금 이 저장소({path})를 백업으로 되살리고 있어요. 끝난 뒤에 다시 하세요")]
    Replaced {
        /// The database file.
        path: PathBuf,
    },
    /// The lease under which a row was written is no longer ours.
    #[error("the lease on delivery {0} is lost")]
    LeaseLost(i64),
    /// A statement failed: disk full, I/O error, constraint.
    #[error("저장소에 쓰거나 읽지 못했어요: {}. {}", .0.cause, .0.advice)]
    Sql(Refusal),
    /// The writer thread is gone.
    #[error("저장소가 이미 닫혔어요")]
    Closed,
}

pub(crate) fn sql(error: rusqlite::Error) -> StoreError {
    StoreError::Sql(Refusal::of(&error))
}

/// The nouns' methods live on this: a connection inside a transaction.
pub struct Ledger<'a> {
    pub(crate) db: &'a Connection,
    /// Something of a person was erased: the write-ahead log, where it stands too, is to be emptied.
    erased: Cell<bool>,
}

impl<'a> Ledger<'a> {
    fn on(db: &'a Connection) -> Ledger<'a> {
        Ledger { db, erased: Cell::new(false) }
    }

    /// For whoever takes an address or a name out of a row.
    fn erasing(&self) {
        self.erased.set(true);
    }
}

/// Readers kept open for the next reads; those that a crowd of requests opened beyond them are closed again.
const IDLE_READERS: usize = 4;

/// A handle on the store; clones share the writer and the readers.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    // Before the writer, for fields are dropped in this order: who closes last folds the log into the file, and a reader may not.
    readers: Mutex<Vec<Connection>>,
    writer: writer::Writer,
    // After them: the file may give way to another once nobody writes into it.
    _in_use: InUse,
}

impl Store {
    /// Opens or makes the store at `path` and brings its schema up to date. `now` dates a new store.
    pub fn open(path: &Path, now: Instant) -> Result<Store, StoreError> {
        connection::make_folder(path)?;
        let in_use = InUse::share(path)?;
        let connection = connection::open(path, now)?;
        let writer = writer::Writer::start(connection);
        let readers = Mutex::new(Vec::new());
        Ok(Store { inner: Arc::new(Inner { path: path.to_owned(), readers, writer, _in_use: in_use }) })
    }

    /// Opens the store only if its file is there.
    pub fn open_existing(path: &Path, now: Instant) -> Result<Option<Store>, StoreError> {
        if path.exists() { Store::open(path, now).map(Some) } else { Ok(None) }
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Runs `job` in the writer's next transaction and waits for the commit. An error undoes this job alone.
    /// Blocks the thread: inside async code use [`Store::write_async`].
    pub fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Ledger<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.inner.writer.submit(job)?.wait()
    }

    /// As [`Store::write`], without blocking the thread.
    pub async fn write_async<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Ledger<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.inner.writer.submit(job)?.wait_async().await
    }

    /// Runs `job` on a reader: it sees one consistent state, the last commit when it began.
    pub fn read<T>(&self, job: impl FnOnce(&Ledger<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let reader = self.inner.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match reader {
            Some(reader) => reader,
            None => connection::open_reader(&self.inner.path)?,
        };
        let result = {
            let transaction = reader.unchecked_transaction().map_err(sql)?;
            job(&Ledger::on(&transaction))
        };
        let mut idle = self.inner.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_READERS {
            idle.push(reader);
        } else {
            // outside the lock: closing takes its time
            drop(idle);
            drop(reader);
        }
        result
    }

    /// Takes the lock that only one sending process may hold, or says that another holds it.
    pub fn lock_sender(&self) -> Result<SenderLock, StoreError> {
        SenderLock::take(&self.inner.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_of_readers_leaves_only_a_few_of_them_open() {
        let folder = tempfile::tempdir().expect("a directory");
        let store =
            Store::open(&folder.path().join("crowd.sqlite"), crate::clock::from_millis(0)).expect("a store");
        let crowd = std::sync::Barrier::new(IDLE_READERS * 4);
        std::thread::scope(|scope| {
            for _ in 0..IDLE_READERS * 4 {
                scope.spawn(|| {
                    store.read(|_| {
                        crowd.wait();
                        Ok(())
                    })
                });
            }
        });
        assert_eq!(store.inner.readers.lock().expect("unpoisoned").len(), IDLE_READERS);
    }
}
