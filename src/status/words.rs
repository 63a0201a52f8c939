//! Pure: the words in which the operator reads of states and times, on the screen and on the page.

use chrono::{Datelike, Duration, SecondsFormat};
use chrono_tz::Tz;

use crate::clock::Instant;
use crate::korean::dates;
use crate::model::delivery::{DeliveryState, Stage};
use crate::model::edition::EditionState;
use crate::model::notice::NoticeKind;
use crate::model::subscriber::{ConsentAct, SubscriptionState};
use crate::schedule::span;

/// An instant as JSON and tables show it: RFC 3339 with the zone's offset, to the second.
pub fn stamp(at: Instant, zone: Tz) -> String {
    at.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// `2026-11-23 09:00` in the zone.
pub fn minute(at: Instant, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

/// Text from outside made safe for a terminal: no control characters, no marks that turn the direction of writing.
pub fn plain(text: &str) -> String {
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hostile(c) { ' ' } else { c }).collect()
}

/// `11월 30일 (월) 09:00`, with the year where it is not this one.
pub fn moment(at: Instant, zone: Tz, now: Instant) -> String {
    let year = now.with_timezone(&zone).year();
    format!("{} {}", dates::day(at, zone, year), at.with_timezone(&zone).format("%H:%M"))
}

/// `제12호`; a dash for a skipped slot.
pub fn number(number: Option<i64>) -> String {
    number.map_or_else(|| "–".to_owned(), |number| format!("제{number}호"))
}

/// `6시간째`, or `조금 전부터` for less than a minute.
pub fn failing_words(since: Instant, now: Instant) -> String {
    let length = now - since;
    if length < Duration::minutes(1) { "조금 전부터".to_owned() } else { format!("{}째", span(length)) }
}

/// An edition's state.
pub fn edition_state(state: EditionState) -> &'static str {
    match state {
        EditionState::Sending => "발송 중",
        EditionState::Paused => "멈춤",
        EditionState::Done => "끝남",
        EditionState::Cancelled => "취소",
        EditionState::Skipped => "건너뜀",
    }
}

/// A delivery's state.
pub fn delivery_state(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Queued => "기다림",
        DeliveryState::Leased => "맡음",
        DeliveryState::InFlight => "보내는 중",
        DeliveryState::Deferred => "미룸",
        DeliveryState::Sent => "보냄",
        DeliveryState::Bounced => "반송",
        DeliveryState::Expired => "기한 지남",
        DeliveryState::Suppressed => "발송 안 함",
        DeliveryState::Unknown => "알 수 없음",
    }
}

/// The stage of a transaction.
pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => "연결",
        Stage::Ehlo => "인사(EHLO)",
        Stage::Tls => "TLS",
        Stage::Auth => "로그인(AUTH)",
        Stage::Mail => "보내는 주소(MAIL FROM)",
        Stage::Rcpt => "받는 주소(RCPT TO)",
        Stage::Data => "본문 시작(DATA)",
        Stage::Body => "본문",
        Stage::Dot => "본문 끝",
    }
}

/// What a notice tells.
pub fn notice(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Confirm => "구독 확인",
        NoticeKind::Welcome => "동의 결과",
        NoticeKind::Goodbye => "철회 결과",
        NoticeKind::Renewal => "2년 통지",
        NoticeKind::AddressChange => "주소 확인",
        NoticeKind::Moved => "주소 변경",
    }
}

/// A subscription's state; what reads lists of people reads these words back.
pub fn subscription_state(state: SubscriptionState) -> &'static str {
    match state {
        SubscriptionState::Active => "구독 중",
        SubscriptionState::Paused => "쉬는 중",
        SubscriptionState::Pending => "확인 대기",
        SubscriptionState::Unsubscribed => "수신거부",
    }
}

/// What happened to a consent.
pub fn consent_act(act: ConsentAct) -> &'static str {
    match act {
        ConsentAct::Granted => "동의",
        ConsentAct::Confirmed => "확인",
        ConsentAct::Withdrawn => "철회",
        ConsentAct::Notified => "고지",
    }
}
