//! Pure: the lines of a page dump, and what each could be by its looks.

use unicode_segmentation::UnicodeSegmentation;

use crate::korean::{title, width};

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
    pub(super) number: u32,
    pub(super) kind: Kind,
    /// Columns, as far as they matter: counted where a line is neither surely a name nor surely prose.
    pub(super) width: u16,
    /// One or more blank lines stand before it.
    pub(super) after_blank: bool,
}

/// Lines longer than this, in bytes, are nothing but text; their width is not counted.
pub(super) const SHORT: usize = 400;
/// An author's name is at most this wide; half-width letters count 1, Hangul 2.
pub(super) const NAME: usize = 80;
/// Wider than this a line is prose: a body, hardly a title, never a name.
const PROSE: usize = 120;

impl Line<'_> {
    /// As wide as bodies are.
    pub(super) fn is_prose(&self) -> bool {
        usize::from(self.width) > PROSE
    }

    /// Ends as sentences do and hardly a name does: `천천히 부으세요.`, `See you there then!`; not `손님이에요!`, nor
    /// `Robert Downey Jr.`.
    pub(super) fn is_sentence(&self) -> bool {
        let Some(text) = self.text.strip_suffix(['.', '!', '?', '。', '…']) else { return false };
        let words = text.split_whitespace().count();
        words > 3 || (words > 1 && text.ends_with(|c| ('가'..='힣').contains(&c)))
    }

    /// A number the way pages shorten it (`1.2만`, `3k`, `100+`): it counts something, and nobody can know how many.
    pub(super) fn is_shortened(&self) -> bool {
        let unit = |c: char| matches!(c, '천' | '만' | '억' | 'k' | 'K' | 'm' | 'M' | '+');
        let Some(head) = self.text.strip_suffix(unit) else { return false };
        let head = head.trim_end();
        self.text.len() <= 16
            && head.starts_with(|c: char| c.is_ascii_digit())
            && head.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
    }
}

/// The lines of `text` that show something. Lines end in LF or CRLF, or in CR alone where there is no LF at all.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut found = Vec::with_capacity(text.bytes().filter(|byte| *byte == b'\n').count() + 1);
    let mut after_blank = false;
    let end = if text.contains('\n') { '\n' } else { '\r' };
    for (number, raw) in (1..).zip(text.split(end)) {
        let text = raw.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
        let short = text.len() <= SHORT;
        if short && shows_nothing(text) {
            after_blank = true;
            continue;
        }
        let kind = if short { kind(text) } else { Kind::Text };
        let width = if short { u16::try_from(columns(text)).unwrap_or(u16::MAX) } else { u16::MAX };
        found.push(Line { text, number, kind, width, after_blank });
        after_blank = false;
    }
    found
}

/// Marks without ink that copying brings along. The joiner and the selectors are left: emoji are made with them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{FEFF}' | '\u{200B}' | '\u{2060}' | '\u{200E}' | '\u{200F}' | '\u{00AD}')
}

fn shows_nothing(text: &str) -> bool {
    // Most lines begin with a letter or a digit; that spares them the long way.
    let inked = |c: char| c.is_ascii_graphic() || ('가'..='힣').contains(&c);
    !text.starts_with(inked) && title::normalise(text).is_empty()
}

/// Columns; for a line so short that they cannot matter, at most so many.
fn columns(text: &str) -> usize {
    let most = 2 * text.chars().count();
    if most <= NAME { most } else { width::of(text) }
}

fn kind(text: &str) -> Kind {
    let blank = |one: &str| one.chars().all(|c| c.is_whitespace() || is_invisible(c));
    if is_number(text) || (text.contains(is_invisible) && is_number(&text.replace(is_invisible, ""))) {
        Kind::Number
    } else if text.graphemes(true).all(|one| blank(one) || is_emoji(one)) && emoji(text).next().is_some() {
        Kind::Emoji
    } else {
        Kind::Text
    }
}

/// `5`, `1234`, `1,234`; not `1,23`, and not `007`, which nobody counts to.
fn is_number(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if text.is_empty() || (text.len() > 1 && text.starts_with('0')) {
        return false;
    }
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
