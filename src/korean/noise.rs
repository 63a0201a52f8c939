//! Pure: sentences that say nothing about a post: greetings, bare addresses, boilerplate, headings, the title again.

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
    let wishes = [
        "좋은 하루",
        "좋은 아침",
        "즐거운 하루",
        "행복한 하루",
        "오랜만입니다",
        "오랜만이에요",
        "오랜만에 인사",
        "인사드립니다",
        "인사 드립니다",
    ];
    if words.len() <= 9 && wishes.iter().any(|wish| sentence.contains(wish)) {
        return true;
    }
    // a greeting that goes on to say something is kept: 안녕하세요는 어떤 말인가
    let begins = words.first().is_some_and(hails);
    begins && greets && (words.len() <= 4 || (words.len() <= 8 && words.last().is_some_and(introduces)))
}

const BOILERPLATE: [&str; 44] = [
    "무단 전재",
    "무단전재",
    "무단 복제",
    "재배포 금지",
    "저작권자",
    "all rights reserved",
    "copyright ©",
    "쿠팡 파트너스",
    "쿠팡파트너스",
    "수수료를 제공받",
    "구독과 좋아요",
    "구독, 좋아요",
    "좋아요와 구독",
    "구독 부탁",
    "구독해 주세요",
    "구독해주세요",
    "좋아요 부탁",
    "공감과 댓글",
    "댓글로 남겨",
    "댓글 남겨",
    "이웃 추가",
    "이웃추가",
    "서로이웃",
    "알림 설정",
    "공유하기",
    "더 보기",
    "더보기",
    "read more",
    "관련 글",
    "관련글",
    "이전 글 보기",
    "다음 글 보기",
    "목록으로",
    "사진 출처",
    "사진=",
    "이미지 출처",
    "photo by",
    "사진 제공",
    "읽어주셔서 감사",
    "읽어 주셔서 감사",
    "봐주셔서 감사",
    "많은 관심 감사",
    "여기를 클릭",
    "기사 원문",
];

const LABELS: [&str; 26] = [
    "들어가며",
    "들어가는 말",
    "들어가기",
    "들어가기 전에",
    "시작하며",
    "서론",
    "본론",
    "결론",
    "개요",
    "요약",
    "목차",
    "머리말",
    "프롤로그",
    "에필로그",
    "마치며",
    "마무리",
    "나가며",
    "맺음말",
    "참고",
    "참고자료",
    "참고 자료",
    "참고문헌",
    "출처",
    "tl;dr",
    "tldr",
    "배경",
];

fn is_boilerplate(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    let short = bare.chars().count() <= 60;
    LABELS.contains(&bare)
        || (short && BOILERPLATE.iter().any(|phrase| lower.contains(phrase)))
        || (short
            && ["출처:", "출처 :", "source:", "via ", "사진:", "자료:", "자료 :", "원문:", "링크:"]
                .iter()
                .any(|s| bare.starts_with(s)))
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
