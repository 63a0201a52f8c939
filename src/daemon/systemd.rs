//! Effect: what systemd is told, where it started us (`NOTIFY_SOCKET`); elsewhere all of this does nothing.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::Instant;
use tracing::{debug, error, info};

use super::pulse::Pulse;

/// How long a task may be silent where no watchdog says otherwise.
const UNWATCHED: Duration = Duration::from_secs(600);

/// The watchdog's time, which is also how long a task may work without a sign of life.
#[derive(Clone, Copy)]
pub(super) struct Watchdog(Option<Duration>);

impl Watchdog {
    /// As systemd asked for it: `WATCHDOG_USEC`, unless `WATCHDOG_PID` says that another process is meant (sd_watchdog_enabled(3)).
    pub(super) fn asked() -> Watchdog {
        let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
        let ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let micros = number("WATCHDOG_USEC").filter(|micros| ours && *micros > 0);
        Watchdog(micros.map(Duration::from_micros))
    }

    pub(super) fn limit(self) -> Duration {
        self.0.unwrap_or(UNWATCHED)
    }

    /// Says four times within the watchdog's time that all is well, as long as no task hangs. Never ends.
    pub(super) async fn ping(self, pulse: Pulse) {
        let Some(limit) = self.0 else { return std::future::pending().await };
        let mut every = tokio::time::interval((limit / 4).max(Duration::from_millis(1)));
        let mut silent = None;
        loop {
            every.tick().await;
            let hung = pulse.hung(Instant::now());
            match hung {
                None => tell(&[NotifyState::Watchdog]),
                Some(task) if silent != hung => {
                    error!(task, "오랫동안 아무 기척이 없어서 systemd가 다시 시작하게 둘게요");
                    tell(&[NotifyState::Status(&format!("멈춰 있는 일이 있어요: {task}"))]);
                }
                Some(_) => {}
            }
            if hung.is_none() && silent.is_some() {
                info!("멈춰 있던 일이 다시 움직여요");
                status("멈춰 있던 일이 다시 움직여요");
            }
            silent = hung;
        }
    }
}

/// The tasks run.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The configuration is read anew; [`ready`] follows.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(cause) => debug!("systemd에 알릴 시각을 얻지 못했어요: {cause}"),
    }
}

/// The end has begun.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("하던 일을 마치고 있어요")]);
}

/// The line that `systemctl status` shows.
pub(super) fn status(line: &str) {
    tell(&[NotifyState::Status(line)]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(cause) = sd_notify::notify(false, states) {
        debug!("systemd에 알리지 못했어요: {cause}");
    }
}
