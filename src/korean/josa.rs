//! Pure: which form of a particle follows a noun. Where the reading cannot be known, both forms are written: `을(를)`.
//!
//! The rule walks back from the noun's end to the letter that is spoken last: past marks, closing quotes, emoji and
//! tags; past a trailing `(…)` unless it is the reading of a foreign head, as in `LLM(대규모 언어 모델)`.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::latin;
use super::letter::{final_of, is_emoji, is_hangul, is_latin, is_laughter, is_syllable};
use super::sound::Sound;
use super::units;

/// A pair of particle forms: after a final consonant, and after a vowel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pair {
    /// 은/는
    EunNeun,
    /// 이/가
    IGa,
    /// 을/를
    EulReul,
    /// 과/와
    GwaWa,
    /// 으로/로; after a final ㄹ it is 로
    EuroRo,
    /// 이나/나
    INa,
    /// 이랑/랑
    IrangRang,
    /// 이라/라
    IraRa,
    /// 아/야
    AYa,
}

impl Pair {
    /// Every pair.
    pub const ALL: [Pair; 9] = [
        Pair::EunNeun,
        Pair::IGa,
        Pair::EulReul,
        Pair::GwaWa,
        Pair::EuroRo,
        Pair::INa,
        Pair::IrangRang,
        Pair::IraRa,
        Pair::AYa,
    ];

    /// The pair a text names: both forms in either order (`을/를`, `를/을`), with brackets (`을(를)`, `(으)로`), or
    /// one form alone (`를`). `None` for anything else.
    pub fn parse(text: &str) -> Option<Pair> {
        let text: String = text.nfc().filter(|c| !c.is_whitespace()).collect();
        Pair::ALL.into_iter().find(|pair| {
            let (closed, open, both) = pair.forms();
            let named = |left: &str, right: &str| {
                text == format!("{left}/{right}")
                    || text == format!("{left}({right})")
                    || text == format!("({left}){right}")
            };
            text == closed || text == open || text == both || named(closed, open) || named(open, closed)
        })
    }

    /// After a consonant, after a vowel, and where it cannot be known.
    fn forms(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Pair::EunNeun => ("은", "는", "은(는)"),
            Pair::IGa => ("이", "가", "이(가)"),
            Pair::EulReul => ("을", "를", "을(를)"),
            Pair::GwaWa => ("과", "와", "과(와)"),
            Pair::EuroRo => ("으로", "로", "(으)로"),
            Pair::INa => ("이나", "나", "(이)나"),
            Pair::IrangRang => ("이랑", "랑", "(이)랑"),
            Pair::IraRa => ("이라", "라", "(이)라"),
            Pair::AYa => ("아", "야", "아(야)"),
        }
    }
}

/// `을/를`: after a consonant, after a vowel.
impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (closed, open, _) = self.forms();
        write!(f, "{closed}/{open}")
    }
}

/// The form of `pair` that follows `noun`; both forms (`을(를)`, `(으)로`) where the reading is unknown.
pub fn particle(noun: &str, pair: Pair) -> &'static str {
    let (closed, open, both) = pair.forms();
    match sound(noun) {
        None => both,
        Some(Sound::Vowel) => open,
        Some(Sound::Rieul) if pair == Pair::EuroRo => open,
        Some(_) => closed,
    }
}

/// The noun with its particle: `서울을`, `‘벽돌’로`.
pub fn with(noun: &str, pair: Pair) -> String {
    format!("{noun}{}", particle(noun, pair))
}

/// Only the end of a noun decides; a whole article given as a noun costs no more than this many characters.
const TAIL: usize = 240;

fn sound(noun: &str) -> Option<Sound> {
    let from = noun.char_indices().rev().nth(TAIL - 1).map_or(0, |(at, _)| at);
    let tail: String = noun.get(from..).unwrap_or(noun).nfc().collect();
    let fillers = ['\u{115F}', '\u{1160}', '\u{3164}', '\u{FFA0}'];
    let letters: Vec<char> = tail.chars().filter(|c| !fillers.contains(c)).flat_map(fold).collect();
    spoken_end(&letters)
}

/// Full-width and enclosed characters become plain ones; what has a sound of its own (`㎏`, `Ⅳ`, `²`) stays readable.
fn fold(ch: char) -> Vec<char> {
    match latin::roman_numeral(ch) {
        Some(number) => number.to_string().chars().collect(),
        None if matches!(ch, '™' | '¹') || units::sign(ch).is_some() || is_hangul(ch) => vec![ch],
        None => std::iter::once(ch).nfkc().collect(),
    }
}

