//! Pure: the dates of feeds, in every way they are met: RFC 3339, RFC 822 with its liberties, and as Koreans write them.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;

use crate::clock::Instant;
use crate::korean::written_date;

/// Where a date names no zone, it is meant in this one: such feeds are made by hand, in Korea.
const HOME: Tz = chrono_tz::Asia::Seoul;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Zones by name, in minutes east. Names that mean several zones mean what RFC 822 says.
const ZONES: &[(&str, i32)] = &[
    ("kst", 540),
    ("jst", 540),
    ("gmt", 0),
    ("utc", 0),
    ("ut", 0),
    ("z", 0),
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
/// digits of year, seconds or not, a zone by name, by number, or none.
fn by_month_name(text: &str) -> Option<Instant> {
    let (mut day, mut month, mut year, mut time) = (None, None, None, None);
    let mut offset: Option<FixedOffset> = None;
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')'));
    for word in words.filter(|word| !word.is_empty()) {
        let lower = word.to_ascii_lowercase();
        if time.is_none() && word.contains(':') && word.starts_with(|c: char| c.is_ascii_digit()) {
            time = Some(clock(word)?);
        } else if time.is_some() && word.starts_with(['+', '-']) {
            offset = offset.or_else(|| numeric(word));
        } else if let Ok(number) = word.trim_end_matches(['.', 't', 'h', 's', 'n', 'd', 'r']).parse::<u32>() {
            match (day, year) {
                (None, _) if (1..=31).contains(&number) => day = Some(number),
                // Four digits mean what they say.
                (_, None) if word.len() >= 4 => year = i32::try_from(number).ok(),
                (_, None) => year = Some(full_year(number)?),
                _ => return None,
            }
        } else if let Some(found) = month_of(&lower).filter(|_| month.is_none()) {
            month = Some(found);
        } else if let Some((_, minutes)) = ZONES.iter().find(|(name, _)| *name == lower) {
            offset = offset.or_else(|| FixedOffset::east_opt(minutes * 60));
        } else if let Some(parts) = dashed(word) {
            (day, month, year) = (Some(parts.0), Some(parts.1), Some(parts.2));
        }
    }
    let local = NaiveDate::from_ymd_opt(year?, month?, day?)?.and_time(time.unwrap_or(NaiveTime::MIN));
    match offset {
        Some(offset) => offset.from_local_datetime(&local).single().map(|at| at.to_utc()),
        None => HOME.from_local_datetime(&local).earliest().map(|at| at.to_utc()),
    }
}

/// `nov`, `november`, `sept`.
fn month_of(word: &str) -> Option<u32> {
    let head = word.get(..3)?;
    let at = MONTHS.iter().position(|month| *month == head)?;
    word.chars().all(|c| c.is_ascii_alphabetic() || c == '.').then_some(at as u32 + 1)
}

/// `23-Nov-2026`.
fn dashed(word: &str) -> Option<(u32, u32, i32)> {
    let mut parts = word.split('-');
    let day = parts.next()?.parse().ok()?;
    let month = month_of(&parts.next()?.to_ascii_lowercase())?;
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

/// `9:00`, `09:00:00`, `09:00:00.123`; a leap second is the one before.
fn clock(word: &str) -> Option<NaiveTime> {
    let mut parts = word.split(':');
    let hour = parts.next()?.parse().ok()?;
    let minute = parts.next()?.parse().ok()?;
    let second = match parts.next() {
        Some(text) => text.split('.').next()?.parse::<u32>().ok()?.min(59),
        None => 0,
    };
    NaiveTime::from_hms_opt(hour, minute, second)
}

/// `+0900`, `+09:00`, `-5`.
fn numeric(word: &str) -> Option<FixedOffset> {
    let sign = if word.starts_with('-') { -1 } else { 1 };
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    let number: i32 = digits.parse().ok()?;
    let minutes = match digits.len() {
        1 | 2 => number * 60,
        3 | 4 => number / 100 * 60 + number % 100,
        _ => return None,
    };
    FixedOffset::east_opt(sign * minutes * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dates_of_real_feeds_are_read() {
        for text in [
            "Mon, 23 Nov 2026 09:00:00 +0900",
            "Mon, 23 Nov 2026 00:00:00 GMT",
            "Mon, 23 Nov 2026 09:00:00 KST",
            "Tue, 23 Nov 2026 09:00:00 KST",
            "23 Nov 2026 09:00 KST",
            "23 Nov 26 09:00:00 +09:00",
            "Monday, 23 November 2026 09:00:00 KST",
            "Nov 23, 2026 09:00:00 KST",
            "Mon Nov 23 09:00:00 KST 2026",
            "Sun, 22 Nov 2026 19:00:00 EST",
            "23-Nov-2026 09:00:00 KST",
            "월, 23 Nov 2026 09:00:00 +0900",
            "2026-11-23T09:00:00+09:00",
            "2026-11-23T00:00:00Z",
            "2026-11-23T00:00:00.000Z",
            "2026-11-23 09:00:00",
            "2026-11-23T09:00:00",
            "2026-11-23 09:00",
            "2026.11.23 09:00:00",
            "2026년 11월 23일 (월) 오전 9:00",
            "  2026-11-23T09:00:00+09:00\n",
            "23 Nov 2026 09:00:00",
        ] {
            let at = parse(text).map(|at| at.to_rfc3339());
            assert_eq!(at.as_deref(), Some("2026-11-23T00:00:00+00:00"), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "어제",
            "Mon, 31 Feb 2026 09:00:00 GMT",
            "Mon, 23 Nov 2026 25:00:00 GMT",
            "0000-00-00 00:00:00",
            "-0001-11-30T00:00:00Z",
            "Nov",
            "99999999999999999999 Nov 2026",
            "Mon, 23 Nov 0001 00:00:00 GMT",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
