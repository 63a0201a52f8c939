//! Pure: what templates see. Every decision and every format is made here; templates only lay out.

use std::collections::BTreeSet;

use chrono::{Datelike, TimeDelta};
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

use super::{LetterInput, LetterPost, LetterSection, clean, slot::Slot};
use crate::clock::Instant;
use crate::korean::{counts, dates, excerpt, reading, width};
use crate::model::edition::SectionKind;
use crate::model::post::Reactions;

/// Titles that the box at the top lists at most; the rest is counted.
const GLANCE_TITLES: usize = 8;
/// Emoji shown before a count at most.
const EMOJI_SHOWN: usize = 5;
/// Widest preheader; mail programs show some 40 to 90 columns.
const PREHEADER_WIDTH: usize = 90;

/// A letter, ready to be laid out. Personal parts are slot markers.
#[derive(Clone, Debug, Serialize)]
pub struct LetterView {
    /// Decoded subject.
    pub subject: String,
    /// What a mail program shows after the subject.
    pub preheader: String,
    /// The newsletter's face.
    pub newsletter: NewsletterView,
    /// The digest's name.
    pub digest: String,
    /// 12
    pub number: i64,
    /// `제12호`
    pub issue: String,
    /// `2026년 11월 23일 (월)`
    pub date: String,
    /// `11월 16일–22일`; none for a first edition.
    pub period: Option<String>,
    /// Slot marker.
    pub name: String,
    /// Slot marker.
    pub unsubscribe_url: String,
    /// Where the edition can be read on the web.
    pub web_url: Option<String>,
    /// One sentence on what the letter holds.
    pub summary: String,
    /// How many posts it holds.
    pub count: usize,
    /// The box at the top; empty for a letter of one post.
    pub glance: Vec<GlanceGroup>,
    /// How many posts the box leaves out.
    pub glance_rest: usize,
    /// The sections that have posts.
    pub sections: Vec<SectionView>,
    /// The footer's sender.
    pub sender: SenderView,
    /// A rule for the text part.
    pub line: String,
}

/// The newsletter's face.
#[derive(Clone, Debug, Serialize)]
pub struct NewsletterView {
    /// Wordmark.
    pub title: String,
    /// The blog.
    pub home: String,
    /// Declared advertising?
    pub advertising: bool,
}

/// Titles of one section in the box at the top.
#[derive(Clone, Debug, Serialize)]
pub struct GlanceGroup {
    /// The section's title.
    pub title: String,
    /// Titles and links.
    pub posts: Vec<GlancePost>,
}

/// A title in the box at the top.
#[derive(Clone, Debug, Serialize)]
pub struct GlancePost {
    /// Title.
    pub title: String,
    /// Link.
    pub url: String,
}

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

/// Who the letter is from.
#[derive(Clone, Debug, Serialize)]
pub struct SenderView {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Telephone, where given.
    pub phone: Option<String>,
    /// Postal address, where given.
    pub address: Option<String>,
}

impl LetterView {
    /// The view of `input`, its subject and preheader still empty.
    pub fn new(input: &LetterInput) -> LetterView {
        let zone = input.newsletter.time_zone;
        let year = input.slot_at.with_timezone(&zone).year();
        let writer = PostWriter::new(input, year);
        let mut sections: Vec<SectionView> = input
            .sections
            .iter()
            .filter(|section| !section.posts.is_empty())
            .map(|section| writer.section(section))
            .collect();
        if let Some(post) =
            sections.iter_mut().find(|s| s.layout == "cards").and_then(|s| s.posts.first_mut())
        {
            post.lead = true;
        }
        let (glance, glance_rest) = glance(&sections);
        LetterView {
            subject: String::new(),
            preheader: String::new(),
            newsletter: NewsletterView {
                title: clean::line(&input.newsletter.title),
                home: input.newsletter.home.to_string(),
                advertising: input.newsletter.advertising,
            },
            digest: clean::line(&input.digest),
            number: input.number,
            issue: format!("제{}호", input.number),
            date: dates::day_with_year(input.slot_at, zone),
            period: input.window_from.map(|from| {
                let (first, last) = days_covered(from, input.slot_at);
                dates::range(first, last, zone, year)
            }),
            name: Slot::Name.marker(),
            unsubscribe_url: Slot::UnsubscribeUrl.marker(),
            web_url: input.web_url.as_deref().map(clean::line).filter(|url| !url.is_empty()),
            summary: summary(&sections),
            count: sections.iter().map(|section| section.posts.len()).sum(),
            glance,
            glance_rest,
            sections,
            sender: sender(input),
            line: "─".repeat(38),
        }
    }

    /// The letter's first post.
    pub fn lead(&self) -> Option<&PostView> {
        self.sections.first().and_then(|section| section.posts.first())
    }

    /// Sets the preheader: titles the subject does not carry, else what the lead says, else what the letter holds.
    pub fn set_preheader(&mut self) {
        let posts = || self.sections.iter().flat_map(|section| &section.posts);
        let others: Vec<&str> = posts()
            .map(|post| post.title.as_str())
            .filter(|title| !self.subject.contains(title) && !self.is_lead_cut(title))
            .take(4)
            .collect();
        let news = if others.is_empty() {
            self.lead().and_then(|post| post.excerpt.clone()).unwrap_or_else(|| self.summary.clone())
        } else {
            others.join(" · ")
        };
        self.preheader = width::cut(&news, PREHEADER_WIDTH);
    }

