//! Pure: where a redirect may lead, and how an address is shown to people.

use std::net::IpAddr;

use url::{Host, Url};

use super::error::Reason;

/// Longer addresses are cut in messages.
const LONGEST_SHOWN: usize = 200;

/// An address that may be asked: http or https.
pub(super) fn checked(url: &Url) -> Result<(), Reason> {
    match url.scheme() {
        "http" | "https" => Ok(()),
        scheme => Err(Reason::Scheme { scheme: scheme.chars().take(20).collect() }),
    }
}

/// The address that `location` leads to from `from`. A password goes along to the same host only.
pub(super) fn next(start: &Url, from: &Url, location: &str) -> Result<Url, Reason> {
    let mut to = from.join(location).map_err(|_| Reason::BadRedirect)?;
    checked(&to)?;
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(Reason::Downgrade);
    }
    to.set_fragment(None);
    let (user, password) =
        if same_site(start, &to) { (start.username(), start.password()) } else { ("", None) };
    to.set_username(user).and_then(|()| to.set_password(password)).map_err(|()| Reason::BadRedirect)?;
    Ok(to)
}

/// The same host and port, or the same host's step from http to https on their usual ports.
pub(super) fn same_site(one: &Url, other: &Url) -> bool {
    let upgrade = (one.port_or_known_default(), other.port_or_known_default()) == (Some(80), Some(443));
    one.host() == other.host()
        && (upgrade
            || (one.port_or_known_default() == other.port_or_known_default()
                && one.scheme() == other.scheme()))
}

/// The address in a URL whose host is an address and not a name; every odd spelling of one was made plain by the parser.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    }
}

/// Host, and port where it is not the usual one.
pub(super) fn host(url: &Url) -> String {
    let host: String = url.host_str().unwrap_or_default().chars().take(LONGEST_SHOWN).collect();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// An address without user, password, query and fragment, where secrets may stand.
pub(super) fn shown(url: &Url) -> String {
    let path: String = url.path().chars().take(LONGEST_SHOWN).collect();
    let query = if url.query().is_some() { "?…" } else { "" };
    let cut = if path.len() < url.path().len() { "…" } else { "" };
    format!("{}://{}{path}{cut}{query}", url.scheme(), host(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("an address")
    }

    fn step(start: &str, location: &str) -> Result<String, Reason> {
        next(&url(start), &url(start), location).map(String::from)
    }

    #[test]
    fn a_redirect_leads_to_the_address_it_names() {
        assert_eq!(step("https://a.test/x/y?q", "../z#part").expect("ok"), "https://a.test/z");
        assert_eq!(step("https://a.test/x", "//b.test/").expect("ok"), "https://b.test/");
        assert_eq!(step("http://a.test/x", "https://a.test/").expect("ok"), "https://a.test/");
    }

    #[test]
    fn encryption_is_not_given_up_and_other_schemes_are_not_followed() {
        assert!(matches!(step("https://a.test/", "http://a.test/"), Err(Reason::Downgrade)));
        for location in ["file:///etc/passwd", "ftp://a.test/", "data:text/plain,x", "gopher://a.test"] {
            assert!(matches!(step("http://a.test/", location), Err(Reason::Scheme { .. })), "{location}");
        }
        assert!(matches!(step("http://a.test/", "http://[::1"), Err(Reason::BadRedirect)));
    }

    #[test]
    fn a_password_goes_to_no_other_host_and_none_is_taken_from_a_redirect() {
        assert_eq!(step("http://u:p@a.test/", "/b").expect("ok"), "http://u:p@a.test/b");
        assert_eq!(step("http://u:p@a.test/", "https://a.test/b").expect("ok"), "https://u:p@a.test/b");
        assert_eq!(step("http://u:p@a.test/", "http://a.test:81/").expect("ok"), "http://a.test:81/");
        assert_eq!(step("http://u:p@a.test/", "http://b.test/").expect("ok"), "http://b.test/");
        assert_eq!(step("http://a.test/", "http://x:y@b.test/").expect("ok"), "http://b.test/");
    }

    #[test]
    fn odd_spellings_of_an_address_are_seen_as_that_address() {
        for text in [
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://127.0.0.1./",
        ] {
            assert_eq!(literal(&url(text)).map(|address| address.is_loopback()), Some(true), "{text}");
        }
        assert_eq!(literal(&url("http://[::ffff:7f00:1]/")).map(|address| address.is_ipv6()), Some(true));
        assert_eq!(literal(&url("http://localhost/")), None);
    }

    #[test]
    fn secrets_of_an_address_are_not_shown() {
        assert_eq!(
            shown(&url("https://me:hunter2@a.test:8443/feed?key=s3cret#x")),
            "https://a.test:8443/feed?…"
        );
        assert!(shown(&url(&format!("http://a.test/{}", "x".repeat(5000)))).len() < 300);
    }
}
