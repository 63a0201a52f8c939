//! Pure: what a request's head tells before anyone is known: under which of our names it asks, and from whose page.

use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, header};
use url::Url;

/// Under which of our names we were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// This machine's.
    Here,
    /// The public https address.
    Public,
}

/// None: another's name, which a page elsewhere may have bent towards us (DNS rebinding).
pub(super) fn home(headers: &HeaderMap, public: Option<&Url>) -> Option<Home> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    if hosts.next().is_some() {
        return None;
    }
    if public.is_some_and(|url| url.scheme() == "https" && authority(url).eq_ignore_ascii_case(host)) {
        return Some(Home::Public);
    }
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "80"));
    let named = name.eq_ignore_ascii_case("localhost") && port.parse::<u16>().is_ok();
    let bare = host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
    let here = named || bare || host.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback());
    here.then_some(Home::Here)
}

/// Host and port as a browser writes them: without the port that the scheme has anyway.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether a page of ours asked. Browsers say so by Sec-Fetch-Site; under no-referrer their Origin is `null` then.
pub(super) fn from_here(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text(HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| site != "same-origin") {
        return false;
    }
    match text(header::ORIGIN) {
        None | Some("null") => site.is_some(),
        Some(origin) => {
            let ours = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            ours.is_some() && ours == text(header::HOST)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value")))
            .collect()
    }

    #[test]
    fn only_this_machine_and_the_public_address_are_home() {
        let public: Url = "https://admin.example.com/".parse().expect("an address");
        let at = |host: &str| home(&headers(&[("host", host)]), Some(&public));
        for here in
            ["127.0.0.1:8026", "127.9.9.9:1", "localhost:8026", "LOCALHOST", "[::1]:8026", "127.0.0.1"]
        {
            assert_eq!(at(here), Some(Home::Here), "{here}");
        }
        assert_eq!(at("admin.example.com"), Some(Home::Public));
        for foreign in [
            "evil.example",
            "admin.example.com.evil.example",
            "admin.example.com:8443",
            "127.0.0.1.evil.example:8026",
            "localhost.evil.example",
            "10.0.0.1:8026",
            "0.0.0.0:8026",
            "",
        ] {
            assert_eq!(at(foreign), None, "{foreign}");
        }
        assert_eq!(home(&HeaderMap::new(), None), None);
    }

    #[test]
    fn only_a_page_of_ours_may_post() {
        let host = ("host", "127.0.0.1:8026");
        for ours in [
            &[host, ("origin", "http://127.0.0.1:8026")][..],
            &[host, ("origin", "http://127.0.0.1:8026"), ("sec-fetch-site", "same-origin")],
            &[host, ("origin", "null"), ("sec-fetch-site", "same-origin")],
        ] {
            assert!(from_here(&headers(ours)), "{ours:?}");
        }
        for foreign in [
            &[host][..],
            &[host, ("origin", "null")],
            &[host, ("origin", "http://127.0.0.1:3000")],
            &[host, ("origin", "http://evil.example")],
            &[host, ("origin", "127.0.0.1:8026")],
            &[host, ("origin", "http://127.0.0.1:8026"), ("sec-fetch-site", "same-site")],
            &[host, ("origin", "http://127.0.0.1:8026"), ("sec-fetch-site", "none")],
            &[host, ("sec-fetch-site", "cross-site")],
        ] {
            assert!(!from_here(&headers(foreign)), "{foreign:?}");
        }
    }
}
