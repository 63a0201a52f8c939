//! Pure: what a reader sees of a mail's HTML, and where its links lead: no comment, no head, nothing that styles hide.
//!
//! In doubt a thing is seen: this is looked at against forgetting, and a mail refused for nothing reaches nobody.

use css_inline::CSSInliner;
use html5ever::driver;
use html5ever::tendril::TendrilSink;
use scraper::node::Element;
use scraper::{ElementRef, Html, HtmlTreeSink};

/// Elements whose content is not shown.
const UNSEEN: [&str; 7] = ["head", "noscript", "script", "style", "template", "textarea", "title"];
/// Elements that grow with their content, whatever size they are given.
const TABLE: [&str; 7] = ["table", "tbody", "td", "tfoot", "th", "thead", "tr"];
/// Elements within elements. Mails stay below a tenth of it; styles are set by recursion, which has a stack to end at.
const DEEPEST: usize = 500;
/// Bytes between two looks at the depth.
const PIECE: usize = 256;

/// The text that is seen, with the address of each link behind its words. `None` where the HTML nests too deep to tell.
pub(super) fn visible(html: &str) -> Option<String> {
    let plain = tree(html)?;
    let inliner = CSSInliner::options().load_remote_stylesheets(false).build();
    let styled = inliner.inline(html).ok().as_deref().and_then(tree);
    Some(seen(styled.as_ref().unwrap_or(&plain)))
}

/// Whether HTML nests so deep that setting its styles would end at the stack. What opens no more elements than that is
/// not looked at.
pub(super) fn is_too_deep(html: &str) -> bool {
    let mut open = 0_usize;
    let deep = html.as_bytes().windows(2).any(|pair| {
        match pair {
            [b'<', b'/'] => open = open.saturating_sub(1),
            [b'<', name] if name.is_ascii_alphabetic() => open += 1,
            _ => {}
        }
        open > DEEPEST
    });
    deep && tree(html).is_none()
}

/// Grown piece by piece: each element looks through all that are open, so that a deep tree costs the square of its depth.
fn tree(html: &str) -> Option<Html> {
    let sink = HtmlTreeSink::new(Html::new_document());
    let mut parser = driver::parse_document(sink, driver::ParseOpts::default());
    let mut rest = html;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE.min(rest.len())));
        rest = after;
        parser.process(piece.into());
        let grown = parser.tokenizer.sink.sink.0.borrow();
        if grown.tree.nodes().next_back().is_some_and(|newest| is_deep(newest.ancestors())) {
            return None;
        }
    }
    let html = parser.finish();
    // What came last may stand high while deep ones are open, as a comment behind the body does.
    let deep = html.tree.nodes().any(|node| is_deep(node.ancestors()));
    (!deep).then_some(html)
}

fn is_deep<Node>(mut ancestors: impl Iterator<Item = Node>) -> bool {
    ancestors.nth(DEEPEST).is_some()
}

fn seen(html: &Html) -> String {
    let mut seen = String::new();
    let root = html.root_element();
    let mut open = vec![(root.children(), Sight::default(), None, 0)];
    while let Some((children, sight, ..)) = open.last_mut() {
        let Some(child) = children.next() else {
            let Some((.., link, before)) = open.pop() else { break };
            // A link without words is one that nobody presses.
            let words = seen.get(before..).is_some_and(|words| !words.trim().is_empty());
            seen.push_str(link.filter(|_| words).unwrap_or_default());
            continue;
        };
        if let Some(text) = child.value().as_text().filter(|_| sight.shows_text()) {
            seen.push_str(text);
        }
        let Some(inner) = ElementRef::wrap(child) else { continue };
        let (element, sight) = (inner.value(), sight.inside(inner.value()));
        let before = seen.len();
        if element.name() == "img" && sight.shows_images() {
            seen.push_str(element.attr("alt").filter(|alt| !alt.trim().is_empty()).unwrap_or("\u{fffc}"));
        }
        let link = element.attr("href").filter(|_| element.name() == "a");
        open.push((inner.children(), sight, link, before));
    }
    seen
}

/// What an element hands down to all within it.
#[derive(Clone, Copy, Default)]
struct Sight {
    /// Not shown, whatever the things within say of themselves.
    gone: bool,
    /// Not shown, until something within says otherwise.
    veiled: bool,
    /// Letters have no size, until something within sets one.
    sizeless: bool,
}

impl Sight {
    fn shows_text(self) -> bool {
        self.shows_images() && !self.sizeless
    }

    fn shows_images(self) -> bool {
        !self.gone && !self.veiled
    }

