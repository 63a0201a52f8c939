//! Pure: which well-known mail domain a mistyped one probably meant.

/// Where Korean readers have their mail.
const PROVIDERS: &[&str] = &[
    "naver.com",
    "gmail.com",
    "hanmail.net",
    "daum.net",
    "kakao.com",
    "nate.com",
    "hotmail.com",
    "outlook.com",
    "outlook.kr",
    "yahoo.com",
    "yahoo.co.kr",
    "icloud.com",
    "korea.com",
    "empas.com",
    "empal.com",
    "dreamwiz.com",
    "paran.com",
    "chol.com",
    "hanmir.com",
    "lycos.co.kr",
    "protonmail.com",
];

/// Real domains that stand close to one of the above; never a slip.
const REAL: &[&str] = &[
    "mail.com",
    "email.com",
    "ymail.com",
    "googlemail.com",
    "navercorp.com",
    "kakaocorp.com",
    "daumcorp.com",
    "yahoo.co.jp",
    "outlook.jp",
    "hotmail.co.kr",
    "live.com",
    "line.com",
    "note.com",
    "date.com",
    "mate.com",
    "kakaobank.com",
    "never.com",
    "inaver.com",
    "koreaa.ac.kr",
    "korea.kr",
    "korea.ac.kr",
    "korea.co.kr",
];

/// These have one domain only, so another ending is a slip too (`naver.co.kr`, `hanmail.com`).
const ONE_ENDING: &[&str] = &["naver", "gmail", "hanmail", "daum", "kakao", "nate", "icloud"];

/// The known domain within one or two slips of `domain`; none where it is known itself or like nothing known.
pub(super) fn domain(domain: &str) -> Option<&'static str> {
    if PROVIDERS.contains(&domain) || REAL.contains(&domain) {
        return None;
    }
    let (name, ending) = domain.split_once('.')?;
    let slips = |known: &&'static str| -> Option<(usize, &'static str)> {
        let (known_name, known_ending) = known.split_once('.')?;
        let in_name = distance(name, known_name);
        let in_ending = distance(ending, known_ending);
        let same_name = in_name == 0 && ONE_ENDING.contains(&known_name);
        let room = if known_name.len() <= 5 { 1 } else { 2 };
        let near = in_name <= room && in_ending <= 1 && in_name + in_ending <= 2;
        (same_name || near).then_some((if same_name { 0 } else { in_name + in_ending }, *known))
    };
    PROVIDERS.iter().filter_map(slips).min_by_key(|(slips, _)| *slips).map(|(_, known)| known)
}

/// Insertions, deletions, substitutions and swaps of neighbours between two short ASCII words (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > 3 {
        return usize::MAX / 4;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(usize::MAX / 4);
            let mut best =
                (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            if i > 0 && j > 0 && a.get(i - 1) == Some(&y) && b.get(j - 1) == Some(&x) {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}
