//! Effect: 현황: what `moabom status` tells, with charts.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::Duration;
use chrono_tz::Tz;
use serde::Serialize;

use super::Desk;
use super::chart::{self, Foot, Line, Part};
use super::guard::Visitor;
use super::preview::encoded;
use crate::clock::Instant;
use crate::korean::counts::grouped;
use crate::korean::dates;
use crate::model::delivery::DeliveryState;
use crate::schedule::span;
use crate::status::words::{edition_state, failing_words, moment, number, plain};
use crate::status::{Outlook, SourceHealth, Status};
use crate::store::editions::EditionOverview;
use crate::store::overview::Readership;
use crate::store::{Ledger, StoreError};

/// Weeks of the list's growth shown.
const WEEKS: usize = 26;

#[derive(Serialize)]
struct View {
    heading: &'static str,
    at: String,
    concerns: Vec<String>,
    digests: Vec<DigestView>,
    editions: Vec<EditionRow>,
    growth: Growth,
    readers: Vec<ReadersView>,
    suppressed: String,
    sources: Vec<SourceView>,
}

#[derive(Serialize)]
struct DigestView {
    name: String,
    query: String,
    description: String,
    next: String,
    wait: String,
}

/// An edition as lists show it.
#[derive(Serialize)]
pub(super) struct EditionRow {
    id: i64,
    digest: String,
    number: String,
    slot: String,
    state: &'static str,
    word: &'static str,
    reason: Option<String>,
    recipients: String,
    legend: Vec<Share>,
    parts: Vec<Part>,
    /// All of it in words.
    pub(super) label: String,
}

/// A count with its word and its colour.
#[derive(Serialize)]
struct Share {
    class: &'static str,
    word: &'static str,
    count: String,
}

#[derive(Serialize)]
struct Growth {
    people: String,
    change: String,
    since: String,
    /// What the line shows, in words.
    label: String,
    line: Option<Line>,
}

#[derive(Serialize)]
struct ReadersView {
    digest: String,
    configured: bool,
    active: String,
    pending: String,
    paused: String,
    unsubscribed: String,
}

#[derive(Serialize)]
struct SourceView {
    name: String,
    /// `good`, `bad` or `new`.
    health: &'static str,
    words: String,
    read: String,
    posts: String,
    error: Option<String>,
}

pub(super) async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Response {
    desk.answer(visitor, "overview.html", |desk, ledger| view(desk, ledger).map(Some)).await
}

fn view(desk: &Desk, ledger: &Ledger<'_>) -> Result<View, StoreError> {
    let status = Status::read(&desk.configured(), Some(ledger), desk.now())?;
    let readers = status.readers.iter().map(|one| readers(one, &status));
    Ok(View {
        heading: "현황",
        at: moment(status.now, status.zone, status.now),
        concerns: status.concerns(),
        digests: status.digests.iter().map(|outlook| digest(outlook, status.now)).collect(),
        editions: status.editions.iter().map(|one| edition_row(one, status.zone, status.now)).collect(),
        growth: growth(ledger, status.zone, status.now)?,
        readers: readers.collect(),
        suppressed: amount(status.suppressed),
        sources: status.sources.iter().map(|one| source(one, &status)).collect(),
    })
}

/// A count as read: never negative, with commas.
pub(super) fn amount(count: i64) -> String {
    grouped(u64::try_from(count).unwrap_or(0))
}

fn digest(outlook: &Outlook<'_>, now: Instant) -> DigestView {
    let schedule = &outlook.digest.schedule;
    let next = outlook.next.first();
    DigestView {
        name: outlook.digest.name.clone(),
        query: encoded(&outlook.digest.name),
        description: schedule.describe(),
        next: next.map_or_else(|| "없음".to_owned(), |at| moment(*at, schedule.zone(), now)),
        wait: next.map_or_else(String::new, |at| format!("{} 뒤", span(*at - now))),
    }
}

