//! Effect: what a transaction's end means for its row, its edition, its destination and the way to the relay.

use super::breaker::{DESTINATION, Retry};
use super::window::{Proof, Window};
use super::{Shared, later};
use crate::clock::Instant;
use crate::model::EditionId;
use crate::model::delivery::Stage;
use crate::model::notice::Mailing;
use crate::model::reply::{Cause, Reply};
use crate::retry::{self, NextStep, Scope, Step, Verdict};
use crate::smtp::{Failure, RelaySettings};
use crate::store::breakers::Breaker;
use crate::store::deliveries::{Claimed, Ending, Finished};

/// What is held or freed along with a row's result, in the same commit.
#[derive(Clone, Debug)]
pub(super) enum Hold {
    /// Pause this edition, for this reason.
    Edition(EditionId, String),
    /// Open this breaker.
    Open(Breaker),
    /// Close that breaker.
    Close(String),
}

/// A transaction's end, judged.
pub(super) struct Ruling {
    pub(super) finished: Finished,
    pub(super) holds: Vec<Hold>,
}

/// Refused for good: by its end, or by a code that names no passing trouble as a full mailbox or a system that is down.
fn is_refusal(step: Step, reply: Option<&Reply>) -> bool {
    let passing = |reply: &Reply| {
        let code = reply.enhanced.map(|enhanced| (enhanced.subject, enhanced.detail));
        reply.code == 552 || matches!(code, Some((2, 2) | (3 | 4, _)))
    };
    matches!(step, Step::HardBounce | Step::SoftBounce | Step::Unsubscribe)
        || reply.is_some_and(|reply| reply.is_permanent() && !passing(reply))
}

pub(super) fn judged(failure: &Failure) -> Verdict {
    retry::classify(failure.stage, failure.reply.as_ref(), failure.cause)
}

fn is_before_mail(stage: Stage) -> bool {
    matches!(stage, Stage::Connect | Stage::Ehlo | Stage::Tls | Stage::Auth)
}

impl Shared {
    pub(super) fn finished(
        &self,
        row: &Claimed,
        started_at: Instant,
        stage: Stage,
        reply: String,
        ending: Ending,
    ) -> Finished {
        Finished {
            id: row.id,
            mailing: row.mailing,
            subscriber: row.subscriber,
            hash: row.hash,
            epoch: self.epoch,
            started_at,
            // The clock may have been set back meanwhile.
            ended_at: self.clock.now().max(started_at),
            stage,
            reply,
            ending,
            unknown: self.deps.settings.unknown,
        }
    }

    /// The relay took the message.
    pub(super) fn sent(&self, row: &Claimed, started_at: Instant, reply: &Reply) -> Ruling {
        let destination = retry::destination(row.address.domain());
        if self.site.borrow_mut().worked() {
            self.changed.notify_waiters();
        }
        let healed = self.breakers.borrow_mut().heal(destination, self.clock.now());
        self.count(row, false, false);
        self.end_canary(row, Proof::Taken);
        let line = reply.line(&row.address);
        let finished = self.finished(row, started_at, Stage::Dot, line, Ending::Sent);
        Ruling { finished, holds: healed.into_iter().map(Hold::Close).collect() }
    }

    /// No transaction took place: the row ends or goes back, without an attempt.
    pub(super) fn untried(&self, row: &Claimed, started_at: Instant, ending: Ending, why: &str) -> Ruling {
        self.end_canary(row, Proof::None);
        let finished = self.finished(row, started_at, Stage::Mail, why.to_owned(), ending);
        Ruling { finished, holds: vec![] }
    }

    /// The edition's letter cannot be made: it is held, the row goes back. A notice that cannot be made ends.
    pub(super) fn no_letter(&self, row: &Claimed, started_at: Instant, why: &str) -> Ruling {
        let Some(edition) = row.mailing.edition() else {
            return self.untried(row, started_at, Ending::Expired, &format!("메일을 만들지 못했어요: {why}"));
        };
        let ruling = self.untried(row, started_at, Ending::Released, "");
        let reason = format!("메일을 만들지 못해 멈췄어요: {why}");
        let holds = self.hold_edition(edition, reason).into_iter().collect();
        Ruling { holds, ..ruling }
    }

