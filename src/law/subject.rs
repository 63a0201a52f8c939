//! Pure: the `(광고)` mark of a subject (정보통신망법 50조 4항, 시행령 별표 6).
//!
//! The decree wants exactly `(광고)` at the very start and forbids whatever would slip past a reader's filter:
//! spaces, dots or signs inside, other brackets, other letters, something before it. A look-alike is refused rather
//! than mended, since it shows that the writer meant something the law does not know.

use unicode_normalization::UnicodeNormalization;

/// The mark, with the space that parts it from the subject.
pub const MARK: &str = "(광고) ";

/// Words of the mark as letters alone; in brackets at the start of a subject each claims to be the mark.
const MARK_WORDS: [&str; 7] = ["광고", "광고성정보", "유료광고", "廣告", "广告", "ad", "ads"];

/// Reply and forward prefixes that may hide a mark behind them.
const REPLY_WORDS: [&str; 8] = ["re", "fw", "fwd", "aw", "답장", "회신", "전달", "답변"];

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
         표시는 moabom이 맨 앞에 한 번 붙이니, 제목 틀에서 그 부분을 지워 주세요"
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

/// A post's title made harmless for the start of an advertising subject: a leading mark or look-alike is taken off.
/// Titles come from outside and must not be able to stop an edition.
pub fn neutral_title(title: &str) -> String {
    let mut title = title.trim();
    while looks_marked(title) {
        title = match after_bracket_group(title) {
            Some(rest) if !rest.trim().is_empty() => rest.trim_start(),
            _ => drop_first(title).trim_start(),
        };
    }
    title.to_owned()
}

/// The words of `text` that usually stand in advertising, for a warning where the letter is not declared as such.
pub fn advertising_hints(text: &str) -> Vec<&'static str> {
    let folded: String = fold(text).into_iter().collect();
    HINTS.into_iter().filter(|hint| folded.contains(hint)).collect()
}

/// Whether `subject` opens with something a reader would take for the mark.
fn looks_marked(subject: &str) -> bool {
    let folded = fold(subject);
    let mut rest = folded.as_slice();
    loop {
        let Some((&first, tail)) = rest.split_first() else { return false };
        if is_open(first) {
            let inner = tail.iter().position(|&c| is_close(c));
            if is_mark_word(tail.get(..inner.unwrap_or(tail.len())).unwrap_or(tail))
                || word_then(tail, |next| !next.is_some_and(char::is_alphanumeric))
            {
                return true;
            }
            rest = inner.and_then(|at| tail.get(at + 1..)).unwrap_or(tail);
        } else if word_then(rest, |next| next.is_some_and(closes_bare_mark)) {
            return true;
        } else if let Some(after) = after_reply_prefix(rest) {
            rest = after;
        } else if first.is_alphanumeric() {
            return false;
        } else {
            rest = tail;
        }
    }
}

/// Compatibility forms unified, case folded, what is invisible taken out.
fn fold(text: &str) -> Vec<char> {
    text.nfkc().flat_map(char::to_lowercase).filter(|&c| !is_invisible(c)).collect()
}

/// Does `text` open with a mark word, its letters perhaps parted by signs or spaces, such that `fits` holds for the
/// next character that is not a space?
fn word_then(text: &[char], fits: impl Fn(Option<char>) -> bool) -> bool {
    MARK_WORDS.iter().any(|word| {
        let mut letters = word.chars();
        let mut wanted = letters.next();
        let mut at = 0;
        while let Some(letter) = wanted {
            match text.get(at) {
                Some(&c) if c == letter => wanted = letters.next(),
                Some(&c) if !c.is_alphanumeric() && !is_close(c) && !is_open(c) => {}
                _ => return false,
            }
            at += 1;
        }
        let next = text.get(at..).and_then(|rest| rest.iter().find(|c| !c.is_whitespace())).copied();
        // A Latin or Hangul word goes on where a letter follows directly: `(adobe)`, `(광고주)`.
        let joined = text.get(at).is_some_and(|c| c.is_alphanumeric());
        !joined && (fits(next) || text.get(at).is_none_or(|c| c.is_whitespace()) && fits(None))
    })
}

/// Are the letters of `inner`, signs and spaces aside, a mark word?
fn is_mark_word(inner: &[char]) -> bool {
    let letters: String = inner.iter().filter(|c| c.is_alphanumeric()).collect();
    MARK_WORDS.contains(&letters.as_str())
}

/// What follows `Re:` and its like.
fn after_reply_prefix(text: &[char]) -> Option<&[char]> {
    let colon = text.iter().take(8).position(|&c| c == ':')?;
    let word: String = text.get(..colon)?.iter().filter(|c| c.is_alphabetic()).collect();
    if REPLY_WORDS.contains(&word.as_str()) { text.get(colon + 1..) } else { None }
}

