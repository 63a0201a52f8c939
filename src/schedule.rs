//! Pure: cron + zone → slots, and with the last slot and now the one that is due (design section 11).
//!
//! The cron crate walks the calendar of wall-clock times; what a zone makes of such a time is decided here, as Vixie
//! cron does: a fixed time that a clock change skips runs right after it, a repeated one runs once; a line whose minute
//! or hour starts with `*` follows the real hours instead.

mod due;
mod fields;
mod holidays;
mod off;
mod words;

use std::sync::Arc;

use chrono::{DateTime, Duration, LocalResult, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::clock::Instant;
pub use due::{CLOCK_TOLERANCE, Due, LISTED_SKIPS, Skipped, Slot, span};
use fields::Field;
pub use holidays::{HolidayRule, Holidays, HolidaysError};

/// Why a text is no schedule; Korean, naming the field and what it may hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Nothing is written.
    #[error("일정이 비어 있어요. 예: 매주 월요일 오전 9시는 `0 9 * * MON`")]
    Empty,
    /// Neither five fields nor a word.
    #[error(
        "일정은 `분 시 일 월 요일` 다섯 칸인데 {found}칸이에요. 예: 매주 월요일 오전 9시는 `0 9 * * MON`"
    )]
    Count {
        /// How many fields were written.
        found: usize,
    },
    /// Six fields: most likely with seconds.
    #[error("여섯 칸인 일정이에요: `{0}`. 초 칸이나 연도 칸을 빼고 `분 시 일 월 요일` 다섯 칸으로 쓰세요")]
    Six(String),
    /// An unknown `@` word.
    #[error("모르는 말이에요: `{0}`. @hourly, @daily, @weekly, @monthly, @yearly 가운데 하나를 쓰세요")]
    Word(String),
    /// A field holds what it may not.
    #[error(
        "{field} 칸 `{text}`: {problem}. 쓸 수 있는 값: {allowed}, `*`, 범위 `a-b`, 목록 `a,b`, 간격 `*/n`"
    )]
    Field {
        /// Its Korean name.
        field: &'static str,
        /// As written.
        text: String,
        /// What is wrong.
        problem: String,
        /// Its range.
        allowed: &'static str,
    },
    /// Such a day never comes (31 February).
    #[error("일정 `{0}`에 맞는 날은 달력에 없어요. 일과 월을 확인하세요")]
    Never(String),
    /// The calendar refused what was checked here: a fault of ours.
    #[error("일정을 달력으로 옮기지 못했어요: `{0}`")]
    Calendar(String),
}

/// A checked schedule in its zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    text: String,
    zone: Tz,
    fields: [Field; 5],
    /// One, or two for the crontab "day or weekday".
    calendars: Vec<cron::Schedule>,
    /// What happens on days off, where anything does.
    off: Option<(HolidayRule, Arc<Holidays>)>,
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Schedule) -> bool {
        self.zone == other.zone && self.fields == other.fields && self.off == other.off
    }
}

impl Schedule {
    /// Parses five fields (`분 시 일 월 요일`) or an `@` word, read in `zone`.
    pub fn parse(text: &str, zone: Tz) -> Result<Schedule, ScheduleError> {
        let fields = fields::parse(text)?;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let [minute, hour, day, month, weekday] = fields;
        let list = |field: Field| field.values().map(|value| value.to_string()).collect::<Vec<_>>().join(",");
        // Names, since the crate counts weekdays from Sunday = 1.
        let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        let weekdays: Vec<&str> =
            weekday.values().filter_map(|value| names.get(value as usize).copied()).collect();
        let calendar = |days: String, weekdays: String| {
            format!("0 {} {} {days} {} {weekdays}", list(minute), list(hour), list(month))
                .parse::<cron::Schedule>()
                .map_err(|_| ScheduleError::Calendar(text.clone()))
        };
        let any = || "*".to_owned();
        let weekdays = weekdays.join(",");
        // Vixie: with both days written out, either may match; with a `*` in front of one, both must.
        let calendars = if day.star || weekday.star {
            vec![calendar(list(day), weekdays)?]
        } else {
            vec![calendar(list(day), any())?, calendar(any(), weekdays)?]
        };
        let schedule = Schedule { text, zone, fields, calendars, off: None };
        // From a fixed day, so that the answer does not depend on when it is asked; leap days recur within 8 years.
        let ever = schedule.walk(DateTime::UNIX_EPOCH).next().is_some();
        if ever { Ok(schedule) } else { Err(ScheduleError::Never(schedule.text)) }
    }

    /// As written, with single spaces.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The zone it is read in.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// In Korean: `매주 월요일 오전 9시`.
    pub fn describe(&self) -> String {
        words::describe(&self.fields)
    }

