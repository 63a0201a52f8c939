//! Pure: a day and time as files and people write it.

use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike,
};
use chrono_tz::Tz;

use crate::clock::Instant;

/// Why a text is no date, or none a consent can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Not year, month, day in that order.
    #[error("날짜로 읽을 수 없어요. 2026-11-23 또는 2026. 11. 23. 처럼 연·월·일 차례로 적어 주세요")]
    Shape,
    /// No such day or time.
    #[error("달력에 없는 날짜나 시각이에요")]
    NoSuchDay,
    /// Later than now.
    #[error("아직 오지 않은 날짜예요")]
    Future,
    /// Before there was any such list.
    #[error("1995년보다 이른 날짜예요")]
    TooOld,
}

/// Reads `text`: year, month, day with `-`, `.`, `/`, blanks or 년·월·일 between them or eight digits, then perhaps a
/// weekday in brackets, a time (also with 오전/오후 or AM/PM) and an offset. Without an offset it is meant in `zone`.
pub fn parse(text: &str, zone: Tz) -> Result<Instant, DateError> {
    let mut rest = Scanner(text.trim());
    let date = date(&mut rest)?;
    weekday(&mut rest);
    rest.skip(&[' ', '\u{a0}', 'T', 't', '.', ',']);
    let time = time(&mut rest)?;
    let offset = offset(&mut rest)?;
    if !rest.0.trim().is_empty() {
        return Err(DateError::Shape);
    }
    let local = date.and_time(time.unwrap_or(NaiveTime::MIN));
    match offset {
        Some(offset) => {
            offset.from_local_datetime(&local).single().map(|at| at.to_utc()).ok_or(DateError::NoSuchDay)
        }
        None => in_zone(local, zone),
    }
}

/// [`parse`] for the day of a consent: not in the future, nor before there was any such list.
pub fn parse_consent(text: &str, zone: Tz, now: Instant) -> Result<Instant, DateError> {
    let at = parse(text, zone)?;
    if at > now {
        return Err(DateError::Future);
    }
    if at.with_timezone(&zone).year() < 1995 {
        return Err(DateError::TooOld);
    }
    Ok(at)
}

/// The date alone at local midnight, else date, time and offset: [`parse`] gives the same instant back.
pub fn format(at: Instant, zone: Tz) -> String {
    let local: DateTime<Tz> = at.with_timezone(&zone);
    let date = format!("{:04}-{:02}-{:02}", local.year(), local.month(), local.day());
    if local.time() == NaiveTime::MIN {
        return date;
    }
    let millis = local.timestamp_subsec_millis();
    let fraction = if millis == 0 { String::new() } else { format!(".{millis:03}") };
    let offset = chrono::Offset::fix(local.offset()).to_string();
    format!("{date}T{:02}:{:02}:{:02}{fraction}{offset}", local.hour(), local.minute(), local.second())
}

fn in_zone(local: NaiveDateTime, zone: Tz) -> Result<Instant, DateError> {
    // A local time that a clock change left out is read as the hour after it.
    zone.from_local_datetime(&local)
        .earliest()
        .or_else(|| zone.from_local_datetime(&local.checked_add_signed(TimeDelta::hours(1))?).earliest())
        .map(|at| at.to_utc())
        .ok_or(DateError::NoSuchDay)
}

/// What is left to read.
struct Scanner<'a>(&'a str);

impl Scanner<'_> {
    fn skip(&mut self, letters: &[char]) {
        self.0 = self.0.trim_start_matches(letters);
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.0.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
        if found {
            self.0 = self.0.get(word.len()..).unwrap_or_default();
        }
        found
    }

    /// Between `least` and `most` digits, all there are.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        if digits < least || digits > most {
            return None;
        }
        let (head, tail) = self.0.split_at_checked(digits)?;
        self.0 = tail;
        head.parse().ok()
    }
}

