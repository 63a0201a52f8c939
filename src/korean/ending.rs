//! Pure: how Korean sentences end, and how a quotation goes on after its closing mark.

/// Syllables that close a sentence in one of the usual styles and hardly ever a word inside one: 다, 요, 죠, 까, and
/// the clipped 음, 함, 됨.
const CLOSING: &str = "다요죠까네군냐음함임됨";

/// A syllable that closes a sentence even where no period, or only a pause, follows.
pub(super) fn closes(ch: char) -> bool {
    CLOSING.contains(ch)
}

/// Words that continue a quotation; anything may follow them.
const QUOTING: [&str; 22] = [
    "라고",
    "라는",
    "라며",
    "라면서",
    "라던",
    "라네",
    "라지",
    "라니",
    "이라고",
    "이라는",
    "이라며",
    "이라면서",
    "이라던",
    "이라니",
    "하고",
    "하며",
    "하면서",
    "하는",
    "고는",
    "다고",
    "다는",
    "다며",
];

/// Words that continue a quotation only where the word ends after them.
const QUOTING_WHOLE: [&str; 10] = ["고", "며", "는", "란", "이란", "면서", "이라", "라", "라면", "이라면"];

/// Particles and copulas right after a closing mark, without a space.
const ATTACHED: [&str; 26] = [
    "에서",
    "에게",
    "으로",
    "부터",
    "까지",
    "처럼",
    "같은",
    "같이",
    "보다",
    "이나",
    "이었",
    "였다",
    "였습",
    "였어",
    "였던",
    "입니다",
    "이다",
    "이에요",
    "예요",
    "인데",
    "인지",
    "이지만",
    "만큼",
    "조차",
    "마저",
    "이므로",
];
const ATTACHED_WHOLE: [&str; 21] = [
    "은", "는", "이", "가", "을", "를", "과", "와", "도", "로", "에", "의", "만", "나", "랑", "이랑", "고",
    "며", "란", "인", "라",
];

/// Whether `rest`, the text after a closing quote, goes on with it; `spaced` says that a space stands between.
pub(super) fn continues(rest: &str, spaced: bool) -> bool {
    let word_end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    let word = rest.get(..word_end).unwrap_or(rest);
    if quotes_on(word) || QUOTING_WHOLE.contains(&word) {
        return true;
    }
    !spaced && (ATTACHED.iter().any(|start| word.starts_with(start)) || ATTACHED_WHOLE.contains(&word))
}

/// Whether a sentence without quotation marks goes on as one: `좋다. 라고 했다`.
pub(super) fn quotes_on(word: &str) -> bool {
    // 라면 (noodles) and 이라크 (Iraq) begin alike and must not be taken for these
    QUOTING.iter().any(|start| word.starts_with(start))
}

/// Whether `rest` goes on as a quotation although no quotation mark was closed: only the unmistakable words.
pub(super) fn continues_unquoted(rest: &str) -> bool {
    ["라고 ", "라고요", "라는 ", "라며 ", "라면서 ", "이라고 ", "이라는 ", "이라며 "]
        .iter()
        .any(|start| rest.starts_with(start))
}
