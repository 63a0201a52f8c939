//! Pure: where sentences end. Every line end is a border. Within a line a sentence ends at `.`, `?`, `!` or `…` with
//! the closing quotes, laughter and emoji after them, even where the space is missing, but not inside a web address, a
//! domain, a version, a decimal, a list number, an abbreviation, a short quotation or bracket, nor where a quotation
//! goes on with 라고, 라는, 하고 and the like.

use unicode_segmentation::GraphemeCursor;

use super::ending;
use super::letter::{is_emoji, is_hangul, is_latin, is_laughter, is_syllable};
use super::line::{Line, closing_of, is_bracket, is_closing};

/// The sentences of a text, in order, without the white space around them. Together they hold every other character.
pub fn split(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for line in text.split(['\n', '\r', '\u{2028}', '\u{2029}', '\u{85}', '\u{B}', '\u{C}']) {
        if !line.trim().is_empty() {
            Line::new(line).split(&mut out);
        }
    }
    out
}

/// Whether a text ends as a whole sentence does: by a mark, or by a closing syllable.
pub(super) fn is_whole(sentence: &str) -> bool {
    let tail =
        |c: char| is_closing(c) || is_emoji(c) || is_laughter(c) || matches!(c, '~' | '^' | '"' | '\'' | ' ');
    let bare = sentence.trim_end_matches(tail);
    bare.chars()
        .next_back()
        .is_some_and(|c| is_mark(c) || (bare.len() == sentence.len() && ending::closes(c)))
}

fn is_mark(ch: char) -> bool {
    matches!(ch, '.' | '?' | '!' | '…' | '‥' | '。' | '！' | '？' | '．' | '｡' | '⁇' | '⁈' | '⁉' | '‼')
}

fn asks_or_cries(ch: char) -> bool {
    matches!(ch, '?' | '!' | '！' | '？' | '⁇' | '⁈' | '⁉' | '‼')
}

/// Letters after a mark that may belong to it.
const LONGEST_TAIL: usize = 64;

impl<'a> Line<'a> {
    fn split(&self, out: &mut Vec<&'a str>) {
        let (mut start, mut i) = (0, 0);
        while i < self.letters.len() {
            let end = match self.ch(i) {
                Some(ch) if is_mark(ch) && !self.flagged(&self.address, i) => {
                    let run = self.skip(i, is_mark);
                    let (tail, quoted) = self.tail(run);
                    let ends = self.ends(start, i, run, tail, quoted);
                    i = run.max(i + 1);
                    ends.then_some(tail)
                }
                Some(_) => {
                    let soft = self.soft_end(i);
                    i += 1;
                    soft
                }
                None => break,
            };
            if let Some(end) = end.filter(|&end| self.is_border(end)) {
                self.push(start, end, out);
                start = end;
                i = i.max(end);
            }
        }
        self.push(start, self.letters.len(), out);
    }

    fn push(&self, from: usize, to: usize, out: &mut Vec<&'a str>) {
        let sentence = self.text.get(self.at(from)..self.at(to)).unwrap_or_default().trim();
        if !sentence.is_empty() {
            out.push(sentence);
        }
    }

    /// A border must not split what a reader sees as one character.
    fn is_border(&self, i: usize) -> bool {
        let at = self.at(i);
        at >= self.text.len()
            || GraphemeCursor::new(at, self.text.len(), true).is_boundary(self.text, 0).unwrap_or(true)
    }

