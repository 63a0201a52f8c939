//! Effect: `moabom editions`: list, show, pause, resume, cancel.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Result, bail};
use chrono_tz::Tz;
use clap::Subcommand;
use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::Serialize;

use super::Misuse;
use super::why::{minute, plain, stamp};
use crate::clock::Instant;
use crate::model::delivery::DeliveryState;
use crate::model::edition::EditionPost;
use crate::model::{EditionId, PostId};
use crate::select::section_name;
pub use crate::status::words::edition_state as state_name;
pub(super) use crate::status::words::number;
use crate::store::Store;
use crate::store::editions::{EditionOverview, StateChange};

/// `moabom editions …`
#[derive(Clone, Debug, Subcommand)]
pub enum EditionsCommand {
    /// 발행호와 건너뛴 예정 시각을 최근 것부터 보여 줘요
    List {
        /// 이 다이제스트만
        digest: Option<String>,
        /// JSON으로
        #[arg(long)]
        json: bool,
    },
    /// 발행호 하나를 실린 글과 함께 보여 줘요
    Show {
        /// 발행호의 id (`editions list`의 첫 칸)
        id: i64,
        /// JSON으로
        #[arg(long)]
        json: bool,
    },
    /// 보내고 있는 발행호를 멈춰요
    Pause {
        /// 발행호의 id
        id: i64,
        /// 멈추는 까닭 (500자까지)
        #[arg(long, value_parser = reason)]
        reason: Option<String>,
    },
    /// 멈춘 발행호를 이어서 보내요
    Resume {
        /// 발행호의 id
        id: i64,
    },
    /// 발행호를 그만 보내요. 되돌릴 수 없어요
    Cancel {
        /// 발행호의 id
        id: i64,
        /// 그만두는 까닭 (500자까지)
        #[arg(long, value_parser = reason)]
        reason: Option<String>,
    },
}

/// A reason stands in lists, on the screen and in mails to the operator: a sentence or two.
fn reason(text: &str) -> Result<String, String> {
    const LONGEST: usize = 500;
    let length = text.chars().count();
    if length > LONGEST {
        return Err(format!("까닭은 {LONGEST}자까지 적을 수 있는데 {length}자예요."));
    }
    Ok(text.to_owned())
}

/// Runs the command; `zone` is that of the times shown.
pub fn run(
    store: &Store,
    command: &EditionsCommand,
    zone: Tz,
    now: Instant,
    out: &mut impl Write,
) -> Result<()> {
    match command {
        EditionsCommand::List { digest, json } => {
            let found = store.read(|ledger| ledger.editions(digest.as_deref()))?;
            if *json {
                print_json(&found.iter().map(|one| row(one, zone)).collect::<Vec<_>>(), out)
            } else {
                list(&found, zone, out)
            }
        }
        EditionsCommand::Show { id, json } => show(store, EditionId(*id), *json, zone, out),
        EditionsCommand::Pause { id, reason } => {
            let reason = reason.clone().unwrap_or_else(|| "운영자가 멈췄어요".to_owned());
            let id = EditionId(*id);
            let change = store.write(move |ledger| ledger.pause_edition(id, &reason))?;
            report(
                change,
                id,
                "멈췄어요. 이어서 보내려면 `editions resume`을 쓰세요",
                "보내는 중일 때만 멈출 수 있어요",
                out,
            )
        }
        EditionsCommand::Resume { id } => {
            let id = EditionId(*id);
            let change = store.write(move |ledger| ledger.resume_edition(id))?;
            report(change, id, "이어서 보내요", "멈춰 있을 때만 이어서 보낼 수 있어요", out)
        }
        EditionsCommand::Cancel { id, reason } => {
            let reason = reason.clone().unwrap_or_else(|| "운영자가 취소했어요".to_owned());
            let id = EditionId(*id);
            let change = store.write(move |ledger| ledger.cancel_edition(id, &reason, now))?;
            report(
                change,
                id,
                "취소했어요. 아직 나가지 않은 메일은 보내지 않아요",
                "보내는 중이거나 멈춰 있을 때만 취소할 수 있어요",
                out,
            )
        }
    }
}

/// Refuses a list of a digest that neither the configuration nor the store knows: it would look like an empty one.
pub fn check(store: &Store, command: &EditionsCommand, digests: &[&str]) -> Result<()> {
    let EditionsCommand::List { digest: Some(name), .. } = command else { return Ok(()) };
    if digests.contains(&name.as_str()) || !store.read(|ledger| ledger.editions(Some(name)))?.is_empty() {
        return Ok(());
    }
    Err(Misuse::unknown("다이제스트", name, digests.iter().copied()).into())
}

fn report(change: StateChange, id: EditionId, done: &str, allowed: &str, out: &mut impl Write) -> Result<()> {
    match change {
        StateChange::Changed => Ok(writeln!(out, "발행호 {id}번: {done}.")?),
        StateChange::NoSuchEdition => no_such(id),
        StateChange::Refused(state) => {
            bail!("발행호 {id}번은 지금 '{}' 상태예요. {allowed}", state_name(state))
        }
    }
}

pub(super) fn no_such<T>(id: EditionId) -> Result<T> {
    bail!("발행호 {id}번이 없어요. `editions list`의 첫 칸에서 id를 찾으세요")
}

