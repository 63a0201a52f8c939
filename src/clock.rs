//! Effect: the only place that reads the time, and where the daemon waits for it. Steps take `now`; long ones take a
//! [`Clock`].

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

/// An instant, in UTC. The store keeps it as milliseconds since 1970.
pub type Instant = DateTime<Utc>;

/// Where a step reads the wall clock: the system's, or one that a test moves by hand.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's wall clock.
    System,
    /// A clock that stands still until moved.
    Manual(watch::Sender<Standing>),
}

/// Where a manual clock stands, and until when its sleepers sleep; milliseconds since 1970.
#[derive(Debug, Default)]
pub struct Standing {
    now: i64,
    sleepers: Vec<i64>,
}

impl Clock {
    /// A clock that stands at `at`.
    pub fn manual(at: Instant) -> Clock {
        let standing = Standing { now: at.timestamp_millis(), sleepers: Vec::new() };
        Clock::Manual(watch::Sender::new(standing))
    }

    /// The present instant, to the millisecond.
    #[allow(clippy::disallowed_methods)]
    pub fn now(&self) -> Instant {
        match self {
            Clock::System => from_millis(Utc::now().timestamp_millis()),
            Clock::Manual(standing) => from_millis(standing.borrow().now),
        }
    }

    /// Moves a manual clock to `at` and wakes who slept until then; the system's clock is left alone.
    pub fn set(&self, at: Instant) {
        if let Clock::Manual(standing) = self {
            standing.send_modify(|standing| standing.now = at.timestamp_millis());
        }
    }

    /// Sleeps as long as `wait` by this clock. The system's is the monotonic one, which no setting of the time moves.
    pub async fn sleep(&self, wait: Duration) {
        match self {
            Clock::System => tokio::time::sleep(wait).await,
            Clock::Manual(standing) => {
                let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                let until = standing.borrow().now.saturating_add(wait);
                let _asleep = Sleeper::lie_down(standing, until);
                // it ends with its sender alone, of which one is at hand
                let _ = standing.subscribe().wait_for(|standing| standing.now >= until).await;
            }
        }
    }

    /// Until just so many sleep by a manual clock, each beyond its present instant: all that was due is done.
    pub async fn quiet(&self, sleepers: usize) {
        if let Clock::Manual(standing) = self {
            let quiet = |standing: &Standing| {
                standing.sleepers.len() == sleepers && standing.sleepers.iter().all(|at| *at > standing.now)
            };
            let _ = standing.subscribe().wait_for(quiet).await;
        }
    }
}

/// One who sleeps by a manual clock, until dropped.
struct Sleeper<'a> {
    standing: &'a watch::Sender<Standing>,
    until: i64,
}

impl Sleeper<'_> {
    fn lie_down(standing: &watch::Sender<Standing>, until: i64) -> Sleeper<'_> {
        standing.send_modify(|standing| standing.sleepers.push(until));
        Sleeper { standing, until }
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.standing.send_modify(|standing| {
            if let Some(at) = standing.sleepers.iter().position(|until| *until == self.until) {
                standing.sleepers.swap_remove(at);
            }
        });
    }
}

/// Milliseconds since 1970 as an instant; a value no calendar holds becomes 1970.
pub fn from_millis(millis: i64) -> Instant {
    DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::UNIX_EPOCH)
}
