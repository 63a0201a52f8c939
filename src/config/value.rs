//! Pure: readers of single values: each says in Korean what it wanted where it got something else.
//!
//! A fault quotes a value only where the value cannot be a secret.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use chrono::Duration;
use chrono_tz::Tz;
use url::{Host, Url};

use super::raw::Item;
use super::report::{nearest, plain};
use crate::model::EmailAddress;

/// What is wrong, and what to do.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) what: String,
    pub(super) advice: String,
}

impl Problem {
    pub(super) fn new(what: impl Into<String>, advice: impl Into<String>) -> Problem {
        Problem { what: what.into(), advice: advice.into() }
    }
}

type Read<T> = Result<T, Problem>;

fn kind(item: &Item) -> &'static str {
    match item {
        Item::Text(_) | Item::Variable(_) => "글",
        Item::Integer(_) | Item::Float(_) => "숫자",
        Item::Flag(_) => "참·거짓 값",
        Item::Date => "날짜",
        Item::List(_) => "목록",
        Item::Table(_) => "구역",
    }
}

fn wanted(what: &str, item: &Item, advice: &str) -> Problem {
    Problem::new(format!("{what}이어야 하는 자리에 {} 형식의 값이 있어요", kind(item)), advice)
}

/// Any text of one line, without what cannot be seen; trimmed, not empty. A tab is a space: crontabs have them.
pub(super) fn line(item: &Item) -> Read<String> {
    seen(item, |text| text.replace('\t', " "))
}

/// The same with no tab either: in an address or a login it would be another one.
pub(super) fn exact(item: &Item) -> Read<String> {
    seen(item, str::to_owned)
}

fn seen(item: &Item, seen: impl Fn(&str) -> String) -> Read<String> {
    let (Item::Text(text) | Item::Variable(text)) = item else {
        return Err(wanted("글", item, "값을 큰따옴표로 감싸세요"));
    };
    let text = seen(text.trim());
    if text.is_empty() {
        return Err(Problem::new(
            "값이 비어 있어요",
            "값을 적거나, 꼭 필요하지 않은 키라면 그 줄을 지우세요",
        ));
    }
    if plain(&text) != text {
        return Err(Problem::new("줄바꿈이나 눈에 보이지 않는 문자가 들어 있어요", "한 줄로 다시 적으세요"));
    }
    Ok(text)
}

/// A list of such lines; in a variable they stand apart by commas.
pub(super) fn lines(item: &Item) -> Read<Vec<String>> {
    match item {
        Item::List(nodes) => nodes.iter().map(|node| line(&node.item)).collect(),
        Item::Variable(text) => {
            let parts = text.split(',').filter(|part| !part.trim().is_empty());
            parts.map(|part| line(&Item::Variable(part.to_owned()))).collect()
        }
        _ => Err(wanted("목록", item, "대괄호로 묶으세요. 예: `[\"하나\", \"둘\"]`")),
    }
}

/// A name people type on the command line and see in tables.
pub(super) fn name(item: &Item) -> Read<String> {
    let name = line(item)?;
    if name.chars().count() > 60 {
        return Err(Problem::new("이름이 60자를 넘어요", "짧은 이름을 쓰세요. 예: `weekly`"));
    }
    if name.starts_with('-') {
        return Err(Problem::new(
            "이름이 `-`로 시작해요",
            "명령줄의 옵션과 헷갈리지 않게 다른 글자로 시작하세요",
        ));
    }
    Ok(name)
}

/// `true` or `false`.
pub(super) fn flag(item: &Item) -> Read<bool> {
    match item {
        Item::Flag(flag) => Ok(*flag),
        Item::Variable(text) if text.trim().eq_ignore_ascii_case("true") => Ok(true),
        Item::Variable(text) if text.trim().eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(Problem::new("`true` 또는 `false`여야 해요", "따옴표 없이 true나 false를 적으세요")),
    }
}

