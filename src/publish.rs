//! Effect: the step that freezes an edition: due slot → selection → letter → edition and deliveries, one transaction.
//!
//! Rendering comes before the transaction; inside it slot, number and the chosen posts are checked once more, so of two
//! publishers at once one wins and the other sees it. Nothing is written if rendering fails.

mod again;
mod by_hand;
mod outcome;
mod plan;

pub use again::{LastCheck, drop_posts, last_check};
pub use by_hand::publish_by_hand;
pub use outcome::{Outcome, PublishError};
pub use plan::{Plan, plan};

use std::fmt::Display;

use chrono::Duration;
use url::Url;

use crate::clock::Instant;
use crate::model::Sender;
use crate::model::edition::{Content, Silence};
use crate::render::{LetterInput, Newsletter};
use crate::schedule::{CLOCK_TOLERANCE, Due, Schedule, Slot};
use crate::select::{Rules, Verdict};
use crate::store::editions::{Audience, Freeze, NewEdition};
use crate::store::{Store, StoreError};

/// Plans that may come to nothing, because the store changed under them, before the step gives up.
const TRIES: usize = 5;

/// One `[[digest]]`, checked.
#[derive(Clone, Debug)]
pub struct Digest {
    /// Its name in tables and on the command line.
    pub name: String,
    /// When it falls due.
    pub schedule: Schedule,
    /// Subject template.
    pub subject: String,
    /// How it chooses.
    pub rules: Rules,
    /// A slot missed by more than this is not made up for.
    pub max_late: Duration,
    /// The digest whose monthly readers receive this one; it has no readers of its own.
    pub best_of: Option<String>,
    /// Whether the operator looks at each edition before it leaves.
    pub approval: Option<Approval>,
}

/// The operator's look at an edition: it is frozen and held this long before its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approval {
    /// How long before.
    pub ahead: Duration,
    /// What becomes of it if the operator says nothing.
    pub silence: Silence,
}

impl Digest {
    /// How long before its slot an edition is frozen: one that the operator looks at first is made ready that much earlier.
    pub fn ahead(&self) -> Duration {
        self.approval.map_or(Duration::zero(), |approval| approval.ahead)
    }

    /// Who receives it, where `digests` are all there are. Without an edition of their own, monthly readers receive all:
    /// nobody stays without letters because the configuration changed.
    fn audience(&self, digests: &[Digest]) -> Audience {
        match &self.best_of {
            Some(digest) => Audience::MonthlyOf(digest.clone()),
            None if digests.iter().any(|other| other.best_of.as_ref() == Some(&self.name)) => {
                Audience::EveryTime
            }
            None => Audience::All,
        }
    }
}

/// What stands on every letter.
#[derive(Clone, Debug)]
pub struct Masthead {
    /// `[newsletter]`.
    pub newsletter: Newsletter,
    /// `[sender]`.
    pub sender: Sender,
    /// What the address of a letter in the archive starts with; none where readers have no web page.
    pub links: Option<Url>,
}

/// What the step needs. `render` turns a letter into content; it is the renderer's only door here.
pub struct Deps<'a, R> {
    /// The store.
    pub store: &'a Store,
    /// What stands on every letter.
    pub masthead: &'a Masthead,
    /// The digests.
    pub digests: &'a [Digest],
    /// Letter → content.
    pub render: R,
}

