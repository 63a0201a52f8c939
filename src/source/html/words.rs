//! Pure: numbers, dates and emoji as listing pages show them to people.

use crate::clock::Instant;
use crate::model::post::Emoji;
use crate::source::feed;
use crate::source::feed::date;
use crate::source::page_text::emoji_in;

/// Emoji kept of one post.
pub(super) const EMOJI: usize = 50;

/// The first number in `댓글 1,234개`, `♥ 5` or `1.2만`; none where there is none.
pub(super) fn count(text: &str) -> Option<u64> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let rest = text.get(start..)?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, ',' | '.'))).unwrap_or(rest.len());
    let (number, after) = rest.split_at_checked(end)?;
    let scale = match after.trim_start().chars().next() {
        Some('천' | 'k' | 'K') => 1_000,
        Some('만') => 10_000,
        Some('억') => 100_000_000,
        _ => 1,
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let whole = feed::count(whole)?.checked_mul(scale)?;
    // Only before a unit does a point mean a fraction; `3.` is three.
    let part = if scale > 1 { fraction(part, scale)? } else { 0 };
    whole.checked_add(part).filter(|count| i64::try_from(*count).is_ok())
}

fn fraction(digits: &str, scale: u64) -> Option<u64> {
    let digits: String = digits.chars().filter(char::is_ascii_digit).take(4).collect();
    if digits.is_empty() {
        return Some(0);
    }
    let tenths = 10_u64.checked_pow(u32::try_from(digits.len()).ok()?)?;
    Some(digits.parse::<u64>().ok()? * scale / tenths)
}

/// A date, with or without a word before it (`작성일 2026.11.20`); none for `3시간 전`, which says nothing for long.
pub(super) fn date(text: &str) -> Option<Instant> {
    let text = text.trim();
    date::parse(text).or_else(|| {
        let from = text.find(|c: char| c.is_ascii_digit())?;
        let rest: Vec<&str> = text.get(from..)?.split([' ', '\n']).filter(|word| !word.is_empty()).collect();
        // What follows a date on its line (a category, a count) is left off word by word.
        (1..=rest.len().min(6)).rev().find_map(|words| date::parse(&rest.get(..words)?.join(" ")))
    })
}

/// The emoji in the texts, each once.
pub(super) fn emoji(texts: &[String]) -> Vec<Emoji> {
    let mut found: Vec<Emoji> = Vec::new();
    for symbol in texts.iter().flat_map(|text| emoji_in(text)) {
        if found.len() < EMOJI && found.iter().all(|one| one.symbol != symbol) {
            found.push(Emoji { symbol: symbol.to_owned(), count: None });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, number) in [
            ("댓글 1,234개", Some(1234)),
            ("♥ 5", Some(5)),
            ("1.2만", Some(12_000)),
            ("공감 3천", Some(3_000)),
            ("2.5K", Some(2_500)),
            ("0", Some(0)),
            ("3.", Some(3)),
            ("댓글", None),
            ("99999999999999999999", None),
            ("9223372036854775807만", None),
        ] {
            assert_eq!(count(text), number, "{text}");
        }
    }

    #[test]
    fn dates_are_found_among_words() {
        let day = |text: &str| date(text).map(|at| at.to_rfc3339());
        let noon = Some("2026-11-20T03:30:00+00:00".to_owned());
        assert_eq!(day("2026. 11. 20. 12:30"), noon);
        assert_eq!(day("작성일 2026.11.20 12:30"), noon);
        assert_eq!(day("2026년 11월 20일 · 읽기 3분"), Some("2026-11-19T15:00:00+00:00".to_owned()));
        assert_eq!(day("3시간 전"), None);
        assert_eq!(day(""), None);
    }
}
