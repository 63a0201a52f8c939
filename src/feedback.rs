//! Effect: the step that applies what readers said by their links: sign-ups, changes, withdrawals. What mailboxes send back
//! is not read: a relay's refusal is [`crate::deliver`]'s, and whoever answers a letter by mail is answered by a person.

pub mod preferences;
pub mod signup;

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
}

impl Via {
    /// The word in the consent ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Via::OneClick => "one-click",
            Via::Web => "web",
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
    let (subscriber, _) = token::open_or_nobody(keys, Purpose::Unsubscribe, token);
    let Some(key) = SuppressionKey::of(keys) else { return Ok(Outcome::Unknown) };
    let withdrawal =
        store.write(move |ledger| ledger.leave(subscriber, via.as_str(), farewell, &key, now))?;
    Ok(match withdrawal {
        Withdrawal::Done { .. } => Outcome::Done,
        Withdrawal::Already => Outcome::Already,
        Withdrawal::Unknown => Outcome::Unknown,
    })
}

/// What came of a look at what readers left for later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Pauses that ended.
    pub resumed: usize,
    /// Sign-ups that nobody confirmed in time and that were closed.
    pub closed: usize,
    /// New addresses that nobody confirmed in time and that were forgotten.
    pub forgotten: usize,
}

/// Sign-ups closed in one round.
const CLOSED_AT_ONCE: u32 = 500;

/// Ends the pauses whose time has come, and forgets sign-ups and new addresses that nobody confirmed.
pub fn run_once(store: &Store, now: Instant) -> Result<Kept, StoreError> {
    store.write(move |ledger| {
        let resumed = ledger.resume_due(now)?;
        let closed = ledger.close_sign_ups(now - signup::FORGET_AFTER, CLOSED_AT_ONCE, now)?;
        let forgotten = ledger.forget_new_addresses(now)?;
        ledger.forget_asked_mails(now)?;
        Ok(Kept { resumed, closed, forgotten })
    })
}
