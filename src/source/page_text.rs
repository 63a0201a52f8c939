//! Pure: the page dump (`kind = "page-text"`): a blog's listing page as text, newest first.
//!
//! Line 1 is the blog's title, line 2 its description. Then per post: a title line, a body line, an author line, then
//! perhaps a line with the number of comments, then perhaps a line of emoji and a line with the number of reactions.

mod line;
mod names;
mod outline;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::FetchedPage;
use super::feed::POSTS;
use crate::korean::title;
use crate::model::post::{Emoji, FetchedPost, Reactions, Untold};
use line::{Kind, Line, lines};
use outline::{Entry, Fault, Outline, outline};

/// A line longer than this is no post's, in bytes.
const LINE_LIMIT: usize = 5_000_000;

/// So many lines tell whether a text is markup.
const MARKED: usize = 20;

/// Why a text is no page dump.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageTextError {
    /// There is no text.
    #[error("글 목록이 비어 있어요. 블로그 목록 페이지를 텍스트로 저장한 파일이나 주소인지 확인하세요")]
    Empty,
    /// It is markup.
    #[error(
        "1행: HTML이에요. 브라우저에서 페이지를 열고 글자만 복사해 저장하거나, 텍스트로 내주는 주소를 쓰세요"
    )]
    Markup,
    /// It is data for programs.
    #[error(
        "1행: JSON이에요. 브라우저에서 블로그의 글 목록 페이지를 열고 글자만 복사해 저장하거나, 텍스트로 내주는 주소를 쓰세요"
    )]
    Json,
    /// A title, perhaps a description, and no post.
    #[error(
        "글이 하나도 없어요. 1행은 블로그 제목, 2행은 소개이고, 그다음에 글마다 제목·본문·글쓴이가 한 줄씩 있어야 해요"
    )]
    NoPosts,
    /// From this line on the lines fit no sequence of posts.
    #[error(
        "{line}행 `{text}`: 여기서부터 글의 짜임이 맞지 않아요. 글마다 제목·본문·글쓴이가 한 줄씩, 그다음에 댓글 수와 이모지·반응 수가 있으면 한 줄씩 있어야 해요. 빠지거나 끼어든 줄이 없는지 보세요"
    )]
    Shape {
        /// From 1.
        line: usize,
        /// Its beginning.
        text: String,
    },
    /// A number that is a count or a title, and either way something is missing.
    #[error(
        "{line}행 `{text}`: 앞 글의 댓글 수인지 다음 글의 제목인지 알 수 없어요. 댓글 수라면 다음 글에 본문 줄이 빠졌어요. 본문이 없는 글에는 빈 줄을 하나 두세요"
    )]
    Doubt {
        /// From 1.
        line: usize,
        /// As written.
        text: String,
    },
    /// A count the page shortened.
    #[error("{line}행 `{text}`: 줄여 쓴 수라 정확한 값을 알 수 없어요. `12,345`처럼 다 적힌 목록을 쓰세요")]
    Shortened {
        /// From 1.
        line: usize,
        /// As written.
        text: String,
    },
    /// A number no counter holds.
    #[error("{line}행 `{text}`: 수가 너무 커요. 댓글 수나 반응 수가 맞는지 보세요")]
    Number {
        /// From 1.
        line: usize,
        /// As written.
        text: String,
    },
    /// A line that no post could have.
    #[error("{line}행: 한 줄이 {megabytes}MB가 넘어요. 글 목록을 텍스트로 저장한 파일이 맞는지 확인하세요", megabytes = LINE_LIMIT / 1_000_000)]
    Long {
        /// From 1.
        line: usize,
    },
}