fn date(rest: &mut Scanner<'_>) -> Result<NaiveDate, DateError> {
    let fault = DateError::Shape;
    if let Some(eight) = rest.number(8, 8) {
        let year = i32::try_from(eight / 10_000).map_err(|_| fault)?;
        return NaiveDate::from_ymd_opt(year, eight / 100 % 100, eight % 100).ok_or(DateError::NoSuchDay);
    }
    let between = |rest: &mut Scanner<'_>| {
        let before = rest.0.len();
        rest.skip(&[' ', '\u{a0}', '-', '.', '/', '년', '월']);
        if rest.0.len() == before { Err(fault) } else { Ok(()) }
    };
    let year = rest.number(4, 4).ok_or(fault)?;
    between(rest)?;
    let month = rest.number(1, 2).ok_or(fault)?;
    between(rest)?;
    let day = rest.number(1, 2).ok_or(fault)?;
    rest.skip(&['일', '.', ' ', '\u{a0}']);
    let year = i32::try_from(year).map_err(|_| fault)?;
    NaiveDate::from_ymd_opt(year, month, day).ok_or(DateError::NoSuchDay)
}

fn weekday(rest: &mut Scanner<'_>) {
    for day in ["월", "화", "수", "목", "금", "토", "일"] {
        if [format!("({day})"), format!("({day}요일)"), format!("{day}요일")]
            .iter()
            .any(|word| rest.word(word))
        {
            return;
        }
    }
}

