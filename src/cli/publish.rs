//! Effect: `moabom publish`: freezes what is due, or one digest by hand, and says what became of it.

use std::io::Write;

use anyhow::{Result, bail};
use chrono_tz::Tz;
use clap::Args;
use serde::Serialize;

use super::open::{Context, Opened};
use super::sample::chosen;
use super::why::{minute, stamp};
use super::{Misuse, dates};
use crate::clock::Instant;
use crate::model::EditionId;
use crate::publish::{self, Outcome};

/// `moabom publish`
#[derive(Clone, Debug, Default, Args)]
pub struct PublishArgs {
    /// 지금 발행할 다이제스트. 적지 않으면 때가 된 것만 발행해요 (`--at`을 적었고 하나뿐이면 그것)
    pub digest: Option<String>,
    /// 발행한 것으로 할 시각. 지금보다 앞서야 해요 (예: 2026-11-23 09:00)
    #[arg(long, value_name = "시각")]
    pub at: Option<String>,
    /// 결과를 JSON으로
    #[arg(long)]
    pub json: bool,
}

/// Publishes; the letters lie in the store until `deliver` or `run` sends them.
pub fn run(context: &Context, args: &PublishArgs, out: &mut impl Write) -> Result<()> {
    let opened = context.open()?;
    let zone = opened.config.masthead.newsletter.time_zone;
    let outcomes = outcomes(&opened, args, context.clock.now(), zone)?;
    if args.json {
        let rows: Vec<OutcomeJson> = outcomes.iter().map(|outcome| OutcomeJson::new(outcome, zone)).collect();
        serde_json::to_writer_pretty(&mut *out, &rows)?;
        writeln!(out)?;
    } else {
        for outcome in &outcomes {
            writeln!(out, "{}", outcome_line(outcome, zone))?;
        }
    }
    match outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Failed { .. })).count() {
        0 => Ok(()),
        failed => bail!("다이제스트 {failed}개를 발행하지 못했어요."),
    }
}

fn outcomes(opened: &Opened, args: &PublishArgs, now: Instant, zone: Tz) -> Result<Vec<Outcome>> {
    let deps = opened.publisher();
    if args.digest.is_none() && args.at.is_none() {
        return Ok(publish::run_once(&deps, now)?);
    }
    let digest = &chosen(&opened.config.digests, args.digest.as_deref())?.name;
    let read =
        |text: &String| dates::parse(text, zone).map_err(|cause| Misuse(format!("`--at {text}`: {cause}")));
    let at = args.at.as_ref().map(read).transpose()?;
    Ok(vec![publish::publish_by_hand(&deps, digest, at, now)?])
}

#[derive(Serialize)]
struct OutcomeJson<'a> {
    digest: &'a str,
    outcome: &'static str,
    edition: Option<EditionId>,
    number: Option<i64>,
    slot: Option<String>,
    recipients: Option<u64>,
    reason: Option<String>,
}

impl<'a> OutcomeJson<'a> {
    fn new(outcome: &'a Outcome, zone: Tz) -> OutcomeJson<'a> {
        let (digest, word) = match outcome {
            Outcome::Published { digest, .. } => (digest, "published"),
            Outcome::Skipped { digest, .. } => (digest, "skipped"),
            Outcome::Already { digest, .. } => (digest, "already"),
            Outcome::NotDue { digest, .. } => (digest, "not_due"),
            Outcome::Failed { digest, .. } => (digest, "failed"),
        };
        let mut row = OutcomeJson {
            digest,
            outcome: word,
            edition: None,
            number: None,
            slot: None,
            recipients: None,
            reason: None,
        };
        match outcome {
            Outcome::Published { edition, number, recipients, slot_at, .. } => {
                row.edition = Some(*edition);
                row.number = Some(*number);
                row.recipients = Some(*recipients);
                row.slot = Some(stamp(*slot_at, zone));
            }
            Outcome::Skipped { slot_at, reason, .. } => {
                row.slot = Some(stamp(*slot_at, zone));
                row.reason = Some(reason.clone());
            }
            Outcome::Already { edition, number, .. } => {
                row.edition = Some(*edition);
                row.number = *number;
            }
            Outcome::NotDue { next, .. } => row.slot = next.map(|next| stamp(next, zone)),
            Outcome::Failed { error, .. } => row.reason = Some(error.to_string()),
        }
        row
    }
}

/// One line for the operator; times in `zone`.
pub fn outcome_line(outcome: &Outcome, zone: Tz) -> String {
    match outcome {
        Outcome::Published { digest, number, recipients, slot_at, late, .. } => {
            let late = if *late {
                format!(" 놓친 예정 시각({})의 것이에요.", minute(*slot_at, zone))
            } else {
                String::new()
            };
            format!("{digest} 제{number}호를 발행했어요. 받을 사람은 {recipients}명이에요.{late}")
        }
        Outcome::Skipped { digest, slot_at, reason } => {
            format!("{digest} {} 건너뜀: {reason}", minute(*slot_at, zone))
        }
        Outcome::Already { digest, edition, number: Some(number) } => {
            format!("{digest}: 이 예정 시각은 제{number}호(id {edition})로 이미 발행했어요.")
        }
        Outcome::Already { digest, edition, number: None } => {
            format!(
                "{digest}: 이 예정 시각은 이미 건너뛰었어요(id {edition}). 까닭은 `editions show {edition}`에 있어요."
            )
        }
        Outcome::NotDue { digest, next: Some(next) } => {
            format!("{digest}: 아직 발행할 때가 아니에요. 다음 예정 시각은 {}예요.", minute(*next, zone))
        }
        Outcome::NotDue { digest, next: None } => format!("{digest}: 앞으로 예정된 시각이 없어요."),
        Outcome::Failed { digest, error } => format!("{digest}: {error}"),
    }
}
