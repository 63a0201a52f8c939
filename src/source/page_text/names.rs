//! Pure: who writes on a page, told from where short lines stand.
//!
//! Authors stand under bodies, which are mostly long, and above counts; titles stand above bodies. A title that comes
//! back every week stands on the page as often as an author does, so how often alone does not tell them apart.

use std::collections::HashMap;

use super::line::{Kind, Line, NAME};

/// What the page says of one short line.
#[derive(Clone, Copy, Default)]
struct Seen {
    count: u32,
    /// Times it stands where an author does.
    under_body: u32,
    /// Times it stands where a title does.
    over_body: u32,
    followed: u32,
}

/// What a count right after a line says for its being an author, next to one more time that it stands on the page.
const FOLLOWED: u32 = 10;

/// What the short lines of a page may be.
pub(super) struct Names<'a> {
    seen: HashMap<&'a str, Seen>,
    /// Whom most speaks for as the usual author; none where nothing tells two lines apart.
    first: Option<&'a str>,
    /// Some line stands more often where authors do than where titles do.
    told: bool,
}

impl<'a> Names<'a> {
    pub(super) fn of(lines: &[Line<'a>]) -> Names<'a> {
        let mut seen: HashMap<&'a str, Seen> = HashMap::new();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| may_be_author(line)) {
            let before = at.checked_sub(1).and_then(|at| lines.get(at));
            let after = lines.get(at + 1);
            let one = seen.entry(line.text).or_default();
            let followed = after.is_some_and(|after| after.kind != Kind::Text);
            one.count += 1;
            one.followed += u32::from(followed);
            one.under_body += u32::from(followed || before.is_some_and(Line::is_prose));
            one.over_body += u32::from(after.is_some_and(Line::is_prose));
        }
        let mut best: Vec<(u32, &str)> = seen
            .iter()
            .filter(|(_, one)| one.count > 1 && one.under_body >= one.over_body)
            .map(|(text, one)| (one.count + one.followed * (FOLLOWED - 1), *text))
            .collect();
        best.sort_unstable_by(|a, b| b.cmp(a));
        let first = match best.as_slice() {
            [(weight, _), (next, _), ..] if weight == next => None,
            [(_, text), ..] => Some(*text),
            [] => None,
        };
        let told = seen.values().any(|one| one.count > 1 && one.under_body > one.over_body);
        Names { seen, first, told }
    }

    /// Stands on the page more than once, where authors do. Where no line tells by its place, it is the usual author.
    pub(super) fn is_known(&self, line: &Line<'_>) -> bool {
        let Some(one) = self.seen.get(line.text).filter(|one| one.count > 1) else { return false };
        match self.first {
            _ if self.told => one.under_body > one.over_body,
            Some(_) => self.is_first(line),
            None => one.under_body == one.over_body,
        }
    }

    /// The usual author.
    pub(super) fn is_first(&self, line: &Line<'_>) -> bool {
        self.first == Some(line.text)
    }

    /// Authors can be told from other lines: by where one stands, or by how often the usual one does.
    pub(super) fn is_told(&self) -> bool {
        self.told || self.first.and_then(|name| self.seen.get(name)).is_some_and(|one| one.count > 2)
    }
}

/// By its looks alone.
pub(super) fn may_be_author(line: &Line<'_>) -> bool {
    line.kind == Kind::Text && usize::from(line.width) <= NAME
}
