//! Pure: text and links of posts made safe to lay out. What a post says is kept; what could forge, hide or reverse is not.

use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation;
use url::Url;

use super::slot;

/// Links longer than this are not trusted to survive a mail client; the home page stands in.
const LONGEST_URL: usize = 1_000;
/// How much of a title a text fragment carries: Hangul takes nine bytes a syllable once encoded.
const FRAGMENT_GRAPHEMES: usize = 24;

/// `text` on one line, without control, direction and slot characters.
pub fn line(text: &str) -> String {
    let spaced: String =
        text.chars().filter(|&c| !is_refused(c)).map(|c| if breaks(c) { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `text` with its line breaks, without control, direction and slot characters.
pub fn lines(text: &str) -> String {
    text.chars()
        .filter(|&c| !is_refused(c))
        .map(|c| if c == '\u{2028}' || c == '\u{2029}' { '\n' } else { c })
        .filter(|&c| c == '\n' || c == '\t' || !c.is_control())
        .collect()
}

/// Where a post's links go: its own http(s) address, else `home` with a text fragment that scrolls to the title.
pub fn link(url: Option<&str>, title: &str, home: &Url) -> String {
    url.and_then(|url| home.join(url.trim()).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .filter(|url| url.username().is_empty() && url.password().is_none())
        .map(|url| String::from(url.as_str()))
        .filter(|url| url.len() <= LONGEST_URL)
        .unwrap_or_else(|| text_fragment(home, title))
}

/// `home#:~:text=START`, where START is the title's first whole words (a browser matches at word ends only).
fn text_fragment(home: &Url, title: &str) -> String {
    let mut page = home.clone();
    page.set_fragment(None);
    let start = first_words(title);
    if start.is_empty() {
        return page.into();
    }
    let mut address = format!("{page}#:~:text=");
    for byte in start.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~') {
            address.push(char::from(byte));
        } else {
            // `-` and `,` part the pieces of a text directive, so they are encoded as well.
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address
}

fn first_words(title: &str) -> String {
    let mut start = String::new();
    let mut room = FRAGMENT_GRAPHEMES;
    for word in title.split(' ') {
        let length = word.graphemes(true).count() + usize::from(!start.is_empty());
        if length > room {
            if start.is_empty() {
                start = word.graphemes(true).take(FRAGMENT_GRAPHEMES).collect();
            }
            break;
        }
        if !start.is_empty() {
            start.push(' ');
        }
        start.push_str(word);
        room -= length;
    }
    start
}

fn breaks(c: char) -> bool {
    c.is_whitespace() || c.is_control() || c == '\u{2028}' || c == '\u{2029}'
}

/// Slot markers, direction controls (a title could turn the line it stands in), zero-width space, BOM, noncharacters.
fn is_refused(c: char) -> bool {
    matches!(c,
        slot::OPEN | slot::CLOSE | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{61C}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}' | '\u{206A}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FDD0}'..='\u{FDEF}')
        || (u32::from(c) & 0xFFFE) == 0xFFFE
        || (c.is_control() && !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Url {
        Url::parse("https://blog.example/").expect("a fixed address")
    }

    #[test]
    fn markers_and_direction_marks_leave_a_title() {
        assert_eq!(line("\u{202E}거꾸로\u{202C} \u{E000}name\u{E001}\r\nBcc: x"), "거꾸로 name Bcc: x");
        assert_eq!(line("가족 👨‍👩‍👧 이야기"), "가족 👨‍👩‍👧 이야기");
    }

    #[test]
    fn a_body_keeps_its_lines() {
        assert_eq!(lines("첫째\n둘째\u{0}\u{E001}"), "첫째\n둘째");
    }

    #[test]
    fn only_web_addresses_are_linked() {
        assert_eq!(link(Some("/post/1"), "글", &home()), "https://blog.example/post/1");
        for bad in
            ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "https://user:pw@x.example/"]
        {
            assert!(link(Some(bad), "글", &home()).starts_with("https://blog.example/#:~:text="), "{bad}");
        }
    }

    #[test]
    fn a_post_without_address_is_found_by_its_first_words() {
        assert_eq!(link(None, "A-b, 봄", &home()), "https://blog.example/#:~:text=A%2Db%2C%20%EB%B4%84");
        let long = link(None, &"가".repeat(300), &home());
        assert_eq!(long.matches("%EA%B0%80").count(), FRAGMENT_GRAPHEMES);
    }
}
