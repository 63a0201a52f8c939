//! Effect: how everything stands, read from the store at one instant: for the terminal and for the operator's page.

mod concerns;
pub mod words;

use chrono::Duration;
use chrono_tz::Tz;

use crate::clock::Instant;
use crate::model::EditionId;
use crate::model::edition::Edition;
use crate::publish::{Digest, Masthead};
use crate::schedule::{Due, span};
use crate::source::SourceSettings;
use crate::store::breakers::Breaker;
use crate::store::deliveries::RefusedNotices;
use crate::store::editions::EditionOverview;
use crate::store::overview::Readership;
use crate::store::sources::SourceState;
use crate::store::{Ledger, StoreError};
use words::{failing_words, moment, plain};

pub use concerns::{Concern, Place};

/// Editions shown of each digest.
const EDITIONS: usize = 3;
/// Slots ahead of each digest.
const NEXT: usize = 3;

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
    /// Each digest's next slots, and what is due.
    pub digests: Vec<Outlook<'a>>,
    /// The newest editions and skipped slots of each digest.
    pub editions: Vec<EditionOverview>,
    /// The configured sources.
    pub sources: Vec<SourceHealth<'a>>,
    /// Subscriptions by digest.
    pub readers: Vec<Readership>,
    /// Addresses never to be mailed.
    pub suppressed: i64,
    /// Deliveries that wait for a person to find out, by their edition; none stands for notices.
    pub unknown: Vec<(Option<EditionId>, i64)>,
    /// What is held back.
    pub breakers: Vec<Breaker>,
    /// Editions that wait for a person.
    pub paused: Vec<Edition>,
    /// Notices that the relay did not take in the last week.
    pub refused: Option<RefusedNotices>,
}

/// What there is to say of a digest's schedule.
pub struct Outlook<'a> {
    /// The digest.
    pub digest: &'a Digest,
    /// The next slots, soonest first.
    pub next: Vec<Instant>,
    /// What `publish` would do now.
    pub due: Due,
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
        let mut due = Due::default();
        if let Some(ledger) = ledger {
            let text = format!("{} {}", schedule.text(), schedule.zone());
            if let Some(since) = ledger.schedule_in_force_since(&digest.name, &text)? {
                let last = ledger.last_slot(&digest.name)?;
                due = schedule.due_ahead(last, since, now, digest.max_late, digest.ahead());
            }
        }
        Ok(Outlook { digest, next: schedule.upcoming(now, count), due })
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
        let digests = config.digests.iter().map(|digest| Outlook::read(ledger, digest, NEXT, now));
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
            unknown: Vec::new(),
            breakers: Vec::new(),
            paused: Vec::new(),
            refused: None,
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
        self.unknown = ledger.unknown_held()?;
        self.breakers = ledger.breakers()?;
        self.paused = ledger.paused_editions()?;
        self.refused = ledger.refused_notices(self.now - Duration::days(7))?;
        Ok(())
    }

    /// How many deliveries wait for a person to find out.
    pub fn unknown_count(&self) -> i64 {
        self.unknown.iter().map(|(_, count)| count).sum()
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
}
