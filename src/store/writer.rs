//! Effect: the one thread that writes. Jobs that wait together share one transaction and one fsync (group commit).

use std::sync::mpsc;
use std::thread;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Ledger, StoreError, sql};

/// At most this many jobs share a commit, so that none waits long for its answer.
const GROUP: usize = 256;

/// How often a commit lets other threads run before it closes: the connections that were told by the last one come back
/// with their answers then, and share the next fsync.
const GATHER: usize = 4;

/// Runs a job and returns what tells its caller the result, once the commit's own result is known.
/// It gets the error instead of the database when no transaction could be begun.
type Job = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Answer + Send>;
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
                    thread::park_timeout(std::time::Duration::from_micros(200));
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
        let job: Job = Box::new(move |db| {
            let result = db.and_then(|db| in_savepoint(db, job));
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
    while let Ok(first) = queue.recv() {
        if let Err(error) = run_cached(db, "BEGIN IMMEDIATE") {
            first(Err(error))(Ok(()));
            continue;
        }
        let mut answers = Vec::with_capacity(8);
        answers.push(first(Ok(db)));
        let mut waited = 0;
        while answers.len() < GROUP && waited < GATHER {
            match queue.try_recv() {
                Ok(job) => answers.push(job(Ok(db))),
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
        for answer in answers {
            answer(committed.clone());
        }
    }
}

fn run_cached(db: &Connection, text: &str) -> Result<(), StoreError> {
    db.prepare_cached(text).and_then(|mut statement| statement.execute([])).map(drop).map_err(sql)
}

fn in_savepoint<T>(
    db: &Connection,
    job: impl FnOnce(&Ledger<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    run_cached(db, "SAVEPOINT job")?;
    let result = job(&Ledger { db });
    if result.is_err() {
        run_cached(db, "ROLLBACK TO job")?;
    }
    run_cached(db, "RELEASE job")?;
    result
}
