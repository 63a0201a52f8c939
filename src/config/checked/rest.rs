//! Effect: `[dkim]`, `[web]`, `[privacy]`, `[store]`, `[templates]` and `[log]`, and what they mean together.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use url::{Host, Url};

use super::super::private_file::{Readers, read as read_private};
use super::super::raw::Item;
use super::super::section::Section;
use super::super::value::{Problem, choice, count, email, flag, host, line, lines, path, span, web_address};
use super::super::{LogFormat, LogSettings, StoreSettings, WebSettings};
use super::relay::private_problem;
use crate::compose::dkim::{DkimSettings, Signer};
use crate::model::network::Network;
use crate::model::{EmailAddress, Sender};
use crate::notify;
use crate::web::PrivacySettings;

/// Nothing outer: wrong. Nothing inner: letters are not signed here.
pub(super) fn dkim(root: &mut Section<'_, '_>, sender_domain: Option<&str>) -> Option<Option<DkimSettings>> {
    if !root.has("dkim") {
        root.knows("dkim");
        return Some(None);
    }
    let mut section = root.section("dkim");
    let domain = section.optional("domain", host);
    let selector = section.or("selector", line, "moabom".to_owned());
    let rsa = section.required(
        "key_file",
        path,
        "RSA 개인 키 파일의 경로를 적으세요. `moabom dkim new`로 만들 수 있어요",
    );
    let ed25519 = section.optional("ed25519_key_file", path);
    if let (Some(domain), Some(sender)) = (&domain, sender_domain)
        && !covers(domain, sender)
    {
        let what = format!("서명 도메인이 보내는 주소의 도메인({sender})과 맞지 않아요");
        section.fault("domain", Problem::new(what, format!("`{sender}` 또는 그 윗도메인을 적으세요")));
    }
    let mut key = |key: &'static str, file: Option<&Path>| {
        let file = file?;
        read_private(file, Readers::OwnerAndGroup)
            .map_err(|error| section.fault(key, private_problem("DKIM 키 파일", file, &error)))
            .ok()
    };
    let rsa_pem = key("key_file", rsa.as_deref());
    let ed25519_pem = key("ed25519_key_file", ed25519.as_deref());
    let unread = ed25519.is_some() && ed25519_pem.is_none();
    let domain = domain.or_else(|| sender_domain.map(str::to_owned));
    let settings = domain.zip(rsa_pem).filter(|_| !unread).map(|(domain, rsa_pem)| DkimSettings {
        domain,
        selector,
        rsa_pem,
        ed25519_pem,
    });
    if let Some(Err(error)) = settings.as_ref().map(Signer::new) {
        section.fault("key_file", Problem::new(error.to_string(), "키 파일과 도메인, 셀렉터를 확인하세요"));
    }
    section.finish();
    settings.map(Some)
}

/// Relaxed alignment (RFC 7489 section 3.1.1): the same domain or a parent of it.
fn covers(domain: &str, sender: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    sender == domain || sender.strip_suffix(&domain).is_some_and(|before| before.ends_with('.'))
}

pub(super) fn web(mut section: Section<'_, '_>) -> Option<WebSettings> {
    let listen = section.or("listen", listen, Some(SocketAddr::from(([127, 0, 0, 1], 8025))));
    let public_url = section.or("public_url", |item| public_url(item).map(Some), None);
    let wrong = public_url.is_none() && section.has("public_url");
    if public_url.as_ref().is_some_and(|url| url.scheme() == "http" && !is_here(url)) {
        section.warning(
            "public_url",
            "http 주소라 메일 프로그램의 한 번에 수신거부(RFC 8058)가 켜지지 않아요",
            "https로 열고 주소를 바꾸세요",
        );
    }
    let signup = section.or("signup", flag, true);
    let hourly = section.or("confirmations_per_hour", count(1..=10_000), 60);
    let here = || ["127.0.0.1", "::1"].iter().filter_map(|text| Network::parse(text)).collect();
    let trusted_proxies = section.optional("trusted_proxies", proxies).unwrap_or_else(here);
    section.finish();
    let confirmations_per_hour = u32::try_from(hourly).unwrap_or(u32::MAX);
    Some(WebSettings { listen: listen?, public_url, signup, confirmations_per_hour, trusted_proxies })
        .filter(|_| !wrong)
}

fn proxies(item: &Item) -> Result<Vec<Network>, Problem> {
    let network = |text: &String| {
        let advice = "IP 주소나 대역을 적으세요. 예: `[\"127.0.0.1\", \"10.0.0.0/8\"]`";
        Network::parse(text).ok_or_else(|| Problem::new("IP 주소나 대역이 아닌 것이 있어요", advice))
    };
    lines(item)?.iter().map(network).collect()
}

/// `[privacy]`: whatever is not said is the sender's.
pub(super) fn privacy(mut section: Section<'_, '_>, sender: Option<&Sender>) -> Option<PrivacySettings> {
    let officer = section.optional("officer", line);
    let address = section.optional("email", email).map(|email| email.to_string());
    let processors = section.or("processors", lines, Vec::new());
    let since = section.optional("since", line);
    section.finish();
    let sender = sender?;
    Some(PrivacySettings {
        officer: officer.unwrap_or_else(|| sender.name.clone()),
        email: address.unwrap_or_else(|| sender.email.to_string()),
        processors,
        since,
    })
}

pub(super) fn listen(item: &Item) -> Result<Option<SocketAddr>, Problem> {
    let advice = "IP 주소와 포트를 적으세요. 예: `127.0.0.1:8025`, 밖에서도 열려면 `0.0.0.0:8025`";
    let text = line(item)?.replacen("localhost:", "127.0.0.1:", 1);
    text.parse().map(Some).map_err(|_| Problem::new("`주소:포트` 꼴이 아니에요", advice))
}

