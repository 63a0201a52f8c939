//! Effect: the tasks' signs of life. One that is overdue hangs: systemd is no longer told that all is well.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// All tasks that are to show life.
#[derive(Clone)]
pub(super) struct Pulse {
    /// How long a task may work without showing life.
    limit: Duration,
    signs: Arc<Mutex<Signs>>,
}

#[derive(Default)]
struct Signs {
    last: u64,
    /// What each task promised: its name, and until when it is heard of again.
    due: BTreeMap<u64, (&'static str, Instant)>,
}

impl Pulse {
    pub(super) fn new(limit: Duration) -> Pulse {
        Pulse { limit, signs: Arc::default() }
    }

    /// A new task, alive now. It is no longer expected once its beat is dropped.
    pub(super) fn beat(&self, name: &'static str) -> Beat {
        let mut signs = self.signs();
        signs.last += 1;
        let id = signs.last;
        signs.due.insert(id, (name, Instant::now() + self.limit));
        Beat { id, pulse: self.clone() }
    }

    /// A task that is overdue at `now`.
    pub(super) fn hung(&self, now: Instant) -> Option<&'static str> {
        self.signs().due.values().find(|(_, due)| *due < now).map(|(name, _)| *name)
    }

    fn signs(&self) -> MutexGuard<'_, Signs> {
        self.signs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One task's sign of life.
pub(super) struct Beat {
    id: u64,
    pulse: Pulse,
}

impl Beat {
    /// Alive, and heard of again within the limit.
    pub(super) fn working(&self) {
        self.resting(Duration::ZERO);
    }

    /// Alive, and asleep for `wait` now.
    pub(super) fn resting(&self, wait: Duration) {
        let now = Instant::now();
        let until = now.checked_add(wait.saturating_add(self.pulse.limit));
        if let Some((_, due)) = self.pulse.signs().due.get_mut(&self.id) {
            *due = until.unwrap_or(now);
        }
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        self.pulse.signs().due.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(3600);

    /// So much later than now.
    fn after(hours: u32) -> Instant {
        Instant::now() + LIMIT * hours
    }

    #[test]
    fn a_task_that_works_too_long_in_silence_is_named_and_one_that_sleeps_is_not() {
        let pulse = Pulse::new(LIMIT);
        let (reading, sending) = (pulse.beat("읽기"), pulse.beat("발송"));
        assert_eq!(pulse.hung(Instant::now()), None);
        reading.resting(LIMIT * 30);
        assert_eq!(pulse.hung(after(2)), Some("발송"));
        sending.resting(LIMIT * 30);
        assert_eq!(pulse.hung(after(30)), None);
        sending.working();
        assert_eq!(pulse.hung(after(2)), Some("발송"));
    }

    #[test]
    fn a_task_that_sleeps_longer_than_it_said_is_named() {
        let pulse = Pulse::new(LIMIT);
        let reading = pulse.beat("읽기");
        reading.resting(LIMIT * 30);
        assert_eq!(pulse.hung(after(32)), Some("읽기"));
    }

    #[test]
    fn a_task_that_ended_is_not_expected() {
        let pulse = Pulse::new(LIMIT);
        drop(pulse.beat("읽기"));
        assert_eq!(pulse.hung(after(2)), None);
    }
}
