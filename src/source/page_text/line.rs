//! Pure: the lines of a page dump, and what each could be by its looks.

use unicode_segmentation::UnicodeSegmentation;

use crate::korean::width;

/// What a line could be, by its looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Digits, perhaps with commas between thousands.
    Number,
    /// Emoji and nothing else.
    Emoji,
    /// Anything.
    Text,
}

/// A line that is not blank.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Without the space around it.
    pub(super) text: &'a str,
    /// In the file, from 1.
    pub(super) number: usize,
    pub(super) kind: Kind,
    /// Columns, as far as they matter: counted for short lines only.
    pub(super) width: usize,
    /// One or more blank lines stand before it.
    pub(super) after_blank: bool,
}

/// Lines longer than this are nothing but text; their width is not counted.
const SHORT: usize = 400;

/// The lines of `text` that are not blank.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut found = Vec::with_capacity(text.bytes().filter(|byte| *byte == b'\n').count() + 1);
    let mut after_blank = false;
    for (number, raw) in (1..).zip(text.lines()) {
        let text = raw.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
        if text.is_empty() {
            after_blank = true;
            continue;
        }
        let short = text.len() <= SHORT;
        let kind = if short { kind(text) } else { Kind::Text };
        let width = if short { width::of(text) } else { usize::MAX };
        found.push(Line { text, number, kind, width, after_blank });
        after_blank = false;
    }
    found
}

/// Marks without ink that copying brings along. The joiner and the selectors are left: emoji are made with them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{FEFF}' | '\u{200B}' | '\u{2060}' | '\u{200E}' | '\u{200F}' | '\u{00AD}')
}

fn kind(text: &str) -> Kind {
    if is_number(text) {
        Kind::Number
    } else if emoji(text).next().is_some()
        && text.graphemes(true).all(|one| one.trim().is_empty() || is_emoji(one))
    {
        Kind::Emoji
    } else {
        Kind::Text
    }
}

/// `5`, `1234`, `1,234`; not `1,23`.
fn is_number(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    match text.split_once(',') {
        None => digits(text),
        Some((head, rest)) => {
            (1..=3).contains(&head.len())
                && digits(head)
                && rest.split(',').all(|part| part.len() == 3 && digits(part))
        }
    }
}

/// The emoji of a line, each a whole grapheme cluster.
pub(super) fn emoji(text: &str) -> impl Iterator<Item = &str> {
    text.graphemes(true).filter(|one| is_emoji(one))
}

/// A pictograph by itself or made by a selector, a flag, a keycap.
fn is_emoji(cluster: &str) -> bool {
    let mut chars = cluster.chars();
    let Some(first) = chars.next() else { return false };
    let coloured = cluster.contains('\u{FE0F}');
    match first {
        '#' | '*' | '0'..='9' => cluster.contains('\u{20E3}'),
        '\u{A9}' | '\u{AE}' | '\u{203C}'..='\u{3299}' => {
            coloured
                || matches!(first, '\u{231A}' | '\u{231B}' | '\u{23E9}'..='\u{23F3}' | '\u{25FD}' | '\u{25FE}' | '\u{2600}'..='\u{27BF}' | '\u{2B05}'..='\u{2B55}')
        }
        '\u{1F1E6}'..='\u{1F1FF}' => chars.next().is_some(),
        '\u{1F000}'..='\u{1FAFF}' => true,
        _ => false,
    }
}
