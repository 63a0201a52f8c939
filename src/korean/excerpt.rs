//! Pure: the first whole sentences of a post that say something, as many as fit a width.

use super::{emphasis, markdown, noise, sentences, title, width};

/// How much of a long body is looked at: an excerpt comes from its beginning.
const HEAD: usize = 32 * 1024;

/// The first sentences of `body` that fit `max_width` columns (Hangul 2), joined by spaces. Greetings, bare web
/// addresses, boilerplate, and first sentences that only repeat `title` are left out. Where even the first sentence is
/// too wide, it is cut at a word end with `…` inside the width. Empty where the body says nothing.
pub fn excerpt(body: &str, title: &str, max_width: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for sentence in telling(head(body), title) {
        let wide = width::of(&sentence);
        if used == 0 {
            if wide > max_width {
                return width::cut(&sentence, max_width);
            }
            (out, used) = (sentence, wide);
        } else if used + 1 + wide <= max_width {
            out.push(' ');
            out.push_str(&sentence);
            used += 1 + wide;
        } else {
            break;
        }
    }
    out
}

fn head(body: &str) -> &str {
    match body.char_indices().map(|(at, _)| at).take_while(|&at| at <= HEAD).last() {
        Some(at) if body.len() > HEAD => body.get(..at).unwrap_or(body),
        _ => body,
    }
}

/// The sentences that say something, cleaned, in order; lazily, since mostly two are wanted.
pub(super) fn telling(text: &str, title: &str) -> impl Iterator<Item = String> {
    let key = title::key(title);
    let plain = emphasis::without(&markdown::prose(text));
    let begins =
        |line| sentences::split(line).into_iter().zip(std::iter::once(true).chain(std::iter::repeat(false)));
    let sentences: Vec<(String, bool)> =
        plain.lines().flat_map(begins).map(|(sentence, first)| (sentence.to_owned(), first)).collect();
    let (mut begun, mut greeted) = (false, false);
    sentences.into_iter().filter_map(move |(sentence, first)| {
        let clean = clean(&sentence, first)?;
        if noise::is_greeting(&clean) || (greeted && !begun && noise::is_introduction(&clean)) {
            greeted = true;
            return None;
        }
        if noise::is_noise(&clean) || (!begun && noise::repeats(&clean, &key)) {
            return None;
        }
        begun = true;
        Some(clean)
    })
}

/// One sentence as shown: no addresses, list marks or aside of the sentence before it, white space folded; `first`
/// where none stands before it on its line.
fn clean(sentence: &str, first: bool) -> Option<String> {
    let plain = title::normalise(&noise::without_addresses(sentence)?);
    let bare = without_marks(&plain);
    let bare = if first { bare } else { without_aside(bare) };
    // what was taken out may have stood between the halves of a mark
    (!markdown::is_marked(bare)).then(|| bare.to_owned())
}

/// Without the marks of a list, heading or quotation before it. Those of Markdown are marks only before a space: `-5도`
/// and `#봄` begin with what they say.
fn without_marks(sentence: &str) -> &str {
    let mut rest = sentence;
    loop {
        let bare = rest.trim_start_matches(|c: char| {
            c.is_whitespace() || matches!(c, '•' | '■' | '▶' | '◆' | '▪' | '※' | ',')
        });
        rest = bare.trim_start_matches(['-', '*', '#', '>']);
        if rest.len() == bare.len() || !rest.starts_with(char::is_whitespace) {
            return bare;
        }
    }
}

