//! Pure: sentences that say nothing about a post: greetings, bare addresses, boilerplate, the title again.

use super::boilerplate::is_boilerplate;
use super::letter::{is_latin, is_syllable};
use super::sentences;
use super::title;
use super::web_address;

/// What a sentence is worth for a reader who decides whether to open the post.
pub(super) fn is_noise(sentence: &str) -> bool {
    is_empty(sentence) || is_boilerplate(sentence)
}

fn is_empty(sentence: &str) -> bool {
    sentence.chars().filter(|&c| is_syllable(c) || is_latin(c)).count() < 2
}

/// `안녕하세요, 해봄입니다.`, `반갑습니다!`, `여러분 안녕`
pub(super) fn is_greeting(sentence: &str) -> bool {
    let words: Vec<&str> = sentence.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let hails = |word: &&str| {
        [
            "안녕하세요",
            "안녕하십니까",
            "안녕하신가요",
            "안녕하세여",
            "안뇽하세요",
            "반갑습니다",
            "반가워요",
            "안녕",
            "여러분",
        ]
        .contains(word)
            || ["hello", "hi"].contains(&word.to_lowercase().as_str())
    };
    let introduces = |word: &&str| {
        word.ends_with("입니다")
            || word.ends_with("이에요")
            || word.ends_with("예요")
            || word.ends_with("인사드립니다")
    };
    let greets = words.iter().any(|w| hails(w) && *w != "여러분");
    if words.len() <= 9
        && (wishes_well(sentence) || sentence.contains("인사드립니다") || sentence.contains("인사 드립니다"))
    {
        return true;
    }
    // a greeting that goes on to say something is kept: 안녕하세요는 어떤 말인가
    let begins = words.first().is_some_and(hails);
    begins && greets && (words.len() <= 4 || (words.len() <= 8 && words.last().is_some_and(introduces)))
}

/// `오늘도 좋은 하루 되세요`, `오랜만입니다`: a wish with nothing after it but the words of wishing.
fn wishes_well(sentence: &str) -> bool {
    const WISHES: [&str; 6] =
        ["좋은 하루", "좋은 아침", "즐거운 하루", "행복한 하루", "오랜만입니다", "오랜만이에요"];
    const WISHING: [&str; 11] =
        ["되", "보내", "입니다", "이에요", "예요", "이네요", "바라", "바랍", "계신", "있으", "여러분"];
    WISHES.iter().filter_map(|wish| sentence.split_once(wish)).any(|(_, rest)| {
        rest.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .all(|word| WISHING.iter().any(|start| word.starts_with(start)))
    })
}

/// Whether a sentence only repeats the title.
pub(super) fn repeats(sentence: &str, title_key: &str) -> bool {
    !title_key.is_empty() && sentence.len() <= title_key.len().saturating_mul(4).saturating_add(64) && {
        let squeeze = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        squeeze(&title::key(sentence)) == squeeze(title_key)
    }
}

/// The sentence without web addresses, their empty brackets, and list marks before it. `None` where an address is a
/// part of speech (`https://…를 보세요`), so that leaving it out would leave nonsense, and where nothing remains.
pub(super) fn without_addresses(sentence: &str) -> Option<String> {
    let found = web_address::find_all(sentence);
    if found.is_empty() {
        return Some(sentence.to_owned());
    }
    let mut out = String::with_capacity(sentence.len());
    let mut at = 0;
    for range in found {
        let before = sentence.get(at..range.start)?;
        let after = sentence.get(range.end..)?;
        let bracketed =
            before.trim_end().ends_with(['(', '[', '<']) && after.trim_start().starts_with([')', ']', '>']);
        let spoken = !bracketed && after.chars().next().is_some_and(is_syllable);
        if spoken || pronounced(after) {
            return None;
        }
        if bracketed {
            let close = range.end + after.find([')', ']', '>'])? + 1;
            push_label(&mut out, before.trim_end().trim_end_matches(['(', '<']));
            at = close;
        } else {
            // what points at the address has nothing to point at now: 링크: https://…
            if !(before.trim_end().ends_with(':') && before.chars().count() <= 24) {
                out.push_str(before);
            }
            at = range.end;
        }
    }
    out.push_str(sentence.get(at..)?);
    let out = title::normalise(&out);
    // 원문 https://…: a label of the address
    let label = out.chars().count() <= 12 && !sentences::is_whole(&out);
    (!is_empty(&out) && !label).then_some(out)
}

