//! Pure: bytes of the relay → replies (RFC 5321 section 4.2). Everything read here is hostile: bounded, decoded, escaped.

use crate::model::reply::{Enhanced, Reply, mask_addresses};

/// RFC 5321 allows 512 octets a line; relays write more.
pub(super) const LINE: usize = 4096;
/// Lines of one reply.
const LINES: usize = 128;
/// Bytes of text that are kept.
const KEPT: usize = 512;

/// What came is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Garbage;

/// Collects the lines of one reply.
#[derive(Default)]
pub(super) struct ReplyLines {
    code: Option<u16>,
    enhanced: Option<Enhanced>,
    text: String,
    lines: usize,
}

impl ReplyLines {
    /// Takes the next line, without its line end. Says the reply once its last line came. `each` is shown every line's
    /// text, as EHLO needs.
    pub(super) fn take(
        &mut self,
        line: &[u8],
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<Option<Reply>, Garbage> {
        self.lines += 1;
        let (code, last, text) = split(line)?;
        if self.lines > LINES || *self.code.get_or_insert(code) != code {
            return Err(Garbage);
        }
        each(text);
        self.add(text);
        if !last {
            return Ok(None);
        }
        let text = bounded(&mask_addresses(&self.text));
        Ok(Some(Reply { code, enhanced: self.enhanced, text }))
    }

    fn add(&mut self, text: &[u8]) {
        let decoded = decode(text);
        let (enhanced, rest) = leading_code(decoded.trim());
        if self.enhanced.is_none() {
            self.enhanced = enhanced.or_else(|| bracketed_code(rest));
        }
        if rest.is_empty() || self.text.len() >= KEPT {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        escape(rest, &mut self.text);
    }
}

fn split(line: &[u8]) -> Result<(u16, bool, &[u8]), Garbage> {
    let (code, rest) = line.split_at_checked(3).ok_or(Garbage)?;
    let [a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9'] = *code else { return Err(Garbage) };
    let code = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
    match rest.split_first() {
        None => Ok((code, true, rest)),
        Some((b' ', text)) => Ok((code, true, text)),
        Some((b'-', text)) => Ok((code, false, text)),
        Some(_) => Err(Garbage),
    }
}

/// UTF-8, else the Korean encoding, else what can be saved.
fn decode(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    match encoding_rs::EUC_KR.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => text.into_owned(),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        // Besides controls, what would reorder or hide the text around it.
        let hidden = matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
        if c.is_control() || hidden {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
}

fn bounded(text: &str) -> String {
    if text.len() <= KEPT {
        return text.to_owned();
    }
    let mut end = KEPT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

fn leading_code(text: &str) -> (Option<Enhanced>, &str) {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    match enhanced(word) {
        Some(code) => (Some(code), rest.trim_start()),
        None => (None, text),
    }
}

/// Some servers write it as `(#5.1.1)` or `(#5.1.1 - chkuser)` behind the text.
fn bracketed_code(text: &str) -> Option<Enhanced> {
    let (_, after) = text.split_once("(#")?;
    enhanced(after.split([')', ' ']).next()?)
}

fn enhanced(word: &str) -> Option<Enhanced> {
    let mut parts = word.split('.');
    let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !matches!(class, "2" | "4" | "5") {
        return None;
    }
    let number = |text: &str| {
        let digits = (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if digits { text.parse::<u16>().ok() } else { None }
    };
    Some(Enhanced { class: class.parse().ok()?, subject: number(subject)?, detail: number(detail)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&[u8]]) -> Result<Option<Reply>, Garbage> {
        let mut reader = ReplyLines::default();
        let mut result = Ok(None);
        for line in lines {
            result = reader.take(line, &mut |_| {});
            if result.is_err() {
                break;
            }
        }
        result
    }

    #[test]
    fn lines_join_and_their_repeated_codes_go() {
        let reply = read(&[b"550-5.1.1 The account", b"550 5.1.1 does not exist"]).unwrap().unwrap();
        assert_eq!(reply.to_string(), "550 5.1.1 The account does not exist");
        assert_eq!(read(&[b"250"]).unwrap().unwrap().text, "");
        for said in
            [&b"550 sorry (#5.1.1)"[..], b"511 sorry, no mailbox here by that name (#5.1.1 - chkuser)"]
        {
            let enhanced = read(&[said]).unwrap().unwrap().enhanced;
            assert_eq!(enhanced.map(|code| code.to_string()).as_deref(), Some("5.1.1"));
        }
    }

    #[test]
    fn a_reply_that_changes_its_code_or_is_none_is_garbage() {
        assert_eq!(read(&[b"250-a", b"550 b"]), Err(Garbage));
        for line in [&b"hello"[..], b"", b"2x0 ok", b"99 ok", b"650 ok", b"250\tok", b"\xff\xfe\xfd"] {
            assert_eq!(read(&[line]), Err(Garbage));
        }
        let endless: Vec<&[u8]> = std::iter::repeat_n(&b"250-x"[..], LINES + 1).collect();
        assert_eq!(read(&endless), Err(Garbage));
    }

    #[test]
    fn korean_text_is_read_in_both_encodings() {
        let (euc, _, _) = encoding_rs::EUC_KR.encode("550 5.1.1 존재하지 않는 사용자");
        assert_eq!(read(&[&euc]).unwrap().unwrap().text, "존재하지 않는 사용자");
        assert_eq!(read(&["550 없는 사용자".as_bytes()]).unwrap().unwrap().text, "없는 사용자");
        assert!(read(&[b"550 \xff\xff\xff"]).unwrap().is_some());
    }

    #[test]
    fn long_and_hostile_text_is_cut_and_escaped() {
        let long = format!("550 {}", "가".repeat(1000));
        let text = read(&[long.as_bytes()]).unwrap().unwrap().text;
        assert!(text.len() <= KEPT && text.chars().all(|c| c == '가'));
        let text = read(&["550 a\u{1b}[31m\u{202e}b\0 <x@example.com>".as_bytes()]).unwrap().unwrap().text;
        assert_eq!(text, "a\\u{1b}[31m\\u{202e}b\\u{0} <x***@example.com>");
    }
}
