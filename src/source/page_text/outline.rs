//! Pure: which line of a page dump is what. The reading with the least that speaks against it is taken.
//!
//! A post is title, body, author, then perhaps comments, then perhaps emoji and reactions. A number after an author is
//! comments, unless it must be the next post's title for the lines after it to make sense: the choice is made for the
//! whole page at once, from its end, in linear time.

use std::collections::HashMap;

use super::line::{Kind, Line};

/// An author's name is at most this wide; half-width letters count 1, Hangul 2.
const AUTHOR_WIDTH: usize = 80;
/// A title that is longer speaks for a reading that is off by a line.
const TITLE_BYTES: usize = 600;

/// The lines of one post, as positions in the list of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) title: usize,
    /// None: an empty line stood for it.
    pub(super) body: Option<usize>,
    pub(super) author: usize,
    pub(super) comments: Option<usize>,
    /// The emoji line; the number of reactions follows it.
    pub(super) emoji: Option<usize>,
}

impl Entry {
    fn next(self) -> usize {
        self.emoji.map(|at| at + 2).or(self.comments.map(|at| at + 1)).unwrap_or(self.author + 1)
    }
}

/// A page as understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) description: bool,
    pub(super) entries: Vec<Entry>,
    /// Lines after the last whole post.
    pub(super) left_over: usize,
}

/// What speaks against a reading; none: it cannot be.
type Cost = Option<u32>;

/// Reads `lines`, the first of which is the blog's title. Err: the position of the line from which nothing makes sense.
pub(super) fn outline(lines: &[Line<'_>]) -> Result<Outline, usize> {
    let names = Names::of(lines);
    let reader = Reader { lines, names };
    let best = reader.best_from_end();
    let with = best.get(2).copied().flatten().map(|step| (step.cost, true, 2));
    // Without a description the posts begin one line earlier; that the line is one is the usual case.
    let without = best.get(1).copied().flatten().map(|step| (step.cost + 2, false, 1));
    let Some((_, description, start)) = [with, without].into_iter().flatten().min_by_key(|(cost, ..)| *cost)
    else {
        return Err(reader.furthest());
    };
    let (mut entries, mut at) = (Vec::new(), start);
    while let Some(entry) = best.get(at).copied().flatten().and_then(|step| reader.chosen(at, step)) {
        entries.push(entry);
        at = entry.next();
    }
    let outline = Outline { description, entries, left_over: lines.len().saturating_sub(at) };
    match reader.contradiction(&outline) {
        Some(line) => Err(line),
        None => Ok(outline),
    }
}

/// One for each line of the page, so it is small.
#[derive(Clone, Copy)]
struct Step {
    cost: u32,
    /// Which of [`Reader::entries_at`]; none: the page ends here, whole or cut off.
    choice: Option<u8>,
}

/// What a count right after a line says for its being an author, next to one more time that it stands on the page.
const FOLLOWED: u32 = 10;

/// How often each short line stands on the page: authors stand under each of their posts.
struct Names<'a> {
    counts: HashMap<&'a str, u32>,
    /// Whom most speaks for as the usual author; none where nothing tells two lines apart.
    first: Option<&'a str>,
}

impl<'a> Names<'a> {
    fn of(lines: &[Line<'a>]) -> Names<'a> {
        let (mut counts, mut weights) = (HashMap::new(), HashMap::new());
        for (at, line) in lines.iter().enumerate() {
            if line.kind != Kind::Text || line.width > AUTHOR_WIDTH {
                continue;
            }
            // Titles and bodies are followed by text.
            let followed = lines.get(at + 1).is_some_and(|next| next.kind != Kind::Text);
            *counts.entry(line.text).or_insert(0) += 1;
            *weights.entry(line.text).or_insert(0) += if followed { FOLLOWED } else { 1 };
        }
        let mut best: Vec<(u32, &str)> = weights
            .into_iter()
            .filter(|(text, _)| counts.get(text).is_some_and(|count| *count > 1))
            .map(|(text, weight)| (weight, text))
            .collect();
        best.sort_unstable_by(|a, b| b.cmp(a));
        let first = match best.as_slice() {
            [(weight, _), (next, _), ..] if weight == next => None,
            [(_, text), ..] => Some(*text),
            [] => None,
        };
        Names { counts, first }
    }

    fn count(&self, text: &str) -> u32 {
        self.counts.get(text).copied().unwrap_or(0)
    }

    fn is_first(&self, line: &Line<'_>) -> bool {
        self.first == Some(line.text)
    }
}

struct Reader<'a> {
    lines: &'a [Line<'a>],
    names: Names<'a>,
}