    /// A stage failed.
    pub(super) fn failed(&self, row: &Claimed, started_at: Instant, failure: &Failure) -> Ruling {
        let said = failure.reply.as_ref();
        let line = said.map_or_else(|| failure.cause.korean().to_owned(), |reply| reply.line(&row.address));
        let now = self.clock.now();
        if failure.after_last_byte {
            let holds = self.site_failed(
                format!("메일을 다 보내고도 답을 받지 못해 잠시 쉬어요: {line}. 받았을 수 있는 메일은 `deliveries list --state unknown`으로 볼 수 있어요"),
                now,
            );
            self.end_canary(row, Proof::None);
            self.changed.notify_waiters();
            let finished = self.finished(row, started_at, failure.stage, line, Ending::Unknown);
            return Ruling { finished, holds: holds.into_iter().collect() };
        }
        let verdict = judged(failure);
        let hold = self.hold(row, failure, verdict, &line, now);
        // A refusal that holds nothing back is repeated by the usual schedule, or it would be every few minutes.
        let unheld = verdict.step == Step::Pause && hold.is_none();
        let ending = ending(row, verdict, unheld, now);
        let theirs = matches!(verdict.scope, Scope::Recipient | Scope::Destination);
        let own = theirs && !is_before_mail(failure.stage);
        self.end_canary(row, if own { Proof::Refused } else { Proof::None });
        self.changed.notify_waiters();
        let finished = self.finished(row, started_at, failure.stage, line, ending);
        Ruling { finished, holds: hold.into_iter().collect() }
    }

    /// Whether the relay only takes no further session, that of this seat, besides those that are open.
    pub(super) fn is_one_too_many(&self, seat: u64, failure: &Failure, verdict: Verdict) -> bool {
        let asked = is_before_mail(failure.stage) && verdict.step == Step::SlowDown;
        asked && self.site.borrow_mut().turned_away(seat)
    }

    fn hold(
        &self,
        row: &Claimed,
        failure: &Failure,
        verdict: Verdict,
        line: &str,
        now: Instant,
    ) -> Option<Hold> {
        let early = is_before_mail(failure.stage);
        match (verdict.step, verdict.scope) {
            (Step::PauseAll, _) => self.hold_site(
                "auth",
                Retry::ByHand,
                format!("릴레이가 로그인을 받아 주지 않아 모든 발송을 멈췄어요: {line}. [smtp]의 user와 비밀번호를 고친 뒤 {TRY_AGAIN}"),
                now,
            ),
            (Step::Pause, _) if early => self.hold_site(
                "relay",
                Retry::ByHand,
                format!("릴레이가 이 서버를 막아 모든 발송을 멈췄어요: {line}. 릴레이 운영자에게 확인한 뒤 {TRY_AGAIN}"),
                now,
            ),
            (Step::SlowDown, _) if failure.stage == Stage::Rcpt => self.hold_destination(row, line, now),
            (Step::SlowDown, _) if !early => {
                let reason = format!("릴레이가 천천히 보내라고 해 잠시 쉬어요: {line}");
                self.hold_site("relay", Retry::Later, reason, now)
            }
            (Step::DeferUncharged, Scope::Destination) if !early => self.hold_destination(row, line, now),
            (Step::SlowDown | Step::DeferUncharged, _) => self
                .site_failed(format!("거듭 보내지 못해 잠시 쉬어요: {line}. {}", remedy(failure)), now),
            (step, scope) => row.mailing.edition().and_then(|edition| {
                if step == Step::Pause {
                    return self.hold_for_refusal(edition, row, failure, scope, line);
                }
                let why = self.count(row, is_refusal(step, failure.reply.as_ref()), false);
                why.and_then(|why| self.hold_edition(edition, advice(&why, line)))
            }),
        }
    }

    /// Counts a row's first result among its edition's. Says, in Korean, why the edition is to be held, if so.
    fn count(&self, row: &Claimed, refused: bool, of_sender: bool) -> Option<String> {
        if row.first_tried_at.is_some() {
            return None;
        }
        self.with_window(row.mailing, |window| window.add(refused, of_sender)).flatten()
    }

    /// A refusal of the sender or the letter. At RCPT it may still be one destination's mood: three of them, or the
    /// first row's, hold the edition; at other stages one does. Of an edition that others have got, a row that comes
    /// again speaks for itself alone.
    fn hold_for_refusal(
        &self,
        edition: EditionId,
        row: &Claimed,
        failure: &Failure,
        scope: Scope,
        line: &str,
    ) -> Option<Hold> {
        let permanent = failure.reply.as_ref().is_some_and(Reply::is_permanent);
        let proved = self.with_window(row.mailing, |window| window.proved).unwrap_or_default();
        let alone = failure.stage == Stage::Rcpt || row.first_tried_at.is_some();
        let why = match (self.count(row, permanent, true), scope) {
            (Some(why), _) => why,
            (None, _) if proved && alone => return None,
            (None, Scope::Letter) => "릴레이가 이 메일의 내용이나 크기를 받아 주지 않아 멈췄어요".to_owned(),
            (None, _) => "릴레이가 발신자나 발송 방식을 받아 주지 않아 멈췄어요".to_owned(),
        };
        self.hold_edition(edition, advice(&why, line))
    }

