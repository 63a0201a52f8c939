//! Pure: stage, codes and text of a refusal → whose fault it is and what follows. Scope first, then code, then text.
//!
//! The stage decides who can be meant: nothing said before RCPT is about a reader, and at DATA or the dot a refusal is
//! about the letter or its sender. Only RCPT, by a fitting enhanced code that the text does not contradict, ends an
//! address. A reply of policy kind (x.7.x) never does, whatever else it says.
//!
//! The errors are not equal. A living reader bounced or withdrawn for another's fault is lost; a dead one put off costs a
//! few tries. So before a reader is blamed, everyone else is asked after: us ([`of_us`]), a disturbance, a full mailbox.

use super::words::{Topics, topics};
use super::{Scope, Step, Verdict};
use crate::model::delivery::Stage;
use crate::model::reply::{Cause, Enhanced, Reply};

/// Judges the failure of a stage. Not for what may have been accepted: that is `unknown`, not refused.
pub fn classify(stage: Stage, reply: Option<&Reply>, cause: Cause) -> Verdict {
    let refusal = reply.filter(|reply| reply.is_transient() || reply.is_permanent());
    let Some(reply) = refusal else { return without_reply(stage, cause) };
    let said = Said { topics: topics(&reply.text), code: reply.code, enhanced: reply.enhanced };
    if is_of_login(reply.code) && stage != Stage::Rcpt {
        return verdict(Scope::Sender, Step::PauseAll);
    }
    match stage {
        Stage::Connect | Stage::Ehlo | Stage::Tls => at_connect(&said),
        Stage::Auth if reply.is_permanent() => verdict(Scope::Sender, Step::PauseAll),
        Stage::Auth => verdict(Scope::Relay, Step::DeferUncharged),
        Stage::Mail => at_mail(&said),
        Stage::Rcpt => at_rcpt(&said),
        Stage::Data | Stage::Body | Stage::Dot => at_dot(&said),
    }
}

struct Said {
    topics: Topics,
    code: u16,
    enhanced: Option<Enhanced>,
}

impl Said {
    fn permanent(&self) -> bool {
        self.code >= 500
    }

    /// Subject and detail, where the enhanced code's class agrees with the basic code.
    fn subject(&self) -> Option<(u16, u16)> {
        let enhanced = self.enhanced?;
        (u16::from(enhanced.class) == self.code / 100).then_some((enhanced.subject, enhanced.detail))
    }

    /// Of policy kind by its code, whether or not the classes agree; or one that asks for a login (RFC 4954).
    fn is_policy_code(&self) -> bool {
        is_of_login(self.code) || self.enhanced.is_some_and(|enhanced| enhanced.subject == 7)
    }

    /// Our address or its domain, whatever the text says besides.
    fn is_bad_sender(&self) -> bool {
        matches!(self.subject(), Some((1, 7 | 8)))
    }

    /// The reader's own wish: in words, and under a code that does not speak of room, size, systems or routes.
    fn is_readers_wish(&self) -> bool {
        let fits = matches!(self.subject(), None | Some((0 | 5 | 7, _) | (1, 0..=6) | (2, 0 | 1)));
        self.permanent() && self.topics.reader_refuses && fits
    }

    /// The sender's doing: hold, or go slower where the relay only asks for patience.
    fn sender(&self) -> Verdict {
        verdict(Scope::Sender, if self.permanent() { Step::Pause } else { Step::SlowDown })
    }
}

fn is_of_login(code: u16) -> bool {
    matches!(code, 530 | 534 | 535 | 538)
}

fn verdict(scope: Scope, step: Step) -> Verdict {
    Verdict { scope, step }
}

const SOFT: Verdict = Verdict { scope: Scope::Recipient, step: Step::SoftBounce };

