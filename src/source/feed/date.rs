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
mod tests {
    use proptest::prelude::*;

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
            // The liberties of RFC 822
            "Mon, 23 Nov 26 09:00:00 +0900",
            "23 Nov 2026 09:00:00+0900",
            "Mon, 23 Nov 2026 9:00:00 +900",
            "mon, 23 nov 2026 09:00:00 kst",
            "Mon,23 Nov 2026 09:00:00 KST",
            "Sun, 22 Nov 2026 24:00:00 GMT",
            "Sun, 22 Nov 2026 19:00:00 -0500 (EST)",
            "Sun, 22 Nov 2026 19:00:00 GMT-0500",
            "Mon, 23 Nov 2026 09:00:00 GMT+9",
            "Mon, 23 Nov 2026 09:00:00 UTC+09:00",
            "Mon, 23 Nov 2026 09:00:00 (KST)",
            "Mon, 23 Nov 2026 09:00:00 +0900 (Korean Standard Time)",
            "Monday, 23-Nov-26 00:00:00 GMT",
            "Mon Nov 23 2026 09:00:00 GMT+0900 (한국 표준시)",
            "Mon Nov 23 2026 09:00:00 GMT+0900 (대한민국 표준시)",
            "Mon Nov 23 09:00:00 UTC+09:00 2026",
            "Mon Nov 23 09:00:00 2026",
            // Halves of the day
            "Mon, 23 Nov 2026 09:00 AM",
            "Mon, 23 Nov 2026 09:00AM KST",
            "Mon, 23 Nov 2026 9:00:00 a.m. KST",
            "Mon, 23 Nov 2026 12:00 AM GMT",
            "Nov 23, 2026, 9:00:00 AM",
            "November 23, 2026 at 9:00 am",
            "23 Nov 2026 오전 9:00",
            "Sun, 22 Nov 2026 07:00 PM EST",
            "2026-11-23 09:00 AM",
            "2026. 11. 23. 오전 9:00:00",
            "2026년 11월 23일 오전 9시",
            "2026년 11월 23일 오전 9시 0분",
            "2026년 11월 23일 09시 00분",
            // RFC 3339 and nearly
            "2026-11-23t09:00:00+09:00",
            "2026-11-23T00:00:00z",
            "2026-11-23 00:00:00Z",
            "2026-11-23T09:00:00 +09:00",
            "2026-11-23T09:00:00+0900",
            "2026-11-23T09:00:00+09",
            "2026-11-23T00:00:00,000Z",
            "2026-11-23T00:00:00.000000000Z",
            "2026-11-23T09:00:00+09:00[Asia/Seoul]",
            "2026-11-23T00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-23 00:00:00 UTC",
            "2026-11-23 09:00:00 KST",
            "2026-11-23 09:00:00 +0900 KST",
            // Korean
            "2026. 11. 23. 09:00",
            "2026.11.23 09:00",
            "2026/11/23 09:00",
            "26.11.23 09:00",
            "2026년 11월 23일 월요일 오전 9:00",
            "20261123 09:00",
            "Mon, 23 Nov 2026 09:00:00 Asia/Seoul",
        ] {
            let at = parse(text).map(|at| at.to_rfc3339());
            assert_eq!(at.as_deref(), Some("2026-11-23T00:00:00+00:00"), "{text}");
        }
        for (text, expected) in [
            ("2024년 3월 5일 오후 3시 5분", "2024-03-05T06:05:00Z"),
            ("Tue Mar 05 15:05:00 KST 2024", "2024-03-05T06:05:00Z"),
            ("Tue, 5 Mar 24 03:05 PM", "2024-03-05T06:05:00Z"),
            ("Tue, 05 Mar 2024 12:05 PM KST", "2024-03-05T03:05:00Z"),
            ("Tue, 05 Mar 2024 오후 3:05:00", "2024-03-05T06:05:00Z"),
            ("Sat, 31 Dec 2016 23:59:60 GMT", "2016-12-31T23:59:59Z"),
            ("31 Dec 99 15:00:00 GMT", "1999-12-31T15:00:00Z"),
            ("2024.03.05", "2024-03-04T15:00:00Z"),
            ("5 Mar 2024", "2024-03-04T15:00:00Z"),
        ] {
            let at = parse(text).map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
            assert_eq!(at.as_deref(), Some(expected), "{text}");
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
            "Mon, 23 Nov 2026 15:00 PM",
            "Mon, 23 Nov 2026 24:30:00 GMT",
            "Mon, 23 Nov 2026 9:5 GMT",
            "Mon, 23 Nov 2026 09:60:00 GMT",
            "Mon, 23 Nov 2026 09:00:00 +9900",
            "Mon, 23 Nov 2026 09:00:00 XYZ",
            "Mon, 23 Nov 2026 09:00:00 Mars/Olympus",
            "Mon, 23 Nov 2026 noon 09:00 or 10:00",
            "2026년 11월 23일 9시 30분",
            "11/23/2026 09:00",
            "23.11.2026 09:00",
            "1795392000",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn whatever_stands_there_is_a_date_or_none(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..14),
        ) {
            for text in [String::from_utf8_lossy(&bytes).into_owned(), pieces.concat()] {
                prop_assert!(parse(&text).is_none_or(|at| (1970..=2200).contains(&at.year())));
            }
        }
    }

    const PIECES: [&str; 34] = [
        " ",
        " ",
        ",",
        ":",
        ".",
        "-",
        "+",
        "(",
        "[",
        "'",
        "Mon",
        "Nov",
        "오후",
        "오전",
        "PM",
        "a.m.",
        "시",
        "분",
        "초",
        "반",
        "년",
        "월",
        "일",
        "Z",
        "GMT",
        "KST",
        "24",
        "60",
        "0",
        "5",
        "23",
        "2026",
        "999999999999",
        "Asia/Seoul",
    ];
}
