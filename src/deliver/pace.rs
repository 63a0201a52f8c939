//! Effect: how fast messages may begin: over all connections, and to one destination; and how many in an hour or a day.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

/// Destinations remembered; the oldest are forgotten in one go.
const REMEMBERED: usize = 4096;

/// A beginning that is late by no more than this is made up for: timers are coarse. What was idle for longer is not.
const MADE_UP: Duration = Duration::from_millis(50);

/// When the next transaction may begin, evenly spaced.
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

    /// When a message to `destination` may begin; none: now.
    pub(super) fn free_at(&self, destination: &str, now: Instant) -> Option<Instant> {
        let theirs = self.every_destination.and_then(|_| self.destinations.get(destination));
        self.next.into_iter().chain(theirs.copied()).max().filter(|at| *at > now)
    }

    /// A message to `destination` begins.
    pub(super) fn begin(&mut self, destination: &str, now: Instant) {
        if let Some(every) = self.every {
            self.next = Some(following(self.next, every, now));
        }
        if let Some(every) = self.every_destination {
            if self.destinations.len() >= REMEMBERED {
                self.destinations.retain(|_, next| *next > now);
            }
            let next = following(self.destinations.get(destination).copied(), every, now);
            self.destinations.insert(destination.to_owned(), next);
        }
    }
}

fn following(due: Option<Instant>, every: Duration, now: Instant) -> Instant {
    due.filter(|due| now.saturating_duration_since(*due) <= MADE_UP).unwrap_or(now) + every
}

/// At most so many messages in any span of this length. Counted in sixtieths of the span, so memory does not grow with
/// the number; a part is forgotten when all of it lies outside, so never too many are let through.
pub(super) struct Quota {
    limit: u64,
    span: i64,
    /// Beginnings of parts, in ms since 1970, and what began in them; the oldest first.
    parts: VecDeque<(i64, u64)>,
}

impl Quota {
    pub(super) fn new(limit: u64, span: chrono::Duration) -> Quota {
        Quota { limit, span: span.num_milliseconds(), parts: VecDeque::new() }
    }

    /// Since when messages count.
    pub(super) fn since(&self, now: crate::clock::Instant) -> crate::clock::Instant {
        now - chrono::Duration::milliseconds(self.span)
    }

    /// A message began. Moments come in order, up to the part they are in.
    pub(super) fn add(&mut self, at: crate::clock::Instant) {
        let width = (self.span / 60).max(1);
        let part = at.timestamp_millis().div_euclid(width) * width;
        match self.parts.back_mut() {
            Some((last, count)) if *last >= part => *count += 1,
            _ => self.parts.push_back((part, 1)),
        }
    }

    /// The message added at `at` did not begin after all.
    pub(super) fn take_back(&mut self, at: crate::clock::Instant) {
        let at = at.timestamp_millis();
        let Some(part) = self.parts.iter().rposition(|(part, _)| *part <= at) else { return };
        if let Some((_, count)) = self.parts.get_mut(part) {
            *count = count.saturating_sub(1);
        }
        self.parts.retain(|(_, count)| *count > 0);
    }

    /// When the next message may begin; none: now.
    pub(super) fn free_at(&mut self, now: crate::clock::Instant) -> Option<crate::clock::Instant> {
        let width = (self.span / 60).max(1);
        let (over, now) = (self.span + width, now.timestamp_millis());
        while self.parts.front().is_some_and(|(part, _)| part + over <= now) {
            self.parts.pop_front();
        }
        // Dated by a clock that has been set back since.
        while self.parts.back().is_some_and(|(part, _)| *part > now) {
            self.parts.pop_back();
        }
        let began: u64 = self.parts.iter().map(|(_, count)| count).sum();
        let (oldest, _) = self.parts.front().filter(|_| began >= self.limit)?;
        Some(crate::clock::from_millis(oldest + over))
    }

    /// Why nothing is sent until `free`, in Korean.
    pub(super) fn reason(&self) -> String {
        let span = if self.span > 3_600_000 { "하루" } else { "한 시간" };
        let limit = crate::korean::counts::grouped(self.limit);
        format!("{span}에 {limit}통까지만 보내게 되어 있어 잠시 쉬어요. 자리가 나면 이어서 보내요")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_spaced_over_all_and_per_destination() {
        let (start, tenth) = (Instant::now(), Duration::from_millis(100));
        let mut free = Pace::new(None, None);
        free.begin("a", start);
        assert_eq!(free.free_at("a", start), None);
        let mut pace = Pace::new(Some(10.0), Some(1.0));
        pace.begin("a", start);
        assert_eq!(pace.free_at("b", start), Some(start + tenth));
        assert_eq!(pace.free_at("a", start), Some(start + tenth * 10));
        // A little late is made up for, a long pause is not.
        pace.begin("b", start + tenth + MADE_UP);
        assert_eq!(pace.free_at("c", start + tenth * 2 - MADE_UP), Some(start + tenth * 2));
        pace.begin("c", start + tenth * 9);
        assert_eq!(pace.free_at("d", start + tenth * 9), Some(start + tenth * 10));
        assert_eq!(pace.free_at("a", start + tenth * 10), None);
    }

    #[test]
    fn what_is_dated_later_than_now_fills_no_quota() {
        let at = |minute: i64| crate::clock::from_millis(1_800_000_000_000 + minute * 60_000);
        let mut quota = Quota::new(3, chrono::Duration::hours(1));
        quota.add(at(0));
        (0..3).for_each(|_| quota.add(at(500)));
        assert!(quota.free_at(at(500)).is_some());
        quota.add(at(500));
        assert_eq!(quota.free_at(at(10)), None);
        (10..12).for_each(|minute| quota.add(at(minute)));
        assert_eq!(quota.free_at(at(12)), None);
        quota.add(at(12));
        assert!(quota.free_at(at(13)).is_some());
    }

    #[test]
    fn what_did_not_begin_after_all_takes_no_share() {
        let at = |minute: i64| crate::clock::from_millis(1_800_000_000_000 + minute * 60_000);
        let mut quota = Quota::new(2, chrono::Duration::hours(1));
        quota.add(at(0));
        quota.add(at(5));
        quota.take_back(at(0));
        assert_eq!(quota.free_at(at(5)), None);
        quota.add(at(6));
        assert_eq!(quota.free_at(at(7)), Some(at(66)), "the one that is left is the later one");
        quota.take_back(at(-9));
        assert!(quota.free_at(at(7)).is_some(), "it was never added");
    }

    #[test]
    fn a_quota_lets_no_more_through_in_any_hour() {
        let at = |minute: i64| crate::clock::from_millis(1_800_000_000_000 + minute * 60_000);
        let mut quota = Quota::new(3, chrono::Duration::hours(1));
        let mut began = Vec::new();
        for minute in 0..400 {
            if quota.free_at(at(minute)).is_none() {
                quota.add(at(minute));
                began.push(minute);
            }
        }
        assert!(began.windows(4).all(|four| four[3] - four[0] > 60), "{began:?}");
        assert!(began.len() >= 18, "{began:?}");
        assert!(quota.reason().contains("한 시간에 3통"));
    }
}
