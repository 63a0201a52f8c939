//! Effect: a source on the web, read by strangers' rules: every connected address checked, every size and time limited.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_ENCODING, LOCATION};
use reqwest::{Client, Response, StatusCode};
use url::Url;

use super::answer::{self, Retry};
use super::charset;
use super::error::Reason;
use super::{FetchSettings, Fetched, Validators, hop};
use crate::source::guard;

/// Reads `at`, following redirects; `at` is left at the address that was read last.
pub(super) async fn read(
    at: &mut Url,
    seen: &Validators,
    settings: &FetchSettings,
) -> Result<Fetched, Reason> {
    hop::checked(at)?;
    let start = at.clone();
    for _ in 0..=settings.redirects {
        // The one site that may be private is the configured one: host and port, not what it redirects to.
        let own = settings.allow_private && hop::same_site(&start, at);
        literal_allowed(at, own)?;
        let asked = client(at, own, settings)?.get(at.clone()).headers(answer::conditions(seen));
        let response = asked.send().await.map_err(|error| reason(&error, at, settings))?;
        match redirect(&response)? {
            None => return receive(response, at, seen, settings).await,
            Some(location) => *at = hop::next(&start, at, &location)?,
        }
    }
    Err(Reason::Redirects { limit: settings.redirects })
}

/// A client for one request: it keeps no connection, cookie or proxy, and follows nothing by itself.
fn client(at: &Url, private: bool, settings: &FetchSettings) -> Result<Client, Reason> {
    let allowed = at.host().filter(|_| private).map(|host| host.to_string());
    Client::builder()
        .user_agent(settings.user_agent())
        .dns_resolver(PublicNames { allowed })
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(settings.connect)
        .pool_max_idle_per_host(0)
        .referer(false)
        .no_proxy()
        .build()
        .map_err(|_| Reason::Client)
}

fn literal_allowed(at: &Url, private: bool) -> Result<(), Reason> {
    match hop::literal(at) {
        Some(address) if !private && !guard::is_public(address) => {
            Err(Reason::Private { host: hop::host(at), address })
        }
        _ => Ok(()),
    }
}

/// Resolves names to their public addresses only. What it answers is what is connected to, so no second look-up can differ.
struct PublicNames {
    allowed: Option<String>,
}

/// A name that leads to private addresses only.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not a public address")]
struct NotPublic(IpAddr);

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.allowed.as_deref() == Some(name.as_str());
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let (open, closed): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|address| allowed || guard::is_public(address.ip()));
            match closed.first() {
                Some(refused) if open.is_empty() => Err(NotPublic(refused.ip()).into()),
                _ => Ok(Box::new(open.into_iter()) as Addrs),
            }
        })
    }
}

/// The Location of a redirect.
fn redirect(response: &Response) -> Result<Option<String>, Reason> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location =
        response.headers().get(LOCATION).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    location.map(|text| Some(text.to_owned())).ok_or(Reason::BadRedirect)
}

async fn receive(
    mut response: Response,
    at: &Url,
    seen: &Validators,
    settings: &FetchSettings,
) -> Result<Fetched, Reason> {
    let status = response.status();
    if status == StatusCode::NOT_MODIFIED && *seen != Validators::default() {
        return Ok(Fetched::Unchanged);
    }
    if status != StatusCode::OK {
        return Err(Reason::Status { code: status.as_u16(), retry: Retry::of(response.headers()) });
    }
    if let Some(content_type) = answer::binary_type(response.headers()) {
        return Err(Reason::Binary { content_type });
    }
    // What was unpacked has lost this header.
    let packing = response.headers().get(CONTENT_ENCODING);
    if packing.is_some_and(|name| !name.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Reason::Packed);
    }
    let (validators, declared) =
        (answer::validators(response.headers()), answer::charset(response.headers()));
    let too_large = || Reason::TooLarge { limit_mb: settings.web_limit / 1_000_000 };
    if response.content_length().is_some_and(|length| length > settings.web_limit) {
        return Err(too_large());
    }
    // As much as is promised, so that many texts that wait to be understood take no more room than they are long.
    let promised = response.content_length().and_then(|length| usize::try_from(length).ok());
    let mut bytes = Vec::with_capacity(promised.unwrap_or_default());
    while let Some(piece) = response.chunk().await.map_err(|error| reason(&error, at, settings))? {
        if (bytes.len() + piece.len()) as u64 > settings.web_limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&piece);
    }
    bytes.shrink_to_fit();
    let read = charset::decode(bytes, declared)?;
    Ok(Fetched::Text { text: read.text, validators, cut_off: read.cut_off })
}

fn reason(error: &reqwest::Error, at: &Url, settings: &FetchSettings) -> Reason {
    let host = hop::host(at);
    if let Some(NotPublic(address)) = cause(error) {
        Reason::Private { host, address: *address }
    } else if let Some(fault) = cause::<rustls::Error>(error) {
        Reason::Tls { host, why: tls_words(fault) }
    } else if error.is_timeout() && error.is_connect() {
        Reason::ConnectTimeout(settings.connect)
    } else if error.is_dns() {
        Reason::Name { host }
    } else if error.is_connect() {
        Reason::Connect { host, why: cause(error).map_or("연결 실패", connect_words) }
    } else {
        Reason::Broken
    }
}

/// The first error of type `T` below `error`. An `io::Error` hides what it wraps from `source()`.
fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn connect_words(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "연결 거부",
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => "가는 길 없음",
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => "연결 끊김",
        _ => "연결 실패",
    }
}

fn tls_words(error: &rustls::Error) -> &'static str {
    use rustls::{CertificateError as Fault, Error};
    match error {
        Error::InvalidCertificate(Fault::Expired | Fault::ExpiredContext { .. }) => "인증서 기한 지남",
        Error::InvalidCertificate(Fault::NotValidYet | Fault::NotValidYetContext { .. }) => "인증서 기한 전",
        Error::InvalidCertificate(Fault::NotValidForName | Fault::NotValidForNameContext { .. }) => {
            "다른 이름의 인증서"
        }
        Error::InvalidCertificate(Fault::UnknownIssuer) => "믿을 수 없는 발급자",
        Error::InvalidCertificate(_) => "잘못된 인증서",
        _ => "TLS 협상 실패",
    }
}
