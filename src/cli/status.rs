//! Effect: `moabom status`: how everything stands, on one screen.

mod json;
mod screen;

use std::io::Write;

use anyhow::Result;
use chrono::Duration;
use clap::Args;

use super::editions::print_json;
use super::open::Context;
use super::schedule::{Outlook, moment};
use super::why::plain;
use crate::clock::Instant;
use crate::config::Config;
use crate::model::edition::Edition;
use crate::schedule::span;
use crate::source::SourceSettings;
use crate::store::breakers::Breaker;
use crate::store::editions::EditionOverview;
use crate::store::overview::Readership;
use crate::store::sources::SourceState;
use crate::store::{Ledger, Store, StoreError};
use chrono_tz::Tz;

/// Editions shown of each digest.
const EDITIONS: usize = 3;
/// A source that was not read for this many of its intervals is told: nobody may be reading.
const MISSED_POLLS: i32 = 3;

/// `moabom status`
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct StatusArgs {
    /// JSON으로
    #[arg(long)]
    pub json: bool,
}

/// A configured source, and what the store knows of it.
struct SourceHealth<'a> {
    settings: &'a SourceSettings,
    state: Option<SourceState>,
    posts: i64,
}

/// Everything the screen shows.
struct Status<'a> {
    now: Instant,
    zone: Tz,
    title: &'a str,
    digests: Vec<Outlook<'a>>,
    editions: Vec<EditionOverview>,
    sources: Vec<SourceHealth<'a>>,
    readers: Vec<Readership>,
    suppressed: i64,
    unknown: i64,
    breakers: Vec<Breaker>,
    paused: Vec<Edition>,
}

/// Shows how things stand. A store that does not exist yet is not made.
pub fn run(context: &Context, args: StatusArgs, out: &mut impl Write) -> Result<()> {
    let (config, now) = (context.config()?, context.clock.now());
    let status = match Store::open_existing(&config.store.path, now)? {
        Some(store) => store.read(|ledger| Status::read(&config, Some(ledger), now))?,
        None => Status::read(&config, None, now)?,
    };
    if args.json { print_json(&json::of(&status), out) } else { Ok(screen::write(&status, out)?) }
}

impl<'a> Status<'a> {
    fn read(config: &'a Config, ledger: Option<&Ledger<'_>>, now: Instant) -> Result<Status<'a>, StoreError> {
        let newsletter = &config.masthead.newsletter;
        let digests = config.digests.iter().map(|digest| Outlook::read(ledger, digest, 1, now));
        let health = |settings: &'a SourceSettings| SourceHealth { settings, state: None, posts: 0 };
        let mut status = Status {
            now,
            zone: newsletter.time_zone,
            title: &newsletter.title,
            digests: digests.collect::<Result<_, _>>()?,
            editions: Vec::new(),
            sources: config.sources.iter().map(health).collect(),
            readers: Vec::new(),
            suppressed: 0,
            unknown: 0,
            breakers: Vec::new(),
            paused: Vec::new(),
        };
        if let Some(ledger) = ledger {
            status.read_ledger(ledger)?;
        }
        Ok(status)
    }

    fn read_ledger(&mut self, ledger: &Ledger<'_>) -> Result<(), StoreError> {
        for outlook in &self.digests {
            self.editions.extend(ledger.recent_editions(&outlook.digest.name, EDITIONS)?);
        }
        let posts = ledger.post_counts()?;
        for source in &mut self.sources {
            let name = &source.settings.name;
            source.state = ledger.source_state(name)?;
            source.posts = posts.iter().find(|(known, _)| known == name).map_or(0, |(_, count)| *count);
        }
        self.readers = ledger.readership()?;
        self.suppressed = ledger.suppression_count()?;
        self.unknown = ledger.unknown_held_count()?;
        self.breakers = ledger.breakers()?;
        self.paused = ledger.paused_editions()?;
        Ok(())
    }

    /// What asks for the operator's eye, a sentence each.
    fn concerns(&self) -> Vec<String> {
        let mut concerns: Vec<String> = Vec::new();
        for edition in &self.paused {
            let number = super::editions::number(edition.number);
            let why = edition.reason.as_deref().map_or_else(|| "까닭이 적혀 있지 않아요".to_owned(), plain);
            let id = edition.id;
            concerns.push(format!("{} {number}의 발송이 멈춰 있어요(발행호 id {id}): {why}", edition.digest));
        }
        concerns.extend(self.breakers.iter().map(|breaker| self.breaker_words(breaker)));
        if self.unknown > 0 {
            concerns.push(format!(
                "받았는지 알 수 없는 발송이 {}건 있어요 → `moabom deliveries list --state unknown`으로 보고 `deliveries resolve`로 정하세요",
                self.unknown
            ));
        }
        let overdue = self.digests.iter().filter_map(|outlook| {
            outlook.now_words(self.now).map(|words| format!("{}: {words}", outlook.digest.name))
        });
        concerns.extend(overdue);
        concerns.extend(self.sources.iter().filter_map(|source| source.concern(self.now, self.zone)));
        concerns
    }

    fn breaker_words(&self, breaker: &Breaker) -> String {
        let reason = plain(&breaker.reason);
        match breaker.retry_at {
            Some(at) if at > self.now => {
                format!("{reason} → {}에 다시 해 봐요", moment(at, self.zone, self.now))
            }
            Some(_) => format!("{reason} → 다음 발송 때 다시 해 봐요"),
            // What waits for a person says itself what to do.
            None => reason,
        }
    }
}

impl SourceHealth<'_> {
    fn concern(&self, now: Instant, zone: Tz) -> Option<String> {
        let name = &self.settings.name;
        let state = self.state.as_ref()?;
        if let Some(since) = state.failing_since {
            let why = state.last_error.as_deref().map(plain).unwrap_or_default();
            let length = failing_words(since, now);
            return Some(format!("출처 {name}: {length} 읽지 못하고 있어요({}번): {why}", state.failures));
        }
        let last = state.last_read_at?;
        let patience = Duration::from_std(self.settings.poll).ok()? * MISSED_POLLS;
        (now - last > patience).then(|| {
            let last = moment(last, zone, now);
            format!("출처 {name}: {last} 뒤로 읽지 않았어요. `moabom run`이 돌고 있는지 확인하세요")
        })
    }
}

/// `6시간째`, or `방금` for less than a minute.
fn failing_words(since: Instant, now: Instant) -> String {
    let length = now - since;
    if length < Duration::minutes(1) { "방금부터".to_owned() } else { format!("{}째", span(length)) }
}
