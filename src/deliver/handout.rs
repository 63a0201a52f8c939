//! Effect: which connection gets which row. Small batches are claimed ahead; an edition's first row goes alone.

use std::collections::VecDeque;

use super::window::{Pause, Proof, Window};
use super::{DeliverError, Shared};
use crate::clock::Instant;
use crate::model::notice::Mailing;
use crate::model::{DeliveryId, EditionId};
use crate::retry;
use crate::smtp::RelaySettings;
use crate::store::deliveries::{Claim, ClaimRequest, Claimed};
use crate::store::{Ledger, StoreError};

/// Rows leased and not yet taken by a connection.
pub(super) struct Queue {
    rows: VecDeque<Claimed>,
    /// Rows that are not to be sent now; given back with the next commit.
    returned: Returned,
    batch: usize,
    low: usize,
    claiming: bool,
    exhausted: bool,
}

/// Rows that leave the queue unsent. None of them can come back at once, or claiming would never end: a row is put off until
/// its destination's hold is over, released with its edition paused, or released once in half a lease.
#[derive(Default)]
pub(super) struct Returned {
    released: Vec<DeliveryId>,
    pub(super) put_off: Vec<(DeliveryId, Instant)>,
}

impl Returned {
    pub(super) fn write(&self, ledger: &Ledger<'_>, epoch: i64, now: Instant) -> Result<(), StoreError> {
        ledger.release(self.released.iter().copied(), epoch, now)?;
        self.put_off.iter().try_for_each(|(row, until)| ledger.put_off_leased(*row, epoch, *until, now))
    }
}

/// What a connection is to do next.
pub(super) enum Take {
    /// Send this; where `refill`, its commit brings the next rows as well. `at` is when it was counted.
    Row { row: Box<Claimed>, refill: bool, at: Instant },
    /// Claim rows.
    Claim,
    /// Wait until something changes, or up to that moment where a row's pace names one.
    Wait(Option<tokio::time::Instant>),
    /// Nothing is left.
    End,
}

impl Queue {
    pub(super) fn new(relay: &RelaySettings) -> Queue {
        let connections = relay.connections.max(1);
        let ahead = (4 * connections).clamp(16, 256);
        // At a slow pace no more is leased than ten seconds need.
        let paced = relay.per_second.map_or(ahead, |rate| (rate * 10.0).ceil().max(1.0) as usize);
        let batch = ahead.min(paced.max(connections));
        Queue {
            rows: VecDeque::new(),
            returned: Returned::default(),
            batch,
            low: batch / 2,
            claiming: false,
            exhausted: false,
        }
    }

    pub(super) fn give_back(&mut self, row: Claimed) {
        self.rows.push_front(row);
    }

    /// Whether more rows are to be claimed now; if so, whoever asks does it.
    fn begin_claim(&mut self) -> bool {
        let more = self.rows.len() <= self.low && !self.claiming && !self.exhausted;
        self.claiming |= more;
        more
    }

    fn release(&mut self, which: impl Fn(&Claimed) -> bool) {
        let released = &mut self.returned.released;
        self.rows.retain(|row| {
            let out = which(row);
            released.extend(out.then_some(row.id));
            !out
        });
    }

    /// Rows to be given back, for the commit that is about to be made.
    pub(super) fn take_returned(&mut self) -> Option<Returned> {
        let returned = std::mem::take(&mut self.returned);
        (!returned.released.is_empty() || !returned.put_off.is_empty()).then_some(returned)
    }

    /// Everything leased that nobody will send.
    pub(super) fn leftovers(&mut self) -> Returned {
        let mut left = std::mem::take(&mut self.returned);
        left.released.extend(self.rows.drain(..).map(|row| row.id));
        left
    }
}

fn destination(row: &Claimed) -> &str {
    retry::destination(row.address.domain())
}

impl Shared {
    /// Decides what a connection's task does next. `open`: it has a session with the relay.
    pub(super) fn take(&self, open: bool) -> Take {
        if self.is_over() || self.full_quota().is_some() {
            return Take::End;
        }
        if !open && !self.site.borrow().may_open() {
            return Take::Wait(None);
        }
        let now = tokio::time::Instant::now();
        let mut queue = self.queue.borrow_mut();
        self.put_off_held(&mut queue);
        self.lease_anew(&mut queue);
        let free = queue.rows.iter().position(|row| {
            self.may_start(row.mailing) && self.pace.borrow().free_at(destination(row), now).is_none()
        });
        if let Some(row) = free.and_then(|at| queue.rows.remove(at)) {
            self.pace.borrow_mut().begin(destination(&row), now);
            self.with_window(row.mailing, Window::begin);
            let at = self.clock.now();
            self.quotas.borrow_mut().iter_mut().for_each(|quota| quota.add(at));
            let refill = queue.begin_claim();
            return Take::Row { row: Box::new(row), refill, at };
        }
        if queue.begin_claim() {
            return Take::Claim;
        }
        if queue.rows.is_empty() && !queue.claiming {
            return Take::End;
        }
        let startable = queue.rows.iter().filter(|row| self.may_start(row.mailing));
        Take::Wait(startable.filter_map(|row| self.pace.borrow().free_at(destination(row), now)).min())
    }

