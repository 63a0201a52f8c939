//! Effect: when the way to the relay, or an edition, has failed often enough to be held. Counts live with the run; what
//! follows from them (a breaker, a paused edition) is durable.

use std::collections::VecDeque;

use crate::clock::Instant;
use crate::store::breakers::Breaker;

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
    /// Failures of breakers that stand open for a probe now, by name.
    half_open: Vec<(String, i64)>,
    /// Why nothing is tried, in Korean.
    pub(super) held: Option<String>,
}

impl Site {
    pub(super) fn new(breakers: &[Breaker], now: Instant) -> Site {
        let ours = |breaker: &&Breaker| !breaker.name.starts_with("destination:");
        let held = breakers.iter().filter(ours).find(|breaker| breaker.holds(now));
        Site {
            proved: false,
            opening: false,
            failures: 0,
            half_open: breakers.iter().map(|breaker| (breaker.name.clone(), breaker.failures)).collect(),
            held: held.map(|breaker| breaker.reason.clone()),
        }
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
    pub(super) fn failed(&mut self) -> bool {
        self.proved = false;
        self.opening = false;
        self.failures += 1;
        self.failures >= SITE_FAILURES || self.half_open.iter().any(|(name, _)| name == "relay")
    }

    /// How often in a row that breaker opened before.
    pub(super) fn earlier_failures(&self, name: &str) -> i64 {
        self.half_open.iter().find(|(known, _)| known == name).map_or(0, |(_, failures)| *failures)
    }

    /// The breakers that a taken message to `destination` proves wrong.
    pub(super) fn healed(&mut self, destination: &str) -> Vec<String> {
        if self.half_open.is_empty() {
            return Vec::new();
        }
        let name = format!("destination:{destination}");
        let proved = |known: &str| known == "auth" || known == "relay" || known == name;
        let healed: Vec<(String, i64)> =
            self.half_open.iter().filter(|(known, _)| proved(known)).cloned().collect();
        self.half_open.retain(|(known, _)| !proved(known));
        healed.into_iter().map(|(name, _)| name).collect()
    }
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
    /// Held in this run.
    pub(super) paused: bool,
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
