//! Effect: one 발송 with its attempts, and what is decided of it by hand: what `moabom deliveries` decides, by the same
//! methods of the store. GET shows, POST decides.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::deliveries::{DeliveryRow, LOOKS, address, meaning, place};
use super::desk::Desk;
use super::pages::see;
use super::people::advice;
use super::shares::title;
use super::visitor::Visitor;
use crate::model::DeliveryId;
use crate::model::SuppressionKey;
use crate::model::delivery::DeliveryState;
use crate::model::edition::EditionState;
use crate::model::subscriber::SuppressionReason;
use crate::status::words::{delivery_state, moment, notice, plain, stage};
use crate::store::deliveries::{ListedAttempt, Resolution, RowChange};
use crate::store::{Ledger, StoreError};

/// Attempts shown of a delivery, the newest.
const ATTEMPTS: usize = 30;

#[derive(Serialize)]
struct DeliveryView {
    heading: String,
    row: DeliveryRow,
    /// What it is a copy of.
    of: String,
    edition: Option<i64>,
    subscriber: i64,
    /// The list it is in.
    list: Option<String>,
    meaning: &'static str,
    /// Why the address is never mailed, and what to do about it.
    barred: Option<(&'static str, &'static str)>,
    message_id: Option<String>,
    attempts: Vec<AttemptView>,
    decisions: Vec<DecisionView>,
}

#[derive(Serialize)]
struct AttemptView {
    at: String,
    stage: &'static str,
    state: &'static str,
    word: &'static str,
    reply: String,
}

type Id = Result<Path<i64>, PathRejection>;

pub(super) async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor, id: Id) -> Response {
    let Ok(Path(id)) = id else { return desk.pages.missing(&visitor) };
    desk.answer(visitor, "delivery.html", move |desk, ledger| view(desk, ledger, DeliveryId(id))).await
}

fn view(desk: &Desk, ledger: &Ledger<'_>, id: DeliveryId) -> Result<Option<DeliveryView>, StoreError> {
    let Some(row) = ledger.listed_delivery(id)? else { return Ok(None) };
    let edition = row.edition.map(|edition| ledger.edition(edition)).transpose()?.flatten();
    let attempt = |one: ListedAttempt| AttemptView {
        at: moment(one.started_at, desk.zone(), desk.now()),
        stage: stage(one.stage),
        state: one.result.as_str(),
        word: delivery_state(one.result),
        reply: plain(&one.reply),
    };
    let listed = LOOKS.contains(&row.state);
    let cancelled = edition.as_ref().is_some_and(|edition| edition.state == EditionState::Cancelled);
    let barred = barred(desk, ledger, id)?;
    let gone = cancelled || row.address.is_none() || barred.is_some();
    let allowed = Decision::ALL.into_iter().filter(|decision| decision.allowed(row.state, gone));
    Ok(Some(DeliveryView {
        heading: address(&row),
        of: edition.as_ref().map_or_else(|| row.notice.map_or("통지", notice).to_owned(), title),
        edition: row.edition.map(|id| id.0),
        subscriber: row.subscriber.0,
        list: listed.then(|| format!("{}?state={}", place(row.edition), row.state.as_str())),
        meaning: meaning(row.state),
        barred: barred.map(|reason| (reason.words(), advice(reason))),
        message_id: row.message_id.as_deref().map(plain),
        attempts: ledger.attempts_of(id, ATTEMPTS)?.into_iter().map(attempt).collect(),
        decisions: allowed.map(|decision| decision.asked(row.state)).collect(),
        row: DeliveryRow::to_whom(desk, &row),
    }))
}

fn barred(desk: &Desk, ledger: &Ledger<'_>, id: DeliveryId) -> Result<Option<SuppressionReason>, StoreError> {
    SuppressionKey::of(&desk.deps.keys).map_or(Ok(None), |key| ledger.barred(id, &key))
}

/// What can be decided of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Decision {
    /// As `deliveries resolve --as sent`.
    Sent,
    /// As `deliveries resolve --as not-sent`.
    NotSent,
    /// As `deliveries retry`.
    Retry,
}

/// A button, and what it means.
#[derive(Serialize)]
struct DecisionView {
    word: &'static str,
    button: &'static str,
    text: &'static str,
}

