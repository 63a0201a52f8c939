//! Pure: the TOML parser's words in Korean: what is wrong with the line, and what to do.

use std::ops::Range;

/// Pieces of the parser's messages, the more special first, with what they mean and what to do about it.
const WORDS: [(&str, &str, &str); 27] = [
    (
        "duplicate key",
        "같은 이름이 두 번 나와요",
        "하나만 남기세요. 여러 개를 적는 구역은 `[[source]]`처럼 대괄호를 두 겹으로 써요",
    ),
    (
        "string values must be quoted",
        "글은 따옴표로 감싸야 해요",
        "값을 큰따옴표로 감싸세요. 예: `title = \"봄날의 노트\"`",
    ),
    ("opening quote", "따옴표가 열리지 않았어요", "값의 앞뒤를 같은 따옴표로 감싸세요"),
    (
        "basic string",
        "따옴표가 닫히지 않았거나 글 안에 쓸 수 없는 문자가 있어요",
        "닫는 큰따옴표를 적고, 글 안의 `\\`는 `\\\\`로 쓰세요",
    ),
    ("literal string", "따옴표가 닫히지 않았어요", "닫는 작은따옴표를 적으세요"),
    ("escape", "글 안의 `\\` 다음 문자를 읽을 수 없어요", "`\\`를 그대로 쓰려면 `\\\\`로 적으세요"),
    ("assignment", "키와 값 사이에 `=`가 없어요", "`키 = 값` 꼴로 적으세요. 설명은 `#` 뒤에 써요"),
    ("key with no value", "키 뒤에 `=`와 값이 없어요", "`키 = 값` 꼴로 적으세요"),
    ("missing value", "`=` 뒤에 값이 없어요", "값을 적거나 그 줄을 지우세요"),
    ("invalid boolean", FLAG, FLAG_ADVICE),
    // What begins as `no` or `nan` is taken for a number by the parser; people mean the other.
    ("expected `nan`", FLAG, FLAG_ADVICE),
    (
        "carriage return",
        "줄이 CR로 끝나요(옛 Mac의 줄바꿈)",
        "편집기에서 줄바꿈을 LF로 바꾸어 다시 저장하세요",
    ),
    ("recurs", "괄호나 점이 너무 깊이 겹쳤어요", "한두 겹으로 적으세요"),
    ("only go between digits", NUMBER, NUMBER_ADVICE),
    ("invalid float", NUMBER, NUMBER_ADVICE),
    ("invalid exponent", NUMBER, NUMBER_ADVICE),
    ("invalid integer", NUMBER, NUMBER_ADVICE),
    ("invalid date", "날짜로 읽을 수 없어요", "날짜가 아니라 글이면 큰따옴표로 감싸세요"),
    ("invalid time", "시각으로 읽을 수 없어요", "시각이 아니라 글이면 큰따옴표로 감싸세요"),
    ("array", "목록의 대괄호나 쉼표가 맞지 않아요", "`[1, 2]`처럼 대괄호로 감싸고 쉼표로 나누세요"),
    ("inline table", "중괄호나 쉼표가 맞지 않아요", "`{ new = 5, top = 5 }`처럼 적으세요"),
    ("unclosed table", "구역 이름의 대괄호가 닫히지 않았어요", "`[smtp]`처럼 닫으세요"),
    (
        "unquoted key",
        "키 이름에 쓸 수 없는 문자가 있어요",
        "한글이나 기호가 든 이름은 큰따옴표로 감싸고, 설명은 `#` 뒤에 쓰세요",
    ),
    ("dotted key", "앞에서 값으로 쓴 이름을 구역으로 다시 써요", "둘 가운데 하나를 지우세요"),
    ("comma", "쉼표가 빠졌거나 남아요", "값 사이에 쉼표를 하나씩 쓰세요"),
    ("leading zero", "숫자가 0으로 시작해요", "앞의 0을 지우세요"),
    ("unexpected", "여기에 올 수 없는 글자가 있어요", "한 줄에 `키 = 값` 하나만 적으세요"),
];

const FLAG: &str = "예나 아니요로 읽을 수 없어요";
const FLAG_ADVICE: &str = "`true`나 `false`를 소문자로 적으세요. 글이면 큰따옴표로 감싸세요";
const NUMBER: &str = "숫자로 읽을 수 없어요";
const NUMBER_ADVICE: &str = "숫자만 적으세요. 예: `587`. 글이면 큰따옴표로 감싸세요";

/// A file whose lines end in CR has such an error for each line: the first says all.
pub(super) fn is_repeated(message: &str, earlier: &[(Range<usize>, String)]) -> bool {
    let of_line_ends = |message: &str| message.contains("carriage return");
    of_line_ends(message) && earlier.iter().any(|(_, message)| of_line_ends(message))
}

/// What is wrong, and what to do. The parser's own words stand behind what is not known here.
pub(super) fn in_korean(message: &str) -> (String, String) {
    match WORDS.iter().find(|(words, ..)| message.contains(words)) {
        Some((_, what, advice)) => ((*what).to_owned(), (*advice).to_owned()),
        None => (
            format!("TOML 문법에 맞지 않아요({message})"),
            "`키 = 값` 꼴인지, 글을 큰따옴표로 감쌌는지 확인하세요".to_owned(),
        ),
    }
}
