//! Pure: when the law wants a reader told about a consent: within 14 days of an act, and every two years.
//!
//! Whole days in Korea decide, whatever zone the newsletter is written for. The days themselves are reckoned here; what
//! was told already comes from the consent ledger.

use chrono::{Days, Months, NaiveDate};
use chrono_tz::Asia::Seoul;

use crate::clock::Instant;

/// Years between two notices of a consent (시행령 62조의3: 동의를 받은 날부터 2년마다).
const MONTHS: u32 = 24;
/// From how many days before the anniversary the notice can be given.
const OPEN_DAYS: u64 = 30;
/// Days for the result notice, the day of the act not counted (법 50조 7항; 민법 157조).
const RESULT_DAYS: u64 = 14;
/// With how many days left a notice not yet given is pressing: ten days after the act, for a result notice.
const PRESSING_DAYS: i64 = 4;

/// The day of an instant in Korea.
pub fn day_in_korea(at: Instant) -> NaiveDate {
    at.with_timezone(&Seoul).date_naive()
}

/// How a notice stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing to do yet.
    NotYet {
        /// The first day it can be given.
        opens_on: NaiveDate,
    },
    /// To be given now.
    Due {
        /// The last day for it.
        last_day: NaiveDate,
    },
    /// It should have been given.
    Overdue {
        /// The day that was the last one for it.
        last_day: NaiveDate,
    },
    /// It was given.
    Given,
}

/// The `nth` (from 1) second anniversary of a consent. 29 February counts as the 28th in a year without it. None where
/// no calendar goes.
pub fn anniversary(consented: NaiveDate, nth: u32) -> Option<NaiveDate> {
    // chrono takes the month's last day where the day is missing.
    consented.checked_add_months(Months::new(nth.checked_mul(MONTHS)?))
}

/// The last day for the `nth` (from 1) two-year notice: the day before the anniversary (법 50조 8항, 시행령 62조의3:
/// 동의를 받은 날과 같은 날 *전까지*).
pub fn last_day(consented: NaiveDate, nth: u32) -> Option<NaiveDate> {
    anniversary(consented, nth)?.pred_opt()
}

/// How the two-year notice of a consent stands `today`; `told` is the day of the newest notice about it.
///
/// A notice belongs to the anniversary whose 30 days had begun last when it was given: one given early counts for none,
/// and one given late makes up for the one it was late for and not for the next.
pub fn two_year_notice(consented: NaiveDate, told: Option<NaiveDate>, today: NaiveDate) -> Standing {
    let opens = |nth| anniversary(consented, nth)?.checked_sub_days(Days::new(OPEN_DAYS));
    let begun = (1..).take_while(|&nth| opens(nth).is_some_and(|day| day <= today)).last();
    let Some(nth) = begun else {
        return Standing::NotYet { opens_on: opens(1).unwrap_or(NaiveDate::MAX) };
    };
    if told.zip(opens(nth)).is_some_and(|(told, opened)| told >= opened) {
        return Standing::Given;
    }
    stands(last_day(consented, nth).unwrap_or(NaiveDate::MAX), today)
}

/// The last day for the result notice of a consent, refusal or withdrawal (법 50조 7항, 시행령 62조의2: 14일 이내에).
pub fn result_last_day(acted: NaiveDate) -> NaiveDate {
    acted.checked_add_days(Days::new(RESULT_DAYS)).unwrap_or(NaiveDate::MAX)
}

/// How the result notice of an act stands `today`; `told` is the day of the newest notice about it.
pub fn result_notice(acted: NaiveDate, told: Option<NaiveDate>, today: NaiveDate) -> Standing {
    if told.is_some_and(|told| told >= acted) {
        return Standing::Given;
    }
    stands(result_last_day(acted), today)
}

/// Whether a notice that may be given until `last_day` is pressing `today`: of a result notice's 14 days ten are gone.
pub fn is_pressing(last_day: NaiveDate, today: NaiveDate) -> bool {
    (last_day - today).num_days() <= PRESSING_DAYS
}

