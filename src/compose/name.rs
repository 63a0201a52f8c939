//! Pure: what of a reader's name goes into a letter, and how an address stands in a header.

use unicode_segmentation::UnicodeSegmentation;

use super::ComposeError;
use crate::model::EmailAddress;

/// Stands for a name where none is known.
pub const DEFAULT_NAME: &str = "구독자";

/// Longest name shown, in graphemes and in bytes; both hold, so that a pile of combining marks is bounded too.
const MAX_GRAPHEMES: usize = 60;
const MAX_BYTES: usize = 240;
/// RFC 5321 section 4.5.3.1: 64 for the local part, 255 for the domain, and the `@`.
const MAX_ADDRESS: usize = 320;

/// A name without what could disturb a letter: line breaks and tabs become spaces; other controls, direction marks,
/// slot markers and blank-looking letters go; surrounding spaces go; the rest is cut at 60 graphemes or 240 bytes.
/// May be empty.
pub fn clean_name(name: &str) -> String {
    let mut kept = String::with_capacity(name.len().min(4 * MAX_BYTES));
    // No more is read than could be shown, so that a hostile name of a megabyte costs nothing.
    for c in name.chars().take(16 * MAX_GRAPHEMES) {
        match c {
            '\t' | '\n' | '\r' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => kept.push(' '),
            _ if is_dropped(c) => {}
            _ => kept.push(c),
        }
    }
    let mut cut = String::new();
    for grapheme in kept.trim().graphemes(true).take(MAX_GRAPHEMES) {
        if cut.len() + grapheme.len() > MAX_BYTES {
            break;
        }
        cut.push_str(grapheme);
    }
    cut.truncate(cut.trim_end().len());
    cut
}

fn is_dropped(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFC}'
            | '\u{3164}' | '\u{FFA0}' | '\u{E000}' | '\u{E001}')
}

/// Why an address has no form in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SpecError {
    /// Letters beyond ASCII before the `@`.
    NotAscii,
    /// Anything else.
    Shape,
}

impl SpecError {
    pub(super) fn of_recipient(self, address: &EmailAddress) -> ComposeError {
        match self {
            SpecError::NotAscii => ComposeError::NeedsSmtpUtf8(address.masked()),
            SpecError::Shape => ComposeError::Recipient(address.masked()),
        }
    }
}

/// The address as RFC 5322 section 3.4.1 writes it: a local part that is no dot-atom is quoted.
pub(super) fn addr_spec(address: &EmailAddress) -> Result<String, SpecError> {
    let (local, domain) = (address.local(), address.domain());
    if !local.is_ascii() {
        return Err(SpecError::NotAscii);
    }
    if local.is_empty() || address.as_str().len() > MAX_ADDRESS || !is_domain(domain) {
        return Err(SpecError::Shape);
    }
    if local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext)) || is_quoted(local) {
        return Ok(format!("{local}@{domain}"));
    }
    if !local.bytes().all(|b| (0x20..0x7F).contains(&b)) {
        return Err(SpecError::Shape);
    }
    let escaped = local.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!("\"{escaped}\"@{domain}"))
}

fn is_domain(domain: &str) -> bool {
    let inner = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let allowed = |b: u8| match inner {
        Some(_) => b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'-'),
        None => b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'),
    };
    let text = inner.unwrap_or(domain);
    !text.is_empty() && text.bytes().all(allowed)
}

/// `"…"` with every quote and backslash inside escaped, printable ASCII only.
fn is_quoted(local: &str) -> bool {
    let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return false;
    };
    let mut bytes = inner.bytes();
    while let Some(b) = bytes.next() {
        let sound = match b {
            b'\\' => bytes.next().is_some_and(|next| (0x20..0x7F).contains(&next)),
            b'"' => false,
            _ => (0x20..0x7F).contains(&b),
        };
        if !sound {
            return false;
        }
    }
    true
}

/// RFC 5322 section 3.2.3.
pub(super) fn is_atext(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Result<String, SpecError> {
        addr_spec(&EmailAddress::parse(text).expect("test address"))
    }

    #[test]
    fn a_name_loses_what_disturbs_and_keeps_the_rest() {
        assert_eq!(clean_name("  김\r\n철수\u{202E}\0 "), "김  철수");
        assert_eq!(clean_name("\u{E000}name\u{E001}"), "name");
        assert_eq!(clean_name("\u{200B}\u{3164}\u{FEFF} "), "");
        assert_eq!(clean_name("👨‍👩‍👧 가족"), "👨‍👩‍👧 가족");
    }

    #[test]
    fn a_name_is_bounded_in_graphemes_and_in_bytes() {
        assert_eq!(clean_name(&"가".repeat(100)), "가".repeat(60));
        assert!(clean_name(&"👨‍👩‍👧‍👦".repeat(100)).len() <= MAX_BYTES);
        assert!(clean_name(&format!("가{}", "\u{301}".repeat(100_000))).len() <= MAX_BYTES);
    }

    #[test]
    fn a_local_part_that_is_no_dot_atom_is_quoted() {
        assert_eq!(spec("a.b+c@example.com").as_deref(), Ok("a.b+c@example.com"));
        assert_eq!(spec("a..b@example.com").as_deref(), Ok("\"a..b\"@example.com"));
        assert_eq!(spec("a\"b@example.com").as_deref(), Ok("\"a\\\"b\"@example.com"));
        assert_eq!(spec("\"a b\"@example.com").as_deref(), Ok("\"a b\"@example.com"));
    }

    #[test]
    fn an_address_that_no_header_can_hold_is_refused() {
        assert_eq!(spec("김@example.com"), Err(SpecError::NotAscii));
        for bad in ["a\r\nBcc: b@example.com", "a@b\r\nc", "a@exa>mple.com", "a@", "a\0b@example.com"] {
            assert_eq!(spec(bad), Err(SpecError::Shape), "{bad:?}");
        }
    }
}
