//! Pure: stage, codes and text of a refusal → whose fault it is and what follows. Scope first, then code, then text.
//!
//! The stage decides who can be meant: nothing said before RCPT is about a reader, and at DATA or the dot a refusal is
//! about the letter or its sender. Only RCPT, by a fitting enhanced code that the text does not contradict, ends an
//! address. A reply of policy kind (x.7.x) never does, whatever else it says.

use super::words::{Topics, topics};
use super::{Scope, Step, Verdict};
use crate::model::delivery::Stage;
use crate::model::reply::{Cause, Enhanced, Reply};

/// Judges the failure of a stage. Not for what may have been accepted: that is `unknown`, not refused.
pub fn classify(stage: Stage, reply: Option<&Reply>, cause: Cause) -> Verdict {
    let refusal = reply.filter(|reply| reply.is_transient() || reply.is_permanent());
    let Some(reply) = refusal else { return without_reply(stage, cause) };
    let said = Said { topics: topics(&reply.text), code: reply.code, enhanced: reply.enhanced };
    if matches!(reply.code, 530 | 534 | 535 | 538) && stage != Stage::Rcpt {
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

    /// Of policy kind by its code, whether or not the classes agree.
    fn is_policy_code(&self) -> bool {
        self.enhanced.is_some_and(|enhanced| enhanced.subject == 7)
    }

    /// The sender's doing: hold, or go slower where the relay only asks for patience.
    fn sender(&self) -> Verdict {
        verdict(Scope::Sender, if self.permanent() { Step::Pause } else { Step::SlowDown })
    }
}

fn verdict(scope: Scope, step: Step) -> Verdict {
    Verdict { scope, step }
}

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
    if said.topics.policy || (said.permanent() && said.is_policy_code()) {
        return verdict(Scope::Sender, Step::Pause);
    }
    if said.permanent() {
        return verdict(Scope::Relay, Step::DeferUncharged);
    }
    verdict(Scope::Destination, Step::DeferUncharged)
}

fn at_mail(said: &Said) -> Verdict {
    if said.permanent() {
        let too_large =
            matches!(said.subject(), Some((2, 3) | (3, 4))) || said.code == 552 || said.topics.too_large;
        return verdict(if too_large { Scope::Letter } else { Scope::Sender }, Step::Pause);
    }
    if said.topics.pace || said.topics.policy || said.is_policy_code() {
        return verdict(Scope::Sender, Step::SlowDown);
    }
    verdict(Scope::Relay, Step::DeferUncharged)
}

fn at_rcpt(said: &Said) -> Verdict {
    let topics = &said.topics;
    if topics.reader_refuses && said.permanent() {
        return verdict(Scope::Recipient, Step::Unsubscribe);
    }
    if said.is_policy_code() {
        return policy_at_rcpt(said);
    }
    if said.code == 421 {
        let ours = topics.pace || topics.policy;
        return if ours { said.sender() } else { verdict(Scope::Destination, Step::DeferUncharged) };
    }
    match said.subject() {
        Some((1, detail)) if said.permanent() => bad_address(said, detail),
        // Full: by its code, whatever the text says of limits.
        Some((2, 2)) => verdict(Scope::Recipient, Step::Defer),
        Some((2, 3) | (3, 4)) if said.permanent() => verdict(Scope::Letter, Step::Pause),
        Some((2, 1)) if said.permanent() && !speaks_only_of_sender(topics) => {
            verdict(Scope::Recipient, Step::SoftBounce)
        }
        Some((3 | 4, _)) if !said.permanent() && topics.pace => verdict(Scope::Sender, Step::SlowDown),
        Some((3 | 4, _)) => verdict(Scope::Destination, Step::Defer),
        Some((5, _)) => verdict(Scope::Sender, if said.permanent() { Step::Pause } else { Step::Defer }),
        Some((6, _)) => verdict(Scope::Letter, if said.permanent() { Step::Pause } else { Step::Defer }),
        _ => by_text_at_rcpt(said),
    }
}

