//! Pure: what a reply's text speaks of, in Korean and English. Only ever a hint beside stage and codes.
//!
//! A word alone says little: "does not exist" may be said of a reader or of our own domain, "수신거부" of a person's list
//! or of a whole server's. So a reader is only spoken of where the text names one ([`READER`]) beside what became of
//! them, and only withdraws where the text names the reader as the one who refuses and nothing larger
//! ([`NOT_A_PERSON`]).

mod of_others;
mod of_readers;

use of_others::*;
use of_readers::*;

/// What a text speaks of; several may hold.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Topics {
    /// The reader's own block list, and nobody else's.
    pub(super) reader_refuses: bool,
    /// Some refusal by or for the recipient; whose is not clear.
    pub(super) recipient_refused: bool,
    /// The reader does not exist.
    pub(super) no_such_user: bool,
    /// Asleep or locked, whoever it is.
    pub(super) inactive: bool,
    /// The text names a reader, a mailbox, an account.
    pub(super) reader: bool,
    /// RFC 5321's own words for 550, which may mean anything.
    pub(super) unavailable: bool,
    /// No room.
    pub(super) full: bool,
    /// The reader gets more mail just now than the server lets through.
    pub(super) busy: bool,
    /// Come again later, first contact.
    pub(super) greylist: bool,
    /// Logging in, sending, access: it may be about us, and no reader is blamed.
    pub(super) aside: bool,
    /// Domains, hosts, records: with no code to say whose, no reader is blamed.
    pub(super) vague: bool,
    /// Something is out of order for a time, there or in DNS.
    pub(super) trouble: bool,
    /// Too many, too fast.
    pub(super) pace: bool,
    /// Our address, domain, server, its IP or its authentication: nobody else is meant.
    pub(super) sender: bool,
    /// Spam, block lists, policy, or a mention of the sender.
    pub(super) policy: bool,
    /// The message is too large.
    pub(super) too_large: bool,
}

impl Topics {
    /// Speaks of the sender, or of policy, which is about senders wherever nothing else is said.
    pub(super) fn blames_sender(&self) -> bool {
        self.sender || self.policy
    }
}

/// Phrases that speak of someone else than the reader.
#[cfg(test)]
pub(super) fn others() -> Vec<&'static str> {
    [SENDER, POLICY, PACE, TROUBLE, ASIDE].concat()
}

/// Phrases that would blame the reader where nothing else is said.
#[cfg(test)]
pub(super) fn readers() -> Vec<&'static str> {
    let mut phrases = [NO_SUCH_USER, INACTIVE].concat();
    phrases.extend([
        "the mailbox does not exist",
        "등록되지 않은 계정입니다",
        "account suspended",
        "정지된 사용자입니다",
    ]);
    phrases
}

pub(super) fn topics(text: &str) -> Topics {
    let text = plain(text);
    let speaks_of = |phrases: &[&str]| phrases.iter().any(|phrase| contains_word(&text, phrase));
    let reader = speaks_of(READER);
    Topics {
        reader_refuses: speaks_of(READER_REFUSES) && !speaks_of(NOT_A_PERSON),
        recipient_refused: speaks_of(RECIPIENT_REFUSED) || speaks_of(READER_REFUSES),
        no_such_user: speaks_of(NO_SUCH_USER) || (reader && speaks_of(ABSENT)),
        inactive: speaks_of(INACTIVE),
        reader,
        unavailable: speaks_of(UNAVAILABLE),
        full: speaks_of(FULL),
        busy: speaks_of(BUSY),
        greylist: speaks_of(GREYLIST),
        aside: speaks_of(ASIDE),
        vague: speaks_of(VAGUE),
        trouble: speaks_of(TROUBLE),
        pace: speaks_of(PACE),
        sender: speaks_of(SENDER),
        policy: speaks_of(POLICY),
        too_large: speaks_of(TOO_LARGE),
    }
}

/// Lower case, one space between words (so that a reply's own line breaks and padding do not hide a phrase), without
/// addresses and what a link asks for: neither a domain's name nor `?ip=` says anything.
fn plain(text: &str) -> String {
    let text = text.to_lowercase().replace('\u{2019}', "'");
    let words = text.split_whitespace().filter(|word| !word.contains('@'));
    let words =
        words.map(|word| if word.contains("://") { word.split('?').next().unwrap_or(word) } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Latin phrases must begin at a word's start (`rbl` is not in `marble`), and short ones end with it (`ip` is not
/// `ipsum`). Korean has no such borders, but `수신할 수 없는 사용자` is no `없는 사용자`; `알 수 없는` is.
fn contains_word(text: &str, phrase: &str) -> bool {
    let latin = phrase.starts_with(|c: char| c.is_ascii_alphanumeric());
    text.match_indices(phrase).any(|(at, _)| {
        let (before, after) =
            (text.get(..at).unwrap_or_default(), text.get(at + phrase.len()..).unwrap_or_default());
        if !latin {
            let unable = phrase.starts_with("없는") && before.ends_with("수 ") && !before.ends_with("알 수 ");
            return !unable;
        }
        let starts = !before.ends_with(|c: char| c.is_ascii_alphanumeric());
        let ends = phrase.len() > 3 || !after.starts_with(|c: char| c.is_ascii_alphanumeric());
        starts && ends
    })
}
