//! Pure: people, their subscriptions and their consent.

use serde::{Deserialize, Serialize};

use super::{EmailAddress, SubscriberId};
use crate::clock::Instant;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// The word in tables and JSON.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// The value of that word.
            pub fn parse(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Where a subscription (subscriber × digest) stands.
    SubscriptionState {
        /// Asked for, not yet confirmed.
        Pending = "pending",
        /// Receives editions.
        Active = "active",
        /// Rests at the reader's wish.
        Paused = "paused",
        /// Withdrawn.
        Unsubscribed = "unsubscribed",
    }
}

impl SubscriptionState {
    /// Agreed to and not withdrawn: receives editions, or rests.
    pub fn is_on(self) -> bool {
        matches!(self, SubscriptionState::Active | SubscriptionState::Paused)
    }
}

words! {
    /// How often a reader wants a digest.
    Frequency {
        /// Every edition.
        Every = "every",
        /// The month's best, where the digest has such an edition.
        Monthly = "monthly",
    }
}

words! {
    /// What happened to a consent. Events are only ever appended.
    ConsentAct {
        /// The reader (or the import's record of the reader) agreed.
        Granted = "granted",
        /// The double opt-in was answered.
        Confirmed = "confirmed",
        /// The reader withdrew.
        Withdrawn = "withdrawn",
        /// A legal notice about the consent went out.
        Notified = "notified",
    }
}

words! {
    /// Why an address must never be mailed.
    SuppressionReason {
        /// The address does not exist.
        HardBounce = "hard_bounce",
        /// The reader reported spam.
        Complaint = "complaint",
        /// The reader withdrew.
        Withdrawn = "withdrawn",
        /// The operator said so.
        Manual = "manual",
    }
}

impl SuppressionReason {
    /// In Korean.
    pub fn words(self) -> &'static str {
        match self {
            SuppressionReason::HardBounce => "없는 주소로 반송됨",
            SuppressionReason::Complaint => "스팸 신고",
            SuppressionReason::Withdrawn => "수신거부",
            SuppressionReason::Manual => "운영자가 막음",
        }
    }
}

/// A person on the list. Address and name are gone once erased; the row and its dates stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// Row.
    pub id: SubscriberId,
    /// Address; none once erased.
    pub address: Option<EmailAddress>,
    /// Name where given.
    pub name: Option<String>,
    /// When the row was made.
    pub created_at: Instant,
    /// When address and name were erased.
    pub erased_at: Option<Instant>,
}

/// A subscriber's standing with one digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The digest's configured name.
    pub digest: String,
    /// Where it stands.
    pub state: SubscriptionState,
    /// Since when.
    pub since: Instant,
    /// When a paused one is active again by itself; none for one that is not paused, or paused until the reader says
    /// otherwise.
    pub resumes_at: Option<Instant>,
    /// How often it is wanted, while it is not paused.
    pub frequency: Frequency,
}

/// One event of the consent ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// What happened.
    pub act: ConsentAct,
    /// The digest, or none for all of them.
    pub digest: Option<String>,
    /// When it happened (for an import: the date in the file).
    pub at: Instant,
    /// Where it came from: `cli`, `import:FILE`, `web`, `one-click`, `mail`.
    pub source: String,
    /// Which wording the reader agreed to.
    pub wording: String,
}
