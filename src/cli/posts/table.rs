//! Effect: posts as a table.

use std::io::Write;

use anyhow::Result;
use chrono_tz::Tz;
use comfy_table::{Cell, CellAlignment, Table, presets};

use crate::cli::why::{minute, plain};
use crate::korean::counts::grouped;
use crate::korean::width;
use crate::model::post::Reactions;
use crate::store::posts::ListedPost;

/// Rows shown in a table; the JSON list is whole.
const ROWS: usize = 500;
/// Columns a title may take.
const TITLE: usize = 60;
/// Columns the emoji of a post may take.
const EMOJI: usize = 16;

/// `👍🤩 5`: the emoji seen, then the total; nothing where there is none.
pub(super) fn reactions(reactions: &Reactions) -> String {
    let symbols: String = reactions
        .emoji
        .iter()
        .map(|emoji| match emoji.count {
            Some(count) => format!("{}{} ", emoji.symbol, grouped(count)),
            None => emoji.symbol.clone(),
        })
        .collect();
    let symbols = width::cut(plain(symbols.trim_end()).as_str(), EMOJI);
    match (reactions.total, symbols.is_empty()) {
        (0, true) => String::new(),
        (total, true) => grouped(total),
        (total, false) => format!("{symbols} {}", grouped(total)),
    }
}

/// What sets a post apart: `고정`, `숨김`, `없어짐`.
pub(super) fn marks(post: &ListedPost) -> String {
    let marks = [(post.pinned, "고정"), (post.hidden, "숨김"), (post.missing_since.is_some(), "없어짐")];
    marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect::<Vec<_>>().join(" ")
}

pub(super) fn print(posts: &[ListedPost], zone: Tz, out: &mut impl Write) -> Result<()> {
    if posts.is_empty() {
        return Ok(writeln!(out, "그런 글이 없어요. 출처를 읽으려면 `ingest`를 하세요.")?);
    }
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED);
    table.set_header(["id", "글", "반응", "댓글", "날짜", "출처", "표시"]);
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    for post in posts.iter().take(ROWS) {
        let comments = if post.comments == 0 { String::new() } else { grouped(post.comments) };
        table.add_row(vec![
            right(post.id.to_string()),
            Cell::new(width::cut(&plain(&post.title), TITLE)),
            right(reactions(&post.reactions)),
            right(comments),
            Cell::new(minute(post.published_at.unwrap_or(post.first_seen_at), zone)),
            Cell::new(plain(&post.source)),
            Cell::new(marks(post)),
        ]);
    }
    writeln!(out, "{table}")?;
    if posts.len() > ROWS {
        writeln!(
            out,
            "{}편 가운데 앞의 {ROWS}편만 보였어요. 모두 보려면 `--json`을 쓰세요.",
            grouped(posts.len() as u64)
        )?;
    }
    Ok(())
}
