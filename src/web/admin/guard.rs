//! Effect: who is let in: the right host, the right origin, a login that stands, a form of our own. All else stops here.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use secrecy::ExposeSecret;
use url::form_urlencoded;

use super::desk::{Desk, PasswordSource};
use super::door::{Home, from_here, home};
use super::pages::{Failure, see};
use super::session::{cookie_name, form_token, print, same};
use super::visitor::Visitor;

/// The largest form.
pub(super) const BODY: usize = 16 * 1024;

/// Longest time for an answer.
const ANSWER: Duration = Duration::from_secs(30);
/// What whoever is not logged in gets: exactly these.
const OPEN: [&str; 2] = ["/login", "/admin.css"];
/// What a proxy adds: without a password there is none in front of us that we know of.
const PROXIED: [&str; 5] = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

pub(super) async fn in_time(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER, next.run(request)).await {
        Ok(response) => response,
        Err(_) => desk.pages.failed(&Visitor::default(), &Failure::Late),
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
    visitor.said = request.uri().query().and_then(|query| visitor.just_done(path, query, desk.now()));
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

/// The word of the login that the cookie names, if it stands.
async fn logged_in(
    desk: &Arc<Desk>,
    source: &PasswordSource,
    headers: &HeaderMap,
    secure: bool,
) -> Result<Option<String>, Response> {
    let hash = desk.password_hash(source).await?;
    let of = print(hash.expose_secret());
    let now = desk.now();
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut words = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    Ok(words
        .find(|(name, word)| *name == cookie_name(secure) && desk.sessions.stands(word, &of, now))
        .map(|(_, word)| word.to_owned()))
}

/// The request with its body read once, if that is a form with the right token.
async fn with_token(request: Request, token: &str) -> Result<Request, StatusCode> {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, BODY).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    let mut tokens = form_urlencoded::parse(&bytes).filter(|(name, _)| name == "token");
    let ours = tokens.next().is_some_and(|(_, given)| same(&given, token)) && tokens.next().is_none();
    if ours { Ok(Request::from_parts(parts, Body::from(bytes))) } else { Err(StatusCode::FORBIDDEN) }
}
