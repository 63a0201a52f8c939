//! Effect: an edition as the pages show it: what became of its recipients, as a bar and in words.

use chrono_tz::Tz;
use serde::Serialize;

use super::chart::{self, Part};
use crate::clock::Instant;
use crate::korean::counts::grouped;
use crate::model::delivery::DeliveryState;
use crate::model::edition::Edition;
use crate::status::words::{edition_state, moment, number, plain};
use crate::store::editions::EditionOverview;

/// An edition as lists show it.
#[derive(Serialize)]
pub(super) struct EditionRow {
    pub(super) id: i64,
    pub(super) title: String,
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

/// `weekly 제7호`; a skipped slot is its digest's.
pub(super) fn title(edition: &Edition) -> String {
    let number = edition.number.map(|_| format!(" {}", number(edition.number)));
    plain(&edition.digest) + &number.unwrap_or_default()
}

/// A count as read: never negative, with commas.
pub(super) fn amount(count: i64) -> String {
    grouped(u64::try_from(count).unwrap_or(0))
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
        title: title(edition),
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
