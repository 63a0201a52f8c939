//! Pure: what the head of an HTTP answer says: type and charset, validators, when to come back.

use std::fmt;
use std::time::Duration;

use encoding_rs::Encoding;
use reqwest::header::{
    CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED, RETRY_AFTER,
};

use super::Validators;

/// A server may not silence a source for longer than this.
const LONGEST_RETRY: Duration = Duration::from_hours(24);
/// A longer validator is kept by nobody and would swell every request.
const LONGEST_VALIDATOR: usize = 1024;

/// How long the server asked to be left alone, at most a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry(pub Option<Duration>);

impl fmt::Display for Retry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.map(|span| span.as_secs()) {
            None => Ok(()),
            Some(seconds @ ..=90) => write!(out, ". 서버는 {seconds}초 뒤에 다시 오라고 했어요"),
            Some(seconds) => write!(out, ". 서버는 {}분 뒤에 다시 오라고 했어요", seconds.div_ceil(60)),
        }
    }
}

impl Retry {
    /// Retry-After in seconds, or as a date against the server's own `Date`, so that no clock here is asked.
    pub(super) fn of(headers: &HeaderMap) -> Retry {
        let Some(value) = word(headers, RETRY_AFTER) else { return Retry(None) };
        let span = match value.parse::<u64>() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => date(value).and_then(|until| {
                let now = word(headers, DATE).and_then(date)?;
                Some((until - now).to_std().unwrap_or_default())
            }),
        };
        Retry(span.map(|span| span.min(LONGEST_RETRY)))
    }
}

fn date(text: &str) -> Option<chrono::DateTime<chrono::FixedOffset>> {
    chrono::DateTime::parse_from_rfc2822(text).ok()
}

fn word(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The validators of an answer.
pub(super) fn validators(headers: &HeaderMap) -> Validators {
    let kept = |name| word(headers, name).filter(|text| !text.is_empty() && text.len() <= LONGEST_VALIDATOR);
    Validators { etag: kept(ETAG).map(str::to_owned), last_modified: kept(LAST_MODIFIED).map(str::to_owned) }
}

/// The headers that ask for an answer only if something changed since `seen`.
pub(super) fn conditions(seen: &Validators) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [(IF_NONE_MATCH, &seen.etag), (IF_MODIFIED_SINCE, &seen.last_modified)] {
        if let Some(value) = value.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// The charset that Content-Type names, if it is one that text can be in.
pub(super) fn charset(headers: &HeaderMap) -> Option<&'static Encoding> {
    let parameters = word(headers, CONTENT_TYPE)?.split(';').skip(1);
    let mut named = parameters.filter_map(|parameter| parameter.split_once('='));
    let (_, label) = named.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Encoding::for_label_no_replacement(label.trim().trim_matches(['"', '\'']).as_bytes())
}

/// The declared type, if it is clearly not text. Unnamed bytes (`application/octet-stream`) are looked at instead.
pub(super) fn binary_type(headers: &HeaderMap) -> Option<String> {
    let value = word(headers, CONTENT_TYPE)?;
    let declared = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (group, kind) = declared.split_once('/')?;
    let spelled_in_xml = kind.ends_with("+xml") || kind.ends_with("+json");
    let binary = match group {
        "image" | "audio" | "video" | "font" => true,
        "application" => ["zip", "pdf", "compressed", "tar", "rar", "msword", "vnd.", "wasm", "bzip", "x-7z"]
            .iter()
            .any(|word| kind.contains(word)),
        _ => false,
    };
    (binary && !spelled_in_xml).then(|| declared.chars().filter(char::is_ascii_graphic).take(60).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date_and_never_over_a_day() {
        let after =
            |pairs: &[(HeaderName, &'static str)]| Retry::of(&head(pairs)).0.map(|span| span.as_secs());
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[(RETRY_AFTER, "120")]), Some(120));
        assert_eq!(after(&[(RETRY_AFTER, "99999999")]), Some(86_400));
        assert_eq!(after(&[(RETRY_AFTER, "-5")]), None);
        assert_eq!(after(&[(RETRY_AFTER, "soon")]), None);
        let then = (RETRY_AFTER, "Mon, 23 Nov 2026 09:10:00 GMT");
        assert_eq!(after(&[then.clone(), (DATE, "Mon, 23 Nov 2026 09:00:00 GMT")]), Some(600));
        assert_eq!(after(&[then.clone(), (DATE, "Mon, 23 Nov 2026 10:00:00 GMT")]), Some(0));
        assert_eq!(after(&[then]), None);
    }

    #[test]
    fn a_charset_is_found_in_any_spelling() {
        let name = |value| charset(&head(&[(CONTENT_TYPE, value)])).map(Encoding::name);
        assert_eq!(name("text/plain; charset=EUC-KR"), Some("EUC-KR"));
        assert_eq!(name("text/html;boundary=x; Charset = \"ks_c_5601-1987\""), Some("EUC-KR"));
        assert_eq!(name("text/plain; charset=UTF8"), Some("UTF-8"));
        assert_eq!(name("text/plain; charset=nonsense"), None);
        assert_eq!(name("text/plain"), None);
    }

    #[test]
    fn clearly_binary_types_are_told_from_text() {
        let binary = |value| binary_type(&head(&[(CONTENT_TYPE, value)])).is_some();
        for value in
            ["image/png", "application/pdf", "application/zip; x=y", "Video/MP4", "application/vnd.ms-excel"]
        {
            assert!(binary(value), "{value}");
        }
        for value in [
            "text/plain",
            "text/html; charset=utf-8",
            "application/octet-stream",
            "application/rss+xml",
            "application/json",
            "application/vnd.api+json",
            "image/svg+xml",
            "nonsense",
        ] {
            assert!(!binary(value), "{value}");
        }
    }

    #[test]
    fn validators_that_cannot_stand_in_a_header_are_left_out_of_the_request() {
        let seen =
            Validators { etag: Some("\"a\r\nHost: b\"".to_owned()), last_modified: Some("x".to_owned()) };
        let headers = conditions(&seen);
        assert!(!headers.contains_key(IF_NONE_MATCH));
        assert!(headers.contains_key(IF_MODIFIED_SINCE));
    }
}
