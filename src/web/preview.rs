//! Effect: the preview as a page: the letter in three frames, its parts, sizes and reasons; it reloads by itself.
//!
//! What is shown is made by whoever serves it; this room only draws. Loopback is the only place it listens on, and a
//! request under another host's name is refused (DNS rebinding).

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::{Deserialize, Serialize};
use tera::{Context, Tera};

/// The page runs one script and loads nothing from outside.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// The letter runs nothing.
const LETTER_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const TRIAL: &str = "preview-trial.html";

/// One look at a digest.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Look {
    /// The digest's name.
    pub digest: String,
    /// As of when, as typed or as now is written.
    pub at: String,
    /// The subject; empty where there is no letter.
    pub subject: String,
    /// The preheader.
    pub preheader: String,
    /// The HTML part as sent; none where nothing was ever rendered.
    pub html: Option<String>,
    /// The text part as sent.
    pub text: String,
    /// The header block as sent.
    pub headers: String,
    /// The whole message as sent.
    pub source: String,
    /// Name and value: sizes, budget, number of posts.
    pub figures: Vec<(String, String)>,
    /// What is worth knowing, one Korean sentence each.
    pub warnings: Vec<String>,
    /// What is wrong now, with its place. The letter shown is then the last good one.
    pub fault: Option<String>,
    /// The template's line that is wrong, with a caret beneath.
    pub fault_line: Option<String>,
    /// The sections and what was left out (`preview --format json`).
    pub chosen: serde_json::Value,
}

/// Makes a look as of the time typed; none: now.
pub type Looker = Arc<dyn Fn(Option<&str>) -> Look + Send + Sync>;
/// What came of asking for a trial letter.
#[derive(Clone, Debug, Serialize)]
pub struct Trial {
    /// As typed.
    pub address: String,
    /// What to tell: before it is sent what would be, then what the relay said.
    pub lines: Vec<String>,
    /// Why there is none, or why it was not sent.
    pub fault: Option<String>,
    /// Was it tried, or only asked about?
    pub sent: bool,
}

/// Tells of the trial letter for an address, and sends it where that is confirmed.
pub type Trier = Arc<dyn Fn(&str, bool) -> Trial + Send + Sync>;
/// A word that changes when configuration, templates or store do.
pub type Version = Arc<dyn Fn() -> String + Send + Sync>;

#[derive(Clone)]
struct Pages {
    look: Looker,
    version: Version,
    trial: Trier,
    templates: Arc<Tera>,
}

#[derive(Deserialize)]
struct TrialAsked {
    address: String,
    confirmed: Option<String>,
}

#[derive(Deserialize)]
struct Asked {
    at: Option<String>,
    scheme: Option<String>,
}

impl Asked {
    fn at(&self) -> Option<&str> {
        self.at.as_deref().map(str::trim).filter(|at| !at.is_empty())
    }
}

/// The preview's pages. An error of the built-in template is reported when the pages are built.
pub fn router(look: Looker, version: Version, trial: Trier) -> Result<Router, tera::Error> {
    let mut templates = Tera::default();
    templates.add_raw_templates([
        ("preview.html", include_str!("../../templates/page/preview.html")),
        (TRIAL, include_str!("../../templates/page/preview-trial.html")),
    ])?;
    let pages = Pages { look, version, trial, templates: Arc::new(templates) };
    Ok(Router::new()
        .route("/", get(page))
        .route("/letter", get(letter))
        .route("/version", get(current))
        .route("/trial", post(send_trial))
        .route("/preview.css", get(style))
        .route("/preview.js", get(script))
        .layer(middleware::from_fn(at_home_only))
        .with_state(pages))
}

/// Only requests that name this machine.
async fn at_home_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let home =
        name == "localhost" || host.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback());
    if home {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "이 컴퓨터에서만 볼 수 있어요.").into_response()
    }
}

