//! Pure: one line under study for sentence borders: its letters, and which of them lie in web addresses, quotations
//! and brackets.

use super::letter::{Letter, is_latin, letters};
use super::web_address;

/// A quotation or bracket longer than this (in letters) is split inside, too.
const LONG_PAIR: usize = 200;

/// One line under study: its letters, and what stands at each.
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) letters: Vec<Letter>,
    /// Part of a web address.
    pub(super) address: Vec<bool>,
    /// A straight quote that closes.
    pub(super) closes: Vec<bool>,
    /// Inside a short pair of quotes or brackets.
    pub(super) inside: Vec<bool>,
    /// For an opening bracket or quote of a short pair, where it closes.
    pub(super) partner: Vec<usize>,
}

impl<'a> Line<'a> {
    pub(super) fn new(text: &'a str) -> Line<'a> {
        let letters = letters(text);
        let count = letters.len();
        let mut line = Line {
            text,
            letters,
            address: vec![false; count],
            closes: vec![false; count],
            inside: vec![false; count],
            partner: vec![0; count],
        };
        line.mark_addresses();
        line.mark_pairs();
        line
    }

    fn mark_addresses(&mut self) {
        let mut from = 0;
        for range in web_address::find_all(self.text) {
            while self.letters.get(from).is_some_and(|l| l.at < range.end) {
                if self.letters.get(from).is_some_and(|l| l.at >= range.start)
                    && let Some(mark) = self.address.get_mut(from)
                {
                    *mark = true;
                }
                from += 1;
            }
        }
    }

    fn mark_pairs(&mut self) {
        let mut open: Vec<(char, usize)> = Vec::new();
        let mut depth = vec![0i32; self.letters.len() + 1];
        for i in 0..self.letters.len() {
            let Some(ch) = self.ch(i) else { break };
            let straight = matches!(ch, '"' | '\'' | '＂');
            // a pair out of reach will not be marked any more, so it need not be kept
            if open.len() > 32 {
                open.retain(|(_, at)| i - at <= LONG_PAIR);
                open.truncate(256);
            }
            let waiting = open.iter().rposition(|(close, at)| *close == ch && i - at <= LONG_PAIR);
            let apostrophe = matches!(ch, '\'' | '’') && self.between_latin(i);
            match waiting {
                Some(place) if !apostrophe && (!straight || !self.opens_word(i) || self.ends_word(i)) => {
                    let at = open.get(place).map_or(i, |(_, at)| *at);
                    open.truncate(place);
                    if let Some(mark) = self.closes.get_mut(i) {
                        *mark = true;
                    }
                    if let Some(partner) = self.partner.get_mut(at) {
                        *partner = i;
                    }
                    // from the letter after the opening one to the closing one
                    for (at, change) in [(at + 1, 1), (i + 1, -1)] {
                        if let Some(step) = depth.get_mut(at) {
                            *step += change;
                        }
                    }
                }
                _ if straight && !apostrophe && !(i > 0 && self.ends_word(i) && ch == '\'') => {
                    open.push((ch, i))
                }
                _ => open.extend(closing_of(ch).map(|close| (close, i))),
            }
        }
        let mut level = 0;
        for (inside, step) in self.inside.iter_mut().zip(depth) {
            level += step;
            *inside = level > 0;
        }
    }

    fn between_latin(&self, i: usize) -> bool {
        let side = |at: Option<usize>| {
            at.and_then(|at| self.ch(at)).is_some_and(|c| is_latin(c) || c.is_ascii_digit())
        };
        side(i.checked_sub(1)) && side(Some(i + 1))
    }

    /// Space or an opening bracket before, something after: an opening place.
    fn opens_word(&self, i: usize) -> bool {
        let before = i.checked_sub(1).and_then(|at| self.ch(at));
        before.is_none_or(|c| c.is_whitespace() || closing_of(c).is_some())
    }

    fn ends_word(&self, i: usize) -> bool {
        self.ch(i + 1).is_none_or(char::is_whitespace)
    }

    pub(super) fn ch(&self, i: usize) -> Option<char> {
        self.letters.get(i).map(|l| l.ch)
    }

    pub(super) fn is(&self, i: usize, test: impl Fn(char) -> bool) -> bool {
        self.ch(i).is_some_and(test)
    }

    pub(super) fn at(&self, i: usize) -> usize {
        self.letters.get(i).map_or(self.text.len(), |l| l.at)
    }

    /// The next few letters, composed: enough for any word looked for.
    pub(super) fn ahead(&self, i: usize) -> String {
        self.letters.iter().skip(i).take(12).map(|l| l.ch).collect()
    }

    pub(super) fn flagged(&self, flags: &[bool], i: usize) -> bool {
        flags.get(i).copied().unwrap_or(false)
    }

    pub(super) fn skip(&self, from: usize, test: impl Fn(char) -> bool) -> usize {
        let mut i = from;
        while self.is(i, &test) {
            i += 1;
        }
        i
    }

    pub(super) fn is_close(&self, i: usize) -> bool {
        self.is(i, is_closing) || self.flagged(&self.closes, i)
    }
}

pub(super) fn closing_of(ch: char) -> Option<char> {
    Some(match ch {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '“' => '”',
        '‘' => '’',
        '「' => '」',
        '『' => '』',
        '《' => '》',
        '〈' => '〉',
        '（' => '）',
        '【' => '】',
        _ => return None,
    })
}

pub(super) fn is_closing(ch: char) -> bool {
    matches!(ch, ')' | ']' | '}' | '”' | '’' | '」' | '』' | '》' | '〉' | '）' | '】')
}

pub(super) fn is_bracket(ch: char) -> bool {
    matches!(ch, ')' | ']' | '}' | '）' | '】')
}