fn without_reply(stage: Stage, cause: Cause) -> Verdict {
    match cause {
        Cause::TooLarge => verdict(Scope::Letter, Step::Pause),
        Cause::Unsupported if stage == Stage::Auth => verdict(Scope::Sender, Step::PauseAll),
        Cause::Unsupported => verdict(Scope::Recipient, Step::GiveUp),
        _ => verdict(Scope::Relay, Step::DeferUncharged),
    }
}

fn at_connect(said: &Said) -> Verdict {
    if said.topics.pace {
        return verdict(Scope::Sender, Step::SlowDown);
    }
    if said.topics.blames_sender() || (said.permanent() && said.is_policy_code()) {
        return verdict(Scope::Sender, Step::Pause);
    }
    if said.permanent() {
        return verdict(Scope::Relay, Step::DeferUncharged);
    }
    verdict(Scope::Destination, Step::DeferUncharged)
}

fn at_mail(said: &Said) -> Verdict {
    let topics = &said.topics;
    if said.permanent() {
        let too_large =
            matches!(said.subject(), Some((2, 3) | (3, 4))) || said.code == 552 || topics.too_large;
        return verdict(if too_large { Scope::Letter } else { Scope::Sender }, Step::Pause);
    }
    if topics.pace || topics.blames_sender() || said.is_policy_code() || said.is_bad_sender() {
        return verdict(Scope::Sender, Step::SlowDown);
    }
    verdict(Scope::Relay, Step::DeferUncharged)
}

fn at_rcpt(said: &Said) -> Verdict {
    let topics = &said.topics;
    if said.is_readers_wish() {
        return verdict(Scope::Recipient, Step::Unsubscribe);
    }
    if said.is_policy_code() {
        return policy_at_rcpt(said);
    }
    if said.code == 421 {
        let ours = topics.pace || topics.blames_sender();
        return if ours { said.sender() } else { verdict(Scope::Destination, Step::DeferUncharged) };
    }
    match said.subject() {
        _ if said.is_bad_sender() => verdict(Scope::Sender, Step::Pause),
        Some((1, detail)) if said.permanent() => bad_address(said, detail),
        // Full: by its code, whatever the text says of limits.
        Some((2, 2)) => verdict(Scope::Recipient, Step::Defer),
        Some((2, 3) | (3, 4)) if said.permanent() => verdict(Scope::Letter, Step::Pause),
        Some((2, 1)) if said.permanent() => not_the_readers_fault(said).unwrap_or(SOFT),
        Some((3 | 4, _)) if !said.permanent() && topics.pace => verdict(Scope::Sender, Step::SlowDown),
        Some((3 | 4, _)) => verdict(Scope::Destination, Step::Defer),
        Some((5, _)) if said.permanent() => protocol_at_rcpt(said),
        Some((5, _)) => verdict(Scope::Sender, Step::Defer),
        Some((6, _)) => verdict(Scope::Letter, if said.permanent() { Step::Pause } else { Step::Defer }),
        _ => by_text_at_rcpt(said),
    }
}

/// 5.1.x: the address is dead only by the details that say so and a text that does not speak of others instead.
fn bad_address(said: &Said, detail: u16) -> Verdict {
    let topics = &said.topics;
    if !matches!(detail, 1 | 2 | 3 | 6 | 10) {
        return by_text_at_rcpt(said);
    }
    let sleeps = topics.inactive && !topics.no_such_user;
    let blamed = if sleeps { SOFT } else { verdict(Scope::Recipient, Step::HardBounce) };
    not_the_readers_fault(said).unwrap_or(blamed)
}

/// 5.5.x: our commands were wrong; but Outlook says 5.5.0 of a dead address.
fn protocol_at_rcpt(said: &Said) -> Verdict {
    let topics = &said.topics;
    let of_reader =
        topics.no_such_user || topics.unavailable || topics.full || (topics.inactive && topics.reader);
    if !of_reader {
        return verdict(Scope::Sender, Step::Pause);
    }
    not_the_readers_fault(said).unwrap_or(SOFT)
}

