//! Pure: how numbers, units, capitals and known Latin words end when a Korean reads them aloud.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::letter::is_latin;
use super::loanwords;
use super::sound::Sound::{self, Consonant, Rieul, Vowel};
use super::units;

/// The end of the reading of what stands last: a word of Latin letters, a number, a unit or a readable symbol.
pub(super) fn sound(letters: &[char]) -> Option<Sound> {
    let &last = letters.last()?;
    if let Some(sound) = squared(letters).or_else(|| units::sign(last)) {
        return Some(sound);
    }
    if last.is_ascii_digit() {
        return number(letters);
    }
    if is_latin(last) { word(letters) } else { greek(letters) }
}

/// The name of a Hangul letter that stands alone: 기역, 리을, 아.
pub(super) fn jamo(ch: char) -> Option<Sound> {
    match ch {
        // circled letters unfold to the initial ones
        'ㄹ' | '\u{1105}' => Some(Rieul),
        'ㄱ'..='ㅎ' | '\u{1100}'..='\u{1112}' => Some(Consonant),
        'ㅏ'..='ㅣ' => Some(Vowel),
        _ => None,
    }
}

/// The value of a Roman numeral that Unicode holds as one character.
pub(super) fn roman_numeral(ch: char) -> Option<u32> {
    let (from, ch) = match ch {
        'Ⅰ'..='Ⅻ' => ('Ⅰ', ch),
        'ⅰ'..='ⅻ' => ('ⅰ', ch),
        _ => return None,
    };
    Some(u32::from(ch) - u32::from(from) + 1)
}

/// `m²` is a square metre however its 2 is typed, `x²` a square.
fn squared(letters: &[char]) -> Option<Sound> {
    let (last, head) = letters.split_last()?;
    if !matches!(last, '²' | '³' | '2' | '3') || head.last() != Some(&'m') {
        return None;
    }
    let run = head.iter().rev().take_while(|c| is_latin(**c)).count();
    let before = head.iter().rev().skip(run).find(|c| !c.is_whitespace());
    let measured = before.is_some_and(char::is_ascii_digit) && run <= 2;
    (measured || matches!(last, '²' | '³')).then_some(Vowel)
}

/// A Greek letter that stands alone; `Ω` after a number is 옴.
fn greek(letters: &[char]) -> Option<Sound> {
    let (&last, head) = letters.split_last()?;
    let measured =
        head.iter().rfind(|c| !matches!(c, 'k' | 'M' | 'm' | ' ')).is_some_and(char::is_ascii_digit);
    if last == 'Ω' && measured {
        return Some(Consonant);
    }
    let alone = head.last().is_none_or(|&c| units::greek(c).is_none());
    if alone { units::greek(last) } else { None }
}

fn digit(ch: char) -> Option<Sound> {
    match ch {
        '0' | '3' | '6' => Some(Consonant),
        '1' | '7' | '8' => Some(Rieul),
        '2' | '4' | '5' | '9' => Some(Vowel),
        _ => None,
    }
}

/// The run of a number's characters at the end, split at its marks: `2026-11-23` → 2026, 11, 23 with `-`, `-`.
fn number(letters: &[char]) -> Option<Sound> {
    let from =
        letters.iter().rposition(|c| !(c.is_ascii_digit() || ".,:/-⁄ ".contains(*c))).map_or(0, |i| i + 1);
    let run: String = letters
        .get(from..)?
        .iter()
        .collect::<String>()
        .trim_start_matches([' ', ',', '.', ':', '/', '⁄'])
        .to_owned();
    let before = letters.get(..from).and_then(|head| head.iter().rev().find(|c| !c.is_whitespace()));
    let adjacent = from.checked_sub(1).and_then(|i| letters.get(i)) == before;
    if let Some(sound) = clock_or_date(&run) {
        return Some(sound);
    }
    // a currency sign before the number is spoken after it: $100 is 백 달러
    if let Some(sound) = before.filter(|&&c| adjacent && units::is_money(c)).and_then(|&c| units::sign(c)) {
        return Some(sound);
    }
    let last = run.rsplit([' ', ':', '-', '/', '⁄']).next().unwrap_or_default();
    let fraction = run.rsplit(' ').next().unwrap_or_default().replace('⁄', "/");
    if let Some((over, under)) = fraction.split_once('/') {
        return spoken_fraction(over, under, last);
    }
    spoken(last)
}

/// Up to tenths a proper fraction is read from below (`1/2` is 이분의 일); otherwise the last number ends it.
fn spoken_fraction(over: &str, under: &str, last: &str) -> Option<Sound> {
    match (over.parse::<u32>(), under.parse::<u32>()) {
        (Ok(o), Ok(u)) if o < u && u <= 10 => spoken(over),
        (Ok(o), Ok(u)) if (1..=12).contains(&o) && (11..=31).contains(&u) => Some(Rieul),
        _ => spoken(last),
    }
}