    /// Where the closing quotes, laughter, emoji and a short bracket after a mark end, and whether a quote closed.
    fn tail(&self, from: usize) -> (usize, bool) {
        let (mut i, mut quoted) = (from, false);
        // bounded, since a tail that ends no sentence is walked again from the next mark
        while i - from < LONGEST_TAIL {
            let Some(ch) = self.ch(i) else { break };
            if is_closing(ch) || self.flagged(&self.closes, i) {
                quoted |= !is_bracket(ch);
                i += 1;
            } else if is_emoji(ch) || matches!(ch, '~' | '～' | '^' | '*') || is_mark(ch) {
                i += 1;
            } else if is_laughter(ch)
                && (self.is(i + 1, |c| is_laughter(c) || c.is_whitespace()) || self.ch(i + 1).is_none())
            {
                i = self.skip(i, is_laughter);
            } else if let Some(after) = self.smiley(i) {
                i = after;
            } else if let Some(close) = self.short_bracket(i) {
                i = close + 1;
            } else if let Some(after) = self.spaced_tail(i) {
                i = after;
            } else {
                break;
            }
        }
        (i, quoted)
    }

    /// `했다.(웃음)`, `했다.[1]`: where a short bracket right after the mark closes.
    fn short_bracket(&self, i: usize) -> Option<usize> {
        if !self.is(i, |c| matches!(c, '(' | '[' | '（')) {
            return None;
        }
        let close = self.partner.get(i).copied().filter(|&close| close > i && close - i <= 24)?;
        (!self.is(close + 1, is_syllable)).then_some(close)
    }

    /// `:)`, `;D`: where a smiling face of two letters ends that stands for itself.
    fn smiley(&self, i: usize) -> Option<usize> {
        let face = self.is(i, |c| matches!(c, ':' | ';')) && self.is(i + 1, |c| matches!(c, ')' | 'D' | 'P'));
        (face && self.ch(i + 2).is_none_or(char::is_whitespace)).then_some(i + 2)
    }

    /// `좋아요! ㅋㅋ`, `좋아요. 😀`: laughter or emoji after one space belongs to the sentence before.
    fn spaced_tail(&self, i: usize) -> Option<usize> {
        if !self.is(i, |c| c == ' ') {
            return None;
        }
        if let Some(after) = self.smiley(i + 1) {
            return Some(after);
        }
        let after = self.skip(i + 1, |c| is_laughter(c) || is_emoji(c) || c == '^');
        let ended = self.ch(after).is_none_or(|c| c.is_whitespace() || is_mark(c));
        (after > i + 1 && ended).then_some(after)
    }

    /// An end without a mark: `좋아요~ 다음`, `좋아요ㅋㅋ 다음`, `좋아요 😀 다음`, and before a bullet.
    fn soft_end(&self, i: usize) -> Option<usize> {
        let ch = self.ch(i)?;
        if self.flagged(&self.inside, i) {
            return None;
        }
        if matches!(ch, '•' | '■' | '▶' | '◆' | '▪' | '※') && i > 0 && self.is(i - 1, char::is_whitespace)
        {
            return Some(i);
        }
        let before = i.checked_sub(1).and_then(|at| self.ch(at))?;
        if let Some(end) = self.smiley(i) {
            let spoken = (0..i).rev().find_map(|at| self.ch(at).filter(|c| *c != ' '));
            return spoken.is_some_and(ending::closes).then_some(end);
        }
        let starts = match ch {
            '~' | '～' | '^' | 'ㅋ' | 'ㅎ' | 'ㅠ' | 'ㅜ' => ending::closes(before),
            ' ' => matches!(before, '다' | '요' | '죠') && self.is(i + 1, is_emoji),
            _ => is_emoji(ch) && matches!(before, '다' | '요' | '죠'),
        };
        if !starts {
            return None;
        }
        let (end, _) = if ch == ' ' { self.tail(i) } else { self.tail(self.skip(i, is_laughter)) };
        (end > i && self.is(end, char::is_whitespace)).then_some(end)
    }

