//! Effect: `moabom posts top --by score`: the posts as a digest weighs them now, with the numbers of `preview --why`.

use std::io::Write;

use anyhow::{Result, bail};
use serde::Serialize;

use super::Deps;
use crate::cli::sample::chosen;
use crate::cli::why::judged_table;
use crate::clock::Instant;
use crate::model::PostId;
use crate::model::edition::SectionKind;
use crate::publish::{Digest, plan};
use crate::select::{Judged, section_name};

/// One row of `posts top --by score --json`.
#[derive(Debug, Serialize)]
struct ScoredJson<'a> {
    id: PostId,
    title: &'a str,
    score: f64,
    why: &'a str,
    section: Option<&'static str>,
    reactions: u64,
    comments: u64,
    gained_reactions: u64,
    gained_comments: u64,
}

fn digest<'a>(deps: &Deps<'a>, name: Option<&str>) -> Result<&'a Digest> {
    match (name, deps.digests.first()) {
        (None, Some(first)) => Ok(first),
        (None, None) => bail!("설정에 다이제스트가 없어 점수를 낼 수 없어요. `[[digest]]`를 하나 적으세요"),
        (Some(name), _) => chosen(deps.digests, Some(name)),
    }
}

pub(super) fn by_score(
    deps: &Deps<'_>,
    name: Option<&str>,
    limit: usize,
    json: bool,
    now: Instant,
    out: &mut impl Write,
) -> Result<()> {
    let digest = digest(deps, name)?;
    let plan = deps.store.read(|ledger| plan(ledger, digest, deps.masthead, now, now))?;
    let picks = plan.selection.picks().map(|(section, pick)| (Some(section), pick));
    let rest = plan.selection.left_out.iter().map(|one| (None, one));
    let mut judged: Vec<(Option<SectionKind>, &Judged)> = picks.chain(rest).collect();
    judged.sort_by(|(_, a), (_, b)| b.score.total_cmp(&a.score));
    judged.truncate(limit);
    if json {
        let rows: Vec<ScoredJson<'_>> = judged.iter().map(|(section, one)| scored(*section, one)).collect();
        serde_json::to_writer_pretty(&mut *out, &rows)?;
        return Ok(writeln!(out)?);
    }
    if judged.is_empty() {
        return Ok(writeln!(out, "글이 없어요. 출처를 읽으려면 `ingest`를 하세요.")?);
    }
    let rows = judged.iter().map(|(section, one)| (section.map_or("–", section_name), *one));
    Ok(writeln!(out, "{}", judged_table(rows, None))?)
}

fn scored<'a>(section: Option<SectionKind>, one: &'a Judged) -> ScoredJson<'a> {
    ScoredJson {
        id: one.post,
        title: &one.title,
        score: one.score,
        why: &one.why,
        section: section.map(SectionKind::as_str),
        reactions: one.reactions,
        comments: one.comments,
        gained_reactions: one.gained_reactions,
        gained_comments: one.gained_comments,
    }
}
