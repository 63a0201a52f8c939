//! Pure: which line of a page dump is what. The reading with the least that speaks against it is taken.
//!
//! A post is title, body, author, then perhaps comments, then perhaps emoji and reactions. A number after an author is
//! comments, unless it must be the next post's title for the lines after it to make sense: the choice is made for the
//! whole page at once, from its end, in linear time.

use super::line::{Kind, Line, SHORT};
use super::names::{Names, may_be_author};

/// Other posts with bodies of prose, from which on one without is no post of this page.
const MANY: usize = 3;

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
    /// The last number could as well be the title of the post that was cut off.
    pub(super) last_in_doubt: bool,
    /// Numbers that stand right under an author and were read as titles.
    pub(super) numeric_titles: Vec<usize>,
}

/// Why no reading is sound, and at which position in the list of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// From here on nothing makes sense.
    Shape(usize),
    /// This number is a count or a title; either way something else is missing.
    Doubt(usize),
}

/// What speaks against a reading; none: it cannot be.
type Cost = Option<u32>;

/// Reads `lines`, the first of which is the blog's title.
pub(super) fn outline(lines: &[Line<'_>]) -> Result<Outline, Fault> {
    let names = Names::of(lines);
    let reader = Reader { lines, names };
    let best = reader.best_from_end();
    let with = best.get(2).copied().flatten().map(|step| (step.cost, true, 2));
    // Without a description the posts begin one line earlier; that the line is one is the usual case.
    let without = best.get(1).copied().flatten().map(|step| (step.cost + 2, false, 1));
    let Some((_, description, start)) = [with, without].into_iter().flatten().min_by_key(|(cost, ..)| *cost)
    else {
        return Err(Fault::Shape(reader.furthest()));
    };
    let (mut entries, mut at) = (Vec::new(), start);
    while let Some(entry) = best.get(at).copied().flatten().and_then(|step| reader.chosen(at, step)) {
        entries.push(entry);
        at = entry.next();
    }
    reader.sound(&entries)?;
    let left_over = lines.len().saturating_sub(at);
    let numeric_titles = reader.numeric_titles(&entries)?;
    let last_in_doubt = entries.last().is_some_and(|last| reader.may_be_title(*last, left_over));
    Ok(Outline { description, left_over, last_in_doubt, numeric_titles, entries })
}

/// One for each line of the page, so it is small.
#[derive(Clone, Copy)]
struct Step {
    cost: u32,
    /// Which of [`Reader::entries_at`]; none: the page ends here, whole or cut off.
    choice: Option<u8>,
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
        match self.lines.get(at..)? {
            [] => Some(0),
            [title] => Some(3 + self.as_title(title)?),
            [title, body] => Some(3 + self.as_title(title)? + self.misplaced(body)),
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
        let author = self.lines.get(entry.author).filter(|line| may_be_author(line))?;
        let title = self.lines.get(entry.title)?;
        let body = match entry.body {
            Some(at) => Some(self.lines.get(at)?),
            None => None,
        };
        let stranger = match body {
            _ if self.names.is_known(author) => 0,
            Some(body) if body.is_prose() => 2,
            _ => 3,
        };
        let long = self.as_title(title).unwrap_or(6);
        Some(stranger + long + body.map_or(2, |line| self.misplaced(line)))
    }

    /// What speaks against a line as a title; none: it is as long as bodies are.
    fn as_title(&self, line: &Line<'_>) -> Cost {
        let prose = if line.is_prose() { 2 } else { 0 };
        (line.text.len() <= SHORT).then(|| prose + self.misplaced(line))
    }

    /// What speaks against a line as a title or a body.
    fn misplaced(&self, line: &Line<'_>) -> u32 {
        match line.kind {
            Kind::Text if self.names.is_first(line) => 5,
            Kind::Text => 0,
            Kind::Number | Kind::Emoji => 1,
        }
    }

    /// The best reading may still be no sound one; the first post that cannot be meant.
    fn sound(&self, entries: &[Entry]) -> Result<(), Fault> {
        let wrong = |entry: &Entry| match entry {
            entry if self.is_displaced(*entry) || self.is_doubled(*entry) => Some(entry.title),
            entry => self.is_sentence(*entry).then_some(entry.author),
        };
        entries.iter().find_map(wrong).map_or(Ok(()), |at| Err(Fault::Shape(at)))
    }

    /// An author that nobody knows and that reads as a sentence: a line is missing above it, unless there is a body as
    /// long as bodies are.
    fn is_sentence(&self, entry: Entry) -> bool {
        let body = entry.body.and_then(|at| self.lines.get(at)).is_some_and(Line::is_prose);
        let author = self.lines.get(entry.author);
        !body && author.is_some_and(|line| line.is_sentence() && !self.names.is_known(line))
    }

    /// An author nobody knows where a known one stands as a title or a body, or where there is neither but numbers and
    /// emoji: those are of the post above, pushed away from it by a line too many.
    fn is_displaced(&self, entry: Entry) -> bool {
        let known = |at: usize| self.lines.get(at).is_some_and(|line| self.names.is_known(line));
        let counts = |at: usize| self.kind(at).is_some_and(|kind| kind != Kind::Text);
        let reactions =
            |at: usize| self.kind(at) == Some(Kind::Emoji) && self.kind(at + 1) == Some(Kind::Number);
        let pushed = counts(entry.title) && entry.body.is_some_and(counts);
        let displaced = pushed || known(entry.title) || entry.body.is_some_and(known);
        !known(entry.author) && (reactions(entry.title) || (self.names.is_told() && displaced))
    }

    /// A title that is longer than bodies are, or a line that stands there twice.
    fn is_doubled(&self, entry: Entry) -> bool {
        let Some(title) = self.lines.get(entry.title) else { return false };
        let body = entry.body.and_then(|at| self.lines.get(at));
        let author = self.lines.get(entry.author);
        let same = |one: Option<&Line<'_>>, other: Option<&Line<'_>>| {
            one.zip(other).is_some_and(|(one, other)| one.text == other.text)
        };
        let signed = same(body, author) && author.is_some_and(|line| self.names.is_known(line));
        let long = title.text.len() > SHORT && title.text.len() > body.map_or(0, |line| line.text.len());
        long || signed || (title.is_prose() && same(Some(title), body))
    }

    /// Titles that could be the comments of the post above, were it not for the lines after them. Where every other post
    /// has a body of prose and this one has not, it may be the body that is missing.
    fn numeric_titles(&self, entries: &[Entry]) -> Result<Vec<usize>, Fault> {
        let prose = |entry: &Entry| entry.body.and_then(|at| self.lines.get(at)).is_some_and(Line::is_prose);
        let found: Vec<&Entry> = entries
            .windows(2)
            .filter_map(|pair| {
                let [before, entry] = pair else { return None };
                let close = before.author + 1 == entry.title;
                (close && self.kind(entry.title) == Some(Kind::Number)).then_some(entry)
            })
            .collect();
        let bare = |entry: &&&Entry| !prose(entry);
        let bare_elsewhere =
            entries.iter().filter(|entry| !prose(entry)).count() > found.iter().filter(bare).count();
        match found.iter().find(bare) {
            Some(entry) if !bare_elsewhere && entries.iter().filter(|entry| prose(entry)).count() >= MANY => {
                Err(Fault::Doubt(entry.title))
            }
            _ => Ok(found.into_iter().map(|entry| entry.title).collect()),
        }
    }

    /// Whether the number that ends `last` could be a title, with the lines that are left over as its body and author.
    fn may_be_title(&self, last: Entry, left_over: usize) -> bool {
        let after = |at: usize| self.lines.get(last.author + 1 + at);
        let number = last.comments.is_some() && last.emoji.is_none();
        let fits = match left_over {
            1 => after(1).is_some_and(Line::is_prose),
            2 => after(2).is_some_and(may_be_author),
            _ => false,
        };
        number && fits
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
