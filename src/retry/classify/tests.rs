//! Pure: the verdicts on real replies, one by one, and what holds for any reply.

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
    let table = include_str!("../../../tests/fixtures/vectors/smtp-replies-ko.tsv");
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
fn replies_of_many_systems_blame_whom_they_mean() {
    let table = include_str!("../../../tests/fixtures/smtp-replies.tsv");
    let mut wrong = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let [stage, reply, scope, follows, _] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not five columns: {line}")
        };
        let scope = match scope {
            "recipient" => Scope::Recipient,
            "destination" => Scope::Destination,
            "sender" => Scope::Sender,
            "letter" => Scope::Letter,
            other => panic!("unknown scope {other}"),
        };
        let step = match follows {
            "hard" => Step::HardBounce,
            "soft" => Step::SoftBounce,
            "unsubscribe" => Step::Unsubscribe,
            "defer" => Step::Defer,
            "wait" => Step::DeferUncharged,
            "slow" => Step::SlowDown,
            "pause" => Step::Pause,
            other => panic!("unknown step {other}"),
        };
        let found = judge(stage, reply);
        if found != (scope, step) {
            wrong.push(format!("{line}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
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
    fn what_names_another_beside_a_reader_blames_no_reader(
        other in proptest::sample::select(super::super::words::others()),
        reader in proptest::sample::select(super::super::words::readers()),
        code in proptest::sample::select(&[550u16, 551, 552, 553, 554, 450, 451][..]),
        enhanced in proptest::option::of((0u16..8, 0u16..12)),
        first: bool, at in 0usize..2,
    ) {
        let text = if first { format!("{other} {reader}") } else { format!("{reader}; {other}") };
        let enhanced = enhanced.map(|(subject, detail)| Enhanced { class: (code / 100) as u8, subject, detail });
        let reply = Reply { code, enhanced, text };
        let step = classify([Stage::Rcpt, Stage::Dot][at], Some(&reply), Cause::Refused).step;
        prop_assert!(!blames_reader(step), "{reply}: {step:?}");
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
