//! Effect: when the way to the relay, or an edition, has failed often enough to be held. Counts live with the run; what
//! follows from them (a breaker, a paused edition) is durable.

use std::collections::{HashMap, VecDeque};

use crate::clock::Instant;
use crate::retry;
use crate::store::breakers::Breaker;

/// What the names of destinations' breakers begin with.
pub(super) const DESTINATION: &str = "destination:";
/// Failures in a row of the way to the relay after which nothing is tried for a while.
const SITE_FAILURES: u32 = 3;
/// Refused first rows after which an edition is sent on all connections: they spoke of those readers only.
const CANARIES: u32 = 5;
/// An edition's results looked at together.
const WINDOW: usize = 200;
/// Its first results are judged by themselves.
const FIRST: usize = 50;
/// Refusals meant for the sender, at RCPT, after which the edition is held.
const SENDER_MARKS: usize = 3;

/// The way to the relay. Until it is proved one connection goes alone.
pub(super) struct Site {
    /// Since the last failure a session was opened; where the relay was held, a message was taken.
    proved: bool,
    /// The seat of the connection that goes alone.
    trial: Option<u64>,
    seats: u64,
    failures: u32,
    /// Why nothing is tried, in Korean.
    pub(super) held: Option<String>,
}

impl Site {
    pub(super) fn new(held: Option<String>) -> Site {
        Site { proved: false, trial: None, seats: 0, failures: 0, held }
    }

    /// Whether a connection may be opened.
    pub(super) fn may_open(&self) -> bool {
        self.proved || self.trial.is_none()
    }

    /// A connection is about to be opened: the number of its seat.
    pub(super) fn take_seat(&mut self) -> u64 {
        self.seats += 1;
        if !self.proved {
            self.trial = Some(self.seats);
        }
        self.seats
    }

    /// The connection of that seat is closed, or was not opened.
    pub(super) fn leave(&mut self, seat: u64) {
        if self.trial == Some(seat) {
            self.trial = None;
        }
    }

    /// A session was opened. Where the relay was held that proves nothing: one message has to be taken.
    pub(super) fn opened(&mut self, half_open: bool) {
        if !half_open {
            (self.proved, self.trial) = (true, None);
        }
    }

    /// A message was taken. True: that proves the way.
    pub(super) fn worked(&mut self) -> bool {
        (self.failures, self.trial) = (0, None);
        !std::mem::replace(&mut self.proved, true)
    }

    /// The way to the relay failed. True: it is to be held now.
    pub(super) fn failed(&mut self, half_open: bool) -> bool {
        self.proved = false;
        self.failures += 1;
        self.failures >= SITE_FAILURES || half_open
    }
}

/// When a breaker that opens is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// After a while, longer each time in a row.
    Later,
    /// When a person says so.
    ByHand,
}

/// The breakers as the store has them: this sender alone opens and closes them. One whose time has come stands half open
/// until a message is taken.
#[derive(Default)]
pub(super) struct Breakers {
    site: HashMap<String, Breaker>,
    destinations: HashMap<String, Breaker>,
}

impl Breakers {
    pub(super) fn new(stored: Vec<Breaker>) -> Breakers {
        let mut breakers = Breakers::default();
        for breaker in stored {
            let (shelf, key) = breakers.shelf(&breaker.name);
            let key = key.to_owned();
            shelf.insert(key, breaker);
        }
        breakers
    }

