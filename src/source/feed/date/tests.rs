//! Pure: dates of feeds as the web writes them.

use proptest::prelude::*;

use super::*;

#[test]
fn the_dates_of_real_feeds_are_read() {
    for text in [
        "Mon, 23 Nov 2026 09:00:00 +0900",
        "Mon, 23 Nov 2026 00:00:00 GMT",
        "Mon, 23 Nov 2026 09:00:00 KST",
        "Tue, 23 Nov 2026 09:00:00 KST",
        "23 Nov 2026 09:00 KST",
        "23 Nov 26 09:00:00 +09:00",
        "Monday, 23 November 2026 09:00:00 KST",
        "Nov 23, 2026 09:00:00 KST",
        "Mon Nov 23 09:00:00 KST 2026",
        "Sun, 22 Nov 2026 19:00:00 EST",
        "23-Nov-2026 09:00:00 KST",
        "월, 23 Nov 2026 09:00:00 +0900",
        "2026-11-23T09:00:00+09:00",
        "2026-11-23T00:00:00Z",
        "2026-11-23T00:00:00.000Z",
        "2026-11-23 09:00:00",
        "2026-11-23T09:00:00",
        "2026-11-23 09:00",
        "2026.11.23 09:00:00",
        "2026년 11월 23일 (월) 오전 9:00",
        "  2026-11-23T09:00:00+09:00\n",
        "23 Nov 2026 09:00:00",
        // The liberties of RFC 822
        "Mon, 23 Nov 26 09:00:00 +0900",
        "23 Nov 2026 09:00:00+0900",
        "Mon, 23 Nov 2026 9:00:00 +900",
        "mon, 23 nov 2026 09:00:00 kst",
        "Mon,23 Nov 2026 09:00:00 KST",
        "Sun, 22 Nov 2026 24:00:00 GMT",
        "Sun, 22 Nov 2026 19:00:00 -0500 (EST)",
        "Sun, 22 Nov 2026 19:00:00 GMT-0500",
        "Mon, 23 Nov 2026 09:00:00 GMT+9",
        "Mon, 23 Nov 2026 09:00:00 UTC+09:00",
        "Mon, 23 Nov 2026 09:00:00 (KST)",
        "Mon, 23 Nov 2026 09:00:00 +0900 (Korean Standard Time)",
        "Monday, 23-Nov-26 00:00:00 GMT",
        "Mon Nov 23 2026 09:00:00 GMT+0900 (한국 표준시)",
        "Mon Nov 23 2026 09:00:00 GMT+0900 (대한민국 표준시)",
        "Mon Nov 23 09:00:00 UTC+09:00 2026",
        "Mon Nov 23 09:00:00 2026",
        // Halves of the day
        "Mon, 23 Nov 2026 09:00 AM",
        "Mon, 23 Nov 2026 09:00AM KST",
        "Mon, 23 Nov 2026 9:00:00 a.m. KST",
        "Mon, 23 Nov 2026 12:00 AM GMT",
        "Nov 23, 2026, 9:00:00 AM",
        "November 23, 2026 at 9:00 am",
        "23 Nov 2026 오전 9:00",
        "Sun, 22 Nov 2026 07:00 PM EST",
        "2026-11-23 09:00 AM",
        "2026. 11. 23. 오전 9:00:00",
        "2026년 11월 23일 오전 9시",
        "2026년 11월 23일 오전 9시 0분",
        "2026년 11월 23일 09시 00분",
        // RFC 3339 and nearly
        "2026-11-23t09:00:00+09:00",
        "2026-11-23T00:00:00z",
        "2026-11-23 00:00:00Z",
        "2026-11-23T09:00:00 +09:00",
        "2026-11-23T09:00:00+0900",
        "2026-11-23T09:00:00+09",
        "2026-11-23T00:00:00,000Z",
        "2026-11-23T00:00:00.000000000Z",
        "2026-11-23T09:00:00+09:00[Asia/Seoul]",
        "2026-11-23T00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-23 00:00:00 UTC",
        "2026-11-23 09:00:00 KST",
        "2026-11-23 09:00:00 +0900 KST",
        // Korean
        "2026. 11. 23. 09:00",
        "2026.11.23 09:00",
        "2026/11/23 09:00",
        "26.11.23 09:00",
        "2026년 11월 23일 월요일 오전 9:00",
        "20261123 09:00",
        "Mon, 23 Nov 2026 09:00:00 Asia/Seoul",
    ] {
        let at = parse(text).map(|at| at.to_rfc3339());
        assert_eq!(at.as_deref(), Some("2026-11-23T00:00:00+00:00"), "{text}");
    }
    for (text, expected) in [
        ("2024년 3월 5일 오후 3시 5분", "2024-03-05T06:05:00Z"),
        ("Tue Mar 05 15:05:00 KST 2024", "2024-03-05T06:05:00Z"),
        ("Tue, 5 Mar 24 03:05 PM", "2024-03-05T06:05:00Z"),
        ("Tue, 05 Mar 2024 12:05 PM KST", "2024-03-05T03:05:00Z"),
        ("Tue, 05 Mar 2024 오후 3:05:00", "2024-03-05T06:05:00Z"),
        ("Sat, 31 Dec 2016 23:59:60 GMT", "2016-12-31T23:59:59Z"),
        ("31 Dec 99 15:00:00 GMT", "1999-12-31T15:00:00Z"),
        ("2024.03.05", "2024-03-04T15:00:00Z"),
        ("5 Mar 2024", "2024-03-04T15:00:00Z"),
    ] {
        let at = parse(text).map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        assert_eq!(at.as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_date_is_none() {
    for text in [
        "",
        "어제",
        "Mon, 31 Feb 2026 09:00:00 GMT",
        "Mon, 23 Nov 2026 25:00:00 GMT",
        "0000-00-00 00:00:00",
        "-0001-11-30T00:00:00Z",
        "Nov",
        "99999999999999999999 Nov 2026",
        "Mon, 23 Nov 0001 00:00:00 GMT",
        "Mon, 23 Nov 2026 15:00 PM",
        "Mon, 23 Nov 2026 24:30:00 GMT",
        "Mon, 23 Nov 2026 9:5 GMT",
        "Mon, 23 Nov 2026 09:60:00 GMT",
        "Mon, 23 Nov 2026 09:00:00 +9900",
        "Mon, 23 Nov 2026 09:00:00 XYZ",
        "Mon, 23 Nov 2026 09:00:00 Mars/Olympus",
        "Mon, 23 Nov 2026 noon 09:00 or 10:00",
        "2026년 11월 23일 9시 30분",
        "11/23/2026 09:00",
        "23.11.2026 09:00",
        "1795392000",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn whatever_stands_there_is_a_date_or_none(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..14),
    ) {
        for text in [String::from_utf8_lossy(&bytes).into_owned(), pieces.concat()] {
            prop_assert!(parse(&text).is_none_or(|at| (1970..=2200).contains(&at.year())));
        }
    }
}

const PIECES: [&str; 34] = [
    " ",
    " ",
    ",",
    ":",
    ".",
    "-",
    "+",
    "(",
    "[",
    "'",
    "Mon",
    "Nov",
    "오후",
    "오전",
    "PM",
    "a.m.",
    "시",
    "분",
    "초",
    "반",
    "년",
    "월",
    "일",
    "Z",
    "GMT",
    "KST",
    "24",
    "60",
    "0",
    "5",
    "23",
    "2026",
    "999999999999",
    "Asia/Seoul",
];
