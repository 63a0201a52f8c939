//! Effect: a sign-up by the form and its double opt-in. One mail a day for an address, so many an hour for all.

use url::Url;

use crate::clock::{Instant, from_millis};
use crate::compose::links::page_url;
use crate::model::edition::Content;
use crate::model::notice::NoticeKind;
use crate::model::subscriber::SubscriptionState;
use crate::model::token::{self, Purpose, SecretKey};
use crate::model::{EmailAddress, SubscriberId, SuppressionKey};
use crate::render::confirmation::LINK;
use crate::store::notices::NewNotice;
use crate::store::signups::{Awaiting, Confirmation, SignUp};
use crate::store::subscribers::NewSubscriber;
use crate::store::{Store, StoreError};

/// A confirmation link works this long.
pub const CONFIRM_WITHIN: chrono::Duration = chrono::Duration::hours(72);
/// A sign-up that nobody confirmed is erased after this.
pub const FORGET_AFTER: chrono::Duration = chrono::Duration::days(7);

/// What the step works with.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    /// The store.
    pub store: &'a Store,
    /// All keys, the signing one first.
    pub keys: &'a [SecretKey],
    /// What links start with.
    pub links: &'a Url,
    /// Mails to addresses that may be anybody's, in an hour, for all that ask together.
    pub most_an_hour: u32,
}

/// What somebody asked for by the form; nobody knows yet who.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Where to.
    pub address: EmailAddress,
    /// Name where given.
    pub name: Option<String>,
    /// The digests.
    pub digests: Vec<String>,
    /// What was agreed to: version and print of the text shown.
    pub wording: String,
    /// The text shown.
    pub shown: String,
}

/// Takes a sign-up and queues its one mail, `mail` with [`LINK`] replaced, in the same transaction. What comes back is for
/// the log and for nobody else.
pub fn sign_up(deps: Deps<'_>, asked: Asked, mail: Content, now: Instant) -> Result<SignUp, StoreError> {
    let (Some(key), Some(signing)) = (SuppressionKey::of(deps.keys), deps.keys.first().cloned()) else {
        return Err(StoreError::Closed);
    };
    let (links, most_an_hour) = (deps.links.clone(), deps.most_an_hour);
    deps.store.write(move |ledger| {
        let new = NewSubscriber {
            address: &asked.address,
            name: asked.name.as_deref(),
            digests: &asked.digests,
            state: SubscriptionState::Pending,
            consent_at: now,
            source: "web",
            wording: &asked.wording,
        };
        ledger.keep_wording(&asked.wording, &asked.shown)?;
        let outcome = ledger.sign_up(&new, most_an_hour, &key, now)?;
        if let SignUp::Pending(subscriber) = outcome {
            let token = signing.numbered_token(Purpose::Confirm, subscriber, now.timestamp_millis());
            let content = with_link(mail, &page_url(&links, "confirm", &token));
            ledger.queue_notice(&NewNotice {
                kind: NoticeKind::Confirm,
                subscriber,
                digest: None,
                about: now,
                address: None,
                content,
                at: now,
                expires_at: Some(now + CONFIRM_WITHIN),
            })?;
        }
        Ok(outcome)
    })
}

/// `mail` with its link in place.
pub(super) fn with_link(mail: Content, link: &str) -> Content {
    Content { html: mail.html.replace(LINK, link), text: mail.text.replace(LINK, link), ..mail }
}

/// What a confirmation link is about: none for a token that is not ours, or too old, or nobody's.
pub fn awaiting(
    store: &Store,
    keys: &[SecretKey],
    token: &str,
    now: Instant,
) -> Result<Option<Awaiting>, StoreError> {
    let (subscriber, expired) = opened(keys, token, now);
    let found = store.read(|ledger| ledger.awaiting(subscriber))?;
    // Where something waits, the link must be fresh; where nothing does, it shows what was confirmed before.
    let stands = |found: &Awaiting| {
        if found.pending.is_empty() { !found.confirmed.is_empty() } else { !expired }
    };
    Ok(found.filter(stands))
}

/// Answers the double opt-in, under `name` where the person receives nothing yet. Repeating it changes nothing; an error
/// means that nothing was changed.
pub fn confirm(
    store: &Store,
    keys: &[SecretKey],
    token: &str,
    name: Option<String>,
    now: Instant,
) -> Result<Confirmation, StoreError> {
    let (subscriber, expired) = opened(keys, token, now);
    let Some(key) = SuppressionKey::of(keys) else { return Ok(Confirmation::Unknown) };
    store.write(move |ledger| {
        let reads = ledger.awaiting(subscriber)?.is_some_and(|found| !found.confirmed.is_empty());
        let done = ledger.confirm(subscriber, expired, &key, now)?;
        if matches!(done, Confirmation::Done(_)) && !reads {
            ledger.rename(subscriber, name.as_deref())?;
        }
        Ok(done)
    })
}

/// Whose token it is, and whether its time is over.
fn opened(keys: &[SecretKey], token: &str, now: Instant) -> (SubscriberId, bool) {
    let (subscriber, made) = token::open_or_nobody(keys, Purpose::Confirm, token);
    (subscriber, now > from_millis(made) + CONFIRM_WITHIN)
}
