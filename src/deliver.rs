//! Effect: the step that sends: claim → compose → smtp → retry → attempts and states (design section 8).
//!
//! N connections, each with one transaction at a time, are tasks on one thread; the store's writer is another. Per message
//! there is one commit to wait for: the result of the transaction before and the intent of the next share it, and the
//! connections share its fsync. The order that keeps the promises:
//!
//! 1. the result of a transaction is committed before the next begins on that connection;
//! 2. the intent is committed before the envelope, so long before the packet that carries the dot;
//! 3. after all waiting, directly before MAIL FROM, the person's standing is read from the last commit.

mod breaker;
mod commit;
mod handout;
mod letter;
mod line;
mod outcome;
mod pace;
mod ruling;
mod window;
mod worker;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{JoinSet, LocalSet};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Instant};
use crate::model::notice::Mailing;
use crate::model::{EditionId, EmailAddress, SuppressionKey};
use crate::smtp::{RelaySettings, TlsContext};
use crate::store::deliveries::{Claimed, Recovered, UnknownPolicy};
use crate::store::place::place;
use crate::store::{SenderLock, Store, StoreError};

pub use letter::{Letter, LetterSettings};
pub use outcome::{DeliverError, Report};

/// How often a run shows that it goes on.
const ALIVE: Duration = Duration::from_millis(500);

/// How the step behaves, besides the relay's own settings.
#[derive(Clone, Debug)]
pub struct DeliverSettings {
    /// MAIL FROM of every letter.
    pub from: EmailAddress,
    /// What is done with rows of which nobody knows whether the relay took them.
    pub unknown: UnknownPolicy,
    /// How long a claimed row stays ours.
    pub lease: Duration,
    /// How long a result is tried to be recorded when the store takes no writes.
    pub patience: Duration,
    /// Messages per second to one destination domain (hanmail.net, daum.net and kakao.com are one); none: no limit.
    pub per_destination_second: Option<f64>,
    /// Messages in any hour; none: no limit.
    pub per_hour: Option<u64>,
    /// Messages in any day (24 hours); none: no limit.
    pub per_day: Option<u64>,
    /// The operator's own addresses: where they are among an edition's recipients they get it first, one after another,
    /// and one reader after them, before the rest.
    pub seeds: Vec<EmailAddress>,
}

impl DeliverSettings {
    /// The defaults, sending as `from`.
    pub fn new(from: EmailAddress) -> DeliverSettings {
        DeliverSettings {
            from,
            unknown: UnknownPolicy::RetryOnce,
            lease: Duration::from_secs(30 * 60),
            patience: Duration::from_secs(60),
            per_destination_second: None,
            per_hour: None,
            per_day: None,
            seeds: vec![],
        }
    }
}

/// What the step needs. Clones share the store, the trust and the keys.
#[derive(Clone)]
pub struct Deps {
    /// The store.
    pub store: Store,
    /// `[smtp]`.
    pub relay: RelaySettings,
    /// Trust.
    pub tls: TlsContext,
    /// Behaviour.
    pub settings: DeliverSettings,
    /// What letters are made with.
    pub letters: LetterSettings,
    /// The key of suppression hashes.
    pub suppressions: SuppressionKey,
}

/// The right to send from a store: its lock, and the epoch that marks the rows this sender leases.
pub struct Session {
    epoch: i64,
    /// What an earlier sender had left.
    pub recovered: Recovered,
    _lock: SenderLock,
}

impl Session {
    /// Takes the lock, refuses a copied store, settles what an earlier sender left, begins an epoch.
    pub fn start(store: &Store, now: Instant, policy: UnknownPolicy) -> Result<Session, StoreError> {
        let lock = store.lock_sender()?;
        let here = place(store.path());
        let (epoch, recovered) = store.write(move |ledger| {
            ledger.send_from(&here)?;
            Ok((ledger.next_epoch()?, ledger.recover_at_start(now, policy)?))
        })?;
        Ok(Session { epoch, recovered, _lock: lock })
    }
}

/// State shared by the connections' tasks; all on one thread.
struct Shared {
    deps: Deps,
    epoch: i64,
    clock: Clock,
    stop: CancellationToken,
    progress: Box<dyn Fn(&Report)>,
    /// Something changed that a waiting task may be waiting for.
    changed: Notify,
    queue: RefCell<handout::Queue>,
    site: RefCell<breaker::Site>,
    editions: RefCell<HashMap<EditionId, window::Window>>,
    breakers: RefCell<breaker::Breakers>,
    letters: RefCell<HashMap<Mailing, Rc<Letter>>>,
    pace: RefCell<pace::Pace>,
    quotas: RefCell<Vec<pace::Quota>>,
    report: RefCell<Report>,
    fatal: RefCell<Option<DeliverError>>,
}

