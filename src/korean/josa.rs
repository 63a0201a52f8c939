//! Pure: which form of a particle follows a noun. Where the reading cannot be known, both forms are written: `을(를)`.
//!
//! The rule walks back from the noun's end to the letter that is spoken last: past marks, closing quotes, emoji and
//! tags; past a trailing `(…)` unless it is the reading of a foreign head, as in `LLM(대규모 언어 모델)`.

use unicode_normalization::UnicodeNormalization;

use super::latin;
use super::letter::{final_of, is_emoji, is_hangul, is_latin, is_laughter, is_syllable};
use super::sound::Sound;

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
        None if matches!(ch, '²' | '³' | '°' | '℃' | '℉' | '™' | '½' | '¼' | '¾') || is_hangul(ch) =>
        {
            vec![ch]
        }
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
        } else if is_laughter(last) && ends_in_laughter_after_word(rest) {
            rest = rest.split_last().map_or(&[][..], |(_, head)| head);
        } else if !is_emoji(last)
            && (is_hangul(last) || last.is_alphanumeric() || latin::symbol(last).is_some())
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
    letters.iter().any(|&c| !is_emoji(c) && (c.is_alphanumeric() || latin::symbol(c).is_some()))
}

fn ends_in_laughter_after_word(letters: &[char]) -> bool {
    let run = letters.iter().rev().take_while(|&&c| is_laughter(c)).count();
    run >= 2 && letters.len() > run || letters.iter().rev().nth(1).is_some_and(|&c| is_syllable(c))
}

