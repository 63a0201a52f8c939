//! Pure: a title as it is shown, and as it is compared.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::letter::is_emoji;

/// The title as shown: NFC, white space folded to single spaces, control and invisible characters removed (but for
/// what holds an emoji together), direction marks too, so that a title cannot turn the line around it.
pub fn normalise(title: &str) -> String {
    let mut kept = String::with_capacity(title.len());
    let mut chars = title.chars().peekable();
    let mut before = ' ';
    while let Some(ch) = chars.next() {
        let stays = match ch {
            '\u{200D}' => {
                let piece = |c: char| matches!(c, '\u{200D}' | '\u{20E3}' | '\u{E0020}'..='\u{E007F}');
                let next = chars.peek().copied();
                is_pictograph(before)
                    && !piece(before)
                    && next.is_some_and(|c| {
                        is_pictograph(c) && !piece(c) && !matches!(c, '\u{FE0E}' | '\u{FE0F}')
                    })
            }
            '\u{FE0E}' | '\u{FE0F}' => {
                (is_pictograph(before)
                    && !matches!(before, '\u{200D}' | '\u{20E3}' | '\u{FE0E}' | '\u{FE0F}'))
                    || before.is_ascii_digit()
                    || matches!(before, '#' | '*')
            }
            '\u{E0020}'..='\u{E007F}' => before == '🏴' || matches!(before, '\u{E0020}'..='\u{E007E}'),
            '\u{2800}' => true,
            _ => ch.is_whitespace() || !(ch.is_control() || is_invisible(ch)),
        };
        if stays {
            let shown = if ch.is_whitespace() || ch == '\u{2800}' { ' ' } else { ch };
            kept.push(shown);
            before = shown;
        }
    }
    kept.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect()
}

fn is_pictograph(ch: char) -> bool {
    is_emoji(ch) || matches!(ch, '\u{2190}'..='\u{21FF}' | '\u{25AA}'..='\u{25FE}')
}

fn is_invisible(ch: char) -> bool {
    matches!(ch,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0D}'
        | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// What a title is known by: [`normalise`]d, compatibility forms unified (NFKC), case folded, punctuation and emoji at
/// the ends ignored. Marks that carry meaning (`C++`, `C#`, `50%`) stay. Never empty for a title that shows something.
pub fn key(title: &str) -> String {
    let shown = normalise(title);
    // a title of marks and emoji alone is known by them, and by the letters they unfold to (🄀 is `0.`)
    let (marked, whole) = (fold(bare(&shown)), fold(&shown));
    let inner = [&marked, &whole].map(|text| bare(text)).into_iter().find(|inner| !inner.is_empty());
    inner.unwrap_or(&whole).to_owned()
}

fn fold(text: &str) -> String {
    let lower: String =
        text.nfkc().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect();
    normalise(&lower.replace('ß', "ss")).nfkc().collect()
}

fn bare(text: &str) -> &str {
    let mut bounds = None;
    for (at, grapheme) in text.grapheme_indices(true) {
        if grapheme.chars().next().is_some_and(carries) {
            let from = bounds.map_or(at, |(from, _)| from);
            bounds = Some((from, at + grapheme.len()));
        }
    }
    bounds.and_then(|(from, to)| text.get(from..to)).unwrap_or_default()
}

fn carries(ch: char) -> bool {
    !is_emoji(ch)
        && (ch.is_alphanumeric() || matches!(ch, '+' | '#' | '%' | '°' | '℃' | '$' | '€' | '£' | '¥' | '₩'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_title_is_composed_and_free_of_invisible_characters() {
        assert_eq!(
            normalise(" \u{1112}\u{1161}\u{11AB}글\u{3000}\t제\u{200B}목\u{202E} \u{FEFF}"),
            "한글 제목"
        );
        assert_eq!(normalise("가족 👨‍👩‍👧‍👦 ❤️ 1️⃣ 🇰🇷"), "가족 👨‍👩‍👧‍👦 ❤️ 1️⃣ 🇰🇷");
        assert_eq!(normalise("가\u{200D}나\u{0}\u{7}다\r\n라"), "가나다 라");
        assert_eq!(normalise("\u{3164}"), "");
    }

    #[test]
    fn a_key_looks_past_case_width_and_marks_at_the_ends() {
        assert_eq!(key("🎉 “Ｒｕｓｔ 시작하기!” 🎉"), "rust 시작하기");
        assert_eq!(key("RUST 시작하기"), key("rust  시작하기…"));
        assert_ne!(key("C++"), key("C"));
        assert_ne!(key("2024"), key("2023"));
        assert_eq!(key("???"), "???");
        assert_eq!(key("🎉"), "🎉");
        assert_eq!(key("🄀"), "0");
        assert_eq!(key(""), "");
        assert_eq!(key("Straße"), key("STRASSE"));
    }
}