/// Reads a page dump. What is odd but sound stands in the notes; nothing is guessed silently.
pub fn parse(text: &str) -> Result<FetchedPage, PageTextError> {
    let lines = lines(text);
    check(&lines)?;
    let outline = outline(&lines).map_err(|fault| refused(&lines, fault))?;
    shortened(&lines, &outline)?;
    let (entries, cut_off) = whole(&lines, &outline);
    let mut posts = Vec::with_capacity(entries.len());
    for entry in entries.iter().take(POSTS) {
        posts.push(post(&lines, entry)?);
    }
    let too_many = entries.len() > POSTS;
    if posts.is_empty() && !cut_off {
        return Err(PageTextError::NoPosts);
    }
    let mut notes = notes(&lines, &outline, &posts, cut_off);
    notes.extend(too_many.then(|| format!("글이 너무 많아 앞의 {POSTS}편만 읽었어요.")));
    let line = |at: usize| lines.get(at).map(|line| composed(line.text));
    let description = outline.description.then(|| line(1)).flatten();
    Ok(FetchedPage { title: line(0), description, posts, notes, cut_off, gaps: too_many, window: false })
}

fn check(lines: &[Line<'_>]) -> Result<(), PageTextError> {
    let Some(first) = lines.first() else { return Err(PageTextError::Empty) };
    let starts =
        |with: &str| first.text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    let tag = |line: &Line<'_>| {
        let mut chars = line.text.chars();
        chars.next() == Some('<')
            && chars.next().is_some_and(|c| c.is_ascii_alphabetic() || "/!?".contains(c))
    };
    let tags = lines.iter().take(MARKED).filter(|line| tag(line)).count();
    if ["<!doctype", "<html", "<?xml", "<rss", "<feed", "<head", "<body"].into_iter().any(starts)
        || (tag(first) && tags > 1)
    {
        return Err(PageTextError::Markup);
    }
    let last = lines.last().unwrap_or(first);
    if first.text.starts_with(['{', '[']) && last.text.ends_with(['}', ']']) {
        return Err(PageTextError::Json);
    }
    if let Some(line) = lines.iter().find(|line| line.text.len() > LINE_LIMIT) {
        return Err(PageTextError::Long { line: line.number as usize });
    }
    if lines.len() < 3 { Err(PageTextError::NoPosts) } else { Ok(()) }
}

