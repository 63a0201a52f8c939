//! Pure: properties of the whole room over random Korean, Latin, emoji, decomposed and HTML-like text.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::josa::{Pair, particle};
use super::{counts, excerpt, reading, sentences, summary, title, width};

const PIECES: [&str; 79] = [
    "가",
    "나다",
    "했다",
    "해요",
    "있습니다",
    "봄",
    "라고",
    "고",
    "는",
    "을",
    "ㅋㅋ",
    "ㅠ",
    "Rust",
    "v1.2",
    "3.14",
    "1",
    "10",
    "2026",
    "%",
    "kg",
    "Node.js",
    "GPT-4o",
    "Dr.",
    "U.S.",
    ".",
    "..",
    "?",
    "!",
    "…",
    "。",
    ",",
    "~",
    ":",
    ";",
    "-",
    "·",
    "(",
    ")",
    "[",
    "]",
    "“",
    "”",
    "‘",
    "’",
    "\"",
    "'",
    "<b>",
    "</b>",
    "&amp;",
    "<script>",
    "https://a.b/c?d=e",
    "www.x.kr",
    "(https://y.z)",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\u{3000}",
    "😀",
    "👨‍👩‍👧‍👦",
    "🇰🇷",
    "❤️",
    "1️⃣",
    "\u{1112}\u{1161}\u{11AB}",
    "\u{301}",
    "\u{200D}",
    "\u{FE0F}",
    "\u{202E}",
    "黃金",
    "Ⅳ",
    "²",
    "```",
    "`",
    "~~~",
    "|",
    "---",
    "\n|---|:-:|\n",
    "| 이름 | 값 |\n",
];

fn text() -> impl Strategy<Value = String> {
    let built =
        prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => built, 1 => any::<String>(), 1 => "[가-힣 .!?]{0,80}", 1 => "[가-힣a-z ]{0,60}".prop_map(|s: String| s.nfd().collect())]
}