fn after_bracket_group(title: &str) -> Option<&str> {
    let mut chars = title.char_indices();
    let (_, first) = chars.next()?;
    if !is_open(first) && !is_open(fold(title).first().copied()?) {
        return None;
    }
    let (at, close) = chars.find(|(_, c)| is_close(c.nfkc_first()))?;
    title.get(at + close.len_utf8()..)
}

fn drop_first(title: &str) -> &str {
    let mut chars = title.chars();
    chars.next();
    chars.as_str()
}

/// The first character of a compatibility decomposition, so that `）` closes as `)` does.
trait NfkcFirst {
    fn nfkc_first(self) -> char;
}

impl NfkcFirst for char {
    fn nfkc_first(self) -> char {
        std::iter::once(self).nfkc().next().unwrap_or(self)
    }
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
mod tests {
    use super::*;

    /// One a line; each stood in a real attempt to slip past the rule.
    const LOOK_ALIKES: &str = include_str!("../../tests/fixtures/vectors/ad-lookalikes.txt");

    #[test]
    fn every_look_alike_is_refused() {
        for subject in LOOK_ALIKES.lines().filter(|line| !line.trim().is_empty()) {
            assert!(matches!(subject_mark(subject, true), Err(LawError::LookAlike { .. })), "{subject}");
        }
    }

    #[test]
    fn what_is_not_listed_but_alike_is_refused_as_well() {
        for subject in [
            " (광고) 새 소식",
            "(광고)새 소식",
            "(광고)  새 소식",
            "(광고) (광고) 새 소식",
            "(광고) [광고] 새 소식",
            "【광고】 새 소식",
            "<광고> 새 소식",
            "《광고》 새 소식",
            "(광-고) 새 소식",
            "(광\u{2060}고) 새 소식",
            "(ＡＤ) 새 소식",
            "[Ad] 새 소식",
            "(A.D.) 새 소식",
            "(廣告) 새 소식",
            "★(광고) 새 소식",
            "📢 [광고] 새 소식",
            "FW: Re: (광고) 새 소식",
            "답장: (광고) 새 소식",
            "[제12호] [광고] 새 소식",
            "광고] 새 소식",
            "광고: 새 소식",
            "*광고* 새 소식",
            "(\u{1100}\u{116A}\u{11BC}\u{1100}\u{1169}) 새 소식",
            "\u{202E}(광고) 새 소식",
            "(광고: 새 소식",
            "(유료광고) 새 소식",
        ] {
            assert!(matches!(subject_mark(subject, true), Err(LawError::LookAlike { .. })), "{subject}");
        }
    }

    #[test]
    fn the_mark_stands_once_and_first() {
        assert_eq!(subject_mark("새 소식", true).as_deref(), Ok("(광고) 새 소식"));
        assert_eq!(subject_mark("(광고) 새 소식", true).as_deref(), Ok("(광고) 새 소식"));
        assert_eq!(subject_mark("(광고) ", true), Err(LawError::Empty));
        assert_eq!(subject_mark(" ", false), Err(LawError::Empty));
    }

    #[test]
    fn honest_subjects_about_advertising_pass() {
        for subject in [
            "광고 시장은 어디로 가나",
            "광고의 역사",
            "(광고주 인터뷰) 열 해의 기록",
            "[제12호] 새 소식",
            "Adobe가 바꾼 것",
            "(Adobe) 이야기",
            "배너(광고) 만들기",
            "\"광고\"라는 말",
            "Re: 편지에 답하며",
            "ad hoc이라는 말",
        ] {
            assert_eq!(subject_mark(subject, true), Ok(format!("(광고) {subject}")), "{subject}");
        }
    }

    #[test]
    fn a_letter_that_does_not_advertise_keeps_its_subject() {
        assert_eq!(subject_mark("[광고] 새 소식", false).as_deref(), Ok("[광고] 새 소식"));
    }

    #[test]
    fn a_foreign_title_loses_its_mark_and_nothing_more() {
        assert_eq!(neutral_title("[광고] 봄 나들이"), "봄 나들이");
        assert_eq!(neutral_title("（광고） (AD) 봄 나들이"), "봄 나들이");
        assert_eq!(neutral_title("봄 (광고) 나들이"), "봄 (광고) 나들이");
        for title in LOOK_ALIKES.lines() {
            assert!(subject_mark(&format!("{} 외 3편", neutral_title(title)), true).is_ok(), "{title}");
        }
    }

    #[test]
    fn hints_name_what_sells() {
        assert_eq!(advertising_hints("이번 주만 할인 쿠폰을 드려요"), ["할인", "쿠폰"]);
        assert!(advertising_hints("봄 산책").is_empty());
    }
}
