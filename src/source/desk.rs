//! Effect: where texts are understood: one at a time, on one thread, so that the largest cost their memory but once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tokio_util::sync::CancellationToken;

/// Texts are understood, and what they list is kept, one at a time: the largest take many times their length meanwhile.
static DESK: Semaphore = Semaphore::const_new(1);

/// Sources whose texts are fetched or wait for the desk at the same time.
static ROOM: Semaphore = Semaphore::const_new(8);
/// Whoever waits longer than this goes in all the same: slow sources hold up nobody.
const PATIENCE: Duration = Duration::from_secs(60);

/// A place in the room, and at the desk where there was something to understand, until it is dropped.
#[derive(Debug)]
pub struct Seat {
    _room: Option<SemaphorePermit<'static>>,
    desk: Option<SemaphorePermit<'static>>,
}

impl Seat {
    pub(super) async fn in_the_room() -> Seat {
        let room = tokio::time::timeout(PATIENCE, ROOM.acquire()).await;
        Seat { _room: room.ok().and_then(Result::ok), desk: None }
    }

    pub(super) async fn go_to_the_desk(&mut self) {
        self.desk = place().await;
    }
}

/// The place at the desk, until it is dropped.
pub(super) async fn place() -> Option<SemaphorePermit<'static>> {
    DESK.acquire().await.ok()
}

/// Runs `task` on the one thread for such work. It may ask whether it is still waited for; nothing comes of it once it
/// is not. One that does not end in time keeps its thread, and the next begins on another: it holds up nobody.
pub(super) async fn work<T: Send + 'static>(
    limit: Duration,
    task: impl FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
) -> Option<T> {
    let wanted = CancellationToken::new();
    let _until_left = wanted.clone().drop_guard();
    let (done, came) = oneshot::channel();
    let work = Box::new(move || drop(done.send(task(&|| !wanted.is_cancelled()))));
    reader()?.send(work).ok()?;
    let ended = tokio::time::timeout(limit, came).await;
    if ended.is_err() {
        *READER.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
    ended.ok()?.ok()
}

type Work = Box<dyn FnOnce() + Send>;

/// What allocators keep of a thread's memory they keep for it: many threads would keep many times as much.
static READER: Mutex<Option<mpsc::Sender<Work>>> = Mutex::new(None);

fn reader() -> Option<mpsc::Sender<Work>> {
    let mut reader = READER.lock().unwrap_or_else(PoisonError::into_inner);
    if reader.is_none() {
        let (tasks, list) = mpsc::channel::<Work>();
        let work = move || {
            for task in list {
                // A text that breaks its reader is one source's failure.
                let _ = catch_unwind(AssertUnwindSafe(task));
            }
        };
        *reader = std::thread::Builder::new().name("reader".to_owned()).spawn(work).is_ok().then_some(tasks);
    }
    reader.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_does_not_end_holds_up_no_other() {
        let (end, ended) = mpsc::channel::<()>();
        let stuck = work(Duration::from_millis(20), move |_| ended.recv().is_ok()).await;
        assert_eq!(stuck, None);
        let limit = Duration::from_secs(60);
        assert_eq!(work(limit, |wanted| wanted()).await, Some(true));
        assert_eq!(work(limit, |_| panic!("a broken text")).await, None::<()>);
        assert_eq!(work(limit, |_| 2).await, Some(2));
        drop(end);
    }
}
