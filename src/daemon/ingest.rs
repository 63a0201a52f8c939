//! Effect: the reading step of each source, whenever its time has come.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::pulse::{Beat, Pulse};
use super::{DaemonError, Plans};
use crate::clock::Clock;
use crate::ingest::{self, PollError, Polled, Report};
use crate::retry;
use crate::source::SourceSettings;
use crate::source::fetch::FetchSettings;
use crate::source::read::ReadError;
use crate::store::Store;

/// The first wait after a failure; doubled with each further one, up to the source's own pace.
const AGAIN: Duration = Duration::from_secs(60);

/// What all sources are read with.
pub(super) struct Readers {
    pub(super) clock: Clock,
    pub(super) store: Store,
    pub(super) pulse: Pulse,
}

impl Readers {
    /// One task per source until `stop`. After a change of plans only sources that are new or changed begin anew.
    pub(super) async fn run(self, mut plans: Plans, stop: CancellationToken) -> Result<(), DaemonError> {
        let mut tasks = JoinSet::new();
        let mut running: Vec<(SourceSettings, CancellationToken)> = Vec::new();
        loop {
            let plan = plans.borrow_and_update().clone();
            running.retain(|(source, read)| {
                let stays = plan.sources.contains(source);
                if !stays {
                    read.cancel();
                }
                stays
            });
            for source in &plan.sources {
                if running.iter().any(|(known, _)| known == source) {
                    continue;
                }
                let read = stop.child_token();
                tasks.spawn(self.reading(source, &plan.fetch).run(read.clone()));
                running.push((source.clone(), read));
            }
            loop {
                tokio::select! {
                    changed = plans.changed(), if !stop.is_cancelled() => {
                        if changed.is_ok() { break }
                        stop.cancelled().await;
                    }
                    Some(ended) = tasks.join_next() => ended.map_err(|_| DaemonError::Died("읽기"))??,
                    else => return Ok(()),
                }
            }
        }
    }

    fn reading(&self, source: &SourceSettings, fetch: &FetchSettings) -> Reading {
        Reading {
            clock: self.clock.clone(),
            store: self.store.clone(),
            source: source.clone(),
            fetch: fetch.clone(),
            beat: self.pulse.beat("읽기"),
        }
    }
}

/// The reading task of a source.
struct Reading {
    clock: Clock,
    store: Store,
    source: SourceSettings,
    fetch: FetchSettings,
    beat: Beat,
}

impl Reading {
    /// Reads at once and then at the source's pace until `stop`. A failure is remembered and tried again sooner.
    async fn run(self, stop: CancellationToken) -> Result<(), DaemonError> {
        let mut failures = 0;
        let mut said = String::new();
        while !stop.is_cancelled() {
            self.beat.working();
            let polled = tokio::select! {
                polled = ingest::poll(&self.store, &self.source, &self.fetch, &self.clock) => polled,
                () = stop.cancelled() => return Ok(()),
            };
            let wait = match polled {
                Ok(polled) => {
                    (failures, said) = (0, String::new());
                    self.report(&polled);
                    self.source.poll
                }
                Err(failed) => {
                    failures += 1;
                    let text = failed.to_string();
                    if text != said {
                        warn!(source = self.source.name, "{text}");
                    }
                    said = text;
                    self.pause(failures, &failed)
                }
            };
            self.beat.resting(wait);
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.clock.sleep(wait) => {}
            }
        }
        Ok(())
    }

    /// After a failure: sooner than the usual pace, but not before the server says so. Sources of one server that fail
    /// together do not come back together.
    fn pause(&self, failures: u32, failed: &PollError) -> Duration {
        let again = AGAIN.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(self.source.poll);
        let again = scattered(again, &self.source.name, failures);
        match failed {
            PollError::Read(ReadError::Fetch(fetch)) => {
                fetch.retry_after().map_or(again, |after| after.max(again))
            }
            _ => again,
        }
    }

    fn report(&self, polled: &Polled) {
        let source = self.source.name.as_str();
        match polled {
            Polled::Kept(report) if !report.is_unchanged() => {
                let Report { listed, new, retitled, edited, observed, missing, returned, notes, .. } =
                    &**report;
                info!(
                    source,
                    listed,
                    new = new.len(),
                    retitled = retitled.len(),
                    edited = edited.len(),
                    observed = observed.len(),
                    missing = missing.len(),
                    returned = returned.len(),
                    "읽었어요"
                );
                notes.iter().for_each(|note| warn!(source, "{note}"));
            }
            Polled::Kept(_) | Polled::Unchanged => debug!(source, "달라진 것이 없어요"),
        }
    }
}

/// Up to a quarter less than `wait`; always the same for the same source and count.
fn scattered(wait: Duration, source: &str, failures: u32) -> Duration {
    let key = source.bytes().fold(0_i64, |key, byte| key.wrapping_mul(31).wrapping_add(byte.into()));
    let percent = retry::scatter(key, failures.into()) % 25;
    wait.mul_f64(1.0 - percent as f64 / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_that_fail_together_come_back_spread_out() {
        let wait = |n: u32| scattered(Duration::from_secs(600), &format!("blog-{n}"), 1).as_secs();
        let mut waits: Vec<u64> = (0..20).map(wait).collect();
        assert!(waits.iter().all(|wait| (450..=600).contains(wait)), "{waits:?}");
        assert_eq!(waits, (0..20).map(wait).collect::<Vec<_>>());
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() > 8, "{waits:?}");
    }
}
