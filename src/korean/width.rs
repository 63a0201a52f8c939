//! Pure: East Asian width (Hangul 2), and cutting and wrapping that never split what a reader sees as one character.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};
use unicode_width::UnicodeWidthStr;

use super::web_address;

const ELLIPSIS: &str = "…";

/// The columns a text takes: Hangul, Chinese characters and emoji 2, Latin 1, combining marks 0.
pub fn of(text: &str) -> usize {
    // A line end is one character of two letters: only what prints is counted by its bytes.
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text.len();
    }
    text.graphemes(true).map(one).sum()
}

fn one(grapheme: &str) -> usize {
    grapheme.width()
}

/// How many characters a reader sees: a family emoji, a flag, a decomposed syllable count one.
pub fn graphemes(text: &str) -> usize {
    text.graphemes(true).count()
}

/// The text if it takes at most `max` columns; else cut at a word end with `…`, which lies inside the width. A word
/// that would leave next to nothing is cut between graphemes.
pub fn cut(text: &str, max: usize) -> String {
    shorten(text, max, one)
}

/// As [`cut`], measured in graphemes.
pub fn cut_graphemes(text: &str, max_graphemes: usize) -> String {
    shorten(text, max_graphemes, |_| 1)
}

fn shorten(text: &str, max: usize, size: impl Fn(&str) -> usize) -> String {
    let room = max.saturating_sub(1);
    let (mut used, mut kept, mut word_end, mut word_used) = (0usize, 0usize, 0usize, 0usize);
    let mut fits = true;
    for (at, grapheme) in text.grapheme_indices(true) {
        let blank = grapheme.chars().all(char::is_whitespace);
        if blank && kept == at {
            (word_end, word_used) = (at, used);
        }
        used += size(grapheme);
        if used <= room {
            kept = at + grapheme.len();
        }
        if used > max {
            fits = false;
            break;
        }
    }
    if fits {
        return text.to_owned();
    }
    if max == 0 {
        return String::new();
    }
    // a word end that keeps less than a third of the room says less than half a word does
    let end = if word_end > 0 && word_used.saturating_mul(3) >= room { word_end } else { kept };
    let head = text.get(..end).unwrap_or_default();
    format!("{}{ELLIPSIS}", without_dangling(head))
}

/// Drops what looks lost before an ellipsis: spaces, commas, opening brackets and quotes, periods.
fn without_dangling(head: &str) -> &str {
    let mut end = head.len();
    for (at, grapheme) in head.grapheme_indices(true).rev() {
        let lost = grapheme.chars().all(|c| {
            c.is_whitespace()
                || matches!(
                    c,
                    ',' | '.'
                        | ';'
                        | ':'
                        | '·'
                        | '-'
                        | '–'
                        | '—'
                        | '('
                        | '['
                        | '{'
                        | '“'
                        | '‘'
                        | '「'
                        | '『'
                        | '《'
                        | '〈'
                        | '/'
                        | '…'
                        | '"'
                        | '\''
                )
        });
        if !lost {
            break;
        }
        end = at;
    }
    head.get(..end).unwrap_or_default()
}

/// Lines of at most `columns`, broken at spaces alone (as `word-break: keep-all`); a word too long for a line is broken
/// between graphemes, a web address never. Line ends of the text stay; an empty line stays empty.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut out = Vec::new();
    for line in text.lines() {
        let mut lines = Lines { out: Vec::new(), line: String::new(), used: 0, columns: columns.max(1) };
        for word in line.split_whitespace() {
            lines.word(word);
        }
        lines.out.push(lines.line);
        out.append(&mut lines.out);
    }
    out
}

struct Lines {
    out: Vec<String>,
    line: String,
    used: usize,
    columns: usize,
}

impl Lines {
    fn word(&mut self, word: &str) {
        let width = of(word);
        if !self.line.is_empty() {
            if self.used + 1 + width <= self.columns {
                self.line.push(' ');
                self.used += 1;
            } else {
                self.end();
            }
        }
        if self.used + width <= self.columns {
            return self.push(word, width);
        }
        let mut at = 0;
        for address in web_address::find_all(word) {
            self.pieces(word.get(at..address.start).unwrap_or_default());
            // a mark that joins the address's last letter stays with it
            let mut cursor = GraphemeCursor::new(address.end, word.len(), true);
            let end = match cursor.is_boundary(word, 0) {
                Ok(false) => cursor.next_boundary(word, 0).ok().flatten().unwrap_or(word.len()),
                _ => address.end,
            };
            let whole = word.get(address.start..end).unwrap_or_default();
            let width = of(whole);
            if self.used > 0 && self.used + width > self.columns {
                self.end();
            }
            self.push(whole, width);
            at = end;
        }
        self.pieces(word.get(at..).unwrap_or_default());
    }

