//! Pure: which slot is to be published now: the late rule, slots made ready ahead of their time, clocks that went back.

use chrono::Duration;

use super::Schedule;
use crate::clock::Instant;

/// No more missed slots than this are listed one by one.
pub const LISTED_SKIPS: usize = 50;
/// A slot published later than this counts as late.
const ON_TIME: Duration = Duration::minutes(2);
/// A clock that stands behind the last slot by more than this is not to be trusted.
pub const CLOCK_TOLERANCE: Duration = Duration::hours(1);

/// A slot that fell due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its scheduled instant.
    pub at: Instant,
    /// Whether it was missed and is made up for now.
    pub late: bool,
}

/// A slot that is not made up for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its scheduled instant.
    pub at: Instant,
    /// Why, one Korean sentence.
    pub reason: String,
}

/// What is to be done now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The slot to publish.
    pub publish: Option<Slot>,
    /// Slots to record as skipped, oldest first; at most [`LISTED_SKIPS`], the newest.
    pub skipped: Vec<Skipped>,
    /// More were missed, before those listed.
    pub more_skipped: bool,
    /// The clock stands this far behind the last slot: nothing is scheduled.
    pub clock_behind: Option<Duration>,
}

impl Schedule {
    /// What is to be done at `now`, given the digest's last recorded slot and since when this schedule has been in
    /// force. Slots before either are none of our business. At most one slot is published: the newest, and only
    /// within `max_late`; those it overtook are skipped. Takes as long after years as after a day.
    pub fn due(
        &self,
        last_slot: Option<Instant>,
        in_force_since: Instant,
        now: Instant,
        max_late: Duration,
    ) -> Due {
        let mut due = Due::default();
        let behind = last_slot.map_or(Duration::zero(), |last| last - now);
        if behind > CLOCK_TOLERANCE {
            due.clock_behind = Some(behind);
            return due;
        }
        let floor = last_slot.map_or(in_force_since, |last| last.max(in_force_since));
        let Some(newest) = self.last_until(now, floor) else {
            due.skipped = self.off_slots(floor, now);
            return due;
        };
        let lateness = now - newest;
        if lateness <= max_late.max(ON_TIME) {
            due.publish = Some(Slot { at: newest, late: lateness > ON_TIME });
        } else {
            let reason =
                format!("예정 시각보다 {} 늦어 발행하지 않았어요(허용 {}).", span(lateness), span(max_late));
            due.skipped.push(Skipped { at: newest, reason });
        }
        self.list_overtaken(&mut due, newest, floor);
        // A day off after the slot to publish is recorded once that is out: the newest slot on record bars older ones.
        let until = if due.publish.is_some() { newest } else { now };
        due.skipped.extend(self.off_slots(floor, until));
        due.skipped.sort_by_key(|skip| skip.at);
        let more = due.skipped.len().saturating_sub(LISTED_SKIPS);
        due.skipped.drain(..more);
        due.more_skipped |= more > 0;
        if let (true, Some(oldest)) = (due.more_skipped, due.skipped.first_mut()) {
            oldest.reason = format!(
                "제때 발행하지 못해 건너뛰었어요. 이보다 앞서 놓친 예정 시각도 있지만 최근 {LISTED_SKIPS}개까지만 적어요."
            );
        }
        due
    }

    /// As [`Schedule::due`], for editions that are made ready `ahead` of their slots: where nothing is due yet, the next
    /// slot is, once it is that near. One at a time: while the slot of the last one is still to come, nothing is due.
    pub fn due_ahead(
        &self,
        last_slot: Option<Instant>,
        in_force_since: Instant,
        now: Instant,
        max_late: Duration,
        ahead: Duration,
    ) -> Due {
        if last_slot.is_some_and(|last| last > now && last - now <= ahead + CLOCK_TOLERANCE) {
            return Due::default();
        }
        let mut due = self.due(last_slot, in_force_since, now, max_late);
        if due.publish.is_some() || due.clock_behind.is_some() {
            return due;
        }
        let from = last_slot.map_or(in_force_since, |last| last.max(in_force_since)).max(now);
        if let Some(at) = self.next_after(from).filter(|at| *at - now <= ahead) {
            due.publish = Some(Slot { at, late: false });
            due.skipped.extend(self.off_slots(from, at));
        }
        due
    }

    /// Lists the slots between `floor` and `newest`, the newest of them first.
    fn list_overtaken(&self, due: &mut Due, newest: Instant, floor: Instant) {
        let mut at = newest;
        while let Some(earlier) = self.last_until(at - Duration::milliseconds(1), floor) {
            if due.skipped.len() >= LISTED_SKIPS {
                due.more_skipped = true;
                break;
            }
            let reason = "제때 발행하지 못했고 그 뒤의 예정 시각도 지나 건너뛰었어요.".to_owned();
            due.skipped.push(Skipped { at: earlier, reason });
            at = earlier;
        }
    }
}

/// A span in its largest whole unit, in Korean: `3일`, `12시간`, `5분`.
pub fn span(length: Duration) -> String {
    match (length.num_days(), length.num_hours(), length.num_minutes()) {
        (days @ 2.., ..) => format!("{days}일"),
        (_, hours @ 1.., _) => format!("{hours}시간"),
        (.., minutes) => format!("{minutes}분"),
    }
}
