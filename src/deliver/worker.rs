//! Effect: one connection's life: take a row, commit its intent, look once more, send, judge, and so on.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant as Moment;

use super::commit::{Batch, Committed};
use super::handout::Take;
use super::letter::LetterError;
use super::line::{Line, Seat};
use super::ruling::{Ruling, judged};
use super::window::Proof;
use super::{DeliverError, Letter, Shared};
use crate::clock::Instant;
use crate::model::delivery::Stage;
use crate::model::reply::{Cause, Reply};
use crate::smtp::{Failure, crash};
use crate::store::deliveries::{ClaimRequest, Claimed, Ending, Guarded, Intent, Standing};

/// A connection that waits looks again after this at the latest: leases and holds end by the clock.
const LOOK: Duration = Duration::from_secs(60);

/// A connection's task.
struct Worker {
    shared: Rc<Shared>,
    line: Option<Line>,
    /// The message being sent; its room is used again.
    message: Vec<u8>,
    /// The last transaction's end, until [`Worker::commit`] records it: each of this worker's commits does, and the next
    /// transaction begins with one.
    done: Option<Ruling>,
    /// When the row in hand was counted among the messages of the hour.
    counted_at: Instant,
}

/// How an attempt at a transaction went.
enum Tried {
    Taken(Reply),
    Failed(Failure),
    Not(Standing),
}

pub(super) async fn work(shared: Rc<Shared>) {
    let counted_at = shared.clock.now();
    let mut worker = Worker { shared, line: None, message: Vec::new(), done: None, counted_at };
    worker.run().await;
    worker.commit(Batch::default()).await;
    // Whoever waits for something this one was doing looks again.
    worker.shared.changed.notify_waiters();
    if let Some(line) = worker.line {
        line.quit().await;
    }
}

impl Worker {
    async fn run(&mut self) {
        loop {
            if self.is_spent() {
                if self.commit(Batch::default()).await.is_none() {
                    return;
                }
                if let Some(line) = self.line.take() {
                    line.quit().await;
                }
            }
            let more = match self.shared.take(self.line.is_some()) {
                Take::Row { row, refill, at } => {
                    self.counted_at = at;
                    self.send(*row, refill).await
                }
                Take::Claim => {
                    let claim = Some(self.shared.claim_request());
                    self.commit(Batch { claim, ..Batch::default() }).await.is_some()
                }
                // What ended is recorded before any waiting: others may be waiting for it.
                Take::Wait(_) if self.done.is_some() => self.commit(Batch::default()).await.is_some(),
                Take::Wait(until) => {
                    let latest = Moment::now() + LOOK;
                    tokio::select! {
                        () = self.shared.changed.notified() => {}
                        () = self.shared.stop.cancelled() => {}
                        () = tokio::time::sleep_until(until.map_or(latest, |until| until.min(latest))) => {}
                    }
                    true
                }
                Take::End => false,
            };
            if !more {
                return;
            }
        }
    }

    fn is_spent(&self) -> bool {
        let most = self.shared.deps.relay.messages_per_connection.max(1);
        self.line.as_ref().is_some_and(|line| line.connection.transactions() >= most)
    }

    /// Commits the last result, if there is one, with what else is in `batch`. None: the run is over.
    async fn commit(&mut self, mut batch: Batch) -> Option<Committed> {
        if let Some(done) = self.done.take() {
            batch.finished = Some(done.finished);
            batch.holds = done.holds;
        } else if batch.claim.is_none() && batch.intent.is_none() {
            return Some(Committed::default());
        }
        self.shared.commit(batch).await
    }

    /// Keeps the end of a transaction for the next commit.
    fn end(&mut self, ruling: Ruling) {
        debug_assert!(self.done.is_none(), "an end that was not recorded");
        self.done = Some(ruling);
    }

    /// Takes a row to its end, over a new session where none is open. False: the run is over.
    async fn send(&mut self, row: Claimed, refill: bool) -> bool {
        let claim = refill.then(|| self.shared.claim_request());
        if self.line.is_some() {
            return self.begin(row, claim).await;
        }
        let seat = Seat::take(&self.shared);
        let number = seat.number;
        // Nothing stays unrecorded while something else is waited for.
        if self.commit(Batch { claim, ..Batch::default() }).await.is_none() {
            self.put_back(row);
            return false;
        }
        let started_at = self.shared.clock.now();
        match self.open(seat).await {
            Some(Ok(line)) if !self.shared.is_over() => {
                self.line = Some(line);
                return self.begin(row, None).await;
            }
            Some(Err(failure)) if !self.shared.is_one_too_many(number, &failure, judged(&failure)) => {
                self.end(self.shared.failed(&row, started_at, &failure));
            }
            opened => {
                self.line = opened.and_then(Result::ok);
                self.put_back(row);
            }
        }
        true
    }

