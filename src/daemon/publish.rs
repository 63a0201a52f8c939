//! Effect: the publishing step on the clock.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{DaemonError, LOOK};
use crate::clock::{Clock, Instant};
use crate::model::EditionId;
use crate::model::edition::Content;
use crate::publish::{self, Digest, LastCheck, Masthead, Outcome, PublishError};
use crate::render::{LetterInput, RenderError, Renderer};
use crate::store::Store;

/// What editions are made with; the sending task uses it for the last check.
pub(super) struct Press {
    pub(super) store: Store,
    pub(super) masthead: Masthead,
    pub(super) digests: Vec<Digest>,
    pub(super) renderer: Arc<Renderer>,
}

impl Press {
    fn deps(&self) -> publish::Deps<'_, impl Fn(&LetterInput) -> Result<Content, RenderError> + '_> {
        publish::Deps {
            store: &self.store,
            masthead: &self.masthead,
            digests: &self.digests,
            render: |letter: &LetterInput| self.renderer.render(letter).map(Content::from),
        }
    }

    /// The last check of an edition before its letters leave.
    pub(super) fn last_check(&self, edition: EditionId) -> Result<LastCheck, PublishError> {
        publish::last_check(&self.deps(), edition)
    }

    fn next_slot(&self, after: Instant) -> Option<Instant> {
        self.digests.iter().filter_map(|digest| digest.schedule.next_after(after)).min()
    }
}

/// Publishes what falls due until `stop`. A failure is logged and tried again at the next look.
pub(super) async fn run(
    press: Arc<Press>,
    clock: Clock,
    stop: CancellationToken,
    published: Arc<Notify>,
) -> Result<(), DaemonError> {
    let mut said = Vec::new();
    while !stop.is_cancelled() {
        let now = clock.now();
        let worker = Arc::clone(&press);
        let step = tokio::task::spawn_blocking(move || publish::run_once(&worker.deps(), now));
        let mut failures = Vec::new();
        match step.await.map_err(|_| DaemonError::Died("발행"))? {
            Ok(outcomes) => {
                for outcome in outcomes {
                    report(outcome, &published, &mut failures);
                }
            }
            Err(failed) => failures.push(failed.to_string()),
        }
        // What fails at every look is said once.
        failures.iter().filter(|text| !said.contains(*text)).for_each(|text| warn!("{text}"));
        said = failures;
        let wait = press.next_slot(now).and_then(|slot| (slot - clock.now()).to_std().ok());
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait.unwrap_or(LOOK).clamp(Duration::from_millis(1), LOOK)) => {}
        }
    }
    Ok(())
}

fn report(outcome: Outcome, published: &Notify, failures: &mut Vec<String>) {
    match outcome {
        Outcome::Published { digest, number, recipients, late, .. } => {
            info!(digest, number, recipients, late, "발행했어요");
            published.notify_one();
        }
        Outcome::Skipped { digest, slot_at, reason } => {
            info!(digest, slot = %slot_at, reason, "이번 예정 시각을 건너뛰었어요");
        }
        Outcome::Failed { digest, error } => failures.push(format!("{digest}: {error}")),
        Outcome::Already { .. } | Outcome::NotDue { .. } => {}
    }
}
