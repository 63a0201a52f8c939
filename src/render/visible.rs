//! Pure: what a reader sees of a mail's HTML, and where its links lead: no comment, no head, nothing that styles hide.

use css_inline::CSSInliner;
use scraper::node::Element;
use scraper::{ElementRef, Html};

/// Elements whose content is not shown.
const UNSEEN: [&str; 7] = ["head", "noscript", "script", "style", "template", "textarea", "title"];

/// The text that is seen, with the address of each link behind its words.
pub(super) fn visible(html: &str) -> String {
    let inliner = CSSInliner::options().load_remote_stylesheets(false).build();
    let styled = inliner.inline(html);
    let mut seen = String::new();
    gather(Html::parse_document(styled.as_deref().unwrap_or(html)).root_element(), &mut seen);
    seen
}

fn gather(element: ElementRef<'_>, seen: &mut String) {
    for child in element.children() {
        if let Some(text) = child.value().as_text() {
            seen.push_str(text);
        }
        let Some(inner) = ElementRef::wrap(child).filter(|inner| !is_hidden(inner.value())) else { continue };
        let before = seen.len();
        gather(inner, seen);
        // A link without words is one that nobody presses.
        let words = seen.get(before..).is_some_and(|words| !words.trim().is_empty());
        if let Some(to) = inner.value().attr("href").filter(|_| words && inner.value().name() == "a") {
            seen.push_str(to);
        }
    }
}

fn is_hidden(element: &Element) -> bool {
    UNSEEN.contains(&element.name())
        || element.attr("hidden").is_some()
        || element.attr("style").is_some_and(|style| style.split(';').any(hides))
}

/// Whether one declaration takes an element from sight.
fn hides(declaration: &str) -> bool {
    let Some((property, value)) = declaration.split_once(':') else { return false };
    let value = value.to_ascii_lowercase();
    let value = value.trim().trim_end_matches("!important").trim_end();
    let nothing = || value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%').parse() == Ok(0.0);
    match property.trim().to_ascii_lowercase().as_str() {
        "display" => value == "none",
        "visibility" => value == "hidden" || value == "collapse",
        "font-size" | "height" | "max-height" | "max-width" | "opacity" | "width" => nothing(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_links_are_seen_and_nothing_else() {
        let seen = |html: &str| visible(html).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(seen("<title>제목</title><p>글<!-- 주석 --> 하나<p hidden>숨은</p>"), "글 하나");
        assert_eq!(
            seen("<a href=x>눌러요</a> <a href=y></a> <a href=z><b hidden>안 보여요</b></a>"),
            "눌러요x"
        );
        assert_eq!(seen("<div style='display:none'>가<p>나</p></div><p style='font-size:12px'>다"), "다");
        assert_eq!(seen("<style>.a{display:none}</style><p class=a>가</p><p class=b>나</p>"), "나");
        assert_eq!(seen("<p style='opacity:.9;max-height:none;width:0.5em'>가</p>"), "가");
    }

    #[test]
    fn anything_can_be_looked_at() {
        for text in
            ["", "<", "<a", "</a></a>", "<a href=x><a href=y>", "<p style=':;::'>가", "\u{2}link\u{3}"]
        {
            visible(text);
        }
        assert!(visible("<a href=\"\u{2}link\u{3}\">눌러요</a>").contains("\u{2}link\u{3}"));
    }
}
