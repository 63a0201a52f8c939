//! Our slots against an independent reader of crontab lines, over a year with all its clock changes.

use chrono::{DateTime, Datelike, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use moabom::clock::Instant;
use moabom::schedule::{HolidayRule, Holidays, Schedule};

use crate::support::keeper::Dice;

fn at(text: &str) -> Instant {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

const ZONES: [Tz; 5] = [
    Tz::Asia__Seoul,
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::Australia__Lord_Howe,
    Tz::Africa__Casablanca,
];

/// A line of single minutes and hours, as people write them, many of them in the hours that clocks skip and repeat. No
/// `*/n` among the days: beside a weekday Vixie cron wants both then, croner either.
fn some_line(dice: &mut Dice) -> String {
    let mut one_of = |words: &[&'static str]| words[dice.below(words.len() as u64) as usize];
    let minute = one_of(&["0", "5", "15", "30", "45", "59"]);
    let hour = one_of(&["0", "1", "2", "3", "7", "9", "12", "18", "23"]);
    let day = one_of(&["*", "*", "*", "1", "15", "1,15", "2-30/2", "10-20", "28-31"]);
    let month = one_of(&["*", "*", "*", "*/3", "1-6", "3,10,11"]);
    let weekday = one_of(&["*", "*", "MON", "SUN", "MON-FRI", "SAT,SUN", "TUE,THU", "FRI"]);
    format!("{minute} {hour} {day} {month} {weekday}")
}

/// Slots of 2026 by croner; it calls a line fixed only where minute and hour are single numbers.
fn by_croner(line: &str, zone: Tz) -> Vec<Instant> {
    let cron = croner::parser::CronParser::new().parse(line).unwrap();
    let start: DateTime<Tz> = at("2026-01-01T00:00:00Z").with_timezone(&zone);
    let mut slots: Vec<DateTime<Utc>> = Vec::new();
    let mut last = start;
    while let Ok(next) = cron.find_next_occurrence(&last, false) {
        if next.to_utc() >= at("2027-01-01T00:00:00Z") {
            break;
        }
        slots.push(next.to_utc());
        last = next;
    }
    slots
}

fn ours(line: &str, zone: Tz) -> Vec<Instant> {
    let schedule = Schedule::parse(line, zone).unwrap();
    std::iter::successors(schedule.next_after(at("2026-01-01T00:00:00Z")), |last| schedule.next_after(*last))
        .take_while(|slot| *slot < at("2027-01-01T00:00:00Z"))
        .collect()
}

#[test]
fn a_year_of_slots_is_what_croner_says_in_zones_with_and_without_clock_changes() {
    for zone in ZONES {
        for line in [
            "0 9 * * 1",
            "0 9 * * 0",
            "0 9 * * 7",
            "30 18 * * MON,WED,FRI",
            "0 8 * * 1-5",
            "0 0 1 * *",
            "59 23 31 12 *",
            "0 9 1,15 * *",
            "0 9 13 * FRI",
            "0 7 10-20/5 */3 MON",
            "0 12 29 2 *",
            // In the hours that the clocks skip and repeat.
            "30 2 * * *",
            "15 2 * * 0",
            "30 1 * * *",
            "45 1 * * SUN",
            "0 2 * * *",
            "0 3 * * *",
            // By the real hours.
            "0 * * * *",
            "*/15 * * * *",
            "*/30 * 1-7 * *",
        ] {
            let (ours, theirs) = (ours(line, zone), by_croner(line, zone));
            let differ = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
            assert_eq!(differ, None, "{line} in {zone}");
            assert_eq!(ours.len(), theirs.len(), "{line} in {zone}");
        }
    }
}

#[test]
fn a_clock_that_ticks_through_a_year_publishes_every_slot_once() {
    for zone in ZONES {
        for line in ["30 2 * * *", "0 9 * * MON", "0 */6 * * *", "0 9 13 * FRI"] {
            let schedule = Schedule::parse(line, zone).unwrap();
            let since = at("2026-01-01T00:00:00Z");
            let max_late = chrono::Duration::hours(12);
            let (mut now, mut last, mut published) = (since, None, Vec::new());
            while now < at("2027-01-01T00:00:00Z") {
                let due = schedule.due(last, since, now, max_late);
                assert!(due.skipped.is_empty(), "{line} in {zone} at {now}: {:?}", due.skipped);
                if let Some(slot) = due.publish {
                    last = Some(slot.at);
                    published.push(slot.at);
                    // A step back right after publishing repeats nothing.
                    let back = schedule.due(last, since, now - chrono::Duration::minutes(59), max_late);
                    assert_eq!(back.publish, None);
                }
                now += chrono::Duration::minutes(29);
            }
            let year: Vec<Instant> = ours(line, zone);
            assert_eq!(published.first(), year.first(), "{line} in {zone}");
            assert!(year.len() - published.len() <= 1, "{line} in {zone}");
            assert!(published.iter().eq(&year[..published.len()]), "{line} in {zone}");
        }
    }
}

#[test]
fn at_any_minute_around_a_clock_change_the_newest_slot_is_the_one_that_is_due() {
    let changes = [
        (Tz::Europe__Berlin, "2026-03-29T01:00:00Z"),
        (Tz::Europe__Berlin, "2026-10-25T01:00:00Z"),
        (Tz::America__New_York, "2026-03-08T07:00:00Z"),
        (Tz::America__New_York, "2026-11-01T06:00:00Z"),
        (Tz::Australia__Lord_Howe, "2026-04-04T15:00:00Z"),
        (Tz::Australia__Lord_Howe, "2026-10-03T15:30:00Z"),
    ];
    for (zone, change) in changes {
        for line in
            ["*/10 * * * *", "15,45 * * * *", "40 1 * * *", "50 1 * * *", "10 2 * * *", "5,35 1,2 * * *"]
        {
            let schedule = Schedule::parse(line, zone).unwrap();
            let since = at(change) - chrono::Duration::hours(30);
            let end = at(change) + chrono::Duration::hours(3);
            let slots: Vec<Instant> =
                std::iter::successors(schedule.next_after(since), |last| schedule.next_after(*last))
                    .take_while(|slot| *slot <= end)
                    .collect();
            let mut now = at(change) - chrono::Duration::hours(3);
            while now <= end {
                let due = schedule.due(None, since, now, chrono::Duration::days(9));
                let newest = slots.iter().rev().find(|slot| **slot <= now).copied();
                assert_eq!(due.publish.map(|slot| slot.at), newest, "{line} in {zone} at {now}");
                let missed: Vec<Instant> = due.skipped.iter().map(|skip| skip.at).collect();
                let before = slots.partition_point(|slot| newest.is_some_and(|newest| *slot < newest));
                let listed = before.min(moabom::schedule::LISTED_SKIPS);
                assert_eq!(missed, slots[before - listed..before], "{line} in {zone} at {now}");
                now += chrono::Duration::minutes(5);
            }
        }
    }
}

#[test]
fn fifty_schedules_keep_their_slots_through_a_year_of_thirty_clock_steps_in_each_zone() {
    let (start, end) = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    let mut dice = Dice::new(2026);
    for zone in ZONES {
        for _ in 0..50 {
            let line = some_line(&mut dice);
            let theirs = by_croner(&line, zone);
            assert_eq!(ours(&line, zone), theirs, "{line} in {zone}");
            let schedule = Schedule::parse(&line, zone).expect("a schedule");
            let max_late = chrono::Duration::hours(12);
            let mut steps: Vec<Instant> = (0..30)
                .map(|_| start + chrono::Duration::minutes(dice.below(365 * 24 * 60) as i64))
                .collect();
            steps.sort();
            let (mut truth, mut wrong, mut last) = (start, chrono::Duration::zero(), None);
            let (mut published, mut recorded) = (Vec::new(), Vec::new());
            while truth < end {
                if steps.first().is_some_and(|step| *step <= truth) {
                    steps.remove(0);
                    // Up to two days forward or back, or set right again.
                    let minutes = dice.below(2 * 2 * 24 * 60) as i64 - 2 * 24 * 60;
                    wrong = chrono::Duration::minutes(if dice.below(3) == 0 { 0 } else { minutes });
                }
                let now = truth + wrong;
                let due = schedule.due(last, start, now, max_late);
                assert!(due.clock_behind.is_none() || (due.publish.is_none() && due.skipped.is_empty()));
                recorded.extend(due.skipped.iter().map(|skip| skip.at));
                last = last.max(due.skipped.iter().map(|skip| skip.at).max());
                if let Some(slot) = due.publish {
                    assert!(
                        slot.at <= now && now - slot.at <= max_late,
                        "{line} in {zone}: {slot:?} at {now}"
                    );
                    published.push(slot.at);
                    recorded.push(slot.at);
                    last = last.max(Some(slot.at));
                }
                truth += chrono::Duration::minutes(60 + dice.below(90) as i64);
            }
            // In order and none twice; every slot up to the last is on record, published or skipped.
            assert!(published.is_sorted_by(|one, next| one < next), "{line} in {zone}");
            assert!(recorded.is_sorted_by(|one, next| one < next), "{line} in {zone}");
            let known = theirs.partition_point(|slot| last.is_some_and(|last| *slot <= last));
            let known = &theirs[..known];
            let within: Vec<Instant> = recorded.iter().copied().filter(|slot| *slot < end).collect();
            assert_eq!(within, known, "{line} in {zone}");
            assert!(
                published.len() * 2 >= within.len(),
                "{line} in {zone}: most come out in spite of the steps"
            );
        }
    }
}

#[test]
fn after_a_time_without_power_at_most_one_edition_comes_late() {
    let since = at("2026-01-01T00:00:00Z");
    for zone in ZONES {
        for line in ["0 9 * * *", "30 2 * * *", "0 9 * * MON", "0 18 * * MON-FRI"] {
            let schedule = Schedule::parse(line, zone).expect("a schedule");
            let slots: Vec<Instant> = ours(line, zone);
            for missed in [1, 3, 30] {
                for (late, comes) in [(5, true), (11 * 60, true), (13 * 60, false)] {
                    let (last, newest) = (slots[2], slots[2 + missed]);
                    let now = newest + chrono::Duration::minutes(late);
                    let due = schedule.due(Some(last), since, now, chrono::Duration::hours(12));
                    let published: Vec<Instant> = due.publish.iter().map(|slot| slot.at).collect();
                    let wanted = if comes { vec![newest] } else { vec![] };
                    assert_eq!(published, wanted, "{line} in {zone}, {missed} missed, {late} minutes");
                    assert_eq!(due.skipped.len(), missed - usize::from(comes), "{line} in {zone}");
                    assert!(due.publish.is_none_or(|slot| slot.late));
                }
            }
        }
    }
}

/// Croner's slots with those on days off left out, or put at their time of the next day that is neither off nor at a
/// weekend; day by day, as one would with a calendar on the wall.
fn by_hand(line: &str, zone: Tz, days: &Holidays, rule: HolidayRule) -> Vec<Instant> {
    let mut slots: Vec<Instant> = by_croner(line, zone)
        .into_iter()
        .filter_map(|slot| {
            let wall = slot.with_timezone(&zone).naive_local();
            match (days.name(wall.date()), rule) {
                (None, _) => Some(slot),
                (Some(_), HolidayRule::Skip) => None,
                (Some(_), _) => {
                    let mut day = wall.date();
                    while days.name(day).is_some() || matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
                        day = day.succ_opt().expect("a day after");
                    }
                    let moved = zone.from_local_datetime(&day.and_time(wall.time())).earliest();
                    Some(moved.expect("no clock change at a workday").to_utc())
                }
            }
        })
        .collect();
    slots.sort();
    slots.dedup();
    slots
}

#[test]
fn a_year_with_holidays_is_what_croner_and_a_calendar_on_the_wall_say() {
    let days = std::sync::Arc::new(Holidays::korea().expect("the list"));
    let mut dice = Dice::new(60);
    for zone in ZONES {
        for rule in [HolidayRule::NextWorkday, HolidayRule::Skip] {
            for _ in 0..12 {
                let line = some_line(&mut dice);
                let schedule = Schedule::parse(&line, zone).expect("a schedule");
                let schedule = schedule.with_holidays(rule, std::sync::Arc::clone(&days));
                // What December moves into January, and the year before into this one, is left aside.
                let (first, end) = (at("2026-01-03T00:00:00Z"), at("2026-12-24T00:00:00Z"));
                let slots =
                    std::iter::successors(schedule.next_after(first), |last| schedule.next_after(*last));
                let ours: Vec<Instant> = slots.take_while(|slot| *slot < end).collect();
                let mut theirs = by_hand(&line, zone, &days, rule);
                theirs.retain(|slot| *slot > first && *slot < end);
                assert_eq!(ours, theirs, "{line} in {zone}, {rule:?}");
            }
        }
    }
}
