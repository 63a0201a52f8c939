//! Effect: the sending step, whenever something is due.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::pulse::Beat;
use super::{DaemonError, LOOK, Plan, Plans};
use crate::clock::Clock;
use crate::deliver::{self, DeliverError, Report, Session};
use crate::publish::LastCheck;
use crate::store::StoreError;

/// The sending task.
pub(super) struct Sending {
    pub(super) plans: Plans,
    pub(super) beat: Arc<Beat>,
    pub(super) clock: Clock,
    pub(super) published: Arc<Notify>,
}

impl Sending {
    /// Sends what is due until `stop`. A store that takes no writes is waited for; any other failure ends the daemon.
    pub(super) async fn run(self, session: Session, stop: CancellationToken) -> Result<(), DaemonError> {
        let Sending { mut plans, beat, clock, published } = self;
        let mut session = Some(session);
        if let Some(left) = session.as_ref().map(|session| session.recovered.unknown).filter(|left| *left > 0)
        {
            warn!(
                rows = left,
                "지난번에 보내다 끊긴 발송이 있어요. `deliveries list --state unknown`으로 볼 수 있어요"
            );
        }
        let mut held = Vec::new();
        // A start is a person's doing as a reload is: what waits for one is tried.
        let mut asked = true;
        while !stop.is_cancelled() {
            beat.working();
            asked |= plans.has_changed().unwrap_or_default();
            let plan = Arc::clone(&plans.borrow_and_update());
            let round = Round { plan, asked, beat: Arc::clone(&beat), clock: clock.clone() };
            let token = stop.clone();
            let step = tokio::task::spawn_blocking(move || round.once(session, token));
            let (next, outcome) = step.await.map_err(|_| DaemonError::Died("발송"))?;
            session = next;
            let mut wait = LOOK;
            match outcome {
                Ok(report) => {
                    asked = false;
                    say(&report, &mut held);
                    let due = report.next_due.map(|due| (due - clock.now()).to_std().unwrap_or_default());
                    // Something held or put off is due at once and yet not to be sent: it waits for the next look.
                    wait = due.filter(|due| !due.is_zero()).map_or(LOOK, |due| due.min(LOOK));
                }
                Err(DaemonError::Deliver(DeliverError::NotWritable(cause))) => {
                    warn!("저장소에 쓸 수 없어 발송을 기다려요: {cause}");
                }
                Err(fatal) => return Err(fatal),
            }
            beat.resting(LOOK);
            tokio::select! {
                () = stop.cancelled() => {}
                Ok(()) = plans.changed() => asked = true,
                () = published.notified() => {}
                () = clock.sleep(wait.max(Duration::from_millis(1))) => {}
            }
        }
        Ok(())
    }
}

/// What one round is sent with: a change of plans comes after it.
struct Round {
    plan: Arc<Plan>,
    /// A person has started or reloaded the daemon since the last round.
    asked: bool,
    beat: Arc<Beat>,
    clock: Clock,
}

impl Round {
    /// One round. A session that met an error is not used again.
    fn once(
        &self,
        session: Option<Session>,
        stop: CancellationToken,
    ) -> (Option<Session>, Result<Report, DaemonError>) {
        let session = match session.map_or_else(|| self.start(), Ok) {
            Ok(session) => session,
            Err(failed) => return (None, Err(DeliverError::NotWritable(failed).into())),
        };
        if let Err(failed) = self.last_checks() {
            return (Some(session), Err(failed));
        }
        let beat = Arc::clone(&self.beat);
        let deps = self.plan.deliver.clone();
        let now = self.clock.now();
        if self.asked
            && let Err(failed) = deps.store.write(move |ledger| ledger.retry_breakers(now))
        {
            return (Some(session), Err(DeliverError::NotWritable(failed).into()));
        }
        match deliver::run_once(deps, &session, &self.clock, stop, move |_| beat.working()) {
            Ok(report) => (Some(session), Ok(report)),
            Err(failed) => (None, Err(failed.into())),
        }
    }

    fn start(&self) -> Result<Session, StoreError> {
        let deps = &self.plan.deliver;
        Session::start(&deps.store, self.clock.now(), deps.settings.unknown)
    }

    fn last_checks(&self) -> Result<(), DaemonError> {
        for edition in self.plan.deliver.store.read(|ledger| ledger.editions_sending())? {
            match self.plan.press.last_check(edition) {
                Ok(LastCheck::Dropped(titles)) => {
                    info!(%edition, dropped = titles.len(), "발행한 뒤 사라진 글을 빼고 다시 만들었어요");
                }
                Ok(LastCheck::Held(reason)) => warn!(%edition, "{reason}"),
                Ok(LastCheck::Unchanged | LastCheck::TooLate(_)) => {}
                // The letter as frozen stands; not being able to check it is no reason to keep readers waiting.
                Err(failed) => warn!(%edition, "보내기 전 마지막 확인을 하지 못했어요: {failed}"),
            }
        }
        Ok(())
    }
}

/// What holds the sending is said once.
fn say(report: &Report, held: &mut Vec<String>) {
    let Report { sent, deferred, bounced, suppressed, expired, unknown, .. } = *report;
    if report.settled() > 0 {
        info!(sent, deferred, bounced, suppressed, expired, unknown, "보냈어요");
    }
    report.held.iter().filter(|reason| !held.contains(reason)).for_each(|reason| warn!("{reason}"));
    held.clone_from(&report.held);
}
