//! Effect: `moabom law`: what the law asks for today, and what is missing; changes nothing and sends nothing.

mod due;
mod report;

use std::io::{self, Write};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use super::open::Context;
use crate::law::anniversary::day_in_korea;
use crate::store::Store;
use report::{Notices, Report, RequirementJson, Tally};

/// `moabom law`
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct LawArgs {
    /// 결과를 JSON으로
    #[arg(long, global = true)]
    pub json: bool,
    /// 무엇만 볼지
    #[command(subcommand)]
    pub only: Option<Only>,
}

/// A part of it.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Only {
    /// 기한이 지났거나 나흘 안에 끝나는 통지(동의·거부·철회한 지 열흘이 지난 것)를 한 줄씩
    Due,
}

/// Tells what is due and what is missing, and fails where something is missing or overdue. A store that does not exist
/// yet is not made.
pub fn run(context: &Context, args: LawArgs, out: &mut impl Write) -> Result<()> {
    let (config, now) = (context.config()?, context.clock.now());
    let (store, today) = (Store::open_existing(&config.store.path, now)?, day_in_korea(now));
    if let Some(Only::Due) = args.only {
        let overdue = due::run(store.as_ref(), today, args.json, out)?;
        return if overdue == 0 { Ok(()) } else { failed(overdue, "기한이 지난 통지가", out) };
    }
    let mut report = Report::of_config(&config, today);
    if let Some(store) = store {
        report.count(&store)?;
    }
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        print(&report, out)?;
    }
    match report.failings() {
        0 => Ok(()),
        count => failed(count, "법이 정한 것 가운데 빠졌거나 기한이 지난 것이", out),
    }
}

fn failed(count: u64, what: &str, out: &mut impl Write) -> Result<()> {
    out.flush()?;
    bail!("{what} {count}건 있어요. 위에 적힌 것을 하나씩 살펴보세요.")
}

fn print(report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "법이 정한 일 ({} 한국 날짜). 소프트웨어의 도움이지 법률 자문이 아니에요.", report.today)?;
    if report.sends_notices {
        writeln!(
            out,
            "아래의 통지는 `run`과 `deliver`가 저절로 보내요. 남아 있는 것은 아직 보내지 않은 것이에요."
        )?;
    } else {
        writeln!(
            out,
            "아래의 통지는 보내지 않아요. 저절로 보내려면 설정에 `[law] notices = true`를 적으세요."
        )?;
    }
    if !report.advertising {
        writeln!(
            out,
            "advertising = false: 통지는 광고성 정보를 보낼 때의 의무지만, 판단이 바뀔 때를 위해 같은 기준으로 세어 둬요."
        )?;
    }
    writeln!(out, "\n설정")?;
    requirements("없음", &report.missing, out)?;
    requirements("참고", &report.advice, out)?;
    if report.missing.is_empty() && report.advice.is_empty() {
        writeln!(out, "  빠진 것이 없어요.")?;
    }
    writeln!(out, "\n동의 기록이 없는 구독 [정보통신망법 50조 1항]")?;
    if report.unconsented.count == 0 {
        writeln!(out, "  없어요.")?;
    } else {
        tally("동의 없음", &report.unconsented, out)?;
        writeln!(out, "  동의를 받은 날을 알 수 없으면 보내지 말고 구독자에서 빼 주세요.")?;
    }
    writeln!(out, "\n수신동의의 처리 결과 통지, 14일 안 [정보통신망법 50조 7항, 시행령 62조의2]")?;
    notices(&report.consent_results, out)?;
    writeln!(out, "\n수신거부·철회의 처리 결과 통지, 14일 안 [정보통신망법 50조 7항, 시행령 62조의2]")?;
    notices(&report.withdrawal_results, out)?;
    writeln!(out, "\n2년마다 하는 수신동의 확인 통지 [정보통신망법 50조 8항, 시행령 62조의3]")?;
    notices(&report.two_year, out)
}

fn requirements(word: &str, found: &[RequirementJson], out: &mut impl Write) -> io::Result<()> {
    found.iter().try_for_each(|found| {
        writeln!(out, "  {word}  {} [{}]\n        {}", found.key, found.article, found.text)
    })
}

fn notices(notices: &Notices, out: &mut impl Write) -> io::Result<()> {
    if notices.due.count == 0 && notices.overdue.count == 0 {
        writeln!(out, "  지금 알릴 것이 없어요.")?;
    }
    tally("기한 지남", &notices.overdue, out)?;
    tally("알릴 것", &notices.due, out)?;
    let moved =
        [("보낸 것", notices.sent), ("보낼 차례", notices.queued), ("보내지 못한 것", notices.unsent)];
    let moved: Vec<String> = moved
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| format!("{word} {count}건"))
        .collect();
    if !moved.is_empty() {
        writeln!(out, "  이 장부의 통지  {}", moved.join(" · "))?;
    }
    if notices.pressing > 0 {
        writeln!(out, "  알릴 것 가운데 {}건은 나흘 안에 기한이 끝나요.", notices.pressing)?;
    }
    if notices.unreachable > 0 {
        writeln!(
            out,
            "  이 가운데 {}건은 철회와 함께 주소를 지워서 메일로 알릴 수 없어요.",
            notices.unreachable
        )?;
    }
    if notices.before_us > 0 {
        writeln!(
            out,
            "  기한이 지난 뒤에 이 장부에 적힌 {}건은 그때 알렸는지 알 수 없어 세지 않았어요.",
            notices.before_us
        )?;
    }
    Ok(())
}

fn tally(word: &str, tally: &Tally, out: &mut impl Write) -> io::Result<()> {
    if tally.count == 0 {
        return Ok(());
    }
    let numbers: Vec<String> = tally.subscribers.iter().map(i64::to_string).collect();
    let more = if tally.more { " …" } else { "" };
    let until = tally.last_day.map(|day| format!(", 가장 이른 기한 {day}")).unwrap_or_default();
    writeln!(out, "  {word}  {}건 (구독자 {}{more}{until})", tally.count, numbers.join(", "))
}