    /// A lead title too long for the subject stands there cut.
    fn is_lead_cut(&self, title: &str) -> bool {
        self.lead().is_some_and(|lead| lead.title == title)
    }
}

/// Writes the posts of one letter.
struct PostWriter<'a> {
    input: &'a LetterInput,
    year: i32,
    several_authors: bool,
}

impl PostWriter<'_> {
    fn new(input: &LetterInput, year: i32) -> PostWriter<'_> {
        let authors: BTreeSet<&str> = input
            .sections
            .iter()
            .flat_map(|section| &section.posts)
            .filter_map(|post| post.author.as_deref())
            .collect();
        PostWriter { input, year, several_authors: authors.len() > 1 }
    }

    fn section(&self, section: &LetterSection) -> SectionView {
        let (title, note, layout, excerpt_width) = match section.kind {
            SectionKind::Pinned => ("먼저 챙겨 볼 글", "이번 호에서 꼭 전하고 싶은 글이에요.", "cards", 150),
            SectionKind::New => ("새 글", "지난 호 뒤로 새로 올라온 글이에요.", "cards", 120),
            SectionKind::Top => {
                ("반응이 많았던 글", "읽은 분들의 반응이 가장 많았던 글이에요.", "numbered", 0)
            }
            SectionKind::Late => ("뒤늦게 뜬 글", "시간이 지났지만 요즘 다시 읽히는 글이에요.", "cards", 90),
        };
        let numbered = layout == "numbered";
        let posts = section
            .posts
            .iter()
            .enumerate()
            .map(|(at, post)| self.post(post, at + 1, section.posts.len(), numbered, excerpt_width))
            .collect();
        SectionView { kind: section.kind.as_str(), title, note, layout, posts }
    }

    fn post(
        &self,
        post: &LetterPost,
        place: usize,
        of: usize,
        numbered: bool,
        excerpt_width: usize,
    ) -> PostView {
        let zone = self.input.newsletter.time_zone;
        let title = Some(clean::line(&post.title))
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| "제목 없는 글".to_owned());
        let body = clean::lines(&post.body);
        let excerpt =
            if excerpt_width == 0 { String::new() } else { excerpt::excerpt(&body, &title, excerpt_width) };
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
            lead: false,
            last: place == of,
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

/// The emoji a source showed, each its first grapheme alone, so that none can carry text.
fn emoji_seen(reactions: &Reactions) -> Option<String> {
    let symbols = reactions.emoji.iter().map(|emoji| clean::line(&emoji.symbol));
    let seen: String = symbols
        .filter_map(|symbol| symbol.graphemes(true).next().map(str::to_owned))
        .filter(|symbol| !symbol.chars().all(|c| c.is_ascii()) && width::of(symbol) <= 2)
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

/// The days a window stands for: one that starts or ends at an hour counts the day of which it holds the larger part,
/// so that a letter each Monday at nine reads `11월 16일–22일` and the next one goes on from there.
fn days_covered(from: Instant, until: Instant) -> (Instant, Instant) {
    let half = TimeDelta::hours(12);
    if until - from < half + half { (from, until) } else { (from + half, until - half) }
}

/// The titles at the top: sections take turns until the box is full, so that each is seen.
fn glance(sections: &[SectionView]) -> (Vec<GlanceGroup>, usize) {
    let total: usize = sections.iter().map(|section| section.posts.len()).sum();
    if total < 2 {
        return (Vec::new(), 0);
    }
    let mut shares = vec![0; sections.len()];
    let mut room = GLANCE_TITLES.min(total);
    while room > 0 {
        for (share, section) in shares.iter_mut().zip(sections) {
            if room > 0 && *share < section.posts.len() {
                *share += 1;
                room -= 1;
            }
        }
    }
    let groups = sections
        .iter()
        .zip(&shares)
        .filter(|(_, share)| **share > 0)
        .map(|(section, &share)| GlanceGroup {
            title: section.title.to_owned(),
            posts: section
                .posts
                .iter()
                .take(share)
                .map(|post| GlancePost { title: width::cut(&post.title, 90), url: post.url.clone() })
                .collect(),
        })
        .collect();
    (groups, total - GLANCE_TITLES.min(total))
}

/// `이번 호에는 새 글 5편, 반응이 많았던 글 5편을 담았어요.`
fn summary(sections: &[SectionView]) -> String {
    if sections.is_empty() {
        return "이번 호에는 새로 전할 글이 없어요. 다음 호에서 만나요.".to_owned();
    }
    let parts: Vec<String> =
        sections.iter().map(|section| format!("{} {}편", section.title, section.posts.len())).collect();
    format!("이번 호에는 {}을 담았어요. 천천히 둘러보세요.", parts.join(", "))
}

fn sender(input: &LetterInput) -> SenderView {
    let given = |text: &Option<String>| text.as_deref().map(clean::line).filter(|text| !text.is_empty());
    SenderView {
        name: clean::line(&input.sender.name),
        email: input.sender.email.as_str().to_owned(),
        phone: given(&input.sender.phone),
        address: given(&input.sender.address),
    }
}
