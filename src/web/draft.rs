//! Effect: the operator's look at an edition before it leaves. GET shows, POST decides; the signed link is the login.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use chrono_tz::Tz;
use serde::Serialize;
use tera::{Context, Tera};

use super::archive::letter::for_everyone;
use super::page::STYLE;
use crate::clock::{Clock, Instant};
use crate::korean::dates;
use crate::model::edition::Silence;
use crate::model::token::{self, Purpose, SecretKey};
use crate::model::{EditionId, PostId};
use crate::publish::LastCheck;
use crate::status::words::plain;
use crate::store::editions::{PendingApproval, Said};
use crate::store::{Store, StoreError};

/// Drops posts from an edition that waits; what went wrong in Korean.
pub type Dropper = Arc<dyn Fn(EditionId, &[PostId]) -> Result<LastCheck, String> + Send + Sync>;

/// What the page works with.
#[derive(Clone)]
pub struct DraftDeps {
    /// The store.
    pub store: Store,
    /// All keys.
    pub keys: Vec<SecretKey>,
    /// The clock words are dated by.
    pub clock: Clock,
    /// The newsletter's title.
    pub newsletter: String,
    /// The newsletter's zone.
    pub zone: Tz,
    /// Takes posts out.
    pub dropper: Dropper,
}

struct Desk {
    deps: DraftDeps,
    tera: Tera,
}

/// A post of the edition.
#[derive(Debug, Serialize)]
struct PostView {
    id: i64,
    title: String,
}

/// The page.
#[derive(Debug, Serialize)]
struct View {
    newsletter: String,
    heading: String,
    style: &'static str,
    subject: String,
    at: String,
    /// Nothing can be decided any more, and why.
    over: Option<&'static str>,
    /// What was said before.
    said: Option<&'static str>,
    silence: &'static str,
    posts: Vec<PostView>,
    token: String,
    message: Option<String>,
}

/// What the operator pressed: a word, or posts to take out.
#[derive(Debug, Default, serde::Deserialize)]
struct Pressed {
    word: Option<String>,
    #[serde(default)]
    post: Option<i64>,
}

/// The routes; without templates that load there are none.
pub(super) fn routes(deps: DraftDeps) -> Router {
    let mut tera = Tera::default();
    let loaded = tera.add_raw_templates([
        ("base.html", include_str!("../../templates/page/base.html")),
        ("draft.html", include_str!("../../templates/page/draft.html")),
    ]);
    if let Err(error) = loaded {
        tracing::error!(%error, "the page of drafts does not load");
        return Router::new();
    }
    Router::new()
        .route("/draft/{token}", get(show).post(decide))
        .route("/draft/{token}/letter", get(letter))
        .with_state(Arc::new(Desk { deps, tera }))
}

async fn show(State(desk): State<Arc<Desk>>, Path(token): Path<String>) -> Response {
    in_background(desk, move |desk| desk.page(&token, None)).await
}

async fn letter(State(desk): State<Arc<Desk>>, Path(token): Path<String>) -> Response {
    in_background(desk, move |desk| {
        let found = desk.pending(&token)?;
        let Some(pending) = found else { return Ok(missing()) };
        let content = desk.deps.store.read(|ledger| ledger.edition_content(pending.edition))?;
        Ok(content.map_or_else(missing, |content| framed(for_everyone(&content.html, "#"))))
    })
    .await
}

async fn decide(
    State(desk): State<Arc<Desk>>,
    Path(token): Path<String>,
    pressed: Result<Form<Pressed>, FormRejection>,
) -> Response {
    let pressed = pressed.map(|Form(pressed)| pressed).unwrap_or_default();
    in_background(desk, move |desk| {
        let Some(pending) = desk.pending(&token)? else { return Ok(missing()) };
        let message = desk.act(pending, &pressed)?;
        desk.page(&token, Some(message))
    })
    .await
}

/// The work on the store, off the threads that serve.
async fn in_background(
    desk: Arc<Desk>,
    work: impl FnOnce(&Desk) -> Result<Response, StoreError> + Send + 'static,
) -> Response {
    match tokio::task::spawn_blocking(move || work(&desk)).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "cannot answer about a draft");
    let text = "지금은 처리하지 못했어요. 아무것도 바뀌지 않았으니 잠시 뒤 다시 해 보세요.\n";
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "없는 페이지예요.\n").into_response()
}

/// A letter in a frame of ours: its own styles, nothing else.
fn framed(html: String) -> Response {
    let mut response = Html(html).into_response();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                  frame-ancestors 'self'; sandbox";
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    response
}

