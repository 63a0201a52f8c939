//! Effect: the step that tells what the law wants told, on the clock.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::pulse::Beat;
use super::{DaemonError, LOOK, Plans};
use crate::clock::{Clock, Instant};
use crate::model::Titles;
use crate::notify::{self, NotifyError, Report};
use crate::render::notice::NoticeRenderer;
use crate::store::Store;

/// How often every consent is looked at: what falls due does so by the day.
const CONSENTS: chrono::Duration = chrono::Duration::hours(1);

/// What notices are made with.
pub struct Office {
    /// The store.
    pub store: Store,
    /// Their words.
    pub notices: NoticeRenderer,
    /// What readers call the digests.
    pub titles: Titles,
    /// `[law]`.
    pub settings: notify::Settings,
}

impl Office {
    /// One round; `all`: every consent is looked at, else only who left.
    pub fn once(&self, all: bool, now: Instant) -> Result<Report, NotifyError> {
        let (titles, settings) = (&self.titles, self.settings);
        let deps = notify::Deps { store: &self.store, notices: &self.notices, titles, settings };
        if all { notify::run_once(deps, now) } else { notify::farewells(deps, now) }
    }
}

/// Tells those who left at every look, and looks at all consents now and then, until `stop`. `queued` wakes the sender.
pub(super) async fn run(
    mut plans: Plans,
    beat: Beat,
    clock: Clock,
    stop: CancellationToken,
    queued: Arc<Notify>,
) -> Result<(), DaemonError> {
    let mut looked: Option<Instant> = None;
    while !stop.is_cancelled() {
        beat.working();
        let (worker, now) = (Arc::clone(&plans.borrow_and_update().office), clock.now());
        // a clock that was set back asks for a look, too
        let all = looked.is_none_or(|at| (now - at).abs() >= CONSENTS);
        let step = tokio::task::spawn_blocking(move || worker.once(all, now));
        match step.await.map_err(|_| DaemonError::Died("통지"))? {
            Ok(report) => {
                if all {
                    looked = Some(now);
                }
                if report != Report::default() {
                    info!(queued = report.queued, erased = report.erased, "법이 정한 통지를 준비했어요");
                    queued.notify_one();
                }
            }
            Err(failed) => warn!("법이 정한 통지를 준비하지 못했어요: {failed}"),
        }
        beat.resting(LOOK);
        tokio::select! {
            () = stop.cancelled() => {}
            Ok(()) = plans.changed() => {}
            () = clock.sleep(LOOK) => {}
        }
    }
    Ok(())
}
