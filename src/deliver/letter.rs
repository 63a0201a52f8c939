//! Effect: an edition's letter or a notice, read from the store and encoded once, then spliced for each reader.

use std::rc::Rc;
use std::sync::Arc;

use chrono_tz::Tz;
use url::Url;

use super::Shared;
use crate::clock::Instant;
use crate::compose::dkim::Signer;
use crate::compose::links::unsubscribe_url;
use crate::compose::{CompiledLetter, ComposeError, LetterHead, Origin, Personal};
use crate::korean::dates;
use crate::model::Sender;
use crate::model::notice::Mailing;
use crate::model::token::SecretKey;
use crate::model::{EditionId, NoticeId, SubscriberId};
use crate::store::StoreError;
use crate::store::deliveries::Claimed;

/// Letters kept at once; the editions being sent are few.
const KEPT: usize = 8;

/// What letters are made with.
#[derive(Clone)]
pub struct LetterSettings {
    /// `[sender]`.
    pub sender: Sender,
    /// The newsletter's title.
    pub newsletter: String,
    /// Zone of the Date header.
    pub zone: Tz,
    /// Derives Message-IDs and signs links.
    pub key: SecretKey,
    /// Where unsubscribe links lead; none: they are mailto links.
    pub public_url: Option<Url>,
    /// DKIM, where configured.
    pub signer: Option<Arc<Signer>>,
}

/// One edition's letter, ready to be spliced.
pub struct Letter {
    compiled: CompiledLetter,
    zone: Tz,
    /// Where links can be followed: what they are made with.
    links: Option<(Url, SecretKey, EditionId)>,
}

/// Why an edition has no letter.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such content.
    #[error("발행호의 내용이 저장소에 없어요")]
    NoContent,
    /// It cannot be made.
    #[error(transparent)]
    Compose(#[from] ComposeError),
}

impl Letter {
    /// The Message-ID of this reader's copy: the same on each try.
    pub fn message_id(&self, subscriber: SubscriberId) -> String {
        self.compiled.message_id(subscriber)
    }

    /// Writes one reader's copy to `out`, which is emptied first.
    pub fn write(&self, row: &Claimed, out: &mut Vec<u8>) -> Result<(), ComposeError> {
        let link = self
            .links
            .as_ref()
            .map(|(public, key, edition)| unsubscribe_url(public, key, row.subscriber, *edition));
        let consented_on = row.consented_at.map(|at| dates::day_with_year(at, self.zone));
        let personal = Personal {
            to: &row.address,
            name: row.name.as_deref(),
            unsubscribe_url: link.as_deref(),
            consented_on: consented_on.as_deref(),
            subscriber: row.subscriber,
        };
        self.compiled.write(&personal, out)
    }
}

impl Shared {
    /// The edition's letter or the notice, from the cache where it is there.
    pub(super) fn letter(&self, mailing: Mailing) -> Result<Rc<Letter>, LetterError> {
        if let Some(letter) = self.letters.borrow().get(&mailing) {
            return Ok(Rc::clone(letter));
        }
        let letter = Rc::new(match mailing {
            Mailing::Edition(id) => self.edition_letter(id)?,
            Mailing::Notice(id) => self.notice_letter(id)?,
        });
        let mut letters = self.letters.borrow_mut();
        if letters.len() >= KEPT {
            letters.clear();
        }
        letters.insert(mailing, Rc::clone(&letter));
        Ok(letter)
    }

    fn head(&self, digest: String, date: Instant, origin: Origin) -> LetterHead {
        let settings = &self.deps.letters;
        LetterHead {
            sender: settings.sender.clone(),
            newsletter: settings.newsletter.clone(),
            digest,
            date,
            zone: settings.zone,
            origin,
        }
    }

    fn notice_letter(&self, id: NoticeId) -> Result<Letter, LetterError> {
        let notice = self.deps.store.read(|ledger| ledger.notice(id))?.ok_or(LetterError::NoContent)?;
        let settings = &self.deps.letters;
        let head = self.head(String::new(), notice.created_at, Origin::Notice(notice.delivery));
        let compiled = CompiledLetter::new(&head, &notice.content, &settings.key, settings.signer.clone())?;
        // A notice's link belongs to no edition.
        let links = settings.public_url.clone().map(|public| (public, settings.key.clone(), EditionId(0)));
        Ok(Letter { compiled, zone: settings.zone, links })
    }

    fn edition_letter(&self, id: EditionId) -> Result<Letter, LetterError> {
        let found = self.deps.store.read(|ledger| Ok((ledger.edition(id)?, ledger.edition_content(id)?)))?;
        let (Some(edition), Some(content)) = found else { return Err(LetterError::NoContent) };
        let settings = &self.deps.letters;
        let head = self.head(edition.digest, edition.frozen_at, Origin::Edition(id));
        let compiled = CompiledLetter::new(&head, &content, &settings.key, settings.signer.clone())?;
        let links = settings.public_url.clone().map(|public| (public, settings.key.clone(), id));
        Ok(Letter { compiled, zone: settings.zone, links })
    }
}
