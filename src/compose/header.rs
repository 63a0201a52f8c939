//! Pure: header fields: text as encoded words where needed (RFC 2047), names with addresses, folding, dates.
//!
//! Text that is plain ASCII, fits its line and could not be taken for an encoded word stands as it is; all other text is
//! encoded whole. Encoding whole keeps every space and leaves no bare text a reader could misread.

use chrono::Datelike;
use chrono_tz::Tz;
use unicode_segmentation::UnicodeSegmentation;

use super::ComposeError;
use super::body::encode;
use crate::clock::Instant;

/// A line that holds an encoded word has at most 76 octets (RFC 2047 section 2); other lines are kept to 78.
const WORD_LINE: usize = 76;
const LINE: usize = 78;
const WORD_OPEN: &[u8] = b"=?utf-8?B?";
const WORD_CLOSE: &[u8] = b"?=";
/// Bytes of a piece that is never split: the longest emoji sequences in use have 35.
const LONGEST_PIECE: usize = 36;

/// Appends `name: value`, the value taken as it is: for values made of checked ASCII only.
pub(super) fn plain(out: &mut Vec<u8>, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Appends an unstructured header, like Subject.
pub(super) fn text(out: &mut Vec<u8>, name: &'static str, value: &str) -> Result<(), ComposeError> {
    check(name, value)?;
    let column = open(out, name);
    if is_bare(value) && column + value.len() <= LINE {
        out.extend_from_slice(value.as_bytes());
    } else {
        encoded_words(out, value, column);
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// Appends a header of one mailbox, or of a phrase and something in angle brackets, like From and List-Id.
/// `inner` is what stands between the brackets: checked ASCII, or an address with letters beyond it (RFC 6532).
pub(super) fn mailbox(
    out: &mut Vec<u8>,
    name: &'static str,
    phrase: &str,
    inner: &str,
) -> Result<(), ComposeError> {
    check(name, phrase)?;
    if phrase.is_empty() {
        plain(out, name, inner);
        return Ok(());
    }
    let column = open(out, name);
    let (column, limit) = if is_words(phrase) && column + phrase.len() <= LINE {
        out.extend_from_slice(phrase.as_bytes());
        (column + phrase.len(), LINE)
    } else if let Some(quoted) = quote(phrase).filter(|quoted| column + quoted.len() <= LINE) {
        out.extend_from_slice(quoted.as_bytes());
        (column + quoted.len(), LINE)
    } else {
        (encoded_words(out, phrase, column), WORD_LINE)
    };
    // " <" and ">"
    out.extend_from_slice(if column + inner.len() + 3 <= limit { b" <" } else { b"\r\n <" });
    out.extend_from_slice(inner.as_bytes());
    out.extend_from_slice(b">\r\n");
    Ok(())
}

/// The Date value of RFC 5322 section 3.3, with the zone's offset: `Mon, 23 Nov 2026 09:00:00 +0900`.
pub(super) fn date(at: Instant, zone: Tz) -> Result<String, ComposeError> {
    let local = at.with_timezone(&zone);
    if !(1970..=9999).contains(&local.year()) {
        return Err(ComposeError::Date);
    }
    Ok(local.format("%a, %d %b %Y %H:%M:%S %z").to_string())
}

fn open(out: &mut Vec<u8>, name: &str) -> usize {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    name.len() + 2
}

fn check(name: &'static str, value: &str) -> Result<(), ComposeError> {
    if value.bytes().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
        return Err(ComposeError::HeaderText(name));
    }
    Ok(())
}

/// RFC 5322 section 3.2.3.
fn is_atext(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b)
}

fn is_printable(value: &str) -> bool {
    value.bytes().all(|b| (0x20..0x7F).contains(&b)) && !value.contains("=?")
}

/// Unstructured text that needs no encoding; spaces at its ends would be lost.
fn is_bare(value: &str) -> bool {
    is_printable(value) && value.trim() == value
}

/// Atoms with single spaces between them: a phrase without quotes.
fn is_words(value: &str) -> bool {
    is_printable(value) && value.split(' ').all(|word| !word.is_empty() && word.bytes().all(is_atext))
}

fn quote(value: &str) -> Option<String> {
    is_printable(value).then(|| format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// Appends `value` as encoded words of at most 75 octets, split between graphemes, one to a line; `column` is where the
/// first begins. Returns the column after the last.
fn encoded_words(out: &mut Vec<u8>, value: &str, column: usize) -> usize {
    let mut column = column;
    let mut word = String::new();
    for piece in value.graphemes(true).flat_map(pieces) {
        if !word.is_empty() && word.len() + piece.len() > room(column) {
            write_word(out, &word);
            out.extend_from_slice(b"\r\n ");
            word.clear();
            column = 1;
        }
        word.push_str(piece);
    }
    write_word(out, &word);
    column + WORD_OPEN.len() + word.len().div_ceil(3) * 4 + WORD_CLOSE.len()
}

/// The bytes of text that a word beginning at `column` can hold; at least [`LONGEST_PIECE`] at every column used here.
fn room(column: usize) -> usize {
    (WORD_LINE.saturating_sub(column + WORD_OPEN.len() + WORD_CLOSE.len())) / 4 * 3
}

/// A grapheme, or its characters where a word could not hold it.
fn pieces(grapheme: &str) -> impl Iterator<Item = &str> {
    let mut rest = grapheme;
    std::iter::from_fn(move || {
        let end = match rest.len() {
            0 => return None,
            whole @ 1..=LONGEST_PIECE => whole,
            _ => rest.chars().next().map_or(0, char::len_utf8),
        };
        let (piece, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(piece)
    })
}

fn write_word(out: &mut Vec<u8>, word: &str) {
    out.extend_from_slice(WORD_OPEN);
    encode(word.as_bytes(), out);
    out.extend_from_slice(WORD_CLOSE);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>) -> Result<(), ComposeError>) -> String {
        let mut out = Vec::new();
        write(&mut out).expect("a header");
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn plain_text_stands_as_it_is_and_all_other_text_is_encoded_whole() {
        assert_eq!(written(|out| text(out, "Subject", "hello  there")), "Subject: hello  there\r\n");
        assert_eq!(written(|out| text(out, "Subject", "a 가")), "Subject: =?utf-8?B?YSDqsIA=?=\r\n");
        assert_eq!(written(|out| text(out, "Subject", "=?")), "Subject: =?utf-8?B?PT8=?=\r\n");
        assert_eq!(written(|out| text(out, "Subject", "")), "Subject: \r\n");
    }

    #[test]
    fn a_phrase_is_bare_quoted_or_encoded_as_it_needs() {
        let to = |phrase: &'static str| written(|out| mailbox(out, "To", phrase, "a@b.example"));
        assert_eq!(to(""), "To: a@b.example\r\n");
        assert_eq!(to("Kim Chulsoo"), "To: Kim Chulsoo <a@b.example>\r\n");
        assert_eq!(to("Kim, C.  \"x\""), "To: \"Kim, C.  \\\"x\\\"\" <a@b.example>\r\n");
        assert_eq!(to("김"), "To: =?utf-8?B?6rmA?= <a@b.example>\r\n");
    }

    #[test]
    fn encoded_words_split_between_graphemes_and_keep_to_their_lines() {
        let family = "👨‍👩‍👧‍👦".repeat(8);
        let header = written(|out| text(out, "Subject", &family));
        let mut decoded = String::new();
        for line in header.trim_end().split("\r\n") {
            assert!(line.len() <= WORD_LINE, "{line}");
            let word = line.trim_start_matches("Subject:").trim();
            let inner = word.strip_prefix("=?utf-8?B?").and_then(|w| w.strip_suffix("?=")).expect("a word");
            let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, inner).expect("base64");
            let piece = String::from_utf8(bytes).expect("whole characters");
            assert!(piece.starts_with('👨') && piece.ends_with('👦'), "{piece}");
            decoded.push_str(&piece);
        }
        assert_eq!(decoded, family);
    }

    #[test]
    fn a_date_shows_the_zone_s_offset() {
        let at = crate::clock::from_millis(1_795_392_000_000);
        assert_eq!(date(at, chrono_tz::Asia::Seoul).as_deref(), Ok("Mon, 23 Nov 2026 09:00:00 +0900"));
        assert_eq!(date(at, chrono_tz::America::New_York).as_deref(), Ok("Sun, 22 Nov 2026 19:00:00 -0500"));
        let beyond = chrono::DateTime::<chrono::Utc>::MAX_UTC;
        assert_eq!(date(beyond, chrono_tz::Asia::Seoul), Err(ComposeError::Date));
    }
}
