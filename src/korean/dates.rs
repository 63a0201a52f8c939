//! Pure: days, ranges and minutes as a Korean letter writes them. The zone is applied first, then the weekday is read.
//! Never relative (`어제`): a letter is read days after it was written.

use chrono::{DateTime, Datelike, Timelike, Weekday};
use chrono_tz::Tz;

use crate::clock::Instant;

/// The day of an instant: `11월 23일 (월)`, with the year (`2027년 1월 1일 (금)`) where it is not `letter_year`.
pub fn day(at: Instant, zone: Tz, letter_year: i32) -> String {
    let local = at.with_timezone(&zone);
    if local.year() == letter_year {
        weekday_joined(&month_day(&local), &local)
    } else {
        day_with_year(at, zone)
    }
}

/// The day of an instant with its year: `2026년 11월 23일 (월)`.
pub fn day_with_year(at: Instant, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    weekday_joined(&year_month_day(&local), &local)
}

/// The days from one instant to another, both included: `11월 16일–22일`, `11월 28일–12월 4일`; the year once where
/// both lie in one that is not `letter_year`, on both sides where they differ. Instants in the wrong order are swapped.
pub fn range(from: Instant, to: Instant, zone: Tz, letter_year: i32) -> String {
    let (from, to) = if from <= to { (from, to) } else { (to, from) };
    let (start, end) = (from.with_timezone(&zone), to.with_timezone(&zone));
    if start.year() != end.year() {
        return format!("{}–{}", year_month_day(&start), year_month_day(&end));
    }
    let head = if start.year() == letter_year { month_day(&start) } else { year_month_day(&start) };
    match (start.month() == end.month(), start.day() == end.day()) {
        (true, true) => head,
        (true, false) => format!("{head}–{}일", end.day()),
        (false, _) => format!("{head}–{}", month_day(&end)),
    }
}

/// The minute of an instant, in 24 hours: `11월 23일 (월) 09:00`.
pub fn minute(at: Instant, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    format!("{} {:02}:{:02}", weekday_joined(&month_day(&local), &local), local.hour(), local.minute())
}

fn month_day(local: &DateTime<Tz>) -> String {
    format!("{}월 {}일", local.month(), local.day())
}

fn year_month_day(local: &DateTime<Tz>) -> String {
    format!("{}년 {}", local.year(), month_day(local))
}

fn weekday_joined(date: &str, local: &DateTime<Tz>) -> String {
    let name = match local.weekday() {
        Weekday::Mon => "월",
        Weekday::Tue => "화",
        Weekday::Wed => "수",
        Weekday::Thu => "목",
        Weekday::Fri => "금",
        Weekday::Sat => "토",
        Weekday::Sun => "일",
    };
    format!("{date} ({name})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;

    const SEOUL: Tz = chrono_tz::Asia::Seoul;

    fn at(text: &str) -> Instant {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn the_vectors_hold() {
        for line in include_str!("../../tests/fixtures/vectors/dates.tsv").lines() {
            if let Some((instant, text)) = line.split_once('\t').filter(|_| !line.starts_with('#')) {
                assert_eq!(day(at(instant), SEOUL, 2026), text);
            }
        }
    }

    #[test]
    fn the_zone_decides_the_weekday() {
        let instant = at("2026-11-22T23:30:00Z");
        assert_eq!(day(instant, SEOUL, 2026), "11월 23일 (월)");
        assert_eq!(day(instant, chrono_tz::America::New_York, 2026), "11월 22일 (일)");
        assert_eq!(day(at("2026-12-31T15:30:00Z"), SEOUL, 2027), "1월 1일 (금)");
        assert_eq!(day_with_year(instant, SEOUL), "2026년 11월 23일 (월)");
        assert_eq!(minute(at("2026-11-23T00:00:59Z"), SEOUL), "11월 23일 (월) 09:00");
    }

    #[test]
    fn a_range_says_only_what_changes() {
        let text = |from: &str, to: &str, year| range(at(from), at(to), SEOUL, year);
        assert_eq!(text("2026-11-16T00:00:00Z", "2026-11-22T00:00:00Z", 2026), "11월 16일–22일");
        assert_eq!(text("2026-11-22T00:00:00Z", "2026-11-16T00:00:00Z", 2026), "11월 16일–22일");
        assert_eq!(text("2026-11-28T00:00:00Z", "2026-12-04T00:00:00Z", 2026), "11월 28일–12월 4일");
        assert_eq!(
            text("2026-12-28T00:00:00Z", "2027-01-03T00:00:00Z", 2027),
            "2026년 12월 28일–2027년 1월 3일"
        );
        assert_eq!(text("2025-11-16T00:00:00Z", "2025-11-22T00:00:00Z", 2026), "2025년 11월 16일–22일");
        assert_eq!(text("2025-11-28T00:00:00Z", "2025-12-04T00:00:00Z", 2026), "2025년 11월 28일–12월 4일");
        assert_eq!(text("2026-11-16T00:00:00Z", "2026-11-16T09:00:00Z", 2026), "11월 16일");
    }

    #[test]
    fn instants_at_the_edge_of_the_calendar_do_not_panic() {
        for instant in [Instant::MIN_UTC, Instant::MAX_UTC, from_millis(i64::MIN), from_millis(i64::MAX)] {
            for zone in [SEOUL, chrono_tz::America::New_York] {
                day(instant, zone, 2026);
                minute(instant, zone);
                range(instant, Instant::MAX_UTC, zone, 2026);
            }
        }
    }
}