    /// None: the run has paused it already.
    fn hold_edition(&self, edition: EditionId, reason: String) -> Option<Hold> {
        self.with_window(Mailing::Edition(edition), Window::rule_pause).filter(|ruled| *ruled)?;
        self.report.borrow_mut().held.push(reason.clone());
        Some(Hold::Edition(edition, reason))
    }

    /// The way to the relay failed: held when it does so often.
    fn site_failed(&self, how: String, now: Instant) -> Option<Hold> {
        let half_open = self.breakers.borrow().is_half_open();
        let often = self.site.borrow_mut().failed(half_open);
        let RelaySettings { host, port, .. } = &self.deps.relay;
        often
            .then(|| self.hold_site("relay", Retry::Later, format!("릴레이 {host}:{port}에 {how}"), now))
            .flatten()
    }

    fn hold_site(&self, name: &str, retry: Retry, reason: String, now: Instant) -> Option<Hold> {
        let mut site = self.site.borrow_mut();
        site.held.get_or_insert_with(|| reason.clone());
        self.changed.notify_waiters();
        self.breakers.borrow_mut().open(name, retry, reason, now).map(Hold::Open)
    }

    fn hold_destination(&self, row: &Claimed, line: &str, now: Instant) -> Option<Hold> {
        let destination = retry::destination(row.address.domain());
        let reason = format!("{destination} 쪽에서 나중에 보내라고 해 잠시 쉬어요: {line}");
        let name = format!("{DESTINATION}{destination}");
        let breaker = self.breakers.borrow_mut().open(&name, Retry::Later, reason.clone(), now)?;
        self.report.borrow_mut().held.push(reason);
        self.changed.notify_waiters();
        Some(Hold::Open(breaker))
    }
}

fn ending(row: &Claimed, verdict: Verdict, unheld: bool, now: Instant) -> Ending {
    let age = row.first_tried_at.map_or(0, |first| (now - first).num_milliseconds());
    let age = std::time::Duration::from_millis(u64::try_from(age).unwrap_or(0));
    match retry::next(verdict, row.attempts, age, row.id.0) {
        NextStep::Defer { after, charged } => {
            Ending::Deferred { due_at: later(now, after), charged: charged || unheld }
        }
        NextStep::Bounce { hard } => Ending::Bounced { hard },
        NextStep::Unsubscribe => Ending::Unsubscribed,
        NextStep::Expire => Ending::Expired,
    }
}

fn advice(why: &str, line: &str) -> String {
    format!("{why}. 릴레이의 답: {line}. 원인을 고친 뒤 `editions resume`으로 이어 보내세요")
}

/// How what waits for a person is tried again.
const TRY_AGAIN: &str = "`deliver`를 실행하세요. `run`이 돌고 있으면 대신 `systemctl reload moabom`(SIGHUP)으로 설정을 다시 읽게 하거나 다시 시작하세요";

/// What the operator can look at, by how far the way to the relay went.
fn remedy(failure: &Failure) -> &'static str {
    match (failure.stage, failure.cause) {
        (Stage::Connect, Cause::Io | Cause::Timeout) => {
            "[smtp] host와 port가 맞는지, 릴레이가 켜져 있고 방화벽이 막지 않는지 확인하세요"
        }
        (Stage::Tls, _) | (_, Cause::Tls) => {
            "[smtp] tls가 릴레이의 방식(starttls나 implicit)과 맞는지, 인증서의 이름과 기한이 맞는지 확인하세요. 릴레이가 스스로 만든 인증서라면 ca_file에 적으세요"
        }
        (_, Cause::Protocol) => "그 포트에 SMTP 서버가 있는지, [smtp] tls가 맞는지 확인하세요",
        _ => {
            "잠시 뒤 저절로 다시 해 봐요. 바로 하려면 `deliver`를 실행하거나, `run`이 돌고 있으면 SIGHUP을 보내세요"
        }
    }
}