fn refused(lines: &[Line<'_>], fault: Fault) -> PageTextError {
    let (Fault::Shape(at) | Fault::Doubt(at)) = fault;
    let liked = |pair: &&[Line<'_>]| matches!(pair, [a, b] if a.kind == Kind::Emoji && b.is_shortened());
    let liked = lines.windows(2).find(liked).and_then(|pair| pair.last());
    let count = lines.get(at).filter(|line| line.is_shortened()).or(liked);
    let line = count.or(lines.get(at)).or(lines.last());
    let (line, text) = line.map_or((1, String::new()), |line| (line.number as usize, beginning(line.text)));
    match fault {
        _ if count.is_some() => PageTextError::Shortened { line, text },
        Fault::Shape(_) => PageTextError::Shape { line, text },
        Fault::Doubt(_) => PageTextError::Doubt { line, text },
    }
}

/// A shortened count is no body under a title of emoji, and no title that was cut off.
fn shortened(lines: &[Line<'_>], outline: &Outline) -> Result<(), PageTextError> {
    let emoji = |at: usize| lines.get(at).is_some_and(|line| line.kind == Kind::Emoji);
    let bodies = outline.entries.iter().filter(|entry| emoji(entry.title)).filter_map(|entry| entry.body);
    let rest = lines.len().saturating_sub(outline.left_over);
    let left = match outline.left_over {
        1 => Some(rest),
        2 if emoji(rest) => Some(rest + 1),
        _ => None,
    };
    match bodies.chain(left).filter_map(|at| lines.get(at)).find(|line| line.is_shortened()) {
        Some(line) => {
            Err(PageTextError::Shortened { line: line.number as usize, text: beginning(line.text) })
        }
        None => Ok(()),
    }
}

fn beginning(text: &str) -> String {
    let mut short: String = text.chars().take(30).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The posts that are whole, and whether the page was cut off. An author's name that is only the beginning of another
/// one's was cut, and so was a line of emoji that no number follows. A number that may be a title is no count to keep.
fn whole<'a>(lines: &[Line<'_>], outline: &'a Outline) -> (&'a [Entry], bool) {
    let entries = outline.entries.as_slice();
    let Some((last, others)) = entries.split_last() else { return (entries, outline.left_over > 0) };
    let author = |entry: &Entry| lines.get(entry.author).map_or("", |line| line.text);
    let cut_name = last.author + 1 == lines.len()
        && others
            .iter()
            .any(|other| author(other).len() > author(last).len() && author(other).starts_with(author(last)))
        && !others.iter().any(|other| author(other) == author(last));
    let after = lines.len().saturating_sub(outline.left_over);
    let cut_emoji = outline.left_over == 1 && lines.get(after).is_some_and(|line| line.kind == Kind::Emoji);
    if cut_name || cut_emoji || outline.last_in_doubt {
        (others, true)
    } else {
        (entries, outline.left_over > 0)
    }
}

fn post(lines: &[Line<'_>], entry: &Entry) -> Result<FetchedPost, PageTextError> {
    let text = |at: usize| lines.get(at).map_or("", |line| line.text);
    let count = |at: Option<usize>| at.map_or(Ok(0), |at| number(lines, at));
    let emoji = entry.emoji.map_or("", text);
    Ok(FetchedPost {
        external_id: None,
        url: None,
        title: title::normalise(text(entry.title)),
        author: Some(title::normalise(text(entry.author))),
        body: entry.body.map_or_else(String::new, |at| prose(text(at))),
        published_at: None,
        untold: Untold::default(),
        comments: count(entry.comments)?,
        reactions: Reactions {
            total: count(entry.emoji.map(|at| at + 1))?,
            emoji: line::emoji(emoji).map(|one| Emoji { symbol: one.to_owned(), count: None }).collect(),
        },
    })
}

/// The emoji of a text, each a whole grapheme cluster.
pub(super) fn emoji_in(text: &str) -> impl Iterator<Item = &str> {
    line::emoji(text)
}

fn number(lines: &[Line<'_>], at: usize) -> Result<u64, PageTextError> {
    let Some(line) = lines.get(at) else { return Ok(0) };
    let digits: String = line.text.chars().filter(char::is_ascii_digit).collect();
    // The store counts in signed 64 bits.
    let held = digits.parse::<u64>().ok().filter(|count| i64::try_from(*count).is_ok());
    held.ok_or_else(|| PageTextError::Number { line: line.number as usize, text: beginning(line.text) })
}

/// NFC, so that a body copied on another system is the same body.
fn prose(text: &str) -> String {
    // Below the combining marks and among whole syllables there is nothing to compose; the table is slower.
    let whole = |c: char| c < '\u{300}' || ('가'..='힣').contains(&c);
    if text.chars().all(whole) || is_nfc(text) { text.to_owned() } else { text.nfc().collect() }
}

/// One line, NFC, single spaces.
fn composed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect()
}

/// A page may hold any number of odd places; this many of a kind are named.
const NAMED: usize = 5;

fn notes(lines: &[Line<'_>], outline: &Outline, posts: &[FetchedPost], cut_off: bool) -> Vec<String> {
    let mut notes = repeated(posts);
    if let Some(line) = lines.get(1).filter(|_| !outline.description) {
        notes.push(format!("{}행을 블로그 소개가 아니라 첫 글의 제목으로 읽었어요.", line.number));
    }
    let numeric: Vec<&Line<'_>> = outline.numeric_titles.iter().filter_map(|at| lines.get(*at)).collect();
    notes.extend(numeric.iter().take(NAMED).map(|line| {
        let text = beginning(line.text);
        format!("{}행 `{text}`: 댓글 수가 아니라 글 제목으로 읽었어요.", line.number)
    }));
    if numeric.len() > NAMED {
        notes.push(format!("숫자로 된 제목이 그 밖에 {}개 더 있어요.", numeric.len() - NAMED));
    }
    if cut_off {
        notes.push("글 목록이 글 하나의 중간에서 끊겼어요. 끊긴 글은 빼고 읽었어요.".to_owned());
    }
    notes
}

fn repeated(posts: &[FetchedPost]) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    posts.iter().for_each(|post| *counts.entry(post.title.as_str()).or_insert(0) += 1);
    let mut seen: Vec<(&str, usize)> = counts.into_iter().filter(|(_, count)| *count > 1).collect();
    seen.sort_unstable();
    let note =
        |(title, count): (&str, usize)| format!("제목이 같은 글이 {count}편 있어요: {}", beginning(title));
    seen.into_iter().map(note).collect()
}
