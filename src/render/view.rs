//! Pure: what templates see. Every decision and every format is made here; templates only lay out.

use chrono::{Datelike, TimeDelta};
use serde::Serialize;

use super::section::{PostView, SectionView, SectionWriter};
use super::{LetterInput, clean, slot::Slot};
use crate::clock::Instant;
use crate::korean::{dates, width};

/// Titles that the box at the top lists at most; the rest is counted.
const GLANCE_TITLES: usize = 8;
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
    /// Slot marker.
    pub consented_on: String,
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
        let writer = SectionWriter::new(input, year);
        let mut sections: Vec<SectionView> = Vec::new();
        for section in input.sections.iter().filter(|section| !section.posts.is_empty()) {
            let first = sections.iter().all(|before| before.layout != "cards");
            sections.push(writer.section(section, first));
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
            consented_on: Slot::ConsentedOn.marker(),
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
