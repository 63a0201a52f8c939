//! Pure: a schedule read back in Korean.

use super::fields::{Field, KOREAN_DAYS};

/// More times of day than this are told as a rule, not one by one.
const TIMES: usize = 4;

fn join(values: impl Iterator<Item = u32>) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join("·")
}

fn hour_words(hour: u32) -> String {
    match hour {
        0..=11 => format!("오전 {hour}시"),
        12 => "낮 12시".to_owned(),
        _ => format!("오후 {}시", hour - 12),
    }
}

fn time_words(hour: u32, minute: u32) -> String {
    match minute {
        0 => hour_words(hour),
        _ => format!("{} {minute}분", hour_words(hour)),
    }
}

/// The step of a field that runs from `low` through all of its range, where it has one.
fn step(field: Field, low: u32, count: u32) -> Option<u32> {
    let values: Vec<u32> = field.values().collect();
    let (first, second) = (*values.first()?, *values.get(1)?);
    let step = second - first;
    let expected = (low..low + count).step_by(step as usize);
    (first == low && values.iter().copied().eq(expected)).then_some(step)
}

/// First and last where the values have no hole and are at least three.
fn run(field: Field) -> Option<(u32, u32)> {
    let (first, last) = (field.values().next()?, field.values().last()?);
    (last - first >= 2 && field.bits.count_ones() == last - first + 1).then_some((first, last))
}

/// The hours between two times of a schedule that goes round the clock evenly.
fn hours_apart(hour: Field) -> Option<u32> {
    step(hour, 0, 24).filter(|hours| 24 % hours == 0)
}

fn minutes_words(minute: Field) -> String {
    match step(minute, 0, 60) {
        Some(1) => "1분마다".to_owned(),
        Some(step) if 60 % step == 0 => format!("{step}분마다"),
        _ if minute.bits == 1 => "정각".to_owned(),
        _ => format!("{}분", join(minute.values())),
    }
}

fn times(minute: Field, hour: Field) -> String {
    let every_minutes = step(minute, 0, 60).is_some_and(|step| step <= 30 && 60 % step == 0);
    let at_minutes = |text: String| {
        if every_minutes {
            format!("{text} {}", minutes_words(minute))
        } else {
            format!("{text} 매시 {}", minutes_words(minute))
        }
    };
    if let Some(hours) = hours_apart(hour) {
        return match hours {
            1 if every_minutes => minutes_words(minute),
            1 => format!("매시 {}", minutes_words(minute)),
            _ => format!("{hours}시간마다 {}", minutes_words(minute)),
        };
    }
    let count = minute.bits.count_ones() * hour.bits.count_ones();
    if count as usize <= TIMES {
        let all = hour.values().flat_map(|hour| minute.values().map(move |minute| time_words(hour, minute)));
        return all.collect::<Vec<_>>().join(", ");
    }
    match run(hour) {
        Some((first, last)) => at_minutes(format!("{}부터 {}까지", hour_words(first), hour_words(last))),
        None => at_minutes(hour.values().map(hour_words).collect::<Vec<_>>().join(", ")),
    }
}

fn weekday_words(weekday: Field) -> String {
    match weekday.bits {
        0b011_1110 => "평일(월–금)".to_owned(),
        0b100_0001 => "주말(토·일)".to_owned(),
        _ => {
            // Monday first, as Korean calendars of work are read.
            let names = [1, 2, 3, 4, 5, 6, 0].into_iter().filter(|day| weekday.bits >> day & 1 == 1);
            let names: Vec<&str> = names.filter_map(|day| KOREAN_DAYS.get(day).copied()).collect();
            format!("{}요일", names.join("·"))
        }
    }
}

fn every_week(weekday: Field) -> String {
    let words = weekday_words(weekday);
    if words.ends_with("요일") { format!("매주 {words}") } else { words }
}

/// The schedule in one phrase: `매주 월요일 오전 9시`.
pub(super) fn describe(fields: &[Field; 5]) -> String {
    let [minute, hour, day, month, weekday] = *fields;
    let all_days = day.bits.count_ones() == 31;
    let all_weekdays = weekday.bits.count_ones() == 7;
    let all_months = month.bits.count_ones() == 12;
    let in_months =
        if all_months { "매월".to_owned() } else { format!("매년 {}월", join(month.values())) };
    let days = format!("{}일", join(day.values()));
    let either = !day.star && !weekday.star;
    let every_day = if either { all_days || all_weekdays } else { all_days && all_weekdays };
    let date = match (all_days, all_weekdays) {
        _ if every_day && all_months => "매일".to_owned(),
        _ if every_day => format!("{in_months} 매일"),
        (true, true) => format!("{in_months} 매일"),
        (true, false) if all_months => every_week(weekday),
        (true, false) => format!("{in_months} {}", every_week(weekday)),
        (false, true) => format!("{in_months} {days}"),
        (false, false) if either && all_months => format!("{in_months} {days} 또는 {}", every_week(weekday)),
        (false, false) if either => format!("{in_months} {days} 또는 그 달의 {}", every_week(weekday)),
        (false, false) => format!("{in_months} {days} 가운데 {}", weekday_words(weekday)),
    };
    let times = times(minute, hour);
    // "매일" adds nothing to what recurs round the clock.
    if date == "매일" && hours_apart(hour).is_some() { times } else { format!("{date} {times}") }
}