/// What became of an edition's recipients, in five colours.
fn shares(one: &EditionOverview) -> [(&'static str, &'static str, i64); 5] {
    use DeliveryState::{Bounced, Deferred, Expired, InFlight, Leased, Queued, Sent, Suppressed, Unknown};
    let of = |wanted: &[DeliveryState]| {
        let counts = DeliveryState::ALL.iter().zip(one.counts);
        counts.filter(|(state, _)| wanted.contains(state)).map(|(_, count)| count).sum()
    };
    [
        ("sent", "보냄", of(&[Sent])),
        ("left", "남음", of(&[Queued, Leased, InFlight, Deferred])),
        ("bounced", "반송", of(&[Bounced])),
        ("ended", "보내지 않음", of(&[Expired, Suppressed])),
        ("unknown", "알 수 없음", of(&[Unknown])),
    ]
}

pub(super) fn edition_row(one: &EditionOverview, zone: Tz, now: Instant) -> EditionRow {
    let edition = &one.edition;
    let shares = shares(one);
    let seen = shares.iter().filter(|(class, _, count)| *class == "sent" || *count > 0);
    let legend: Vec<Share> =
        seen.map(|(class, word, count)| Share { class, word, count: amount(*count) }).collect();
    let label = legend.iter().map(|share| format!("{} {}", share.word, share.count)).collect::<Vec<_>>();
    EditionRow {
        id: edition.id.0,
        digest: edition.digest.clone(),
        number: number(edition.number),
        slot: moment(edition.slot_at, zone, now),
        state: edition.state.as_str(),
        word: edition_state(edition.state),
        reason: edition.reason.as_deref().map(plain),
        recipients: amount(one.recipients),
        parts: chart::bar(&shares.map(|(class, _, count)| (class, count))),
        label: label.join(", "),
        legend,
    }
}

/// The list week by week, up to now.
fn growth(ledger: &Ledger<'_>, zone: Tz, now: Instant) -> Result<Growth, StoreError> {
    let first = now - Duration::weeks(WEEKS as i64);
    let people = ledger.people_over_time(first, Duration::weeks(1), WEEKS)?;
    // Weeks before the first reader say nothing.
    let empty = people.iter().take_while(|count| **count == 0).count().saturating_sub(1);
    let places: Vec<(i64, i64)> = (0..).zip(people.iter().copied()).skip(empty).collect();
    let last = places.last().map_or(0, |(_, count)| *count);
    let before = places.first().map_or(0, |(_, count)| *count);
    let gained = last - before;
    let weeks = places.last().zip(places.first()).map_or(0, |(last, first)| last.0 - first.0);
    let since = dates::day_with_year(now - Duration::weeks(weeks), zone);
    let sign = if gained < 0 { "−" } else { "+" };
    Ok(Growth {
        people: amount(last),
        change: format!("{sign}{}", amount(gained.saturating_abs())),
        label: format!("구독자 수: {since} {}명, 지금 {}명", amount(before), amount(last)),
        since,
        line: chart::line(&places, Foot::Zero, (600, 120)).filter(|_| last > 0 || gained != 0),
    })
}

fn readers(one: &Readership, status: &Status<'_>) -> ReadersView {
    ReadersView {
        digest: plain(&one.digest),
        configured: status.digests.iter().any(|outlook| outlook.digest.name == one.digest),
        active: amount(one.active),
        pending: amount(one.pending),
        paused: amount(one.paused),
        unsubscribed: amount(one.unsubscribed),
    }
}

fn source(one: &SourceHealth<'_>, status: &Status<'_>) -> SourceView {
    let state = one.state.as_ref();
    let failing = state.and_then(|state| state.failing_since);
    let (health, words) = match (state, failing) {
        (None, _) => ("new", "아직 읽지 않음".to_owned()),
        (Some(_), Some(since)) => ("bad", format!("{} 읽지 못함", failing_words(since, status.now))),
        (Some(_), None) => ("good", "정상".to_owned()),
    };
    let read = state.and_then(|state| state.last_read_at);
    SourceView {
        name: one.settings.name.clone(),
        health,
        words,
        read: read.map_or_else(|| "–".to_owned(), |at| moment(at, status.zone, status.now)),
        posts: amount(one.posts),
        error: state.and_then(|state| state.last_error.as_deref()).map(plain),
    }
}
