//! Effect: `moabom deliver`: sends by hand what is due, with its progress.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::{Result, bail};
use chrono_tz::Tz;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::why::{plain, stamp};
use super::{Context, signal};
use crate::clock::{Clock, Instant};
use crate::deliver::{self, Deps, Report, Session};
use crate::publish::{self, LastCheck};
use crate::{feedback, inform};

/// `moabom deliver`
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct DeliverArgs {
    /// 결과를 JSON으로
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct ReportJson<'a> {
    sent: u64,
    deferred: u64,
    bounced: u64,
    suppressed: u64,
    expired: u64,
    unknown: u64,
    put_off: u64,
    held: &'a [String],
    stopped: bool,
    next_due: Option<String>,
}

/// Sends what is due from the configured store, after a last look at each edition, and does what the daemon does besides:
/// what readers left for later, what the law wants told, what the operator is told.
pub fn command(context: &Context, args: DeliverArgs, out: &mut impl Write) -> Result<()> {
    let opened = context.open()?;
    let deps = opened.deliverer()?;
    let now = context.clock.now();
    // Held to the end: nobody else sends meanwhile, to the operator neither.
    let session = start(&deps, now)?;
    feedback::run_once(&opened.store, now)?;
    for edition in opened.store.read(|ledger| ledger.editions_sending())? {
        match publish::last_check(&opened.publisher(), edition)? {
            LastCheck::Dropped(titles) => {
                eprintln!("발행한 뒤 사라진 글을 뺐어요: {}", plain(&titles.join(", ")));
            }
            LastCheck::Held(reason) => eprintln!("{reason}"),
            LastCheck::Unchanged | LastCheck::TooLate(_) => {}
        }
    }
    let office = opened.office()?;
    office.once(true, now)?;
    let delivered = run(args, deps, &session, &context.clock, signal::stop_token()?, out);
    // Who was told is seen off, and the operator hears of it, whatever became of the others.
    let seen_off = office.once(false, context.clock.now());
    let told = opened.informer().and_then(|informer| tell(informer.as_ref(), context.clock.now()));
    delivered?;
    seen_off?;
    told
}

/// The right to send, and what an earlier sender had left.
fn start(deps: &Deps, now: Instant) -> Result<Session> {
    let session = Session::start(&deps.store, now, deps.settings.unknown)?;
    if session.recovered.unknown > 0 {
        eprintln!(
            "지난번에 보내다 끊긴 발송 {}건은 받았는지 알 수 없어요. `deliveries list --state unknown`으로 볼 수 있어요.",
            session.recovered.unknown
        );
    }
    Ok(session)
}

/// What there is to tell the operator. A mail that does not go is tried again the next time.
fn tell(informer: Option<&inform::Deps>, now: Instant) -> Result<()> {
    let Some(informer) = informer else { return Ok(()) };
    if let Some(why) = inform::run_once(informer, now, &|| {})?.failure {
        eprintln!("운영자에게 메일을 보내지 못해 다음에 다시 보내요: {}", plain(&why));
    }
    Ok(())
}

/// Sends until nothing is due or `stop` is cancelled. Breakers that wait for a person are tried: one is here. Fails where
/// something is held. Blocks; not to be called on a thread that drives async tasks.
fn run(
    args: DeliverArgs,
    deps: Deps,
    session: &Session,
    clock: &Clock,
    stop: CancellationToken,
    out: &mut impl Write,
) -> Result<()> {
    let now = clock.now();
    deps.store.write(move |ledger| ledger.retry_breakers(now))?;
    let (store, relay) = (deps.store.clone(), format!("{}:{}", deps.relay.host, deps.relay.port));
    let zone = deps.letters.zone;
    let due = deps.store.read(|ledger| ledger.due_count(now))?;
    let bar = progress_bar(due);
    let shown = bar.clone();
    let report = deliver::run_once(deps, session, clock, stop, move |report| show(&shown, report, due));
    bar.finish_and_clear();
    let report = report?;
    print(&report, args.json, (clock.now(), zone), out)?;
    let stuck = report.sent == 0 && report.deferred > 0;
    let failure = if stuck { store.read(|ledger| ledger.last_failure_before_rcpt())? } else { None };
    match (report.held.first(), failure) {
        // What names a setting has its advice already.
        (Some(reason), Some(reply)) if !reason.contains("[smtp]") => {
            bail!("{reason}\n  → {}", remedy(&reply, &relay))
        }
        (Some(reason), _) => bail!("{reason}"),
        (None, Some(reply)) => {
            let advice = remedy(&reply, &relay);
            bail!("릴레이 {relay}에 한 통도 보내지 못해 모두 미뤘어요: {}\n  → {advice}", plain(&reply))
        }
        (None, None) => Ok(()),
    }
}

