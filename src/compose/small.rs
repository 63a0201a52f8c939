//! Pure: the few one-off mails: notices, confirmations. The same code as letters, compiled for one reader.

use std::sync::Arc;

use super::dkim::Signer;
use super::{CompiledLetter, ComposeError, LetterHead, Personal};
use crate::model::edition::Content;
use crate::model::token::SecretKey;

/// A mail to one person.
pub struct SmallMail<'a> {
    /// Headers; its origin says what it is.
    pub head: &'a LetterHead,
    /// Subject, decoded.
    pub subject: &'a str,
    /// Text part; may hold slot markers.
    pub text: &'a str,
    /// HTML part, where there is one; may hold slot markers.
    pub html: Option<&'a str>,
    /// To whom.
    pub personal: Personal<'a>,
}

impl SmallMail<'_> {
    /// The message's bytes, as [`CompiledLetter::write`] makes them.
    pub fn to_bytes(&self, key: &SecretKey, signer: Option<Arc<Signer>>) -> Result<Vec<u8>, ComposeError> {
        let content = Content {
            subject: self.subject.to_owned(),
            preheader: String::new(),
            html: self.html.unwrap_or_default().to_owned(),
            text: self.text.to_owned(),
        };
        let mut bytes = Vec::new();
        CompiledLetter::new(self.head, &content, key, signer)?.write(&self.personal, &mut bytes)?;
        Ok(bytes)
    }
}
