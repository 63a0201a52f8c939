//! Pure: what the words in a subscriber file mean, for its columns of state and frequency.

use unicode_normalization::UnicodeNormalization;

use crate::model::address::is_invisible;
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

/// A word without case, width, blanks and signs.
pub(super) fn plain(word: &str) -> String {
    word.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a cell on leaving says that the person did not: nothing, a dash, a plain no, a day of zeros.
pub fn stays(cell: &str) -> bool {
    const NO: &[&str] = &["false", "n", "no", "none", "null", "na", "아니오", "아니요", "없음", "해당없음"];
    let word = plain(cell);
    if word.is_empty() {
        return cell.chars().all(|c| c.is_whitespace() || is_invisible(c) || "-–—−".contains(c));
    }
    NO.contains(&word.as_str()) || word.bytes().all(|byte| byte == b'0')
}

/// The meaning of a status word; none if it is not known, for it must not be guessed.
pub fn standing(word: &str) -> Option<Standing> {
    let whole: String = word.nfkc().filter(|&c| !is_invisible(c)).collect();
    let Some((head, inner)) = whole.trim().split_once('(') else { return simple(&whole) };
    // 구독 중(수신거부), 수신거부(2026-11-23): a leaving anywhere in it is one.
    let (head, inner) = (Some(head).filter(|head| !head.is_empty()), simple(inner));
    let meaning = head.map_or(inner, simple);
    if inner == Some(Standing::Gone) { inner } else { meaning }
}

fn simple(word: &str) -> Option<Standing> {
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
        "동의합니다",
        "동의해요",
        "구독합니다",
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
        "탈퇴",
        "회원탈퇴",
        "거절",
        "비활성",
        "비활성화",
        "미구독",
        "구독안함",
        "구독중지",
        "수신안함",
        "동의하지않습니다",
        "동의하지않아요",
        "동의안합니다",
        "반송됨",
        "스팸신고",
        "발송제외",
        "optout",
        "optedout",
        "notsubscribed",
    ];
    const YES: &[&str] = &["○", "◯", "✓", "✔", "☑", "✅"];
    const NO: &[&str] = &["×", "✕", "✖", "✗", "✘", "☒", "❌"];
    let typed = word.trim();
    let word = match typed {
        sign if YES.contains(&sign) => "o".to_owned(),
        sign if NO.contains(&sign) => "x".to_owned(),
        other => plain(other),
    };
    // A sign that is none of these means something, but not what.
    if word.is_empty() && !typed.is_empty() {
        return None;
    }
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
    fn a_cell_on_leaving_is_a_leaving_unless_it_says_no() {
        for cell in ["", "-", "N", "false", "０", "아니오", "0000-00-00 00:00:00", "없음"] {
            assert!(stays(cell), "{cell}");
        }
        for cell in ["2026-11-01", "Y", "x", "✔", "메일이 많아요", "?"] {
            assert!(!stays(cell), "{cell}");
        }
    }

    #[test]
    fn status_words_are_read_and_unknown_ones_are_not_guessed() {
        assert_eq!(standing("구독 중"), Some(Standing::On(SubscriptionState::Active)));
        assert_eq!(standing("Blocklisted"), Some(Standing::Gone));
        assert_eq!(standing("수신 거부"), Some(Standing::Gone));
        assert_eq!(standing("뭘까"), None);
        for word in [
            "수신거부(2026-11-23)",
            "구독 중(수신거부)",
            "(거부)",
            "×",
            "❌",
            "Ｘ",
            "수신\u{200b}거부",
            "동의하지 않습니다",
        ] {
            assert_eq!(standing(word), Some(Standing::Gone), "{word}");
        }
        for word in ["○", "✔", "ｙ", "동의함(웹)", "동의합니다", "", " "] {
            assert_eq!(standing(word), Some(Standing::On(SubscriptionState::Active)), "{word}");
        }
        for word in ["-", "?", "☐", "뭘까(구독 중)"] {
            assert_eq!(standing(word), None, "{word}");
        }
        for state in [SubscriptionState::Active, SubscriptionState::Paused, SubscriptionState::Pending] {
            assert_eq!(standing(word(state)), Some(Standing::On(state)));
        }
        assert_eq!(standing(word(SubscriptionState::Unsubscribed)), Some(Standing::Gone));
    }
}