fn stands(last_day: NaiveDate, today: NaiveDate) -> Standing {
    if today > last_day { Standing::Overdue { last_day } } else { Standing::Due { last_day } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_vectors_hold() {
        let text = include_str!("../../tests/fixtures/vectors/consent-anniversary.tsv");
        let mut rows = 0;
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let days: Vec<NaiveDate> = line.split('\t').map(day).collect();
            let [consented, first, second] = days[..] else { panic!("{line}") };
            assert_eq!(
                (last_day(consented, 1), last_day(consented, 2)),
                (Some(first), Some(second)),
                "{line}"
            );
            rows += 1;
        }
        assert!(rows >= 3);
    }

    #[test]
    fn a_consent_on_the_29th_of_february_counts_as_the_28th_only_where_there_is_no_29th() {
        let leap = day("2024-02-29");
        let days: Vec<String> = (1..=4).map(|nth| anniversary(leap, nth).unwrap().to_string()).collect();
        assert_eq!(days, ["2026-02-28", "2028-02-29", "2030-02-28", "2032-02-29"]);
        assert_eq!(last_day(day("2022-02-28"), 1), Some(day("2024-02-27")));
        assert_eq!(last_day(day("2022-03-01"), 1), Some(day("2024-02-29")));
    }

    #[test]
    fn the_day_is_the_one_in_korea() {
        assert_eq!(day_in_korea("2024-11-22T15:00:00Z".parse().unwrap()), day("2024-11-23"));
        assert_eq!(day_in_korea("2024-11-22T14:59:59Z".parse().unwrap()), day("2024-11-22"));
    }

    #[test]
    fn a_two_year_notice_opens_thirty_days_before_and_is_late_from_the_day_itself() {
        let consented = day("2024-11-23");
        let at = |told: Option<&str>, today: &str| two_year_notice(consented, told.map(day), day(today));
        let last_day = day("2026-11-22");
        assert_eq!(at(None, "2026-10-23"), Standing::NotYet { opens_on: day("2026-10-24") });
        assert_eq!(at(None, "2026-10-24"), Standing::Due { last_day });
        assert_eq!(at(None, "2026-11-22"), Standing::Due { last_day });
        assert_eq!(at(None, "2026-11-23"), Standing::Overdue { last_day });
        assert_eq!(at(Some("2026-10-24"), "2026-11-23"), Standing::Given);
        // What was told at the beginning says nothing about the second year.
        assert_eq!(at(Some("2024-11-24"), "2026-11-23"), Standing::Overdue { last_day });
        // A late one makes up for its own anniversary and not for the next.
        assert_eq!(at(Some("2026-12-30"), "2027-06-01"), Standing::Given);
        assert_eq!(at(Some("2026-12-30"), "2028-10-30"), Standing::Due { last_day: day("2028-11-22") });
        assert_eq!(at(Some("2026-11-01"), "2028-11-23"), Standing::Overdue { last_day: day("2028-11-22") });
    }

    #[test]
    fn each_of_four_years_days_asks_for_each_notice_exactly_once() {
        let consented = day("2024-02-29");
        let (mut told, mut given) = (None, Vec::new());
        for today in consented.iter_days().take(4 * 366) {
            if let Standing::Due { .. } = two_year_notice(consented, told, today) {
                told = Some(today);
                given.push(today.to_string());
            }
        }
        assert_eq!(given, ["2026-01-29", "2028-01-30"]);
    }

    #[test]
    fn a_result_notice_has_fourteen_days() {
        let acted = day("2026-11-01");
        let at = |told: Option<&str>, today: &str| result_notice(acted, told.map(day), day(today));
        let last_day = day("2026-11-15");
        for (today, pressing) in
            [("2026-11-01", false), ("2026-11-10", false), ("2026-11-11", true), ("2026-11-15", true)]
        {
            assert_eq!(at(None, today), Standing::Due { last_day }, "{today}");
            assert_eq!(is_pressing(last_day, day(today)), pressing, "{today}");
        }
        assert_eq!(at(None, "2026-11-16"), Standing::Overdue { last_day });
        assert_eq!(at(Some("2026-11-01"), "2026-12-16"), Standing::Given);
        assert_eq!(at(Some("2026-10-31"), "2026-11-02"), Standing::Due { last_day });
    }

    #[test]
    fn days_at_the_edge_of_the_calendar_do_not_panic() {
        for consented in [NaiveDate::MIN, NaiveDate::MAX, day("2026-11-23")] {
            for today in [NaiveDate::MIN, day("2026-11-23")] {
                two_year_notice(consented, Some(today), today);
                result_notice(consented, None, today);
                is_pressing(consented, today);
            }
            assert_eq!(anniversary(consented, u32::MAX), None);
        }
    }
}
