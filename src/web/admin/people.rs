//! Effect: 구독자: search by address, and one person with consents and deliveries. No list of all, nothing to carry off.
//!
//! The search is a POST, though it changes nothing: an address has no place in a link, a history or a proxy's log.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::deliveries::DeliveryRow;
use super::desk::Desk;
use super::shares::{amount, title};
use super::visitor::Visitor;
use crate::model::subscriber::{Subscriber, SuppressionReason};
use crate::model::{SubscriberId, SuppressionKey};
use crate::status::words::{consent_act, notice, plain, subscription_state};
use crate::store::consents::Evidence;
use crate::store::overview::Readership;
use crate::store::{Ledger, StoreError};

/// People a search shows.
const FOUND: usize = 20;
/// Shortest part of an address to search by, in characters.
const SHORTEST: usize = 3;
/// Deliveries shown of a person.
const DELIVERIES: usize = 20;

#[derive(Default, Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    address: String,
}

#[derive(Serialize)]
struct SearchView {
    heading: &'static str,
    readers: Vec<Readers>,
    asked: String,
    /// What came of the search, one sentence; none before one.
    result: Option<String>,
    found: Vec<Found>,
}

#[derive(Serialize)]
struct Readers {
    digest: String,
    active: String,
}

#[derive(Serialize)]
struct Found {
    id: i64,
    address: String,
    name: Option<String>,
}

pub(super) async fn ask(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Response {
    desk.answer(visitor, "people.html", |_, ledger| search_view(ledger, "").map(Some)).await
}

pub(super) async fn search(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    given: Result<Form<Given>, FormRejection>,
) -> Response {
    let address = given.map_or_else(|_| String::new(), |Form(given)| given.address);
    desk.answer(visitor, "people.html", move |_, ledger| search_view(ledger, address.trim()).map(Some)).await
}

fn search_view(ledger: &Ledger<'_>, asked: &str) -> Result<SearchView, StoreError> {
    let readers = |one: Readership| Readers { digest: plain(&one.digest), active: amount(one.active) };
    let mut view = SearchView {
        heading: "구독자",
        readers: ledger.readership()?.into_iter().map(readers).collect(),
        asked: asked.chars().take(320).collect(),
        result: None,
        found: Vec::new(),
    };
    if asked.is_empty() {
        return Ok(view);
    }
    if asked.chars().count() < SHORTEST {
        view.result = Some(format!("주소를 {SHORTEST}자 이상 적어 주세요."));
        return Ok(view);
    }
    let mut found = ledger.subscribers_like(asked, FOUND + 1)?;
    let more = found.len() > FOUND;
    found.truncate(FOUND);
    view.result = Some(match (found.len(), more) {
        (0, _) => "그런 주소의 구독자가 없어요. 수신거부한 분의 주소는 지워져 찾을 수 없어요.".to_owned(),
        (_, true) => format!("앞의 {FOUND}명만 보여요. 주소를 더 적으면 좁혀져요."),
        (count, false) => format!("{count}명을 찾았어요."),
    });
    view.found = found.iter().map(found_row).collect();
    Ok(view)
}

fn found_row(person: &Subscriber) -> Found {
    Found { id: person.id.0, address: address_of(person), name: person.name.as_deref().map(plain) }
}

fn address_of(person: &Subscriber) -> String {
    person.address.as_ref().map_or_else(|| "(지운 주소)".to_owned(), |address| plain(address.as_str()))
}

#[derive(Serialize)]
struct PersonView {
    heading: String,
    id: i64,
    name: Option<String>,
    /// Why the address is never mailed, and what to do about it.
    barred: Option<(&'static str, &'static str)>,
    created: String,
    erased: Option<String>,
    subscriptions: Vec<SubscriptionView>,
    consents: Vec<ConsentView>,
    deliveries: Vec<DeliveryRow>,
}

#[derive(Serialize)]
struct SubscriptionView {
    digest: String,
    state: &'static str,
    word: &'static str,
    since: String,
}

#[derive(Serialize)]
struct ConsentView {
    act: &'static str,
    digest: Option<String>,
    at: String,
    recorded: String,
    source: String,
    wording: String,
}

pub(super) async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    id: Result<Path<i64>, PathRejection>,
) -> Response {
    let Ok(Path(id)) = id else { return desk.pages.missing(&visitor) };
    desk.answer(visitor, "person.html", move |desk, ledger| view(desk, ledger, SubscriberId(id))).await
}

fn view(desk: &Desk, ledger: &Ledger<'_>, id: SubscriberId) -> Result<Option<PersonView>, StoreError> {
    let Some(person) = ledger.subscriber(id)? else { return Ok(None) };
    let day = |at| desk.moment(at);
    let subscriptions = ledger.subscriptions_of(id)?.into_iter().map(|(one, _)| SubscriptionView {
        digest: plain(&one.digest),
        state: one.state.as_str(),
        word: subscription_state(one.state),
        since: day(one.since),
    });
    let consents =
        ledger.evidence_of(id)?.into_iter().map(|Evidence { consent, recorded_at, .. }| ConsentView {
            act: consent_act(consent.act),
            digest: consent.digest.as_deref().map(plain),
            at: day(consent.at),
            recorded: day(recorded_at),
            source: plain(&consent.source),
            wording: plain(&consent.wording),
        });
    let key = SuppressionKey::of(&desk.deps.keys).zip(person.address.as_ref());
    let barred = key.map(|(key, address)| ledger.is_suppressed(&key, address)).transpose()?.flatten();
    Ok(Some(PersonView {
        barred: barred.map(|reason| (reason.words(), advice(reason))),
        heading: address_of(&person),
        id: person.id.0,
        name: person.name.as_deref().map(plain),
        created: day(person.created_at),
        erased: person.erased_at.map(day),
        subscriptions: subscriptions.collect(),
        consents: consents.collect(),
        deliveries: deliveries(desk, ledger, id)?,
    }))
}

/// What to do about an address that is never mailed.
pub(super) fn advice(reason: SuppressionReason) -> &'static str {
    match reason {
        SuppressionReason::HardBounce => {
            "받는 쪽이 없는 주소라고 해서 아무것도 보내지 않아요. 다른 길로 연락이 닿으면 새 주소로 다시 구독해 달라고 하세요."
        }
        SuppressionReason::Complaint => {
            "스팸으로 신고한 분이라 아무것도 보내지 않아요. 운영자가 되살릴 수 없어요. `moabom subscribers remove`로 명단에서 지우세요."
        }
        SuppressionReason::Withdrawn => {
            "수신거부한 주소라 편지를 보내지 않아요. 본인이 다시 신청하고 확인 메일의 단추를 눌러야 풀려요."
        }
        SuppressionReason::Manual => {
            "운영자가 막은 주소라 아무것도 보내지 않아요. 막은 까닭을 먼저 확인하세요."
        }
    }
}

/// What was sent to a person lately, each by its edition's name.
fn deliveries(desk: &Desk, ledger: &Ledger<'_>, id: SubscriberId) -> Result<Vec<DeliveryRow>, StoreError> {
    let rows = ledger.recent_deliveries_of(id, DELIVERIES)?.into_iter().map(|row| {
        let edition = row.edition.map(|edition| ledger.edition(edition)).transpose()?.flatten();
        let of = edition.as_ref().map(title);
        let of = of.unwrap_or_else(|| row.notice.map_or("통지", notice).to_owned());
        let at = edition.as_ref().map(|edition| desk.moment(edition.frozen_at));
        Ok(DeliveryRow::new(&row, of, at.map(|at| format!("발행 {at}")).unwrap_or_default()))
    });
    rows.collect()
}
