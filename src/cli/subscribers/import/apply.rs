//! Effect: the second reading of a file, inside one transaction: all or nothing unless told otherwise.

use super::check::Checked;
use super::file::Fault;
use super::input::Input;
use super::report::{Held, LeftOut, Report, Why};
use super::row::{Row, Rules};
use super::rows::Rows;
use crate::cli::subscribers::words::Standing;
use crate::model::subscriber::{Frequency, SubscriptionState};
use crate::model::{SubscriberId, SuppressionKey};
use crate::store::subscribers::{Added, NewSubscriber};
use crate::store::{Ledger, StoreError};

/// What the job in the writer needs; owned, for it runs on another thread.
pub(super) struct Job {
    pub(super) input: Input,
    pub(super) source: String,
    pub(super) digests: Vec<String>,
    pub(super) rules: Rules,
    pub(super) keep_going: bool,
    pub(super) dry_run: bool,
    pub(super) key: SuppressionKey,
    pub(super) checked: Checked,
}

/// What a job did, and what is to be said of it.
#[derive(Default)]
pub(super) struct Done {
    pub(super) report: Report,
    pub(super) held: Held,
}

impl Job {
    pub(super) fn run(self, ledger: &Ledger<'_>) -> Result<Result<Done, Fault>, StoreError> {
        ledger.unless_refused(|ledger| {
            let result = self.read(ledger)?;
            let sound = result.as_ref().is_ok_and(|done| done.report.invalid == 0 || self.keep_going);
            Ok((result, sound && !self.dry_run))
        })
    }

    fn read(&self, ledger: &Ledger<'_>) -> Result<Result<Done, Fault>, StoreError> {
        let before = ledger.last_subscriber()?;
        let mut done = Done::default();
        let mut rows = match Rows::open(&self.input, &self.rules) {
            Ok(rows) => rows,
            Err(fault) => return Ok(Err(fault)),
        };
        loop {
            match rows.next() {
                Ok(Some((line, row))) => {
                    done.report.rows += 1;
                    match row {
                        Ok(row) => self.apply(ledger, row, line, before, &mut done)?,
                        Err(_) => done.report.invalid += 1,
                    }
                }
                Ok(None) if rows.print() == self.checked.print => return Ok(Ok(done)),
                Ok(None) => {
                    return Ok(Err(Fault("읽는 사이에 파일이 바뀌었어요. 다시 실행해 주세요".into())));
                }
                Err(fault) => return Ok(Err(fault)),
            }
        }
    }

    fn apply(
        &self,
        ledger: &Ledger<'_>,
        row: Row,
        line: u64,
        before: SubscriberId,
        done: &mut Done,
    ) -> Result<(), StoreError> {
        let Standing::On(state) = row.standing else {
            done.report.left += 1;
            return tell_of_the_gone(ledger, &row, line, &mut done.held);
        };
        let Some((consent_at, wording)) = row.consent else {
            done.report.without_consent += 1;
            return Ok(());
        };
        if let Some(other) = self.checked.gone.get(&self.key.hash(&row.address)) {
            done.report.left += 1;
            let why = format!("같은 주소가 {other}행에 해지나 미동의, 또는 모르는 상태로 적혀 있어 뺐어요");
            done.held.leave_out(LeftOut::whole(line, Why::Left, why));
            return Ok(());
        }
        let new = NewSubscriber {
            address: &row.address,
            name: row.name.as_deref(),
            digests: row.digests.as_deref().unwrap_or(&self.digests),
            state,
            consent_at,
            source: &self.source,
            wording,
        };
        let added = ledger.add_subscriber(&new, &self.key, self.rules.now)?;
        match &added {
            Added::New(id) => self.set_wishes(ledger, *id, new.digests, &row)?,
            Added::Joined(id, joined) => self.set_wishes(ledger, *id, joined, &row)?,
            Added::Known(_) | Added::Suppressed(_) => {}
        }
        match added {
            Added::New(_) => {
                done.report.accepted += 1;
                if let Some(hint) = row.address.hint() {
                    done.held.keep(format!(
                        "{line}행 주의: {} 대신 {hint} 아닌가요? 적힌 그대로 넣어요",
                        row.address
                    ));
                }
            }
            Added::Joined(..) => done.report.joined += 1,
            Added::Known(id) if id > before => done.report.duplicate += 1,
            Added::Known(_) => done.report.already += 1,
            Added::Suppressed(reason) => {
                done.report.suppressed += 1;
                let why = format!("발송 금지된 주소라 뺐어요 (까닭: {})", reason.words());
                done.held.leave_out(LeftOut::whole(line, Why::Suppressed, why));
            }
        }
        Ok(())
    }

    /// How a subscription of the row is received. One that was there before keeps its reader's own wishes.
    fn set_wishes(
        &self,
        ledger: &Ledger<'_>,
        id: SubscriberId,
        digests: &[String],
        row: &Row,
    ) -> Result<(), StoreError> {
        for digest in digests {
            if let Some(until) = row.resumes_at {
                ledger.pause(id, digest, until, self.rules.now)?;
            }
            if row.frequency != Frequency::Every {
                ledger.set_frequency(id, digest, row.frequency)?;
            }
        }
        Ok(())
    }
}

/// Names who left elsewhere and is subscribed here: which of the two came later, only the operator can tell.
fn tell_of_the_gone(ledger: &Ledger<'_>, row: &Row, line: u64, held: &mut Held) -> Result<(), StoreError> {
    let Some(person) = ledger.subscriber_by_address(&row.address)? else { return Ok(()) };
    let gone = SubscriptionState::Unsubscribed;
    if ledger.subscriptions_of(person.id)?.iter().any(|(subscription, _)| subscription.state != gone) {
        let why = format!(
            "파일에는 해지나 미동의로 적혀 있는데 여기서는 구독자예요. \
             그 뒤에 다시 신청한 분이 아니면 `moabom subscribers remove {}`",
            row.address
        );
        held.leave_out(LeftOut::whole(line, Why::Left, why));
    }
    Ok(())
}
