//! Effect: what readers change about what they receive, by their own link: pauses, the name, the address.

use chrono::Months;

use super::signup::{Deps, with_link};
use crate::clock::Instant;
use crate::compose::links::page_url;
use crate::model::edition::Content;
use crate::model::notice::NoticeKind;
use crate::model::subscriber::{Frequency, Subscriber, Subscription};
use crate::model::token::{self, Purpose, SecretKey};
use crate::model::{EmailAddress, SubscriberId, SuppressionKey};
use crate::store::address_changes::{CHANGE_OPEN, Moved, NewAddress};
use crate::store::notices::NewNotice;
use crate::store::{Ledger, Store, StoreError};

/// What a move is recorded as in the consent ledger.
const MOVED_WORDING: &str = "받는 주소 변경 확인";

/// A reader and what this reader receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The person; has an address.
    pub person: Subscriber,
    /// Subscriptions that are active or paused.
    pub paces: Vec<Subscription>,
}

/// What is to become of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// So often, from now on.
    Often(Frequency),
    /// None until then.
    Pause(Rest),
}

/// How long a pause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Two weeks.
    TwoWeeks,
    /// One month.
    Month,
    /// Three months.
    ThreeMonths,
}

impl Rest {
    /// All of them, the shortest first.
    pub const ALL: [Rest; 3] = [Rest::TwoWeeks, Rest::Month, Rest::ThreeMonths];

    /// When a pause that begins at `now` ends.
    pub fn until(self, now: Instant) -> Instant {
        let later = |months| now.checked_add_months(Months::new(months)).unwrap_or(now);
        match self {
            Rest::TwoWeeks => now + chrono::Duration::weeks(2),
            Rest::Month => later(1),
            Rest::ThreeMonths => later(3),
        }
    }
}

/// The reader a link belongs to; none for a link that is not ours, or of somebody who left.
pub fn reader(store: &Store, keys: &[SecretKey], token: &str) -> Result<Option<Reader>, StoreError> {
    let (id, _) = token::open_or_nobody(keys, Purpose::Preferences, token);
    store.read(|ledger| known(ledger, id))
}

fn known(ledger: &Ledger<'_>, id: SubscriberId) -> Result<Option<Reader>, StoreError> {
    let person = ledger.subscriber(id)?.filter(|person| person.address.is_some());
    let Some(person) = person else { return Ok(None) };
    let paces = ledger.paces_of(id)?;
    Ok(if paces.is_empty() { None } else { Some(Reader { person, paces }) })
}

/// Sets the name and what is wanted of each digest; digests the reader does not have are left alone. False if the link is
/// nobody's; nothing was changed then. What is so already is not written.
pub fn save(
    store: &Store,
    keys: &[SecretKey],
    token: &str,
    name: Option<String>,
    wanted: Vec<(String, Wanted)>,
    now: Instant,
) -> Result<bool, StoreError> {
    let (id, _) = token::open_or_nobody(keys, Purpose::Preferences, token);
    store.write(move |ledger| {
        if known(ledger, id)?.is_none() {
            return Ok(false);
        }
        ledger.rename(id, name.as_deref())?;
        for (digest, wanted) in &wanted {
            match wanted {
                Wanted::Often(frequency) => {
                    ledger.set_frequency(id, digest, *frequency)?;
                    ledger.resume(id, digest, now)?
                }
                Wanted::Pause(rest) => ledger.pause(id, digest, rest.until(now), now)?,
            };
        }
        Ok(true)
    })
}

/// Notes a wish for a new address and queues the one mail to it, `mail` with its link, in the same transaction.
pub fn ask_new_address(
    deps: Deps<'_>,
    token: &str,
    address: EmailAddress,
    mail: Content,
    now: Instant,
) -> Result<NewAddress, StoreError> {
    let (subscriber, _) = token::open_or_nobody(deps.keys, Purpose::Preferences, token);
    let (Some(key), Some(signing)) = (SuppressionKey::of(deps.keys), deps.keys.first().cloned()) else {
        return Err(StoreError::Closed);
    };
    let (links, most_an_hour) = (deps.links.clone(), deps.most_an_hour);
    deps.store.write(move |ledger| {
        let asked = ledger.ask_new_address(subscriber, &address, most_an_hour, &key, now)?;
        if let NewAddress::Asked(change) = asked {
            let token = signing.numbered_token(Purpose::AddressChange, subscriber, change);
            let content = with_link(mail, &page_url(&links, "address", &token));
            ledger.queue_notice(&to(address, NoticeKind::AddressChange, subscriber, content, now))?;
        }
        Ok(asked)
    })
}

/// The new address a link is about; none where there is nothing to confirm.
pub fn new_address(
    store: &Store,
    keys: &[SecretKey],
    token: &str,
    now: Instant,
) -> Result<Option<EmailAddress>, StoreError> {
    let (subscriber, change) = token::open_or_nobody(keys, Purpose::AddressChange, token);
    store.read(|ledger| ledger.new_address(subscriber, change, now))
}

/// Moves a reader to the new address that was confirmed there, and tells the old one: `mail` with the link back. After a
/// move back there is no link of its own any more; it leads to the reader's page.
pub fn move_to(deps: Deps<'_>, token: &str, mail: Content, now: Instant) -> Result<Moved, StoreError> {
    let (subscriber, change) = token::open_or_nobody(deps.keys, Purpose::AddressChange, token);
    let (Some(key), Some(signing)) = (SuppressionKey::of(deps.keys), deps.keys.first().cloned()) else {
        return Err(StoreError::Closed);
    };
    let links = deps.links.clone();
    deps.store.write(move |ledger| {
        let moved = ledger.move_to(subscriber, change, MOVED_WORDING, &key, now)?;
        if let Moved::Done { from, back } = &moved {
            let (page, purpose, number) = match back {
                Some(change) => ("address", Purpose::AddressChange, *change),
                None => ("preferences", Purpose::Preferences, 0),
            };
            let token = signing.numbered_token(purpose, subscriber, number);
            let content = with_link(mail, &page_url(&links, page, &token));
            ledger.queue_notice(&to(from.clone(), NoticeKind::Moved, subscriber, content, now))?;
        }
        Ok(moved)
    })
}

/// A notice to an address that is not, or no longer, the reader's; forgotten as the change it is about.
fn to(
    address: EmailAddress,
    kind: NoticeKind,
    subscriber: SubscriberId,
    content: Content,
    now: Instant,
) -> NewNotice {
    let expires_at = Some(now + CHANGE_OPEN);
    NewNotice {
        kind,
        subscriber,
        digest: None,
        about: now,
        address: Some(address),
        content,
        at: now,
        expires_at,
    }
}