/// What stood before an address in brackets; of a Markdown link its label, of an image nothing.
fn push_label(out: &mut String, before: &str) {
    let link = before.strip_suffix(']').and_then(|text| text.rsplit_once('['));
    match link {
        Some((head, label)) => match head.strip_suffix('!') {
            Some(head) => out.push_str(head),
            None => out.extend([head, label]),
        },
        None => out.push_str(before.trim_end_matches('[').trim_end()),
    }
}

/// `해봄입니다.` right after a greeting.
pub(super) fn is_introduction(sentence: &str) -> bool {
    let words = sentence.split_whitespace().count();
    let bare = sentence.trim_end_matches(|c: char| !c.is_alphanumeric());
    let topic = ["오늘", "이번", "지난", "다음"].iter().any(|start| bare.starts_with(start));
    words <= 2 && !topic && ["입니다", "이에요", "예요"].iter().any(|end| bare.ends_with(end))
}

/// A particle after a space still belongs to the address: `https://… 에서 보세요`.
fn pronounced(after: &str) -> bool {
    let word: String = after.trim_start().chars().take_while(|c| c.is_alphanumeric()).collect();
    ["에서", "에", "를", "을", "로", "으로", "참고", "참조", "링크"].contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_and_boilerplate_are_noise_and_news_is_not() {
        for noise in [
            "안녕하세요!",
            "안녕하세요, 해봄입니다.",
            "여러분 안녕하세요?",
            "반갑습니다.",
            "구독과 좋아요 부탁드립니다!",
            "유튜브 구독과 좋아요, 알림 설정까지 꼭 부탁드려요!",
            "도움이 되셨다면 공감과 댓글 부탁드립니다.",
            "궁금한 점은 댓글로 남겨 주세요.",
            "이 글이 마음에 드셨다면 구독해 주세요.",
            "서로이웃 신청 환영합니다.",
            "끝까지 읽어 주셔서 감사합니다.",
            "긴 글 읽어주셔서 고맙습니다!",
            "오늘도 좋은 하루 되세요.",
            "모두 즐거운 하루 보내시길 바랍니다.",
            "좋은 아침입니다.",
            "오랜만에 인사드립니다.",
            "저작권자 © 모아일보, 무단 전재 및 재배포 금지",
            "본 기사의 무단 전재와 재배포를 금지합니다.",
            "Copyright © 2026 Haebom. All rights reserved.",
            "이 포스팅은 쿠팡 파트너스 활동의 일환으로, 이에 따른 일정액의 수수료를 제공받습니다.",
            "자세한 내용은 여기를 클릭하세요.",
            "관련 글 더 보기",
            "관련 글: 지난 봄에 다녀온 곳",
            "목록으로 돌아가기",
            "페이스북 공유하기",
            "Photo by Jane on Unsplash",
            "사진 제공 = 서울시",
            "출처: 연합뉴스",
            "들어가며",
            "👍",
        ] {
            assert!(is_noise(noise) || is_greeting(noise), "{noise}");
        }
        for news in [
            "인사말 안녕하세요는 언제부터 쓰였고 왜 널리 퍼졌는지 알아봅니다.",
            "서울에 눈이 왔습니다.",
            "구독 경제가 커지고 있다.",
        ] {
            assert!(!is_noise(news) && !is_greeting(news), "{news}");
        }
    }

    #[test]
    fn an_address_goes_and_the_sentence_stays_whole_or_goes_too() {
        assert_eq!(without_addresses("문서(https://a.b/c)를 고쳤다.").as_deref(), Some("문서를 고쳤다."));
        assert_eq!(without_addresses("https://a.b/c 새 판이 나왔다.").as_deref(), Some("새 판이 나왔다."));
        assert_eq!(without_addresses("https://a.b/c를 보세요."), None);
        assert_eq!(
            without_addresses("문서는 [여기](https://a.b/c)에 있다.").as_deref(),
            Some("문서는 여기에 있다.")
        );
        assert_eq!(
            without_addresses("![그림](https://a.b/c.png) 사진을 찍었다.").as_deref(),
            Some("사진을 찍었다.")
        );
        assert_eq!(without_addresses("출처: https://a.b/c 비가 왔다.").as_deref(), Some("비가 왔다."));
        assert_eq!(without_addresses("원문 https://a.b/c"), None);
        assert_eq!(without_addresses("https://a.b/c"), None);
        assert_eq!(without_addresses("링크: https://a.b/c"), None);
    }

    #[test]
    fn a_sentence_that_is_the_title_again_is_known() {
        let key = title::key("퇴사하였습니다.");
        assert!(repeats("“퇴사하였습니다!”", &key));
        assert!(!repeats("2월에 퇴사하였습니다.", &key));
    }
}