    /// Whether the marks `mark..run`, with what belongs to them up to `tail`, end the sentence begun at `start`.
    fn ends(&self, start: usize, mark: usize, run: usize, tail: usize, quoted: bool) -> bool {
        let Some(next) = self.ch(tail) else { return true };
        if self.flagged(&self.inside, tail)
            || (tail > run && self.flagged(&self.inside, tail - 1) && !self.is_close(tail - 1))
        {
            return false;
        }
        let spaced = next.is_whitespace();
        let follow = self.skip(tail, char::is_whitespace);
        if self.ch(follow).is_none() {
            return true;
        }
        let closed = tail > run && (quoted || self.is(tail - 1, is_bracket));
        let rest = self.ahead(follow);
        if (closed && ending::continues(&rest, spaced)) || ending::continues_unquoted(&rest) {
            return false;
        }
        if !spaced && matches!(next, ',' | ';' | ':' | '/' | '-' | '=' | '…' | '·' | '、') {
            return false;
        }
        let cries = (mark..run).any(|i| self.is(i, asks_or_cries));
        let pause = run - mark > 1 || self.is(mark, |c| matches!(c, '…' | '‥'));
        let before = self.spoken_before(mark);
        if cries {
            return spaced
                || is_hangul(next)
                || (!next.is_ascii_alphanumeric() && !is_hangul(next))
                || before.is_some_and(is_syllable);
        }
        if self.is(mark, |c| matches!(c, '。' | '｡')) {
            return true;
        }
        if pause {
            // 음..., 자...: a word of one syllable is drawn out, not ended
            let drawn = mark - self.word_before(start, mark) <= 1;
            let closing = before.is_some_and(ending::closes) && !drawn;
            return closing && (spaced || (is_hangul(next) && !ending::quotes_on(&rest)));
        }
        if spaced { self.spaced_period(start, mark, follow) } else { self.tight_period(mark, tail, before) }
    }

    /// The letter before a mark, past the quotes and brackets that close there.
    fn spoken_before(&self, mark: usize) -> Option<char> {
        let mut i = mark;
        while let Some(at) = i.checked_sub(1) {
            if !(self.is_close(at) || self.is(at, is_emoji)) {
                return self.ch(at);
            }
            i = at;
        }
        None
    }

    /// A period with a space after it; `follow` is what comes after the space.
    fn spaced_period(&self, start: usize, mark: usize, follow: usize) -> bool {
        // 좋다 . 나쁘다 . — a space before the period
        let mark = (0..mark).rev().find(|&i| !self.is(i, char::is_whitespace)).map_or(mark, |i| i + 1);
        let Some(before) = mark.checked_sub(1).and_then(|at| self.ch(at)) else { return false };
        let word = self.word_before(start, mark);
        let opens = self.skip(start, |c| c.is_whitespace() || matches!(c, '-' | '*' | '(' | '•')) == word;
        if is_syllable(before) {
            // 가. 나. 다. as list marks
            return !(opens && mark - word == 1 && "가나다라마바사아자차카타파하".contains(before));
        }
        if before.is_ascii_digit() {
            let plain = (word..mark).all(|i| self.is(i, |c| c.is_ascii_digit() || c == ','));
            if self.is_date(word, mark) {
                return false;
            }
            // years and months of a spaced date, list numbers of up to two digits
            return !opens
                && !self.is(follow, |c| c.is_ascii_digit() || c == '(')
                && (!plain || mark - word > 2);
        }
        if is_latin(before) {
            let short = mark - word == 1;
            let name: String = (word..mark).filter_map(|i| self.ch(i)).collect();
            let goes_on = self.is(follow, char::is_lowercase) && self.is(follow, is_latin);
            // J.K.
            let initials = name.contains('.') && name.split('.').all(|part| part.chars().count() == 1);
            return !(short || goes_on || initials || is_abbreviation(&name));
        }
        !before.is_whitespace() && !matches!(before, '(' | '[')
    }

    /// `2024.12.25.`, `12.25.(수)`: the period belongs to the date.
    fn is_date(&self, word: usize, mark: usize) -> bool {
        let text: String = (word..mark).filter_map(|i| self.ch(i)).collect();
        let parts: Vec<&str> = text.trim_start_matches(|c: char| !c.is_ascii_digit()).split('.').collect();
        let numbers = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        let weekday = self.is(mark + 1, |c| c == '(') && self.is(mark + 2, |c| "월화수목금토일".contains(c));
        let day_and_month = parts.iter().skip(1).all(|part| part.len() <= 2);
        numbers && day_and_month && (parts.len() == 3 || (parts.len() == 2 && weekday))
    }

