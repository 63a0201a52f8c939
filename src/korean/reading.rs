//! Pure: how long a text takes to read.

use super::letter::{is_hangul, is_latin, letters};

/// Minutes to read a text, rounded up, at least 1: 500 Hangul letters a minute plus 200 Latin words a minute.
/// Chinese characters and kana count as Hangul letters; a web address is one word; digits alone count nothing.
pub fn minutes(text: &str) -> u32 {
    let (mut hangul, mut words) = (0u64, 0u64);
    for token in text.split_whitespace() {
        if token.starts_with("http://") || token.starts_with("https://") {
            words += 1;
            continue;
        }
        let mut in_word = false;
        for letter in letters(token) {
            hangul += u64::from(is_hangul(letter.ch) || is_other_letter(letter.ch));
            let latin = is_latin(letter.ch);
            words += u64::from(latin && !in_word);
            // "don't", "e-mail" and "GPT-4o" are one word each
            in_word = latin
                || (in_word && (letter.ch.is_ascii_digit() || matches!(letter.ch, '\'' | '’' | '-' | '.')));
        }
    }
    let thousandths = hangul.saturating_mul(2).saturating_add(words.saturating_mul(5));
    u32::try_from(thousandths.div_ceil(1000)).unwrap_or(u32::MAX).max(1)
}

fn is_other_letter(ch: char) -> bool {
    matches!(ch, '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3134F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_rounded_up_and_never_zero() {
        assert_eq!(minutes(""), 1);
        assert_eq!(minutes(&"가".repeat(500)), 1);
        assert_eq!(minutes(&"가".repeat(501)), 2);
        assert_eq!(minutes(&"word ".repeat(200)), 1);
        assert_eq!(minutes(&"word ".repeat(201)), 2);
        assert_eq!(minutes(&("가".repeat(250) + &" word".repeat(100))), 1);
        assert_eq!(minutes(&("가".repeat(251) + &" word".repeat(100))), 2);
    }

    #[test]
    fn decomposed_text_reads_as_long_as_composed() {
        assert_eq!(minutes(&"\u{1100}\u{1161}\u{11A8}".repeat(500)), 1);
        assert_eq!(minutes(&"don't ".repeat(200)), 1);
        assert_eq!(minutes("2024 3.14 😀"), 1);
    }
}