/// Publishes what is due at `now`, digest by digest, and records what was missed; decides about editions whose operator
/// had time to look. Fails only where the store does.
pub fn run_once<R, E>(deps: &Deps<'_, R>, now: Instant) -> Result<Vec<Outcome>, PublishError>
where
    R: Fn(&LetterInput) -> Result<Content, E>,
    E: Display,
{
    deps.store.write(move |ledger| ledger.decide_approvals(now))?;
    let mut outcomes = Vec::new();
    for digest in deps.digests {
        match run_digest(deps, digest, now, &mut outcomes) {
            Ok(()) => {}
            Err(error @ PublishError::Store(_)) => return Err(error),
            Err(error) => outcomes.push(Outcome::Failed { digest: digest.name.clone(), error }),
        }
    }
    Ok(outcomes)
}

fn run_digest<R, E>(
    deps: &Deps<'_, R>,
    digest: &Digest,
    now: Instant,
    outcomes: &mut Vec<Outcome>,
) -> Result<(), PublishError>
where
    R: Fn(&LetterInput) -> Result<Content, E>,
    E: Display,
{
    let since = in_force_since(deps.store, digest, now)?;
    let mut due = due(deps.store, digest, since, now)?;
    if due.clock_behind.is_some() && take_back_skips(deps.store, digest, now)? {
        due = self::due(deps.store, digest, since, now)?;
    }
    if let Some(behind) = due.clock_behind {
        let minutes = behind.num_minutes();
        return Err(PublishError::ClockBehind { digest: digest.name.clone(), minutes });
    }
    if due.publish.is_none() && due.skipped.is_empty() {
        outcomes.push(Outcome::NotDue { digest: digest.name.clone(), next: digest.schedule.next_after(now) });
        return Ok(());
    }
    if !due.skipped.is_empty() {
        let (name, skipped) = (digest.name.clone(), due.skipped.clone());
        deps.store.write(move |ledger| {
            skipped
                .iter()
                .try_for_each(|skip| ledger.record_skip(&name, skip.at, &skip.reason, now).map(drop))
        })?;
        outcomes.extend(due.skipped.into_iter().map(|skip| Outcome::Skipped {
            digest: digest.name.clone(),
            slot_at: skip.at,
            reason: skip.reason,
        }));
    }
    if let Some(slot) = due.publish {
        outcomes.push(publish_slot(deps, digest, slot, digest.approval, now, now)?);
    }
    Ok(())
}

fn due(store: &Store, digest: &Digest, since: Instant, now: Instant) -> Result<Due, StoreError> {
    let last = store.read(|ledger| ledger.last_slot(&digest.name))?;
    Ok(digest.schedule.due_ahead(last, since, now, digest.max_late, digest.ahead()))
}

/// A clock that was ahead for a while, and recorded nothing but skips, does not bar what is still to come.
fn take_back_skips(store: &Store, digest: &Digest, now: Instant) -> Result<bool, StoreError> {
    let (name, present) = (digest.name.clone(), now + CLOCK_TOLERANCE);
    Ok(store.write(move |ledger| ledger.take_back_skips_after(&name, present))? > 0)
}

/// Since when the digest has its present schedule; from now on, if the store knows another, or had it from a clock that
/// was ahead. So neither a first start nor a changed schedule publishes for slots of the past.
fn in_force_since(store: &Store, digest: &Digest, now: Instant) -> Result<Instant, StoreError> {
    let text = format!("{} {}", digest.schedule.text(), digest.schedule.zone());
    let known = store.read(|ledger| ledger.schedule_in_force_since(&digest.name, &text))?;
    if let Some(since) = known.filter(|since| *since <= now + CLOCK_TOLERANCE) {
        return Ok(since);
    }
    let name = digest.name.clone();
    store.write(move |ledger| ledger.put_schedule_in_force(&name, &text, now))?;
    Ok(now)
}

/// Plans as of `cutoff`, renders, freezes; again where the store changed in between.
fn publish_slot<R, E>(
    deps: &Deps<'_, R>,
    digest: &Digest,
    slot: Slot,
    approval: Option<Approval>,
    cutoff: Instant,
    now: Instant,
) -> Result<Outcome, PublishError>
where
    R: Fn(&LetterInput) -> Result<Content, E>,
    E: Display,
{
    for _ in 0..TRIES {
        let plan = deps.store.read(|ledger| plan(ledger, digest, deps.masthead, slot.at, cutoff))?;
        if let Verdict::Skip { reason } = plan.selection.verdict {
            return Ok(skip(deps.store, digest, slot.at, reason, now)?);
        }
        let content = render(deps, &plan.letter)?;
        let new = NewEdition {
            digest: digest.name.clone(),
            number: plan.number,
            slot_at: slot.at,
            cutoff_at: cutoff,
            frozen_at: now,
            content,
            posts: plan.edition_posts(),
        };
        let (max_late, audience) = (digest.max_late, digest.audience(deps.digests));
        let frozen = deps.store.write(move |ledger| {
            let frozen = ledger.freeze_for(&new, &audience)?;
            if let (Freeze::Frozen { edition, .. }, Some(approval)) = (&frozen, approval) {
                // A slot already past leaves the operator as long as one in time.
                let decide_at = if slot.at > now { slot.at } else { now + approval.ahead };
                ledger.hold_for_approval(*edition, decide_at, decide_at + max_late, approval.silence)?;
            }
            Ok(frozen)
        })?;
        match frozen {
            Freeze::Frozen { edition, recipients } => {
                return Ok(Outcome::Published {
                    digest: digest.name.clone(),
                    edition,
                    number: plan.number,
                    slot_at: slot.at,
                    recipients,
                    late: slot.late,
                });
            }
            Freeze::SlotTaken { edition, number } => {
                return Ok(Outcome::Already { digest: digest.name.clone(), edition, number });
            }
            Freeze::NoAudience => {
                let reason = "받을 구독자가 아직 없어 이번 호를 건너뛰어요.".to_owned();
                return Ok(skip(deps.store, digest, slot.at, reason, now)?);
            }
            Freeze::NumberTaken | Freeze::PostsGone(_) => {}
        }
    }
    Err(PublishError::Unsettled { digest: digest.name.clone() })
}

fn render<R, E>(deps: &Deps<'_, R>, letter: &LetterInput) -> Result<Content, PublishError>
where
    R: Fn(&LetterInput) -> Result<Content, E>,
    E: Display,
{
    (deps.render)(letter).map_err(|cause| PublishError::Render {
        digest: letter.digest.clone(),
        number: letter.number,
        cause: cause.to_string(),
    })
}

fn skip(
    store: &Store,
    digest: &Digest,
    slot_at: Instant,
    reason: String,
    now: Instant,
) -> Result<Outcome, StoreError> {
    let (name, text) = (digest.name.clone(), reason.clone());
    let taken = store.write(move |ledger| {
        let recorded = ledger.record_skip(&name, slot_at, &text, now)?;
        if recorded { Ok(None) } else { ledger.edition_of_slot(&name, slot_at) }
    })?;
    let digest = digest.name.clone();
    Ok(match taken {
        None => Outcome::Skipped { digest, slot_at, reason },
        Some((edition, number)) => Outcome::Already { digest, edition, number },
    })
}