/// One row of `editions list --json` (design section 12; stable).
#[derive(Debug, Serialize)]
pub(super) struct EditionJson<'a> {
    id: EditionId,
    digest: &'a str,
    number: Option<i64>,
    slot: String,
    state: &'static str,
    reason: Option<&'a str>,
    recipients: i64,
    counts: Counts,
}

/// Every state is there, zero or not.
#[derive(Debug, Serialize)]
struct Counts {
    queued: i64,
    leased: i64,
    in_flight: i64,
    deferred: i64,
    sent: i64,
    bounced: i64,
    expired: i64,
    suppressed: i64,
    unknown: i64,
}

pub(super) fn row(one: &EditionOverview, zone: Tz) -> EditionJson<'_> {
    let count: BTreeMap<&str, i64> =
        DeliveryState::ALL.iter().map(|state| state.as_str()).zip(one.counts).collect();
    let of = |state: DeliveryState| count.get(state.as_str()).copied().unwrap_or(0);
    EditionJson {
        id: one.edition.id,
        digest: &one.edition.digest,
        number: one.edition.number,
        slot: stamp(one.edition.slot_at, zone),
        state: one.edition.state.as_str(),
        reason: one.edition.reason.as_deref(),
        recipients: one.recipients,
        counts: Counts {
            queued: of(DeliveryState::Queued),
            leased: of(DeliveryState::Leased),
            in_flight: of(DeliveryState::InFlight),
            deferred: of(DeliveryState::Deferred),
            sent: of(DeliveryState::Sent),
            bounced: of(DeliveryState::Bounced),
            expired: of(DeliveryState::Expired),
            suppressed: of(DeliveryState::Suppressed),
            unknown: of(DeliveryState::Unknown),
        },
    }
}

pub(super) fn print_json(value: &impl Serialize, out: &mut impl Write) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    Ok(writeln!(out)?)
}

fn list(found: &[EditionOverview], zone: Tz, out: &mut impl Write) -> Result<()> {
    if found.is_empty() {
        return Ok(writeln!(
            out,
            "아직 발행호가 없어요. `publish`로 바로 발행하거나 `run`으로 일정을 기다리세요."
        )?);
    }
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED);
    table.set_header([
        "id",
        "다이제스트",
        "호",
        "예정 시각",
        "상태",
        "받는 이",
        "보냄",
        "남음",
        "반송",
        "모름",
        "까닭",
    ]);
    let right = |value: i64| Cell::new(value).set_alignment(CellAlignment::Right);
    for one in found {
        let Counts { queued, leased, in_flight, deferred, sent, bounced, unknown, .. } =
            row(one, zone).counts;
        let edition = &one.edition;
        table.add_row(vec![
            right(edition.id.0),
            Cell::new(&edition.digest),
            Cell::new(number(edition.number)),
            Cell::new(minute(edition.slot_at, zone)),
            Cell::new(state_name(edition.state)),
            right(one.recipients),
            right(sent),
            right(queued + leased + in_flight + deferred),
            right(bounced),
            right(unknown),
            Cell::new(edition.reason.as_deref().map(plain).unwrap_or_default()),
        ]);
    }
    Ok(writeln!(out, "{table}")?)
}

/// `editions show --json`: a row of the list with the letter's subject and its posts.
#[derive(Debug, Serialize)]
struct ShownJson<'a> {
    #[serde(flatten)]
    edition: EditionJson<'a>,
    subject: Option<&'a str>,
    posts: Vec<ShownPost<'a>>,
}

#[derive(Debug, Serialize)]
struct ShownPost<'a> {
    id: PostId,
    section: &'static str,
    title: &'a str,
    score: f64,
    why: &'a str,
}

impl<'a> From<&'a EditionPost> for ShownPost<'a> {
    fn from(one: &'a EditionPost) -> ShownPost<'a> {
        let section = one.section.as_str();
        ShownPost { id: one.post, section, title: &one.title, score: one.score, why: &one.why }
    }
}

fn show(store: &Store, id: EditionId, json: bool, zone: Tz, out: &mut impl Write) -> Result<()> {
    let (found, content, posts) = store.read(|ledger| {
        Ok((ledger.edition_overview(id)?, ledger.edition_content(id)?, ledger.edition_posts(id)?))
    })?;
    let Some(found) = found else { return no_such(id) };
    let subject = content.as_ref().map(|content| content.subject.as_str());
    if json {
        let posts = posts.iter().map(ShownPost::from).collect();
        return print_json(&ShownJson { edition: row(&found, zone), subject, posts }, out);
    }
    let edition = &found.edition;
    writeln!(
        out,
        "{} {} · 예정 시각 {}",
        edition.digest,
        number(edition.number),
        minute(edition.slot_at, zone)
    )?;
    writeln!(out, "상태: {}", state_name(edition.state))?;
    if let Some(reason) = &edition.reason {
        writeln!(out, "까닭: {}", plain(reason))?;
    }
    if let Some(subject) = subject {
        writeln!(out, "제목: {}", plain(subject))?;
    }
    let states = DeliveryState::ALL.iter().zip(found.counts).filter(|(_, count)| *count > 0);
    let states: Vec<String> = states.map(|(state, count)| format!("{} {count}", state.as_str())).collect();
    writeln!(out, "받는 이: {}명 {}", found.recipients, states.join(" · "))?;
    for post in &posts {
        let place = post.position + 1;
        writeln!(
            out,
            "{place:>3}. [{}] {}\n     {}",
            section_name(post.section),
            plain(&post.title),
            post.why
        )?;
    }
    Ok(())
}
