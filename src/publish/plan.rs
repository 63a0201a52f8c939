//! Effect: what an edition would be, read from the store at one instant. Preview and publish share it.

use std::collections::HashMap;

use chrono::Duration;

use super::{Digest, Masthead};
use crate::clock::Instant;
use crate::compose::links::archive_url;
use crate::model::PostId;
use crate::model::edition::{Edition, EditionPost, SectionKind};
use crate::render::{LetterInput, LetterPost, LetterSection};
use crate::select::{Candidate, History, Selection, Tally, select};
use crate::store::{Ledger, StoreError};

/// Before the first edition, gains count once the first ingest is this far back; until then lifetime counts do.
const FIRST_WINDOW: Duration = Duration::days(1);

/// An edition not yet rendered: preview shows it, publish freezes it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The digest's name.
    pub digest: String,
    /// The slot.
    pub slot_at: Instant,
    /// As of when: the window's end.
    pub at: Instant,
    /// 제N호.
    pub number: i64,
    /// The window's start; none while lifetime counts stand in.
    pub window_from: Option<Instant>,
    /// Who is in, who is out, and why.
    pub selection: Selection,
    /// What the renderer gets. Without sections where nothing was chosen.
    pub letter: LetterInput,
}

impl Plan {
    /// The chosen posts as the store keeps them.
    pub fn edition_posts(&self) -> Vec<EditionPost> {
        let picks = (0..).zip(self.selection.picks());
        picks
            .map(|(position, (section, pick))| EditionPost {
                post: pick.post,
                section,
                position,
                score: pick.score,
                why: pick.why.clone(),
                title: pick.title.clone(),
            })
            .collect()
    }
}

/// Plans the edition of a slot from what the store held as of `at`.
pub fn plan(
    ledger: &Ledger<'_>,
    digest: &Digest,
    masthead: &Masthead,
    slot_at: Instant,
    at: Instant,
) -> Result<Plan, StoreError> {
    let last = ledger.last_published(&digest.name, at)?;
    let first = last.is_none();
    let mut window_from = match &last {
        Some(last) => Some(last.cutoff_at),
        None => ledger.baseline_at()?.filter(|there| at - *there >= FIRST_WINDOW),
    };
    let mut candidates = ledger.candidates(&digest.name, window_from, at)?;
    if first && !candidates.iter().any(has_gained) {
        // A blog that was watched but did not move: its best posts make a better first letter than none.
        window_from = None;
        for candidate in &mut candidates {
            candidate.before = None;
        }
    }
    let history = History { first, window_from, last_lead: last.and_then(|last| last.lead) };
    let selection = select(&candidates, &digest.rules, &history, at);
    let number = ledger.next_edition_number(&digest.name, at)?;
    let tallies: HashMap<PostId, Tally> =
        candidates.into_iter().map(|candidate| (candidate.post, candidate.now)).collect();
    let mut sections = Vec::new();
    for section in &selection.sections {
        let picks = section.picks.iter().map(|pick| (pick.post, pick.title.as_str()));
        sections.push(letter_section(ledger, section.kind, picks, &tallies)?);
    }
    let letter = LetterInput {
        newsletter: masthead.newsletter.clone(),
        sender: masthead.sender.clone(),
        digest: digest.name.clone(),
        number,
        slot_at,
        window_from: window_from.filter(|_| !first),
        subject: digest.subject.clone(),
        sections,
        web_url: web_url(masthead, &digest.name, number),
    };
    Ok(Plan { digest: digest.name.clone(), slot_at, at, number, window_from, selection, letter })
}

/// Where the letter can be read on the web (웹에서 보기).
fn web_url(masthead: &Masthead, digest: &str, number: i64) -> Option<String> {
    masthead.links.as_ref().map(|links| archive_url(links, digest, number))
}

fn has_gained(candidate: &Candidate) -> bool {
    candidate.before.as_ref().is_some_and(|before| {
        candidate.now.reactions.total > before.reactions.total || candidate.now.comments > before.comments
    })
}

fn letter_section<'a>(
    ledger: &Ledger<'_>,
    kind: SectionKind,
    picks: impl Iterator<Item = (PostId, &'a str)>,
    tallies: &HashMap<PostId, Tally>,
) -> Result<LetterSection, StoreError> {
    let mut posts = Vec::new();
    for (post, title) in picks {
        let Some(text) = ledger.post_text(post)? else { continue };
        let tally = tallies.get(&post).cloned().unwrap_or_default();
        posts.push(LetterPost {
            title: title.to_owned(),
            author: text.author,
            url: text.url,
            body: text.body,
            published_at: text.published_at,
            reactions: tally.reactions,
            comments: tally.comments,
        });
    }
    Ok(LetterSection { kind, posts })
}

/// The letter of a frozen edition, as of its cut-off, with these posts only.
pub(super) fn letter_again(
    ledger: &Ledger<'_>,
    digest: &Digest,
    masthead: &Masthead,
    edition: &Edition,
    posts: &[EditionPost],
) -> Result<LetterInput, StoreError> {
    let tallies: HashMap<PostId, Tally> = ledger
        .candidates(&digest.name, None, edition.cutoff_at)?
        .into_iter()
        .map(|candidate| (candidate.post, candidate.now))
        .collect();
    let mut sections = Vec::new();
    for run in posts.chunk_by(|one, next| one.section == next.section) {
        let Some(first) = run.first() else { continue };
        let picks = run.iter().map(|post| (post.post, post.title.as_str()));
        sections.push(letter_section(ledger, first.section, picks, &tallies)?);
    }
    let previous = ledger.last_published(&digest.name, edition.cutoff_at - Duration::milliseconds(1))?;
    let number = edition.number.unwrap_or(0);
    Ok(LetterInput {
        newsletter: masthead.newsletter.clone(),
        sender: masthead.sender.clone(),
        digest: digest.name.clone(),
        number,
        slot_at: edition.slot_at,
        window_from: previous.map(|last| last.cutoff_at),
        subject: digest.subject.clone(),
        sections,
        web_url: web_url(masthead, &digest.name, number),
    })
}
