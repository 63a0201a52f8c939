//! Pure: whether a page can be made a tree of at a cost that its length bounds.
//!
//! Browsers' rules open each unclosed `<b>` again in every following paragraph and look for open elements up to the root:
//! a page of a few megabytes could so become gigabytes. Such pages are refused before they are built.

use crate::source::feed::soup::{Token, Tokens};

/// Elements within elements; pages made for readers stay below a tenth of it.
const DEEPEST: usize = 1_000;
/// Times that unclosed dress may be opened again.
const REOPENED: usize = 1_500_000;

/// Elements that are opened again where they were not closed.
const DRESS: &[&str] =
    &["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
/// Elements that close themselves, or each other.
const LEVEL: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr", "p", "li", "dt", "dd", "option", "tr", "td", "th", "thead", "tbody", "tfoot", "html", "body",
    "head",
];
const RAW: &[&str] = &["script", "style", "textarea", "title", "noscript", "iframe", "xmp", "template"];

/// Whether `html` keeps within the bounds.
pub(super) fn is_bounded(html: &str) -> bool {
    let (mut depth, mut deepest, mut dress, mut most, mut tags) = (0_usize, 0, 0_usize, 0, 0_usize);
    let mut tokens = Tokens::of(html);
    while let Some(token) = tokens.next() {
        match token {
            Token::Start(tag) => {
                tags += 1;
                let name = tag.name.to_ascii_lowercase();
                if RAW.contains(&name.as_str()) && !tag.empty {
                    tokens.skip_past_end(tag.name);
                } else if DRESS.contains(&name.as_str()) {
                    dress += 1;
                } else if !LEVEL.contains(&name.as_str()) {
                    depth += 1;
                }
            }
            Token::End(name) => {
                tags += 1;
                let name = name.to_ascii_lowercase();
                if DRESS.contains(&name.as_str()) {
                    dress = dress.saturating_sub(1);
                } else if !LEVEL.contains(&name.as_str()) {
                    depth = depth.saturating_sub(1);
                }
            }
            Token::Text(_) | Token::Verbatim(_) => {}
        }
        (deepest, most) = (deepest.max(depth + dress), most.max(dress));
    }
    deepest <= DEEPEST && most.saturating_mul(tags) <= REOPENED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_for_readers_are_within_the_bounds_and_bombs_are_not() {
        assert!(is_bounded(&"<ul><li><a href=x><strong>글</strong><p>내용</a></ul>".repeat(20_000)));
        assert!(is_bounded(&"<script>if (a<b) '<div>'</script>".repeat(5_000)));
        assert!(!is_bounded(&"<div>".repeat(200_000)));
        let dress: String = (0..900).map(|n| format!("<b id={n}>")).collect();
        assert!(!is_bounded(&(dress + &"<p>글".repeat(100_000))));
    }
}
