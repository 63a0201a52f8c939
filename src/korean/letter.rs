//! Pure: text as composed letters with their places, so that NFD input follows the same rules as NFC.

const L_FIRST: u32 = 0x1100;
const V_FIRST: u32 = 0x1161;
const T_BEFORE: u32 = 0x11A7;
const SYLLABLE_FIRST: u32 = 0xAC00;
const SYLLABLE_COUNT: u32 = 11_172;

/// One letter: a character, or a Hangul syllable that the text spells with conjoining jamo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    /// Byte offset of its first character in the text.
    pub at: usize,
    /// The letter, composed.
    pub ch: char,
}

/// The letters of a text, in order.
pub(super) fn letters(text: &str) -> Vec<Letter> {
    let mut out: Vec<Letter> = Vec::with_capacity(text.len() / 2);
    for (at, ch) in text.char_indices() {
        match out.last_mut() {
            Some(last) => match join(last.ch, ch) {
                Some(joined) => last.ch = joined,
                None => out.push(Letter { at, ch }),
            },
            None => out.push(Letter { at, ch }),
        }
    }
    out
}

fn join(before: char, ch: char) -> Option<char> {
    let (b, c) = (u32::from(before), u32::from(ch));
    if (L_FIRST..L_FIRST + 19).contains(&b) && (V_FIRST..V_FIRST + 21).contains(&c) {
        return char::from_u32(SYLLABLE_FIRST + ((b - L_FIRST) * 21 + (c - V_FIRST)) * 28);
    }
    if final_of(before) == Some(0) && (T_BEFORE + 1..T_BEFORE + 28).contains(&c) {
        return char::from_u32(b + (c - T_BEFORE));
    }
    None
}

/// The index of a Hangul syllable's final consonant (0 none, 8 ㄹ); `None` for anything else.
pub(super) fn final_of(ch: char) -> Option<u32> {
    let offset = u32::from(ch).checked_sub(SYLLABLE_FIRST)?;
    (offset < SYLLABLE_COUNT).then_some(offset % 28)
}

/// A Hangul syllable.
pub(super) fn is_syllable(ch: char) -> bool {
    final_of(ch).is_some()
}

/// A Hangul syllable or a letter standing alone (`ㅋ`, `ㅏ`).
pub(super) fn is_hangul(ch: char) -> bool {
    is_syllable(ch) || matches!(ch, '\u{1100}'..='\u{11FF}' | '\u{3131}'..='\u{318E}')
}

/// A letter of the Latin script, accented or not.
pub(super) fn is_latin(ch: char) -> bool {
    ch.is_ascii_alphabetic()
        || (ch.is_alphabetic() && matches!(ch, '\u{AA}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}'))
}

/// A letter that stands for laughter or tears at a sentence's end.
pub(super) fn is_laughter(ch: char) -> bool {
    matches!(ch, 'ㅋ' | 'ㅎ' | 'ㅠ' | 'ㅜ' | 'ㅡ' | 'ㄷ')
}

/// A character that is an emoji, or a piece that only occurs with one (selectors, joiner, skin tones).
pub(super) fn is_emoji(ch: char) -> bool {
    matches!(ch,
        '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{2B05}'..='\u{2B07}' | '\u{2B1B}'..='\u{2B1C}'
        | '\u{2B50}' | '\u{2B55}' | '\u{231A}'..='\u{231B}' | '\u{23E9}'..='\u{23FA}' | '\u{FE0E}'..='\u{FE0F}'
        | '\u{200D}' | '\u{20E3}' | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}' | '\u{203C}' | '\u{2049}'
        | '\u{2122}' | '\u{A9}' | '\u{AE}' | '\u{E0020}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jamo_join_to_the_syllable_they_spell() {
        let spelled: Vec<char> =
            letters("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF} a").iter().map(|l| l.ch).collect();
        assert_eq!(spelled, ['한', '글', ' ', 'a']);
        assert_eq!(letters("가\u{11A8}").first().map(|l| l.ch), Some('각'));
    }

    #[test]
    fn a_final_is_zero_without_and_eight_for_rieul() {
        assert_eq!(final_of('가'), Some(0));
        assert_eq!(final_of('물'), Some(8));
        assert_eq!(final_of('a'), None);
    }
}
