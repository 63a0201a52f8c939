//! Pure: what asks for the operator's eye, a sentence each, and where it is looked at.

use std::fmt;

use chrono::Duration;
use chrono_tz::Tz;

use super::words::{failing_words, moment, number, plain};
use super::{SourceHealth, Status};
use crate::clock::Instant;
use crate::model::EditionId;

/// A source that was not read for this many of its intervals is told: nobody may be reading.
const MISSED_POLLS: i32 = 3;

/// Something that asks for the operator's eye.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concern {
    /// One sentence.
    pub words: String,
    /// What to do about it on the command line, where the sentence does not say it.
    pub command: Option<&'static str>,
    /// Where more of it is to be seen.
    pub place: Option<Place>,
}

/// Where a concern is at home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// An edition.
    Edition(EditionId),
    /// The deliveries of which nobody knows.
    Unknown,
}

impl From<String> for Concern {
    fn from(words: String) -> Concern {
        Concern { words, command: None, place: None }
    }
}

/// As the command line says it.
impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)?;
        self.command.map_or(Ok(()), |command| write!(f, " → {command}"))
    }
}

impl Status<'_> {
    /// What asks for the operator's eye.
    pub fn concerns(&self) -> Vec<Concern> {
        let paused = self.paused.iter().map(|edition| {
            let number = number(edition.number);
            let why = edition.reason.as_deref().map_or_else(|| "까닭이 적혀 있지 않아요".to_owned(), plain);
            let id = edition.id;
            let words = format!("{} {number}의 발송이 멈춰 있어요(발행호 {id}번): {why}", edition.digest);
            Concern { place: Some(Place::Edition(id)), ..words.into() }
        });
        let breakers = self.breakers.iter().map(|breaker| {
            let reason = plain(&breaker.reason);
            Concern::from(match breaker.retry_at {
                Some(at) if at > self.now => {
                    format!("{reason} → {}에 다시 해 봐요", moment(at, self.zone, self.now))
                }
                Some(_) => format!("{reason} → 다음 발송 때 다시 해 봐요"),
                // What waits for a person says itself what to do.
                None => reason,
            })
        });
        let overdue = self.digests.iter().filter_map(|outlook| {
            let words = outlook.now_words(self.now)?;
            Some(format!("{}: {words}", outlook.digest.name).into())
        });
        let sources = self.sources.iter().filter_map(|source| source.concern(self.now, self.zone));
        paused
            .chain(breakers)
            .chain(self.unknown_concern())
            .chain(self.refused.as_ref().map(|refused| refused_concern(refused.count, &refused.last_reply)))
            .chain(overdue)
            .chain(sources.map(Concern::from))
            .collect()
    }

    fn unknown_concern(&self) -> Option<Concern> {
        let count = self.unknown_count();
        (count > 0).then(|| Concern {
            words: format!("받았는지 알 수 없는 발송이 {count}건 있어요"),
            command: Some(
                "`moabom deliveries list --state unknown`으로 보고 `deliveries resolve`로 정하세요",
            ),
            place: Some(Place::Unknown),
        })
    }
}

fn refused_concern(count: u64, reply: &str) -> Concern {
    let reply = plain(reply);
    Concern {
        command: Some(
            "`moabom doctor`로 원인을 찾아 고치고, 기한이 지난 것은 `moabom deliveries retry 번호`로 다시 보내세요",
        ),
        ..format!("릴레이가 통지·확인 메일 {count}건을 받아 주지 않았어요. 마지막 답: {reply}").into()
    }
}

impl SourceHealth<'_> {
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
