//! Effect: an edition at the operator's word: now, or as of an instant of the past.

use std::fmt::Display;

use super::{Deps, Outcome, PublishError, publish_slot};
use crate::clock::Instant;
use crate::model::edition::Content;
use crate::render::LetterInput;
use crate::schedule::Slot;

/// A slot by hand further back than this is a slip.
const OLDEST: chrono::Duration = chrono::Duration::days(366);

/// Publishes a digest by hand: a slot at `at`, as of then, or now.
pub fn publish_by_hand<R, E>(
    deps: &Deps<'_, R>,
    name: &str,
    at: Option<Instant>,
    now: Instant,
) -> Result<Outcome, PublishError>
where
    R: Fn(&LetterInput) -> Result<Content, E>,
    E: Display,
{
    let Some(digest) = deps.digests.iter().find(|digest| digest.name == name) else {
        let known = deps.digests.iter().map(|digest| digest.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(PublishError::UnknownDigest { name: name.to_owned(), known });
    };
    let at = at.unwrap_or(now);
    if at > now {
        return Err(PublishError::Future);
    }
    if at < now - OLDEST {
        return Err(PublishError::Ancient);
    }
    let (taken, last) = deps.store.read(|ledger| {
        Ok((ledger.edition_of_slot(name, at)?, ledger.last_published(name, Instant::MAX_UTC)?))
    })?;
    if let Some((edition, number)) = taken {
        return Ok(Outcome::Already { digest: name.to_owned(), edition, number });
    }
    if let Some(last) = last.filter(|last| at < last.cutoff_at) {
        return Err(PublishError::BeforeLast { number: last.number });
    }
    // Who publishes by hand is looking.
    publish_slot(deps, digest, Slot { at, late: false }, None, at, now)
}
