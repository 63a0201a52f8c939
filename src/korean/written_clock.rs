//! Pure: a time of day and its offset, as people and programs write them. Dates in imports and in feeds share it.

use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};

/// Why a text is no date, or none a consent can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Not year, month, day in that order.
    #[error("날짜로 읽을 수 없어요. 2026-11-23 또는 2026. 11. 23. 처럼 연·월·일 차례로 적어 주세요")]
    Shape,
    /// No such day or time.
    #[error("달력에 없는 날짜나 시각이에요")]
    NoSuchDay,
    /// An hour up to 12, in words, of which half of the day nobody knows.
    #[error("오전인지 오후인지 알 수 없는 시각이에요. 오전이나 오후를 붙이거나 21:30처럼 적어 주세요")]
    Half,
    /// Later than now.
    #[error("아직 오지 않은 날짜예요")]
    Future,
    /// Before there was any such list.
    #[error("1995년보다 이른 날짜예요")]
    TooOld,
}

/// What is left to read.
pub(crate) struct Scanner<'a>(pub(crate) &'a str);

impl<'a> Scanner<'a> {
    pub(crate) fn skip(&mut self, letters: &[char]) {
        self.0 = self.0.trim_start_matches(letters);
    }

    pub(crate) fn word(&mut self, word: &str) -> bool {
        let found = self.0.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
        if found {
            self.0 = self.0.get(word.len()..).unwrap_or_default();
        }
        found
    }

    /// A word that no letter follows.
    fn name(&mut self, name: &str) -> bool {
        let ends = self.0.get(name.len()..).is_some_and(|tail| !tail.starts_with(char::is_alphabetic));
        ends && self.word(name)
    }

    /// Between `least` and `most` digits, all there are.
    pub(crate) fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        if digits < least || digits > most {
            return None;
        }
        self.split(digits).parse().ok()
    }

    /// All before the first of `ends`.
    pub(crate) fn until(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        self.split(self.0.find(ends).unwrap_or(self.0.len()))
    }

    fn split(&mut self, at: usize) -> &'a str {
        let (head, tail) = self.0.split_at_checked(at).unwrap_or_default();
        self.0 = tail;
        head
    }
}

/// A time of day; 24:00 is the next day's beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimeOfDay {
    time: NaiveTime,
    next_day: bool,
}

impl TimeOfDay {
    pub(crate) fn on(self, date: NaiveDate) -> Option<NaiveDateTime> {
        let date = if self.next_day { date.succ_opt()? } else { date };
        Some(date.and_time(self.time))
    }
}

/// `14:30`, `14:30:05.123`, `14시 30분 5초`, with a half of the day before or after it.
pub(crate) fn clock(rest: &mut Scanner<'_>) -> Result<TimeOfDay, DateError> {
    let half = half_of_day(rest);
    rest.skip(&[' ']);
    let padded = rest.0.starts_with('0');
    let hour = rest.number(1, 2).ok_or(DateError::Shape)?;
    let said = rest.0.trim_start().starts_with('시');
    let (minute, second, millis) = if said { spoken(rest)? } else { numbers(rest)? };
    rest.skip(&[' ']);
    let half = half.or_else(|| half_of_day(rest));
    let hour = match half {
        // Nobody says 9시 of the morning alone; 09시 and 21시 are of a clock with 24 hours.
        None if said && !padded && hour <= 12 => return Err(DateError::Half),
        None => hour,
        // 오전 0:30 is written as often as 오전 12:30
        Some(_) if hour > 12 => return Err(DateError::NoSuchDay),
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    if (hour, minute, second, millis) == (24, 0, 0, 0) {
        return Ok(TimeOfDay { time: NaiveTime::MIN, next_day: true });
    }
    // A leap second is the one before.
    let second = if second == 60 { 59 } else { second };
    let time = NaiveTime::from_hms_milli_opt(hour, minute, second, millis).ok_or(DateError::NoSuchDay)?;
    Ok(TimeOfDay { time, next_day: false })
}

/// `:30`, `:30:05`, `:30:05.123` or with a comma.
fn numbers(rest: &mut Scanner<'_>) -> Result<(u32, u32, u32), DateError> {
    if !rest.word(":") {
        return Err(DateError::Shape);
    }
    let minute = rest.number(2, 2).ok_or(DateError::Shape)?;
    let second = if rest.word(":") { rest.number(2, 2).ok_or(DateError::Shape)? } else { 0 };
    let mut millis = 0;
    if rest.word(".") || rest.word(",") {
        let digits = rest.until(|c| !c.is_ascii_digit());
        let padded: String = digits.chars().chain("000".chars()).take(3).collect();
        millis = padded.parse().map_err(|_| DateError::Shape)?;
    }
    Ok((minute, second, millis))
}

/// `시`, `시 반`, `시 30분`, `시 30분 5초`.
fn spoken(rest: &mut Scanner<'_>) -> Result<(u32, u32, u32), DateError> {
    rest.skip(&[' ', '시']);
    if rest.word("반") {
        return Ok((30, 0, 0));
    }
    let mut of = |unit: &str| -> Result<u32, DateError> {
        let Some(number) = rest.number(1, 2) else { return Ok(0) };
        rest.skip(&[' ']);
        if !rest.word(unit) {
            return Err(DateError::Shape);
        }
        rest.skip(&[' ']);
        Ok(number)
    };
    Ok((of("분")?, of("초")?, 0))
}

/// True for the afternoon.
fn half_of_day(rest: &mut Scanner<'_>) -> Option<bool> {
    if rest.word("오전") || rest.word("a.m.") || rest.name("am") {
        Some(false)
    } else if rest.word("오후") || rest.word("p.m.") || rest.name("pm") {
        Some(true)
    } else if let Some(next) = rest.0.strip_prefix(['a', 'A', 'p', 'P']) {
        // `AM 3:05`, and `AM3:05`
        let half = rest.0.starts_with(['p', 'P']);
        let digits = next.strip_prefix(['m', 'M'])?;
        digits.starts_with(|c: char| c.is_ascii_digit()).then(|| {
            rest.0 = digits;
            half
        })
    } else {
        None
    }
}

/// `Z`, `+09:00`, `+0900`, `+9`, `UTC+9`, `GMT-0500`, `KST`; none where none of them stands there.
pub(crate) fn offset(rest: &mut Scanner<'_>) -> Result<Option<FixedOffset>, DateError> {
    if rest.name("KST") {
        return Ok(FixedOffset::east_opt(9 * 3600));
    }
    // Google Forms writes GMT+9
    let universal = rest.name("Z") || rest.name("UTC") || rest.name("GMT");
    let sign = if rest.word("+") {
        1
    } else if rest.word("-") {
        -1
    } else {
        return Ok(universal.then(|| FixedOffset::east_opt(0)).flatten());
    };
    let (hours, minutes) = match rest.number(3, 4) {
        Some(both) => (both / 100, both % 100),
        None => {
            let hours = rest.number(1, 2).ok_or(DateError::Shape)?;
            (hours, if rest.word(":") { rest.number(2, 2).ok_or(DateError::Shape)? } else { 0 })
        }
    };
    let seconds = i32::try_from(hours * 3600 + minutes * 60).map_err(|_| DateError::Shape)?;
    // No place on earth is farther from Greenwich.
    if minutes > 59 || hours > 14 {
        return Err(DateError::NoSuchDay);
    }
    FixedOffset::east_opt(sign * seconds).map(Some).ok_or(DateError::NoSuchDay)
}
