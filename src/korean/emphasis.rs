//! Pure: Markdown's `**bold**` as plain text. Two stars are a mark only in a pair around text within one line: `2**10`
//! and `**kwargs` keep theirs.

/// The text without the marks of bold.
pub(super) fn without(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut at = 0;
        for mark in pairs(line).into_iter().flatten() {
            out.push_str(line.get(at..mark).unwrap_or_default());
            at = mark + 2;
        }
        out.push_str(line.get(at..).unwrap_or_default());
    }
    out
}

/// Where the marks stand that open and close, pair by pair.
fn pairs(line: &str) -> Vec<[usize; 2]> {
    let mut found = Vec::new();
    let mut open = None;
    for (at, run) in runs(line) {
        let before = line.get(..at).and_then(|head| head.chars().next_back());
        let after = line.get(at + run..).and_then(|tail| tail.chars().next());
        let touches = |side: Option<char>| side.is_some_and(|c| !c.is_whitespace());
        let counts = |side: Option<char>| side.is_some_and(|c| c.is_ascii_alphanumeric());
        // a power, as in 2**10 and x**y
        if !(2..=3).contains(&run) || (counts(before) && counts(after)) {
            continue;
        }
        match open {
            Some(from) if touches(before) => {
                found.push([from, at]);
                open = None;
            }
            _ if touches(after) => open = Some(at),
            _ => {}
        }
    }
    found
}

/// Each run of stars: where it begins, and how many they are.
fn runs(line: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = line.get(at..)?;
        let begin = at + rest.find('*')?;
        let run = line.get(begin..)?.bytes().take_while(|&b| b == b'*').count();
        at = begin + run;
        Some((begin, run))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pairs_around_text_are_marks() {
        assert_eq!(without("**굵게** 쓰고 더 **굵게** 쓴다"), "굵게 쓰고 더 굵게 쓴다");
        assert_eq!(without("말**중간**에도 쓴다\n**다음 줄**"), "말중간에도 쓴다\n다음 줄");
        for plain in [
            "2**10과 3**10",
            "**kwargs와 **args",
            "a ** b ** c",
            "010-****-1234와 ****",
            "**줄이 바뀌면\n끝나지 않는다**",
            "홍*동 김**",
            "",
        ] {
            assert_eq!(without(plain), plain);
        }
    }
}
