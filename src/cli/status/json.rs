//! Effect: the status as other programs read it.

use serde::Serialize;

use super::Status;
use crate::cli::editions::{EditionJson, row};
use crate::cli::why::stamp;

#[derive(Serialize)]
pub(super) struct StatusJson<'a> {
    at: String,
    concerns: Vec<String>,
    digests: Vec<DigestJson<'a>>,
    editions: Vec<EditionJson<'a>>,
    sources: Vec<SourceJson<'a>>,
    subscriptions: Vec<ReadershipJson<'a>>,
    suppressed: i64,
    unknown: i64,
    held: Vec<HeldJson<'a>>,
}

#[derive(Serialize)]
struct DigestJson<'a> {
    digest: &'a str,
    description: String,
    next: Option<String>,
    due: Option<String>,
}

#[derive(Serialize)]
struct SourceJson<'a> {
    source: &'a str,
    posts: i64,
    last_read_at: Option<String>,
    failing_since: Option<String>,
    failures: u64,
    last_error: Option<&'a str>,
    alarm: Option<String>,
}

#[derive(Serialize)]
struct ReadershipJson<'a> {
    digest: &'a str,
    active: i64,
    pending: i64,
    paused: i64,
    unsubscribed: i64,
}

/// `what` is `edition:ID` or a breaker's name.
#[derive(Serialize)]
struct HeldJson<'a> {
    what: String,
    since: Option<String>,
    retry_at: Option<String>,
    reason: Option<&'a str>,
}

pub(super) fn of<'a>(status: &'a Status<'a>) -> StatusJson<'a> {
    StatusJson {
        at: stamp(status.now, status.zone),
        concerns: status.concerns().iter().map(ToString::to_string).collect(),
        digests: digests(status),
        editions: status.editions.iter().map(|one| row(one, status.zone)).collect(),
        sources: sources(status),
        subscriptions: subscriptions(status),
        suppressed: status.suppressed,
        unknown: status.unknown_count(),
        held: held(status),
    }
}

fn digests<'a>(status: &'a Status<'a>) -> Vec<DigestJson<'a>> {
    let digests = status.digests.iter().map(|outlook| {
        let schedule = &outlook.digest.schedule;
        DigestJson {
            digest: &outlook.digest.name,
            description: schedule.describe(),
            next: outlook.next.first().map(|at| stamp(*at, schedule.zone())),
            due: outlook.due.publish.map(|slot| stamp(slot.at, schedule.zone())),
        }
    });
    digests.collect()
}

fn sources<'a>(status: &'a Status<'a>) -> Vec<SourceJson<'a>> {
    let sources = status.sources.iter().map(|source| {
        let state = source.state.as_ref();
        SourceJson {
            source: &source.settings.name,
            posts: source.posts,
            last_read_at: state.and_then(|state| state.last_read_at).map(|at| stamp(at, status.zone)),
            failing_since: state.and_then(|state| state.failing_since).map(|at| stamp(at, status.zone)),
            failures: state.map_or(0, |state| state.failures),
            last_error: state.and_then(|state| state.last_error.as_deref()),
            alarm: source.alarm(status.now),
        }
    });
    sources.collect()
}

fn subscriptions<'a>(status: &'a Status<'a>) -> Vec<ReadershipJson<'a>> {
    let readers = status.readers.iter().map(|one| ReadershipJson {
        digest: &one.digest,
        active: one.active,
        pending: one.pending,
        paused: one.paused,
        unsubscribed: one.unsubscribed,
    });
    readers.collect()
}

fn held<'a>(status: &'a Status<'a>) -> Vec<HeldJson<'a>> {
    let editions = status.paused.iter().map(|edition| HeldJson {
        what: format!("edition:{}", edition.id),
        since: None,
        retry_at: None,
        reason: edition.reason.as_deref(),
    });
    let breakers = status.breakers.iter().map(|breaker| HeldJson {
        what: breaker.name.clone(),
        since: Some(stamp(breaker.opened_at, status.zone)),
        retry_at: breaker.retry_at.map(|at| stamp(at, status.zone)),
        reason: Some(&breaker.reason),
    });
    editions.chain(breakers).collect()
}