impl Reader<'_> {
    /// For each line the best reading of the page from there on.
    fn best_from_end(&self) -> Vec<Option<Step>> {
        let end = self.lines.len();
        let mut best: Vec<Option<Step>> = vec![None; end + 1];
        for at in (0..=end).rev() {
            let mut chosen = self.rest(at).map(|cost| Step { cost, choice: None });
            for (choice, entry) in (0..).zip(self.entries_at(at)) {
                let rest = best.get(entry.next()).copied().flatten();
                let step = self
                    .cost(entry)
                    .zip(rest)
                    .map(|(cost, rest)| Step { cost: cost.saturating_add(rest.cost), choice: Some(choice) });
                chosen = match (chosen, step) {
                    (Some(old), Some(new)) if old.cost <= new.cost => Some(old),
                    (old, new) => new.or(old),
                };
            }
            if let Some(slot) = best.get_mut(at) {
                *slot = chosen;
            }
        }
        best
    }

    fn chosen(&self, at: usize, step: Step) -> Option<Entry> {
        self.entries_at(at).nth(usize::from(step.choice?))
    }

    /// The page may end before `at`, or within a post that begins there: then something of it is missing.
    fn rest(&self, at: usize) -> Cost {
        match self.lines.len() - at {
            0 => Some(0),
            1 | 2 => Some(3),
            _ => None,
        }
    }

    /// The posts that could begin at `at`, the fullest first.
    fn entries_at(&self, at: usize) -> impl Iterator<Item = Entry> + '_ {
        let empty_body = self.lines.get(at + 1).is_some_and(|line| line.after_blank);
        let bodies = [Some(Some(at + 1)), empty_body.then_some(None)];
        bodies.into_iter().flatten().flat_map(move |body| {
            let author = body.unwrap_or(at) + 1;
            let plain = Entry { title: at, body, author, comments: None, emoji: None };
            let number = |at: usize| self.kind(at) == Some(Kind::Number);
            let comments = number(author + 1).then_some(author + 1);
            let reactions = move |at: usize| {
                (self.kind(at) == Some(Kind::Emoji) && self.kind(at + 1) == Some(Kind::Number)).then_some(at)
            };
            let both = comments.and_then(|at| reactions(at + 1)).map(|emoji| Entry {
                comments,
                emoji: Some(emoji),
                ..plain
            });
            let liked = reactions(author + 1).map(|emoji| Entry { emoji: Some(emoji), ..plain });
            let talked = comments.map(|_| Entry { comments, ..plain });
            let plain = self.kind(author).map(|_| plain);
            [both, liked, talked, plain].into_iter().flatten()
        })
    }

    fn kind(&self, at: usize) -> Option<Kind> {
        self.lines.get(at).map(|line| line.kind)
    }

    fn cost(&self, entry: Entry) -> Cost {
        let author = self.lines.get(entry.author)?;
        if author.kind != Kind::Text || author.width > AUTHOR_WIDTH {
            return None;
        }
        let author = if self.names.count(author.text) > 1 { 0 } else { 3 };
        let title = self.lines.get(entry.title)?;
        let long = if title.text.len() > TITLE_BYTES { 2 } else { 0 };
        let body = match entry.body {
            Some(at) => self.misplaced(self.lines.get(at)?),
            None => 2,
        };
        Some(author + self.misplaced(title) + long + body)
    }

    /// What speaks against a line as a title or a body.
    fn misplaced(&self, line: &Line<'_>) -> u32 {
        match line.kind {
            Kind::Text if self.names.is_first(line) => 5,
            Kind::Text => 0,
            Kind::Number | Kind::Emoji => 1,
        }
    }

    /// The best reading may still be no sound one: an unknown author where the usual one stands as a title or a body, or
    /// where there is neither but numbers and emoji.
    fn contradiction(&self, outline: &Outline) -> Option<usize> {
        let known = self.names.first.is_some_and(|name| self.names.count(name) > 2);
        let wrong = |entry: &&Entry| {
            let is_first = |at: usize| self.lines.get(at).is_some_and(|line| self.names.is_first(line));
            // Counts and emoji in a row are those of the post above, pushed away from it by a line too many.
            let counts = |at: usize| self.kind(at).is_some_and(|kind| kind != Kind::Text);
            let pushed = counts(entry.title) && entry.body.is_some_and(counts);
            let displaced = is_first(entry.title) || entry.body.is_some_and(is_first);
            !is_first(entry.author) && (displaced || pushed)
        };
        outline.entries.iter().find(wrong).filter(|_| known).map(|entry| entry.title)
    }

    /// How far the posts can be followed from the top.
    fn furthest(&self) -> usize {
        let mut at = 2.min(self.lines.len());
        while let Some(entry) = self.entries_at(at).find(|entry| self.cost(*entry).is_some()) {
            at = entry.next();
        }
        at.min(self.lines.len().saturating_sub(1))
    }
}
