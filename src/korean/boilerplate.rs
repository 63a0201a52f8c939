//! Pure: sentences that a blog's every post could end with: requests, thanks, credits, notices, labels of links. A word
//! that such sentences use may also be what a post is about, so it counts only where the sentence is little else.

/// Whether a sentence is little else than boilerplate.
pub(super) fn is_boilerplate(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric() && c != '©');
    if HEADINGS.contains(&bare) || bare.contains("파트너스 활동의 일환") {
        return true;
    }
    let words: Vec<&str> =
        bare.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    bare.chars().count() <= 120 && (forbids(&words) || discloses(bare))
        || bare.chars().count() <= 60
            && (asks(&words) || thanks(bare) || credits(bare) || is_label(bare, words.len()))
}

const HEADINGS: [&str; 26] = [
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

/// What a reader is asked for, by the beginning of the word.
const WANTED: [&str; 11] =
    ["구독", "좋아요", "공감", "댓글", "이웃", "서로이웃", "추가", "알림", "설정", "팔로우", "여기를"];

/// The words of a request, by their beginning.
const ASKING: [&str; 22] = [
    "부탁",
    "주세요",
    "주십시오",
    "주시면",
    "바랍니다",
    "바라요",
    "감사",
    "고맙",
    "환영",
    "클릭",
    "눌러",
    "누르",
    "남겨",
    "달아",
    "신청",
    "한번",
    "번씩",
    "꼭",
    "많이",
    "해주세요",
    "잊지",
    "마세요",
];

/// `이 글이 마음에 드셨다면 구독과 좋아요 꼭 부탁드립니다`: ends in a request for such a thing, with little before it.
fn asks(words: &[&str]) -> bool {
    let begins = |word: &str, list: &[&str]| list.iter().any(|start| word.starts_with(start));
    let asking = words.iter().rev().take_while(|word| begins(word, &ASKING)).count();
    let head = words.get(..words.len() - asking).unwrap_or_default();
    let wanted = head.iter().rev().take_while(|word| begins(word, &WANTED)).count();
    asking > 0 && wanted > 0 && head.len() - wanted <= 5
}

/// `긴 글 끝까지 읽어 주셔서 감사합니다`
fn thanks(bare: &str) -> bool {
    let squeezed: String = bare.chars().filter(|c| c.is_alphanumeric()).collect();
    let read = ["읽어", "봐", "보아", "방문해", "들러", "시청해", "함께해"];
    let thank = ["감사합니다", "감사드립니다", "감사해요", "고맙습니다", "고마워요"];
    squeezed.contains("많은관심감사")
        || thank.iter().any(|thank| {
            squeezed
                .split_once(thank)
                .and_then(|(head, _)| head.strip_suffix("주셔서"))
                .is_some_and(|head| read.iter().any(|read| head.ends_with(read)))
        })
}

/// `저작권자 © 모아일보, 무단 전재 및 재배포 금지`
fn forbids(words: &[&str]) -> bool {
    let last = words.iter().rposition(|word| word.starts_with("금지"));
    let ends = last.is_some_and(|at| at + 1 == words.len());
    let use_of = ["무단", "무단전재", "무단복제", "재배포", "전재", "복제"];
    ends && words.iter().any(|word| use_of.iter().any(|start| word.starts_with(start)))
}

/// Who holds the rights, and who pays for the post.
fn discloses(bare: &str) -> bool {
    ["all rights reserved", "copyright ©", "저작권자 ©", "저작권자(c)"]
        .iter()
        .any(|phrase| bare.contains(phrase))
        || bare.split_once("수수료를 제공받").is_some_and(|(_, end)| !end.starts_with('는'))
}

/// `출처: 연합뉴스`, `Photo by Jane`
fn credits(bare: &str) -> bool {
    let named = [
        "출처",
        "source",
        "링크",
        "사진 출처",
        "이미지 출처",
        "사진 제공",
        "관련 글",
        "관련글",
        "이전 글",
        "다음 글",
    ];
    let credited =
        |name: &&str| bare.strip_prefix(*name).is_some_and(|rest| rest.trim_start().starts_with([':', '=']));
    let opens = ["photo by ", "via ", "사진 출처", "이미지 출처", "사진 제공"];
    let material = ["사진", "자료", "원문"];
    named.iter().any(credited)
        || !tells(bare)
            && (material.iter().any(credited) || opens.iter().any(|start| bare.starts_with(start)))
}

/// The text of a link or button, with a word or two besides: `관련 글 더 보기`, `페이스북 공유하기`.
fn is_label(bare: &str, words: usize) -> bool {
    const LABELS: [&str; 10] = [
        "더 보기",
        "더보기",
        "read more",
        "관련 글",
        "관련글",
        "이전 글 보기",
        "다음 글 보기",
        "목록으로",
        "공유하기",
        "기사 원문",
    ];
    !tells(bare) && LABELS.iter().any(|label| bare.contains(label) && words <= label.split(' ').count() + 2)
}

/// Whether it ends as a sentence that tells or asks something does; labels and credits do not.
fn tells(bare: &str) -> bool {
    bare.ends_with(['다', '요', '죠', '까'])
}
