//! Effect: the step that applies what readers and mailboxes said: withdrawals, bounces, complaints.

use crate::clock::Instant;
use crate::model::SuppressionKey;
use crate::model::token::{self, Purpose, SecretKey};
use crate::store::suppressions::{Farewell, Withdrawal};
use crate::store::{Store, StoreError};

/// The way a withdrawal came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The mail program's own button (RFC 8058).
    OneClick,
    /// The button on the page.
    Web,
    /// A mail to the unsubscribe address.
    Mail,
}

impl Via {
    /// The word in the consent ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Via::OneClick => "one-click",
            Via::Web => "web",
            Via::Mail => "mail",
        }
    }
}

/// What became of a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Committed now: no letter to that address begins after this.
    Done,
    /// Was done before.
    Already,
    /// The token is none of ours, or names nobody.
    Unknown,
}

/// Withdraws the person a token names from every digest, durably, before it returns; `farewell` says
/// whether they are told by mail before they are erased. Repeating it changes nothing; an
/// error means that nothing was changed.
pub fn withdraw(
    store: &Store,
    keys: &[SecretKey],
    token: &str,
    via: Via,
    farewell: Farewell,
    now: Instant,
) -> Result<Outcome, StoreError> {
    let Ok((subscriber, _)) = token::open(keys, Purpose::Unsubscribe, token) else {
        return Ok(Outcome::Unknown);
    };
    let Some(key) = SuppressionKey::of(keys) else { return Ok(Outcome::Unknown) };
    let withdrawal =
        store.write(move |ledger| ledger.leave(subscriber, via.as_str(), farewell, &key, now))?;
    Ok(match withdrawal {
        Withdrawal::Done { .. } => Outcome::Done,
        Withdrawal::Already => Outcome::Already,
        Withdrawal::Unknown => Outcome::Unknown,
    })
}