/// Only this page's own form: another page in the same browser can post here too, and names itself as its origin.
fn is_own_form(headers: &HeaderMap) -> bool {
    let value = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let own = value(header::HOST).map(|host| format!("http://{host}"));
    own.is_some() && value(header::ORIGIN) == own.as_deref()
}

async fn send_trial(
    State(pages): State<Pages>,
    headers: HeaderMap,
    Form(asked): Form<TrialAsked>,
) -> Response {
    if !is_own_form(&headers) {
        return (StatusCode::FORBIDDEN, "미리보기 페이지의 단추로만 보낼 수 있어요.").into_response();
    }
    let trial = Arc::clone(&pages.trial);
    let confirmed = asked.confirmed.as_deref() == Some("yes");
    let told = tokio::task::spawn_blocking(move || trial(asked.address.trim(), confirmed)).await;
    let rendered = told.ok().map(|told| {
        let mut context = Context::new();
        context.insert("trial", &told);
        pages.templates.render(TRIAL, &context)
    });
    match rendered {
        Some(Ok(page)) => answer("text/html; charset=utf-8", PAGE_POLICY, page),
        Some(Err(error)) => {
            tracing::error!(%error, "cannot render the page of a trial letter");
            failed()
        }
        None => failed(),
    }
}

async fn looked(pages: &Pages, at: Option<String>) -> Option<Look> {
    let look = Arc::clone(&pages.look);
    tokio::task::spawn_blocking(move || look(at.as_deref())).await.ok()
}

async fn page(State(pages): State<Pages>, Query(asked): Query<Asked>) -> Response {
    // The word is taken first: a change while the page is made reloads it once more.
    let version = (pages.version)();
    let Some(look) = looked(&pages, asked.at().map(str::to_owned)).await else { return failed() };
    let mut context = Context::new();
    context.insert("look", &look);
    context.insert("asked", &asked.at().unwrap_or_default());
    context.insert(
        "query",
        &url::form_urlencoded::byte_serialize(asked.at().unwrap_or_default().as_bytes()).collect::<String>(),
    );
    context.insert("version", &version);
    match pages.templates.render("preview.html", &context) {
        Ok(page) => answer("text/html; charset=utf-8", PAGE_POLICY, page),
        Err(error) => {
            tracing::error!(%error, "cannot render the preview page");
            failed()
        }
    }
}

async fn letter(State(pages): State<Pages>, Query(asked): Query<Asked>) -> Response {
    let Some(look) = looked(&pages, asked.at().map(str::to_owned)).await else { return failed() };
    let Some(html) = look.html else {
        return (StatusCode::NOT_FOUND, "보여 줄 편지가 없어요.").into_response();
    };
    // A frame follows the reader's own colours; this one is to be seen in the dark whatever they are.
    let html = match asked.scheme.as_deref() {
        Some("dark") => {
            html.replace("(prefers-color-scheme:dark)", "all").replace("(prefers-color-scheme: dark)", "all")
        }
        _ => html
            .replace("(prefers-color-scheme:dark)", "not all")
            .replace("(prefers-color-scheme: dark)", "not all"),
    };
    answer("text/html; charset=utf-8", LETTER_POLICY, html)
}

async fn current(State(pages): State<Pages>) -> Response {
    answer("text/plain; charset=utf-8", PAGE_POLICY, (pages.version)())
}

async fn style() -> Response {
    answer(
        "text/css; charset=utf-8",
        PAGE_POLICY,
        include_str!("../../templates/page/preview.css").to_owned(),
    )
}

async fn script() -> Response {
    answer(
        "text/javascript; charset=utf-8",
        PAGE_POLICY,
        include_str!("../../templates/page/preview.js").to_owned(),
    )
}

fn failed() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "미리보기를 만들지 못했어요.").into_response()
}

fn answer(kind: &'static str, policy: &'static str, body: String) -> Response {
    const NOSNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // With no referrer at all a browser would not say where a form was posted from.
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, policy), NOSNIFF];
    (headers, [(header::REFERRER_POLICY, "same-origin"), (header::CACHE_CONTROL, "no-store")], body)
        .into_response()
}
