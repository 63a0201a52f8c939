//! Effect: deliveries and attempts: the ledger of sending.
//!
//! Every write names the row's state and the epoch of its lease. No row changed means that someone else settled the row
//! (a withdrawal, a cancelled edition) or that the lease is lost; the caller is told which.

mod claim;
mod list;
mod look;
mod record;
mod upkeep;

use crate::clock::Instant;
use crate::model::delivery::Stage;
use crate::model::notice::Mailing;
use crate::model::suppression::AddressHash;
use crate::model::{DeliveryId, EmailAddress, SubscriberId};

pub use list::{DeliveryFilter, ListedDelivery, Resolution, RowChange};
pub use look::{ListedAttempt, RefusedNotices};
pub use upkeep::Recovered;
pub(super) use upkeep::Whose;

/// `due_at` of a row that is not tried again unless a person says so.
pub(super) const NEVER: i64 = i64::MAX;

/// That a row has not ended; written as the partial index has it, so that it serves.
pub(super) const OPEN: &str = "(state = 'queued' OR state = 'leased' OR state = 'in_flight' OR state = 'deferred' OR state = 'unknown')";

/// That a row is not sent for a reason of its own; written as the partial index has it, so that it serves.
const NOT_SENT: &str = "(state = 'deferred' OR state = 'unknown' OR state = 'bounced' OR state = 'expired' OR state = 'suppressed')";

/// [`OPEN`] where deliveries are `d` among other tables.
pub(super) const OPEN_D: &str = "(d.state = 'queued' OR d.state = 'leased' OR d.state = 'in_flight' OR d.state = 'deferred' OR d.state = 'unknown')";

/// That an earlier attempt may have reached the relay, of a row of `deliveries`: it ends as sent or as unknown, by
/// whatever else it is ended.
pub(super) const MAYBE_SENT: &str =
    "EXISTS (SELECT 1 FROM attempts a WHERE a.delivery_id = deliveries.id AND a.result = 'unknown')";

/// That a person asked for the row again by its number, of a row of `deliveries`.
const BY_HAND: &str = "EXISTS (SELECT 1 FROM meta m WHERE m.key = 'by_hand:' || deliveries.id)";

/// The last word of a person's consent ledger for a digest, where subscriptions are `s`.
pub(super) const LAST_WORD: &str = "(SELECT c.act FROM consents c
    WHERE c.subscriber_id = s.subscriber_id AND (c.digest IS NULL OR c.digest = s.digest)
      AND c.act <> 'notified'
    ORDER BY c.at DESC, c.id DESC LIMIT 1)";

/// When the last word was said, where it agrees.
const AGREED_AT: &str = "(SELECT CASE WHEN c.act IN ('granted', 'confirmed') THEN c.at END FROM consents c
    WHERE c.subscriber_id = s.subscriber_id AND (c.digest IS NULL OR c.digest = s.digest)
      AND c.act <> 'notified'
    ORDER BY c.at DESC, c.id DESC LIMIT 1)";

/// What a claim asks for.
#[derive(Clone, Copy, Debug)]
pub struct ClaimRequest {
    /// At most this many rows.
    pub limit: usize,
    /// The claiming sender's epoch.
    pub epoch: i64,
    /// How long the lease holds.
    pub until: Instant,
    /// Rows due by now.
    pub now: Instant,
}

/// A row under our lease.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Row.
    pub id: DeliveryId,
    /// What it is a copy of.
    pub mailing: Mailing,
    /// To whom.
    pub subscriber: SubscriberId,
    /// Address.
    pub address: EmailAddress,
    /// Name where given.
    pub name: Option<String>,
    /// Since when the person agreed to be mailed; none of a notice.
    pub consented_at: Option<Instant>,
    /// What stands for the address among the suppressions.
    pub hash: AddressHash,
    /// Charged attempts so far.
    pub attempts: i64,
    /// When it was first tried.
    pub first_tried_at: Option<Instant>,
    /// The end of our lease.
    pub leased_until: Instant,
}

/// What a claim brought.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    /// Rows leased, in the order in which they fell due.
    pub rows: Vec<Claimed>,
    /// Rows ended because the person may no longer be mailed.
    pub suppressed: u64,
    /// Rows put off because their destination is held.
    pub put_off: u64,
}

impl Claim {
    /// Nothing was due.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.suppressed == 0 && self.put_off == 0
    }
}

/// What the last look before MAIL FROM found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Send.
    Wanted,
    /// Withdrawn, paused, suppressed or erased since the claim.
    Unwanted,
    /// The edition was paused or cancelled since the claim.
    Held,
    /// The row is no longer ours.
    Lost,
}

/// What a guarded write found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarded {
    /// Written.
    Done,
    /// Someone else ended the row meanwhile: a withdrawal, a cancelled edition.
    Settled,
    /// The lease is another's, or has run out.
    Lost,
}

/// The intent of a transaction.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Row.
    pub id: DeliveryId,
    /// Epoch of the lease.
    pub epoch: i64,
    /// With its angle brackets.
    pub message_id: String,
    /// Now.
    pub at: Instant,
    /// The lease is renewed up to here.
    pub until: Instant,
}

/// What is done with a row of which nobody knows whether the relay took it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownPolicy {
    /// Once more after ten minutes, with the same Message-ID.
    #[default]
    RetryOnce,
    /// A person decides.
    Hold,
}

/// How a transaction ended for its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// 250 after the dot.
    Sent,
    /// To be tried again.
    Deferred {
        /// Not before.
        due_at: Instant,
        /// Whether the attempt counts.
        charged: bool,
    },
    /// Refused for good.
    Bounced {
        /// The address itself is dead. A soft one becomes hard on the second within 14 days.
        hard: bool,
    },
    /// The reader's own block list: withdrawn.
    Unsubscribed,
    /// Out of time, or not sendable.
    Expired,
    /// The relay may have it.
    Unknown,
    /// No transaction took place and the person may no longer be mailed.
    Suppressed,
    /// No transaction took place: back to where it was.
    Released,
}

/// A transaction's end, to be recorded.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Row.
    pub id: DeliveryId,
    /// What it is a copy of.
    pub mailing: Mailing,
    /// To whom.
    pub subscriber: SubscriberId,
    /// What stands for the address among the suppressions.
    pub hash: AddressHash,
    /// Epoch of the lease.
    pub epoch: i64,
    /// When the transaction began.
    pub started_at: Instant,
    /// Now.
    pub ended_at: Instant,
    /// The stage at which it ended.
    pub stage: Stage,
    /// The relay's reply or the local cause, one line.
    pub reply: String,
    /// What becomes of the row.
    pub ending: Ending,
    /// What is done if it is unknown.
    pub unknown: UnknownPolicy,
}
