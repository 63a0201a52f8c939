//! Pure: days off, as data one can edit, and what a schedule makes of them.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};

/// The list that comes with the program: Korea's public holidays with substitutes, 2025 to 2030.
const KOREA: &str = include_str!("../../config/holidays-kr.toml");
/// No run of days off is longer; a list that says so is wrong.
const LONGEST: usize = 60;

/// What becomes of a slot on a day off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HolidayRule {
    /// Nothing: it is published.
    #[default]
    Run,
    /// It moves to the same time of the next day that is neither off nor at a weekend.
    NextWorkday,
    /// It is skipped, and recorded so.
    Skip,
}

/// Why a text is no list of days off; Korean.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HolidaysError {
    /// The text is no list of `date = "name"`.
    #[error("`2026-01-01 = \"1월 1일\"`처럼 한 줄에 하루씩 적은 목록이 아니에요: {0}")]
    Form(String),
    /// No such day.
    #[error("달력에 없는 날짜예요: `{0}`. `2026-01-01`처럼 적으세요")]
    Day(String),
    /// A name that is empty or not one line.
    #[error("{0}의 이름이 비어 있거나 한 줄이 아니에요")]
    Name(NaiveDate),
    /// So many days off in a row that a slot could not move anywhere.
    #[error("{0}부터 쉬는 날이 두 달 넘게 이어져요. 날짜를 확인하세요")]
    Endless(NaiveDate),
}

/// Days off by date, each with its name and the workday after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holidays {
    days: BTreeMap<NaiveDate, Holiday>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Holiday {
    name: String,
    workday: NaiveDate,
}

impl Holidays {
    /// Korea's, as embedded.
    pub fn korea() -> Result<Holidays, HolidaysError> {
        Holidays::parse(KOREA)
    }

    /// A list of `date = "name"` lines, TOML.
    pub fn parse(text: &str) -> Result<Holidays, HolidaysError> {
        let lines: BTreeMap<String, String> =
            toml::from_str(text).map_err(|error| HolidaysError::Form(error.message().to_owned()))?;
        let mut names = BTreeMap::new();
        for (day, name) in lines {
            let date =
                NaiveDate::parse_from_str(&day, "%Y-%m-%d").ok().filter(|date| date.to_string() == day);
            let date = date.ok_or(HolidaysError::Day(day))?;
            if name.trim().is_empty() || name.chars().any(char::is_control) {
                return Err(HolidaysError::Name(date));
            }
            names.insert(date, name);
        }
        let off =
            |day: &NaiveDate| names.contains_key(day) || matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        let mut days = BTreeMap::new();
        for (date, name) in &names {
            let workday = date.iter_days().skip(1).take(LONGEST).find(|day| !off(day));
            let workday = workday.ok_or(HolidaysError::Endless(*date))?;
            days.insert(*date, Holiday { name: name.clone(), workday });
        }
        Ok(Holidays { days })
    }

    /// The name of a day off.
    pub fn name(&self, day: NaiveDate) -> Option<&str> {
        self.days.get(&day).map(|holiday| holiday.name.as_str())
    }

    /// First and last year that have a day off; none in an empty list.
    pub fn years(&self) -> Option<(i32, i32)> {
        Some((self.days.keys().next()?.year(), self.days.keys().next_back()?.year()))
    }

    /// Each day off with the workday its slots move to, in order of both.
    pub(super) fn moves(&self) -> impl DoubleEndedIterator<Item = (NaiveDate, NaiveDate)> + '_ {
        self.days.iter().map(|(day, holiday)| (*day, holiday.workday))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Dates of the lunar feasts by two independent computations: a table of the Korean calendar, and new moons by
    /// Meeus's series in Korean time (the month's first day is the day of the new moon).
    #[test]
    fn the_lunar_feasts_are_where_table_and_moon_put_them() {
        let korea = Holidays::korea().unwrap();
        for (feast, dates) in [
            ("설날", ["2025-01-29", "2026-02-17", "2027-02-07", "2028-01-27", "2029-02-13", "2030-02-03"]),
            (
                "부처님 오신 날",
                ["2025-05-05", "2026-05-24", "2027-05-13", "2028-05-02", "2029-05-20", "2030-05-09"],
            ),
            ("추석", ["2025-10-06", "2026-09-25", "2027-09-15", "2028-10-03", "2029-09-22", "2030-09-12"]),
        ] {
            for date in dates {
                let names = korea.name(day(date)).unwrap_or_default();
                assert!(names.split(", ").any(|name| name == feast), "{date}: {names}");
            }
        }
    }

    #[test]
    fn the_years_of_the_list_are_whole_and_substitutes_fall_on_workdays() {
        let korea = Holidays::korea().unwrap();
        assert_eq!(korea.years(), Some((2025, 2030)));
        for year in 2025..=2030 {
            for fixed in ["01-01", "03-01", "05-05", "06-06", "08-15", "10-03", "10-09", "12-25"] {
                assert!(korea.name(day(&format!("{year}-{fixed}"))).is_some(), "{year}-{fixed}");
            }
        }
        for (date, holiday) in korea.days.iter().filter(|(_, holiday)| holiday.name.starts_with("대체")) {
            assert!(!matches!(date.weekday(), Weekday::Sat | Weekday::Sun), "{date} {}", holiday.name);
        }
        assert_eq!(korea.name(day("2026-02-19")), None);
    }

    #[test]
    fn a_faulty_list_says_which_line_is_wrong() {
        let fault = |text: &str| Holidays::parse(text).unwrap_err().to_string();
        assert!(fault("2026-02-30 = \"없는 날\"").contains("2026-02-30"));
        assert!(fault("26-1-1 = \"짧게\"").contains("26-1-1"));
        assert!(fault("2026-01-01 = \"\"").contains("2026-01-01"));
        assert!(fault("2026-01-01 = 1").contains("한 줄에 하루씩"));
        assert!(fault("그냥 글").contains("한 줄에 하루씩"));
        let long: String =
            day("2026-01-01").iter_days().take(90).map(|day| format!("{day} = \"쉼\"\n")).collect();
        assert!(fault(&long).contains("이어져요"));
        assert_eq!(Holidays::parse("").unwrap().years(), None);
    }
}
