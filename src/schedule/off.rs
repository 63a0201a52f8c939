//! Pure: slots on days off: moved, skipped, or neither. The calendar's own slots are told apart by their day in the zone.

use std::sync::Arc;

use chrono::{Datelike, Duration, NaiveDate, NaiveTime, TimeZone};

use super::{HolidayRule, Holidays, LISTED_SKIPS, Schedule, Skipped};
use crate::clock::Instant;

impl Schedule {
    /// The same schedule, which does as `rule` says on these days off.
    pub fn with_holidays(mut self, rule: HolidayRule, days: Arc<Holidays>) -> Schedule {
        self.off = (rule != HolidayRule::Run).then_some((rule, days));
        self
    }

    /// What happens on days off, in Korean; none where nothing does.
    pub fn describe_holidays(&self) -> Option<String> {
        let (rule, days) = self.off.as_ref()?;
        let what = match rule {
            HolidayRule::Run => return None,
            HolidayRule::NextWorkday => "공휴일이면 다음 평일의 같은 시각으로 옮겨요",
            HolidayRule::Skip => "공휴일이면 건너뛰어요",
        };
        let known = match days.years() {
            Some((_, last)) => format!("{last}년까지의 공휴일을 알아요"),
            None => "공휴일 목록이 비어 있어요".to_owned(),
        };
        Some(format!("{what}. {known}"))
    }

    /// The day off from which the slot `at` was moved, and its name; none for a slot of the calendar itself.
    pub fn moved_from(&self, at: Instant) -> Option<(NaiveDate, &str)> {
        let (HolidayRule::NextWorkday, days) = self.off.as_ref()? else { return None };
        let own = self.calendar_next(at - Duration::milliseconds(1)) == Some(at);
        let from = days.moves().find(|(day, workday)| {
            *workday == self.wall(at).date() && self.moved(*day, *workday).contains(&at)
        });
        let (day, _) = from.filter(|_| !own)?;
        Some((day, days.name(day)?))
    }

    /// The next slot of the calendar after `after` that falls on a day off, before `until`, and that day's name.
    pub fn next_on_holiday(&self, after: Instant, until: Instant) -> Option<(Instant, &str)> {
        let (_, days) = self.off.as_ref()?;
        let today = self.wall(after).date();
        days.moves().map(|(day, _)| day).filter(|day| *day >= today).find_map(|day| {
            let start = self.start_of(day)?;
            let before = Duration::milliseconds(1);
            let at = (start <= until).then(|| self.calendar_next(after.max(start - before)))??;
            (at <= until && self.wall(at).date() == day).then_some((at, days.name(day)?))
        })
    }

    /// The first slot after `after`, or none before the calendar's end (the year 2100).
    pub fn next_after(&self, after: Instant) -> Option<Instant> {
        let Some((rule, days)) = &self.off else { return self.calendar_next(after) };
        let mut own = self.calendar_next(after);
        while let Some(at) = own {
            let day = self.wall(at).date();
            if days.name(day).is_none() {
                break;
            }
            own = self.calendar_next(self.start_of(day.succ_opt()?)? - Duration::milliseconds(1));
        }
        if *rule == HolidayRule::Skip {
            return own;
        }
        let (mut best, today) = (own, self.wall(after).date());
        for (day, workday) in days.moves().filter(|(_, workday)| *workday >= today) {
            if best.is_some_and(|best| self.start_of(workday).is_some_and(|start| start > best)) {
                break;
            }
            let first = self.moved(day, workday).into_iter().filter(|at| *at > after).min();
            best = best.into_iter().chain(first).min();
        }
        best
    }

    /// The last slot at or before `at`, looking no further back than `floor` (exclusive).
    pub(super) fn last_until(&self, at: Instant, floor: Instant) -> Option<Instant> {
        let Some((rule, days)) = &self.off else { return self.calendar_last(at, floor) };
        let mut own = self.calendar_last(at, floor);
        while let Some(slot) = own {
            let day = self.wall(slot).date();
            if days.name(day).is_none() {
                break;
            }
            own = self.calendar_last(self.start_of(day)? - Duration::milliseconds(1), floor);
        }
        if *rule == HolidayRule::Skip {
            return own;
        }
        let (mut best, today) = (own, self.wall(at).date());
        for (day, workday) in days.moves().rev().filter(|(_, workday)| *workday <= today) {
            let end = workday.succ_opt().and_then(|next| self.start_of(next))?;
            if end <= best.unwrap_or(floor) {
                break;
            }
            let slots = self.moved(day, workday).into_iter();
            best = best.into_iter().chain(slots.filter(|slot| *slot <= at && *slot > floor)).max();
        }
        best
    }

    /// Slots on days off within (`floor`, `until`] that the rule skips, oldest first; the newest of them.
    pub(super) fn off_slots(&self, floor: Instant, until: Instant) -> Vec<Skipped> {
        let Some((HolidayRule::Skip, days)) = &self.off else { return vec![] };
        let mut found = Vec::new();
        let (first, last) = (self.wall(floor).date(), self.wall(until).date());
        let within = days.moves().map(|(day, _)| day).filter(|day| *day >= first && *day <= last);
        for day in within.rev() {
            let Some(name) = days.name(day) else { continue };
            let slots = self.calendar_on(day).into_iter().rev();
            found.extend(slots.filter(|at| *at > floor && *at <= until).map(|at| Skipped {
                at,
                reason: format!("공휴일({}월 {}일 {name})이라 건너뛰었어요.", day.month(), day.day()),
            }));
            if found.len() >= LISTED_SKIPS {
                break;
            }
        }
        found.truncate(LISTED_SKIPS);
        found.reverse();
        found
    }

    /// The calendar's slots of a day off, at their times of the workday.
    fn moved(&self, day: NaiveDate, workday: NaiveDate) -> Vec<Instant> {
        let slots = self.calendar_on(day).into_iter();
        slots.filter_map(|at| Some(self.instants(workday.and_time(self.wall(at).time()))?.0)).collect()
    }

    /// The calendar's slots of a day in the zone.
    fn calendar_on(&self, day: NaiveDate) -> Vec<Instant> {
        let bounds = self.start_of(day).zip(day.succ_opt().and_then(|next| self.start_of(next)));
        let Some((start, end)) = bounds else { return vec![] };
        let first = self.calendar_next(start - Duration::milliseconds(1));
        std::iter::successors(first, |at| self.calendar_next(*at)).take_while(|at| *at < end).collect()
    }

    /// The first instant of a day in the zone; where midnight is skipped, the first there is.
    fn start_of(&self, day: NaiveDate) -> Option<Instant> {
        let midnight = day.and_time(NaiveTime::MIN);
        (0..=1440).find_map(|minutes| {
            let wall = midnight.checked_add_signed(Duration::minutes(minutes))?;
            Some(self.zone.from_local_datetime(&wall).earliest()?.to_utc())
        })
    }
}