    fn pieces(&mut self, text: &str) {
        for grapheme in text.graphemes(true) {
            let width = one(grapheme);
            if self.used > 0 && self.used + width > self.columns {
                self.end();
            }
            self.push(grapheme, width);
        }
    }

    fn push(&mut self, text: &str, width: usize) {
        self.line.push_str(text);
        self.used += width;
    }

    fn end(&mut self) {
        self.out.push(std::mem::take(&mut self.line));
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_end_counts_the_same_whatever_stands_beside_it() {
        assert_eq!(of("%\r\n"), of("%") + of("\r\n"));
        assert_eq!(of("가\r\n"), of("가") + of("\r\n"));
        assert!(of(&cut("%\r\n", 2)) <= 2 && of(&cut("가\r\n나", 3)) <= 3);
    }

    #[test]
    fn the_vectors_hold() {
        for line in include_str!("../../tests/fixtures/vectors/graphemes.tsv").lines() {
            if let Some((text, count)) = line.split_once('\t').filter(|_| !line.starts_with("# ")) {
                assert_eq!(graphemes(text), count.parse::<usize>().unwrap(), "{text}");
            }
        }
    }

    #[test]
    fn what_a_reader_sees_as_one_is_counted_as_one() {
        for (text, count) in [
            ("👍🏽", 1),
            ("👨‍💻개발", 3),
            ("🏳️‍🌈깃발", 3),
            ("👩🏻‍🤝‍👨🏿둘", 2),
            ("🏴󠁧󠁢󠁥󠁮󠁧󠁿잉글랜드", 5),
            ("🇰🇷🇯🇵🇺🇸", 3),
            ("1️⃣2️⃣#️⃣", 3),
            ("☕️", 1),
            ("e\u{301}", 1),
            ("\u{1112}\u{1161}\u{11AB}글", 2),
            ("नमस्ते", 3),
            ("\r\n", 1),
        ] {
            assert_eq!(graphemes(text), count, "{text}");
        }
        assert_eq!(cut_graphemes("🇰🇷🇯🇵🇺🇸🇫🇷🇩🇪", 4), "🇰🇷🇯🇵🇺🇸…");
    }

    #[test]
    fn hangul_takes_two_columns_however_it_is_spelled() {
        assert_eq!(of("한글 abc"), 8);
        assert_eq!(of("\u{1112}\u{1161}\u{11AB}"), 2);
        assert_eq!(of("👨‍👩‍👧‍👦"), 2);
        assert_eq!(of("é"), 1);
    }

    #[test]
    fn a_cut_ends_at_a_word_with_the_ellipsis_inside_the_width() {
        assert_eq!(cut("오늘은 비가 왔다", 16), "오늘은 비가 왔다");
        assert_eq!(cut("오늘은 비가 왔다", 15), "오늘은 비가…");
        assert_eq!(cut("오늘은 비가 왔다", 12), "오늘은 비가…");
        assert_eq!(cut("오늘은, 비가 왔다", 9), "오늘은…");
        assert_eq!(cut("가나다라마바사아자차카", 9), "가나다라…");
        assert_eq!(cut("가 나다라마바사아자차카타파하", 20), "가 나다라마바사아자…");
        assert_eq!(cut("한글", 1), "…");
        assert_eq!(cut("한글", 0), "");
        assert_eq!(cut("", 0), "");
        assert_eq!(cut_graphemes("👨‍👩‍👧‍👦가족사진", 3), "👨‍👩‍👧‍👦가…");
        assert_eq!(cut_graphemes("가족사진", 4), "가족사진");
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_between_letters() {
        assert_eq!(wrap("오늘은 비가 왔다", 8), ["오늘은", "비가", "왔다"]);
        assert_eq!(wrap("오늘은 비가 왔다", 11), ["오늘은 비가", "왔다"]);
        assert_eq!(wrap("가나다라마바", 5), ["가나", "다라", "마바"]);
        assert_eq!(wrap("가\n\n나", 5), ["가", "", "나"]);
        assert_eq!(
            wrap("봐 https://example.com/very/long 끝", 10),
            ["봐", "https://example.com/very/long", "끝"]
        );
        assert_eq!(wrap("링크(https://example.com)를", 10), ["링크(", "https://example.com", ")를"]);
    }
}