    fn shelf<'name>(&mut self, name: &'name str) -> (&mut HashMap<String, Breaker>, &'name str) {
        match name.strip_prefix(DESTINATION) {
            Some(destination) => (&mut self.destinations, destination),
            None => (&mut self.site, name),
        }
    }

    /// Why nothing at all is tried now, if so.
    pub(super) fn holding_all(&self, now: Instant) -> Option<String> {
        self.site.values().find(|breaker| breaker.holds(now)).map(|breaker| breaker.reason.clone())
    }

    /// Whether the way to the relay was held and no message has been taken since.
    pub(super) fn relay_is_half_open(&self) -> bool {
        !self.site.is_empty()
    }

    /// Until when nothing goes to `destination`, if so.
    pub(super) fn held_until(&self, destination: &str, now: Instant) -> Option<Instant> {
        let breaker = self.destinations.get(destination).filter(|breaker| breaker.holds(now))?;
        Some(breaker.retry_at.unwrap_or(Instant::MAX_UTC))
    }

    /// Whether any destination was held and has not been proved since.
    pub(super) fn name_destinations(&self) -> bool {
        !self.destinations.is_empty()
    }

    /// Opens the breaker of that name. None: it is open.
    pub(super) fn open(&mut self, name: &str, retry: Retry, reason: String, now: Instant) -> Option<Breaker> {
        let (shelf, key) = self.shelf(name);
        let earlier = shelf.get(key);
        if earlier.is_some_and(|breaker| breaker.holds(now)) {
            return None;
        }
        let failures = earlier.map_or(0, |breaker| breaker.failures);
        let spread = name.bytes().map(i64::from).sum();
        let retry_at = (retry == Retry::Later).then(|| super::later(now, retry::delay(failures, spread)));
        let opened_at = earlier.map_or(now, |breaker| breaker.opened_at);
        let breaker = Breaker { name: name.to_owned(), opened_at, retry_at, failures: failures + 1, reason };
        shelf.insert(key.to_owned(), breaker.clone());
        Some(breaker)
    }

    /// Closes what a message taken for `destination` proves wrong; says which.
    pub(super) fn heal(&mut self, destination: &str) -> Vec<String> {
        let site = self.site.drain().map(|(name, _)| name);
        let destination = self.destinations.remove(destination).map(|breaker| breaker.name);
        site.chain(destination).collect()
    }
}

/// What the end of an edition's first row says of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// They can be sent.
    Taken,
    /// It was refused for its own sake.
    Refused,
    /// Nothing.
    None,
}

/// How far the pause of an edition by this run has come. Once it is committed, the store says whether the edition goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pause {
    #[default]
    No,
    Ruled,
    Committed,
}

/// An edition's last results.
#[derive(Default)]
pub(super) struct Window {
    /// A copy was taken: all connections may send it.
    pub(super) proved: bool,
    /// The first row is under way.
    pub(super) canary_out: bool,
    /// First rows refused.
    canaries: u32,
    pub(super) pause: Pause,
    results: VecDeque<(bool, bool)>,
    seen: usize,
}

impl Window {
    pub(super) fn begin(&mut self) {
        if !self.proved {
            self.canary_out = true;
        }
    }

    /// The first row ended.
    pub(super) fn end_canary(&mut self, proof: Proof) {
        self.canary_out = false;
        self.canaries += u32::from(proof == Proof::Refused);
        self.proved |= proof == Proof::Taken || self.canaries >= CANARIES;
    }

    /// Adds a result. Says, in Korean, why the edition is to be held, if so.
    pub(super) fn add(&mut self, permanent: bool, of_sender: bool) -> Option<String> {
        self.results.push_back((permanent, of_sender));
        self.seen += 1;
        if self.results.len() > WINDOW {
            self.results.pop_front();
        }
        let count = self.results.len();
        let refused = self.results.iter().filter(|(permanent, _)| *permanent).count();
        let marks = self.results.iter().filter(|(_, sender)| *sender).count();
        if marks >= SENDER_MARKS && of_sender {
            return Some(format!("발신자를 탓하는 거절이 {marks}번 있어 멈췄어요"));
        }
        let most = if self.seen <= FIRST { FIRST / 10 } else { WINDOW / 10 };
        let many = refused > most && (self.seen <= FIRST || self.seen >= WINDOW);
        (permanent && many)
            .then(|| format!("최근 결과 {count}건 가운데 {refused}건이 거절(5xx)되어 멈췄어요"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edition_is_held_after_a_tenth_of_its_first_results_is_refused() {
        let mut window = Window::default();
        let held: Vec<bool> = (0..6).map(|_| window.add(true, false).is_some()).collect();
        assert_eq!(held, [false, false, false, false, false, true]);
        let mut window = Window::default();
        assert!((0..1000).all(|n| window.add(n % 11 == 10, false).is_none()));
        assert!((0..30).any(|_| window.add(true, false).is_some()));
    }

    #[test]
    fn five_refused_first_rows_open_an_edition_and_five_of_which_nothing_is_known_do_not() {
        for (proof, proved) in [(Proof::None, false), (Proof::Refused, true)] {
            let mut window = Window::default();
            for _ in 0..5 {
                window.begin();
                window.end_canary(proof);
            }
            assert_eq!((window.proved, window.canary_out), (proved, false));
        }
    }

    #[test]
    fn three_refusals_of_the_sender_hold_an_edition() {
        let mut window = Window::default();
        assert!(window.add(true, true).is_none());
        assert!(window.add(false, false).is_none());
        assert!(window.add(true, true).is_none());
        assert!(window.add(true, true).is_some());
    }
}