fn solid(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Whether `head` is whole graphemes of `text`, from its beginning.
fn is_grapheme_prefix(head: &str, text: &str) -> bool {
    head.is_empty()
        || text.grapheme_indices(true).any(|(at, g)| at + g.len() == head.len()) && text.starts_with(head)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn splitting_loses_nothing_but_white_space(text in text()) {
        let parts = sentences::split(&text);
        prop_assert_eq!(solid(&parts.concat()), solid(&text));
        prop_assert!(parts.iter().all(|part| !part.trim().is_empty() && part.trim() == *part));
    }

    #[test]
    fn a_sentence_alone_is_not_split_into_more_than_its_text_was(text in text()) {
        let parts = sentences::split(&text);
        prop_assert!(parts.iter().all(|part| !part.contains('\n')));
    }

    #[test]
    fn a_cut_holds_its_width_and_splits_no_grapheme(text in text(), max in 0usize..60) {
        let cut = width::cut(&text, max);
        prop_assert!(width::of(&cut) <= max);
        if cut != text {
            prop_assert!(is_grapheme_prefix(cut.strip_suffix('…').unwrap_or(&cut), &text));
        }
        let cut = width::cut_graphemes(&text, max);
        prop_assert!(width::graphemes(&cut) <= max);
        if cut != text {
            prop_assert!(is_grapheme_prefix(cut.strip_suffix('…').unwrap_or(&cut), &text));
        }
    }

    #[test]
    fn wrapping_keeps_every_letter_and_the_width(text in text(), columns in 1usize..80) {
        let lines = width::wrap(&text, columns);
        prop_assert_eq!(solid(&lines.concat()), solid(&text));
        for line in lines {
            let whole = line.contains("://") || line.contains("www.") || line.contains("mailto:") || line.graphemes(true).filter(|g| width::of(g) > 0).count() == 1;
            prop_assert!(whole || width::of(&line) <= columns, "{:?} in {}", line, columns);
        }
    }

    #[test]
    fn an_excerpt_holds_its_width_and_a_summary_its_count(body in text(), title in text(), max in 0usize..120, count in 0usize..5) {
        let excerpt = excerpt::excerpt(&body, &title, max);
        prop_assert!(width::of(&excerpt) <= max, "{:?}", excerpt);
        prop_assert!(!excerpt.contains("://") && !excerpt.contains('\n'), "{:?}", excerpt);
        let summary = summary::lead(&body, &title, count);
        prop_assert!(summary.len() <= count);
        for shown in summary.iter().chain([&excerpt]) {
            let bars: String = shown.split_whitespace().collect();
            prop_assert!(!shown.contains("```") && !bars.contains("|---|"), "{:?}", shown);
        }
        prop_assert_eq!(summary, summary::lead(&body, &title, count));
    }

    #[test]
    fn particles_and_minutes_do_not_depend_on_the_spelling(text in text()) {
        let decomposed: String = text.nfd().collect();
        let composed: String = text.nfc().collect();
        for pair in Pair::ALL {
            prop_assert_eq!(particle(&decomposed, pair), particle(&composed, pair));
        }
        prop_assert_eq!(reading::minutes(&decomposed), reading::minutes(&composed));
    }

    #[test]
    fn titles_are_settled_after_one_pass(text in text()) {
        let shown = title::normalise(&text);
        prop_assert_eq!(&title::normalise(&shown), &shown);
        prop_assert!(!shown.chars().any(|c| c.is_control()));
        let key = title::key(&text);
        prop_assert_eq!(title::key(&key), key.clone());
        prop_assert_eq!(title::key(&text.nfd().collect::<String>()), key);
    }

    #[test]
    fn a_short_count_never_claims_more_than_there_is(count in any::<u64>()) {
        let text = counts::short(count).replace(',', "");
        let units = [('경', 1e16), ('조', 1e12), ('억', 1e8), ('만', 1e4)];
        let value = match units.iter().find(|(name, _)| text.ends_with(*name)) {
            Some((name, size)) => text.trim_end_matches(*name).parse::<f64>().unwrap() * size,
            None => text.parse().unwrap(),
        };
        prop_assert!(value <= count as f64 * 1.000_000_1 && !text.contains(".0"));
    }
}

#[test]
fn hostile_repetitions_of_a_hundred_kilobytes_come_to_an_end() {
    let hostile = [
        "(".repeat(30_000),
        "\"".repeat(30_000),
        "가.".repeat(20_000),
        "“가. ".repeat(10_000),
        "<".repeat(30_000),
        "1.".repeat(30_000),
        "😀".repeat(20_000),
        "다… ".repeat(10_000),
        "🇰🇷".repeat(10_000),
        "가 ".repeat(30_000),
        "http://".repeat(10_000),
        "ㅋ".repeat(30_000),
        "다ㅋ".repeat(20_000),
        "[a](".repeat(20_000),
        "!".repeat(30_000),
        "요~".repeat(20_000),
        "다 😀".repeat(10_000),
        ")".repeat(30_000),
        "\u{301}".repeat(30_000),
        "\u{200D}😀".repeat(10_000),
        "`".repeat(30_000),
        "``` ".repeat(10_000),
        "```` ``` ".repeat(10_000),
        "\n~~~".repeat(10_000),
        "|-".repeat(20_000),
        "\n|---|".repeat(10_000),
    ];
    for text in hostile {
        sentences::split(&text);
        excerpt::excerpt(&text, &text, 160);
        summary::lead(&text, &text, 3);
        particle(&text, Pair::EuroRo);
        width::cut(&text, 100);
        width::wrap(&text, 76);
        title::key(&text);
        reading::minutes(&text);
    }
}

#[test]
fn every_character_has_a_settled_key() {
    // ideographs, syllables and private use, each of them alike, are left to the random ones above
    let ranges =
        ['\u{0}'..='\u{33FF}', '\u{A000}'..='\u{ABFF}', '\u{D7A4}'..='\u{FFFF}', '\u{10000}'..='\u{1FFFF}'];
    let unsettled = ranges.into_iter().flatten().filter(|ch| {
        [ch.to_string(), format!("가{ch}b")].iter().any(|text| {
            let (shown, key) = (title::normalise(text), title::key(text));
            title::normalise(&shown) != shown
                || title::key(&key) != key
                || title::key(&text.nfd().collect::<String>()) != key
        })
    });
    assert_eq!(unsettled.collect::<String>(), "");
}
