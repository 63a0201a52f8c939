//! Effect: who is let in: the right host, the right origin, a login that stands, a form of our own. All else stops here.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;
use url::Url;
use url::form_urlencoded;

use super::pages::see;
use super::session::{form_token, print, same};
use super::{BODY, Desk, PasswordSource};

/// Longest time for an answer.
const ANSWER: Duration = Duration::from_secs(30);
/// What whoever is not logged in gets: exactly these.
const OPEN: [&str; 2] = ["/login", "/admin.css"];
/// What a proxy adds: without a password there is none in front of us that we know of.
const PROXIED: [&str; 5] = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// Whoever a page is made for.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Visitor {
    /// Every form carries it.
    pub(super) token: String,
    /// Whether there is a login to leave.
    pub(super) login: bool,
    /// The first part of the path: which page this is.
    pub(super) place: String,
    /// What was just done, one Korean sentence.
    pub(super) said: Option<&'static str>,
    /// The login's word.
    #[serde(skip)]
    pub(super) word: Option<String>,
    /// Whether the answer goes over https.
    #[serde(skip)]
    pub(super) secure: bool,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Visitor, Infallible> {
        Ok(parts.extensions.get::<Visitor>().cloned().unwrap_or_default())
    }
}

/// The cookie's name; the prefix makes browsers hold it to https, this host and every path.
pub(super) fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-moabom" } else { "moabom" }
}

pub(super) async fn in_time(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER, next.run(request)).await {
        Ok(response) => response,
        Err(_) => desk.pages.failed(&Visitor::default()),
    }
}

/// Lets a request through, or answers it.
pub(super) async fn keep(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    match admit(&desk, request).await {
        Ok(request) => next.run(request).await,
        Err(answer) => answer,
    }
}

async fn admit(desk: &Arc<Desk>, mut request: Request) -> Result<Request, Response> {
    let home = at_the_door(desk, &request).map_err(|refusal| refusal.page(desk))?;
    let mut visitor = Visitor { secure: home == Home::Public, ..Visitor::default() };
    let posts = request.method() == Method::POST;
    let path = request.uri().path();
    let secret = match &desk.deps.password {
        Some(source) if !OPEN.contains(&path) => {
            visitor.word = logged_in(desk, source, request.headers(), visitor.secure).await?;
            match &visitor.word {
                Some(word) => word,
                None if posts => return Err(Refusal::LoggedOut.page(desk)),
                None => return Err(see("/login")),
            }
        }
        _ => &desk.secret,
    };
    visitor.token = form_token(secret);
    visitor.login = visitor.word.is_some();
    visitor.place = path.split('/').nth(1).unwrap_or_default().to_owned();
    visitor.said = request.uri().query().and_then(said);
    if posts {
        let with = with_token(request, &visitor.token).await;
        request = with.map_err(|status| Refusal::Form(status).page(desk))?;
    }
    request.extensions_mut().insert(visitor);
    Ok(request)
}

/// What can be told before anyone is known: under which of our names we were asked, and by whom.
fn at_the_door(desk: &Desk, request: &Request) -> Result<Home, Refusal> {
    let headers = request.headers();
    let home = home(headers, desk.deps.public_url.as_ref()).ok_or(Refusal::Name)?;
    if desk.deps.password.is_none() && PROXIED.iter().any(|name| headers.contains_key(*name)) {
        return Err(Refusal::Proxied);
    }
    match *request.method() {
        Method::GET | Method::HEAD => Ok(home),
        Method::POST if from_here(headers) => Ok(home),
        Method::POST => Err(Refusal::Foreign),
        _ => Err(Refusal::Method),
    }
}

/// Why a request stops here.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    /// Under a name that is not ours.
    Name,
    /// Through a proxy, and there is no password.
    Proxied,
    /// Neither a look nor a press.
    Method,
    /// Not from a page of ours.
    Foreign,
    /// A press by someone who is not logged in.
    LoggedOut,
    /// Not a form of ours, or too large a one.
    Form(StatusCode),
}