/// What to do about a failure before any recipient was named. `said` is the relay's reply, which begins with its code, or
/// in our own words why there was none.
fn remedy(said: &str, relay: &str) -> String {
    match said.bytes().next() {
        Some(b'4') => "릴레이가 지금은 받지 않겠다고 답했어요. 잠시 뒤 `deliver`를 다시 실행하고, 거듭되면 릴레이가 허락하는 양에 [smtp]의 per_hour, per_day, connections를 맞추세요".to_owned(),
        Some(b'5') => "릴레이가 보내는 쪽을 거절했어요. 이 답을 릴레이를 맡은 곳에 보여 주고, 보내는 주소와 SPF, DKIM을 `moabom doctor`로 살펴보세요".to_owned(),
        _ => format!("[smtp]의 host, port, tls가 맞는지, {relay}에 메일 서버가 살아 있는지 확인하고 `deliver`를 다시 실행하세요"),
    }
}

fn progress_bar(due: u64) -> ProgressBar {
    if due == 0 || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(due);
    let template = "{bar:30} {human_pos}/{human_len} · 초당 {per_sec_short} · 남은 시간 {eta} · {msg}";
    let style = ProgressStyle::with_template(template).map(|style| {
        style.with_key("per_sec_short", |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{:.0}건", state.per_sec());
        })
    });
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

thread_local! {
    /// Settled rows at the last plain line; the step calls back on one thread.
    static SPOKEN: Cell<u64> = const { Cell::new(0) };
}

/// A bar moves with every row; elsewhere a plain line comes every tenth of the way, at least every thousand rows.
fn show(bar: &ProgressBar, report: &Report, due: u64) {
    let settled = report.settled();
    if !bar.is_hidden() {
        bar.set_position(settled);
        if settled.is_multiple_of(16) || settled >= due {
            bar.set_message(states(report));
        }
        return;
    }
    let step = (due / 10).clamp(1, 1000);
    if due >= 100 && settled >= SPOKEN.get() + step {
        SPOKEN.set(settled);
        eprintln!("{settled}/{due} · {}", states(report));
    }
}

fn states(report: &Report) -> String {
    let parts = [
        ("보냄", report.sent),
        ("미룸", report.deferred + report.put_off),
        ("반송", report.bounced),
        ("발송 안 함", report.suppressed),
        ("기한 지남", report.expired),
        ("알 수 없음", report.unknown),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(name, count)| *count > 0 || *name == "보냄")
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    parts.join(" · ")
}

fn print(report: &Report, json: bool, (now, zone): (Instant, Tz), out: &mut impl Write) -> Result<()> {
    let next_due = report.next_due.map(|at| stamp(at, zone));
    if json {
        let shown = ReportJson {
            sent: report.sent,
            deferred: report.deferred,
            bounced: report.bounced,
            suppressed: report.suppressed,
            expired: report.expired,
            unknown: report.unknown,
            put_off: report.put_off,
            held: &report.held,
            stopped: report.stopped,
            next_due,
        };
        serde_json::to_writer_pretty(&mut *out, &shown)?;
        return Ok(writeln!(out)?);
    }
    if report.settled() == 0 && report.held.is_empty() && !report.stopped {
        let wait = report.next_due.map(|due| (due - now).num_minutes() + 1);
        let later = wait.map(|minutes| format!(" 미룬 메일은 {minutes}분 안에 다시 보낼 때가 돼요."));
        writeln!(out, "지금 보낼 메일이 없어요.{}", later.unwrap_or_default())?;
    } else {
        writeln!(out, "{}", states(report))?;
    }
    if report.stopped {
        writeln!(out, "보내던 메일까지 마치고 멈췄어요. 남은 메일은 다음에 이어서 보내요.")?;
    }
    for reason in report.held.iter().skip(1) {
        writeln!(out, "{reason}")?;
    }
    Ok(())
}
