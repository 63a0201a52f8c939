//! Pure: the first whole sentences of a post that say something, as many as fit a width.

use super::{noise, sentences, title, width};

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
pub(super) fn telling<'a>(text: &'a str, title: &str) -> impl Iterator<Item = String> + 'a {
    let key = title::key(title);
    let (mut begun, mut greeted) = (false, false);
    sentences::split(text).into_iter().filter_map(move |sentence| {
        let clean = clean(sentence)?;
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

/// One sentence as shown: no addresses, list marks or aside before it, white space folded.
fn clean(sentence: &str) -> Option<String> {
    let plain = title::normalise(&noise::without_addresses(sentence)?.replace("**", ""));
    let bare = plain.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '•' | '■' | '▶' | '◆' | '▪' | '※' | '-' | '*' | '#' | '>' | ',')
    });
    Some(without_aside(bare).to_owned())
}

/// `(모집 중) 공식 블로그에서는 …`: an aside that belongs to the sentence before.
fn without_aside(sentence: &str) -> &str {
    let rest =
        sentence.strip_prefix('(').and_then(|inner| inner.split_once(')')).map(|(_, rest)| rest.trim_start());
    match rest {
        Some(rest) if rest.chars().count() > 8 => rest,
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
}
