//! Pure: who a letter is from.

use super::EmailAddress;

/// Who the letters are from: `[sender]`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Display name.
    pub name: String,
    /// From address.
    pub email: EmailAddress,
    /// Reply-To, where it differs.
    pub reply_to: Option<EmailAddress>,
    /// For the footer; required when advertising.
    pub phone: Option<String>,
    /// Postal address for the footer; required when advertising.
    pub address: Option<String>,
}