impl Refusal {
    /// Heading, text and the way back.
    fn words(self) -> (&'static str, &'static str, Option<&'static str>) {
        match self {
            Refusal::Name => (
                "열 수 없는 주소예요",
                "이 이름으로는 열지 않아요. 이 컴퓨터의 주소(127.0.0.1)나 설정의 [admin] public_url로 여세요.",
                None,
            ),
            Refusal::Proxied => (
                "비밀번호가 있어야 해요",
                "비밀번호가 없는 운영 페이지는 이 컴퓨터에서 바로 열 때만 보여요. 프록시 뒤에 두려면 `moabom admin password`로 비밀번호를 만드세요.",
                None,
            ),
            Refusal::Method => ("할 수 없는 일이에요", "이 페이지는 보기와 단추만 받아요.", None),
            Refusal::Foreign => (
                "받지 않았어요",
                "다른 곳에서 보낸 요청이라 받지 않았어요. 이 페이지를 새로 열고 다시 해 보세요.",
                None,
            ),
            Refusal::LoggedOut => (
                "로그인이 필요해요",
                "로그인이 풀렸거나 로그인하지 않았어요. 다시 로그인하고 해 보세요. 바뀐 것은 없어요.",
                Some("/login"),
            ),
            Refusal::Form(_) => (
                "받지 않았어요",
                "양식이 오래되었거나 온전하지 않아 받지 않았어요. 바뀐 것은 없어요. 페이지를 새로 열고 다시 해 보세요.",
                Some("/"),
            ),
        }
    }

    fn page(self, desk: &Desk) -> Response {
        let status = match self {
            Refusal::Name | Refusal::Proxied | Refusal::Foreign => StatusCode::FORBIDDEN,
            Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::LoggedOut => StatusCode::UNAUTHORIZED,
            Refusal::Form(status) => status,
        };
        let (heading, text, back) = self.words();
        desk.pages.say(&Visitor::default(), status, heading, text, back)
    }
}

/// Under which of our names we were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Home {
    /// This machine's.
    Here,
    /// The public https address.
    Public,
}

/// None: another's name, which a page elsewhere may have bent towards us (DNS rebinding).
fn home(headers: &HeaderMap, public: Option<&Url>) -> Option<Home> {
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
fn from_here(headers: &HeaderMap) -> bool {
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

/// The word of the login that the cookie names, if it stands.
async fn logged_in(
    desk: &Arc<Desk>,
    source: &PasswordSource,
    headers: &HeaderMap,
    secure: bool,
) -> Result<Option<String>, Response> {
    let hash = password_hash(desk, source).await?;
    let of = print(secrecy::ExposeSecret::expose_secret(&hash));
    let now = desk.now();
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut words = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    Ok(words
        .find(|(name, word)| *name == cookie_name(secure) && desk.sessions.stands(word, &of, now))
        .map(|(_, word)| word.to_owned()))
}

/// The hash of the password as it is now: a changed password counts from the next request on.
pub(super) async fn password_hash(
    desk: &Arc<Desk>,
    source: &PasswordSource,
) -> Result<secrecy::SecretString, Response> {
    let source = Arc::clone(source);
    let read = tokio::task::spawn_blocking(move || source()).await;
    let error = match read {
        Ok(Ok(hash)) => return Ok(hash),
        Ok(Err(error)) => error,
        Err(error) => error.to_string(),
    };
    tracing::error!("{error}");
    let text = "비밀번호 파일을 읽지 못해 아무도 들이지 않아요. 로그를 확인하고 `moabom admin password`로 다시 만드세요.";
    Err(desk.pages.say(&Visitor::default(), StatusCode::SERVICE_UNAVAILABLE, "열 수 없어요", text, None))
}

/// The request with its body read once, if that is a form with the right token.
async fn with_token(request: Request, token: &str) -> Result<Request, StatusCode> {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, BODY).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    let mut tokens = form_urlencoded::parse(&bytes).filter(|(name, _)| name == "token");
    let ours = tokens.next().is_some_and(|(_, given)| same(&given, token)) && tokens.next().is_none();
    if ours { Ok(Request::from_parts(parts, Body::from(bytes))) } else { Err(StatusCode::FORBIDDEN) }
}

/// What was done by the form before this page: a word of ours, so that no link can put other words on it.
fn said(query: &str) -> Option<&'static str> {
    let (_, done) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "done")?;
    Some(match done.as_ref() {
        "pause" => "발송을 멈췄어요.",
        "resume" => "이어서 보내요.",
        "cancel" => "취소했어요. 아직 나가지 않은 메일은 보내지 않아요.",
        "pin" => "고정했어요. 다음 호에 먼저 실어요.",
        "unpin" => "고정을 풀었어요.",
        "hide" => "숨겼어요. 앞으로의 호에 싣지 않아요.",
        "unhide" => "다시 보여요. 다음 호부터 실을 수 있어요.",
        _ => return None,
    })
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
