//! Pure: what of a reader's name goes into a letter. Names are cleaned when they are taken in; this holds for any.

use unicode_segmentation::UnicodeSegmentation;

use crate::model::address::is_invisible;
use crate::render::slot::{CLOSE, OPEN};

/// Stands for a name where none is known.
pub const DEFAULT_NAME: &str = "구독자";

/// Stands for the day of a reader's consent in a copy for nobody in particular.
pub const DEFAULT_DAY: &str = "받는 분마다 달라요";

/// Longest name shown, in graphemes and in bytes; both hold, so that a pile of combining marks is bounded too.
const MAX_GRAPHEMES: usize = 60;
const MAX_BYTES: usize = 240;

/// A name without what could disturb a letter: line breaks and tabs become spaces; other controls, direction marks,
/// slot markers and blank-looking letters go; surrounding spaces go; the rest is cut at 60 graphemes or 240 bytes.
/// May be empty.
pub fn clean_name(name: &str) -> String {
    let mut kept = String::with_capacity(name.len().min(4 * MAX_BYTES));
    // No more is read than could be shown, so that a hostile name of a megabyte costs nothing.
    for c in name.chars().take(16 * MAX_GRAPHEMES) {
        match c {
            '\t' | '\n' | '\r' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => kept.push(' '),
            _ if is_dropped(c) => {}
            _ => kept.push(c),
        }
    }
    if kept.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        return String::new();
    }
    let mut cut = String::new();
    for grapheme in kept.trim().graphemes(true).take(MAX_GRAPHEMES) {
        if cut.len() + grapheme.len() > MAX_BYTES {
            break;
        }
        cut.push_str(grapheme);
    }
    cut.truncate(cut.trim_end().len());
    cut
}

fn is_dropped(c: char) -> bool {
    let joins_emoji = matches!(c, '\u{200D}' | '\u{FE0F}');
    c.is_control() || matches!(c, OPEN | CLOSE) || (is_invisible(c) && !joins_emoji)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_what_disturbs_and_keeps_the_rest() {
        assert_eq!(clean_name("  김\r\n철수\u{202E}\0 "), "김  철수");
        assert_eq!(clean_name("\u{E000}name\u{E001}"), "name");
        assert_eq!(clean_name("\u{200B}\u{3164}\u{FEFF} \u{200D}"), "");
        assert_eq!(clean_name("👨‍👩‍👧 가족"), "👨‍👩‍👧 가족");
    }

    #[test]
    fn a_name_is_bounded_in_graphemes_and_in_bytes() {
        assert_eq!(clean_name(&"가".repeat(100)), "가".repeat(60));
        assert!(clean_name(&"👨‍👩‍👧‍👦".repeat(100)).len() <= MAX_BYTES);
        assert!(clean_name(&format!("가{}", "\u{301}".repeat(100_000))).len() <= MAX_BYTES);
    }
}
