//! Effect: an edition of which no copy has left, looked at again: posts that are gone, or that the operator takes out, leave it.

use std::fmt::Display;

use super::{Deps, Digest, PublishError, plan, render};
use crate::model::edition::{Content, Edition, EditionPost, EditionState};
use crate::model::{EditionId, PostId};
use crate::render::LetterInput;

/// What the last check before sending found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastCheck {
    /// Every post still stands.
    Unchanged,
    /// These titles were dropped; the edition was rendered and frozen anew.
    Dropped(Vec<String>),
    /// Too few posts would be left, as this reason says.
    Held(String),
    /// Posts are gone, but copies may have left already: all readers get the same letter.
    TooLate(Vec<String>),
}

/// The last check before an edition's first copy leaves: posts hidden or removed since it was frozen are dropped.
pub fn last_check<R, E>(deps: &Deps<'_, R>, id: EditionId) -> Result<LastCheck, PublishError>
where
    R: Fn(&LetterInput) -> Result<Content, E>,
    E: Display,
{
    let found = deps.store.read(|ledger| {
        let posts = ledger.edition_posts(id)?;
        let gone = ledger.posts_gone(posts.iter().map(|post| post.post))?;
        Ok((ledger.edition(id)?, posts, gone))
    })?;
    let (Some(edition), posts, gone) = found else { return Ok(LastCheck::Unchanged) };
    let open = matches!(edition.state, EditionState::Sending | EditionState::Paused);
    let Some(digest) = deps.digests.iter().find(|digest| digest.name == edition.digest) else {
        return Ok(LastCheck::Unchanged);
    };
    if gone.is_empty() || !open {
        return Ok(LastCheck::Unchanged);
    }
    Ok(match without(deps, digest, &edition, posts, &gone)? {
        LastCheck::Held(reason) => {
            let reason = format!("발행한 뒤 숨기거나 지운 글이 있어요. {reason}");
            let text = reason.clone();
            deps.store.write(move |ledger| ledger.pause_edition(id, &text).map(drop))?;
            LastCheck::Held(reason)
        }
        other => other,
    })
}

/// Drops posts from an edition of which no copy has left, as the operator who looks at it wants. Too few left: nothing
/// is changed.
pub fn drop_posts<R, E>(deps: &Deps<'_, R>, id: EditionId, drop: &[PostId]) -> Result<LastCheck, PublishError>
where
    R: Fn(&LetterInput) -> Result<Content, E>,
    E: Display,
{
    let found = deps.store.read(|ledger| Ok((ledger.edition(id)?, ledger.edition_posts(id)?)))?;
    let (Some(edition), posts) = found else { return Ok(LastCheck::Unchanged) };
    let digest = deps.digests.iter().find(|digest| digest.name == edition.digest);
    let Some(digest) = digest.filter(|_| edition.state == EditionState::Paused) else {
        return Ok(LastCheck::Unchanged);
    };
    if !posts.iter().any(|post| drop.contains(&post.post)) {
        return Ok(LastCheck::Unchanged);
    }
    without(deps, digest, &edition, posts, drop)
}

/// The edition rendered and frozen anew without these posts; nothing is written where too few are left.
fn without<R, E>(
    deps: &Deps<'_, R>,
    digest: &Digest,
    edition: &Edition,
    posts: Vec<EditionPost>,
    gone: &[PostId],
) -> Result<LastCheck, PublishError>
where
    R: Fn(&LetterInput) -> Result<Content, E>,
    E: Display,
{
    let id = edition.id;
    let (dropped, left): (Vec<EditionPost>, Vec<EditionPost>) =
        posts.into_iter().partition(|post| gone.contains(&post.post));
    let titles: Vec<String> = dropped.into_iter().map(|post| post.title).collect();
    if left.is_empty() || left.len() < digest.rules.min_posts {
        let least = digest.rules.min_posts.max(1);
        return Ok(LastCheck::Held(format!(
            "그 글을 빼면 {}편만 남아(최소 {least}편) 보내지 않고 멈췄어요.",
            left.len()
        )));
    }
    let left: Vec<EditionPost> =
        (0..).zip(left).map(|(position, post)| EditionPost { position, ..post }).collect();
    let letter =
        deps.store.read(|ledger| plan::letter_again(ledger, digest, deps.masthead, edition, &left))?;
    let content = render(deps, &letter)?;
    let renewed = deps.store.write(move |ledger| ledger.refreeze(id, &content, &left))?;
    Ok(if renewed { LastCheck::Dropped(titles) } else { LastCheck::TooLate(titles) })
}
