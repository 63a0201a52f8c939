//! Effect: the publishing step on the clock.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::pulse::Beat;
use super::{DaemonError, LOOK, Plans, systemd};
use crate::clock::{Clock, Instant};
use crate::model::EditionId;
use crate::model::edition::Content;
use crate::publish::{self, Digest, LastCheck, Masthead, Outcome, PublishError};
use crate::render::{LetterInput, RenderError, Renderer};
use crate::store::Store;

/// What editions are made with; the sending task uses it for the last check.
pub struct Press {
    /// The store.
    pub store: Store,
    /// What stands on every letter.
    pub masthead: Masthead,
    /// The digests.
    pub digests: Vec<Digest>,
    /// The templates.
    pub renderer: Arc<Renderer>,
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

    /// When the next edition is due, for `systemctl status`.
    fn show(&self, next: Option<Instant>) {
        let Some(next) = next else { return systemd::status("발행할 예정이 없어요") };
        let local = next.with_timezone(&self.masthead.newsletter.time_zone);
        systemd::status(&format!("다음 발행: {}", local.format("%Y-%m-%d %H:%M %Z")));
    }

    fn next_slot(&self, after: Instant) -> Option<Instant> {
        self.digests.iter().filter_map(|digest| digest.schedule.next_after(after)).min()
    }
}

/// Publishes what falls due until `stop`. A failure is logged and tried again at the next look.
pub(super) async fn run(
    mut plans: Plans,
    beat: Beat,
    clock: Clock,
    stop: CancellationToken,
    published: Arc<Notify>,
) -> Result<(), DaemonError> {
    let (mut said, mut shown) = (Vec::new(), None);
    while !stop.is_cancelled() {
        beat.working();
        let now = clock.now();
        let press = Arc::clone(&plans.borrow_and_update().press);
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
        let next = press.next_slot(now);
        if shown != Some(next) {
            press.show(next);
            shown = Some(next);
        }
        let wait = next.and_then(|slot| (slot - clock.now()).to_std().ok());
        beat.resting(LOOK);
        tokio::select! {
            () = stop.cancelled() => {}
            Ok(()) = plans.changed() => shown = None,
            () = clock.sleep(wait.unwrap_or(LOOK).clamp(Duration::from_millis(1), LOOK)) => {}
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