fn clock_or_date(run: &str) -> Option<Sound> {
    let run = run.rsplit_once("  ").map_or(run, |(_, tail)| tail);
    let time: Vec<&str> = run.rsplit(' ').next()?.split(':').collect();
    let two = |part: &str| part.len() == 2 && part.parse::<u32>().is_ok_and(|n| n < 60);
    match time.as_slice() {
        [hour, minute] if hour.parse::<u32>().is_ok_and(|h| h <= 24) && two(minute) => {
            return Some(if *minute == "00" { Vowel } else { Consonant });
        }
        [_, minute, second] if two(minute) && two(second) => {
            return Some(match (*minute, *second) {
                ("00", "00") => Vowel,
                (_, "00") => Consonant,
                _ => Vowel,
            });
        }
        _ => {}
    }
    let compact = run.replace(". ", ".");
    let parts: Vec<&str> = compact.rsplit(' ').next()?.split(['-', '.', '/']).collect();
    let in_range =
        |part: &str, to: u32| part.len() <= 2 && part.parse::<u32>().is_ok_and(|n| (1..=to).contains(&n));
    let year = |part: &str| part.len() == 4 && (part.starts_with("19") || part.starts_with("20"));
    match parts.as_slice() {
        // 월 and 일 both end in ㄹ
        [y, month, day] if year(y) && in_range(month, 12) && in_range(day, 31) => Some(Rieul),
        [y, month] if year(y) && in_range(month, 12) && month.len() == 2 => Some(Rieul),
        _ => None,
    }
}

/// One number: `1,000` is 천, `2.50` is 이점오영, `007` is read digit by digit.
fn spoken(number: &str) -> Option<Sound> {
    let number = number.trim_matches([',', '.']);
    let last = number.chars().next_back()?;
    if let Some((_, fraction)) = number.rsplit_once('.') {
        return fraction.chars().next_back().and_then(digit);
    }
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let zeros = digits.chars().rev().take_while(|&c| c == '0').count();
    if zeros == 0 || zeros == digits.len() || digits.starts_with('0') {
        return digit(last);
    }
    match zeros {
        1..=11 | 16..=19 => Some(Consonant),
        12..=15 | 20..=23 => Some(Vowel),
        _ => None,
    }
}

fn word(letters: &[char]) -> Option<Sound> {
    let from = letters.iter().rposition(|&c| !units::is_part(c)).map_or(0, |i| i + 1);
    let run: String = letters.get(from..)?.iter().collect();
    let head = letters.get(..from)?;
    let before = head.iter().rev().find(|c| !c.is_whitespace()).copied();
    let ratio = || run.starts_with('/') && before.is_some_and(|c| units::sign(c).is_some());
    let measured = before.is_some_and(|c| c.is_ascii_digit()) || ratio();
    if measured && let Some(sound) = units::of(&run) {
        return Some(sound);
    }
    // $100M is a hundred million dollars
    if let Some(money) = amount_of(head).filter(|_| matches!(run.as_str(), "K" | "M" | "B" | "T")) {
        return Some(money);
    }
    if before == Some('°') && (run == "C" || run == "F") {
        return Some(Vowel);
    }
    let last = run.rsplit('/').next().unwrap_or_default();
    let adjoining_digit = head.last().is_some_and(char::is_ascii_digit);
    let measure =
        || if last.len() > 1 && last.chars().all(char::is_lowercase) { units::of(last) } else { None };
    let named = head.last() == Some(&'.') && last.len() > 1;
    if let Some(sound) = pair(head, last) {
        return Some(sound);
    }
    roman_word(last, adjoining_digit)
        .or_else(|| known(last, named))
        .or_else(measure)
        .or_else(|| capitals(last))
}

/// The money that a number at the end is an amount of.
fn amount_of(letters: &[char]) -> Option<Sound> {
    let at = letters.iter().rposition(|c| !(c.is_ascii_digit() || matches!(c, ',' | '.')))?;
    let &sign = letters.get(at).filter(|_| at + 1 < letters.len())?;
    units::is_money(sign).then(|| units::sign(sign)).flatten()
}

/// Two words that are read otherwise than the second alone: `New York` 뉴욕.
fn pair(head: &[char], last: &str) -> Option<Sound> {
    let (' ', head) = head.split_last()? else { return None };
    let from = head.iter().rposition(|&c| !is_latin(c)).map_or(0, |i| i + 1);
    let first: String = head.get(from..)?.iter().collect();
    loanwords::sound(&format!("{} {}", fold(&first), fold(last)))
}

