//! Effect: the one thread that writes. Jobs that wait together share one transaction and one fsync (group commit). Where one
//! erased something of a person, the log is emptied before anybody is told that it is done.
//!
//! A full disk or a failed call can make SQLite end the whole transaction within a job, its savepoint included. The group
//! ends there: whatever it held is told as failed, and the jobs that still wait get a transaction of their own.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::refusal::Refusal;
use super::{Ledger, StoreError, connection, sql};

/// At most this many jobs share a commit, so that none waits long for its answer.
const GROUP: usize = 256;

/// How often a commit lets other threads run before it closes: the connections that were told by the last one come back
/// with their answers then, and share the next fsync.
const GATHER: usize = 4;

/// How long emptying the log waits for readers, how long after it is tried again, and after how many commits at the latest.
const EMPTY_WAIT: Duration = Duration::from_millis(100);
const EMPTY_AGAIN: Duration = Duration::from_secs(1);
const EMPTY_AFTER: u32 = 64;

/// Runs a job and returns what tells its caller the result, once the commit's own result is known; and the job's error.
/// It gets the error instead of the database when no transaction could be begun.
type Job = Box<dyn FnOnce(Result<&Ledger<'_>, StoreError>) -> (Answer, Result<(), StoreError>) + Send>;
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// A submitted job's result, not yet known to be durable.
pub(super) struct Pending<T>(oneshot::Receiver<Result<T, StoreError>>);

impl<T> Pending<T> {
    pub(super) fn wait(self) -> Result<T, StoreError> {
        // `blocking_recv` refuses to run on a thread that drives async tasks; a step called there by `write` still works.
        let mut receiver = self.0;
        loop {
            match receiver.try_recv() {
                Ok(result) => return result,
                Err(oneshot::error::TryRecvError::Closed) => return Err(StoreError::Closed),
                Err(oneshot::error::TryRecvError::Empty) => {
                    if tokio::runtime::Handle::try_current().is_err() {
                        return receiver.blocking_recv().unwrap_or(Err(StoreError::Closed));
                    }
                    thread::park_timeout(Duration::from_micros(200));
                }
            }
        }
    }

    pub(super) async fn wait_async(self) -> Result<T, StoreError> {
        self.0.await.unwrap_or(Err(StoreError::Closed))
    }
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Writer {
        let (jobs, queue) = mpsc::channel();
        let thread = thread::spawn(move || run(&connection, &queue));
        Writer { jobs: Some(jobs), thread: Some(thread) }
    }

    pub(super) fn submit<T, F>(&self, job: F) -> Result<Pending<T>, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Ledger<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |ledger| {
            let result = ledger.and_then(|ledger| in_savepoint(ledger, job));
            let outcome = result.as_ref().map(drop).map_err(StoreError::clone);
            let answer: Answer = Box::new(move |committed| {
                // A caller that stopped waiting loses nothing: its work is committed all the same.
                let _ = sender.send(result.and_then(|value| committed.map(|()| value)));
            });
            (answer, outcome)
        });
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(job).map_err(|_| StoreError::Closed)?;
        Ok(Pending(receiver))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(db: &Connection, queue: &mpsc::Receiver<Job>) {
    let (ledger, mut log) = (Ledger::on(db), Log::Clean);
    while let Some(first) = next(db, queue, &mut log) {
        if let Err(error) = run_cached(db, "BEGIN IMMEDIATE") {
            first(Err(error)).0(Ok(()));
            continue;
        }
        let mut answers = Vec::with_capacity(8);
        let committed =
            run_group(&ledger, first, queue, &mut answers).and_then(|()| run_cached(db, "COMMIT"));
        if committed.is_err() && !db.is_autocommit() {
            let _ = run_cached(db, "ROLLBACK");
        }
        log.committed(db, ledger.erased.take());
        for answer in answers {
            answer(committed.clone());
        }
    }
}

/// Runs the jobs that wait, into `answers`. An error: SQLite ended the transaction, and nothing of the group is left.
fn run_group(
    ledger: &Ledger<'_>,
    first: Job,
    queue: &mpsc::Receiver<Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), StoreError> {
    let mut next = Some(first);
    let mut waited = 0;
    while answers.len() < GROUP && waited < GATHER {
        let Some(job) = next.take().or_else(|| queue.try_recv().ok()) else {
            waited += 1;
            thread::yield_now();
            continue;
        };
        let (answer, outcome) = job(Ok(ledger));
        answers.push(answer);
        if ledger.db.is_autocommit() {
            return Err(outcome.err().unwrap_or_else(ended));
        }
    }
    Ok(())
}

fn ended() -> StoreError {
    let advice = "디스크의 남은 공간과 상태를 확인하고 다시 하세요";
    StoreError::Sql(Refusal::new("함께 적던 것이 모두 되돌려졌어요", advice))
}

/// The next job; none once nobody can send one. While it waits, a log that could not be emptied is tried again.
fn next(db: &Connection, queue: &mpsc::Receiver<Job>, log: &mut Log) -> Option<Job> {
    loop {
        if matches!(log, Log::Clean) {
            return queue.recv().ok();
        }
        match queue.recv_timeout(EMPTY_AGAIN) {
            Ok(job) => return Some(job),
            Err(mpsc::RecvTimeoutError::Disconnected) => return None,
            Err(mpsc::RecvTimeoutError::Timeout) => *log = Log::emptied(db),
        }
    }
}

/// The write-ahead log: whether text that was erased from the tables may still stand in it.
enum Log {
    Clean,
    /// A reader, here or in another process, kept it from being emptied, so many commits ago.
    Held(u32),
}

impl Log {
    /// After a commit that `erased` something or not.
    fn committed(&mut self, db: &Connection, erased: bool) {
        match self {
            Log::Clean if !erased => {}
            Log::Held(commits) if !erased && *commits < EMPTY_AFTER => *commits += 1,
            Log::Clean | Log::Held(_) => *self = Log::emptied(db),
        }
    }

    fn emptied(db: &Connection) -> Log {
        let empty = || {
            db.busy_timeout(EMPTY_WAIT)?;
            let held = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
            db.busy_timeout(connection::BUSY)?;
            held
        };
        if matches!(empty(), Ok(0)) { Log::Clean } else { Log::Held(0) }
    }
}

fn run_cached(db: &Connection, text: &str) -> Result<(), StoreError> {
    db.prepare_cached(text).and_then(|mut statement| statement.execute([])).map(drop).map_err(sql)
}

fn in_savepoint<T>(
    ledger: &Ledger<'_>,
    job: impl FnOnce(&Ledger<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    run_cached(ledger.db, "SAVEPOINT job")?;
    let result = job(ledger);
    if ledger.db.is_autocommit() {
        return result.and_then(|_| Err(ended()));
    }
    if result.is_err() {
        run_cached(ledger.db, "ROLLBACK TO job")?;
    }
    run_cached(ledger.db, "RELEASE job")?;
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;
    use crate::store::connection;

    const ROOM: usize = 400_000;

    fn change(db: &Ledger<'_>, key: &str, to: &str) -> Result<usize, StoreError> {
        db.db.execute("UPDATE meta SET value = ?2 WHERE key = ?1 AND value = '0'", [key, to]).map_err(sql)
    }

    /// A store whose file cannot grow, with three rows to change.
    fn full(folder: &std::path::Path) -> Connection {
        let db = connection::open(&folder.join("moabom.db"), from_millis(0)).expect("a store");
        db.execute_batch("INSERT INTO meta (key, value) VALUES ('a', '0'), ('b', '0'), ('c', '0')")
            .expect("rows");
        let pages: i64 = db.pragma_query_value(None, "page_count", |row| row.get(0)).expect("pages");
        db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).expect("a limit");
        db
    }

    #[test]
    fn where_sqlite_ends_the_transaction_no_job_is_told_what_did_not_happen() {
        let folder = tempfile::tempdir().expect("a directory");
        let writer = Writer::start(full(folder.path()));
        // The first job holds the group open until all the others wait.
        let (go, wait) = mpsc::channel::<()>();
        let before = writer.submit(move |db| {
            wait.recv().expect("told to go on");
            change(db, "a", "1")
        });
        let filling = writer.submit(|db| {
            let large = "x".repeat(ROOM);
            db.db.execute("INSERT INTO meta (key, value) VALUES ('large', ?1)", [large]).map_err(sql)
        });
        let after = writer.submit(|db| change(db, "b", "1"));
        let swallowed = writer.submit(|db| {
            let large = "x".repeat(ROOM);
            let _ = db.db.execute("INSERT INTO meta (key, value) VALUES ('large', ?1)", [large]);
            Ok(())
        });
        let last = writer.submit(|db| change(db, "c", "1"));
        go.send(()).expect("the writer");
        let full = filling.expect("taken").wait().expect_err("there is no room");
        assert!(full.to_string().contains("남은 공간이 없어요"), "{full}");
        assert_eq!(before.expect("taken").wait(), Err(full));
        // The second transaction went the same way, though its job did not say so; the third is whole.
        assert!(after.expect("taken").wait().is_err());
        assert!(swallowed.expect("taken").wait().is_err());
        assert_eq!(last.expect("taken").wait(), Ok(1));
        let value = |key: &'static str| {
            let read = move |db: &Ledger<'_>| {
                let found = "SELECT value FROM meta WHERE key = ?1";
                db.db.query_row(found, [key], |row| row.get::<_, String>(0)).map_err(sql)
            };
            writer.submit(read).expect("taken").wait().expect("a value")
        };
        assert_eq!([value("a"), value("b"), value("c")], ["0", "0", "1"]);
        // What failed can be done again, and finds nothing of its first try.
        assert_eq!(writer.submit(|db| change(db, "a", "2")).expect("taken").wait(), Ok(1));
    }
}
