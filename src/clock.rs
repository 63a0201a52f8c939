//! Effect: the only place that reads the time. Steps take `now`; long ones take a [`Clock`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

/// An instant, in UTC. The store keeps it as milliseconds since 1970.
pub type Instant = DateTime<Utc>;

/// Where a step reads the wall clock: the system's, or one that a test moves by hand.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's wall clock.
    System,
    /// A clock that stands still until moved; milliseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at`.
    pub fn manual(at: Instant) -> Clock {
        Clock::Manual(Arc::new(AtomicI64::new(at.timestamp_millis())))
    }

    /// The present instant, to the millisecond.
    #[allow(clippy::disallowed_methods)]
    pub fn now(&self) -> Instant {
        match self {
            Clock::System => from_millis(Utc::now().timestamp_millis()),
            Clock::Manual(millis) => from_millis(millis.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock to `at`; the system's clock is left alone.
    pub fn set(&self, at: Instant) {
        if let Clock::Manual(millis) = self {
            millis.store(at.timestamp_millis(), Ordering::SeqCst);
        }
    }
}

/// Milliseconds since 1970 as an instant; a value no calendar holds becomes 1970.
pub fn from_millis(millis: i64) -> Instant {
    DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::UNIX_EPOCH)
}
