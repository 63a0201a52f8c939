//! Effect: the reading step of one source, whenever its time has come.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::DaemonError;
use crate::clock::Clock;
use crate::ingest::{self, PollError, Polled, Report};
use crate::source::SourceSettings;
use crate::source::fetch::FetchSettings;
use crate::source::read::ReadError;
use crate::store::Store;

/// The first wait after a failure; doubled with each further one, up to the source's own pace.
const AGAIN: Duration = Duration::from_secs(60);

/// The reading task of a source.
pub(super) struct Reading {
    pub(super) clock: Clock,
    pub(super) store: Store,
    pub(super) source: SourceSettings,
    pub(super) fetch: FetchSettings,
}

impl Reading {
    /// Reads at once and then at the source's pace until `stop`. A failure is remembered and tried again sooner.
    pub(super) async fn run(self, stop: CancellationToken) -> Result<(), DaemonError> {
        let mut failures = 0;
        let mut said = String::new();
        while !stop.is_cancelled() {
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
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        Ok(())
    }

    /// After a failure: sooner than the usual pace, but not before the server says so.
    fn pause(&self, failures: u32, failed: &PollError) -> Duration {
        let again = AGAIN.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(self.source.poll);
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
