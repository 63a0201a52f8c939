//! Effect: the step that tells the operator by mail, on the clock.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::pulse::Beat;
use super::{DaemonError, LOOK, Plans};
use crate::clock::Clock;
use crate::inform;

/// Tells what there is to tell at every look, until `stop`. What fails is logged and tried again.
pub(super) async fn run(
    mut plans: Plans,
    beat: Arc<Beat>,
    clock: Clock,
    stop: CancellationToken,
) -> Result<(), DaemonError> {
    while !stop.is_cancelled() {
        beat.working();
        let (plan, now) = (Arc::clone(&plans.borrow_and_update()), clock.now());
        let alive = Arc::clone(&beat);
        let step = tokio::task::spawn_blocking(move || match &plan.informer {
            Some(deps) => inform::run_once(deps, now, &|| alive.working()),
            None => Ok(inform::Report::default()),
        });
        match step.await.map_err(|_| DaemonError::Died("알림"))? {
            Ok(report) => {
                if report.sent > 0 {
                    info!(sent = report.sent, "운영자에게 메일로 알렸어요");
                }
                if let Some(why) = report.failure {
                    warn!("운영자에게 메일을 보내지 못해 나중에 다시 보내요: {why}");
                }
            }
            Err(failed) => warn!("운영자에게 알리지 못했어요: {failed}"),
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
