//! Pure: rendered + recipient → the bytes of one message (RFC 5322, 2045–2047, 8058); DKIM.
//!
//! [`CompiledLetter::new`] does once per edition whatever is the same for all: headers, encoding, boundaries.
//! [`CompiledLetter::write`] then splices one recipient in, which is mostly copying. Nothing here is random and no clock
//! is read, so the same letter to the same reader is the same bytes on each try.

mod body;
pub mod dkim;
mod header;
mod letter;
pub mod links;
mod name;
pub mod small;

use chrono_tz::Tz;

use crate::clock::Instant;
use crate::model::{DeliveryId, EditionId, EmailAddress, Sender, SubscriberId};

pub use letter::{CompiledLetter, message_id};
pub use name::{DEFAULT_DAY, DEFAULT_NAME, clean_name};

/// What a message is a copy of. With the subscriber and the key it makes the Message-ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An edition.
    Edition(EditionId),
    /// A legal or operational notice.
    Notice(DeliveryId),
    /// A mail to the operator, by its row.
    Operator(i64),
    /// A trial copy for the operator, made at that instant: never mistaken for the edition itself.
    Trial(Instant),
}

/// What the headers of a letter need, besides its content.
#[derive(Clone, Debug)]
pub struct LetterHead {
    /// From and Reply-To.
    pub sender: Sender,
    /// The newsletter's title, for List-Id.
    pub newsletter: String,
    /// The digest's configured name, for List-Id and Feedback-ID.
    pub digest: String,
    /// The instant of Date and of the DKIM signature; the same on each retry.
    pub date: Instant,
    /// The zone whose offset Date shows.
    pub zone: Tz,
    /// What it is a copy of.
    pub origin: Origin,
}

/// One recipient's parts.
#[derive(Clone, Copy, Debug)]
pub struct Personal<'a> {
    /// To. One whose local part is not ASCII stands as it is (RFC 6532): only for a relay that offers SMTPUTF8.
    pub to: &'a EmailAddress,
    /// The name as given; cleaned and bounded here. None or nothing left: 구독자 in the text, no name in To.
    pub name: Option<&'a str>,
    /// The signed address that withdraws the subscription; none: a mailto link stands in.
    pub unsubscribe_url: Option<&'a str>,
    /// The day since when the reader agreed to be mailed, as it is shown; none: a copy for nobody in particular.
    pub consented_on: Option<&'a str>,
    /// Whose row it is, for the Message-ID.
    pub subscriber: SubscriberId,
}

/// Why a message cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// A header's text holds CR, LF or NUL.
    #[error(
        "메일 머리글 {0}에 줄바꿈이나 NUL 문자가 들어 있어 만들지 않았어요. 제목이나 이름 설정에서 그 문자를 지우세요"
    )]
    HeaderText(&'static str),
    /// A slot marker in the subject.
    #[error("제목에는 받는 사람마다 다른 값을 넣을 수 없어요. 제목 틀에서 그 자리를 빼세요")]
    SlotInSubject,
    /// A marker of no known slot.
    #[error(
        "본문에 모르는 개인화 자리가 있어요: `{0}`. 쓸 수 있는 것은 unsubscribe_url, name, consented_on이에요"
    )]
    UnknownSlot(String),
    /// A marker that opens or closes alone.
    #[error("본문의 개인화 자리 표시가 짝이 맞지 않아요")]
    BrokenSlot,
    /// The date has no place in RFC 5322.
    #[error("메일의 날짜가 쓸 수 있는 범위를 벗어났어요")]
    Date,
    /// The sender's own address needs SMTPUTF8 (RFC 6531).
    #[error("보내는 주소 {0}에 골뱅이 앞 영문이 아닌 글자가 있어 쓸 수 없어요. [sender] 설정을 확인하세요")]
    Sender(String),
    /// The unsubscribe address is no plain http(s) URL.
    #[error("수신거부 주소가 올바른 http(s) 주소가 아니에요. [web] public_url을 확인하세요")]
    UnsubscribeUrl,
    /// Signing failed.
    #[error(transparent)]
    Dkim(#[from] dkim::DkimError),
}
