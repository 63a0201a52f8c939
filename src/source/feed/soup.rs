//! Pure: markup as it is found: tags, text and references of XML and HTML, however badly they are written.
//!
//! Never fails and never expands what a document defines: what is no tag is text, what is no known reference stays as it
//! is written. Reads every byte a bounded number of times, whatever is unclosed.

use std::borrow::Cow;

/// A piece of markup. Comments, declarations and processing instructions are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum Token<'a> {
    /// With its references.
    Text(&'a str),
    /// A CDATA section's inside.
    Verbatim(&'a str),
    /// `<name attributes>`.
    Start(Tag<'a>),
    /// `</name>`.
    End(&'a str),
}

/// An opening tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) struct Tag<'a> {
    /// As written, prefix and all.
    pub(in crate::source) name: &'a str,
    /// What stands between the name and the end.
    pub(in crate::source) attributes: &'a str,
    /// `<name/>`.
    pub(in crate::source) empty: bool,
    /// All of it.
    pub(in crate::source) raw: &'a str,
}

/// Markup from here to the end.
pub(in crate::source) struct Tokens<'a> {
    rest: &'a str,
    /// A declaration was met. Only the first is looked through for quotes and a subset: a DOCTYPE stands but once.
    declared: bool,
}

impl<'a> Tokens<'a> {
    pub(in crate::source) fn of(text: &'a str) -> Tokens<'a> {
        Tokens { rest: text, declared: false }
    }

    /// Goes past the end tag of an element whose inside is no markup (`<script>`), or to the end.
    pub(in crate::source) fn skip_past_end(&mut self, name: &str) {
        let end = self.rest.match_indices("</").map(|(at, _)| at).find(|at| {
            let after = self.rest.get(at + 2..).unwrap_or_default();
            let head = after.get(..name.len()).unwrap_or_default();
            head.eq_ignore_ascii_case(name)
                && !after.get(name.len()..).unwrap_or_default().starts_with(is_name)
        });
        let tail = end.and_then(|at| self.rest.get(at..)).unwrap_or_default();
        self.rest = tail.split_once('>').map_or("", |(_, tail)| tail);
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (head, tail) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = tail;
        head
    }

    /// What stands before `end`; to the end of the text without one.
    fn until(&mut self, end: &str) -> &'a str {
        let (inside, tail) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = tail;
        inside
    }

    /// At a `<`: the piece it begins; none for what is left out.
    fn markup(&mut self) -> Option<Token<'a>> {
        let rest = self.rest;
        let skip = |tokens: &mut Tokens<'a>, head: &str, end: &str| {
            tokens.take(head.len());
            tokens.until(end);
        };
        if rest.starts_with("<!--") {
            skip(self, "<!--", "-->");
        } else if rest.starts_with("<![CDATA[") {
            self.take("<![CDATA[".len());
            return Some(Token::Verbatim(self.until("]]>")));
        } else if rest.starts_with("<?") {
            skip(self, "<?", "?>");
        } else if rest.starts_with("<!") {
            let end = if std::mem::replace(&mut self.declared, true) { None } else { declaration(rest) };
            self.take(end.or_else(|| Some(rest.find('>')? + 1)).unwrap_or(rest.len()));
        } else if let Some(after) = rest.strip_prefix("</").filter(|after| after.starts_with(is_name_start)) {
            let name = after.len() - after.trim_start_matches(is_name).len();
            let end = after.find(['>', '<']).unwrap_or(after.len());
            let closed = usize::from(after.get(end..).is_some_and(|tail| tail.starts_with('>')));
            self.take(2 + end + closed);
            return Some(Token::End(after.get(..name).unwrap_or_default()));
        } else if let Some(tag) = tag(rest) {
            self.take(tag.raw.len());
            return Some(Token::Start(tag));
        } else {
            return Some(Token::Text(self.take(1)));
        }
        None
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            match self.rest.find('<') {
                _ if self.rest.is_empty() => return None,
                Some(0) => {}
                Some(at) => return Some(Token::Text(self.take(at))),
                None => return Some(Token::Text(self.take(self.rest.len()))),
            }
            if let Some(token) = self.markup() {
                return Some(token);
            }
        }
    }
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')
}

