//! Pure: a delivery and its attempts: the ledger's two kinds of row.

use serde::{Deserialize, Serialize};

use super::subscriber::words;
use super::{DeliveryId, EditionId, SubscriberId};
use crate::clock::Instant;

words! {
    /// Where a delivery stands (design section 8).
    DeliveryState {
        /// Waiting for its turn.
        Queued = "queued",
        /// Claimed by a running sender, not yet on the wire.
        Leased = "leased",
        /// The intent is recorded: the message may be reaching the relay now.
        InFlight = "in_flight",
        /// Refused for now; `due_at` says when it is tried again.
        Deferred = "deferred",
        /// The relay answered 250 after the final dot. Nothing more is meant.
        Sent = "sent",
        /// The relay said the address does not exist.
        Bounced = "bounced",
        /// Retries ended by age, or a newer edition took its place.
        Expired = "expired",
        /// Withdrawn, suppressed or cancelled before it went out.
        Suppressed = "suppressed",
        /// The connection or the process died between the last byte and the answer.
        Unknown = "unknown",
    }
}

impl DeliveryState {
    /// All states, in the order tables show them.
    pub const ALL: [DeliveryState; 9] = [
        DeliveryState::Queued,
        DeliveryState::Leased,
        DeliveryState::InFlight,
        DeliveryState::Deferred,
        DeliveryState::Sent,
        DeliveryState::Bounced,
        DeliveryState::Expired,
        DeliveryState::Suppressed,
        DeliveryState::Unknown,
    ];
}

words! {
    /// What a delivery carries.
    DeliveryKind {
        /// A copy of an edition.
        Edition = "edition",
        /// A legal or operational notice.
        Notice = "notice",
    }
}

words! {
    /// The stage of an SMTP transaction at which an outcome fell (RFC 5321 section 3).
    Stage {
        /// TCP connect and the 220 greeting.
        Connect = "connect",
        /// EHLO.
        Ehlo = "ehlo",
        /// STARTTLS or the TLS handshake.
        Tls = "tls",
        /// AUTH.
        Auth = "auth",
        /// MAIL FROM.
        Mail = "mail",
        /// RCPT TO.
        Rcpt = "rcpt",
        /// DATA, up to the 354.
        Data = "data",
        /// The message's bytes before the final dot.
        Body = "body",
        /// The final dot, up to the relay's answer.
        Dot = "dot",
    }
}

/// A delivery: edition (or notice) × subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Row.
    pub id: DeliveryId,
    /// What it carries.
    pub kind: DeliveryKind,
    /// The edition, for that kind.
    pub edition: Option<EditionId>,
    /// To whom.
    pub subscriber: SubscriberId,
    /// Where it stands.
    pub state: DeliveryState,
    /// Charged attempts so far.
    pub attempts: i64,
    /// Not to be tried before.
    pub due_at: Instant,
    /// The last reply or local cause, one line.
    pub last_reply: Option<String>,
}
