//! Effect: `moabom schedule`: what each digest's schedule means, its next runs, and what became of the last slot.

use std::io::Write;

use anyhow::Result;
use chrono::{Datelike, Duration, NaiveDate};
use chrono_tz::Tz;
use clap::Args;
use serde::Serialize;

use super::Misuse;
use super::editions::{EditionJson, number, print_json, row, state_name};
use super::open::Context;
use super::why::{plain, stamp};
use crate::clock::Instant;
use crate::korean::width;
use crate::model::delivery::DeliveryState;
use crate::publish::Digest;
use crate::schedule::{Schedule, span};
use crate::status::Outlook;
pub(super) use crate::status::words::moment;
use crate::store::editions::EditionOverview;
use crate::store::{Ledger, Store, StoreError};

/// No schedule is told further ahead.
const MOST: u16 = 1_000;

/// How far ahead the next slot on a day off is told.
const AHEAD: Duration = Duration::days(366);

/// Columns a label takes.
const LABEL: usize = 11;

/// `moabom schedule`
#[derive(Clone, Debug, Args)]
pub struct ScheduleArgs {
    /// 이 다이제스트만
    #[arg(value_name = "DIGEST")]
    pub digest: Option<String>,
    /// 앞으로의 발행을 몇 번까지 보일지
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST)))]
    pub count: u16,
    /// JSON으로
    #[arg(long)]
    pub json: bool,
}

/// What there is to say of a digest.
struct Told<'a> {
    outlook: Outlook<'a>,
    /// The newest slot on record.
    last: Option<EditionOverview>,
}

/// Says each digest's schedule. A store that does not exist yet is not made.
pub fn run(context: &Context, args: &ScheduleArgs, out: &mut impl Write) -> Result<()> {
    let (config, now) = (context.config()?, context.clock.now());
    let wanted = |digest: &&Digest| args.digest.as_ref().is_none_or(|name| *name == digest.name);
    let digests: Vec<&Digest> = config.digests.iter().filter(wanted).collect();
    if let (true, Some(name)) = (digests.is_empty(), &args.digest) {
        let known: Vec<&str> = config.digests.iter().map(|digest| digest.name.as_str()).collect();
        return Err(Misuse(format!("'{name}' 다이제스트가 없어요. 있는 것: {}", known.join(", "))).into());
    }
    let store = Store::open_existing(&config.store.path, now)?;
    let read = |ledger: Option<&Ledger<'_>>| {
        let told = digests.iter().map(|digest| {
            let last = ledger.map(|ledger| ledger.recent_editions(&digest.name, 1)).transpose()?;
            let last = last.unwrap_or_default().into_iter().next();
            Ok(Told { outlook: Outlook::read(ledger, digest, args.count.into(), now)?, last })
        });
        told.collect::<Result<Vec<_>, StoreError>>()
    };
    let told = match &store {
        Some(store) => store.read(|ledger| read(Some(ledger)))?,
        None => read(None)?,
    };
    if args.json {
        return print_json(&told.iter().map(ScheduleJson::from).collect::<Vec<_>>(), out);
    }
    for (place, one) in told.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        write_told(one, now, out)?;
    }
    Ok(())
}

fn write_told(told: &Told<'_>, now: Instant, out: &mut impl Write) -> std::io::Result<()> {
    let outlook = &told.outlook;
    let (digest, schedule) = (outlook.digest, &outlook.digest.schedule);
    let zone = schedule.zone();
    writeln!(out, "{} · {}", digest.name, schedule.describe())?;
    let line = |out: &mut dyn Write, label: &str, text: &str| {
        let blank = " ".repeat(LABEL.saturating_sub(width::of(label)));
        writeln!(out, "  {label}{blank}{text}")
    };
    line(out, "일정", &format!("`{}` ({zone})", schedule.text()))?;
    line(out, "늦었을 때", &late_words(digest.max_late))?;
    if let Some(words) = schedule.describe_holidays() {
        line(out, "공휴일", &words)?;
    }
    let mut label = "다음 발행";
    for at in &outlook.next {
        let wait = if label.is_empty() { String::new() } else { format!(" ({} 뒤)", span(*at - now)) };
        line(out, label, &format!("{}{wait}{}", moment(*at, zone, now), moved_words(schedule, *at)))?;
        label = "";
    }
    let until = now + AHEAD;
    if let Some((at, name)) = schedule.next_on_holiday(now, until) {
        line(out, "쉬는 날", &format!("{} · {}", moment(at, zone, now), plain(name)))?;
    }
    match &told.last {
        Some(last) => line(out, "지난번", &last_words(last, zone, now))?,
        None => line(out, "지난번", "아직 없어요")?,
    }
    if let Some(words) = outlook.now_words(now) {
        writeln!(out, "  ! {words}")?;
    }
    Ok(())
}

/// ` · 2월 16일 (설날 전날)에서 옮겼어요`, or nothing.
fn moved_words(schedule: &Schedule, at: Instant) -> String {
    let words = |(day, name): (NaiveDate, &str)| {
        format!(" · {}월 {}일 ({})에서 옮겼어요", day.month(), day.day(), plain(name))
    };
    schedule.moved_from(at).map(words).unwrap_or_default()
}

fn late_words(max_late: Duration) -> String {
    if max_late <= Duration::zero() {
        return "놓친 예정 시각은 건너뛰어요".to_owned();
    }
    format!("{}까지는 가장 최근 것 하나만 늦게라도 발행하고, 나머지는 건너뛰어요", span(max_late))
}

/// One line on an edition or a skipped slot.
pub(super) fn last_words(last: &EditionOverview, zone: Tz, now: Instant) -> String {
    let edition = &last.edition;
    let mut words = moment(edition.slot_at, zone, now);
    if edition.number.is_some() {
        words += &format!(" · {}", number(edition.number));
    }
    words += &format!(" · {}", state_name(edition.state));
    let counts = counts_words(last);
    if !counts.is_empty() {
        words += &format!(" · {counts}");
    }
    if let Some(reason) = &edition.reason {
        words += &format!(" · {}", plain(reason));
    }
    words
}

/// `보냄 40 · 미룸 1`; states without rows are left out.
pub(super) fn counts_words(one: &EditionOverview) -> String {
    let states = DeliveryState::ALL.iter().zip(one.counts).filter(|(_, count)| *count > 0);
    let words = states.map(|(state, count)| format!("{} {count}", super::deliveries::state_name(*state)));
    words.collect::<Vec<_>>().join(" · ")
}

/// One digest of `schedule --json`.
#[derive(Serialize)]
struct ScheduleJson<'a> {
    digest: &'a str,
    schedule: &'a str,
    zone: &'a str,
    description: String,
    max_late_minutes: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    holidays: Option<String>,
    next: Vec<String>,
    due: Option<String>,
    last: Option<EditionJson<'a>>,
}

impl<'a> From<&'a Told<'a>> for ScheduleJson<'a> {
    fn from(Told { outlook, last }: &'a Told<'a>) -> ScheduleJson<'a> {
        let schedule = &outlook.digest.schedule;
        let zone = schedule.zone();
        ScheduleJson {
            digest: &outlook.digest.name,
            schedule: schedule.text(),
            zone: zone.name(),
            description: schedule.describe(),
            max_late_minutes: outlook.digest.max_late.num_minutes(),
            holidays: schedule.describe_holidays(),
            next: outlook.next.iter().map(|at| stamp(*at, zone)).collect(),
            due: outlook.due.publish.map(|slot| stamp(slot.at, zone)),
            last: last.as_ref().map(|last| row(last, zone)),
        }
    }
}
