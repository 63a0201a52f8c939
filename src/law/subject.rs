//! Pure: the `(광고)` mark of a subject (정보통신망법 50조 4항, 시행령 별표 6).
//!
//! The decree wants exactly `(광고)` at the very start and forbids whatever would slip past a reader's filter:
//! spaces, dots or signs inside, other brackets, other letters, something before it. A look-alike is refused rather
//! than mended, since it shows that the writer meant something the law does not know.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// The mark, with the space that parts it from the subject.
pub const MARK: &str = "(광고) ";

/// Words of the mark as letters alone; in brackets at the start of a subject each claims to be the mark.
const MARK_WORDS: [&str; 7] = ["광고", "광고성정보", "유료광고", "廣告", "广告", "ad", "ads"];

/// Reply and forward prefixes that may hide a mark behind them.
const REPLY_WORDS: [&str; 8] = ["re", "fw", "fwd", "aw", "답장", "회신", "전달", "답변"];

/// A title of more marks than this keeps no sign at all.
const MARKS: usize = 8;

/// Words that suggest that a letter sells something.
const HINTS: [&str; 11] = [
    "광고",
    "할인",
    "쿠폰",
    "협찬",
    "무료 증정",
    "무료증정",
    "구매",
    "특가",
    "공동구매",
    "프로모션",
    "체험단",
];

/// Why a subject cannot go out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LawError {
    /// The subject opens with something that looks like the mark and is not.
    #[error(
        "제목 '{subject}'의 앞부분이 광고 표시와 비슷하지만 법이 정한 '(광고)'가 아니에요. \
         제목 틀에서 그 부분을 지워 주세요. 광고인 편지(`advertising = true`)에는 moabom이 표시를 맨 앞에 한 번 붙여요"
    )]
    LookAlike {
        /// The subject as given.
        subject: String,
    },
    /// There is nothing behind the mark.
    #[error("제목이 비어 있어요. 제목 틀(subject)을 확인해 주세요")]
    Empty,
}

/// The subject as it goes out: with exactly one `(광고) ` in front when `advertising`, unchanged otherwise.
/// A look-alike of the mark at the start of an advertising subject is refused.
pub fn subject_mark(subject: &str, advertising: bool) -> Result<String, LawError> {
    let rest = match subject.strip_prefix(MARK) {
        Some(rest) if advertising => rest,
        _ => subject,
    };
    if rest.trim().is_empty() {
        return Err(LawError::Empty);
    }
    if !advertising {
        return Ok(subject.to_owned());
    }
    if looks_marked(rest) || (rest.len() < subject.len() && rest.starts_with(char::is_whitespace)) {
        return Err(LawError::LookAlike { subject: subject.to_owned() });
    }
    Ok(format!("{MARK}{rest}"))
}

/// A post's title made harmless for the start of an advertising subject: marks and look-alikes at its start are taken
/// off whole, and nothing else. Titles come from outside and must not be able to stop an edition.
pub fn neutral_title(title: &str) -> String {
    let mut title = title.trim().to_owned();
    for _ in 0..MARKS {
        let Some(mark) = find_mark(&fold(&title)) else { return title };
        let (start, end) = (bytes_of(&title, mark.start), bytes_of(&title, mark.end));
        let before = title.get(..start).unwrap_or_default();
        let behind = title.get(end..).unwrap_or_default().trim_start();
        title = if behind.is_empty() {
            // A title that is nothing but a mark keeps the word.
            let word = title.get(start..end).unwrap_or_default();
            return word.chars().filter(|c| c.is_alphanumeric()).collect();
        } else {
            format!("{before}{behind}")
        };
    }
    // Words alone are no mark.
    title.retain(|c| c.is_alphanumeric() || c.is_whitespace());
    title
}

/// Bytes of the shortest start of `text` that folds to as many characters.
fn bytes_of(text: &str, folded: usize) -> usize {
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let short = |at: &usize| text.get(..*at).is_some_and(|start| fold(start).len() < folded);
    ends.get(ends.partition_point(short)).copied().unwrap_or(text.len())
}

/// The words of `text` that usually stand in advertising, for a warning where the letter is not declared as such.
pub fn advertising_hints(text: &str) -> Vec<&'static str> {
    let folded: String = fold(text).into_iter().collect();
    HINTS.into_iter().filter(|hint| folded.contains(hint)).collect()
}

/// Whether `subject` opens with something a reader would take for the mark.
fn looks_marked(subject: &str) -> bool {
    find_mark(&fold(subject)).is_some()
}

