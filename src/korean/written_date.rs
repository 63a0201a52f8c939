//! Pure: a day and time as files and people write it.

use chrono::{
    DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Timelike,
};
use chrono_tz::Tz;

pub use super::written_clock::DateError;
use super::written_clock::{Scanner, TimeOfDay, clock, offset};
use crate::clock::Instant;

/// Reads `text`: year, month, day with `-`, `.`, `/`, blanks or 년·월·일 between them or eight digits, then perhaps a
/// weekday in brackets, a time (also with 오전/오후 or AM/PM, or as 14시 30분) and an offset. Without an offset it is
/// meant in `zone`.
pub fn parse(text: &str, zone: Tz) -> Result<Instant, DateError> {
    let mut rest = Scanner(text.trim());
    let date = date(&mut rest)?;
    weekday(&mut rest);
    rest.skip(&[' ', '\u{a0}', 'T', 't', '.', ',']);
    let clock = if rest.0.is_empty() { TimeOfDay::default() } else { clock(&mut rest)? };
    rest.skip(&[' ']);
    let before = rest.0;
    let offset = offset(&mut rest)?;
    let numeric =
        before.strip_suffix(rest.0).is_some_and(|read| read.ends_with(|c: char| c.is_ascii_digit()));
    if let Some(offset) = offset.filter(|_| numeric) {
        zone_name(&mut rest, offset.local_minus_utc());
    }
    if !rest.0.trim().is_empty() {
        return Err(DateError::Shape);
    }
    let local = clock.on(date).ok_or(DateError::NoSuchDay)?;
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
    let offset = local.offset().fix().to_string();
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
    let year = match rest.number(4, 4) {
        Some(year) => year,
        None => short_year(rest).ok_or(fault)?,
    };
    between(rest)?;
    let month = rest.number(1, 2).ok_or(fault)?;
    between(rest)?;
    let day = rest.number(1, 2).ok_or(fault)?;
    rest.skip(&['일', '.', ' ', '\u{a0}']);
    let year = i32::try_from(year).map_err(|_| fault)?;
    NaiveDate::from_ymd_opt(year, month, day).ok_or(DateError::NoSuchDay)
}

/// The year of `25년 1월 2일`, `'25. 1. 2.` and `25.01.02`. Where no mark tells it from a day (02.01.25), it is none.
fn short_year(rest: &mut Scanner<'_>) -> Option<u32> {
    let marked = ["'", "‘", "’"].iter().any(|mark| rest.word(mark));
    let year = rest.number(2, 2)?;
    let after = rest.0.trim_start();
    let told = after.starts_with('년') || (after.starts_with('.') && (marked || year > 12));
    told.then_some(if year < 70 { 2000 + year } else { 1900 + year })
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

/// Skips what stands after an offset in the output of Go (the zone's name, or the offset again where it has none) and of
/// Java (its name in brackets).
fn zone_name(rest: &mut Scanner<'_>, seconds: i32) {
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    let again = format!("{sign}{:02}{:02}", minutes / 60, minutes % 60);
    let word = rest.0.trim_start();
    let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    let bracketed = [('[', ']'), ('(', ')')].iter().any(|(open, close)| {
        let inner = word.strip_prefix(*open).and_then(|rest| rest.strip_suffix(*close));
        inner.is_some_and(|name| !name.contains(|c: char| c.is_ascii_digit() || c == *open || c == *close))
    });
    if word == again || ((3..=5).contains(&letters) && letters == word.len()) || bracketed {
        rest.0 = "";
    }
}

#[cfg(test)]
mod tests;
