//! Effect: what `moabom check --json` prints, of a sound configuration and of a faulty one.

use serde::Serialize;

use super::super::Context;
use super::super::why::stamp;
use super::{RUNS, location, tls};
use crate::clock::Instant;
use crate::config::{Config, ConfigFaults, Place};

#[derive(Serialize)]
pub(super) struct CheckJson<'a> {
    ok: bool,
    config: String,
    title: &'a str,
    advertising: bool,
    sender: SenderJson<'a>,
    sources: Vec<SourceJson<'a>>,
    digests: Vec<DigestJson<'a>>,
    smtp: RelayJson<'a>,
    links: Option<&'a str>,
    store: String,
    templates: &'a [&'a str],
    warnings: &'a [String],
}

#[derive(Serialize)]
struct SenderJson<'a> {
    name: &'a str,
    email: &'a str,
}

#[derive(Serialize)]
struct SourceJson<'a> {
    name: &'a str,
    kind: &'static str,
    location: String,
    poll_seconds: u64,
}

#[derive(Serialize)]
struct DigestJson<'a> {
    name: &'a str,
    schedule: &'a str,
    schedule_in_words: String,
    next: Vec<String>,
}

#[derive(Serialize)]
struct RelayJson<'a> {
    host: &'a str,
    port: u16,
    tls: &'static str,
    login: bool,
    dkim: bool,
}

impl<'a> CheckJson<'a> {
    pub(super) fn of(
        context: &Context,
        config: &'a Config,
        overrides: &'a [&'a str],
        now: Instant,
    ) -> CheckJson<'a> {
        let (newsletter, sender) = (&config.masthead.newsletter, &config.masthead.sender);
        let sources = config.sources.iter().map(|source| SourceJson {
            name: &source.name,
            kind: source.kind.as_str(),
            location: location(source),
            poll_seconds: source.poll.as_secs(),
        });
        let digests = config.digests.iter().map(|digest| DigestJson {
            name: &digest.name,
            schedule: digest.schedule.text(),
            schedule_in_words: digest.schedule.describe(),
            next: digest
                .schedule
                .upcoming(now, RUNS)
                .into_iter()
                .map(|at| stamp(at, newsletter.time_zone))
                .collect(),
        });
        CheckJson {
            ok: true,
            config: context.config_path.display().to_string(),
            title: &newsletter.title,
            advertising: newsletter.advertising,
            sender: SenderJson { name: &sender.name, email: sender.email.as_str() },
            sources: sources.collect(),
            digests: digests.collect(),
            smtp: RelayJson {
                host: &config.relay.host,
                port: config.relay.port,
                tls: tls(config.relay.tls),
                login: config.relay.login.is_some(),
                dkim: config.dkim.is_some(),
            },
            links: config.links.as_ref().map(url::Url::as_str),
            store: config.store.path.display().to_string(),
            templates: overrides,
            warnings: &config.warnings,
        }
    }
}

#[derive(Serialize)]
pub(super) struct FaultsJson<'a> {
    ok: bool,
    config: String,
    faults: Vec<FaultJson<'a>>,
}

#[derive(Serialize)]
struct FaultJson<'a> {
    line: Option<usize>,
    variable: Option<&'a str>,
    key: &'a str,
    problem: &'a str,
    advice: &'a str,
}

impl<'a> FaultsJson<'a> {
    pub(super) fn of(faults: &'a ConfigFaults) -> FaultsJson<'a> {
        let each = faults.faults.iter().map(|fault| FaultJson {
            line: fault.place.line(),
            variable: match &fault.place {
                Place::Variable(name) => Some(name),
                Place::Line(_) | Place::File => None,
            },
            key: &fault.key,
            problem: &fault.problem,
            advice: &fault.advice,
        });
        FaultsJson { ok: false, config: faults.path.display().to_string(), faults: each.collect() }
    }
}
