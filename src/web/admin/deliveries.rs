//! Effect: 발송: those of an edition or of the notices that are not sent, by state.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::desk::Desk;
use super::shares::{amount, title};
use super::visitor::Visitor;
use crate::model::delivery::DeliveryState;
use crate::model::{DeliveryId, EditionId};
use crate::status::words::{delivery_state, moment, plain};
use crate::store::deliveries::ListedDelivery;
use crate::store::{Ledger, StoreError};

/// Deliveries on a page.
const ON_PAGE: usize = 30;
/// The states that ask for a look, the most pressing first.
pub(super) const LOOKS: [DeliveryState; 5] = [
    DeliveryState::Unknown,
    DeliveryState::Bounced,
    DeliveryState::Deferred,
    DeliveryState::Expired,
    DeliveryState::Suppressed,
];

/// A state to choose, with how many deliveries are in it.
#[derive(Serialize)]
pub(super) struct Choice {
    to: String,
    word: &'static str,
    count: String,
    chosen: bool,
}

/// The states that ask for a look and that any delivery is in, each with its page below `path`.
pub(super) fn choices(path: &str, counts: &[i64; 9], chosen: Option<DeliveryState>) -> Vec<Choice> {
    let count = |state: DeliveryState| {
        let mut pairs = DeliveryState::ALL.iter().zip(counts);
        pairs.find(|(known, _)| **known == state).map_or(0, |(_, count)| *count)
    };
    let some = LOOKS.into_iter().filter(|state| count(*state) > 0 || Some(*state) == chosen);
    some.map(|state| Choice {
        to: format!("{path}?state={}", state.as_str()),
        word: delivery_state(state),
        count: amount(count(state)),
        chosen: Some(state) == chosen,
    })
    .collect()
}

/// A delivery as lists show it.
#[derive(Serialize)]
pub(super) struct DeliveryRow {
    pub(super) id: i64,
    /// The address, or what it is a copy of.
    name: String,
    state: &'static str,
    word: &'static str,
    /// Attempts, and when the next one is due; or when it was published.
    next: String,
    reply: Option<String>,
}

impl DeliveryRow {
    pub(super) fn new(row: &ListedDelivery, name: String, next: String) -> DeliveryRow {
        DeliveryRow {
            id: row.id.0,
            name,
            state: row.state.as_str(),
            word: delivery_state(row.state),
            next,
            reply: row.last_reply.as_deref().map(plain),
        }
    }

    /// Under its address.
    pub(super) fn to_whom(desk: &Desk, row: &ListedDelivery) -> DeliveryRow {
        DeliveryRow::new(row, address(row), next(desk, row))
    }
}

/// As the command line shows it.
pub(super) fn address(row: &ListedDelivery) -> String {
    row.address.as_deref().map_or_else(|| "(지운 주소)".to_owned(), plain)
}

/// `시도 2번 · 다음 시도 11월 27일 (금) 09:10`.
fn next(desk: &Desk, row: &ListedDelivery) -> String {
    let open = matches!(row.state, DeliveryState::Deferred | DeliveryState::Unknown);
    let then = match row.due_at {
        _ if !open => String::new(),
        None => " · 정해 주기를 기다려요".to_owned(),
        Some(at) if at <= desk.now() => " · 다시 보낼 차례예요".to_owned(),
        Some(at) => format!(" · 다음 시도 {}", moment(at, desk.zone(), desk.now())),
    };
    format!("시도 {}번{then}", row.attempts)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    state: Option<String>,
    after: i64,
}

type Wanted = Result<Query<Asked>, QueryRejection>;

#[derive(Serialize)]
struct ListView {
    heading: String,
    /// Where to go back to.
    back: String,
    from: String,
    choices: Vec<Choice>,
    /// What the state means.
    meaning: &'static str,
    rows: Vec<DeliveryRow>,
    first: Option<String>,
    more: Option<String>,
}