/// `(모집 중) 공식 블로그에서는 …`: an aside that belongs to the sentence before. What belongs to the name after it
/// stays: `(주)카카오`, `(가칭) 모아봄 재단`, `(2026년 기준) 인구는`.
fn without_aside(sentence: &str) -> &str {
    const TITLES: [&str; 6] = ["주식회사", "유한회사", "재단법인", "사단법인", "사회복지법인", "가칭"];
    let split = sentence.strip_prefix('(').and_then(|inner| inner.split_once(')'));
    match split {
        Some((aside, rest))
            if rest.starts_with(char::is_whitespace)
                && rest.trim_start().chars().count() > 8
                && aside.chars().count() > 1
                && !TITLES.contains(&aside)
                && !aside.contains(|c: char| c.is_ascii_digit()) =>
        {
            rest.trim_start()
        }
        _ => sentence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "안녕하세요, 해봄입니다. 봄맞이 산책. https://a.b/c 오늘은 비가 왔다. 내일은 맑다고 한다! 모레는 모른다.";

    #[test]
    fn whole_sentences_fill_the_width() {
        assert_eq!(excerpt(BODY, "봄맞이 산책", 40), "오늘은 비가 왔다. 내일은 맑다고 한다!");
        assert_eq!(excerpt(BODY, "봄맞이 산책", 200), "오늘은 비가 왔다. 내일은 맑다고 한다! 모레는 모른다.");
        assert_eq!(excerpt(BODY, "봄맞이 산책", 20), "오늘은 비가 왔다.");
    }

    #[test]
    fn a_first_sentence_too_wide_is_cut_at_a_word() {
        assert_eq!(excerpt(BODY, "봄맞이 산책", 14), "오늘은 비가…");
        assert_eq!(excerpt("가나다라마바사아", "", 7), "가나다…");
    }

    #[test]
    fn a_body_that_says_nothing_gives_nothing() {
        assert_eq!(excerpt("", "제목", 80), "");
        assert_eq!(excerpt("안녕하세요! https://a.b", "제목", 80), "");
        assert_eq!(
            excerpt("안녕하세요! 해봄입니다. 반갑습니다. 오늘은 눈 이야기입니다.", "", 80),
            "오늘은 눈 이야기입니다."
        );
        assert_eq!(excerpt("제목입니다", "제목입니다!", 80), "");
    }

    #[test]
    fn an_excerpt_says_what_the_post_says() {
        for whole in [
            "-5도까지 떨어진 날씨에 수도가 얼었다.",
            "-10℃ 한파가 왔다.",
            "#봄 #여행 사진을 모았다.",
            "2**10은 1024다.",
            "2**10과 3**10을 견주었다.",
            "**kwargs는 이름 있는 인자를 받는다.",
            "(주)카카오가 새 서비스를 냈다.",
            "(주) 카카오가 새 서비스를 냈다.",
            "(재)한글재단이 글꼴을 나누어 준다.",
            "(사)한국블로그협회가 모임을 연다.",
            "(2026년 기준) 인구는 오천만이다.",
            "봄이 왔다. (2026년 기준) 인구는 오천만이다.",
            "자료: 통계청에서 받은 수치를 그렸다.",
            "결론: 봄이 좋다.",
            "3 * 5는 15다.",
            "*args를 받는 함수를 만들었다.",
            "+82-2-123-4567로 전화한다.",
            "$100로 봄을 산다.",
            "@haebom 님이 봄을 알렸다.",
            "…그래서 봄이 왔다.",
            "★★★★★ 봄을 추천한다.",
            "“구독과 좋아요 부탁드려요”라는 말이 지겹다.",
            "안녕하세요라는 인사말의 유래를 찾아봤다.",
            "행복한 하루를 보내는 방법을 적었다.",
            "알림을 꺼 주세요.",
            "구독 취소하는 법을 알려 드려요.",
            "(가칭) 모아봄 재단을 세우려고 한다.",
            "㈜카카오가 새 서비스를 냈다.",
            "아이폰 알림 설정을 바꾸는 법을 정리했습니다.",
            "할 일 목록으로 하루를 계획하는 법을 적었다.",
            "노션 페이지를 공유하기 쉽게 만들었습니다.",
            "관련 글이 많아서 고르기 어려웠다.",
            "좋은 하루를 만드는 아침 습관을 소개합니다.",
            "오랜만에 인사동에 다녀왔다.",
            "댓글로 남겨 주신 질문에 답해 드립니다.",
            "구독과 좋아요를 누르게 만드는 섬네일을 분석했다.",
            "이웃 추가 기능이 사라졌습니다.",
            "더보기 버튼을 무한 스크롤로 바꿨다.",
            "쿠팡 파트너스로 한 달에 10만 원을 벌었다.",
            "무단 전재 문제로 소송이 붙었다.",
            "사진 출처를 밝히지 않으면 어떻게 될까요?",
            "기사 원문을 번역하는 봇을 만들었다.",
            "구독해 주세요라는 말이 왜 싫을까?",
        ] {
            assert_eq!(excerpt(whole, "", 200), whole);
        }
        assert_eq!(excerpt("- **굵은 글씨**로 시작한다.", "", 80), "굵은 글씨로 시작한다.");
        assert_eq!(
            excerpt("**첫째 문장이다. 둘째 문장이다.** 끝이다.", "", 80),
            "첫째 문장이다. 둘째 문장이다. 끝이다."
        );
        assert_eq!(excerpt("## > 봄이 왔다.", "", 80), "봄이 왔다.");
        let markdown = "첫 문장이다.\n```rust\nfn main() {}\n```\n| 이름 | 값 |\n|---|---|\n| 가 | 1 |\n\n둘째 문장이다.";
        assert_eq!(excerpt(markdown, "", 80), "첫 문장이다. 둘째 문장이다.");
        assert_eq!(
            excerpt("공고를 냈다. (모집 중) 공식 블로그에서 볼 수 있다.", "", 80),
            "공고를 냈다. 공식 블로그에서 볼 수 있다."
        );
        assert_eq!(excerpt("안녕하세요 해봄이에요 :) 봄이 왔어요.", "", 80), "봄이 왔어요.");
    }
}
