//! Pure: sections and posts as templates see them.

use std::collections::BTreeSet;

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

use super::{LetterInput, LetterPost, LetterSection, clean};
use crate::korean::{counts, dates, excerpt, reading, width};
use crate::model::edition::SectionKind;
use crate::model::post::Reactions;

/// Emoji shown before a count at most.
const EMOJI_SHOWN: usize = 5;
/// Columns of an excerpt: two lines of a 600 px letter, four on a telephone.
const CARD_EXCERPT: usize = 140;
/// The same for the letter's first card: three lines.
const LEAD_EXCERPT: usize = 210;

/// A section.
#[derive(Clone, Debug, Serialize)]
pub struct SectionView {
    /// `pinned`, `new`, `top`, `late`
    pub kind: &'static str,
    /// 새 글, 반응이 많았던 글 …
    pub title: &'static str,
    /// One sentence on why these posts.
    pub note: &'static str,
    /// `cards` or `numbered`
    pub layout: &'static str,
    /// Its posts.
    pub posts: Vec<PostView>,
}

/// A post.
#[derive(Clone, Debug, Serialize)]
pub struct PostView {
    /// Place within its section from 1.
    pub place: usize,
    /// The letter's first card.
    pub lead: bool,
    /// Title, never empty.
    pub title: String,
    /// Link, never empty.
    pub url: String,
    /// Some two lines of it; none where there is nothing to say or no room.
    pub excerpt: Option<String>,
    /// Author, where the letter has several.
    pub author: Option<String>,
    /// `11월 20일 (금)`
    pub date: Option<String>,
    /// `3분`; none without a body.
    pub minutes: Option<String>,
    /// The last of its section: no rule below it.
    pub last: bool,
    /// The parts of the meta line before reactions: author, date, reading time; the last two do not break.
    pub facts: Vec<String>,
    /// The emoji seen.
    pub emoji: Option<String>,
    /// `1.2만`; none for 0.
    pub reactions: Option<String>,
    /// `2`; none for 0.
    pub comments: Option<String>,
    /// The whole meta line as text.
    pub meta: String,
    /// `1. ` or `- ` for the text part.
    pub bullet: String,
    /// As many spaces as the bullet is wide.
    pub indent: String,
}

/// How a post is laid out, with its place within the section.
#[derive(Clone, Copy)]
enum PostStyle {
    /// The letter's first card.
    Lead,
    /// A card.
    Card(usize),
    /// A numbered line without excerpt.
    Numbered(usize),
}

/// Writes the posts of one letter.
pub(super) struct SectionWriter<'a> {
    input: &'a LetterInput,
    year: i32,
    several_authors: bool,
}