impl Decision {
    const ALL: [Decision; 3] = [Decision::Sent, Decision::NotSent, Decision::Retry];

    fn word(self) -> &'static str {
        match self {
            Decision::Sent => "sent",
            Decision::NotSent => "not-sent",
            Decision::Retry => "retry",
        }
    }

    /// What the store allows, too. `gone`: it may not be sent again, whatever its state.
    fn allowed(self, state: DeliveryState, gone: bool) -> bool {
        use DeliveryState::{Bounced, Deferred, Expired, Unknown};
        match self {
            Decision::Sent => state == Unknown,
            Decision::NotSent => state == Unknown && !gone,
            Decision::Retry => matches!(state, Bounced | Deferred | Expired) && !gone,
        }
    }

    fn asked(self, state: DeliveryState) -> DecisionView {
        let (button, text) = match (self, state) {
            (Decision::Sent, _) => {
                ("받은 것으로 적기", "다시 보내지 않아요. 릴레이의 기록에 나갔다고 되어 있을 때 고르세요.")
            }
            (Decision::NotSent, _) => {
                ("다시 보내기", "같은 Message-ID로 한 번 더 보내요. 첫 번째 것이 나갔다면 두 통을 받게 돼요.")
            }
            (Decision::Retry, DeliveryState::Deferred) => {
                ("지금 다시 보내기", "기다리지 않고 다음 차례에 보내요.")
            }
            (Decision::Retry, _) => ("다시 보내기", "다음 차례에 한 번 더 보내요."),
        };
        DecisionView { word: self.word(), button, text }
    }
}

#[derive(Deserialize)]
pub(super) struct Given {
    decision: Decision,
}

pub(super) async fn decide(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    id: Id,
    given: Result<Form<Given>, FormRejection>,
) -> Response {
    let Ok(Path(id)) = id else { return desk.pages.missing(&visitor) };
    let Ok(Form(Given { decision })) = given else {
        let text = "무엇을 할지 적히지 않았어요. 페이지를 새로 열고 다시 해 보세요.";
        let back = format!("/deliveries/{id}");
        return desk.pages.say(&visitor, StatusCode::BAD_REQUEST, "받지 않았어요", text, Some(&back));
    };
    let (delivery, now) = (DeliveryId(id), desk.now());
    let working = Arc::clone(&desk);
    let done = desk.write(&visitor, move |ledger| {
        let before = ledger.listed_delivery(delivery)?;
        let barred = barred(&working, ledger, delivery)?;
        if let (Decision::NotSent | Decision::Retry, Some(reason)) = (decision, barred) {
            return Ok((Err(reason), before));
        }
        let change = match decision {
            Decision::Sent => ledger.resolve_delivery(delivery, Resolution::Sent, now)?,
            Decision::NotSent => ledger.resolve_delivery(delivery, Resolution::NotSent, now)?,
            Decision::Retry => ledger.retry_delivery(delivery, now)?,
        };
        Ok((Ok(change), before))
    });
    let refused = |text: &str| {
        let back = format!("/deliveries/{id}");
        desk.pages.say(&visitor, StatusCode::CONFLICT, "할 수 없어요", text, Some(&back))
    };
    let (change, before) = match done.await {
        Ok(done) => done,
        Err(failed) => return failed,
    };
    match (change, before) {
        (Ok(RowChange::Changed), Some(before)) => {
            tracing::info!(%delivery, decision = decision.word(), "the operator decided about a delivery");
            // Back to the others in the same state: there may be more to decide.
            let (list, state) = (place(before.edition), before.state.as_str());
            see(&visitor.way_back(&list, &format!("state={state}&"), decision.word(), now))
        }
        (Ok(RowChange::NoSuchDelivery), _) | (_, None) => desk.pages.missing(&visitor),
        (Ok(RowChange::Refused(state)), _) => {
            refused(&format!("이 발송은 지금 ‘{}’ 상태라 그렇게 정할 수 없어요.", delivery_state(state)))
        }
        (Ok(RowChange::Cancelled), _) => refused("발행호가 취소되어 다시 보낼 수 없어요."),
        (Ok(RowChange::Erased), _) => refused("받을 분의 주소가 지워져 다시 보낼 수 없어요."),
        (Err(reason), _) => refused(&format!("발송 금지된 주소예요({}). {}", reason.words(), advice(reason))),
    }
}