    /// A period with no space after it: a missing space, or a name.
    fn tight_period(&self, mark: usize, tail: usize, before: Option<char>) -> bool {
        let (Some(before), Some(next)) = (before, self.ch(tail)) else { return false };
        if is_syllable(before) {
            let closing =
                matches!(before, '다' | '요' | '죠' | '까' | '네' | '음' | '함' | '됨' | '임' | '자' | '지');
            if next.is_ascii_alphanumeric() {
                return closing && !self.is_name_part(tail);
            }
            if is_syllable(next) {
                return (closing || !self.is_hangul_domain(tail)) && !self.is_lettered_list(mark);
            }
            return !is_closing(next);
        }
        if before.is_ascii_digit() {
            return false;
        }
        if is_latin(before) {
            let word = self.word_before(0, mark);
            let name: String = (word..mark).filter_map(|i| self.ch(i)).collect();
            let short = mark - word <= 1 || name.contains('.') || is_abbreviation(&name);
            return is_hangul(next) && !short && !self.is_hangul_domain(tail);
        }
        !before.is_whitespace() && is_hangul(next)
    }

    /// Where the word that ends at `mark` begins: after a space, an opening bracket or a quote.
    fn word_before(&self, start: usize, mark: usize) -> usize {
        let mut i = mark;
        while i > start && mark - i < 40 {
            if self.is(i - 1, |c| c.is_whitespace() || closing_of(c).is_some() || matches!(c, '"' | '\'')) {
                break;
            }
            // 했다.1. 첫째: the mark of the sentence before
            if self.is(i - 1, is_mark) && i > 1 && self.is(i - 2, is_syllable) {
                break;
            }
            i -= 1;
        }
        i
    }

    /// `com`, `txt` after a period: the end of a host or file name.
    fn is_name_part(&self, from: usize) -> bool {
        let end = self.skip(from, |c| c.is_ascii_alphanumeric());
        let name: String =
            (from..end.min(from + 8)).filter_map(|i| self.ch(i)).collect::<String>().to_lowercase();
        const PARTS: &str = "com net org kr co io ai dev app me txt pdf hwp hwpx doc docx xls xlsx ppt pptx zip jpg jpeg png gif \
             mp3 mp4 csv json xml html htm md exe apk py js ts rs";
        PARTS.split_ascii_whitespace().any(|part| part == name)
    }

    /// The few Hangul top-level domains: `한글.한국`.
    fn is_hangul_domain(&self, from: usize) -> bool {
        let rest = self.ahead(from);
        ["한국", "닷컴", "닷넷", "삼성"].iter().any(|domain| rest.starts_with(domain))
    }

    /// `가.나.다`: single letters between periods.
    fn is_lettered_list(&self, mark: usize) -> bool {
        let alone = |i: usize| self.is(i, is_syllable) && self.is(i + 1, |c| !is_syllable(c));
        let before =
            mark.checked_sub(2).is_none_or(|at| self.is(at, |c| c.is_whitespace() || c == '.' || c == '('));
        before && alone(mark + 1)
    }
}

fn is_abbreviation(name: &str) -> bool {
    const KNOWN: &str = "mr mrs ms dr prof st jr sr vs ver etc e.g i.e eg ie cf al fig no vol pp ed eds inc ltd co corp dept est approx jan feb \
         mar apr jun jul aug sep sept oct nov dec mt gen rep sen rev u.s u.k u.n a.m p.m ph.d d.c tmi";
    let lower = name.to_lowercase();
    KNOWN.split_ascii_whitespace().any(|known| known == lower)
}

#[cfg(test)]
mod tests;
