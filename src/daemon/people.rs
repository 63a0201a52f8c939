//! Effect: what readers left for later: pauses that end, sign-ups that nobody confirmed.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::DaemonError;
use super::pulse::Beat;
use crate::clock::Clock;
use crate::feedback;
use crate::store::Store;

/// Between two looks; an edition looks for itself who receives it.
const PACE: Duration = Duration::from_secs(600);

/// Looks at once and then at its pace until `stop`. A failure is logged and tried again at the next look.
pub(super) async fn run(
    store: Store,
    beat: Beat,
    clock: Clock,
    stop: CancellationToken,
) -> Result<(), DaemonError> {
    while !stop.is_cancelled() {
        beat.working();
        let (worker, now) = (store.clone(), clock.now());
        let step = tokio::task::spawn_blocking(move || feedback::run_once(&worker, now));
        match step.await.map_err(|_| DaemonError::Died("독자"))? {
            Ok(kept) if kept != feedback::Kept::default() => {
                let feedback::Kept { resumed, closed, forgotten } = kept;
                info!(resumed, closed, forgotten, "쉬던 구독과 확인하지 않은 신청을 정리했어요");
            }
            Ok(_) => {}
            Err(failed) => warn!("쉬던 구독과 확인하지 않은 신청을 살피지 못했어요: {failed}"),
        }
        beat.resting(PACE);
        tokio::select! {
            () = stop.cancelled() => {}
            () = clock.sleep(PACE) => {}
        }
    }
    Ok(())
}