/// A whole number within `range`.
pub(super) fn integer(range: RangeInclusive<i64>) -> impl Fn(&Item) -> Read<i64> {
    move |item| {
        let advice = format!("{}에서 {} 사이의 정수를 적으세요", range.start(), range.end());
        let number = match item {
            Item::Integer(number) => *number,
            Item::Variable(text) => {
                let number = text.trim().parse();
                Some(number.map_err(|_| Problem::new("정수가 아니에요", &advice))?)
            }
            Item::Text(text) if text.trim().parse::<i64>().is_ok() => {
                return Err(Problem::new("숫자를 따옴표로 감쌌어요", "따옴표를 지우세요"));
            }
            Item::Float(_) => return Err(Problem::new("정수가 아니에요", advice)),
            _ => return Err(wanted("정수", item, &advice)),
        };
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| Problem::new("쓸 수 있는 범위를 벗어났어요", advice))
    }
}

/// The same as a count.
pub(super) fn count(range: RangeInclusive<u16>) -> impl Fn(&Item) -> Read<usize> {
    let read = integer(i64::from(*range.start())..=i64::from(*range.end()));
    move |item| Ok(usize::try_from(read(item)?).unwrap_or_default())
}

/// A finite number within `range`.
pub(super) fn number(range: RangeInclusive<f64>) -> impl Fn(&Item) -> Read<f64> {
    move |item| {
        let advice = format!("{}에서 {} 사이의 숫자를 적으세요", range.start(), range.end());
        let number = match item {
            Item::Float(number) => *number,
            Item::Integer(number) => {
                number.and_then(|number| i32::try_from(number).ok()).map_or(f64::NAN, f64::from)
            }
            Item::Variable(text) => {
                text.trim().parse().map_err(|_| Problem::new("숫자가 아니에요", &advice))?
            }
            _ => return Err(wanted("숫자", item, &advice)),
        };
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(Problem::new("쓸 수 있는 범위를 벗어났어요", advice))
        }
    }
}

/// A span such as `30m`, `12h` or `2d` within `range`.
pub(super) fn span(range: RangeInclusive<Duration>) -> impl Fn(&Item) -> Read<Duration> {
    move |item| {
        const ADVICE: &str = "수와 단위를 붙여 적으세요. 초 `30s`, 분 `30m`, 시간 `12h`, 날 `2d`, 주 `1w`";
        let (Item::Text(text) | Item::Variable(text)) = item else {
            return Err(Problem::new("단위가 없는 길이예요", ADVICE));
        };
        let span =
            parse_span(text.trim()).ok_or_else(|| Problem::new("시간 길이로 읽을 수 없어요", ADVICE))?;
        let advice =
            || format!("{}에서 {} 사이로 적으세요", show_span(*range.start()), show_span(*range.end()));
        if range.contains(&span) {
            Ok(span)
        } else {
            Err(Problem::new("쓸 수 있는 범위를 벗어났어요", advice()))
        }
    }
}

const UNITS: [(char, i64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

fn parse_span(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::zero());
    }
    let unit = text.chars().last()?;
    let seconds = UNITS.iter().find(|(letter, _)| *letter == unit.to_ascii_lowercase())?.1;
    let digits = text.strip_suffix(unit)?.trim_end();
    let number: i64 = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??;
    Duration::try_seconds(number.checked_mul(seconds)?)
}

/// A span as it is written in the file, in its largest whole unit.
pub fn show_span(span: Duration) -> String {
    let seconds = span.num_seconds();
    let unit = UNITS.iter().skip(1).find(|(_, length)| seconds != 0 && seconds % length == 0);
    match unit {
        Some((letter, length)) => format!("{}{letter}", seconds / length),
        None => "0s".to_owned(),
    }
}

/// One of `words`.
pub(super) fn choice<T: Clone>(words: &[(&'static str, T)]) -> impl Fn(&Item) -> Read<T> {
    move |item| {
        let word = line(item)?;
        if let Some((_, value)) = words.iter().find(|(known, _)| *known == word) {
            return Ok(value.clone());
        }
        let known: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
        let list = known.join("`, `");
        let advice = match nearest(&word, known) {
            Some(meant) => format!("혹시 `{meant}`? 쓸 수 있는 값: `{list}`"),
            None => format!("쓸 수 있는 값: `{list}`"),
        };
        Err(Problem::new(format!("모르는 값이에요: `{}`", shorten(&word)), advice))
    }
}

fn shorten(word: &str) -> String {
    word.chars().take(40).collect()
}

/// A path; relative ones are relative to the folder moabom is started in.
pub(super) fn path(item: &Item) -> Read<PathBuf> {
    exact(item).map(PathBuf::from)
}

/// An http(s) address without a login in it.
pub(super) fn web_address(item: &Item) -> Read<Url> {
    let text = exact(item)?;
    let advice = "`https://`로 시작하는 주소를 적으세요. 예: `https://blog.example.com/`";
    let url = Url::parse(&text).map_err(|_| Problem::new("웹 주소로 읽을 수 없어요", advice))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(Problem::new("http나 https 주소가 아니에요", advice));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Problem::new(
            "주소에 사용자 이름이나 비밀번호가 들어 있어요",
            "`//`와 `@` 사이를 지우세요",
        ));
    }
    Ok(url)
}