    /// Begins a transaction, whose first commit records the end of the one before, and takes it to its end. False: the
    /// run is over.
    async fn begin(&mut self, row: Claimed, claim: Option<ClaimRequest>) -> bool {
        let shared = Rc::clone(&self.shared);
        let started_at = shared.clock.now();
        let letter = shared.letter(row.mailing);
        let intent = letter.as_ref().ok().map(|letter| self.intent(&row, letter, started_at));
        let mut message = std::mem::take(&mut self.message);
        // The message is spliced while the commit is under way.
        let (committed, spliced) =
            tokio::join!(self.commit(Batch { intent, claim, ..Batch::default() }), async {
                letter.and_then(|letter| Ok(letter.write(&row, &mut message)?))
            });
        self.message = message;
        let Some(committed) = committed else {
            self.put_back(row);
            return false;
        };
        if committed.intent == Some(Guarded::Settled) {
            shared.report.borrow_mut().suppressed += 1;
            shared.end_canary(&row, Proof::None);
            return true;
        }
        let ended = match spliced {
            Ok(()) => {
                let tried = self.transact(&row).await;
                return self.judge(&row, started_at, tried);
            }
            Err(LetterError::Store(cause)) => {
                shared.fail(DeliverError::Store(cause));
                self.put_back(row);
                return false;
            }
            Err(cause) => shared.no_letter(&row, started_at, &cause.to_string()),
        };
        self.end(ended);
        true
    }

    fn intent(&self, row: &Claimed, letter: &Letter, at: Instant) -> Intent {
        let (epoch, until) = (self.shared.epoch, self.shared.lease_until());
        Intent { id: row.id, epoch, message_id: letter.message_id(row.subscriber), at, until }
    }

    /// The row was not begun; its edition may be tried by another.
    fn put_back(&self, row: Claimed) {
        self.shared.end_canary(&row, Proof::None);
        self.shared.quotas.borrow_mut().iter_mut().for_each(|quota| quota.take_back(self.counted_at));
        self.shared.give_back(row);
    }

    /// None: stopped meanwhile.
    async fn open(&self, seat: Seat) -> Option<Result<Line, Failure>> {
        tokio::select! {
            opened = seat.open() => Some(opened),
            () = self.shared.stop.cancelled() => None,
        }
    }

    /// False: the run is over.
    fn judge(&mut self, row: &Claimed, started_at: Instant, tried: Tried) -> bool {
        let shared = Rc::clone(&self.shared);
        let ended = match tried {
            Tried::Taken(reply) => {
                crash::point("after_250");
                shared.sent(row, started_at, &reply)
            }
            Tried::Failed(failure) => {
                if !failure.connection_usable {
                    self.line = None;
                }
                shared.failed(row, started_at, &failure)
            }
            Tried::Not(Standing::Unwanted) => {
                shared.untried(row, started_at, Ending::Suppressed, "보내기 직전에 구독이나 동의가 끝났어요")
            }
            Tried::Not(Standing::Held) => shared.untried(row, started_at, Ending::Released, ""),
            Tried::Not(Standing::Lost | Standing::Wanted) => {
                shared.fail(DeliverError::LeaseLost(row.id));
                return false;
            }
        };
        self.end(ended);
        true
    }

    /// The transaction. A session that the relay let go between two messages is replaced once.
    async fn transact(&mut self, row: &Claimed) -> Tried {
        let from = self.shared.deps.settings.from.as_str().to_owned();
        let utf8 = row.address.needs_smtputf8() || !from.is_ascii();
        let mut replaced = false;
        loop {
            let Some(Line { connection, .. }) = self.line.as_mut() else {
                match Seat::take(&self.shared).open().await {
                    Ok(line) => self.line = Some(line),
                    Err(failure) => return Tried::Failed(failure),
                }
                continue;
            };
            // The promise that no MAIL FROM follows a withdrawal: nothing is awaited between this look and the write.
            let (store, epoch) = (&self.shared.deps.store, self.shared.epoch);
            match store.read(|ledger| ledger.still_wanted(row, epoch)) {
                Ok(Standing::Wanted) => {}
                Ok(other) => return Tried::Not(other),
                Err(cause) => {
                    self.shared.fail(DeliverError::Store(cause));
                    return Tried::Not(Standing::Held);
                }
            }
            let used = connection.transactions() > 0;
            let envelope = connection.envelope(&from, row.address.as_str(), self.message.len(), utf8).await;
            match envelope {
                Ok(()) => break,
                Err(failure) if used && !replaced && was_let_go(&failure) => {
                    replaced = true;
                    self.line = None;
                }
                Err(failure) => return Tried::Failed(failure),
            }
        }
        let Some(Line { connection, .. }) = self.line.as_mut() else { return Tried::Not(Standing::Held) };
        match connection.body(&mut self.message).await {
            Ok(reply) => Tried::Taken(reply),
            Err(failure) => Tried::Failed(failure),
        }
    }
}

/// Relays close idle or well-used sessions; the next MAIL finds out. Nothing was begun.
fn was_let_go(failure: &Failure) -> bool {
    let closing = failure.reply.as_ref().is_some_and(|reply| reply.code == 421);
    failure.stage == Stage::Mail && (closing || (failure.reply.is_none() && failure.cause == Cause::Io))
}
