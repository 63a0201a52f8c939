//! Pure: an extractive summary. The lead sentence first, then the sentences most like the rest of the text (TextRank on
//! character 2- and 3-grams, common endings cut). The same text always gives the same answer.

use super::excerpt::telling;
use super::letter::{is_syllable, letters};
use super::sentences;

/// Sentences considered; a longer text is judged by its beginning, so that the work stays bounded.
const CONSIDERED: usize = 120;
/// Bytes of the text considered.
const HEAD: usize = 128 * 1024;
/// Letters of a sentence considered.
const LONGEST: usize = 240;
const ROUNDS: usize = 30;
const DAMPING: f64 = 0.85;
/// Two sentences this alike say the same.
const ALIKE: f64 = 0.6;

/// At most `count` whole sentences of `body`, in text order: the first that says something, then the most central.
pub fn lead(body: &str, title: &str, count: usize) -> Vec<String> {
    let end = body
        .char_indices()
        .map(|(at, _)| at)
        .take_while(|&at| at < HEAD)
        .last()
        .filter(|_| body.len() > HEAD);
    let text = end.and_then(|at| body.get(..at)).unwrap_or(body);
    let sentences: Vec<String> = telling(text, title).take(CONSIDERED).collect();
    if count == 0 || sentences.is_empty() {
        return Vec::new();
    }
    let grams: Vec<Vec<u64>> = sentences.iter().map(|s| grams(s)).collect();
    let likeness = likeness(&grams);
    let scores = rank(&likeness);
    let first = sentences.iter().position(|s| sentences::is_whole(s)).unwrap_or(0);
    let korean = sentences.get(first).is_some_and(|s| s.chars().any(is_syllable));
    let fit = |&i: &usize| i != first && sentences.get(i).is_some_and(|s| is_fit(s, korean));
    let mut order: Vec<usize> = (0..sentences.len()).filter(fit).collect();
    let score = |i: usize| scores.get(i).copied().unwrap_or_default();
    order.sort_by(|&a, &b| score(b).total_cmp(&score(a)).then(a.cmp(&b)));
    let mut chosen = vec![first];
    for i in order {
        if chosen.len() >= count {
            break;
        }
        let same = |&j: &usize| likeness.get(i).and_then(|row| row.get(j)).is_some_and(|&l| l > ALIKE);
        if !chosen.iter().any(same) {
            chosen.push(i);
        }
    }
    chosen.sort_unstable();
    chosen.into_iter().filter_map(|i| sentences.get(i).cloned()).collect()
}

/// First words that lean on the sentence before, which may not be chosen with it.
const LEANING: &str = "하지만 그러나 그런데 그리고 그렇지만 그래서 그렇기에 그러므로 그럼에도 또한 또 따라서 즉 반면 이는 이것은 이런 이러한 이러던 \
     이렇게 이를 이들 이들은 이 그것은 그런 그는 그녀는 그들은 그중에서도 그중 그 이때 여기서 위 위의 아래 해당 다음으로 첫째 둘째 셋째 넷째 같은 \
     당시 물론 예를 특히 게다가 더구나 다만 오히려 때문에 결과적으로";

/// Whole, of a middling length, in the language of the lead, no question, label or pause in it, and not leaning.
fn is_fit(sentence: &str, lead_is_korean: bool) -> bool {
    let length = sentence.chars().count();
    let words: Vec<&str> = sentence.split_whitespace().take(7).collect();
    let first = words.first().map_or("", |w| w.trim_end_matches(|c: char| !c.is_alphanumeric()));
    let labelled = words.iter().take(5).any(|w| w.ends_with(':'));
    // 성능 우선 성능 면에서 …: a heading that lost its line end
    let headed = words.iter().skip(1).any(|w| {
        (first.chars().count() > 1 && w.starts_with(first)) || matches!(*w, "하지만" | "그러나" | "그런데")
    });
    let pauses = sentence.contains("... ") || sentence.contains("… ");
    let foreign = lead_is_korean && sentence.chars().filter(|&c| is_syllable(c)).count() * 3 < length;
    (15..=160).contains(&length)
        && sentences::is_whole(sentence)
        && !(sentence.ends_with('?') || labelled || headed || pauses || foreign)
        && !LEANING.split_ascii_whitespace().any(|word| word == first)
}