    /// A row that has waited for half its lease is released, to be leased anew by the next claim. One whose lease is over
    /// is left to be found lost.
    fn lease_anew(&self, queue: &mut Queue) {
        let now = self.clock.now();
        let half = chrono::Duration::from_std(self.deps.settings.lease / 2).unwrap_or(chrono::Duration::MAX);
        let is_old = |row: &Claimed| row.leased_until > now && row.leased_until - now < half;
        if queue.rows.iter().any(is_old) {
            queue.release(is_old);
            queue.exhausted = false;
        }
    }

    /// Takes the rows of held destinations out of the queue.
    fn put_off_held(&self, queue: &mut Queue) {
        let breakers = self.breakers.borrow();
        if !breakers.any_destination() {
            return;
        }
        let (now, put_off) = (self.clock.now(), &mut queue.returned.put_off);
        queue.rows.retain(|row| {
            let until = breakers.held_until(destination(row), now);
            put_off.extend(until.map(|until| (row.id, until)));
            until.is_none()
        });
    }

    /// A notice is one mail to one person, and no window is kept of it.
    pub(super) fn with_window<T>(&self, mailing: Mailing, look: impl FnOnce(&mut Window) -> T) -> Option<T> {
        self.editions.borrow_mut().get_mut(&mailing.edition()?).map(look)
    }

    fn may_start(&self, mailing: Mailing) -> bool {
        self.with_window(mailing, |window| window.is_open()).unwrap_or(true)
    }

    /// The pause of an edition is committed: its rows leave the queue.
    pub(super) fn pause_committed(&self, edition: EditionId) {
        let mailing = Mailing::Edition(edition);
        self.with_window(mailing, |window| window.pause = Pause::Committed);
        self.queue.borrow_mut().release(|row| row.mailing == mailing);
        self.changed.notify_waiters();
    }

    /// A row has ended: if it went alone, its edition is free, or another row may try.
    pub(super) fn end_canary(&self, row: &Claimed, proof: Proof) {
        // A copy of the operator's own proves nothing of the readers' servers: one reader's comes after it.
        let own = self.deps.settings.seeds.iter().any(|seed| seed.key() == row.address.key());
        let proof = if own { Proof::None } else { proof };
        let alone = self.with_window(row.mailing, |window| !window.proved && window.end_canary(proof));
        if alone == Some(true) {
            self.changed.notify_waiters();
        }
    }

    pub(super) fn claim_request(&self) -> ClaimRequest {
        let (now, until) = (self.clock.now(), self.lease_until());
        ClaimRequest { limit: self.queue.borrow().batch, epoch: self.epoch, until, now }
    }

    /// Of an edition that begins to be sent, or goes on after a pause that this run committed, the ledger says whether it
    /// was proved.
    fn look_at(&self, edition: EditionId) {
        let known =
            self.editions.borrow().get(&edition).is_some_and(|window| window.pause != Pause::Committed);
        if known {
            return;
        }
        match self.deps.store.read(|ledger| ledger.was_taken(edition, &self.deps.settings.seeds)) {
            Ok(proved) => drop(self.editions.borrow_mut().insert(edition, Window::new(proved))),
            Err(cause) => self.fail(DeliverError::Store(cause)),
        }
    }

    /// Takes in what a claim brought; none if it failed.
    pub(super) fn claimed(&self, claim: Option<Claim>) {
        let mut queue = self.queue.borrow_mut();
        queue.claiming = false;
        if let Some(claim) = claim {
            queue.exhausted = claim.is_empty();
            let mut report = self.report.borrow_mut();
            report.suppressed += claim.suppressed;
            report.put_off += claim.put_off;
            for edition in claim.rows.iter().filter_map(|row| row.mailing.edition()) {
                self.look_at(edition);
            }
            queue.rows.extend(claim.rows);
        }
        drop(queue);
        self.changed.notify_waiters();
    }
}
