//! Pure: what a feed's HTML says, as plain text: no markup, script, style or hidden machinery is left of it.

use unicode_normalization::UnicodeNormalization;

use super::soup::{Token, Tokens, decode};

/// Elements whose inside is no text for readers.
const SILENT: &[&str] = &[
    "script", "style", "iframe", "noscript", "template", "textarea", "title", "object", "svg", "math",
    "select",
];

/// Elements that stand on lines of their own.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "br",
    "hr",
    "li",
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "pre",
    "table",
    "tr",
    "section",
    "article",
    "header",
    "footer",
    "figure",
    "figcaption",
    "address",
    "main",
    "aside",
    "nav",
    "details",
    "summary",
    "center",
    "form",
    "fieldset",
    "caption",
    "body",
];

/// Elements that a title may be dressed with. Others in a title are what it is about (`Vec<T>`, `<html>`).
const DRESS: &[&str] = &[
    "b", "i", "em", "strong", "u", "s", "a", "span", "font", "br", "code", "sub", "sup", "mark", "small",
    "big", "del", "ins", "img", "wbr", "kbd", "strike", "p", "div",
];

/// The text of an HTML fragment: blocks on lines, white space folded, composed.
pub(in crate::source) fn text(html: &str) -> String {
    let mut lines = Lines::default();
    let mut tokens = Tokens::of(html);
    let mut verbatim = 0_usize;
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => lines.push(&decode(text), verbatim > 0),
            Token::Verbatim(text) => lines.push(text, verbatim > 0),
            Token::Start(tag) => {
                let name = tag.name.to_ascii_lowercase();
                if SILENT.contains(&name.as_str()) && !tag.empty {
                    tokens.skip_past_end(tag.name);
                    continue;
                }
                lines.boundary(&name);
                verbatim += usize::from(name == "pre" && !tag.empty);
            }
            Token::End(name) => {
                let name = name.to_ascii_lowercase();
                lines.boundary(&name);
                verbatim = verbatim.saturating_sub(usize::from(name == "pre"));
            }
        }
    }
    lines.finish()
}

/// The text of a title that may be dressed in HTML.
pub(in crate::source) fn title(html: &str) -> String {
    let mut title = String::with_capacity(html.len());
    for token in Tokens::of(html) {
        let dress = |name: &str| DRESS.iter().any(|known| known.eq_ignore_ascii_case(name));
        match token {
            Token::Text(text) => title.push_str(&decode(text)),
            Token::Verbatim(text) => title.push_str(text),
            Token::Start(tag) if dress(tag.name) => {
                if tag.name.eq_ignore_ascii_case("br") {
                    title.push(' ');
                }
            }
            Token::Start(tag) => title.push_str(tag.raw),
            Token::End(name) if dress(name) => {}
            Token::End(name) => {
                title.push_str("</");
                title.push_str(name);
                title.push('>');
            }
        }
    }
    title
}

/// Plain text of a feed: lines kept, white space folded, composed.
pub(in crate::source) fn folded(text: &str) -> String {
    let mut lines = Lines::default();
    lines.push(text, true);
    lines.finish()
}

#[derive(Default)]
struct Lines {
    done: String,
    line: String,
}

impl Lines {
    /// Adds text; its own line breaks count only where they are `kept`.
    fn push(&mut self, text: &str, kept: bool) {
        for c in text.chars() {
            if kept && c == '\n' {
                self.end();
            } else if c.is_whitespace() {
                if !self.line.is_empty() && !self.line.ends_with(' ') {
                    self.line.push(' ');
                }
            } else if !c.is_control() && !matches!(c, '\u{ad}' | '\u{feff}') {
                self.line.push(c);
            }
        }
    }

    fn boundary(&mut self, name: &str) {
        if BLOCKS.contains(&name) {
            self.end();
        } else if matches!(name, "td" | "th" | "option") {
            self.push(" ", false);
        }
    }

    fn end(&mut self) {
        let line = self.line.trim_end();
        if !line.is_empty() {
            if !self.done.is_empty() {
                self.done.push('\n');
            }
            self.done.extend(line.nfc());
        }
        self.line.clear();
    }

    fn finish(mut self) -> String {
        self.end();
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_lines_and_machinery_is_gone() {
        let html = "<style>p{color:red}</style><p>첫&nbsp;문단 <b>굵게</b>.<br>둘째 줄</p>\n<ul><li>하나<li>둘</ul>\
                    <script>alert('<p>아니오</p>')</SCRIPT ><table><tr><td>가</td><td>나</td></tr></table>a < b &amp; c &unknown;";
        assert_eq!(text(html), "첫 문단 굵게.\n둘째 줄\n하나\n둘\n가 나\na < b & c &unknown;");
    }

    #[test]
    fn unclosed_and_broken_markup_leaves_no_tag_behind() {
        assert_eq!(text("<p title=\"닫히지 않은>글"), "글");
        assert_eq!(text("앞<script>뒤"), "앞");
        assert_eq!(text("앞<!-- 뒤"), "앞");
        assert_eq!(text("<img src=x onerror='alert(1)'>그림"), "그림");
        assert_eq!(text("<p><![CDATA[안]]></p>"), "안");
    }

    #[test]
    fn code_in_a_pre_keeps_its_lines() {
        assert_eq!(text("<pre>a\n  b\n</pre>뒤\n줄"), "a\nb\n뒤 줄");
    }

    #[test]
    fn a_title_loses_its_dress_but_not_what_it_is_about() {
        assert_eq!(title("<b>봄</b>의 &quot;글&quot; &amp; 둘"), "봄의 \"글\" & 둘");
        assert_eq!(title("Vec<T>와 <html>"), "Vec<T>와 <html>");
        assert_eq!(title("3 < 5 > 2"), "3 < 5 > 2");
    }
}
