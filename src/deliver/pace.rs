//! Effect: how fast messages may begin: over all connections, and to one destination.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// Destinations remembered; the oldest are forgotten in one go.
const REMEMBERED: usize = 4096;

/// Hands out moments at which a transaction may begin, evenly spaced.
pub(super) struct Pace {
    every: Option<Duration>,
    every_destination: Option<Duration>,
    next: Option<Instant>,
    destinations: HashMap<String, Instant>,
}

fn spacing(per_second: Option<f64>) -> Option<Duration> {
    let rate = per_second.filter(|rate| rate.is_finite() && *rate > 0.0)?;
    Duration::try_from_secs_f64(1.0 / rate).ok()
}

impl Pace {
    pub(super) fn new(per_second: Option<f64>, per_destination: Option<f64>) -> Pace {
        Pace {
            every: spacing(per_second),
            every_destination: spacing(per_destination),
            next: None,
            destinations: HashMap::new(),
        }
    }

    /// The moment at which a message to `destination` may begin; none: at once.
    pub(super) fn reserve(&mut self, destination: &str) -> Option<Instant> {
        if self.every.is_none() && self.every_destination.is_none() {
            return None;
        }
        let now = Instant::now();
        let mut at = now;
        if let Some(every) = self.every {
            at = self.next.map_or(at, |next| at.max(next));
            self.next = Some(at + every);
        }
        if let Some(every) = self.every_destination {
            if self.destinations.len() >= REMEMBERED {
                self.destinations.retain(|_, next| *next > now);
            }
            let next = self.destinations.entry(destination.to_owned()).or_insert(at);
            at = at.max(*next);
            *next = at + every;
        }
        (at > now).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_spaced_over_all_and_per_destination() {
        let mut free = Pace::new(None, None);
        assert!(free.reserve("a").is_none());
        let mut pace = Pace::new(Some(10.0), Some(1.0));
        assert!(pace.reserve("a").is_none());
        let b = pace.reserve("b").expect("a wait");
        let a = pace.reserve("a").expect("a wait");
        assert!(a > b + Duration::from_millis(700));
    }
}