fn policy_at_rcpt(said: &Said) -> Verdict {
    let topics = &said.topics;
    if said.permanent() {
        return verdict(Scope::Sender, Step::Pause);
    }
    if topics.greylist {
        return verdict(Scope::Recipient, Step::Defer);
    }
    if topics.pace || topics.blames_sender() {
        return verdict(Scope::Sender, Step::SlowDown);
    }
    verdict(Scope::Destination, Step::DeferUncharged)
}

/// No enhanced code to go by: never hard, and a refusal nobody understands is only put off.
fn by_text_at_rcpt(said: &Said) -> Verdict {
    let topics = &said.topics;
    if topics.greylist && !said.permanent() {
        return verdict(Scope::Recipient, Step::Defer);
    }
    if let Some(other) = not_the_readers_fault(said) {
        return other;
    }
    if topics.too_large && said.permanent() {
        return verdict(Scope::Letter, Step::Pause);
    }
    let of_reader = topics.no_such_user || (topics.inactive && topics.reader);
    if said.permanent() && of_reader && !topics.vague { SOFT } else { verdict(Scope::Recipient, Step::Defer) }
}

/// What a text at RCPT asks for that speaks of something else than a dead or sleeping reader.
fn not_the_readers_fault(said: &Said) -> Option<Verdict> {
    let topics = &said.topics;
    let later = verdict(Scope::Recipient, Step::Defer);
    if topics.busy || topics.full {
        return Some(later);
    }
    of_us(said).or((topics.trouble || topics.aside).then_some(later))
}

/// Who is refused is us: surely, or by words that may be said of anyone. Beside words about the recipient the latter
/// leave open who is meant.
fn of_us(said: &Said) -> Option<Verdict> {
    let topics = &said.topics;
    if topics.pace {
        return Some(said.sender());
    }
    if topics.sender {
        return Some(verdict(Scope::Sender, Step::Pause));
    }
    let of_recipient = topics.no_such_user || topics.inactive || topics.recipient_refused;
    match (topics.policy, of_recipient) {
        (true, false) => Some(verdict(Scope::Sender, Step::Pause)),
        (true, true) => Some(verdict(Scope::Recipient, Step::Defer)),
        (false, _) => None,
    }
}

fn at_dot(said: &Said) -> Verdict {
    let topics = &said.topics;
    if said.is_readers_wish() {
        return verdict(Scope::Recipient, Step::Unsubscribe);
    }
    if !said.permanent() {
        return put_off_at_dot(said);
    }
    match said.subject() {
        Some((2, 2)) => verdict(Scope::Recipient, Step::Defer),
        Some((1, 0..=6 | 10)) if topics.no_such_user && not_the_readers_fault(said).is_none() => SOFT,
        Some((2, 3) | (3, 4) | (6, _)) => verdict(Scope::Letter, Step::Pause),
        Some((3 | 4, _)) => verdict(Scope::Destination, Step::Defer),
        Some((5 | 7, _)) => verdict(Scope::Sender, Step::Pause),
        _ if topics.full && said.code == 552 => verdict(Scope::Recipient, Step::Defer),
        _ if topics.blames_sender() || topics.pace => verdict(Scope::Sender, Step::Pause),
        _ => verdict(Scope::Letter, Step::Pause),
    }
}

fn put_off_at_dot(said: &Said) -> Verdict {
    let topics = &said.topics;
    if topics.greylist {
        return verdict(Scope::Recipient, Step::Defer);
    }
    if topics.pace || topics.blames_sender() {
        return verdict(Scope::Sender, Step::SlowDown);
    }
    match said.subject() {
        Some((2, _)) => verdict(Scope::Recipient, Step::Defer),
        _ if said.code == 421 || said.is_policy_code() => verdict(Scope::Destination, Step::DeferUncharged),
        _ => verdict(Scope::Destination, Step::Defer),
    }
}

#[cfg(test)]
mod tests;