fn spoken_end(letters: &[char]) -> Option<Sound> {
    let mut rest = letters;
    while let Some(&last) = rest.last() {
        if let Some(head) = strip_tag(rest).or_else(|| strip_entity(rest)) {
            rest = head;
        } else if let Some((head, group)) = split_group(rest) {
            // a head with nothing to speak leaves the group to decide
            if !has_speech(head) {
                return spoken_end(group);
            }
            if is_reading(head, group) {
                return spoken_end(group);
            }
            rest = head;
        } else if let Some(head) = strip_footnote(rest) {
            rest = head;
        } else if is_laughter(last) && ends_in_laughter_after_word(rest) {
            rest = rest.split_last().map_or(&[][..], |(_, head)| head);
        } else if !is_emoji(last)
            && (is_hangul(last) || last.is_alphanumeric() || units::sign(last).is_some())
        {
            break;
        } else {
            rest = rest.split_last().map_or(&[][..], |(_, head)| head);
        }
    }
    let &last = rest.last()?;
    match final_of(last) {
        Some(index) => Some(Sound::of_final(index)),
        None if rest.ends_with(&[last, last]) && is_laughter(last) => None,
        None => latin::jamo(last).or_else(|| latin::sound(rest)),
    }
}

fn has_speech(letters: &[char]) -> bool {
    letters.iter().any(|&c| !is_emoji(c) && (c.is_alphanumeric() || units::sign(c).is_some()))
}

fn ends_in_laughter_after_word(letters: &[char]) -> bool {
    let run = letters.iter().rev().take_while(|&&c| is_laughter(c)).count();
    run >= 2 && letters.len() > run || letters.iter().rev().nth(1).is_some_and(|&c| is_syllable(c))
}

/// `<b>`, `</b>`, `<br/>`: the letters before a tag at the end. A title in such brackets (`<Inception>`) is no tag.
fn strip_tag(letters: &[char]) -> Option<&[char]> {
    const TAGS: &str = "a abbr b big blockquote br center code del div em figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li \
                        mark ol p pre q s small span strike strong sub sup table td th tr tt u ul var wbr";
    if letters.last() != Some(&'>') {
        return None;
    }
    let open = letters.iter().rposition(|&c| c == '<')?;
    let inner = letters.get(open + 1..)?;
    let closes = usize::from(inner.first() == Some(&'/'));
    let name: String = inner.iter().skip(closes).take_while(|c| c.is_ascii_alphanumeric()).collect();
    let known = TAGS.split_ascii_whitespace().any(|tag| name.eq_ignore_ascii_case(tag));
    known.then(|| letters.get(..open)).flatten()
}

/// `&quot;`, `&#39;`: the letters before a character reference at the end.
fn strip_entity(letters: &[char]) -> Option<&[char]> {
    if letters.last() != Some(&';') {
        return None;
    }
    let open = letters.iter().rposition(|&c| c == '&')?;
    let name = letters.get(open + 1..letters.len() - 1)?;
    let plain =
        !name.is_empty() && name.len() <= 8 && name.iter().all(|c| c.is_ascii_alphanumeric() || *c == '#');
    plain.then(|| letters.get(..open)).flatten()
}

/// `책²`: a small number after Hangul points at a note.
fn strip_footnote(letters: &[char]) -> Option<&[char]> {
    let (last, head) = letters.split_last()?;
    (matches!(last, '¹' | '²' | '³') && head.last().copied().is_some_and(is_syllable)).then_some(head)
}

/// Splits a trailing `(…)` or `[…]` off; nested pairs belong to it. `None` where there is none or it is empty of letters.
fn split_group(letters: &[char]) -> Option<(&[char], &[char])> {
    let open = match letters.last()? {
        ')' => '(',
        ']' => '[',
        _ => return None,
    };
    let close = *letters.last()?;
    let mut depth = 0usize;
    for (i, &c) in letters.iter().enumerate().rev() {
        if c == close {
            depth += 1;
        } else if c == open {
            depth -= 1;
            if depth == 0 {
                return Some((letters.get(..i)?, letters.get(i + 1..letters.len() - 1)?));
            }
        }
    }
    None
}

/// A group of Hangul after a head that is not Hangul says how the head is read.
fn is_reading(head: &[char], group: &[char]) -> bool {
    let hangul = group.iter().any(|&c| is_syllable(c))
        && group.iter().all(|&c| is_syllable(c) || c.is_whitespace() || matches!(c, '·' | '-' | ','));
    let word: Vec<char> = head.iter().rev().skip_while(|c| !c.is_alphanumeric()).copied().collect();
    let word: Vec<char> = word.into_iter().take_while(|c| !c.is_whitespace()).collect();
    let foreign = word.iter().any(|&c| is_latin(c) || (c.is_alphabetic() && !is_hangul(c)));
    let measured = word.last().is_some_and(char::is_ascii_digit);
    hangul && foreign && !measured && !word.first().copied().is_some_and(is_hangul)
}

#[cfg(test)]
mod tests;
