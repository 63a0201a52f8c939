//! Effect: `moabom posts show`: a post, and its counts over time.

use std::io::Write;

use anyhow::Result;
use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::Serialize;

use super::{Deps, PostJson, no_such, row, symbols, table};
use crate::cli::why::{minute, plain, stamp};
use crate::korean::counts::grouped;
use crate::korean::summary;
use crate::model::PostId;
use crate::model::post::{Observation, Reactions};

/// Sentences that stand for the body.
const SENTENCES: usize = 3;
/// Observations shown in the table; the first one always, then the newest.
const ROWS: usize = 50;

/// `posts show --json`: a row of the list with a summary, the body and what was seen over time.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    post: PostJson<'a>,
    emoji_counts: Vec<EmojiJson<'a>>,
    missing_since: Option<String>,
    hidden: bool,
    pinned: bool,
    summary: Vec<String>,
    body: &'a str,
    observations: Vec<Seen<'a>>,
}

#[derive(Debug, Serialize)]
struct Seen<'a> {
    observed_at: String,
    reactions: u64,
    comments: u64,
    emoji: Vec<&'a str>,
    emoji_counts: Vec<EmojiJson<'a>>,
}

/// An emoji, and how often it was given where the source says so.
#[derive(Debug, Serialize)]
struct EmojiJson<'a> {
    emoji: &'a str,
    count: Option<u64>,
}

fn counts(reactions: &Reactions) -> Vec<EmojiJson<'_>> {
    reactions.emoji.iter().map(|one| EmojiJson { emoji: &one.symbol, count: one.count }).collect()
}

pub(super) fn run(deps: &Deps<'_>, id: PostId, json: bool, out: &mut impl Write) -> Result<()> {
    let (listed, body, observations) = deps
        .store
        .read(|ledger| Ok((ledger.listed_post(id)?, ledger.post_body(id)?, ledger.observations(id)?)))?;
    let Some(post) = listed else { return no_such(id) };
    let zone = deps.zone;
    if json {
        let seen = observations.iter().map(|one| Seen {
            observed_at: stamp(one.observed_at, zone),
            reactions: one.reactions.total,
            comments: one.comments,
            emoji: symbols(&one.reactions),
            emoji_counts: counts(&one.reactions),
        });
        let shown = Shown {
            post: row(&post, zone),
            emoji_counts: counts(&post.reactions),
            missing_since: post.missing_since.map(|at| stamp(at, zone)),
            hidden: post.hidden,
            pinned: post.pinned,
            summary: summary::lead(&body, &post.title, SENTENCES),
            body: &body,
            observations: seen.collect(),
        };
        serde_json::to_writer_pretty(&mut *out, &shown)?;
        return Ok(writeln!(out)?);
    }
    writeln!(out, "{}", plain(&post.title))?;
    let author = post.author.as_deref().map(|author| format!(" · {}", plain(author))).unwrap_or_default();
    writeln!(out, "글 {id}번 · 출처 {}{author}", plain(&post.source))?;
    if let Some(url) = &post.url {
        writeln!(out, "주소: {}", plain(url))?;
    }
    if let Some(at) = post.published_at {
        writeln!(out, "발행: {}", minute(at, zone))?;
    }
    writeln!(out, "처음 봄: {}", minute(post.first_seen_at, zone))?;
    if let Some(at) = post.missing_since {
        writeln!(out, "없어짐: {}", minute(at, zone))?;
    }
    let marks = table::marks(&post);
    if !marks.is_empty() {
        writeln!(out, "표시: {marks}")?;
    }
    let sentences = summary::lead(&body, &post.title, SENTENCES);
    if !sentences.is_empty() {
        writeln!(out, "\n요약")?;
        sentences.iter().try_for_each(|sentence| writeln!(out, "- {}", plain(sentence)))?;
        writeln!(out)?;
    }
    over_time(&observations, deps, out)
}

/// The counts over time, each with what it grew by since the one before.
fn over_time(observations: &[Observation], deps: &Deps<'_>, out: &mut impl Write) -> Result<()> {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED);
    table.set_header(["본 때", "반응", "댓글"]);
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    let grown = |before: Option<u64>, now: u64| match before {
        Some(before) if before < now => format!(" (+{})", grouped(now - before)),
        Some(before) if before > now => format!(" (-{})", grouped(before - now)),
        _ => String::new(),
    };
    let skipped = observations.len().saturating_sub(ROWS);
    let mut before: Option<&Observation> = None;
    for (at, one) in observations.iter().enumerate() {
        if at == 0 || at > skipped {
            let total = table::reactions(&one.reactions);
            let total = if total.is_empty() { "0".to_owned() } else { total };
            table.add_row(vec![
                Cell::new(minute(one.observed_at, deps.zone)),
                right(total + &grown(before.map(|before| before.reactions.total), one.reactions.total)),
                right(grouped(one.comments) + &grown(before.map(|before| before.comments), one.comments)),
            ]);
        }
        before = Some(one);
    }
    writeln!(out, "{table}")?;
    if skipped > 0 {
        writeln!(
            out,
            "사이의 관측 {}건은 줄였어요. 모두 보려면 `--json`을 쓰세요.",
            grouped(skipped as u64)
        )?;
    }
    Ok(())
}
