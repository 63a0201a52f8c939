//! Effect: what the law asks for on a day, counted from the configuration and the consent ledger. Counts and row numbers only.

use chrono::NaiveDate;
use serde::Serialize;

use crate::config::Config;
use crate::law::advertising_hints;
use crate::law::anniversary::{
    Standing, day_in_korea, is_pressing, result_last_day, result_notice, two_year_notice,
};
use crate::law::requirements::{Letterhead, Link, Requirement, Weight, lacking};
use crate::model::SubscriberId;
use crate::model::notice::NoticeKind;
use crate::store::consents::{Act, LiveConsent, PastConsent};
use crate::store::notices::Progress;
use crate::store::{Store, StoreError};

/// Readers named per line.
const SHOWN: usize = 20;

/// All that `moabom law` tells.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The day in Korea.
    pub(super) today: NaiveDate,
    pub(super) advertising: bool,
    /// Notices are sent by `run` and `deliver`.
    pub(super) sends_notices: bool,
    pub(super) missing: Vec<RequirementJson>,
    pub(super) advice: Vec<RequirementJson>,
    /// Subscriptions without a consent in the ledger (법 50조 1항).
    pub(super) unconsented: Tally,
    /// Result notices of consents (법 50조 7항).
    pub(super) consent_results: Notices,
    /// Result notices of withdrawals (법 50조 7항).
    pub(super) withdrawal_results: Notices,
    /// Two-year notices (법 50조 8항).
    pub(super) two_year: Notices,
}

/// A key that is missing, with its article.
#[derive(Debug, Serialize)]
pub(super) struct RequirementJson {
    pub(super) key: &'static str,
    pub(super) article: &'static str,
    pub(super) text: &'static str,
}

/// Notices of one kind.
#[derive(Debug, Default, Serialize)]
pub(super) struct Notices {
    /// To be given now.
    pub(super) due: Tally,
    /// Of these, with four days left or fewer.
    pub(super) pressing: u64,
    /// Their last day has passed.
    pub(super) overdue: Tally,
    /// Of both, those whose reader's address is erased.
    pub(super) unreachable: u64,
    /// Notices that were sent.
    pub(super) sent: u64,
    /// Notices on their way.
    pub(super) queued: u64,
    /// Notices that ended without being sent for certain.
    pub(super) unsent: u64,
    /// Acts that were written down here after their last day: whoever kept the list then had to tell.
    pub(super) before_us: u64,
}

/// How many, and whom.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tally {
    pub(super) count: u64,
    /// Row numbers of readers, the first few.
    pub(super) subscribers: Vec<i64>,
    /// There are more than these.
    pub(super) more: bool,
    /// The earliest last day among them.
    pub(super) last_day: Option<NaiveDate>,
}

impl Tally {
    fn add(&mut self, subscriber: SubscriberId, last_day: Option<NaiveDate>) {
        self.count += 1;
        // Rows come by reader: one with two digests is named once.
        if self.subscribers.last() != Some(&subscriber.0) {
            if self.subscribers.len() < SHOWN {
                self.subscribers.push(subscriber.0);
            } else {
                self.more = true;
            }
        }
        self.last_day = self.last_day.into_iter().chain(last_day).min();
    }
}

impl Notices {
    fn add(&mut self, subscriber: SubscriberId, standing: Standing, today: NaiveDate, erased: bool) {
        match standing {
            Standing::NotYet { .. } | Standing::Given => return,
            Standing::Due { last_day } => {
                self.due.add(subscriber, Some(last_day));
                self.pressing += u64::from(is_pressing(last_day, today));
            }
            Standing::Overdue { last_day } => self.overdue.add(subscriber, Some(last_day)),
        }
        self.unreachable += u64::from(erased);
    }

    fn add_result(&mut self, subscriber: SubscriberId, act: &Act, today: NaiveDate, erased: bool) {
        match result_standing(act, today) {
            Some(standing) => self.add(subscriber, standing, today, erased),
            None => self.before_us += 1,
        }
    }
}