/// None where the text ends; `HH:MM[:SS[.fraction]]` with a half of the day before or after it.
fn time(rest: &mut Scanner<'_>) -> Result<Option<NaiveTime>, DateError> {
    if rest.0.is_empty() {
        return Ok(None);
    }
    let mut half = half_of_day(rest);
    rest.skip(&[' ']);
    let hour = rest.number(1, 2).ok_or(DateError::Shape)?;
    if !rest.word(":") {
        return Err(DateError::Shape);
    }
    let minute = rest.number(2, 2).ok_or(DateError::Shape)?;
    let second = if rest.word(":") { rest.number(2, 2).ok_or(DateError::Shape)? } else { 0 };
    let mut millis = 0;
    if rest.word(".") {
        let digits: String = rest.0.chars().take_while(char::is_ascii_digit).collect();
        rest.0 = rest.0.get(digits.len()..).unwrap_or_default();
        let padded: String = digits.chars().chain("000".chars()).take(3).collect();
        millis = padded.parse().map_err(|_| DateError::Shape)?;
    }
    rest.skip(&[' ']);
    half = half.or_else(|| half_of_day(rest));
    let hour = match half {
        None => hour,
        // 오전 0:30 is written as often as 오전 12:30
        Some(_) if hour > 12 => return Err(DateError::NoSuchDay),
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    NaiveTime::from_hms_milli_opt(hour, minute, second, millis).map(Some).ok_or(DateError::NoSuchDay)
}

/// True for the afternoon.
fn half_of_day(rest: &mut Scanner<'_>) -> Option<bool> {
    if rest.word("오전") || rest.word("am") {
        Some(false)
    } else if rest.word("오후") || rest.word("pm") {
        Some(true)
    } else {
        None
    }
}

fn offset(rest: &mut Scanner<'_>) -> Result<Option<FixedOffset>, DateError> {
    rest.skip(&[' ']);
    // Google Forms writes GMT+9
    let universal = rest.word("Z") || rest.word("UTC") || rest.word("GMT");
    if rest.word("KST") {
        return Ok(FixedOffset::east_opt(9 * 3600));
    }
    let sign = if rest.word("+") {
        1
    } else if rest.word("-") {
        -1
    } else {
        return Ok(universal.then(|| FixedOffset::east_opt(0)).flatten());
    };
    let (hours, minutes) = match rest.number(4, 4) {
        Some(both) => (both / 100, both % 100),
        None => {
            let hours = rest.number(if universal { 1 } else { 2 }, 2).ok_or(DateError::Shape)?;
            let minutes = if rest.word(":") { rest.number(2, 2).ok_or(DateError::Shape)? } else { 0 };
            (hours, minutes)
        }
    };
    let seconds = i32::try_from(hours * 3600 + minutes * 60).map_err(|_| DateError::Shape)?;
    if minutes > 59 {
        return Err(DateError::NoSuchDay);
    }
    zone_name(rest, sign, hours * 100 + minutes);
    FixedOffset::east_opt(sign * seconds).map(Some).ok_or(DateError::NoSuchDay)
}

/// Skips what Go writes after an offset: the zone's name, or the offset again where it has none.
fn zone_name(rest: &mut Scanner<'_>, sign: i32, offset: u32) {
    let again = format!("{}{offset:04}", if sign < 0 { '-' } else { '+' });
    let word = rest.0.trim_start();
    let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    if word == again || ((3..=5).contains(&letters) && letters == word.len()) {
        rest.0 = "";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Instant {
        "2026-11-23T12:00:00Z".parse().expect("an instant")
    }

    fn read(text: &str) -> Result<String, DateError> {
        parse_consent(text, chrono_tz::Asia::Seoul, now())
            .map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    }

    #[test]
    fn the_usual_ways_of_writing_a_day_are_read() {
        for text in [
            "2026-11-23",
            "2026.11.23",
            "2026.11.23.",
            "2026. 11. 23.",
            "2026. 11. 23",
            "2026/11/23",
            "20261123",
            "2026년 11월 23일",
            "2026년11월23일",
            " 2026-11-23 ",
            "2026. 11. 23. (월)",
            "2026-11-23 (월)",
            "2026-11-23 00:00",
            "2026-11-23 00:00:00",
            "2026-11-23T00:00:00+09:00",
            "2026-11-22T15:00:00Z",
            "2026-11-22 15:00:00.123456+00",
            "2026-11-22T15:00:00.000Z",
            "2026. 11. 23. 오전 12:00:00",
            "2026-11-23 00:00:00 KST",
            "2026-11-22 15:00:00 UTC",
            "2026-11-23 12:00 AM",
            "2026-11-23 오전 0:00",
            "2026년 11월 23일 월요일 오전 00:00",
            "2026-11-23 00:00 +0900",
            // Go's time.String(): listmonk exports with it.
            "2026-11-22 15:00:00.123456 +0000 UTC",
            "2026-11-22 15:00:00 +0000 +0000",
            "2026-11-23 00:00:00 +0900 KST",
            "2026-11-23 00:00:00 +0900 +0900",
            "2026-11-23 (월요일)",
            "2026. 11. 23(월)",
            "2026년 11월 23일(월) 오전 0:00",
            "2026/11/23 12:00:00 오전 GMT+9",
            "2026-11-22 15:00 UTC+0",
            "2026-11-23 00:00:00 UTC+09:00",
        ] {
            let expected = "2026-11-22T15:00:00Z";
            assert_eq!(read(text), Ok(expected.into()), "{text}");
        }
        assert_eq!(read("2026. 1. 2. 오후 3:04:05"), Ok("2026-01-02T06:04:05Z".into()));
        assert_eq!(read("2026-1-2 12:30 PM"), Ok("2026-01-02T03:30:00Z".into()));
        assert_eq!(read("2026-1-2 오전 0:30"), Ok("2026-01-01T15:30:00Z".into()));
        assert_eq!(read("2026-1-2 오후 0:30"), Ok("2026-01-02T03:30:00Z".into()));
        assert_eq!(read("2026-1-2 0:30 PM"), Ok("2026-01-02T03:30:00Z".into()));
    }

    #[test]
    fn what_is_no_day_is_refused_with_its_reason() {
        for text in [
            "",
            "어제",
            "11/23/2026",
            "26-11-23",
            "2026-11",
            "2026-11-23 오후",
            "2026-11-23x",
            "2026-11-23 9시",
            "2026.1123",
            "45000",
            "2026-11-23 10:00 abc",
            "2026-11-23 10:00 +0900 or so",
            "2026-11-23 10:00 +0900 +0000",
            "2026-11-23 10:00 UTC KST",
        ] {
            assert_eq!(read(text), Err(DateError::Shape), "{text}");
        }
        for text in [
            "2026-02-30",
            "2025-02-29",
            "2026-13-01",
            "2026-11-23 25:00",
            "20261301",
            "2026-11-23 오후 13:00",
        ] {
            assert_eq!(read(text), Err(DateError::NoSuchDay), "{text}");
        }
        assert_eq!(read("2026-11-24"), Err(DateError::Future));
        assert_eq!(read("1994-12-31"), Err(DateError::TooOld));
        assert_eq!(read("1995-01-01"), Ok("1994-12-31T15:00:00Z".into()));
    }

    #[test]
    fn writing_and_reading_give_the_same_instant() {
        for (text, written) in [
            ("2026-11-22T15:00:00Z", "2026-11-23"),
            ("2026-11-22T15:00:00.120Z", "2026-11-23T00:00:00.120+09:00"),
            ("2020-02-29T01:02:03Z", "2020-02-29T10:02:03+09:00"),
        ] {
            let at: Instant = text.parse().expect("an instant");
            let zone = chrono_tz::Asia::Seoul;
            assert_eq!(format(at, zone), written);
            assert_eq!(parse_consent(written, zone, now()), Ok(at));
        }
    }
}
