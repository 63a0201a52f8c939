//! Pure: what is wrong with a configuration: every fault at once, each with its place, its key and what to do.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use unicode_width::UnicodeWidthChar;

/// Columns of a line shown on either side of a fault.
const AROUND: usize = 60;

/// All that is wrong, in the order of the file; then what is missing from it; then variables.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigFaults {
    /// The file, as asked for.
    pub path: PathBuf,
    /// At least one.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong. It never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// `section.key`; empty where the fault is none of a key.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub advice: String,
}

/// Where a fault lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A line of the file.
    Line(Spot),
    /// The file as a whole: something is missing from it.
    File,
    /// An environment variable.
    Variable(String),
}

/// A spot in the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The line and the columns to mark in it; none where it might show a secret.
    pub excerpt: Option<Excerpt>,
}

/// A line as it is shown, without control characters, cut where it is long.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Excerpt {
    /// The text.
    pub text: String,
    /// Terminal columns before the mark.
    pub before: usize,
    /// Terminal columns to mark.
    pub marked: usize,
}

impl Place {
    /// The line, where there is one.
    pub fn line(&self) -> Option<usize> {
        match self {
            Place::Line(spot) => Some(spot.line),
            Place::File | Place::Variable(_) => None,
        }
    }
}

impl Spot {
    /// The spot at `span` (bytes) of `text`; `shown` says whether its line may be printed.
    pub(super) fn new(text: &str, span: &Range<usize>, shown: bool) -> Spot {
        let start = floor(text, span.start);
        let end = floor(text, span.end.max(start));
        let before = text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        let head = text.get(line_start..start).unwrap_or_default();
        let rest = text.get(start..).unwrap_or_default();
        let tail = rest.split(['\n', '\r']).next().unwrap_or_default();
        let marked = tail.get(..(end - start).min(tail.len())).unwrap_or(tail);
        let after = tail.get(marked.len()..).unwrap_or_default();
        let excerpt = shown.then(|| Excerpt::new(head, marked, after));
        Spot { line, column: head.chars().count() + 1, excerpt }
    }
}

/// The character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

impl Excerpt {
    fn new(head: &str, marked: &str, after: &str) -> Excerpt {
        let mut shown: String = tail_of(head, AROUND);
        if shown.len() < plain(head).len() {
            shown.insert(0, '…');
        }
        let before = width(&shown);
        let middle = head_of(marked, AROUND);
        let columns = width(&middle).max(1);
        shown.push_str(&middle);
        let rest = head_of(after, AROUND);
        shown.push_str(&rest);
        if middle.len() < plain(marked).len() || rest.len() < plain(after).len() {
            shown.push('…');
        }
        Excerpt { text: shown.trim_end().to_owned(), before, marked: columns }
    }
}

/// One printable line: control characters and marks that turn the direction of writing become spaces.
pub(super) fn plain(text: &str) -> String {
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hostile(c) { ' ' } else { c }).collect()
}

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

fn head_of(text: &str, columns: usize) -> String {
    within(plain(text).chars(), columns)
}

fn tail_of(text: &str, columns: usize) -> String {
    let turned = within(plain(text).chars().rev(), columns);
    turned.chars().rev().collect()
}

fn within(chars: impl Iterator<Item = char>, columns: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= columns
        })
        .collect()
}

impl ConfigFaults {
    /// Each fault's place and key, what is wrong, and what to do.
    pub fn rows(&self) -> Vec<(String, String, String)> {
        let row = |fault: &Fault| (fault.head(&self.path), fault.problem.clone(), fault.advice.clone());
        self.faults.iter().map(row).collect()
    }
}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "설정에 고칠 곳이 {}군데 있어요.", self.faults.len())?;
        for fault in &self.faults {
            write!(f, "\n\n")?;
            fault.write(f, &self.path)?;
        }
        Ok(())
    }
}

impl Fault {
    /// `config/moabom.toml:12:9 · smtp.port`.
    fn head(&self, path: &Path) -> String {
        let place = match &self.place {
            Place::Line(spot) => format!("{}:{}:{}", path.display(), spot.line, spot.column),
            Place::File => path.display().to_string(),
            Place::Variable(name) => format!("환경 변수 {name}"),
        };
        if self.key.is_empty() { place } else { format!("{place} · {}", self.key) }
    }

    /// Place, key, what and advice, without the line itself.
    pub(super) fn in_one_line(&self, path: &Path) -> String {
        format!("{}: {}. {}", self.head(path), self.problem, self.advice)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, path: &Path) -> fmt::Result {
        f.write_str(&self.head(path))?;
        if let Place::Line(Spot { line, excerpt: Some(excerpt), .. }) = &self.place {
            let (space, mark) = (" ".repeat(excerpt.before), "^".repeat(excerpt.marked));
            write!(f, "\n{line:>5} | {}\n      | {space}{mark}", excerpt.text)?;
        }
        write!(f, "\n  {}", self.problem)?;
        if self.advice.is_empty() { Ok(()) } else { write!(f, "\n  → {}", self.advice) }
    }
}

/// The known word nearest to `typed`, near enough to be meant.
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let allowed = (typed.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|word| (distance(&typed, &word.to_lowercase()), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Insertions, deletions, replacements and swaps of neighbours that make one word the other.
fn distance(one: &str, other: &str) -> usize {
    // A pasted page as a key is no slip of the fingers, and the table would be large.
    if one.len() > 100 || other.len() > 100 {
        return usize::MAX;
    }
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut earlier: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX - 1);
            let mut best =
                (at(&above, j) + usize::from(a != b)).min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && one.get(i - 1) == Some(b) && other.get(j - 1) == Some(a);
            if swapped {
                best = best.min(at(&earlier, j - 1) + 1);
            }
            row.push(best);
        }
        earlier = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_finds_the_word_meant() {
        let known = ["title", "home", "time_zone", "advertising"];
        assert_eq!(nearest("titel", known), Some("title"));
        assert_eq!(nearest("timezone", known), Some("time_zone"));
        assert_eq!(nearest("Advertizing", known), Some("advertising"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("제목", known), None);
    }

    #[test]
    fn a_mark_stands_under_its_word_after_wide_letters() {
        let text = "a = 1\nname = \"해봄\" # x\n";
        let at = text.find("\"해봄").expect("there");
        let spot = Spot::new(text, &(at..at + "\"해봄\"".len()), true);
        assert_eq!((spot.line, spot.column), (2, 8));
        let excerpt = spot.excerpt.expect("shown");
        assert_eq!(excerpt, Excerpt { text: "name = \"해봄\" # x".into(), before: 7, marked: 6 });
    }

    #[test]
    fn a_span_that_fits_no_text_gives_a_spot_all_the_same() {
        for span in [0..0, 1..9, 100..200, 3..5] {
            assert_eq!(Spot::new("가\r\n", &span, true).line, if span.start >= 5 { 2 } else { 1 });
        }
    }
}