impl Desk {
    fn pending(&self, token: &str) -> Result<Option<PendingApproval>, StoreError> {
        let Ok((_, edition)) = token::open(&self.deps.keys, Purpose::Draft, token) else { return Ok(None) };
        self.deps.store.read(|ledger| ledger.approval(edition))
    }

    /// Does what was pressed; what came of it.
    fn act(&self, pending: PendingApproval, pressed: &Pressed) -> Result<String, StoreError> {
        let (edition, now) = (pending.edition, self.deps.clock.now());
        if let Some(post) = pressed.post {
            return Ok(self.drop_post(pending, PostId(post), now));
        }
        let Some(word) = pressed.word.as_deref().and_then(Silence::parse) else {
            return Ok("무엇을 할지 알 수 없어 아무것도 하지 않았어요.".to_owned());
        };
        let said = self.deps.store.write(move |ledger| ledger.say(edition, word, now))?;
        tracing::info!(%edition, ?word, ?said, "approval");
        Ok(match (said, word) {
            (Said::Noted, Silence::Send) => "예정대로 보낼게요.",
            (Said::Noted, Silence::Skip) => "이번 호를 건너뛰었어요. 아무에게도 나가지 않아요.",
            (Said::Already, _) => "이미 그렇게 정해져 있어요.",
            (Said::TooLate | Said::Unknown, _) => "이미 정해진 뒤라 바꾸지 못했어요.",
        }
        .to_owned())
    }

    fn drop_post(&self, pending: PendingApproval, post: PostId, now: Instant) -> String {
        if pending.settled || pending.decide_at <= now {
            return "이미 정해진 뒤라 바꾸지 못했어요.".to_owned();
        }
        match (self.deps.dropper)(pending.edition, &[post]) {
            Ok(LastCheck::Dropped(titles)) => format!("뺐어요: {}", plain(&titles.join(", "))),
            Ok(LastCheck::Unchanged) => "그 글은 이 호에 없어요.".to_owned(),
            Ok(LastCheck::Held(_)) => "그 글을 빼면 보낼 글이 너무 적어 빼지 않았어요.".to_owned(),
            Ok(LastCheck::TooLate(_)) => "이미 나가기 시작해 빼지 못했어요.".to_owned(),
            Err(why) => {
                tracing::error!(%why, "cannot take a post out of a draft");
                "글을 빼고 다시 만들지 못해 그대로 두었어요.".to_owned()
            }
        }
    }

    fn page(&self, token: &str, message: Option<String>) -> Result<Response, StoreError> {
        let Some(pending) = self.pending(token)? else { return Ok(missing()) };
        let found = self.deps.store.read(|ledger| {
            let edition = ledger.edition(pending.edition)?;
            let content = ledger.edition_content(pending.edition)?;
            Ok((edition, content, ledger.edition_posts(pending.edition)?))
        })?;
        let (Some(edition), Some(content), posts) = found else { return Ok(missing()) };
        let number = edition.number.map(|number| format!(" 제{number}호")).unwrap_or_default();
        let view = View {
            newsletter: self.deps.newsletter.clone(),
            heading: format!("{}{number}", plain(&edition.digest)),
            style: STYLE.trim(),
            subject: plain(&content.subject),
            at: dates::minute(pending.decide_at, self.deps.zone),
            over: over(pending),
            said: pending.word.map(|word| match word {
                Silence::Send => "예정대로 보내기로 했어요.",
                Silence::Skip => "건너뛰기로 했어요.",
            }),
            silence: match pending.silence {
                Silence::Send => "그때까지 아무것도 누르지 않으면 그대로 보내요.",
                Silence::Skip => "그때까지 보내기를 누르지 않으면 건너뛰어요.",
            },
            posts: posts.iter().map(|one| PostView { id: one.post.0, title: plain(&one.title) }).collect(),
            token: token.to_owned(),
            message,
        };
        let context = Context::from_serialize(&view).unwrap_or_default();
        Ok(match self.tera.render("draft.html", &context) {
            Ok(html) => with_frame(Html(html).into_response()),
            Err(error) => failed(&error),
        })
    }
}

/// The page's own policy: as all pages, and a frame of ours.
fn with_frame(mut response: Response) -> Response {
    let policy = format!("{}; frame-src 'self'", super::page::policy());
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn over(pending: PendingApproval) -> Option<&'static str> {
    match (pending.settled, pending.word) {
        (false, _) => None,
        (true, Some(Silence::Skip)) => Some("이 호는 건너뛰었어요."),
        (true, _) => Some("이 호는 이미 정해져서 여기서 바꿀 수 없어요."),
    }
}
