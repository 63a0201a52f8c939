//! Effect: 현황: what `moabom status` tells, with charts.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::Duration;
use chrono_tz::Tz;
use serde::Serialize;

use super::chart::{self, Foot, Line};
use super::desk::Desk;
use super::posts::{self, PostRow};
use super::preview::encoded;
use super::shares::{EditionRow, amount, edition_row, title};
use super::visitor::Visitor;
use crate::clock::Instant;
use crate::korean::dates;
use crate::schedule::span;
use crate::status::words::{failing_words, moment, plain};
use crate::status::{Concern, Outlook, Place, SourceHealth, Status};
use crate::store::overview::Readership;
use crate::store::{Ledger, StoreError};

/// Weeks of the list's growth shown.
const WEEKS: usize = 26;
/// Posts whose reactions are shown.
const POSTS: usize = 5;
/// Editions named whose deliveries wait for a person.
const NAMED: usize = 5;

#[derive(Serialize)]
struct View {
    heading: &'static str,
    at: String,
    concerns: Vec<ConcernView>,
    digests: Vec<DigestView>,
    editions: Vec<EditionRow>,
    posts: Vec<PostRow>,
    growth: Growth,
    readers: Vec<ReadersView>,
    suppressed: String,
    sources: Vec<SourceView>,
}

/// What asks for a look, and where it is to be had.
#[derive(Serialize)]
struct ConcernView {
    /// The sentence; every second piece is a command.
    pieces: Vec<String>,
    links: Vec<Link>,
}

#[derive(Serialize)]
struct Link {
    to: String,
    text: String,
}

#[derive(Serialize)]
struct DigestView {
    name: String,
    query: String,
    description: String,
    next: String,
    wait: String,
    /// The slots after the next.
    later: String,
}

#[derive(Serialize)]
struct Growth {
    people: String,
    change: String,
    since: String,
    /// How many there were then.
    before: String,
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
    read: Option<String>,
    posts: String,
    error: Option<String>,
}

pub(super) async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Response {
    desk.answer(visitor, "overview.html", |desk, ledger| view(desk, ledger).map(Some)).await
}

fn view(desk: &Desk, ledger: &Ledger<'_>) -> Result<View, StoreError> {
    let status = Status::read(&desk.configured(), Some(ledger), desk.now())?;
    let readers = status.readers.iter().map(|one| readers(one, &status));
    let concerns = status.concerns();
    let concerns = concerns.iter().map(|one| concern(one, ledger, &status));
    Ok(View {
        heading: "현황",
        at: moment(status.now, status.zone, status.now),
        concerns: concerns.collect::<Result<_, _>>()?,
        digests: status.digests.iter().map(|outlook| digest(outlook, status.now)).collect(),
        editions: status.editions.iter().map(|one| edition_row(one, status.zone, status.now)).collect(),
        posts: posts::newest(desk, ledger, POSTS)?,
        growth: growth(ledger, status.zone, status.now)?,
        readers: readers.collect(),
        suppressed: amount(status.suppressed),
        sources: status.sources.iter().map(|one| source(one, &status)).collect(),
    })
}

fn concern(one: &Concern, ledger: &Ledger<'_>, status: &Status<'_>) -> Result<ConcernView, StoreError> {
    let links = match one.place {
        None => Vec::new(),
        Some(Place::Edition(id)) => {
            vec![Link { to: format!("/editions/{id}"), text: "살펴보고 정하기".to_owned() }]
        }
        Some(Place::Unknown) => unknown_links(ledger, status)?,
    };
    let pieces = plain(&one.words).split('`').map(str::to_owned).collect();
    Ok(ConcernView { pieces, links })
}

/// Where the deliveries are that wait for a person, the newest edition's first.
fn unknown_links(ledger: &Ledger<'_>, status: &Status<'_>) -> Result<Vec<Link>, StoreError> {
    let mut links = Vec::new();
    for (edition, count) in status.unknown.iter().take(NAMED) {
        let (to, of) = match edition {
            Some(id) => {
                let edition = ledger.edition(*id)?;
                (format!("/editions/{id}/deliveries?state=unknown"), edition.as_ref().map(title))
            }
            None => ("/notices?state=unknown".to_owned(), None),
        };
        let of = of.unwrap_or_else(|| "통지".to_owned());
        links.push(Link { to, text: format!("{of} {}건", amount(*count)) });
    }
    let others: i64 = status.unknown.iter().skip(NAMED).map(|(_, count)| count).sum();
    if others > 0 {
        links.push(Link {
            to: "/editions".to_owned(), text: format!("그 밖의 발행호 {}건", amount(others))
        });
    }
    Ok(links)
}

fn digest(outlook: &Outlook<'_>, now: Instant) -> DigestView {
    let schedule = &outlook.digest.schedule;
    let next = outlook.next.first();
    let later = outlook.next.iter().skip(1).map(|at| moment(*at, schedule.zone(), now));
    DigestView {
        name: outlook.digest.name.clone(),
        query: encoded(&outlook.digest.name),
        description: schedule.describe(),
        next: next.map_or_else(|| "없음".to_owned(), |at| moment(*at, schedule.zone(), now)),
        wait: next.map_or_else(String::new, |at| format!("{} 뒤", span(*at - now))),
        later: later.collect::<Vec<_>>().join(", "),
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
        before: amount(before),
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
        read: read.map(|at| moment(at, status.zone, status.now)),
        posts: amount(one.posts),
        error: state.and_then(|state| state.last_error.as_deref()).map(plain),
    }
}
