//! Effect: a reader's own page: how often, which name, which address. Looking changes nothing.

mod moving;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use tera::Context;

use super::page::Page;
use super::posted::{field, name};
use super::{Shared, in_background, unusable, well_formed};
use crate::clock::Instant;
use crate::compose::links::unsubscribe_url;
use crate::feedback::preferences::{self, Reader, Rest, Wanted};
use crate::korean::dates;
use crate::model::subscriber::{Frequency, Subscription, SubscriptionState};
use crate::model::token::Purpose;
use crate::model::{EditionId, SubscriberId};

/// The routes of what readers change by their own link.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/preferences/{token}", get(look).post(change))
        .route("/address/{token}", get(moving::page).post(moving::here))
}

/// Where a reader's own page is, below the root.
pub(super) fn path(shared: &Shared, subscriber: SubscriberId) -> Option<String> {
    let token = shared.keys.first()?.numbered_token(Purpose::Preferences, subscriber, 0);
    Some(format!("{}preferences/{token}", shared.pages.root()))
}

type Segment = Result<Path<String>, PathRejection>;

#[derive(Serialize)]
struct DigestView {
    field: String,
    title: String,
    now: String,
    choices: Vec<Choice>,
}

#[derive(Serialize)]
struct Choice {
    value: &'static str,
    label: String,
    /// The day a pause ends; empty where there is none.
    until: String,
    chosen: bool,
}

/// What a posted page says beside the choices.
#[derive(Clone, Debug, Default)]
struct Posted {
    name: Option<String>,
    address: String,
    say: Option<&'static str>,
    name_fault: Option<String>,
    address_fault: Option<String>,
}

async fn look(State(shared): State<Arc<Shared>>, path: Segment) -> Response {
    let Some(token) = well_formed(path) else { return shared.pages.show(Page::Missing) };
    show(&shared, token, Posted::default()).await
}

/// The page as the store stands now, with what was posted where that could not stay.
async fn show(shared: &Arc<Shared>, token: String, posted: Posted) -> Response {
    let looking = Arc::clone(shared);
    let found = in_background(move || preferences::reader(&looking.store, &looking.keys, &token));
    match found.await {
        Ok(Some(reader)) => draw(shared, &reader, &posted),
        Ok(None) => shared.pages.show(Page::Gone),
        Err(error) => unusable(shared, "show preferences", &error),
    }
}

fn draw(shared: &Shared, reader: &Reader, posted: &Posted) -> Response {
    let now = shared.clock.now();
    let alone = reader.paces.len() == 1;
    let digests: Vec<DigestView> = reader.paces.iter().map(|pace| digest(shared, pace, alone, now)).collect();
    let links = shared.people.links.as_ref().zip(shared.keys.first());
    let leave = links.map(|(links, key)| unsubscribe_url(links, key, reader.person.id, EditionId(0)));
    let mut own = Context::new();
    own.insert("address", &reader.person.address.as_ref().map(|address| address.masked()));
    own.insert("name", &posted.name.as_ref().or(reader.person.name.as_ref()).cloned().unwrap_or_default());
    own.insert("new_address", &posted.address);
    own.insert("say", &posted.say);
    own.insert("digests", &digests);
    own.insert("unsubscribe", &leave.unwrap_or_else(|| shared.archive.leave_url()));
    let faults = serde_json::json!({ "name": posted.name_fault, "address": posted.address_fault });
    own.insert("faults", &faults);
    let wrong = posted.name_fault.is_some() || posted.address_fault.is_some();
    shared.pages.draw(if wrong { Page::PreferencesAgain } else { Page::Preferences }, &own)
}

