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
/// An edition's results looked at together.
const WINDOW: usize = 200;
/// Its first results are judged by themselves.
const FIRST: usize = 50;
/// Refusals meant for the sender, at RCPT, after which the edition is held.
const SENDER_MARKS: usize = 3;

/// The way to the relay.
pub(super) struct Site {
    /// A session was opened since the last failure.
    proved: bool,
    opening: bool,
    failures: u32,
    /// Why nothing is tried, in Korean.
    pub(super) held: Option<String>,
}

impl Site {
    pub(super) fn new(held: Option<String>) -> Site {
        Site { proved: false, opening: false, failures: 0, held }
    }

    /// Until one session is open, only one task tries.
    pub(super) fn may_open(&self) -> bool {
        self.proved || !self.opening
    }

    pub(super) fn begin_opening(&mut self) {
        self.opening = true;
    }

    /// A session was opened.
    pub(super) fn opened(&mut self) {
        self.proved = true;
        self.opening = false;
    }

    /// A task gave up opening without having tried.
    pub(super) fn not_opened(&mut self) {
        self.opening = false;
    }

    /// A message was taken.
    pub(super) fn worked(&mut self) {
        self.failures = 0;
        self.proved = true;
    }

    /// The way to the relay failed. True: it is to be held now.
    pub(super) fn failed(&mut self, half_open: bool) -> bool {
        self.proved = false;
        self.opening = false;
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

    /// Whether the way to the relay was held and has not been proved since.
    pub(super) fn relay_is_half_open(&self) -> bool {
        self.site.contains_key("relay")
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
    /// First rows tried.
    pub(super) canaries: u32,
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
    fn three_refusals_of_the_sender_hold_an_edition() {
        let mut window = Window::default();
        assert!(window.add(true, true).is_none());
        assert!(window.add(false, false).is_none());
        assert!(window.add(true, true).is_none());
        assert!(window.add(true, true).is_some());
    }
}
