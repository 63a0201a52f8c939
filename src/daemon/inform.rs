//! Effect: the step that tells the operator by mail, on the clock.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{DaemonError, LOOK};
use crate::clock::Clock;
use crate::inform::{self, Deps};

/// Tells what there is to tell at every look, until `stop`. What fails is logged and tried again.
pub(super) async fn run(deps: Deps, clock: Clock, stop: CancellationToken) -> Result<(), DaemonError> {
    let deps = Arc::new(deps);
    while !stop.is_cancelled() {
        let (worker, now) = (Arc::clone(&deps), clock.now());
        let step = tokio::task::spawn_blocking(move || inform::run_once(&worker, now));
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
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    Ok(())
}