impl SectionWriter<'_> {
    /// For `input`, whose dates leave out `year`.
    pub(super) fn new(input: &LetterInput, year: i32) -> SectionWriter<'_> {
        let authors: BTreeSet<&str> = input
            .sections
            .iter()
            .flat_map(|section| &section.posts)
            .filter_map(|post| post.author.as_deref())
            .collect();
        SectionWriter { input, year, several_authors: authors.len() > 1 }
    }

    /// The view of `section`; `first` where no section of cards stands before it.
    pub(super) fn section(&self, section: &LetterSection, first: bool) -> SectionView {
        let (title, note, layout) = match section.kind {
            SectionKind::Pinned => ("먼저 챙겨 볼 글", "이번 호에서 꼭 전하고 싶은 글이에요.", "cards"),
            SectionKind::New => ("새 글", self.new_note(), "cards"),
            SectionKind::Top => ("반응이 많았던 글", "읽은 분들의 반응이 많았던 글이에요.", "numbered"),
            SectionKind::Late => ("뒤늦게 뜬 글", "시간이 지났지만 요즘 다시 읽히는 글이에요.", "cards"),
        };
        let mut posts: Vec<PostView> = Vec::with_capacity(section.posts.len());
        for (post, number) in section.posts.iter().zip(1..) {
            let style = match layout {
                "numbered" => PostStyle::Numbered(number),
                _ if first && number == 1 => PostStyle::Lead,
                _ => PostStyle::Card(number),
            };
            posts.push(self.post(post, style));
        }
        if let Some(post) = posts.last_mut() {
            post.last = true;
        }
        SectionView { kind: section.kind.as_str(), title, note, layout, posts }
    }

    /// What is new was never issued here; that it came after the last edition is not said, for a full one carries over.
    fn new_note(&self) -> &'static str {
        match self.input.window_from {
            Some(_) => "아직 전해 드리지 않은 새 글이에요.",
            None => "블로그에 최근 올라온 글이에요.",
        }
    }

    fn post(&self, post: &LetterPost, style: PostStyle) -> PostView {
        let zone = self.input.newsletter.time_zone;
        let title = Some(clean::line(&post.title))
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| "제목 없는 글".to_owned());
        let body = clean::lines(&post.body);
        let (place, lead, numbered, excerpt_width) = match style {
            // A headline's size suits a headline's length.
            PostStyle::Lead => (1, width::of(&title) <= 90, false, LEAD_EXCERPT),
            PostStyle::Card(place) => (place, false, false, CARD_EXCERPT),
            PostStyle::Numbered(place) => (place, false, true, 0),
        };
        let excerpt = if numbered { String::new() } else { excerpt::excerpt(&body, &title, excerpt_width) };
        let author =
            post.author.as_deref().map(clean::line).filter(|a| self.several_authors && !a.is_empty());
        let date = post.published_at.map(|at| dates::day(at, zone, self.year));
        let minutes = Some(&body)
            .filter(|body| !body.trim().is_empty())
            .map(|body| format!("{}분", reading::minutes(body)));
        let reading = minutes.as_ref().map(|minutes| format!("읽는 시간 {minutes}"));
        let facts: Vec<String> = [author.clone(), date.clone(), reading].into_iter().flatten().collect();
        let emoji = emoji_seen(&post.reactions);
        let reactions = Some(post.reactions.total).filter(|&n| n > 0).map(counts::short);
        let comments = Some(post.comments).filter(|&n| n > 0).map(counts::short);
        let bullet = if numbered { format!("{place}. ") } else { "- ".to_owned() };
        PostView {
            url: clean::link(post.url.as_deref(), &title, &self.input.newsletter.home),
            excerpt: Some(clean::line(&excerpt)).filter(|excerpt| !excerpt.is_empty()),
            meta: meta_line(&facts, emoji.as_deref(), reactions.as_deref(), comments.as_deref()),
            indent: " ".repeat(bullet.len()),
            facts: facts
                .iter()
                .map(|fact| if Some(fact) == author.as_ref() { fact.clone() } else { whole(fact) })
                .collect(),
            lead,
            last: false,
            place,
            title,
            author,
            date,
            minutes,
            emoji,
            reactions,
            comments,
            bullet,
        }
    }
}

/// The emoji a source showed, grapheme by grapheme; letters and signs that are none are left out.
fn emoji_seen(reactions: &Reactions) -> Option<String> {
    let symbols: Vec<String> = reactions.emoji.iter().map(|emoji| clean::line(&emoji.symbol)).collect();
    let seen: String = symbols
        .iter()
        .flat_map(|symbol| symbol.graphemes(true))
        .filter(|symbol| !symbol.is_ascii() && width::of(symbol) <= 2)
        .filter(|symbol| symbol.contains('\u{20E3}') || !symbol.starts_with(char::is_alphanumeric))
        .take(EMOJI_SHOWN)
        .collect();
    Some(seen).filter(|seen| !seen.is_empty())
}

/// `text` with spaces at which no line breaks.
fn whole(text: &str) -> String {
    text.replace(' ', "\u{A0}")
}

fn meta_line(
    facts: &[String],
    emoji: Option<&str>,
    reactions: Option<&str>,
    comments: Option<&str>,
) -> String {
    let mut parts = facts.to_vec();
    parts.extend(reactions.map(|count| format!("{} {count}", emoji.unwrap_or("반응"))));
    parts.extend(comments.map(|count| format!("댓글 {count}")));
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::super::view::LetterView;
    use super::*;
    use crate::model::post::Emoji;

    fn seen(symbols: &[&str]) -> Option<String> {
        let emoji =
            symbols.iter().map(|symbol| Emoji { symbol: (*symbol).to_owned(), count: None }).collect();
        emoji_seen(&Reactions { total: 1, emoji })
    }

    #[test]
    fn emoji_stay_whole_and_words_are_no_emoji() {
        assert_eq!(seen(&["👍🤩😍", "❤️", "👨‍👩‍👧‍👦", "🇰🇷"]).as_deref(), Some("👍🤩😍❤️👨‍👩‍👧‍👦"));
        assert_eq!(seen(&["1️⃣"]).as_deref(), Some("1️⃣"));
        assert_eq!(seen(&["<b>", "좋아요", "+1", ""]), None);
    }

    #[test]
    fn a_note_says_nothing_that_a_post_carried_over_would_make_false() {
        // What is new was never issued: it may have come before the last edition, which had no room for it.
        let notes: Vec<&str> = sample::inputs("")
            .iter()
            .flat_map(|input| LetterView::new(input).sections)
            .filter(|section| section.kind == "new")
            .map(|section| section.note)
            .collect();
        assert_eq!(notes, ["아직 전해 드리지 않은 새 글이에요.", "블로그에 최근 올라온 글이에요."]);
    }
}
