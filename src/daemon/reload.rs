//! Effect: SIGHUP: the configuration is read anew; one that is broken leaves the running one as it is.

use std::sync::Arc;

use tokio::signal::unix::Signal;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::pulse::Beat;
use super::{DaemonError, LOOK, Plan, systemd};

/// A plan that was read anew.
pub struct Reloaded {
    /// What is followed from now on.
    pub plan: Plan,
    /// Korean lines of what the operator should know: warnings, and settings that only a new start applies.
    pub notes: Vec<String>,
}

/// Reads and checks the configuration; else a Korean report of its faults. Blocks.
pub type Reload = Arc<dyn Fn() -> Result<Reloaded, String> + Send + Sync>;

/// Follows each SIGHUP until `stop`. Tasks take the new plan at their next turn.
pub(super) async fn run(
    mut hangups: Signal,
    reload: Reload,
    newest: watch::Sender<Arc<Plan>>,
    beat: Beat,
    stop: CancellationToken,
) -> Result<(), DaemonError> {
    loop {
        beat.resting(LOOK);
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(LOOK) => continue,
            _ = hangups.recv() => {}
        }
        beat.working();
        systemd::reloading();
        let read = Arc::clone(&reload);
        let read = tokio::task::spawn_blocking(move || read()).await;
        match read.map_err(|_| DaemonError::Died("설정"))? {
            Ok(Reloaded { plan, notes }) => {
                notes.iter().for_each(|note| warn!("{note}"));
                newest.send_replace(Arc::new(plan));
                info!("설정을 다시 읽었어요. 하던 일은 그대로 마치고 다음 차례부터 따라요");
            }
            Err(faults) => {
                error!(
                    "설정을 다시 읽지 못해서 지금까지의 설정으로 계속해요. 고친 뒤 다시 SIGHUP을 보내세요\n{faults}"
                );
                systemd::status("설정을 다시 읽지 못해서 지금까지의 설정으로 돌고 있어요");
            }
        }
        systemd::ready();
    }
}