    fn inside(self, element: &Element) -> Sight {
        let style = Style::of(element.attr("style").unwrap_or_default());
        let gone = UNSEEN.contains(&element.name()) || element.attr("hidden").is_some();
        let visibility = style.value("visibility");
        let size =
            style.value("font-size").or_else(|| element.attr("size").filter(|_| element.name() == "font"));
        Sight {
            gone: self.gone || gone || style.takes_away(element.name()),
            veiled: visibility.map_or(self.veiled, |value| match value {
                "inherit" | "unset" => self.veiled,
                other => matches!(other, "hidden" | "collapse"),
            }),
            sizeless: size
                .map_or(self.sizeless, |size| is_zero(size) || (self.sizeless && is_relative(size))),
        }
    }
}

/// An element's own declarations.
struct Style(Vec<Declaration>);

struct Declaration {
    property: String,
    value: String,
    important: bool,
}

impl Style {
    fn of(style: &str) -> Style {
        let (mut quote, mut brackets) = (None, 0_usize);
        let bare = without_comments(&style.to_ascii_lowercase());
        let declarations = bare.split(|c| {
            match (quote, c) {
                (Some(open), _) if open == c => quote = None,
                (None, '"' | '\'') => quote = Some(c),
                (None, '(') => brackets += 1,
                (None, ')') => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            c == ';' && quote.is_none() && brackets == 0
        });
        Style(declarations.filter_map(Declaration::of).collect())
    }

    /// The value that holds: the last one, an important one before the others.
    fn value(&self, property: &str) -> Option<&str> {
        let of_it = self.0.iter().filter(|declaration| declaration.property == property);
        of_it.max_by_key(|declaration| declaration.important).map(|declaration| declaration.value.as_str())
    }

    /// Whether it takes an element from sight with all that is in it.
    fn takes_away(&self, element: &str) -> bool {
        let cuts = self.value("overflow").is_some_and(|how| how.contains("hidden") || how.contains("clip"));
        let boxless = ["height", "max-height", "max-width", "width"]
            .into_iter()
            .filter_map(|property| self.value(property))
            .any(|value| is_zero(value) && !value.ends_with('%'));
        self.value("display") == Some("none")
            || self.value("opacity").is_some_and(is_zero)
            || (cuts && boxless && !TABLE.contains(&element))
    }
}

impl Declaration {
    fn of(text: &str) -> Option<Declaration> {
        let (property, value) = text.split_once(':')?;
        let (value, important) = match value.rsplit_once('!') {
            Some((value, mark)) if mark.trim() == "important" => (value.trim(), true),
            _ => (value.trim(), false),
        };
        let (property, value) = match property.trim() {
            "font" => ("font-size", size_of_font(value)),
            other => (other, value),
        };
        Some(Declaration { property: property.to_owned(), value: value.to_owned(), important })
    }
}

fn without_comments(style: &str) -> String {
    let mut parts = style.split("/*");
    let before = parts.next().unwrap_or_default().to_owned();
    parts.fold(before, |bare, part| bare + part.split_once("*/").map_or("", |(_, after)| after))
}

/// The size in the shorthand `italic 700 13px/1.5 serif`; a number alone is a weight, unless it is nothing.
fn size_of_font(font: &str) -> &str {
    let parts = font.split_whitespace().map(|part| part.split('/').next().unwrap_or_default());
    let mut sizes = parts.filter(|part| is_zero(part) || is_relative(part) || is_length(part));
    sizes.next().unwrap_or("medium")
}

fn is_length(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_digit() || c == '.') && value.parse::<f64>().is_err()
}

/// Whether a size is told by that of what is around.
fn is_relative(size: &str) -> bool {
    let number = ["em", "ex", "ch", "%"].into_iter().find_map(|unit| size.strip_suffix(unit));
    number.is_some_and(|number| number.parse::<f64>().is_ok())
        || ["inherit", "larger", "smaller", "unset"].contains(&size)
}

