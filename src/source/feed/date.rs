//! Pure: the dates of feeds, in every way they are met: RFC 3339, RFC 822 with its liberties, and as Koreans write them.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

use crate::clock::Instant;
use crate::korean::written_clock::{Scanner, TimeOfDay, clock, offset};
use crate::korean::written_date::{self, DateError};

/// Where a date names no zone, it is meant in this one: such feeds are made by hand, in Korea.
const HOME: Tz = chrono_tz::Asia::Seoul;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Zones by name, in minutes east. Names that mean several zones mean what RFC 822 says.
const ZONES: &[(&str, i32)] = &[
    ("jst", 540),
    ("ut", 0),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
    ("cet", 60),
    ("cest", 120),
    ("bst", 60),
    ("hkt", 480),
    ("sgt", 480),
];

/// Reads a date; none where there is none in it, or one that no post can have.
pub(in crate::source) fn parse(text: &str) -> Option<Instant> {
    let text = text.trim();
    let read = DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .ok()
        .or_else(|| written_date::parse(text, HOME).ok())
        .or_else(|| by_month_name(text));
    read.filter(|at| (1970..=2200).contains(&at.year()))
}

/// `Mon, 23 Nov 2026 09:00:00 KST` and its kin: weekday or not (it may be wrong), day and month in either order, two
/// digits of year, seconds or not, half of the day before or after the time, a zone by name, by number, or none.
fn by_month_name(text: &str) -> Option<Instant> {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | '[' | ']');
    let mut found = Found::default();
    let mut rest = Scanner(text);
    loop {
        let before = rest.until(|c| !between(c));
        if rest.0.is_empty() {
            break;
        }
        let here = rest.0;
        match clock(&mut rest) {
            Ok(time) if found.time.is_none() => found.time = Some(time),
            Ok(_) => return None,
            Err(fault) if fault != DateError::Shape => return None,
            Err(_) => {
                rest.0 = here;
                found.take(rest.until(between), before.contains(['(', '[']))?;
            }
        }
    }
    let date = NaiveDate::from_ymd_opt(found.year?, found.month?, found.day?)?;
    let local = found.time.unwrap_or_default().on(date)?;
    found.zone.unwrap_or(Zone::Place(HOME)).instant(local)
}

/// What was read so far.
#[derive(Default)]
struct Found {
    day: Option<u32>,
    month: Option<u32>,
    year: Option<i32>,
    time: Option<TimeOfDay>,
    zone: Option<Zone>,
}

impl Found {
    /// None at a time that is none, and at a word after the time that is not understood: it may say when that is meant.
    fn take(&mut self, word: &str, bracketed: bool) -> Option<()> {
        let digits = word.trim_end_matches(['.', 't', 'h', 's', 'n', 'd', 'r']);
        let number = digits.parse::<u32>().ok().filter(|_| !word.starts_with('+'));
        if let Some(number) = number {
            match (self.day, self.year) {
                (None, _) if (1..=31).contains(&number) => self.day = Some(number),
                // Four digits mean what they say.
                (_, None) if word.len() >= 4 => self.year = i32::try_from(number).ok(),
                (_, None) => self.year = Some(full_year(number)?),
                _ => return None,
            }
        } else if let Some(month) = month_of(word).filter(|_| self.month.is_none()) {
            self.month = Some(month);
        } else if let Some((day, month, year)) = dashed(word) {
            (self.day, self.month, self.year) = (Some(day), Some(month), Some(year));
        } else if word.contains(':') && word.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        } else if self.time.is_some() {
            match Zone::named(word) {
                Some(zone) => self.zone = self.zone.or(Some(zone)),
                // GMT+0900 (Korean Standard Time)
                None if self.zone.is_some() || bracketed => {}
                None => return None,
            }
        }
        Some(())
    }
}

/// What a time of day is meant in.
#[derive(Clone, Copy)]
enum Zone {
    Offset(FixedOffset),
    Place(Tz),
}

impl Zone {
    fn named(word: &str) -> Option<Zone> {
        let mut rest = Scanner(word);
        if let Ok(Some(found)) = offset(&mut rest)
            && rest.0.is_empty()
        {
            return Some(Zone::Offset(found));
        }
        if let Some((_, minutes)) = ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
            return FixedOffset::east_opt(minutes * 60).map(Zone::Offset);
        }
        word.contains('/').then(|| word.parse().ok().map(Zone::Place)).flatten()
    }

    fn instant(self, local: NaiveDateTime) -> Option<Instant> {
        let found = match self {
            Zone::Offset(offset) => offset.from_local_datetime(&local),
            Zone::Place(place) => {
                place.from_local_datetime(&local).map(|at| at.with_timezone(&at.offset().fix()))
            }
        };
        found.earliest().map(|at| at.to_utc())
    }
}

/// `nov`, `november`, `sept`.
fn month_of(word: &str) -> Option<u32> {
    let head = word.get(..3)?;
    let at = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(head))?;
    word.chars().all(|c| c.is_ascii_alphabetic() || c == '.').then_some(at as u32 + 1)
}

/// `23-Nov-2026`.
fn dashed(word: &str) -> Option<(u32, u32, i32)> {
    let mut parts = word.split('-');
    let day = parts.next()?.parse().ok()?;
    let month = month_of(parts.next()?)?;
    let year = full_year(parts.next()?.parse().ok()?)?;
    parts.next().is_none().then_some((day, month, year))
}

fn full_year(number: u32) -> Option<i32> {
    let number = i32::try_from(number).ok()?;
    match number {
        0..=69 => Some(2000 + number),
        70..=99 => Some(1900 + number),
        1000..=9999 => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