/// Sends until nothing is due or `stop` is cancelled; then open transactions are finished first. Blocks the thread, and
/// is not to be called on one that drives async tasks. `progress` sees the report after each row, and twice a second
/// besides: no call for long means that this hangs.
pub fn run_once(
    deps: Deps,
    session: &Session,
    clock: &Clock,
    stop: CancellationToken,
    progress: impl Fn(&Report) + 'static,
) -> Result<Report, DeliverError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| DeliverError::Runtime(cause.to_string()))?;
    let now = clock.now();
    let seeds = deps.settings.seeds.clone();
    deps.store
        .write(move |ledger| {
            ledger.expire_superseded(now)?;
            ledger.put_first(&seeds)
        })
        .map_err(DeliverError::NotWritable)?;
    let quotas = quotas(&deps, now)?;
    let breakers = breaker::Breakers::new(deps.store.read(|ledger| ledger.breakers())?);
    let pace = pace::Pace::new(deps.relay.per_second, deps.settings.per_destination_second);
    let shared = Rc::new(Shared {
        queue: RefCell::new(handout::Queue::new(&deps.relay)),
        site: RefCell::new(breaker::Site::new(breakers.holding_all(now))),
        breakers: RefCell::new(breakers),
        editions: RefCell::default(),
        letters: RefCell::default(),
        report: RefCell::default(),
        fatal: RefCell::default(),
        pace: RefCell::new(pace),
        quotas: RefCell::new(quotas),
        changed: Notify::new(),
        epoch: session.epoch,
        clock: clock.clone(),
        progress: Box::new(progress),
        deps,
        stop,
    });
    LocalSet::new().block_on(&runtime, run(&shared));
    finish(&shared)
}

/// The limits by the hour and the day, with what began within them by the ledger.
fn quotas(deps: &Deps, now: Instant) -> Result<Vec<pace::Quota>, StoreError> {
    let limits = [(deps.settings.per_hour, 1), (deps.settings.per_day, 24)];
    let mut quotas = Vec::new();
    for (limit, hours) in limits {
        let Some(limit) = limit else { continue };
        let mut quota = pace::Quota::new(limit, chrono::Duration::hours(hours));
        let since = quota.since(now);
        // What a clock that was ahead has dated is left out, or it would fill the quota until then.
        let mut add = |at| {
            if at <= now {
                quota.add(at)
            }
        };
        deps.store.read(|ledger| ledger.messages_begun(since, &mut add))?;
        quotas.push(quota);
    }
    Ok(quotas)
}

async fn run(shared: &Rc<Shared>) {
    let mut tasks = JoinSet::new();
    for _ in 0..shared.deps.relay.connections.max(1) {
        tasks.spawn_local(worker::work(Rc::clone(shared)));
    }
    let mut alive = tokio::time::interval(ALIVE);
    loop {
        let ended = tokio::select! {
            ended = tasks.join_next() => ended,
            _ = alive.tick() => {
                (shared.progress)(&shared.report.borrow());
                continue;
            }
        };
        let Some(ended) = ended else { return };
        if ended.is_err() {
            // A task that panicked leaves its row in flight; the next start finds it.
            shared.fail(DeliverError::Runtime("a connection's task ended unexpectedly".to_owned()));
        }
    }
}

fn finish(shared: &Rc<Shared>) -> Result<Report, DeliverError> {
    let left = shared.queue.borrow_mut().leftovers();
    let (epoch, now) = (shared.epoch, shared.clock.now());
    let store = &shared.deps.store;
    let released = store.write(move |ledger| {
        left.write(ledger, epoch, now)?;
        ledger.end_cancelled(now)?;
        ledger.finish_editions()
    });
    if let Some(fatal) = shared.fatal.borrow_mut().take() {
        return Err(fatal);
    }
    released?;
    let mut report = shared.report.borrow_mut().clone();
    report.held.extend(shared.site.borrow().held.clone());
    let full = shared.full_quota();
    report.held.extend(full.iter().map(|(_, reason)| reason.clone()));
    report.stopped = shared.stop.is_cancelled();
    report.next_due = store.read(|ledger| ledger.next_due())?;
    if let (Some(due), Some((free, _))) = (report.next_due, full) {
        report.next_due = Some(due.max(free));
    }
    Ok(report)
}

fn later(now: Instant, after: Duration) -> Instant {
    let after = chrono::Duration::from_std(after).unwrap_or(chrono::Duration::MAX);
    now.checked_add_signed(after).unwrap_or(Instant::MAX_UTC)
}

impl Shared {
    /// Remembers the worst fatal error; every task ends before its next transaction.
    fn fail(&self, error: DeliverError) {
        let mut fatal = self.fatal.borrow_mut();
        if fatal.as_ref().is_none_or(|earlier| error.outweighs(earlier)) {
            *fatal = Some(error);
        }
        self.changed.notify_waiters();
    }

    fn is_over(&self) -> bool {
        self.stop.is_cancelled() || self.fatal.borrow().is_some() || self.site.borrow().held.is_some()
    }

    /// The limit that lets nothing begin now: when it does again, and what it is.
    fn full_quota(&self) -> Option<(Instant, String)> {
        let now = self.clock.now();
        let mut quotas = self.quotas.borrow_mut();
        quotas.iter_mut().filter_map(|quota| Some((quota.free_at(now)?, quota.reason()))).max()
    }

    fn lease_until(&self) -> Instant {
        later(self.clock.now(), self.deps.settings.lease)
    }

    /// The row goes back to the head of the queue, still leased.
    fn give_back(&self, row: Claimed) {
        self.queue.borrow_mut().give_back(row);
        self.changed.notify_waiters();
    }
}