/// An address that links can start with.
pub(super) fn public_url(item: &Item) -> Result<Url, Problem> {
    let mut url = web_address(item)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Problem::new("`?`나 `#` 뒤의 말은 쓸 수 없어요", "그 앞까지만 적으세요"));
    }
    // The whole link must stay within one header line.
    if url.as_str().len() > 500 {
        return Err(Problem::new("주소가 너무 길어요", "500자까지 적을 수 있어요"));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

pub(super) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// The path of a file, which need not be there yet.
pub(super) fn no_folder(path: PathBuf) -> Result<PathBuf, Problem> {
    match path.is_dir() {
        true => Err(Problem::new("파일이 아니라 폴더예요", "그 안의 파일 이름까지 적으세요")),
        false => Ok(path),
    }
}

pub(super) fn store(mut section: Section<'_, '_>) -> Option<StoreSettings> {
    let (file, url) = (section.optional("path", database), section.optional("url", sqlite));
    if url.as_ref().zip(file.as_ref()).is_some_and(|(url, file)| url != file) {
        let what = "path와 다른 파일을 가리켜 어느 쪽인지 알 수 없어요";
        section.fault("url", Problem::new(what, "둘 가운데 하나만 적으세요"));
    }
    let file = file.or(url).unwrap_or_else(|| PathBuf::from("data/moabom.sqlite"));
    let key_file = section.optional("key_file", |item| path(item).and_then(no_folder));
    section.finish();
    let key_file = key_file.unwrap_or_else(|| {
        let mut name = file.clone().into_os_string();
        name.push(".key");
        PathBuf::from(name)
    });
    Some(StoreSettings { path: file, key_file })
}

/// The file that an address of a database means: `sqlite:data/moabom.sqlite`, `sqlite:///srv/moabom.sqlite`.
fn sqlite(item: &Item) -> Result<PathBuf, Problem> {
    let address = line(item)?;
    let file = address.strip_prefix("sqlite:").unwrap_or(&address);
    file_of_database(file.strip_prefix("//").unwrap_or(file))
}

fn database(item: &Item) -> Result<PathBuf, Problem> {
    file_of_database(&line(item)?)
}

/// No address of another kind, and none of the names that SQLite itself gives a meaning (`:memory:`, `file:x?mode=ro`).
fn file_of_database(file: &str) -> Result<PathBuf, Problem> {
    let scheme = file.split_once(':').is_some_and(|(scheme, _)| !scheme.contains(['/', '.']));
    if file.is_empty() || scheme {
        let advice = "SQLite 파일 하나에 모두 있어요. 예: `path = \"data/moabom.sqlite\"`, `url = \"sqlite:data/moabom.sqlite\"`";
        return Err(Problem::new("쓸 수 있는 저장소가 아니에요", advice));
    }
    no_folder(PathBuf::from(file))
}

/// Where the figures are served: this machine alone, since nothing asks who reads them.
pub(super) fn metrics(mut section: Section<'_, '_>) -> Option<SocketAddr> {
    let address = section.or("listen", listen, None);
    if address.is_some_and(|address| !address.ip().is_loopback()) {
        let advice =
            "`127.0.0.1:9464`처럼 이 기기의 주소를 적고, 다른 기기에서 읽으려면 앞에 프록시를 두세요";
        section.fault("listen", Problem::new("이 기기 밖에서는 열 수 없어요", advice));
    }
    section.finish();
    address
}

/// Whom to tell what needs a person.
pub(super) fn operator(mut section: Section<'_, '_>) -> Option<EmailAddress> {
    let address = section.optional("email", email);
    section.finish();
    address
}

/// Notices are a duty of who sends advertising; others send them where they say so.
pub(super) fn law(
    mut section: Section<'_, '_>,
    advertising: Option<bool>,
    digests: usize,
) -> Option<notify::Settings> {
    use chrono::Duration;
    let notices = section.or("notices", flag, advertising == Some(true));
    let range = Duration::hours(1)..=Duration::days(14);
    let erase_after = section.or("erase_after", span(range), Duration::days(3));
    section.finish();
    Some(notify::Settings { notices, erase_after, names_digests: digests > 1 })
}

pub(super) fn templates(mut section: Section<'_, '_>) -> Option<PathBuf> {
    let folder = section.or("path", path, PathBuf::from("templates"));
    section.finish();
    Some(folder)
}

pub(super) fn log(mut section: Section<'_, '_>) -> Option<LogSettings> {
    use tracing::Level;
    let levels = [
        ("error", Level::ERROR),
        ("warn", Level::WARN),
        ("info", Level::INFO),
        ("debug", Level::DEBUG),
        ("trace", Level::TRACE),
    ];
    let level = section.or("level", choice(&levels), Level::INFO);
    let format = section.or(
        "format",
        choice(&[("text", LogFormat::Text), ("json", LogFormat::Json)]),
        LogFormat::Text,
    );
    section.finish();
    Some(LogSettings { level, format })
}

/// Naver refuses letters from its own addresses that it did not send itself (MAIL-LAW, inboxes).
pub(super) fn foreign_mailbox(root: &mut Section<'_, '_>, domain: &str, relay: &str) {
    if domain == "naver.com" && !relay.ends_with(".naver.com") {
        let what = "보내는 주소가 naver.com인데 네이버 밖의 서버로 보내면 네이버가 받지 않아요";
        root.warning_at(
            "sender",
            "email",
            Problem::new(what, "내 도메인의 주소로 보내거나 smtp.naver.com으로 보내세요"),
        );
    }
}
