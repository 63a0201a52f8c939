//! Pure: tests of the schedule.

use super::*;

fn seoul(text: &str) -> Schedule {
    Schedule::parse(text, Tz::Asia__Seoul).unwrap()
}

fn at(text: &str) -> Instant {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

#[test]
fn weekdays_count_from_sunday_as_crontab_does_not_as_quartz_does() {
    let monday = at("2026-11-23T09:00:00+09:00");
    for text in ["0 9 * * 1", "0 9 * * MON", "0 9 * * mon", "0 9 * * Monday", "0 9 * * 월"] {
        assert_eq!(seoul(text).next_after(at("2026-11-18T00:00:00Z")), Some(monday), "{text}");
    }
    let sunday = Some(at("2026-11-22T09:00:00+09:00"));
    for text in ["0 9 * * 0", "0 9 * * 7", "0 9 * * SUN"] {
        assert_eq!(seoul(text).next_after(at("2026-11-18T00:00:00Z")), sunday, "{text}");
    }
    assert_eq!(seoul("0 9 * * FRI-SUN"), seoul("0 9 * * 0,5,6"));
    assert_eq!(seoul("0 9 * * 5-7"), seoul("0 9 * * 0,5,6"));
}

#[test]
fn a_day_or_a_weekday_may_match_unless_one_has_a_star() {
    let either = seoul("0 9 13 * FRI").upcoming(at("2026-11-01T00:00:00+09:00"), 4);
    let expected = ["2026-11-06", "2026-11-13", "2026-11-20", "2026-11-27"];
    assert_eq!(either, expected.map(|day| at(&format!("{day}T09:00:00+09:00"))));
    let both = seoul("0 9 */2 * MON").upcoming(at("2026-11-01T00:00:00+09:00"), 2);
    assert_eq!(both, ["2026-11-09", "2026-11-23"].map(|day| at(&format!("{day}T09:00:00+09:00"))));
}

#[test]
fn a_skipped_time_runs_right_after_the_gap_and_a_repeated_one_once() {
    let berlin = Schedule::parse("30 2 * * *", Tz::Europe__Berlin).unwrap();
    let spring = berlin.upcoming(at("2026-03-28T12:00:00Z"), 2);
    assert_eq!(spring, [at("2026-03-29T01:00:00Z"), at("2026-03-30T00:30:00Z")]);
    let autumn = berlin.upcoming(at("2026-10-24T12:00:00Z"), 2);
    assert_eq!(autumn, [at("2026-10-25T00:30:00Z"), at("2026-10-26T01:30:00Z")]);
    // Between the two 02:30 of the night, nothing is due again.
    let between = at("2026-10-25T01:10:00Z");
    assert_eq!(berlin.next_after(between), Some(at("2026-10-26T01:30:00Z")));
    let due = berlin.due(
        Some(at("2026-10-25T00:30:00Z")),
        at("2026-10-01T00:00:00Z"),
        at("2026-10-25T01:30:00Z"),
        Duration::hours(12),
    );
    assert_eq!(due, Due::default());
}

#[test]
fn faults_name_the_field_and_what_it_may_hold() {
    let error = |text: &str| Schedule::parse(text, Tz::Asia__Seoul).unwrap_err().to_string();
    for (text, parts) in [
        ("", vec!["비어"]),
        ("0 9 * *", vec!["다섯 칸", "4칸"]),
        ("0 0 9 * * 1", vec!["여섯 칸", "초"]),
        ("60 9 * * 1", vec!["분 칸", "60", "0–59"]),
        ("0 24 * * 1", vec!["시 칸", "0–23"]),
        ("0 9 0 * *", vec!["일 칸", "1–31"]),
        ("0 9 * 13 *", vec!["월 칸", "1–12"]),
        ("0 9 * * 8", vec!["요일 칸", "0–7"]),
        ("0 9 * * FOO", vec!["요일 칸", "FOO", "SUN–SAT"]),
        ("0 9 ? * 1", vec!["일 칸", "`*`"]),
        ("0 9 L * *", vec!["일 칸", "확장 표기"]),
        ("*/0 * * * *", vec!["분 칸", "간격"]),
        ("*/99 * * * *", vec!["분 칸", "간격"]),
        ("0 22-3 * * *", vec!["시 칸", "앞이 뒤보다"]),
        ("5/15 * * * *", vec!["분 칸", "5-59/…"]),
        ("0 9,,10 * * *", vec!["시 칸", "빈 자리"]),
        ("0 9 31 2 *", vec!["달력에 없어요"]),
        ("@reboot", vec!["@reboot", "@weekly"]),
        ("99999999999 * * * *", vec!["분 칸"]),
        ("-1 * * * *", vec!["분 칸"]),
        ("오전 9시", vec!["다섯 칸"]),
    ] {
        let message = error(text);
        for part in parts {
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}

#[test]
fn schedules_read_back_in_korean() {
    for (text, words) in [
        ("0 9 * * 1", "매주 월요일 오전 9시"),
        ("30 18 * * MON,WED,FRI", "매주 월·수·금요일 오후 6시 30분"),
        ("0 8 * * 1-5", "평일(월–금) 오전 8시"),
        ("0 10 * * 6,7", "주말(토·일) 오전 10시"),
        ("0 9 * * *", "매일 오전 9시"),
        ("0 9,18 * * *", "매일 오전 9시, 오후 6시"),
        ("0 12 1 * *", "매월 1일 낮 12시"),
        ("0 9 1,15 * *", "매월 1·15일 오전 9시"),
        ("0 9 1 3,6,9,12 *", "매년 3·6·9·12월 1일 오전 9시"),
        ("0 9 1 * MON", "매월 1일 또는 매주 월요일 오전 9시"),
        ("*/15 * * * *", "15분마다"),
        ("* * * * *", "1분마다"),
        ("0 * * * *", "매시 정각"),
        ("0 */2 * * *", "2시간마다 정각"),
        // from 21:00 it is three hours to midnight
        ("0 */7 * * *", "매일 오전 0시, 오전 7시, 오후 2시, 오후 9시"),
        // either day may match, and one of them always does
        ("0 9 1 * 0-6", "매일 오전 9시"),
        ("0 9 1-31 * MON", "매일 오전 9시"),
        ("0 9 1-31 3 MON", "매년 3월 매일 오전 9시"),
        ("0 9 */31 * *", "매월 1일 오전 9시"),
        ("0 9-18 * * 1-5", "평일(월–금) 오전 9시부터 오후 6시까지 매시 정각"),
        ("*/10 9-18 * * *", "매일 오전 9시부터 오후 6시까지 10분마다"),
        ("@weekly", "매주 일요일 오전 0시"),
        ("@daily", "매일 오전 0시"),
        ("@hourly", "매시 정각"),
        ("@monthly", "매월 1일 오전 0시"),
    ] {
        assert_eq!(seoul(text).describe(), words, "{text}");
    }
}

#[test]
fn a_slot_is_due_once_and_a_step_back_does_not_repeat_it() {
    let weekly = seoul("0 9 * * MON");
    let since = at("2026-11-16T12:00:00+09:00");
    let slot = at("2026-11-23T09:00:00+09:00");
    let due = |last, now: &str| weekly.due(last, since, at(now), Duration::hours(12));
    assert_eq!(due(None, "2026-11-23T08:59:59+09:00"), Due::default());
    let publish = Some(Slot { at: slot, late: false });
    assert_eq!(due(None, "2026-11-23T09:00:00+09:00").publish, publish);
    assert_eq!(due(None, "2026-11-23T09:01:00+09:00").publish, publish);
    assert_eq!(due(None, "2026-11-23T20:59:00+09:00").publish, Some(Slot { at: slot, late: true }));
    assert_eq!(due(Some(slot), "2026-11-23T09:00:30+09:00"), Due::default());
    assert_eq!(due(Some(slot), "2026-11-23T08:30:00+09:00"), Due::default());
    let behind = due(Some(slot), "2026-11-23T07:00:00+09:00").clock_behind;
    assert_eq!(behind, Some(Duration::hours(2)));
}

#[test]
fn an_edition_is_made_ready_ahead_one_at_a_time_and_no_slot_to_come_is_called_missed() {
    let daily = seoul("0 9 * * *");
    let since = at("2026-11-23T08:00:00+09:00");
    let due = |last: Option<&str>, now: &str, days| {
        let last = last.map(at);
        daily.due_ahead(last, since, at(now), Duration::hours(12), Duration::days(days))
    };
    let ready = |slot: &str| Due { publish: Some(Slot { at: at(slot), late: false }), ..Due::default() };
    // As long as two intervals ahead, and still today's slot comes first.
    let (today, tomorrow) = ("2026-11-23T09:00:00+09:00", "2026-11-24T09:00:00+09:00");
    assert_eq!(due(None, "2026-11-23T08:15:00+09:00", 2), ready(today));
    assert_eq!(due(Some(today), "2026-11-23T08:16:00+09:00", 2), Due::default());
    assert_eq!(due(Some(today), today, 2), ready(tomorrow));
    // Missed while nothing ran: made up for within max_late, and the next one waits for its turn.
    let late = Due { publish: Some(Slot { at: at(today), late: true }), ..Due::default() };
    assert_eq!(due(None, "2026-11-23T12:00:00+09:00", 2), late);
    // Set back by half an hour, the clock is still believed.
    assert_eq!(due(Some(tomorrow), "2026-11-22T08:30:00+09:00", 2), Due::default());
    let behind = due(Some(tomorrow), "2026-11-20T09:00:00+09:00", 2).clock_behind;
    assert_eq!(behind, Some(Duration::days(4)));
    assert_eq!(due(Some(today), "2026-11-23T12:00:00+09:00", 0), Due::default());
}

#[test]
fn of_many_missed_slots_only_the_newest_is_made_up_for() {
    let daily = seoul("0 9 * * *");
    let last = at("2026-11-19T09:00:00+09:00");
    let due = daily.due(Some(last), last, at("2026-11-23T10:00:00+09:00"), Duration::hours(12));
    assert_eq!(due.publish, Some(Slot { at: at("2026-11-23T09:00:00+09:00"), late: true }));
    let days = ["2026-11-20", "2026-11-21", "2026-11-22"].map(|day| at(&format!("{day}T09:00:00+09:00")));
    assert_eq!(due.skipped.iter().map(|skip| skip.at).collect::<Vec<_>>(), days);
    let due = daily.due(Some(last), last, at("2026-11-20T23:00:00+09:00"), Duration::hours(12));
    assert_eq!(due.publish, None);
    assert_eq!(due.skipped.len(), 1);
    assert!(due.skipped[0].reason.contains("14시간"), "{}", due.skipped[0].reason);
}

#[test]
fn years_of_missed_minutes_take_no_longer_than_a_day_of_them() {
    let minutes = seoul("* * * * *");
    let last = at("2016-01-01T00:00:00Z");
    let due = minutes.due(Some(last), last, at("2026-11-23T00:00:30Z"), Duration::hours(12));
    assert_eq!(due.publish, Some(Slot { at: at("2026-11-23T00:00:00Z"), late: false }));
    assert_eq!(due.skipped.len(), LISTED_SKIPS);
    assert!(due.more_skipped);
    assert!(due.skipped[0].reason.contains("50개"));
    assert_eq!(due.skipped[LISTED_SKIPS - 1].at, at("2026-11-22T23:59:00Z"));
}

fn off(text: &str, rule: HolidayRule) -> Schedule {
    seoul(text).with_holidays(rule, Arc::new(Holidays::korea().unwrap()))
}

#[test]
fn a_slot_on_a_holiday_moves_to_the_next_workday_at_its_time() {
    // 2026: 설날 on 17 February, a Tuesday; Monday and Wednesday are off, too.
    let mondays = off("0 9 * * MON", HolidayRule::NextWorkday);
    let slots = mondays.upcoming(at("2026-02-10T00:00:00+09:00"), 3);
    let expected = ["2026-02-19", "2026-02-23", "2026-03-03"].map(|day| at(&format!("{day}T09:00:00+09:00")));
    assert_eq!(slots, expected);
    assert_eq!(mondays.moved_from(slots[0]), Some(("2026-02-16".parse().unwrap(), "설날 전날")));
    assert_eq!(mondays.moved_from(slots[1]), None);
    assert_eq!(mondays.moved_from(slots[2]).map(|(_, name)| name), Some("대체공휴일(삼일절)"));
    // Over the holidays a daily schedule has one slot, on the workday: those that moved there are the same.
    let daily = off("0 9 * * *", HolidayRule::NextWorkday).upcoming(at("2026-02-15T12:00:00+09:00"), 2);
    assert_eq!(daily, ["2026-02-19", "2026-02-20"].map(|day| at(&format!("{day}T09:00:00+09:00"))));
    // At another time of the day it has its own and those that moved.
    let two =
        off("0 9,18 * * MON,TUE", HolidayRule::NextWorkday).upcoming(at("2026-02-15T12:00:00+09:00"), 3);
    let expected =
        ["2026-02-19T09", "2026-02-19T18", "2026-02-23T09"].map(|hour| at(&format!("{hour}:00:00+09:00")));
    assert_eq!(two, expected);
}

#[test]
fn a_moved_slot_is_due_once_when_it_comes() {
    let mondays = off("0 9 * * MON", HolidayRule::NextWorkday);
    let last = Some(at("2026-02-09T09:00:00+09:00"));
    let due = |last, now: &str| mondays.due(last, at("2026-01-01T00:00:00Z"), at(now), Duration::hours(12));
    assert_eq!(due(last, "2026-02-16T09:00:10+09:00"), Due::default());
    let moved = at("2026-02-19T09:00:00+09:00");
    assert_eq!(due(last, "2026-02-19T09:00:10+09:00").publish, Some(Slot { at: moved, late: false }));
    assert_eq!(due(Some(moved), "2026-02-19T09:00:40+09:00"), Due::default());
    assert_eq!(due(Some(moved), "2026-02-22T09:00:40+09:00"), Due::default());
}

#[test]
fn a_slot_on_a_holiday_is_skipped_with_its_name() {
    let mondays = off("0 9 * * MON", HolidayRule::Skip);
    let next = mondays.next_after(at("2026-02-10T00:00:00+09:00"));
    assert_eq!(next, Some(at("2026-02-23T09:00:00+09:00")));
    let last = Some(at("2026-02-09T09:00:00+09:00"));
    let due =
        mondays.due(last, at("2026-01-01T00:00:00Z"), at("2026-02-16T09:00:10+09:00"), Duration::hours(12));
    let skip = Skipped {
        at: at("2026-02-16T09:00:00+09:00"),
        reason: "공휴일(2월 16일 설날 전날)이라 건너뛰었어요.".to_owned(),
    };
    assert_eq!(due, Due { skipped: vec![skip.clone()], ..Due::default() });
    // The late edition of the week before comes first; the day off is recorded after it.
    let long = Duration::days(9);
    let first = at("2026-02-02T09:00:00+09:00");
    let now = at("2026-02-16T09:00:10+09:00");
    let due = mondays.due(Some(first), first, now, long);
    assert_eq!((due.publish.map(|slot| slot.at), due.skipped.len()), (last, 0));
    assert_eq!(mondays.due(last, first, now, long).skipped, [skip]);
    let told = mondays.next_on_holiday(at("2026-02-10T00:00:00+09:00"), at("2026-12-31T00:00:00Z"));
    assert_eq!(told, Some((at("2026-02-16T09:00:00+09:00"), "설날 전날")));
}

#[test]
fn looking_back_finds_the_slots_that_looking_ahead_finds() {
    for rule in [HolidayRule::NextWorkday, HolidayRule::Skip] {
        for text in ["0 9 * * MON", "0 9 * * *", "30 18 1,15 * *", "0 */7 * * *", "0 0,23 * * SUN,TUE"] {
            let schedule = off(text, rule);
            let start = at("2025-12-20T00:00:00Z");
            let slots: Vec<Instant> = schedule.upcoming(start, 150);
            assert!(slots.is_sorted_by(|one, next| one < next), "{text}");
            for pair in slots.windows(2) {
                let before = pair[1] - Duration::milliseconds(1);
                assert_eq!(schedule.last_until(before, start), Some(pair[0]), "{text} {rule:?}");
                assert_eq!(schedule.last_until(pair[1], start), Some(pair[1]), "{text} {rule:?}");
            }
        }
    }
}