fn digest(shared: &Shared, pace: &Subscription, alone: bool, now: Instant) -> DigestView {
    let zone = shared.people.zone;
    let name = &pace.digest;
    let choice = shared.people.digests.iter().find(|one| one.name == *name);
    let when = choice.map(|choice| match (&choice.best, pace.frequency) {
        (Some(when), Frequency::Monthly) => when.as_str(),
        _ => choice.when.as_str(),
    });
    let paused = pace.state == SubscriptionState::Paused;
    let day = |at: Instant| dates::day_with_year(at, zone);
    let mut choices = Vec::new();
    if paused {
        let label = "지금처럼 쉬기".to_owned();
        let until = pace.resumes_at.map(|at| format!("{}까지", day(at))).unwrap_or_default();
        choices.push(Choice { value: "keep", label, until, chosen: true });
    }
    let monthly = choice.and_then(|choice| choice.best.as_deref());
    let often = |frequency| !paused && (pace.frequency == frequency || monthly.is_none());
    let label = if paused { "지금부터 다시 매번 받기" } else { "매번 받기" };
    choices.push(Choice {
        value: "every",
        label: label.to_owned(),
        until: String::new(),
        chosen: often(Frequency::Every),
    });
    if let Some(when) = monthly {
        let label = "월간 모음만 받기 (한 달 동안 가장 반응이 좋았던 글)".to_owned();
        let chosen = often(Frequency::Monthly);
        choices.push(Choice { value: "monthly", label, until: when.to_owned(), chosen });
    }
    for rest in Rest::ALL {
        let (value, length) = words(rest);
        let until = format!("{}까지", day(rest.until(now)));
        choices.push(Choice { value, label: format!("{length} 쉬기"), until, chosen: false });
    }
    let state = if paused { "쉬고 계세요." } else { "받고 계세요." };
    DigestView {
        field: choice_field(name),
        title: if alone {
            "얼마나 자주 받을까요?".to_owned()
        } else {
            shared.archive.title(name).to_owned()
        },
        now: when.map_or(state.to_owned(), |when| format!("{when}에 보내는 편지를 {state}")),
        choices,
    }
}

/// The field of a digest's choice: by its name, so that a page of before another digest came or went says the same.
fn choice_field(digest: &str) -> String {
    format!("pace-{digest}")
}

fn words(rest: Rest) -> (&'static str, &'static str) {
    match rest {
        Rest::TwoWeeks => ("rest-2w", "2주"),
        Rest::Month => ("rest-1m", "한 달"),
        Rest::ThreeMonths => ("rest-3m", "석 달"),
    }
}

fn wanted(value: &str) -> Option<Wanted> {
    match value {
        "every" => return Some(Wanted::Often(Frequency::Every)),
        "monthly" => return Some(Wanted::Often(Frequency::Monthly)),
        _ => {}
    }
    Rest::ALL.into_iter().find(|rest| words(*rest).0 == value).map(Wanted::Pause)
}

async fn change(
    State(shared): State<Arc<Shared>>,
    path: Segment,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(token) = well_formed(path) else { return shared.pages.show(Page::Missing) };
    let body = body.unwrap_or_default();
    match field(&body, "do").as_deref() {
        Some("save") => save(&shared, token, &body).await,
        Some("address") => moving::ask(&shared, token, &body).await,
        _ => show(&shared, token, Posted::default()).await,
    }
}

/// What became of a posted page.
enum Save {
    Done,
    /// The link is nobody's.
    Gone,
    /// The name cannot stay; nothing was changed.
    Name(String),
}

async fn save(shared: &Arc<Shared>, token: String, body: &Bytes) -> Response {
    let (working, posted, mine) = (Arc::clone(shared), body.clone(), token.clone());
    let done = in_background(move || {
        let Some(reader) = preferences::reader(&working.store, &working.keys, &mine)? else {
            return Ok(Save::Gone);
        };
        let name = match name(&posted, reader.person.name) {
            Ok(name) => name,
            Err(fault) => return Ok(Save::Name(fault)),
        };
        let wishes = reader
            .paces
            .iter()
            .filter_map(|pace| {
                let value = field(&posted, &choice_field(&pace.digest))?;
                let wanted = wanted(&value).filter(|wanted| working.people.offers(&pace.digest, *wanted))?;
                Some((pace.digest.clone(), wanted))
            })
            .collect();
        let now = working.clock.now();
        let saved = preferences::save(&working.store, &working.keys, &mine, name, wishes, now)?;
        Ok(if saved { Save::Done } else { Save::Gone })
    });
    match done.await {
        Ok(Save::Done) => {
            let say = Some("저장했어요. 지금은 아래와 같아요.");
            show(shared, token, Posted { say, ..Posted::default() }).await
        }
        Ok(Save::Gone) => shared.pages.show(Page::Gone),
        Ok(Save::Name(fault)) => {
            let posted = Posted { name: field(body, "name"), name_fault: Some(fault), ..Posted::default() };
            show(shared, token, posted).await
        }
        Err(error) => unusable(shared, "save preferences", &error),
    }
}
