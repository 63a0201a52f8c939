//! Pure: what the words in a subscriber file mean, for its columns of state and frequency.

use super::columns::plain;
use crate::model::subscriber::{Frequency, SubscriptionState};
pub use crate::status::words::subscription_state as word;

/// What a status word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// On the list, in this state.
    On(SubscriptionState),
    /// Gone, blocked, or never agreed.
    Gone,
}

/// The meaning of a status word; none if it is not known, for it must not be guessed.
pub fn standing(word: &str) -> Option<Standing> {
    const ACTIVE: &[&str] = &[
        "",
        "구독",
        "구독중",
        "구독자",
        "활성",
        "정상",
        "수신",
        "수신중",
        "수신동의",
        "동의",
        "동의함",
        "예",
        "active",
        "subscribed",
        "enabled",
        "confirmed",
        "y",
        "yes",
        "true",
        "o",
        "1",
    ];
    const PAUSED: &[&str] = &["쉼", "쉬는중", "일시정지", "paused"];
    const PENDING: &[&str] = &["대기", "확인대기", "미확인", "pending", "unconfirmed"];
    const GONE: &[&str] = &[
        "수신거부",
        "거부",
        "구독취소",
        "구독해지",
        "해지",
        "해지함",
        "취소",
        "미동의",
        "동의안함",
        "동의하지않음",
        "비동의",
        "자동삭제",
        "자동제거",
        "삭제",
        "차단",
        "반송",
        "하드바운스",
        "발송금지",
        "아니오",
        "아니요",
        "unsubscribed",
        "unsubscribe",
        "nonsubscribed",
        "blocklisted",
        "blacklisted",
        "blocked",
        "disabled",
        "inactive",
        "cleaned",
        "bounced",
        "complained",
        "spam",
        "deleted",
        "archived",
        "transactional",
        "n",
        "no",
        "false",
        "x",
        "0",
    ];
    let word = plain(word);
    let has = |list: &[&str]| list.contains(&word.as_str());
    if has(ACTIVE) {
        Some(Standing::On(SubscriptionState::Active))
    } else if has(PAUSED) {
        Some(Standing::On(SubscriptionState::Paused))
    } else if has(PENDING) {
        Some(Standing::On(SubscriptionState::Pending))
    } else {
        has(GONE).then_some(Standing::Gone)
    }
}

/// How often, in a file's words.
pub fn frequency_word(frequency: Frequency) -> &'static str {
    match frequency {
        Frequency::Every => "매번",
        Frequency::Monthly => "월간",
    }
}

/// The meaning of such a word; none if it is not known.
pub fn frequency(word: &str) -> Option<Frequency> {
    match plain(word).as_str() {
        "" | "매번" | "every" => Some(Frequency::Every),
        "월간" | "월간모음" | "monthly" => Some(Frequency::Monthly),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_words_are_read_and_unknown_ones_are_not_guessed() {
        assert_eq!(standing("구독 중"), Some(Standing::On(SubscriptionState::Active)));
        assert_eq!(standing("Blocklisted"), Some(Standing::Gone));
        assert_eq!(standing("수신 거부"), Some(Standing::Gone));
        assert_eq!(standing("뭘까"), None);
        for state in [SubscriptionState::Active, SubscriptionState::Paused, SubscriptionState::Pending] {
            assert_eq!(standing(word(state)), Some(Standing::On(state)));
        }
        assert_eq!(standing(word(SubscriptionState::Unsubscribed)), Some(Standing::Gone));
    }
}
