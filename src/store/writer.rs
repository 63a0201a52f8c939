//! Effect: the one thread that writes. Jobs that wait together share one transaction and one fsync (group commit). Where one
//! erased something of a person, the log is emptied before anybody is told that it is done.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

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

/// Runs a job and returns what tells its caller the result, once the commit's own result is known.
/// It gets the error instead of the database when no transaction could be begun.
type Job = Box<dyn FnOnce(Result<&Ledger<'_>, StoreError>) -> Answer + Send>;
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
            Box::new(move |committed| {
                // A caller that stopped waiting loses nothing: its work is committed all the same.
                let _ = sender.send(result.and_then(|value| committed.map(|()| value)));
            })
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
            first(Err(error))(Ok(()));
            continue;
        }
        let mut answers = Vec::with_capacity(8);
        answers.push(first(Ok(&ledger)));
        let mut waited = 0;
        while answers.len() < GROUP && waited < GATHER {
            match queue.try_recv() {
                Ok(job) => answers.push(job(Ok(&ledger))),
                Err(_) => {
                    waited += 1;
                    thread::yield_now();
                }
            }
        }
        let committed = run_cached(db, "COMMIT");
        if committed.is_err() {
            let _ = run_cached(db, "ROLLBACK");
        }
        log.committed(db, ledger.erased.take());
        for answer in answers {
            answer(committed.clone());
        }
    }
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
    if result.is_err() {
        run_cached(ledger.db, "ROLLBACK TO job")?;
    }
    run_cached(ledger.db, "RELEASE job")?;
    result
}
