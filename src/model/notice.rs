//! Pure: notices: mails to one person about the person's own subscription, asked for by the person or by the law.

use serde::{Deserialize, Serialize};

use super::subscriber::words;
use super::{EditionId, NoticeId};

words! {
    /// What a notice tells.
    NoticeKind {
        /// The double opt-in: a link that the reader answers.
        Confirm = "confirm",
        /// The result of a consent (법 50조 7항).
        Welcome = "welcome",
        /// The result of a withdrawal (법 50조 7항).
        Goodbye = "goodbye",
        /// That a consent of two years ago still stands (법 50조 8항).
        Renewal = "renewal",
        /// A link that the reader answers at a new address.
        AddressChange = "address_change",
        /// That a subscription moved: to the old address, with the way back.
        Moved = "moved",
    }
}

/// What a delivery is a copy of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mailing {
    /// An edition, the same for all its readers.
    Edition(EditionId),
    /// A notice, to one person.
    Notice(NoticeId),
}

impl Mailing {
    /// The edition, where it is one.
    pub fn edition(self) -> Option<EditionId> {
        match self {
            Mailing::Edition(id) => Some(id),
            Mailing::Notice(_) => None,
        }
    }
}