/// How the result notice of an act stands. None: the act was written down here after its last day, so whoever kept the
/// list then had to tell.
pub(super) fn result_standing(act: &Act, today: NaiveDate) -> Option<Standing> {
    let acted = day_in_korea(act.at);
    let standing = result_notice(acted, act.told_at.map(day_in_korea), today);
    let overdue = matches!(standing, Standing::Overdue { .. });
    (!overdue || day_in_korea(act.recorded_at) <= result_last_day(acted)).then_some(standing)
}

impl Report {
    /// What `config` lacks. No reader is looked at.
    pub(super) fn of_config(config: &Config, today: NaiveDate) -> Report {
        let found = lacking(&letterhead(config));
        let of = |weight: Weight| {
            let found = found.iter().filter(move |found| found.weight == weight);
            found.map(requirement).collect()
        };
        Report {
            today,
            advertising: config.masthead.newsletter.advertising,
            sends_notices: config.law.notices,
            missing: of(Weight::Missing),
            advice: of(Weight::Advice),
            unconsented: Tally::default(),
            consent_results: Notices::default(),
            withdrawal_results: Notices::default(),
            two_year: Notices::default(),
        }
    }

    /// Counts what is due in the store.
    pub(super) fn count(&mut self, store: &Store) -> Result<(), StoreError> {
        store.read(|ledger| {
            ledger.each_live_consent(&mut |live| self.live(&live))?;
            ledger.each_withdrawal(&mut |past| self.past(&past))?;
            for (kind, progress) in ledger.notices_by_kind()? {
                self.progress(kind, progress);
            }
            Ok(())
        })
    }

    fn progress(&mut self, kind: NoticeKind, progress: Progress) {
        let notices = match kind {
            NoticeKind::Welcome => &mut self.consent_results,
            NoticeKind::Goodbye => &mut self.withdrawal_results,
            NoticeKind::Renewal => &mut self.two_year,
            // Asked for by the reader, not by the law.
            NoticeKind::Confirm | NoticeKind::AddressChange | NoticeKind::Moved => return,
        };
        let Progress { sent, queued, unsent } = progress;
        (notices.sent, notices.queued, notices.unsent) = (sent, queued, unsent);
    }

    fn live(&mut self, live: &LiveConsent) {
        let Some(act) = &live.consent else { return self.unconsented.add(live.subscriber, None) };
        self.consent_results.add_result(live.subscriber, act, self.today, false);
        let told = act.told_at.map(day_in_korea);
        let standing = two_year_notice(day_in_korea(act.at), told, self.today);
        self.two_year.add(live.subscriber, standing, self.today, false);
    }

    fn past(&mut self, past: &PastConsent) {
        self.withdrawal_results.add_result(past.subscriber, &past.withdrawal, self.today, past.erased);
    }

    /// How many things are missing or overdue.
    pub(super) fn failings(&self) -> u64 {
        let notices = [&self.consent_results, &self.withdrawal_results, &self.two_year];
        let overdue: u64 = notices.iter().map(|notices| notices.overdue.count).sum();
        self.missing.len() as u64 + self.unconsented.count + overdue
    }
}

fn requirement(found: &Requirement) -> RequirementJson {
    RequirementJson { key: found.key, article: found.article, text: found.text }
}

fn letterhead(config: &Config) -> Letterhead {
    let masthead = &config.masthead;
    let mut texts = config.digests.iter().map(|digest| &digest.subject).chain([&masthead.newsletter.title]);
    Letterhead {
        advertising: masthead.newsletter.advertising,
        phone: masthead.sender.phone.is_some(),
        address: masthead.sender.address.is_some(),
        link: match &config.links {
            Some(url) if url.scheme() == "https" => Link::Secure,
            Some(_) => Link::Plain,
            None => Link::None,
        },
        hints: texts.any(|text| !advertising_hints(text).is_empty()),
    }
}
