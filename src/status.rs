//! Effect: how everything stands, read from the store at one instant: for the terminal and for the operator's page.

pub mod words;

use chrono::Duration;
use chrono_tz::Tz;

use crate::clock::Instant;
use crate::model::edition::Edition;
use crate::publish::{Digest, Masthead};
use crate::schedule::{Due, span};
use crate::source::SourceSettings;
use crate::store::breakers::Breaker;
use crate::store::editions::EditionOverview;
use crate::store::overview::Readership;
use crate::store::sources::SourceState;
use crate::store::{Ledger, StoreError};
use words::{failing_words, moment, number, plain};

/// Editions shown of each digest.
const EDITIONS: usize = 3;
/// A source that was not read for this many of its intervals is told: nobody may be reading.
const MISSED_POLLS: i32 = 3;

/// What is configured, as far as a status speaks of it.
#[derive(Clone, Copy, Debug)]
pub struct Configured<'a> {
    /// The newsletter's title and zone.
    pub masthead: &'a Masthead,
    /// The digests.
    pub digests: &'a [Digest],
    /// The sources.
    pub sources: &'a [SourceSettings],
}

/// A configured source, and what the store knows of it.
pub struct SourceHealth<'a> {
    /// As configured.
    pub settings: &'a SourceSettings,
    /// As last read; none where it never was.
    pub state: Option<SourceState>,
    /// Posts listed now.
    pub posts: i64,
}

/// Everything the screen shows.
pub struct Status<'a> {
    /// As of when.
    pub now: Instant,
    /// The newsletter's zone.
    pub zone: Tz,
    /// The newsletter's title.
    pub title: &'a str,
    /// Each digest's next slot, and what is due.
    pub digests: Vec<Outlook<'a>>,
    /// The newest editions and skipped slots of each digest.
    pub editions: Vec<EditionOverview>,
    /// The configured sources.
    pub sources: Vec<SourceHealth<'a>>,
    /// Subscriptions by digest.
    pub readers: Vec<Readership>,
    /// Addresses never to be mailed.
    pub suppressed: i64,
    /// Deliveries that wait for a person to find out.
    pub unknown: i64,
    /// What is held back.
    pub breakers: Vec<Breaker>,
    /// Editions that wait for a person.
    pub paused: Vec<Edition>,
}

/// What there is to say of a digest's schedule.
pub struct Outlook<'a> {
    /// The digest.
    pub digest: &'a Digest,
    /// The next slots, soonest first.
    pub next: Vec<Instant>,
    /// What `publish` would do now.
    pub due: Due,
    /// The newest slot on record.
    pub last: Option<EditionOverview>,
}

impl<'a> Outlook<'a> {
    /// Reads one; `ledger` is none where there is no store yet.
    pub fn read(
        ledger: Option<&Ledger<'_>>,
        digest: &'a Digest,
        count: usize,
        now: Instant,
    ) -> Result<Outlook<'a>, StoreError> {
        let schedule = &digest.schedule;
        let (mut last, mut due) = (None, Due::default());
        if let Some(ledger) = ledger {
            last = ledger.recent_editions(&digest.name, 1)?.into_iter().next();
            let text = format!("{} {}", schedule.text(), schedule.zone());
            if let Some(since) = ledger.schedule_in_force_since(&digest.name, &text)? {
                let last = ledger.last_slot(&digest.name)?;
                due = schedule.due_ahead(last, since, now, digest.max_late, digest.ahead());
            }
        }
        Ok(Outlook { digest, next: schedule.upcoming(now, count), due, last })
    }

    /// What is due or wrong now, one sentence.
    pub fn now_words(&self, now: Instant) -> Option<String> {
        let zone = self.digest.schedule.zone();
        if let Some(behind) = self.due.clock_behind {
            return Some(format!(
                "컴퓨터의 시계가 마지막 예정 시각보다 {} 뒤처져 있어 발행하지 않아요. 시계를 확인하세요.",
                span(behind)
            ));
        }
        if let Some(slot) = self.due.publish {
            let at = moment(slot.at, zone, now);
            if slot.at > now {
                return Some(format!(
                    "{at}에 낼 호를 아직 준비하지 않았어요. `moabom run`이나 `moabom publish`가 지금 준비해요."
                ));
            }
            return Some(format!(
                "{at}의 발행을 아직 하지 않았어요. `moabom run`이나 `moabom publish`가 지금 발행해요."
            ));
        }
        let missed = self.due.skipped.last()?;
        let at = moment(missed.at, zone, now);
        let before = missed.at - Duration::milliseconds(1);
        if let Some((_, name)) = self.digest.schedule.next_on_holiday(before, missed.at) {
            return Some(format!("{at}: 쉬는 날({})이라 다음에 돌 때 건너뜀으로 적어요.", plain(name)));
        }
        Some(format!("{at}에 발행하지 못했고 너무 늦어, 다음에 돌 때 건너뜀으로 적어요."))
    }
}

impl<'a> Status<'a> {
    /// Reads it all; `ledger` is none where there is no store yet.
    pub fn read(
        config: &Configured<'a>,
        ledger: Option<&Ledger<'_>>,
        now: Instant,
    ) -> Result<Status<'a>, StoreError> {
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
    pub fn concerns(&self) -> Vec<String> {
        let mut concerns: Vec<String> = Vec::new();
        for edition in &self.paused {
            let number = number(edition.number);
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
    /// `블로그를 6시간째 읽지 못하고 있어요`, once readings have failed for as long as the source allows.
    pub fn alarm(&self, now: Instant) -> Option<String> {
        let since = self.state.as_ref()?.failing_since?;
        let patience = Duration::from_std(self.settings.alarm_after).ok()?;
        let words = || format!("블로그를 {} 읽지 못하고 있어요", failing_words(since, now));
        (now - since >= patience).then(words)
    }

    fn concern(&self, now: Instant, zone: Tz) -> Option<String> {
        let name = &self.settings.name;
        let state = self.state.as_ref()?;
        if let Some(since) = state.failing_since {
            let why = state.last_error.as_deref().map(plain).unwrap_or_default();
            if let Some(alarm) = self.alarm(now) {
                return Some(format!("{alarm}(출처 {name}, {}번): {why}", state.failures));
            }
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