/// The length of a `<!…>`, the subset of a DOCTYPE included; none if it is never closed.
fn declaration(text: &str) -> Option<usize> {
    let (mut subset, mut quote) = (false, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') => subset = true,
            (None, ']') => subset = false,
            (None, '>') if !subset => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The tag that `text` begins with; none if it is text after all.
fn tag(text: &str) -> Option<Tag<'_>> {
    let after = text.strip_prefix('<').filter(|after| after.starts_with(is_name_start))?;
    let name = after.get(..after.len() - after.trim_start_matches(is_name).len())?;
    let mut at = 1 + name.len();
    let end = loop {
        let next = text.get(at..)?.find(['>', '<', '"', '\''])? + at;
        match text.as_bytes().get(next)? {
            b'>' => break next,
            b'<' => return None,
            quote => {
                // A quote that nothing closes is part of the tag's disorder, not the begin of everything after it.
                let inside = text.get(next + 1..)?;
                at = inside.find(char::from(*quote)).map_or(next + 1, |length| next + length + 2);
            }
        }
    };
    let inside = text.get(1 + name.len()..end)?;
    let empty = inside.ends_with('/');
    let attributes = inside.strip_suffix('/').unwrap_or(inside);
    Some(Tag { name, attributes, empty, raw: text.get(..=end)? })
}

impl<'a> Tag<'a> {
    /// Its attributes as written: name, value with its references.
    pub(in crate::source) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mut rest = self.attributes;
        std::iter::from_fn(move || {
            rest =
                rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '='));
            let length = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
            let (name, tail) = rest.split_at_checked(length).filter(|(name, _)| !name.is_empty())?;
            let Some(value) = tail.trim_start().strip_prefix('=').map(str::trim_start) else {
                rest = tail;
                return Some((name, ""));
            };
            let quoted = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (value, tail) = match quoted {
                Some(quote) => {
                    let inside = value.get(1..).unwrap_or_default();
                    inside.split_once(quote).unwrap_or((inside, ""))
                }
                None => {
                    let length = value.find(char::is_whitespace).unwrap_or(value.len());
                    value.split_at_checked(length).unwrap_or((value, ""))
                }
            };
            rest = tail;
            Some((name, value))
        })
    }

    /// The value of an attribute, its references read.
    pub(in crate::source) fn attribute(&self, wanted: &str) -> Option<Cow<'a, str>> {
        let mut found = self.attributes().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.next().map(|(_, value)| decode(value))
    }
}

/// No reference is longer.
const LONGEST_REFERENCE: usize = 12;

/// Reads character references: numbers, XML's five, HTML's usual ones. All others stay as they are.
pub(in crate::source) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut read = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        read.push_str(before);
        let end = after.bytes().take(LONGEST_REFERENCE).position(|byte| byte == b';');
        let reference = end.and_then(|end| Some((after.get(..end)?, after.get(end + 1..)?)));
        rest = match reference.and_then(|(name, tail)| Some((character(name)?, tail))) {
            Some((c, tail)) => {
                read.push(c);
                tail
            }
            None => {
                read.push('&');
                after
            }
        };
    }
    read.push_str(rest);
    Cow::Owned(read)
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = hex.map_or_else(|| number.parse(), |hex| u32::from_str_radix(hex, 16)).ok()?;
        // What numbers 128 to 159 were meant as by those who wrote them.
        let meant = u8::try_from(code).ok().filter(|code| (128..160).contains(code));
        if let Some(code) = meant {
            let bytes = [code];
            return encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes).0.chars().next();
        }
        return char::from_u32(code).filter(|c| *c != '\0');
    }
    NAMED.iter().find(|(known, _)| *known == name).map(|(_, c)| *c)
}

const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("hellip", '…'),
    ("middot", '·'),
    ("bull", '•'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("lsaquo", '‹'),
    ("rsaquo", '›'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("times", '×'),
    ("divide", '÷'),
    ("plusmn", '±'),
    ("deg", '°'),
    ("micro", 'µ'),
    ("para", '¶'),
    ("sect", '§'),
    ("frac12", '½'),
    ("frac14", '¼'),
    ("frac34", '¾'),
    ("cent", '¢'),
    ("pound", '£'),
    ("yen", '¥'),
    ("euro", '€'),
    ("iexcl", '¡'),
    ("iquest", '¿'),
    ("larr", '←'),
    ("uarr", '↑'),
    ("rarr", '→'),
    ("darr", '↓'),
    ("harr", '↔'),
    ("rArr", '⇒'),
    ("hearts", '♥'),
    ("infin", '∞'),
    ("ne", '≠'),
    ("le", '≤'),
    ("ge", '≥'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("agrave", 'à'),
    ("aacute", 'á'),
    ("ccedil", 'ç'),
    ("ntilde", 'ñ'),
    ("ouml", 'ö'),
    ("auml", 'ä'),
    ("uuml", 'ü'),
    ("Ouml", 'Ö'),
    ("Auml", 'Ä'),
    ("Uuml", 'Ü'),
    ("szlig", 'ß'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("shy", '\u{ad}'),
];
