//! Pure: where web addresses stand in a text.

use std::ops::Range;

const STARTS: [&str; 5] = ["https://", "http://", "ftp://", "mailto:", "www."];

/// The byte ranges of the web addresses in a text, in order; closing punctuation is left to the sentence around.
pub(super) fn find_all(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let here = bytes.get(at..).unwrap_or_default();
        let starts = matches!(here.first(), Some(b'h' | b'H' | b'f' | b'F' | b'm' | b'M' | b'w' | b'W'))
            && STARTS.iter().any(|s| here.get(..s.len()).is_some_and(|h| h.eq_ignore_ascii_case(s.as_bytes())))
            // a scheme counts even glued to a word; `www.` and the like only at a word's beginning
            && (here.get(..4).is_some_and(|h| h.eq_ignore_ascii_case(b"http"))
                || !at.checked_sub(1).and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_alphanumeric));
        if starts && let Some(rest) = text.get(at..) {
            let length = length(rest);
            found.push(at..at + length);
            at += length.max(1);
        } else {
            at += 1;
        }
    }
    found
}

/// How many bytes of `text`, which begins with an address, belong to it.
fn length(text: &str) -> usize {
    let mut end = 0;
    let mut before = ' ';
    for (at, ch) in text.char_indices() {
        // Hangul belongs to a path (/wiki/한글) but not after a word of it: a particle follows there
        let path = !ch.is_ascii()
            && ch.is_alphanumeric()
            && (matches!(before, '/' | '=' | '_' | '-') || !before.is_ascii());
        if !(path
            || (ch.is_ascii_graphic() && !matches!(ch, '<' | '>' | '"' | '`' | '\\' | '|' | '^' | '{' | '}')))
        {
            break;
        }
        end = at + ch.len_utf8();
        before = ch;
    }
    let mut address = text.get(..end).unwrap_or_default();
    let mut opened = address.matches('(').count();
    let mut closed = address.matches(')').count();
    while let Some(last) = address.chars().next_back() {
        match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | ']' | '*' | '~' => {}
            ')' if closed > opened => closed -= 1,
            _ => break,
        }
        opened = opened.min(closed.max(opened));
        address = address.get(..address.len() - last.len_utf8()).unwrap_or_default();
    }
    address.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        find_all(text).into_iter().filter_map(|range| text.get(range)).collect()
    }

    #[test]
    fn an_address_ends_before_the_sentence_goes_on() {
        assert_eq!(found("링크(https://a.b/c.d?e=f)를 보자."), ["https://a.b/c.d?e=f"]);
        assert_eq!(found("https://a.b/c. 다음"), ["https://a.b/c"]);
        assert_eq!(found("https://a.b를 보자"), ["https://a.b"]);
        assert_eq!(found("https://ko.wikipedia.org/wiki/한글"), ["https://ko.wikipedia.org/wiki/한글"]);
        assert_eq!(found("https://a.b/x_(y) www.c.kr"), ["https://a.b/x_(y)", "www.c.kr"]);
        assert_eq!(found("swww.c 나무"), Vec::<&str>::new());
    }
}