/// 5.1.x: the address is dead only by the details that say so and a text that does not speak of us instead.
fn bad_address(said: &Said, detail: u16) -> Verdict {
    let topics = &said.topics;
    match detail {
        7 | 8 => verdict(Scope::Sender, Step::Pause),
        1 | 2 | 3 | 6 | 10 if topics.inactive && !topics.no_such_user => {
            verdict(Scope::Recipient, Step::SoftBounce)
        }
        1 | 2 | 3 | 6 | 10 if topics.full && !topics.no_such_user => verdict(Scope::Recipient, Step::Defer),
        1 | 2 | 3 | 6 | 10 if !speaks_only_of_sender(topics) => verdict(Scope::Recipient, Step::HardBounce),
        _ => by_text_at_rcpt(said),
    }
}

fn policy_at_rcpt(said: &Said) -> Verdict {
    let topics = &said.topics;
    if said.permanent() {
        return verdict(Scope::Sender, Step::Pause);
    }
    if topics.greylist {
        return verdict(Scope::Recipient, Step::Defer);
    }
    if topics.pace || topics.policy {
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
    if topics.full {
        return verdict(Scope::Recipient, Step::Defer);
    }
    if topics.pace {
        return said.sender();
    }
    if speaks_only_of_sender(topics) {
        return verdict(Scope::Sender, Step::Pause);
    }
    if topics.too_large && said.permanent() {
        return verdict(Scope::Letter, Step::Pause);
    }
    if said.permanent() && (topics.no_such_user || topics.inactive) {
        return verdict(Scope::Recipient, Step::SoftBounce);
    }
    verdict(Scope::Recipient, Step::Defer)
}

fn at_dot(said: &Said) -> Verdict {
    let topics = &said.topics;
    if topics.reader_refuses && said.permanent() {
        return verdict(Scope::Recipient, Step::Unsubscribe);
    }
    if !said.permanent() {
        return put_off_at_dot(said);
    }
    match said.subject() {
        Some((2, 2)) => verdict(Scope::Recipient, Step::Defer),
        Some((1, _)) if topics.no_such_user && !topics.policy => verdict(Scope::Recipient, Step::SoftBounce),
        Some((2, 3) | (3, 4) | (6, _)) => verdict(Scope::Letter, Step::Pause),
        Some((3 | 4, _)) => verdict(Scope::Destination, Step::Defer),
        Some((5 | 7, _)) => verdict(Scope::Sender, Step::Pause),
        _ if topics.full && said.code == 552 => verdict(Scope::Recipient, Step::Defer),
        _ if topics.policy || topics.pace => verdict(Scope::Sender, Step::Pause),
        _ => verdict(Scope::Letter, Step::Pause),
    }
}

fn put_off_at_dot(said: &Said) -> Verdict {
    let topics = &said.topics;
    if topics.greylist {
        return verdict(Scope::Recipient, Step::Defer);
    }
    if topics.pace || topics.policy {
        return verdict(Scope::Sender, Step::SlowDown);
    }
    match said.subject() {
        Some((2, _)) => verdict(Scope::Recipient, Step::Defer),
        _ if said.code == 421 || said.is_policy_code() => verdict(Scope::Destination, Step::DeferUncharged),
        _ => verdict(Scope::Destination, Step::Defer),
    }
}

/// Policy words, and nothing that speaks of the recipient.
fn speaks_only_of_sender(topics: &Topics) -> bool {
    (topics.policy || topics.pace) && !topics.no_such_user && !topics.inactive
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Reply {
        let (code, text) = line.split_once(' ').unwrap_or((line, ""));
        let mut parts = text.splitn(2, ' ');
        let numbers: Option<Vec<u16>> =
            parts.next().unwrap_or_default().split('.').map(|part| part.parse().ok()).collect();
        let enhanced = match numbers.as_deref() {
            Some([class, subject, detail]) => {
                Some(Enhanced { class: *class as u8, subject: *subject, detail: *detail })
            }
            _ => None,
        };
        let text = if enhanced.is_some() { parts.next().unwrap_or_default() } else { text };
        Reply { code: code.parse().expect("a code"), enhanced, text: text.to_owned() }
    }

    fn judge(stage: &str, line: &str) -> (Scope, Step) {
        let verdict = classify(Stage::parse(stage).expect("a stage"), Some(&read(line)), Cause::Refused);
        (verdict.scope, verdict.step)
    }

    #[test]
    fn the_korean_replies_are_judged_as_listed() {
        let table = include_str!("../../tests/fixtures/vectors/smtp-replies-ko.tsv");
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let [stage, reply, scope, follows] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("not four columns: {line}")
            };
            let scope = match scope {
                "recipient" => Scope::Recipient,
                "destination" => Scope::Destination,
                "sender" => Scope::Sender,
                other => panic!("unknown scope {other}"),
            };
            let step = match follows {
                "hard bounce" => Step::HardBounce,
                "soft first, hard on the second within 14 days" => Step::SoftBounce,
                "defer" => Step::Defer,
                "defer, no attempt charged" => Step::DeferUncharged,
                "slow down" => Step::SlowDown,
                "pause everything at once, nobody bounced" => Step::PauseAll,
                "unsubscribe quietly, not a bounce" => Step::Unsubscribe,
                text if text.starts_with("pause") => Step::Pause,
                other => panic!("unknown step {other}"),
            };
            assert_eq!(judge(stage, reply), (scope, step), "{line}");
        }
    }

    #[test]
    fn other_replies_of_korean_and_large_providers_are_judged_by_the_same_rules() {
        use Scope::{Destination, Letter, Recipient, Relay, Sender};
        for (stage, reply, expected) in [
            ("rcpt", "550 5.1.1 존재하지 않는 사용자입니다", (Recipient, Step::HardBounce)),
            ("rcpt", "550 5.1.1 User unknown in virtual mailbox table", (Recipient, Step::HardBounce)),
            ("rcpt", "550 5.1.1", (Recipient, Step::HardBounce)),
            ("rcpt", "550 존재하지 않는 계정입니다", (Recipient, Step::SoftBounce)),
            ("rcpt", "550 RCPT ERROR. Mailbox doesn't exist", (Recipient, Step::SoftBounce)),
            ("rcpt", "550 5.1.1 휴면 계정입니다", (Recipient, Step::SoftBounce)),
            (
                "rcpt",
                "550 5.2.1 The email account that you tried to reach is disabled.",
                (Recipient, Step::SoftBounce),
            ),
            ("rcpt", "552 5.2.2 RQTA Mailbox full", (Recipient, Step::Defer)),
            ("rcpt", "552 메일함 용량 초과", (Recipient, Step::Defer)),
            ("rcpt", "550 수신자가 차단한 발신자입니다", (Recipient, Step::Unsubscribe)),
            ("rcpt", "550 spam으로 차단되었습니다", (Sender, Step::Pause)),
            ("rcpt", "550 5.7.1 Relaying denied", (Sender, Step::Pause)),
            ("rcpt", "550 5.1.1 Blocked by spam filter", (Sender, Step::Pause)),
            ("rcpt", "554 Relay access denied", (Sender, Step::Pause)),
            ("rcpt", "550 메일을 받을 수 없습니다", (Recipient, Step::Defer)),
            ("rcpt", "451 4.3.0 Temporary failure", (Destination, Step::Defer)),
            ("rcpt", "421 Service not available", (Destination, Step::DeferUncharged)),
            ("rcpt", "450 4.7.1 Please try again", (Destination, Step::DeferUncharged)),
            ("rcpt", "552 5.3.4 Message too big", (Letter, Step::Pause)),
            ("connect", "554 5.7.1 발송 IP가 차단되었습니다", (Sender, Step::Pause)),
            ("connect", "421 동시 접속 한도를 초과하였습니다", (Sender, Step::SlowDown)),
            ("ehlo", "502 not implemented", (Relay, Step::DeferUncharged)),
            ("auth", "454 4.7.0 Temporary authentication failure", (Relay, Step::DeferUncharged)),
            ("auth", "534 5.7.9 Application-specific password required", (Sender, Step::PauseAll)),
            ("mail", "530 5.7.0 Authentication required", (Sender, Step::PauseAll)),
            ("mail", "452 4.3.1 Insufficient system storage", (Relay, Step::DeferUncharged)),
            ("dot", "552 5.3.4 too large", (Letter, Step::Pause)),
            ("dot", "554 Transaction failed", (Letter, Step::Pause)),
            (
                "dot",
                "550 5.7.26 This mail has been blocked because the sender is unauthenticated",
                (Sender, Step::Pause),
            ),
            ("dot", "451 4.3.0 queue file write error", (Destination, Step::Defer)),
        ] {
            assert_eq!(judge(stage, reply), expected, "{stage} {reply}");
        }
    }

    #[test]
    fn a_failure_without_words_is_the_relays() {
        for cause in [Cause::Io, Cause::Timeout, Cause::Protocol, Cause::Tls] {
            for stage in [Stage::Connect, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Body] {
                assert_eq!(classify(stage, None, cause), verdict(Scope::Relay, Step::DeferUncharged));
            }
        }
    }

    fn blames_reader(step: Step) -> bool {
        matches!(step, Step::HardBounce | Step::SoftBounce | Step::Unsubscribe)
    }

    fn replies() -> impl Strategy<Value = Reply> {
        let texts = prop_oneof![
            any::<String>(),
            Just("No such user".to_owned()),
            Just("Inactive mbox".to_owned()),
            Just("존재하지 않는 사용자".to_owned()),
            Just("You are registered as spammer (by user's reject list)".to_owned()),
        ];
        let enhanced = proptest::option::of((prop_oneof![Just(4u8), Just(5u8)], 0u16..10, 0u16..40));
        (400u16..600, enhanced, texts).prop_map(|(code, enhanced, text)| Reply {
            code,
            enhanced: enhanced.map(|(class, subject, detail)| Enhanced { class, subject, detail }),
            text,
        })
    }

    proptest! {
        #[test]
        fn nothing_said_before_rcpt_blames_a_reader(reply in replies(), at in 0usize..5) {
            let stage = [Stage::Connect, Stage::Ehlo, Stage::Tls, Stage::Auth, Stage::Mail][at];
            prop_assert!(!blames_reader(classify(stage, Some(&reply), Cause::Refused).step));
        }

        #[test]
        fn no_policy_reply_bounces_a_reader(mut reply in replies(), detail in 0u16..60, at in 0usize..9, class in 4u8..6) {
            let stage = [
                Stage::Connect, Stage::Ehlo, Stage::Tls, Stage::Auth, Stage::Mail,
                Stage::Rcpt, Stage::Data, Stage::Body, Stage::Dot,
            ][at];
            reply.enhanced = Some(Enhanced { class, subject: 7, detail });
            let step = classify(stage, Some(&reply), Cause::Refused).step;
            prop_assert!(!matches!(step, Step::HardBounce | Step::SoftBounce));
        }

        #[test]
        fn only_rcpt_with_a_fitting_code_ends_an_address(reply in replies(), at in 0usize..9) {
            let stage = [
                Stage::Connect, Stage::Ehlo, Stage::Tls, Stage::Auth, Stage::Mail,
                Stage::Rcpt, Stage::Data, Stage::Body, Stage::Dot,
            ][at];
            if classify(stage, Some(&reply), Cause::Refused).step == Step::HardBounce {
                prop_assert_eq!(stage, Stage::Rcpt);
                prop_assert!(reply.is_permanent());
                let enhanced = reply.enhanced.expect("an enhanced code");
                prop_assert!(enhanced.class == 5 && enhanced.subject == 1);
            }
        }
    }
}