type Id = Result<Path<i64>, PathRejection>;

pub(super) async fn of_edition(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    id: Id,
    asked: Wanted,
) -> Response {
    let Ok(Path(id)) = id else { return desk.pages.missing(&visitor) };
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    desk.answer(visitor, "deliveries.html", move |desk, ledger| {
        let Some(found) = ledger.edition_overview(EditionId(id))? else { return Ok(None) };
        let (from, back) = (title(&found.edition), format!("/editions/{id}"));
        let view = list(desk, ledger, Some(EditionId(id)), &found.counts, asked)?;
        Ok(Some(ListView { heading: format!("{from}의 발송"), from, back, ..view }))
    })
    .await
}

pub(super) async fn of_notices(State(desk): State<Arc<Desk>>, visitor: Visitor, asked: Wanted) -> Response {
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    desk.answer(visitor, "deliveries.html", move |desk, ledger| {
        let mut counts = [0; 9];
        for (state, count) in DeliveryState::ALL.iter().zip(&mut counts) {
            if LOOKS.contains(state) {
                *count = ledger.notices_not_sent(*state)?;
            }
        }
        list(desk, ledger, None, &counts, asked).map(Some)
    })
    .await
}

/// A page of those in the state asked for, else in the most pressing one that any is in.
fn list(
    desk: &Desk,
    ledger: &Ledger<'_>,
    edition: Option<EditionId>,
    counts: &[i64; 9],
    asked: Asked,
) -> Result<ListView, StoreError> {
    let path = place(edition);
    let state = asked.state.as_deref().and_then(DeliveryState::parse).filter(|state| LOOKS.contains(state));
    let pressing = || {
        let pairs = || DeliveryState::ALL.iter().zip(counts);
        LOOKS.into_iter().find(|look| pairs().any(|(state, count)| state == look && *count > 0))
    };
    let chosen = state.or_else(pressing);
    let state = chosen.unwrap_or(DeliveryState::Unknown);
    let mut found = ledger.not_sent(edition, state, DeliveryId(asked.after), ON_PAGE + 1)?;
    let more = found.len() > ON_PAGE;
    found.truncate(ON_PAGE);
    let here = format!("{path}?state={}", state.as_str());
    let last = found.last().filter(|_| more);
    Ok(ListView {
        heading: "통지의 발송".to_owned(),
        back: "/".to_owned(),
        from: "현황".to_owned(),
        choices: choices(&path, counts, chosen),
        meaning: meaning(state),
        more: last.map(|last| format!("{here}&after={}", last.id)),
        rows: found.iter().map(|row| DeliveryRow::to_whom(desk, row)).collect(),
        first: (asked.after > 0).then_some(here),
    })
}

/// Where the deliveries of an edition, or of the notices, are listed.
pub(super) fn place(edition: Option<EditionId>) -> String {
    edition.map_or_else(|| "/notices".to_owned(), |id| format!("/editions/{id}/deliveries"))
}

pub(super) fn meaning(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Unknown => {
            "릴레이의 답을 듣기 전에 연결이 끊겨 나갔는지 알 수 없어요. 릴레이의 기록에서 Message-ID를 찾아보고 정하세요."
        }
        DeliveryState::Bounced => "받는 쪽이 그 주소로는 받을 수 없다고 했어요.",
        DeliveryState::Deferred => "받는 쪽이 나중에 보내라고 했어요. 그대로 두면 저절로 다시 보내요.",
        DeliveryState::Expired => "정해진 동안 끝내 보내지 못했거나 다음 호가 나와 더 보내지 않아요.",
        DeliveryState::Suppressed => {
            "보내기 전에 수신거부했거나, 발송 금지 주소이거나, 발행호가 취소되었어요."
        }
        DeliveryState::Queued | DeliveryState::Leased | DeliveryState::InFlight | DeliveryState::Sent => "",
    }
}
