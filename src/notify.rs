//! Effect: the step that tells what the law wants told: the result of a consent or a withdrawal, and every two years
//! that a consent stands. It writes notices and queues them; the sending step sends them.
//!
//! A person who withdrew stays in the store until the notice has ended, at most for a set time, and is erased then.

use chrono::{NaiveDate, NaiveTime};

use crate::clock::Instant;
use crate::law::anniversary::{Standing, day_in_korea, result_notice, two_year_notice};
use crate::model::notice::NoticeKind;
use crate::model::{SubscriberId, Titles};
use crate::render::notice::NoticeRenderer;
use crate::store::consents::LiveConsent;
use crate::store::notices::{Leaving, NewNotice};
use crate::store::suppressions::Farewell;
use crate::store::{Store, StoreError};

/// People looked at, and notices written, in one transaction.
const BATCH: usize = 200;

/// Notices about consents queued in one run: the next one goes on.
const MOST: usize = 10_000;

/// Nobody who withdrew stays longer than this.
const LONGEST: chrono::Duration = chrono::Duration::days(14);

/// `[law]`, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether notices are sent. Without them who withdraws is erased at once.
    pub notices: bool,
    /// How long a person who withdrew stays at most, from the notice on.
    pub erase_after: chrono::Duration,
    /// More than one digest is configured: notices name theirs.
    pub names_digests: bool,
}

impl Settings {
    /// What follows for who withdraws.
    pub fn farewell(self) -> Farewell {
        if self.notices { Farewell::Told } else { Farewell::Untold }
    }
}

/// What the step works with.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    /// The store.
    pub store: &'a Store,
    /// The notices' words.
    pub notices: &'a NoticeRenderer,
    /// What readers call the digests.
    pub titles: &'a Titles,
    /// How it behaves.
    pub settings: Settings,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Notices queued.
    pub queued: u64,
    /// People erased.
    pub erased: u64,
}

/// Why a run broke off. What was queued before stays queued.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The notice cannot be drawn: a fault of ours.
    #[error("법이 정한 통지를 그리지 못했어요: {0}")]
    Render(String),
}

/// Queues what is due at `now` and erases who was told. Repeating it does nothing new: each act is told of once.
pub fn run_once(deps: Deps<'_>, now: Instant) -> Result<Report, NotifyError> {
    let mut report = farewells(deps, now)?;
    if !deps.settings.notices {
        return Ok(report);
    }
    report.queued += consents(deps, now)?;
    Ok(report)
}

/// Tells those who withdrew, and sees off those who were told: cheap, so that it can be done at every turn.
pub fn farewells(deps: Deps<'_>, now: Instant) -> Result<Report, NotifyError> {
    let (mut report, mut after) = (Report::default(), SubscriberId(0));
    loop {
        let leaving = deps.store.read(|ledger| ledger.leaving(after, BATCH))?;
        let Some(last) = leaving.last() else { return Ok(report) };
        after = last.subscriber;
        let mut goodbyes = Vec::new();
        for one in
            leaving.iter().filter(|one| one.noticed_at.is_none() && !one.back && !is_over(deps, one, now))
        {
            goodbyes.push(notice(deps, NoticeKind::Goodbye, one.subscriber, None, one.since, now)?);
        }
        let done: Vec<SubscriberId> = leaving
            .iter()
            .filter(|one| one.ended || one.back || is_over(deps, one, now))
            .map(|one| one.subscriber)
            .collect();
        if goodbyes.is_empty() && done.is_empty() {
            continue;
        }
        let (queued, erased) = deps.store.write(move |ledger| {
            let (mut queued, mut erased) = (0, 0);
            for goodbye in goodbyes.iter().flatten() {
                queued += u64::from(ledger.queue_notice(goodbye)?.is_some());
            }
            for id in done {
                erased += u64::from(ledger.see_off(id, now)?);
            }
            Ok((queued, erased))
        })?;
        report.queued += queued;
        report.erased += erased;
    }
}

