//! Effect: which connection gets which row. Small batches are claimed ahead; an edition's first row goes alone.

use std::collections::VecDeque;

use super::Shared;
use crate::model::notice::Mailing;
use crate::retry;
use crate::smtp::RelaySettings;
use crate::store::deliveries::{Claim, ClaimRequest, Claimed};

/// Failed first rows after which an edition is sent on all connections: they spoke of those readers only.
const CANARIES: u32 = 5;

/// Rows leased and not yet taken by a connection.
pub(super) struct Queue {
    rows: VecDeque<Claimed>,
    /// Rows that are not to be sent now; released with the next commit.
    released: Vec<Claimed>,
    batch: usize,
    low: usize,
    claiming: bool,
    exhausted: bool,
}

/// What a connection is to do next.
pub(super) enum Take {
    /// Send this; where `refill`, its commit brings the next rows as well.
    Row(Box<Claimed>, bool),
    /// Claim rows.
    Claim,
    /// Wait until something changes.
    Wait,
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
            released: vec![],
            batch,
            low: batch / 2,
            claiming: false,
            exhausted: false,
        }
    }

    pub(super) fn give_back(&mut self, row: Claimed) {
        self.rows.push_front(row);
    }

    /// Rows to be released, for the commit that is about to be made.
    pub(super) fn take_released(&mut self) -> Vec<Claimed> {
        std::mem::take(&mut self.released)
    }

    /// Everything leased that nobody will send.
    pub(super) fn leftovers(&mut self) -> Vec<Claimed> {
        let mut left = std::mem::take(&mut self.released);
        left.extend(self.rows.drain(..));
        left
    }
}

impl Shared {
    /// Decides what a connection's task does next. `open`: it has a session with the relay.
    pub(super) fn take(&self, open: bool) -> Take {
        if self.is_over() || self.full_quota().is_some() {
            return Take::End;
        }
        if !open && !self.site.borrow().may_open() {
            return Take::Wait;
        }
        let mut queue = self.queue.borrow_mut();
        self.drop_held(&mut queue);
        let free = queue.rows.iter().position(|row| self.may_start(row.mailing));
        if let Some(row) = free.and_then(|at| queue.rows.remove(at)) {
            self.editions.borrow_mut().entry(row.mailing).or_default().begin();
            self.quotas.borrow_mut().iter_mut().for_each(|quota| quota.add(self.clock.now()));
            if !open {
                self.site.borrow_mut().begin_opening();
            }
            let refill = queue.rows.len() <= queue.low && !queue.claiming && !queue.exhausted;
            queue.claiming |= refill;
            return Take::Row(Box::new(row), refill);
        }
        if !queue.rows.is_empty() || queue.claiming {
            return Take::Wait;
        }
        if queue.exhausted {
            return Take::End;
        }
        queue.claiming = true;
        Take::Claim
    }

    /// Takes out of the queue what a pause or a held destination caught meanwhile.
    fn drop_held(&self, queue: &mut Queue) {
        let editions = self.editions.borrow();
        let destinations = self.held_destinations.borrow();
        if destinations.is_empty() && editions.values().all(|window| !window.paused) {
            return;
        }
        let held = |row: &Claimed| {
            editions.get(&row.mailing).is_some_and(|window| window.paused)
                || destinations.contains(retry::destination(row.address.domain()))
        };
        let (out, stay): (Vec<Claimed>, VecDeque<Claimed>) = {
            let mut out = Vec::new();
            let mut stay = VecDeque::new();
            for row in queue.rows.drain(..) {
                if held(&row) { out.push(row) } else { stay.push_back(row) }
            }
            (out, stay)
        };
        // The next claim sees to what is given back.
        queue.exhausted &= out.is_empty();
        queue.rows = stay;
        queue.released.extend(out);
    }

    fn may_start(&self, mailing: Mailing) -> bool {
        self.editions.borrow().get(&mailing).is_none_or(|window| window.proved || !window.canary_out)
    }

    /// A canary's outcome frees its edition, or lets another row try.
    pub(super) fn end_canary(&self, row: &Claimed, proves: bool) {
        let mut editions = self.editions.borrow_mut();
        if let Mailing::Notice(_) = row.mailing {
            // One mail to one person proves nothing of others.
            editions.remove(&row.mailing);
            return;
        }
        let window = editions.entry(row.mailing).or_default();
        if !window.proved {
            window.canary_out = false;
            // A copy of the operator's own proves nothing of the readers' servers: one reader's comes after it.
            let mut seeds = self.deps.settings.seeds.iter();
            if !seeds.any(|seed| seed.key() == row.address.key()) {
                window.canaries += 1;
                window.proved = proves || window.canaries >= CANARIES;
            }
            self.changed.notify_waiters();
        }
    }

    pub(super) fn claim_request(&self) -> ClaimRequest {
        let (now, until) = (self.clock.now(), self.lease_until());
        ClaimRequest { limit: self.queue.borrow().batch, epoch: self.epoch, until, now }
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
            queue.rows.extend(claim.rows);
        }
        drop(queue);
        self.changed.notify_waiters();
    }
}