    /// Wall-clock times after `after`, ascending, wall time dressed as UTC.
    fn walk(&self, after: DateTime<Utc>) -> impl Iterator<Item = NaiveDateTime> + '_ {
        let mut sides: Vec<_> =
            self.calendars.iter().map(|calendar| calendar.after(&after).peekable()).collect();
        std::iter::from_fn(move || {
            let next = sides.iter_mut().filter_map(|side| side.peek().copied()).min()?;
            for side in &mut sides {
                side.next_if_eq(&next);
            }
            Some(next.naive_utc())
        })
    }

    /// Wall-clock times before `before`, descending.
    fn walk_back(&self, before: DateTime<Utc>) -> impl Iterator<Item = NaiveDateTime> + '_ {
        let mut sides: Vec<_> =
            self.calendars.iter().map(|calendar| calendar.after(&before).rev().peekable()).collect();
        std::iter::from_fn(move || {
            let next = sides.iter_mut().filter_map(|side| side.peek().copied()).max()?;
            for side in &mut sides {
                side.next_if_eq(&next);
            }
            Some(next.naive_utc())
        })
    }

    /// A line whose minute or hour starts with `*` follows the real hours through a clock change.
    fn follows_the_hours(&self) -> bool {
        let [minute, hour, ..] = self.fields;
        minute.star || hour.star
    }

    /// The first and last instant at which a wall-clock time runs; none for a skipped one of a `*` line.
    fn instants(&self, wall: NaiveDateTime) -> Option<(Instant, Instant)> {
        match self.zone.from_local_datetime(&wall) {
            LocalResult::Single(at) => Some((at.to_utc(), at.to_utc())),
            LocalResult::Ambiguous(first, second) if self.follows_the_hours() => {
                Some((first.to_utc(), second.to_utc()))
            }
            LocalResult::Ambiguous(first, _) => Some((first.to_utc(), first.to_utc())),
            LocalResult::None if self.follows_the_hours() => None,
            LocalResult::None => {
                // Clock changes fall on whole minutes, and no zone has skipped more than a day.
                let end = (1..=1500).find_map(|minutes| {
                    let wall = wall.checked_sub_signed(Duration::minutes(minutes))?;
                    let before = self.zone.from_local_datetime(&wall).latest()?;
                    before.to_utc().checked_add_signed(Duration::minutes(1))
                })?;
                Some((end, end))
            }
        }
    }

    fn wall(&self, at: Instant) -> NaiveDateTime {
        at.with_timezone(&self.zone).naive_local()
    }

    /// How far around `wall` other wall-clock times can stand for neighbouring instants: the length of a repetition.
    fn fold(&self, wall: NaiveDateTime) -> Duration {
        match self.zone.from_local_datetime(&wall) {
            LocalResult::Ambiguous(first, second) => second.to_utc() - first.to_utc(),
            _ => Duration::zero(),
        }
    }

    /// The calendar's first slot after `after`, whatever day it is.
    fn calendar_next(&self, after: Instant) -> Option<Instant> {
        let wall = self.wall(after);
        let start = wall.checked_sub_signed(self.fold(wall))?;
        let mut best: Option<Instant> = None;
        for wall in self.walk(start.and_utc()) {
            let Some((first, last)) = self.instants(wall) else { continue };
            if best.is_some_and(|best| first >= best) {
                break;
            }
            let at = if first > after { first } else { last };
            if at > after {
                best = Some(best.map_or(at, |best| best.min(at)));
            }
        }
        best
    }

    /// The calendar's last slot at or before `at`, whatever day it is, after `floor`.
    fn calendar_last(&self, at: Instant, floor: Instant) -> Option<Instant> {
        let wall = self.wall(at);
        // One minute beyond, since walking back leaves its start out; the filter below keeps what is too late away.
        let start = wall.checked_add_signed(self.fold(wall) + Duration::minutes(1))?;
        let mut best: Option<Instant> = None;
        for wall in self.walk_back(start.and_utc()) {
            let Some((first, last)) = self.instants(wall) else { continue };
            if last.min(at) <= best.unwrap_or(floor) {
                break;
            }
            let slot = if last <= at { last } else { first };
            if slot <= at && slot > floor {
                best = Some(best.map_or(slot, |best| best.max(slot)));
            }
        }
        best
    }

    /// The next `n` slots after `after`.
    pub fn upcoming(&self, after: Instant, n: usize) -> Vec<Instant> {
        std::iter::successors(self.next_after(after), |at| self.next_after(*at)).take(n).collect()
    }
}

#[cfg(test)]
mod tests;
