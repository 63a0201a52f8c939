//! Effect: one commit of the step: a result, what it holds, rows given back, the next intent, the next rows.

use std::sync::Arc;
use std::time::Duration;

use super::handout::Returned;
use super::ruling::Hold;
use super::{DeliverError, Shared};
use crate::clock::Instant;
use crate::model::SuppressionKey;
use crate::store::deliveries::{Claim, ClaimRequest, Ending, Finished, Guarded, Intent};
use crate::store::{Ledger, StoreError};

/// What is written together.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) finished: Option<Finished>,
    pub(super) holds: Vec<Hold>,
    /// Rows that leave the queue unsent, with our epoch and now.
    pub(super) returned: Option<(Returned, i64, Instant)>,
    pub(super) intent: Option<Intent>,
    pub(super) claim: Option<ClaimRequest>,
}

/// What a commit found.
#[derive(Default)]
pub(super) struct Committed {
    result: Option<Guarded>,
    pub(super) intent: Option<Guarded>,
    claim: Option<Claim>,
}

impl Batch {
    fn write(&self, ledger: &Ledger<'_>, key: &SuppressionKey) -> Result<Committed, StoreError> {
        let result = self.finished.as_ref().map(|one| ledger.record_result(one, key)).transpose()?;
        for hold in &self.holds {
            match hold {
                Hold::Edition(edition, reason) => drop(ledger.pause_edition(*edition, reason)?),
                Hold::Open(breaker) => ledger.open_breaker(breaker)?,
                Hold::Close(name) => drop(ledger.close_breaker(name)?),
            }
        }
        if let Some((returned, epoch, now)) = &self.returned {
            returned.write(ledger, *epoch, *now)?;
        }
        let intent = self.intent.as_ref().map(|intent| ledger.record_intent(intent)).transpose()?;
        let claim = self.claim.map(|request| ledger.claim_next(request, key)).transpose()?;
        Ok(Committed { result, intent, claim })
    }
}

impl Shared {
    /// Commits; waits and tries again while the store takes no writes. None: the run is over, for the reason noted.
    pub(super) async fn commit(&self, mut batch: Batch) -> Option<Committed> {
        let returned = self.queue.borrow_mut().take_returned();
        batch.returned = returned.map(|returned| (returned, self.epoch, self.clock.now()));
        let batch = Arc::new(batch);
        let committed = match self.write_patiently(&batch).await {
            Ok(committed) => committed,
            Err(cause) => {
                if batch.claim.is_some() {
                    self.claimed(None);
                }
                self.fail(match &batch.finished {
                    Some(one) => DeliverError::Unrecorded { id: one.id, ending: one.ending, cause },
                    None => DeliverError::NotWritable(cause),
                });
                return None;
            }
        };
        self.settle(&batch, committed)
    }

    fn settle(&self, batch: &Batch, mut committed: Committed) -> Option<Committed> {
        if batch.claim.is_some() {
            self.claimed(committed.claim.take());
            crate::smtp::crash::point("claim");
        }
        self.took_effect(batch);
        if let (Some(one), Some(result)) = (&batch.finished, committed.result) {
            if result == Guarded::Lost {
                self.fail(DeliverError::LeaseLost(one.id));
                return None;
            }
            crate::smtp::crash::point("after_commit");
            let mut report = self.report.borrow_mut();
            report.count(if result == Guarded::Settled { Ending::Suppressed } else { one.ending });
            (self.progress)(&report);
        }
        if let (Some(intent), Some(Guarded::Lost)) = (&batch.intent, committed.intent) {
            self.fail(DeliverError::LeaseLost(intent.id));
            return None;
        }
        Some(committed)
    }

    /// What is committed need no longer be kept in mind.
    fn took_effect(&self, batch: &Batch) {
        if let Some((returned, ..)) = &batch.returned {
            self.report.borrow_mut().put_off += returned.put_off.len() as u64;
        }
        for hold in &batch.holds {
            if let Hold::Edition(edition, _) = hold {
                self.pause_committed(*edition);
            }
        }
    }

    /// A failed commit wrote nothing, so the same writes are tried again; their guards keep them from being done twice.
    async fn write_patiently(&self, batch: &Arc<Batch>) -> Result<Committed, StoreError> {
        let began = tokio::time::Instant::now();
        let mut wait = Duration::from_millis(50);
        loop {
            let (job, key) = (Arc::clone(batch), self.deps.suppressions.clone());
            match self.deps.store.write_async(move |ledger| job.write(ledger, &key)).await {
                Ok(committed) => return Ok(committed),
                Err(cause @ (StoreError::Closed | StoreError::LeaseLost(_))) => return Err(cause),
                Err(cause) if began.elapsed() + wait > self.deps.settings.patience => return Err(cause),
                Err(_) => tokio::time::sleep(wait).await,
            }
            wait = (wait * 2).min(Duration::from_secs(2));
        }
    }
}
