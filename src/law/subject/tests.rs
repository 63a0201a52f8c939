//! Pure: marks, look-alikes and foreign titles.

use super::*;

/// One a line; each stood in a real attempt to slip past the rule.
const LOOK_ALIKES: &str = include_str!("../../../tests/fixtures/vectors/ad-lookalikes.txt");

#[test]
fn every_look_alike_is_refused() {
    for subject in LOOK_ALIKES.lines().filter(|line| !line.trim().is_empty()) {
        assert!(matches!(subject_mark(subject, true), Err(LawError::LookAlike { .. })), "{subject}");
    }
}

#[test]
fn what_is_not_listed_but_alike_is_refused_as_well() {
    for subject in [
        " (광고) 새 소식",
        "(광고)새 소식",
        "(광고)  새 소식",
        "(광고) (광고) 새 소식",
        "(광고) [광고] 새 소식",
        "【광고】 새 소식",
        "<광고> 새 소식",
        "《광고》 새 소식",
        "(광-고) 새 소식",
        "(광\u{2060}고) 새 소식",
        "(ＡＤ) 새 소식",
        "[Ad] 새 소식",
        "(A.D.) 새 소식",
        "(廣告) 새 소식",
        "★(광고) 새 소식",
        "📢 [광고] 새 소식",
        "FW: Re: (광고) 새 소식",
        "답장: (광고) 새 소식",
        "[제12호] [광고] 새 소식",
        "광고] 새 소식",
        "광고: 새 소식",
        "*광고* 새 소식",
        "(\u{1100}\u{116A}\u{11BC}\u{1100}\u{1169}) 새 소식",
        "\u{202E}(광고) 새 소식",
        "(광고: 새 소식",
        "(유료광고) 새 소식",
    ] {
        assert!(matches!(subject_mark(subject, true), Err(LawError::LookAlike { .. })), "{subject}");
    }
}

#[test]
fn the_mark_stands_once_and_first() {
    assert_eq!(subject_mark("새 소식", true).as_deref(), Ok("(광고) 새 소식"));
    assert_eq!(subject_mark("(광고) 새 소식", true).as_deref(), Ok("(광고) 새 소식"));
    assert_eq!(subject_mark("(광고) ", true), Err(LawError::Empty));
    assert_eq!(subject_mark(" ", false), Err(LawError::Empty));
}

#[test]
fn honest_subjects_about_advertising_pass() {
    for subject in [
        "광고 시장은 어디로 가나",
        "광고의 역사",
        "(광고주 인터뷰) 열 해의 기록",
        "[제12호] 새 소식",
        "Adobe가 바꾼 것",
        "(Adobe) 이야기",
        "배너(광고) 만들기",
        "\"광고\"라는 말",
        "Re: 편지에 답하며",
        "ad hoc이라는 말",
    ] {
        assert_eq!(subject_mark(subject, true), Ok(format!("(광고) {subject}")), "{subject}");
    }
}

#[test]
fn a_letter_that_does_not_advertise_keeps_its_subject() {
    assert_eq!(subject_mark("[광고] 새 소식", false).as_deref(), Ok("[광고] 새 소식"));
}

#[test]
fn a_foreign_title_loses_its_mark_and_nothing_more() {
    assert_eq!(neutral_title("[광고] 봄 나들이"), "봄 나들이");
    assert_eq!(neutral_title("（광고） (AD) 봄 나들이"), "봄 나들이");
    for (title, left) in [
        ("봄 (광고) 나들이", "봄 (광고) 나들이"),
        ("광고: 봄", "봄"),
        ("AD: 봄 이야기", "봄 이야기"),
        ("Ads : 구글의 돈", "구글의 돈"),
        ("유료광고: 봄", "봄"),
        ("Re: (광고) 봄", "Re: 봄"),
        ("[소식] (광고) 봄 (1)", "[소식] 봄 (1)"),
        ("★（광\u{2060}고） (AD) 봄", "★봄"),
        ("((광고)) 봄", "봄"),
        ("(광고 봄", "봄"),
        ("(\u{1100}\u{116A}\u{11BC}\u{1100}\u{1169}) 봄", "봄"),
        ("(광고 아님) 봄", "봄"),
        ("(광고:봄)", "광고봄"),
        ("(광고)", "광고"),
        ("Re: 광고:", "광고"),
        ("광고", "광고"),
    ] {
        assert_eq!(neutral_title(title), left, "{title}");
    }
    let hostile = format!("{}{}봄", "!".repeat(500), "(광고)[AD]Re:*광고*".repeat(60));
    assert!(neutral_title(&hostile).ends_with('봄'));
    for title in LOOK_ALIKES.lines().chain([hostile.as_str()]) {
        assert!(subject_mark(&format!("{} 외 3편", neutral_title(title)), true).is_ok(), "{title}");
    }
}

#[test]
fn hints_name_what_sells() {
    assert_eq!(advertising_hints("이번 주만 할인 쿠폰을 드려요"), ["할인", "쿠폰"]);
    assert!(advertising_hints("봄 산책").is_empty());
}