/// An address that can send: its local part is ASCII.
pub(super) fn email(item: &Item) -> Read<EmailAddress> {
    let text = line(item)?;
    let advice = "메일 주소 하나만 적으세요. 예: `hello@example.com`";
    let email = EmailAddress::parse(&text).map_err(|error| Problem::new(error.to_string(), advice))?;
    if email.needs_smtputf8() {
        return Err(Problem::new("@ 앞에 영문이 아닌 글자가 있는 주소로는 보낼 수 없어요", advice));
    }
    Ok(email)
}

/// Addresses that can send: a list, or in a variable one line with commas.
pub(super) fn emails(item: &Item) -> Read<Vec<EmailAddress>> {
    match item {
        Item::List(list) => list.iter().map(|node| email(&node.item)).collect(),
        Item::Variable(line) => line
            .split(',')
            .filter(|part| !part.trim().is_empty())
            .map(|part| email(&Item::Variable(part.to_owned())))
            .collect(),
        _ => Err(wanted("목록", item, "대괄호로 감싸세요. 예: `[\"me@example.com\"]`")),
    }
}

/// A time zone by its IANA name.
pub(super) fn zone(item: &Item) -> Read<Tz> {
    let text = line(item)?;
    text.parse().map_err(|_| {
        let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let advice = match nearest(&text, names) {
            Some(meant) => format!("혹시 `{meant}`?"),
            None => "지역 이름으로 적으세요. 예: `Asia/Seoul`".to_owned(),
        };
        Problem::new(format!("모르는 시간대예요: `{}`", shorten(&text)), advice)
    })
}

/// A host's name or IP address, without scheme and port.
pub(super) fn host(item: &Item) -> Read<String> {
    let text = line(item)?;
    if text.parse::<std::net::IpAddr>().is_ok() {
        return Ok(text);
    }
    let sound = !text.contains([':', '/', '@', ' ']) && Host::parse(&text).is_ok();
    let advice = "호스트 이름만 적으세요. 포트는 `port`에 따로 적어요. 예: `smtp.example.com`";
    if sound { Ok(text) } else { Err(Problem::new("호스트 이름이 아니에요", advice)) }
}

/// Whether a relay by that name is on this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let named = host.eq_ignore_ascii_case("localhost");
    named || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Item {
        Item::Text(text.to_owned())
    }

    #[test]
    fn spans_are_numbers_with_a_unit() {
        let read = span(Duration::zero()..=Duration::days(30));
        let minutes = |written: &str| read(&text(written)).ok().map(|span| span.num_minutes());
        assert_eq!(minutes("30m"), Some(30));
        assert_eq!(minutes("12h"), Some(720));
        assert_eq!(minutes("2d"), Some(2880));
        assert_eq!(minutes("1 W"), Some(10_080));
        assert_eq!(minutes("0"), Some(0));
        for wrong in ["", "m", "-1h", "1.5h", "30", "3 시간", "1h30m", "99999999999999999999d", "31d", "9d가"]
        {
            assert_eq!(minutes(wrong), None, "{wrong}");
        }
        assert!(read(&Item::Integer(Some(30))).is_err());
    }

    #[test]
    fn a_span_is_shown_as_it_is_written() {
        for written in ["30m", "12h", "2d", "90s", "0s"] {
            assert_eq!(parse_span(written).map(show_span).as_deref(), Some(written));
        }
    }

    #[test]
    fn a_host_is_no_address() {
        for good in ["smtp.example.com", "localhost", "127.0.0.1", "::1", "메일.한국"] {
            assert!(host(&text(good)).is_ok(), "{good}");
        }
        for wrong in ["smtp://a.example", "a.example:587", "a b", "me@a.example", "a/b"] {
            assert!(host(&text(wrong)).is_err(), "{wrong}");
        }
    }
}
