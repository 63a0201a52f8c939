//! Effect: `moabom deliveries`: list, retry, resolve.

use std::io::Write;
use std::ops::ControlFlow;

use anyhow::{Result, bail};
use clap::{Subcommand, ValueEnum};
use comfy_table::{Table, presets};
use serde::Serialize;

use super::editions;
use super::subscribers::barred_advice;
use super::why::plain;
use crate::clock::Instant;
use crate::model::delivery::{DeliveryKind, DeliveryState};
use crate::model::notice::NoticeKind;
use crate::model::{DeliveryId, EditionId, SubscriberId, SuppressionKey};
pub use crate::status::words::delivery_state as state_name;
use crate::status::words::notice as notice_name;
use crate::store::Store;
use crate::store::deliveries::{DeliveryFilter, ListedDelivery, Resolution, RowChange};

/// Rows shown in a table; the JSON list is whole.
const TABLE_ROWS: usize = 500;

/// `moabom deliveries …`
#[derive(Clone, Debug, Subcommand)]
pub enum DeliveriesCommand {
    /// 발송을 한 줄씩 보여 줘요
    List {
        /// 이 상태만: queued, leased, in_flight, deferred, sent, bounced, expired, suppressed, unknown
        #[arg(long, value_parser = parse_state)]
        state: Option<DeliveryState>,
        /// 이 발행호만 (`editions list`의 id)
        #[arg(long)]
        edition: Option<i64>,
        /// JSON으로
        #[arg(long)]
        json: bool,
    },
    /// 미루었거나 보내지 못한 발송을 다시 보내요
    Retry {
        /// 발송의 id
        #[arg(required = true)]
        ids: Vec<i64>,
    },
    /// 받았는지 알 수 없는 발송을 어떻게 볼지 정해요
    Resolve {
        /// 발송의 id
        id: i64,
        /// sent: 받은 것으로 해요, not-sent: 다시 보내요
        #[arg(long = "as")]
        verdict: ResolveAs,
    },
}

/// What `--as` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ResolveAs {
    /// 받은 것으로 해요
    Sent,
    /// 받지 못한 것으로 하고 다시 보내요
    NotSent,
}

fn parse_state(word: &str) -> Result<DeliveryState, String> {
    DeliveryState::parse(word).ok_or_else(|| {
        let known: Vec<&str> = DeliveryState::ALL.iter().map(|state| state.as_str()).collect();
        format!("모르는 상태예요. 쓸 수 있는 것: {}", known.join(", "))
    })
}

/// Runs the command; `key` is asked for only where something is to be sent again.
pub fn run(
    store: &Store,
    key: &dyn Fn() -> Result<SuppressionKey>,
    command: &DeliveriesCommand,
    now: Instant,
    out: &mut impl Write,
) -> Result<()> {
    match command {
        DeliveriesCommand::List { state, edition, json } => {
            let filter = DeliveryFilter { state: *state, edition: edition.map(EditionId) };
            if let Some(id) = filter.edition
                && store.read(|ledger| ledger.edition(id))?.is_none()
            {
                return editions::no_such(id);
            }
            if *json { list_json(store, filter, out) } else { list(store, filter, out) }
        }
        DeliveriesCommand::Retry { ids } => {
            for id in ids.iter().copied().map(DeliveryId) {
                refuse_barred(store, &key()?, id)?;
                let change = store.write(move |ledger| ledger.retry_delivery(id, now))?;
                let allowed = "다시 보낼 수 있는 것은 미룸, 알 수 없음, 기한 지남, 반송이에요";
                report(change, id, "다음 `deliver`에서 다시 보내요", allowed, out)?;
            }
            Ok(())
        }
        DeliveriesCommand::Resolve { id, verdict } => {
            let id = DeliveryId(*id);
            let (resolution, done) = match verdict {
                ResolveAs::Sent => (Resolution::Sent, "받은 것으로 적었어요"),
                ResolveAs::NotSent => {
                    refuse_barred(store, &key()?, id)?;
                    (Resolution::NotSent, "다음 `deliver`에서 다시 보내요")
                }
            };
            let change = store.write(move |ledger| ledger.resolve_delivery(id, resolution, now))?;
            report(change, id, done, "정할 수 있는 것은 '알 수 없음'뿐이에요", out)
        }
    }
}

