//! Effect: when the way to the relay has failed often enough to be held, and the breakers that are open. Counts live with
//! the run; what follows from them is durable.

use std::collections::{BTreeSet, HashMap};

use crate::clock::Instant;
use crate::retry;
use crate::store::breakers::Breaker;

/// What the names of destinations' breakers begin with.
pub(super) const DESTINATION: &str = "destination:";
/// Failures in a row of the way to the relay after which nothing is tried for a while.
const SITE_FAILURES: u32 = 3;

/// The way to the relay. Until it is proved one connection goes alone.
pub(super) struct Site {
    /// Since the last failure a session was opened; where the relay was held, a message was taken.
    proved: bool,
    /// The seat of the connection that goes alone.
    trial: Option<u64>,
    /// Seats given out so far, those of them that were given while the way was proved, and those of open sessions.
    seats: u64,
    trusted: u64,
    open: BTreeSet<u64>,
    /// The relay takes no more sessions than are open.
    full: bool,
    failures: u32,
    /// Why nothing is tried, in Korean.
    pub(super) held: Option<String>,
}

impl Site {
    pub(super) fn new(held: Option<String>) -> Site {
        Site {
            proved: false,
            trial: None,
            seats: 0,
            trusted: 0,
            open: BTreeSet::new(),
            full: false,
            failures: 0,
            held,
        }
    }

    /// Whether a connection may be opened.
    pub(super) fn may_open(&self) -> bool {
        (self.proved || self.trial.is_none()) && !self.full
    }

    /// A connection is about to be opened: the number of its seat.
    pub(super) fn take_seat(&mut self) -> u64 {
        self.seats += 1;
        if self.proved {
            self.trusted = self.seats;
        } else {
            self.trial = Some(self.seats);
        }
        self.seats
    }

    /// The connection of that seat is closed, or was not opened.
    pub(super) fn leave(&mut self, seat: u64) {
        self.full &= !self.open.remove(&seat);
        if self.trial == Some(seat) {
            self.trial = None;
        }
    }

    /// The relay takes no further session now: the run goes on with those that are open. Where the last of them has ended
    /// meanwhile, the next one goes alone. False: that one was turned away, too.
    pub(super) fn turned_away(&mut self, seat: u64) -> bool {
        self.full = !self.open.is_empty();
        let trusted = seat <= self.trusted;
        if trusted && !self.full {
            self.proved = false;
        }
        self.full || trusted
    }

    /// A session was opened. Where the relay was held that proves nothing: one message has to be taken.
    pub(super) fn opened(&mut self, seat: u64, half_open: bool) {
        self.open.insert(seat);
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
    pub(super) fn is_half_open(&self) -> bool {
        !self.site.is_empty()
    }

    /// Until when nothing goes to `destination`, if so.
    pub(super) fn held_until(&self, destination: &str, now: Instant) -> Option<Instant> {
        let breaker = self.destinations.get(destination).filter(|breaker| breaker.holds(now))?;
        Some(breaker.retry_at.unwrap_or(Instant::MAX_UTC))
    }

    /// Whether any destination was held and has not been proved since.
    pub(super) fn any_destination(&self) -> bool {
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

    /// Closes what stands half open and a message taken for `destination` proves wrong; says which. What holds was opened
    /// while that message was under way: it proves nothing against it.
    pub(super) fn heal(&mut self, destination: &str, now: Instant) -> Vec<String> {
        let site = self.site.extract_if(|_, breaker| !breaker.holds(now));
        let half_open = self.destinations.get(destination).is_some_and(|breaker| !breaker.holds(now));
        let theirs = half_open.then(|| self.destinations.remove_entry(destination)).flatten();
        site.chain(theirs).map(|(_, breaker)| breaker.name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breaker_opens_for_longer_each_time_and_only_a_later_message_closes_it() {
        let at = |minute: i64| crate::clock::from_millis(1_800_000_000_000 + minute * 60_000);
        let mut breakers = Breakers::default();
        let name = format!("{DESTINATION}example.com");
        let open = |breakers: &mut Breakers, minute| {
            breakers
                .open(&name, Retry::Later, "나중에".to_owned(), at(minute))
                .map(|breaker| breaker.failures)
        };
        assert_eq!(open(&mut breakers, 0), Some(1));
        assert_eq!(open(&mut breakers, 1), None, "it is open");
        assert!(
            breakers.held_until("example.com", at(1)).is_some_and(|until| until > at(4) && until < at(6))
        );
        assert_eq!(breakers.heal("example.com", at(1)), Vec::<String>::new());
        assert_eq!((breakers.held_until("example.com", at(6)), open(&mut breakers, 6)), (None, Some(2)));
        assert!(breakers.held_until("example.com", at(20)).is_some(), "longer");
        assert_eq!(breakers.heal("example.org", at(30)), Vec::<String>::new());
        assert_eq!(breakers.heal("example.com", at(30)), [name.as_str()]);
        assert!(!breakers.any_destination());
    }
}