/// Whether a person is to stay no longer. One who could not be told yet, since nothing ran, is told first; but the readers'
/// pages promise that 14 days after the withdrawal nobody is here, told or not.
fn is_over(deps: Deps<'_>, leaving: &Leaving, now: Instant) -> bool {
    let waited = leaving.noticed_at.is_some_and(|at| now - at >= deps.settings.erase_after);
    !deps.settings.notices || waited || now - leaving.since > LONGEST
}

/// A notice that is due, before it is drawn.
struct Due {
    kind: NoticeKind,
    subscriber: SubscriberId,
    digest: String,
    /// The consent.
    consented: Instant,
    /// What makes this notice one of its own.
    about: Instant,
}

/// Looks at every consent that letters rest on.
fn consents(deps: Deps<'_>, now: Instant) -> Result<u64, NotifyError> {
    let today = day_in_korea(now);
    let mut queued = 0;
    let due = deps.store.read(|ledger| {
        let (mut due, mut failed) = (Vec::new(), None);
        ledger.each_live_consent(&mut |live| {
            for one in due_of(&live, today) {
                match ledger.is_told_of(one.kind, one.subscriber, Some(&one.digest), one.about) {
                    Ok(false) if due.len() < MOST => due.push(one),
                    // What was told of is on its way.
                    Ok(_) => {}
                    Err(error) => failed = Some(error),
                }
            }
        })?;
        failed.map_or(Ok(due), Err)
    })?;
    for part in due.chunks(BATCH) {
        let mut fresh = Vec::new();
        for one in part {
            let digest = deps.settings.names_digests.then(|| deps.titles.of(&one.digest));
            let drawn = notice(deps, one.kind, one.subscriber, digest, one.consented, now)?;
            fresh.extend(drawn.map(|drawn| NewNotice {
                digest: Some(one.digest.clone()),
                about: one.about,
                ..drawn
            }));
        }
        queued += deps.store.write(move |ledger| {
            fresh.iter().try_fold(0, |sum, new| Ok(sum + u64::from(ledger.queue_notice(new)?.is_some())))
        })?;
    }
    Ok(queued)
}

/// What the law wants told about a consent today. One whose 14 days were over before it was written down here was told
/// of, or not, by whoever kept the list then.
fn due_of(live: &LiveConsent, today: NaiveDate) -> Vec<Due> {
    let Some(act) = &live.consent else { return vec![] };
    let (acted, told) = (day_in_korea(act.at), act.told_at.map(day_in_korea));
    let due = |kind, about| Due {
        kind,
        subscriber: live.subscriber,
        digest: live.digest.clone(),
        consented: act.at,
        about,
    };
    let recorded = result_notice(acted, None, day_in_korea(act.recorded_at));
    let mut found = Vec::new();
    if matches!(recorded, Standing::Due { .. })
        && !matches!(result_notice(acted, told, today), Standing::Given)
    {
        found.push(due(NoticeKind::Welcome, act.at));
    }
    if let Standing::Due { last_day } | Standing::Overdue { last_day } = two_year_notice(acted, told, today) {
        found.push(due(NoticeKind::Renewal, last_day.and_time(NaiveTime::MIN).and_utc()));
    }
    found
}

/// A drawn notice about an act of `at`; it is about that instant unless its caller says otherwise.
fn notice(
    deps: Deps<'_>,
    kind: NoticeKind,
    subscriber: SubscriberId,
    digest: Option<&str>,
    at: Instant,
    now: Instant,
) -> Result<Option<NewNotice>, NotifyError> {
    let content = deps.notices.render(kind, day_in_korea(at), digest);
    let content = content.map_err(|error| NotifyError::Render(error.to_string()))?;
    Ok(content.map(|content| NewNotice {
        kind,
        subscriber,
        digest: None,
        about: at,
        address: None,
        content,
        at: now,
        expires_at: None,
    }))
}