/// `II`, `VIII`, `XIV` as numbers; one letter alone stays a letter.
fn roman_word(word: &str, adjoining_digit: bool) -> Option<Sound> {
    if adjoining_digit
        || word.len() < 2
        || word.len() > 8
        || !word.bytes().all(|b| matches!(b, b'I' | b'V' | b'X'))
    {
        return None;
    }
    const ONES: [&str; 10] = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"];
    let tens = word.bytes().take_while(|&b| b == b'X').count().min(3);
    (0..=tens).find_map(|tens| {
        let ones = word.get(tens..)?;
        let value = ONES.iter().position(|one| *one == ones)?;
        spoken(&(tens * 10 + value).to_string())
    })
}

/// A word by its Korean reading; `named` where a period before it says that it is a name (`.NET`).
fn known(word: &str, named: bool) -> Option<Sound> {
    if let Some(sound) = loanwords::sound(word) {
        return Some(sound);
    }
    // up to three capitals are spelled out, but for those that the table holds in capitals
    if !named && word.len() <= 3 && word.chars().all(char::is_uppercase) {
        return None;
    }
    let lower = fold(word);
    listed(&lower).or_else(|| {
        // the last part of a name in camel case: GitHub, YouTube, PowerPoint
        let part = word.char_indices().skip(1).filter(|(_, c)| c.is_uppercase()).map(|(at, _)| at).last()?;
        let tail = word.get(part..)?;
        let speaks = tail.chars().count() > 1 && tail.chars().any(char::is_lowercase);
        speaks.then(|| listed(&fold(tail))).flatten()
    })
}

/// In small letters and without accents: `Pokémon` is found as `pokemon`.
fn fold(word: &str) -> String {
    word.nfd().filter(|&c| !is_combining_mark(c)).flat_map(char::to_lowercase).collect()
}

/// A word of the table or made of such: inflected, or a compound, which is read as its second part is.
fn listed(word: &str) -> Option<Sound> {
    loanwords::sound(word).or_else(|| inflected(word)).or_else(|| compound(word))
}

/// `Tools` 툴스, `Explained` 익스플레인드, `Averaging` 애버리징: the end is heard, whatever the stem.
fn inflected(word: &str) -> Option<Sound> {
    const ENDINGS: [(&str, Sound); 8] = [
        ("ing", Consonant),
        ("s", Vowel),
        ("es", Vowel),
        ("ed", Vowel),
        ("er", Vowel),
        ("ly", Vowel),
        ("ness", Vowel),
        ("ment", Vowel),
    ];
    let is_stem = |stem: &str| {
        // Averag(e)ing, Compan(y)ies
        let whole =
            stem.strip_suffix('i').map(|stem| format!("{stem}y")).unwrap_or_else(|| format!("{stem}e"));
        stem.len() > 1 && (loanwords::sound(stem).is_some() || loanwords::sound(&whole).is_some())
    };
    ENDINGS.into_iter().find(|(end, _)| word.strip_suffix(end).is_some_and(is_stem)).map(|(_, sound)| sound)
}

fn compound(word: &str) -> Option<Sound> {
    const PART: usize = 4;
    (PART..word.len().saturating_sub(PART - 1)).find_map(|at| {
        let (head, tail) = word.split_at_checked(at)?;
        loanwords::sound(head).and(loanwords::sound(tail))
    })
}

/// Capitals by the letter's name; `LLMs` ends in 스; a letter alone is a letter in either case.
fn capitals(word: &str) -> Option<Sound> {
    let mut back = word.chars().rev();
    let last = back.next()?;
    let before = back.next();
    if last == 's' && before.is_some_and(char::is_uppercase) {
        return Some(Vowel);
    }
    if before.is_some() && !last.is_uppercase() || is_pronounceable(word) {
        return None;
    }
    match last.to_ascii_uppercase() {
        'L' | 'R' => Some(Rieul),
        'M' | 'N' => Some(Consonant),
        'A'..='Z' => Some(Vowel),
        _ => None,
    }
}

/// A long name in capitals that could be a word; none of the initials in use is so long and so easy to speak.
fn is_pronounceable(word: &str) -> bool {
    let is_vowel = |c: char| "AEIOUY".contains(c);
    let runs = |spoken: bool| word.split(move |c| is_vowel(c) != spoken).map(str::len);
    word.len() > 5
        && word.bytes().all(|b| b.is_ascii_uppercase())
        && runs(true).sum::<usize>() > 1
        && runs(true).all(|run| run < 3)
        && runs(false).all(|run| run < 4)
}
