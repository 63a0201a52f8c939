//! Pure: the addresses a letter carries: the ways out of the list, signed and by mail, and its place in the archive.

use std::net::IpAddr;

use url::{Host, Url};

use crate::model::Sender;
use crate::model::token::{Purpose, SecretKey};
use crate::model::{EditionId, SubscriberId};

/// Longest unsubscribe address taken: its header line, which is not folded, must stay under 998 octets.
const MAX_URL: usize = 900;

/// `{public_url}/unsubscribe/{token}`; GET shows a button, POST withdraws. Edition 0 stands for none.
pub fn unsubscribe_url(
    public_url: &Url,
    key: &SecretKey,
    subscriber: SubscriberId,
    edition: EditionId,
) -> String {
    let base = public_url.as_str().trim_end_matches('/');
    format!("{base}/unsubscribe/{}", key.token(Purpose::Unsubscribe, subscriber, edition))
}

/// `{public_url}/{page}/{token}`: a page of one reader.
pub fn page_url(public_url: &Url, page: &str, token: &str) -> String {
    format!("{}/{page}/{token}", public_url.as_str().trim_end_matches('/'))
}

/// `{public_url}/draft/{token}`: where the operator decides about an edition before it leaves.
pub fn draft_url(public_url: &Url, key: &SecretKey, edition: EditionId) -> String {
    page_url(public_url, "draft", &key.token(Purpose::Draft, SubscriberId(0), edition))
}

/// `{public_url}/archive/{digest}/{number}`: where an edition can be read on the web.
pub fn archive_url(public_url: &Url, digest: &str, number: i64) -> String {
    let base = public_url.as_str().trim_end_matches('/');
    format!("{base}/archive/{}/{number}", path_segment(digest))
}

/// `text` as one segment of a path.
pub fn path_segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    percent_encode(text, b"-._~", &mut segment);
    segment
}

/// `mailto:{address}?subject=unsubscribe`: a mail to Reply-To, else to the sender. The subject is ASCII: a spam filter
/// takes a run of percent-encoded octets in this header for a template that was never filled.
pub fn unsubscribe_mailto(sender: &Sender) -> String {
    let address = sender.reply_to.as_ref().unwrap_or(&sender.email);
    let mut link = String::from("mailto:");
    percent_encode(address.as_str(), b"@!$'*+-._~", &mut link);
    link.push_str("?subject=unsubscribe");
    link
}

fn percent_encode(text: &str, kept: &[u8], out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || kept.contains(&b) {
            out.push(char::from(b));
        } else {
            out.push('%');
            for digit in [b >> 4, b & 15] {
                out.push(HEX.get(usize::from(digit)).copied().map_or('0', char::from));
            }
        }
    }
}

/// What an unsubscribe address can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UrlKind {
    /// One-click (RFC 8058): https, or http on loopback so that trials behave alike.
    OneClick,
    /// A page to open.
    Page,
}

/// Checks that `url` can stand in a header between angle brackets. None: it cannot.
pub(super) fn check_url(url: &str) -> Option<UrlKind> {
    let graphic = |b: u8| (0x21..0x7F).contains(&b) && !br#"<>"\^`{|}"#.contains(&b);
    if url.len() > MAX_URL || !url.bytes().all(graphic) {
        return None;
    }
    if url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty()) {
        return Some(UrlKind::OneClick);
    }
    let rest = url.strip_prefix("http://")?;
    match Url::parse(url) {
        Ok(parsed) if !rest.is_empty() && is_loopback(&parsed) => Some(UrlKind::OneClick),
        Ok(_) => Some(UrlKind::Page),
        Err(_) => None,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EmailAddress;

    #[test]
    fn the_unsubscribe_address_hangs_under_the_public_one() {
        let key = SecretKey::new(1, &[7; 32]);
        for base in ["https://letter.example.com", "https://letter.example.com/", "https://example.com/news/"]
        {
            let url = unsubscribe_url(&Url::parse(base).expect("url"), &key, SubscriberId(5), EditionId(2));
            let (before, token) = url.rsplit_once('/').expect("slash");
            assert_eq!(before, format!("{}/unsubscribe", base.trim_end_matches('/')));
            assert_eq!(token.len(), 47);
        }
    }

    #[test]
    fn an_edition_in_the_archive_hangs_under_the_public_address_too() {
        let base = Url::parse("https://example.com/news/").expect("url");
        assert_eq!(archive_url(&base, "weekly", 12), "https://example.com/news/archive/weekly/12");
        let hostile = archive_url(&base, "주간 a/b?#\"", 1);
        assert_eq!(hostile, "https://example.com/news/archive/%EC%A3%BC%EA%B0%84%20a%2Fb%3F%23%22/1");
    }

    #[test]
    fn the_mailto_link_is_percent_encoded() {
        let sender = Sender {
            name: "하이봄".into(),
            email: EmailAddress::parse("a&b@example.com").expect("address"),
            reply_to: None,
            phone: None,
            address: None,
        };
        let link = unsubscribe_mailto(&sender);
        assert_eq!(link, "mailto:a%26b@example.com?subject=unsubscribe");
    }

    #[test]
    fn one_click_needs_https_or_loopback() {
        for url in
            ["https://a.example/u/1", "http://127.0.0.1:8080/u", "http://localhost/u", "http://[::1]/u"]
        {
            assert_eq!(check_url(url), Some(UrlKind::OneClick), "{url}");
        }
        assert_eq!(check_url("http://a.example/u"), Some(UrlKind::Page));
        for url in [
            "ftp://a.example",
            "https://",
            "https://a/ b",
            "https://a/>",
            "https://a/\r\nX: y",
            "https://가",
            "",
        ] {
            assert_eq!(check_url(url), None, "{url:?}");
        }
    }
}
