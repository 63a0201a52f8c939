//! Pure: a reader's name as it may stand in a letter and in a header: one line, nothing invisible.

use unicode_normalization::UnicodeNormalization;

use super::address::is_invisible;

/// Longest name kept, in characters.
const LONGEST: usize = 100;

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Over a hundred characters.
    #[error("이름이 너무 길어요 (100자까지)")]
    TooLong,
    /// A control character other than a line break or tab.
    #[error("이름에 제어 문자가 들어 있어요")]
    Control,
}

/// The name in `text`: composed (NFC), line breaks and runs of white space as one space, invisible characters dropped
/// (joiners within emoji stay). None if nothing is left.
pub fn clean(text: &str) -> Result<Option<String>, NameError> {
    let mut name = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let word: String =
            word.nfc().filter(|&c| matches!(c, '\u{200d}' | '\u{fe0f}') || !is_invisible(c)).collect();
        if word.chars().all(is_invisible) {
            continue;
        }
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(&word);
    }
    if name.chars().any(char::is_control) {
        return Err(NameError::Control);
    }
    if name.chars().nth(LONGEST).is_some() {
        return Err(NameError::TooLong);
    }
    Ok((!name.is_empty()).then_some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_clean_line() {
        assert_eq!(clean("  김\r\n 해봄\t님 "), Ok(Some("김 해봄 님".into())));
        assert_eq!(clean("\u{200b} \u{200d}"), Ok(None));
        assert_eq!(clean("\u{202e}해봄"), Ok(Some("해봄".into())));
        assert_eq!(clean("\u{1112}\u{1162}봄"), Ok(Some("해봄".into())));
        assert_eq!(clean("a\0b"), Err(NameError::Control));
        assert_eq!(clean(&"가".repeat(101)), Err(NameError::TooLong));
        let once = clean("x \u{200b} y").expect("a name").expect("some");
        assert_eq!(clean(&once), Ok(Some(once.clone())), "cleaning again changes nothing");
    }
}