/// Promises no mail that the list of those never to be mailed would stop.
fn refuse_barred(store: &Store, key: &SuppressionKey, id: DeliveryId) -> Result<()> {
    let Some(reason) = store.read(|ledger| ledger.barred(id, key))? else { return Ok(()) };
    bail!(
        "발송 {id}번의 주소는 발송 금지라 다시 보내지 않아요 (까닭: {}). {}",
        reason.words(),
        barred_advice(reason)
    )
}

fn report(change: RowChange, id: DeliveryId, done: &str, allowed: &str, out: &mut impl Write) -> Result<()> {
    match change {
        RowChange::Changed => Ok(writeln!(out, "발송 {id}번: {done}.")?),
        RowChange::NoSuchDelivery => {
            bail!("발송 {id}번이 없어요. `deliveries list`의 첫 칸에서 id를 찾으세요")
        }
        RowChange::Refused(state) => {
            bail!("발송 {id}번은 지금 '{}' 상태예요. {allowed}", state_name(state))
        }
        RowChange::Cancelled => bail!("발송 {id}번의 발행호는 취소되어 다시 보낼 수 없어요"),
        RowChange::Erased => bail!("발송 {id}번을 받을 분의 주소가 지워져 다시 보낼 수 없어요"),
    }
}

/// One row of `deliveries list --json` (design section 12; stable).
#[derive(Debug, Serialize)]
struct DeliveryJson<'a> {
    id: DeliveryId,
    kind: &'static str,
    edition: Option<EditionId>,
    /// What a notice tells; null for an edition's.
    notice: Option<&'static str>,
    subscriber: SubscriberId,
    address: Option<&'a str>,
    state: &'static str,
    attempts: i64,
    message_id: Option<&'a str>,
    last_reply: Option<&'a str>,
}

impl<'a> From<&'a ListedDelivery> for DeliveryJson<'a> {
    fn from(row: &'a ListedDelivery) -> DeliveryJson<'a> {
        DeliveryJson {
            id: row.id,
            kind: if row.notice.is_some() { DeliveryKind::Notice } else { DeliveryKind::Edition }.as_str(),
            edition: row.edition,
            notice: row.notice.map(NoticeKind::as_str),
            subscriber: row.subscriber,
            address: row.address.as_deref(),
            state: row.state.as_str(),
            attempts: row.attempts,
            message_id: row.message_id.as_deref(),
            last_reply: row.last_reply.as_deref(),
        }
    }
}

/// Written row by row, so that a long list needs no memory.
fn list_json(store: &Store, filter: DeliveryFilter, out: &mut impl Write) -> Result<()> {
    let mut failed: Option<std::io::Error> = None;
    let mut first = true;
    write!(out, "[")?;
    store.read(|ledger| {
        ledger.each_delivery(filter, &mut |row| {
            let before = if std::mem::take(&mut first) { "\n  " } else { ",\n  " };
            let written = out.write_all(before.as_bytes());
            let written =
                written.and_then(|()| Ok(serde_json::to_writer(&mut *out, &DeliveryJson::from(&row))?));
            match written {
                Ok(()) => ControlFlow::Continue(()),
                Err(cause) => {
                    failed = Some(cause);
                    ControlFlow::Break(())
                }
            }
        })
    })?;
    if let Some(cause) = failed {
        return Err(cause.into());
    }
    Ok(writeln!(out, "{}]", if first { "" } else { "\n" })?)
}

fn list(store: &Store, filter: DeliveryFilter, out: &mut impl Write) -> Result<()> {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED);
    table.set_header(["id", "발행호·통지", "구독자", "주소", "상태", "시도", "마지막 답"]);
    let (mut shown, mut more) = (0, false);
    store.read(|ledger| {
        ledger.each_delivery(filter, &mut |row| {
            if shown == TABLE_ROWS {
                more = true;
                return ControlFlow::Break(());
            }
            shown += 1;
            table.add_row([
                row.id.to_string(),
                row.edition
                    .map_or_else(|| row.notice.map_or("–", notice_name).to_owned(), |id| id.to_string()),
                row.subscriber.to_string(),
                row.address.as_deref().map_or_else(|| "(지움)".to_owned(), plain),
                state_name(row.state).to_owned(),
                row.attempts.to_string(),
                row.last_reply.as_deref().map(plain).unwrap_or_default(),
            ]);
            ControlFlow::Continue(())
        })
    })?;
    if shown == 0 {
        return Ok(writeln!(out, "그런 발송이 없어요.")?);
    }
    writeln!(out, "{table}")?;
    if more {
        writeln!(out, "앞의 {TABLE_ROWS}건만 보였어요. 모두 보려면 `--json`을 쓰세요.")?;
    }
    Ok(())
}