fn is_zero(value: &str) -> bool {
    const UNITS: [&str; 14] =
        ["", "%", "ch", "cm", "em", "ex", "in", "mm", "pc", "pt", "px", "rem", "vh", "vw"];
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
    number.parse() == Ok(0.0) && value.strip_prefix(number).is_some_and(|unit| UNITS.contains(&unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is seen, its words apart.
    fn words(html: &str) -> String {
        let seen = visible(html).expect("it is not deep");
        seen.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_and_links_are_seen_and_nothing_else() {
        assert_eq!(words("<title>제목</title><p>글<!-- 주석 --> 하나<p hidden>숨은</p>"), "글 하나");
        assert_eq!(
            words("<a href=x>눌러요</a> <a href=y></a> <a href=z><b hidden>안 보여요</b></a>"),
            "눌러요x"
        );
        assert_eq!(words("<div style='display:none'>가<p>나</p></div><p style='font-size:12px'>다"), "다");
        assert_eq!(words("<style>.a{display:none}</style><p class=a>가</p><p class=b>나</p>"), "나");
        assert_eq!(words("<p style='opacity:.9;max-height:none;width:0.5em'>가</p>"), "가");
    }

    #[test]
    fn a_picture_is_seen_and_pressed() {
        assert_eq!(words("<td style='font-size:0'><a href=x><img src=a alt=그만></a>"), "그만x");
        assert_eq!(words("<a href=x><img src=a></a>"), "\u{fffc}x");
        assert_eq!(words("<a href=x><img src=a alt=그만 style='display:none'></a>"), "");
    }

    #[test]
    fn what_is_within_may_set_its_own_size_and_visibility() {
        for (outer, inner) in [
            ("font-size:0", "font-size:13px"),
            ("font-size:0px", "font:italic 700 13px/1.5 serif"),
            ("font:0/0 a", "font-size:1rem"),
            ("font-size:0", "font-size:calc(1px + 1vw)"),
            ("font-size:0", "font-size:medium"),
            ("font-size:0", "font-size:7rlh"),
            ("font-size:13px", "font-size:0.9em"),
            ("visibility:hidden", "visibility:visible"),
            ("visibility:collapse", "visibility:initial"),
        ] {
            let html =
                format!("<div style='{outer}'>가<p style='color:red'>나<b style='{inner}'>다</b></div>라");
            let around = if outer == "font-size:13px" { "가나" } else { "" };
            assert_eq!(words(&html), format!("{around}다라"), "{inner} in {outer}");
        }
        assert_eq!(words("<td style='font-size:0'><font size=2>가</font>"), "가");
    }

    #[test]
    fn what_is_hidden_for_good_stays_so_within() {
        for outer in [
            "style='display:none'",
            "style='display:/**/none'",
            "style='display:none !important;display:block'",
            "style='opacity:0%'",
            "style='max-height:0;overflow:hidden'",
            "style='font-size:13px;font:0/0 a'",
            "style='font:400 0/0 a'",
            "hidden",
        ] {
            let own = if outer.contains("font") { "font-size:2em" } else { "display:block;font-size:13px" };
            let html = format!("<div {outer}>가<b style='visibility:visible;opacity:1;{own}'>나</b></div>다");
            assert_eq!(words(&html), "다", "{own} in {outer}");
        }
    }

    #[test]
    fn in_doubt_a_thing_is_seen() {
        for style in [
            "display:none;display:block",
            "/* a; display:none; */ color:red",
            "background:url(data:image/png;display:none)",
            "font-family:\"a;display:none\"",
            "height:0",
            "height:0%;overflow:hidden",
            "opacity:var(--none)",
            "font:700 13px serif",
            "font:caption",
            "font-size:0.0001pt",
            "max-height:0qq;overflow:hidden",
        ] {
            assert_eq!(words(&format!("<div style='{style}'>가</div>")), "가", "{style}");
        }
        assert_eq!(words("<table><tr style='height:0;overflow:hidden'><td>가"), "가");
        assert_eq!(words("<style>@media print{p{display:none}}</style><p>가"), "가");
    }

    #[test]
    fn what_outlook_alone_is_shown_is_not_seen_and_what_it_is_spared_is() {
        assert_eq!(words("<!--[if mso]><p>가</p><![endif]-->나"), "나");
        assert_eq!(words("<!--[if !mso]><!--><p>가</p><!--<![endif]-->나"), "가나");
        assert_eq!(words("<![if !mso]><p>가</p><![endif]>나"), "가나");
    }

    #[test]
    fn depth_ends_in_no_answer_and_never_in_an_abort() {
        let deep = |depth: usize| visible(&("<div>".repeat(depth) + "가"));
        assert_eq!(deep(400).as_deref(), Some("가"));
        assert_eq!(deep(50_000), None);
        assert!(is_too_deep(&"<div>".repeat(50_000)) && !is_too_deep(&"<br>가".repeat(2_000)));
        // The comment stands right in the document each time a look is taken.
        let comment = format!("</body><!--{}-->", "-".repeat(PIECE - 114));
        assert_eq!(visible(&format!("{}{comment}", "<div>".repeat(20)).repeat(150)), None);
        assert_eq!(words(&"<p>가<br></p>".repeat(2_000)), "가".repeat(2_000));
    }

    #[test]
    fn anything_can_be_looked_at() {
        for text in
            ["", "<", "<a", "</a></a>", "<a href=x><a href=y>", "<p style=':;::'>가", "\u{2}link\u{3}"]
        {
            assert!(visible(text).is_some(), "{text}");
        }
        assert!(words("<a href=\"\u{2}link\u{3}\">눌러요</a>").contains("\u{2}link\u{3}"));
    }
}