/// The hashed 2- and 3-grams of a sentence's stems, sorted, each once.
fn grams(sentence: &str) -> Vec<u64> {
    let letters: Vec<char> =
        letters(sentence).iter().take(LONGEST).flat_map(|l| l.ch.to_lowercase()).collect();
    let mut out = Vec::new();
    for word in letters.split(|c| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        let stem = stem(word);
        if stem.len() == 1 {
            continue;
        }
        for size in [2, 3] {
            out.extend(stem.windows(size).map(hash));
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

const ENDINGS: [&str; 64] = [
    "하였습니다",
    "되었습니다",
    "했습니다",
    "됐습니다",
    "있습니다",
    "없습니다",
    "같습니다",
    "겠습니다",
    "습니다",
    "합니다",
    "됩니다",
    "입니다",
    "하는데",
    "이라는",
    "이라고",
    "으로는",
    "에서는",
    "에게는",
    "에서도",
    "까지는",
    "하면서",
    "하지만",
    "이지만",
    "한다",
    "된다",
    "했다",
    "됐다",
    "이다",
    "였다",
    "었다",
    "았다",
    "하는",
    "되는",
    "하고",
    "되고",
    "하며",
    "하게",
    "하여",
    "해서",
    "에서",
    "에게",
    "으로",
    "부터",
    "까지",
    "처럼",
    "보다",
    "이나",
    "이라",
    "들은",
    "들의",
    "들을",
    "들이",
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "과",
    "와",
    "의",
    "에",
    "도",
    "로",
];

/// A Hangul word without its commonest ending; two letters always stay.
fn stem(word: &[char]) -> &[char] {
    if !word.last().copied().is_some_and(is_syllable) {
        return word;
    }
    let cut = ENDINGS.iter().find_map(|ending| {
        let length = ending.chars().count();
        let kept = word.len().checked_sub(length).filter(|&kept| kept >= 2)?;
        word.get(kept..)?.iter().copied().eq(ending.chars()).then_some(kept)
    });
    cut.and_then(|kept| word.get(..kept)).unwrap_or(word)
}

/// FNV-1a over code points: the same in every build.
fn hash(gram: &[char]) -> u64 {
    gram.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &c| {
        (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01B3)
    })
}

fn likeness(grams: &[Vec<u64>]) -> Vec<Vec<f64>> {
    let mut out = vec![vec![0.0; grams.len()]; grams.len()];
    for (i, a) in grams.iter().enumerate() {
        for (j, b) in grams.iter().enumerate().skip(i + 1) {
            let size = (a.len() as f64 * b.len() as f64).sqrt();
            let value = if size > 0.0 { shared(a, b) as f64 / size } else { 0.0 };
            for (row, column) in [(i, j), (j, i)] {
                if let Some(cell) = out.get_mut(row).and_then(|row| row.get_mut(column)) {
                    *cell = value;
                }
            }
        }
    }
    out
}

/// How many entries two sorted lists share.
fn shared(a: &[u64], b: &[u64]) -> usize {
    let (mut a, mut b, mut count) = (a.iter().peekable(), b.iter().peekable(), 0);
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => drop(a.next()),
            std::cmp::Ordering::Greater => drop(b.next()),
            std::cmp::Ordering::Equal => {
                count += 1;
                a.next();
                b.next();
            }
        }
    }
    count
}

fn rank(likeness: &[Vec<f64>]) -> Vec<f64> {
    let count = likeness.len().max(1) as f64;
    let sums: Vec<f64> = likeness.iter().map(|row| row.iter().sum()).collect();
    let mut scores = vec![1.0 / count; likeness.len()];
    for _ in 0..ROUNDS {
        let shares: Vec<f64> =
            scores.iter().zip(&sums).map(|(score, sum)| if *sum > 0.0 { score / sum } else { 0.0 }).collect();
        scores = likeness
            .iter()
            .map(|row| {
                (1.0 - DAMPING) / count + DAMPING * row.iter().zip(&shares).map(|(l, s)| l * s).sum::<f64>()
            })
            .collect();
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "안녕하세요! 서울의 전기차 충전소가 크게 늘었습니다. 날씨가 좋네요. 서울시는 전기차 충전소 예산을 두 배로 늘렸습니다. \
        점심은 김밥이었습니다. 전기차 충전소 예산은 내년에도 늘어날 것으로 보입니다.";

    #[test]
    fn the_lead_comes_first_and_the_central_sentences_follow_in_text_order() {
        let summary = lead(BODY, "전기차", 2);
        assert_eq!(summary.first().map(String::as_str), Some("서울의 전기차 충전소가 크게 늘었습니다."));
        assert_eq!(summary.len(), 2);
        assert!(summary.get(1).is_some_and(|s| s.contains("전기차 충전소 예산")));
        assert_eq!(lead(BODY, "전기차", 2), summary);
    }

    #[test]
    fn nothing_gives_nothing() {
        assert!(lead("", "", 3).is_empty());
        assert!(lead(BODY, "", 0).is_empty());
        assert!(lead("안녕하세요!", "", 3).is_empty());
    }
}
