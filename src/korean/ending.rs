//! Pure: how Korean sentences end, and how a quotation goes on after its closing mark.

/// Syllables that close a sentence in one of the usual styles and hardly ever a word inside one: 다, 요, 죠, 까, and
/// the clipped 음, 함, 됨.
const CLOSING: &str = "다요죠까네군냐음함임됨";

/// A syllable that closes a sentence even where no period, or only a pause, follows.
pub(super) fn closes(ch: char) -> bool {
    CLOSING.contains(ch)
}

/// Words that continue a quotation; anything may follow them: 라고는, 라면서도.
const QUOTING: [&str; 29] = [
    "라고",
    "라는",
    "라며",
    "라면서",
    "라던",
    "라더",
    "라네",
    "라지",
    "라니",
    "라나",
    "랬",
    "이라고",
    "이라는",
    "이라며",
    "이라면서",
    "이라던",
    "이라더",
    "이라네",
    "이라지",
    "이라니",
    "이라나",
    "이랬",
    "고는",
    "다고",
    "다는",
    "다며",
    "다던",
    "다더",
    "다면서",
];

/// Words that continue a quotation only where the word ends after them.
const QUOTING_WHOLE: [&str; 8] = ["고", "며", "는", "던", "란", "면서", "이라", "라"];

/// Forms of 하다 and of the verbs of saying, which take a quotation as it stands: `“가자.” 하자 갔다`. 하지만, 하루, 한 and
/// 말하자면 begin a sentence of their own.
const SAYING: [&str; 46] = [
    "하고",
    "하곤",
    "하며",
    "하면",
    "하는",
    "하던",
    "하더",
    "하니",
    "하기에",
    "하길래",
    "하여",
    "하였",
    "하네요",
    "하는데",
    "했",
    "한다",
    "합니다",
    "합디다",
    "해서",
    "해도",
    "해요",
    "외치",
    "외쳤",
    "외친",
    "말하며",
    "말하고",
    "말하는",
    "말하던",
    "말하자 ",
    "말했",
    "말한",
    "묻는",
    "묻자",
    "묻고",
    "물었",
    "물으",
    "되물",
    "되묻",
    "답하",
    "답했",
    "대답하",
    "대답했",
    "속삭",
    "중얼거",
    "소리치",
    "소리쳤",
];
const SAYING_WHOLE: [&str; 3] = ["하자", "하자마자", "해"];

/// Particles, copulas and endings right after a closing mark, without a space.
const ATTACHED: [&str; 34] = [
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
    "더니",
    "더라",
    "더군",
    "길래",
    "고만",
    "고까지",
    "라기",
    "이라기",
];
const ATTACHED_WHOLE: [&str; 34] = [
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "과",
    "와",
    "도",
    "로",
    "에",
    "의",
    "만",
    "나",
    "랑",
    "이랑",
    "고",
    "며",
    "란",
    "이란",
    "란다",
    "이란다",
    "인",
    "라",
    "라면",
    "이라면",
    "라서",
    "래",
    "래요",
    "기에",
    "던가",
    "던데",
    "고도",
    "고요",
];

/// Whether `rest`, the text after a closing quote, goes on with it; `spaced` says that a space stands between.
pub(super) fn continues(rest: &str, spaced: bool) -> bool {
    let word_end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    let word = rest.get(..word_end).unwrap_or(rest);
    if quotes_on(word) || QUOTING_WHOLE.contains(&word) || says(rest, word) {
        return true;
    }
    !spaced && (ATTACHED.iter().any(|start| word.starts_with(start)) || ATTACHED_WHOLE.contains(&word))
}

fn says(rest: &str, word: &str) -> bool {
    // 할 때, 할 줄; 할 일 is something to do
    let when = ["할 때", "할 줄", "할 정도", "할 뿐", "할 만"].iter().any(|start| rest.starts_with(start));
    SAYING.iter().any(|start| rest.starts_with(start)) || SAYING_WHOLE.contains(&word) || when
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
