//! Pure: the five fields of a crontab line, as people write them, as sets of numbers.

use super::ScheduleError;

/// One field's values as bits, and whether it was written with a leading `*` (Vixie cron's rules turn on that).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) bits: u64,
    pub(super) star: bool,
}

impl Field {
    /// The values in ascending order.
    pub(super) fn values(self) -> impl Iterator<Item = u32> {
        (0..64).filter(move |value| self.bits >> value & 1 == 1)
    }
}

/// What a field may hold.
struct Kind {
    name: &'static str,
    low: u32,
    high: u32,
    allowed: &'static str,
    /// Groups of words that stand for `first`, `first + 1`, …
    names: &'static [&'static str],
    first: u32,
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const LONG_MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const LONG_DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
/// 일 to 토, the order of `DAYS`.
pub(super) const KOREAN_DAYS: [&str; 7] = ["일", "월", "화", "수", "목", "금", "토"];

const KINDS: [Kind; 5] = [
    Kind { name: "분", low: 0, high: 59, allowed: "0–59", names: &[], first: 0 },
    Kind { name: "시", low: 0, high: 23, allowed: "0–23", names: &[], first: 0 },
    Kind { name: "일", low: 1, high: 31, allowed: "1–31", names: &[], first: 0 },
    Kind { name: "월", low: 1, high: 12, allowed: "1–12 또는 JAN–DEC", names: &MONTHS, first: 1 },
    Kind {
        name: "요일",
        low: 0,
        high: 7,
        allowed: "0–7(0과 7은 일요일), SUN–SAT 또는 일–토",
        names: &DAYS,
        first: 0,
    },
];

impl Kind {
    fn error(&self, text: &str, problem: impl Into<String>) -> ScheduleError {
        ScheduleError::Field {
            field: self.name,
            text: text.to_owned(),
            problem: problem.into(),
            allowed: self.allowed,
        }
    }

    fn number(&self, text: &str, whole: &str) -> Result<u32, ScheduleError> {
        let word = text.to_lowercase();
        let at = |names: &[&str]| names.iter().position(|name| *name == word);
        let named = if self.names.is_empty() {
            None
        } else if self.high == 12 {
            at(&MONTHS).or_else(|| at(&LONG_MONTHS))
        } else {
            at(&DAYS).or_else(|| at(&LONG_DAYS)).or_else(|| at(&KOREAN_DAYS))
        };
        if let Some(index) = named {
            return Ok(self.first + index as u32);
        }
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            let quartz = text.contains(['?', '#', 'L', 'W', 'l', 'w']);
            let problem = match (text.is_empty(), text == "?", quartz) {
                (true, ..) => "빈 자리가 있어요".to_owned(),
                (_, true, _) => "`?` 대신 `*`를 쓰세요".to_owned(),
                (_, _, true) => "L, W, # 같은 확장 표기는 쓸 수 없어요".to_owned(),
                _ => format!("숫자도 아는 이름도 아니에요: `{text}`"),
            };
            return Err(self.error(whole, problem));
        }
        let value = text.parse().unwrap_or(u32::MAX);
        if (self.low..=self.high).contains(&value) {
            Ok(value)
        } else {
            Err(self.error(whole, format!("범위를 벗어나요: `{text}`")))
        }
    }

    fn step(&self, text: &str, whole: &str) -> Result<u32, ScheduleError> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(step) if digits && (1..=self.high).contains(&step) => Ok(step),
            _ => Err(self.error(whole, format!("간격은 1–{} 사이의 숫자여야 해요: `/{text}`", self.high))),
        }
    }

    /// One item of a list: `*`, `5`, `1-5`, `MON`, each range with `/step`.
    fn item(&self, item: &str, whole: &str) -> Result<u64, ScheduleError> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(self.step(step, whole)?)),
            None => (item, None),
        };
        let (from, to) = if range == "*" {
            // 7 would be Sunday a second time.
            (self.low, self.high.min(if self.name == "요일" { 6 } else { self.high }))
        } else if let Some((from, to)) = range.split_once('-') {
            let (from, mut to) = (self.number(from, whole)?, self.number(to, whole)?);
            if self.name == "요일" && to == 0 && from > 0 {
                to = 7; // FRI-SUN: the week ends with Sunday.
            }
            if from > to {
                let problem = format!("앞이 뒤보다 커요: `{range}`. 쉼표로 나누어 쓰세요(예: 22-23,0-3)");
                return Err(self.error(whole, problem));
            }
            (from, to)
        } else {
            let value = self.number(range, whole)?;
            if step.is_some() {
                let problem = format!(
                    "`{item}`처럼 숫자 하나에는 간격을 쓸 수 없어요. `{value}-{}/…`로 쓰세요",
                    self.high
                );
                return Err(self.error(whole, problem));
            }
            (value, value)
        };
        let step = step.unwrap_or(1);
        Ok((from..=to).step_by(step as usize).fold(0, |bits, value| bits | 1 << value))
    }

    fn parse(&self, text: &str) -> Result<Field, ScheduleError> {
        let mut bits = 0;
        for item in text.split(',') {
            bits |= self.item(item, text)?;
        }
        if self.name == "요일" && bits >> 7 & 1 == 1 {
            bits = bits & 0x7f | 1;
        }
        Ok(Field { bits, star: text.starts_with('*') })
    }
}

/// Parses five fields, or one of the `@` words.
pub(super) fn parse(text: &str) -> Result<[Field; 5], ScheduleError> {
    let text = text.trim();
    let text = match text.to_lowercase().as_str() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        word if word.starts_with('@') => return Err(ScheduleError::Word(text.to_owned())),
        _ => text,
    };
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = parts.as_slice() else {
        return Err(match parts.len() {
            0 => ScheduleError::Empty,
            6 => ScheduleError::Six(text.to_owned()),
            found => ScheduleError::Count { found },
        });
    };
    let [m, h, d, mo, w] = &KINDS;
    Ok([m.parse(minute)?, h.parse(hour)?, d.parse(day)?, mo.parse(month)?, w.parse(weekday)?])
}