/// Where a folded subject opens with something a reader would take for the mark, with what closes it. Signs, reply
/// prefixes and other groups in brackets may stand before it.
fn find_mark(folded: &[char]) -> Option<Range<usize>> {
    let mut at = 0;
    loop {
        let rest = folded.get(at..)?;
        let (&first, tail) = rest.split_first()?;
        if is_open(first) {
            let inner = tail.iter().position(|&c| is_close(c));
            if is_mark_word(tail.get(..inner.unwrap_or(tail.len())).unwrap_or(tail)) {
                let brackets =
                    tail.iter().skip(inner.unwrap_or(tail.len())).take_while(|&&c| is_close(c)).count();
                return Some(at..at + 1 + inner.unwrap_or(tail.len()) + brackets);
            }
            if let Some(word) = word_then(tail, |next| !next.is_some_and(char::is_alphanumeric)) {
                return Some(at..inner.map_or_else(|| closed(folded, at + 1 + word), |close| at + close + 2));
            }
            at += inner.map_or(1, |close| close + 2);
        } else if let Some(word) = word_then(rest, |next| next.is_some_and(closes_bare_mark)) {
            return Some(at..closed(folded, at + word));
        } else if let Some(prefix) = reply_prefix(rest) {
            at += prefix;
        } else if first.is_alphanumeric() {
            return None;
        } else {
            at += 1;
        }
    }
}

/// The end of what closes a mark whose word ends here: `:` in `광고: `.
fn closed(folded: &[char], word: usize) -> usize {
    let rest = folded.get(word..).unwrap_or_default();
    let spaces = rest.iter().take_while(|c| c.is_whitespace()).count();
    let signs = rest.iter().skip(spaces).take_while(|&&c| closes_bare_mark(c)).count();
    if signs == 0 { word } else { word + spaces + signs }
}

/// Compatibility forms unified, case folded, what is invisible taken out.
fn fold(text: &str) -> Vec<char> {
    text.nfkc().flat_map(char::to_lowercase).filter(|&c| !is_invisible(c)).collect()
}

/// The length of a mark word that `text` opens with, its letters perhaps parted by signs or spaces, where `fits` holds
/// for the next character that is not a space.
fn word_then(text: &[char], fits: impl Fn(Option<char>) -> bool) -> Option<usize> {
    MARK_WORDS.iter().find_map(|word| {
        let mut letters = word.chars();
        let mut wanted = letters.next();
        let mut at = 0;
        while let Some(letter) = wanted {
            match text.get(at) {
                Some(&c) if c == letter => wanted = letters.next(),
                Some(&c) if !c.is_alphanumeric() && !is_close(c) && !is_open(c) => {}
                _ => return None,
            }
            at += 1;
        }
        let next = text.get(at..).and_then(|rest| rest.iter().find(|c| !c.is_whitespace())).copied();
        // A Latin or Hangul word goes on where a letter follows directly: `(adobe)`, `(광고주)`.
        let joined = text.get(at).is_some_and(|c| c.is_alphanumeric());
        let fits = fits(next) || text.get(at).is_none_or(|c| c.is_whitespace()) && fits(None);
        (fits && !joined).then_some(at)
    })
}

/// Are the letters of `inner`, signs and spaces aside, a mark word?
fn is_mark_word(inner: &[char]) -> bool {
    let letters: String = inner.iter().filter(|c| c.is_alphanumeric()).collect();
    MARK_WORDS.contains(&letters.as_str())
}

/// The length of `Re:` and its like.
fn reply_prefix(text: &[char]) -> Option<usize> {
    let colon = text.iter().take(8).position(|&c| c == ':')?;
    let word: String = text.get(..colon)?.iter().filter(|c| c.is_alphabetic()).collect();
    REPLY_WORDS.contains(&word.as_str()).then_some(colon + 1)
}

fn is_open(c: char) -> bool {
    matches!(
        c,
        '(' | '['
            | '{'
            | '<'
            | '〈'
            | '《'
            | '「'
            | '『'
            | '【'
            | '〔'
            | '〖'
            | '〘'
            | '«'
            | '‹'
            | '≪'
            | '❨'
            | '❪'
            | '⟨'
    )
}

fn is_close(c: char) -> bool {
    matches!(
        c,
        ')' | ']'
            | '}'
            | '>'
            | '〉'
            | '》'
            | '」'
            | '』'
            | '】'
            | '〕'
            | '〗'
            | '〙'
            | '»'
            | '›'
            | '≫'
            | '❩'
            | '❫'
            | '⟩'
    )
}

fn closes_bare_mark(c: char) -> bool {
    is_close(c) || matches!(c, ':' | '*' | '_' | '~' | '|' | '=')
}

/// Characters that take no room: zero width, joiners, direction marks, variation selectors, Hangul fillers.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}')
        || (c.is_control() && !c.is_whitespace())
}

#[cfg(test)]
mod tests;
