//! Pure: e-mail addresses, parsed once at the edge (RFC 5321 section 4.1.2, RFC 5890 for domains).

use std::fmt;

/// A syntactically sound address. The domain is in lower-case A-labels; the local part is as typed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    whole: String,
    at: usize,
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is nothing.
    #[error("주소가 비어 있어요")]
    Empty,
    /// Not of the form `local@domain`.
    #[error("'이름@도메인' 꼴이 아니에요")]
    Shape,
}

impl EmailAddress {
    /// Parses `text`, surrounding white space aside.
    pub fn parse(text: &str) -> Result<EmailAddress, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        let at = text.rfind('@').ok_or(AddressError::Shape)?;
        Ok(EmailAddress { whole: text.to_owned(), at })
    }

    /// The whole address, as it stands in RCPT TO.
    pub fn as_str(&self) -> &str {
        &self.whole
    }

    /// Before the `@`.
    pub fn local(&self) -> &str {
        &self.whole[..self.at]
    }

    /// After the `@`: lower-case A-labels.
    pub fn domain(&self) -> &str {
        &self.whole[self.at + 1..]
    }

    /// What makes two addresses the same person here: the whole address in lower case.
    pub fn key(&self) -> String {
        self.whole.to_lowercase()
    }

    /// For logs: first letter and domain, `h***@example.com`.
    pub fn masked(&self) -> String {
        let first = self.local().chars().next().unwrap_or('*');
        format!("{first}***@{}", self.domain())
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.whole)
    }
}

/// Masked, so that a stray `{:?}` never puts a full address in a log.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.masked())
    }
}
