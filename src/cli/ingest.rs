//! Effect: `moabom ingest`: reads the sources once and says what it saw, in lines or as JSON.

use std::io::Write;

use anyhow::{Result, bail};
use serde::Serialize;

use super::why::plain;
use super::{Context, Misuse};
use crate::ingest::{Change, PollError, Polled, Report, poll};
use crate::korean::counts::grouped;
use crate::source::SourceSettings;
use crate::source::fetch::FetchSettings;

/// Titles named per thing; the rest is counted.
const NAMED: usize = 20;

/// `moabom ingest`
#[derive(Clone, Debug, clap::Args)]
pub struct IngestArgs {
    /// 이 출처만 읽어요. 적지 않으면 모두
    pub source: Option<String>,
    /// JSON으로
    #[arg(long)]
    pub json: bool,
}

/// Reads the sources asked for, one after another. One that fails does not keep the others from being read.
pub fn run(context: &Context, args: &IngestArgs, out: &mut impl Write) -> Result<()> {
    let config = context.config()?;
    let sources = chosen(&config.sources, args.source.as_deref())?;
    let store = context.store()?;
    let fetch =
        FetchSettings { home: Some(config.masthead.newsletter.home.clone()), ..FetchSettings::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut reports, mut failed) = (Vec::new(), 0);
    for source in sources {
        match runtime.block_on(poll(&store, source, &fetch, &context.clock)) {
            Ok(polled) => reports.push((source.name.as_str(), polled)),
            Err(PollError::Store(broken)) => return Err(broken.into()),
            Err(error) => {
                failed += 1;
                eprintln!("{error}");
            }
        }
    }
    print(&reports, args.json, out)?;
    if failed > 0 {
        bail!("출처 {failed}곳을 읽지 못했어요.");
    }
    Ok(())
}

fn chosen<'a>(sources: &'a [SourceSettings], name: Option<&str>) -> Result<Vec<&'a SourceSettings>, Misuse> {
    let Some(name) = name else { return Ok(sources.iter().collect()) };
    let found: Vec<&SourceSettings> = sources.iter().filter(|source| source.name == name).collect();
    if found.is_empty() {
        return Err(Misuse::unknown("출처", name, sources.iter().map(|source| source.name.as_str())));
    }
    Ok(found)
}

fn print(reports: &[(&str, Polled)], json: bool, out: &mut impl Write) -> Result<()> {
    if json {
        let kept = reports.iter().filter_map(|(source, polled)| match polled {
            Polled::Kept(report) => Some(report_json(report, source)),
            Polled::Unchanged => None,
        });
        serde_json::to_writer_pretty(&mut *out, &kept.collect::<Vec<_>>())?;
        return Ok(writeln!(out)?);
    }
    for (source, polled) in reports {
        match polled {
            Polled::Kept(report) => {
                report_lines(report, source).iter().try_for_each(|line| writeln!(out, "{line}"))?;
            }
            Polled::Unchanged => writeln!(out, "{source}: 지난번에 읽은 뒤로 달라진 것이 없어요.")?,
        }
    }
    Ok(())
}

/// What an ingest saw, one thing a line.
pub fn report_lines(report: &Report, source: &str) -> Vec<String> {
    let Report { first, listed, new, retitled, edited, observed, missing, returned, notes, .. } = report;
    let listed = grouped(*listed as u64);
    let mut lines = Vec::new();
    if *first {
        lines.push(format!("{source}: 글 {listed}편을 처음 읽었어요. 이 글들이 기준이 돼요."));
    } else if report.is_unchanged() {
        lines.push(format!("{source}: 글 {listed}편을 읽었어요. 달라진 것이 없어요."));
    } else {
        lines.push(format!("{source}: 글 {listed}편을 읽었어요."));
        name_each(&mut lines, "새 글", new, |title| plain(title));
    }
    name_each(&mut lines, "제목 바뀜", retitled, |(old, new)| format!("{} → {}", plain(old), plain(new)));
    name_each(&mut lines, "고침", edited, |title| plain(title));
    name_each(&mut lines, "변화", observed, change_line);
    name_each(&mut lines, "없어짐", missing, |title| plain(title));
    name_each(&mut lines, "돌아옴", returned, |title| plain(title));
    name_each(&mut lines, "알림", notes, |note| plain(note));
    lines
}

fn name_each<T>(lines: &mut Vec<String>, word: &str, things: &[T], line: impl Fn(&T) -> String) {
    lines.extend(things.iter().take(NAMED).map(|thing| format!("  {word}: {}", line(thing))));
    if things.len() > NAMED {
        lines.push(format!("  {word}: 그 밖에 {}건", grouped((things.len() - NAMED) as u64)));
    }
}

/// `제목 (반응 3 → 5, 댓글 0 → 1)`; where only the emoji changed, both stay out.
fn change_line(change: &Change) -> String {
    let moved = |word: &str, (before, now): (u64, u64)| {
        (before != now).then(|| format!("{word} {} → {}", grouped(before), grouped(now)))
    };
    let parts: Vec<String> =
        [moved("반응", change.reactions), moved("댓글", change.comments)].into_iter().flatten().collect();
    let parts = if parts.is_empty() { "이모지".to_owned() } else { parts.join(", ") };
    format!("{} ({parts})", plain(&change.title))
}

/// One source's report in `ingest --json`.
#[derive(Debug, Serialize)]
pub struct ReportJson<'a> {
    source: &'a str,
    first: bool,
    listed: usize,
    new: &'a [String],
    retitled: Vec<BeforeNow<&'a str>>,
    edited: &'a [String],
    observed: Vec<ChangeJson<'a>>,
    missing: &'a [String],
    returned: &'a [String],
    notes: &'a [String],
}

#[derive(Debug, Serialize)]
struct BeforeNow<T> {
    before: T,
    now: T,
}

#[derive(Debug, Serialize)]
struct ChangeJson<'a> {
    title: &'a str,
    reactions: BeforeNow<u64>,
    comments: BeforeNow<u64>,
}

/// The JSON of what an ingest of `source` saw.
pub fn report_json<'a>(report: &'a Report, source: &'a str) -> ReportJson<'a> {
    let counts = |(before, now): (u64, u64)| BeforeNow { before, now };
    ReportJson {
        source,
        first: report.first,
        listed: report.listed,
        new: &report.new,
        retitled: report
            .retitled
            .iter()
            .map(|(before, now)| BeforeNow { before: &**before, now: &**now })
            .collect(),
        edited: &report.edited,
        observed: report
            .observed
            .iter()
            .map(|change| ChangeJson {
                title: &change.title,
                reactions: counts(change.reactions),
                comments: counts(change.comments),
            })
            .collect(),
        missing: &report.missing,
        returned: &report.returned,
        notes: &report.notes,
    }
}
