//! Pure: why each post is in or out of an edition that is not yet one: as a table and as JSON.

use std::fmt::Write;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::model::PostId;
use crate::model::edition::Content;
use crate::publish::Plan;
use crate::select::{Basis, Judged, Verdict, section_name};
pub(super) use crate::status::words::{minute, plain, stamp};

/// `5 (+4)`, or `5 (누적)` where lifetime counts stand in.
fn grown(total: u64, gained: u64, basis: Basis) -> String {
    match basis {
        Basis::Lifetime => format!("{total} (누적)"),
        Basis::Window | Basis::Appeared => format!("{total} (+{gained})"),
    }
}

fn row(section: &str, one: &Judged) -> Vec<Cell> {
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    vec![
        Cell::new(section),
        Cell::new(plain(&one.title)),
        right(grown(one.reactions, one.gained_reactions, one.basis)),
        right(grown(one.comments, one.gained_comments, one.basis)),
        right(format!("{:.3}", one.score)),
        Cell::new(&one.why),
    ]
}

/// Candidates with their sections, numbers and reasons. Wraps to `width` columns; without it each stands on one line.
pub(super) fn judged_table<'a>(
    judged: impl Iterator<Item = (&'a str, &'a Judged)>,
    width: Option<u16>,
) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED);
    match width {
        Some(width) => table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table.set_header(["꼭지", "글", "반응(+증가)", "댓글(+증가)", "점수", "이유"]);
    for (section, one) in judged {
        table.add_row(row(section, one));
    }
    table
}

/// Every candidate with its numbers and its reason: the chosen ones in the letter's order, then the rest by score.
/// Wraps to `width` columns; without it each candidate stands on one line.
pub fn why_table(plan: &Plan, width: Option<u16>) -> String {
    let chosen = plan.selection.picks().map(|(section, pick)| (section_name(section), pick));
    let rest = plan.selection.left_out.iter().map(|one| ("–", one));
    judged_table(chosen.chain(rest), width).to_string()
}

/// `--why`: digest, number, window, the table, and whether the slot would publish.
pub fn why_text(plan: &Plan, width: Option<u16>) -> String {
    let zone = plan.letter.newsletter.time_zone;
    let mut text = format!(
        "다이제스트 {} · 제{}호 · 예정 시각 {}\n",
        plan.digest,
        plan.number,
        minute(plan.slot_at, zone)
    );
    let _ = match plan.window_from {
        Some(from) => writeln!(text, "기간 {} – {}", minute(from, zone), minute(plan.at, zone)),
        None => {
            writeln!(text, "기간 {}까지: 견줄 앞선 관측이 없어 누적 반응으로 골라요", minute(plan.at, zone))
        }
    };
    let _ = writeln!(text, "{}", why_table(plan, width));
    let chosen = plan.selection.picks().count();
    let _ = match &plan.selection.verdict {
        Verdict::Publish => {
            writeln!(text, "모두 {}편 가운데 {chosen}편을 실어요.", chosen + plan.selection.left_out.len())
        }
        Verdict::Skip { reason } => writeln!(text, "{reason}"),
    };
    text
}

/// `preview --format json` (design section 12; stable).
#[derive(Debug, Serialize)]
pub struct PreviewJson<'a> {
    digest: &'a str,
    slot: String,
    number: i64,
    subject: Option<&'a str>,
    preheader: Option<&'a str>,
    html_bytes: Option<usize>,
    sections: Vec<SectionJson<'a>>,
    left_out: Vec<PostJson<'a>>,
    /// Only where the slot would be skipped: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    skip: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct SectionJson<'a> {
    kind: &'static str,
    title: &'static str,
    posts: Vec<PostJson<'a>>,
}

#[derive(Debug, Serialize)]
struct PostJson<'a> {
    id: PostId,
    title: &'a str,
    score: f64,
    why: &'a str,
}

impl<'a> From<&'a Judged> for PostJson<'a> {
    fn from(one: &'a Judged) -> PostJson<'a> {
        PostJson { id: one.post, title: &one.title, score: one.score, why: &one.why }
    }
}

/// The JSON of a plan and what was rendered from it, with the size of its HTML part as it is sent; nothing is rendered
/// where nothing was chosen.
pub fn json<'a>(plan: &'a Plan, letter: Option<(&'a Content, usize)>) -> PreviewJson<'a> {
    let content = letter.map(|(content, _)| content);
    let sections = plan.selection.sections.iter().map(|section| SectionJson {
        kind: section.kind.as_str(),
        title: section_name(section.kind),
        posts: section.picks.iter().map(PostJson::from).collect(),
    });
    PreviewJson {
        digest: &plan.digest,
        slot: stamp(plan.slot_at, plan.letter.newsletter.time_zone),
        number: plan.number,
        subject: content.map(|content| content.subject.as_str()),
        preheader: content.map(|content| content.preheader.as_str()),
        html_bytes: letter.map(|(_, html_bytes)| html_bytes),
        sections: sections.collect(),
        left_out: plan.selection.left_out.iter().map(PostJson::from).collect(),
        skip: match &plan.selection.verdict {
            Verdict::Publish => None,
            Verdict::Skip { reason } => Some(reason),
        },
    }
}