/// `<b>`, `</b>`: the letters before a tag at the end.
fn strip_tag(letters: &[char]) -> Option<&[char]> {
    if letters.last() != Some(&'>') {
        return None;
    }
    let open = letters.iter().rposition(|&c| c == '<')?;
    let first = *letters.get(open + 1)?;
    let named = if first == '/' { letters.get(open + 2).copied() } else { Some(first) };
    named.is_some_and(|c| c.is_ascii_alphabetic()).then(|| letters.get(..open)).flatten()
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
mod tests {
    use super::*;

    #[test]
    fn the_vectors_hold() {
        for line in
            include_str!("../../tests/fixtures/vectors/josa.tsv").lines().filter(|l| !l.starts_with("# "))
        {
            let cells: Vec<&str> = line.split('\t').collect();
            if let [noun, object, direction] = cells.as_slice() {
                assert_eq!(particle(noun, Pair::EulReul), *object, "{noun}");
                assert_eq!(particle(noun, Pair::EuroRo), *direction, "{noun}");
            }
        }
    }

    fn check(cases: &[(&str, &str)]) {
        for (noun, expected) in cases {
            assert_eq!(particle(noun, Pair::EuroRo), *expected, "{noun}");
        }
    }

    #[test]
    fn a_reading_in_brackets_speaks_for_a_foreign_head() {
        check(&[
            ("LLM(대규모 언어 모델)", "로"),
            ("Kubernetes(쿠버네티스)", "로"),
            ("黃金(황금)", "으로"),
            ("애플(Apple)", "로"),
            ("서울(수도)", "로"),
            ("(주)", "로"),
            ("삼성(주)", "으로"),
            ("5kg(약 11파운드)", "으로"),
            ("책(2판)[개정]", "으로"),
            ("Python (파이썬)", "으로"),
        ]);
    }

    #[test]
    fn numbers_are_read_as_they_are_spoken() {
        check(&[
            ("10", "으로"),
            ("1,000", "으로"),
            ("10,000", "으로"),
            ("100000000", "으로"),
            ("1000000000000", "로"),
            ("1만", "으로"),
            ("10억", "으로"),
            ("1.0", "으로"),
            ("3.14", "로"),
            ("v2.0", "으로"),
            ("1.2.3", "으로"),
            ("3:30", "으로"),
            ("3:00", "로"),
            ("12:30:00", "으로"),
            ("16:9", "로"),
            ("2026-11-23", "로"),
            ("2026. 11. 23.", "로"),
            ("1~3", "으로"),
            ("1/2", "로"),
            ("007", "로"),
            ("제3", "으로"),
            ("3rd", "로"),
            ("Ⅳ", "로"),
            ("Ⅲ", "으로"),
            ("VIII", "로"),
            ("①", "로"),
            ("１０", "으로"),
            ("-5", "로"),
            ("$100", "로"),
            ("₩1,000", "으로"),
            ("1️⃣", "로"),
            ("½", "로"),
        ]);
    }

    #[test]
    fn units_are_read_by_their_names() {
        check(&[
            ("50%", "로"),
            ("5kg", "으로"),
            ("5 kg", "으로"),
            ("10km", "로"),
            ("3m²", "로"),
            ("20°", "로"),
            ("20℃", "로"),
            ("20°C", "로"),
            ("16GB", "로"),
            ("300px", "로"),
            ("5g", "으로"),
            ("5G", "로"),
            ("4K", "로"),
            ("10t", "으로"),
            ("60km/h", "로"),
            ("1.5L", "로"),
            ("㎏", "으로"),
            ("100dB", "로"),
            ("C#", "으로"),
            ("A+", "로"),
        ]);
    }

    #[test]
    fn capitals_are_read_by_letter_and_words_by_dictionary() {
        check(&[
            ("HTML", "로"),
            ("LLM", "으로"),
            ("LLMs", "로"),
            ("CDN", "으로"),
            ("PR", "로"),
            ("R&D", "로"),
            ("ChatGPT", "로"),
            ("GPT-4o", "로"),
            ("OpenAI", "로"),
            ("YouTube", "로"),
            ("iPhone", "으로"),
            ("Google", "로"),
            ("Apple", "로"),
            ("Facebook", "으로"),
            ("Node.js", "로"),
            ("AirPods Max", "로"),
            ("Qwzrtblk", "(으)로"),
            ("Straße", "(으)로"),
            ("X", "로"),
            ("n", "으로"),
        ]);
    }

    #[test]
    fn marks_emoji_tags_and_laughter_at_the_end_are_passed_over() {
        check(&[
            ("집😀", "으로"),
            ("집 👨‍👩‍👧‍👦", "으로"),
            ("물!!!", "로"),
            ("『책』", "으로"),
            ("<b>집</b>", "으로"),
            ("&quot;집&quot;", "으로"),
            ("집…", "으로"),
            ("집~", "으로"),
            ("집ㅋㅋㅋ", "으로"),
            ("한글\u{3164}", "로"),
            ("Wi-Fi", "로"),
            ("ㅋㅋ", "(으)로"),
            ("ㄹ", "로"),
            ("ㄱ", "으로"),
            ("", "(으)로"),
            ("!?", "(으)로"),
            ("()", "(으)로"),
            ("[서울]", "로"),
        ]);
    }

    #[test]
    fn every_pair_has_its_forms_and_is_read_back_from_them() {
        let after = |noun: &str| Pair::ALL.map(|pair| particle(noun, pair));
        assert_eq!(after("집"), ["은", "이", "을", "과", "으로", "이나", "이랑", "이라", "아"]);
        assert_eq!(after("배"), ["는", "가", "를", "와", "로", "나", "랑", "라", "야"]);
        assert_eq!(after("물"), ["은", "이", "을", "과", "로", "이나", "이랑", "이라", "아"]);
        assert_eq!(
            after("?"),
            ["은(는)", "이(가)", "을(를)", "과(와)", "(으)로", "(이)나", "(이)랑", "(이)라", "아(야)"]
        );
        for pair in Pair::ALL {
            for noun in ["집", "배", "?"] {
                assert_eq!(Pair::parse(particle(noun, pair)), Some(pair));
            }
        }
        assert_eq!(Pair::parse("으로/로"), Some(Pair::EuroRo));
        assert_eq!(Pair::parse("를/을"), Some(Pair::EulReul));
        assert_eq!(Pair::parse("가(이)"), Some(Pair::IGa));
        assert_eq!(Pair::parse("에서"), None);
        assert_eq!(with("‘벽돌’", Pair::EuroRo), "‘벽돌’로");
    }
}
