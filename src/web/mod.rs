//! Effect: reader pages and one-click (axum), the operator's page. Writes rows, the readers' by `feedback`; never sends.

pub mod admin;
mod archive;
mod draft;
pub mod inbox;
mod listener;
pub mod metrics;
mod page;
mod posted;
mod preferences;
pub mod preview;
mod privacy;
mod signup;
mod unsubscribe;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono_tz::Tz;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::clock::Clock;
use crate::feedback::preferences::Wanted;
use crate::model::Sender;
use crate::model::edition::Content;
use crate::model::network::Network;
use crate::model::subscriber::Frequency;
use crate::model::token::SecretKey;
use crate::render::RenderError;
use crate::render::confirmation::Confirmations;
use crate::store::suppressions::Farewell;
use crate::store::{Store, StoreError};
pub use archive::ArchiveSettings;
pub use draft::{DraftDeps, Dropper};
use page::{Face, Page, Pages};
pub use privacy::PrivacySettings;

/// What mails are drawn with, as the templates and the sender are now.
pub type Draw = Arc<dyn Fn() -> Confirmations + Send + Sync>;

/// What the pages work with.
#[derive(Clone)]
pub struct Deps {
    /// The store.
    pub store: Store,
    /// All keys, old ones too: links work for years.
    pub keys: Vec<SecretKey>,
    /// The clock withdrawals are dated by.
    pub clock: Clock,
    /// The newsletter's title.
    pub newsletter: String,
    /// Where a reader can write when we fail: the sender's address.
    pub contact: String,
    /// The archive of letters.
    pub archive: ArchiveSettings,
    /// Draws the mails that the pages ask for.
    pub confirmations: Draw,
    /// Editions the operator decides about; none where nobody is asked.
    pub draft: Option<DraftDeps>,
    /// Whether who leaves is told by mail before being erased.
    pub farewell: Farewell,
    /// What readers can do for themselves.
    pub people: PeopleSettings,
    /// Told when a page queued a mail, so that whoever sends need not wait for the next look.
    pub queued: Arc<Notify>,
}

/// What the pages on which readers own their subscription work with.
#[derive(Clone, Debug)]
pub struct PeopleSettings {
    /// Whether one can sign up; without [`PeopleSettings::links`] one cannot, since no mail could hold its link.
    pub signup: bool,
    /// The letters carry advertising, which needs a consent of its own.
    pub advertising: bool,
    /// Who sends.
    pub sender: Sender,
    /// The newsletter's zone, for dates.
    pub zone: Tz,
    /// What personal links start with.
    pub links: Option<Url>,
    /// What one can subscribe to.
    pub digests: Vec<DigestChoice>,
    /// Mails to confirm a sign-up or a new address, in an hour, for all addresses together.
    pub confirmations_per_hour: u32,
    /// Proxies whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<Network>,
    /// For the privacy page.
    pub privacy: PrivacySettings,
}

/// A digest one can subscribe to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestChoice {
    /// Its name.
    pub name: String,
    /// When it comes, in Korean.
    pub when: String,
    /// When its month's best comes, in Korean, where it has one.
    pub best: Option<String>,
}

impl PeopleSettings {
    /// Whether a reader of `digest` can be given what is wanted.
    fn offers(&self, digest: &str, wanted: Wanted) -> bool {
        let best = || self.digests.iter().any(|one| one.name == digest && one.best.is_some());
        wanted != Wanted::Often(Frequency::Monthly) || best()
    }
}

struct Shared {
    store: Store,
    keys: Vec<SecretKey>,
    clock: Clock,
    pages: Pages,
    archive: archive::Archive,
    farewell: Farewell,
    people: PeopleSettings,
    desk: signup::Desk,
    confirmations: Draw,
    queued: Arc<Notify>,
}

impl Shared {
    fn new(deps: Deps) -> Shared {
        let people =
            PeopleSettings { signup: deps.people.signup && deps.people.links.is_some(), ..deps.people };
        let archive = archive::Archive::new(deps.archive, &deps.newsletter, people.signup);
        let pages = Pages::new(Face {
            newsletter: deps.newsletter,
            contact: deps.contact,
            root: archive.root().to_owned(),
            signup: people.signup,
            told: deps.farewell == Farewell::Told,
        });
        let desk = signup::Desk::new(&people, pages.shown(people.advertising));
        let Deps { store, keys, clock, confirmations, farewell, queued, .. } = deps;
        Shared { store, keys, clock, pages, archive, farewell, people, desk, confirmations, queued }
    }
}

/// A mail that could be drawn; why not is for the log, and its asker is told of our failure.
fn drawn(mail: Result<Content, RenderError>) -> Option<Content> {
    mail.map_err(|error| tracing::error!(%error, "cannot draw a confirmation")).ok()
}

/// Longest time for an answer, reading the body included.
const ANSWER: Duration = Duration::from_secs(15);
/// Requests here are a button press: more is not read.
const BODY: usize = 64 * 1024;
/// How long open requests may go on after the stop.
const GRACE: Duration = Duration::from_secs(5);

/// All routes. No GET, HEAD or OPTIONS changes anything.
pub fn router(deps: Deps) -> Router {
    let draft = deps.draft.clone();
    let shared = Arc::new(Shared::new(deps));
    let signup = if shared.people.signup { signup::routes() } else { Router::new() };
    Router::new()
        .route("/unsubscribe/{token}", get(unsubscribe::ask).post(unsubscribe::act))
        .route("/privacy", get(privacy::page))
        .route("/healthz", get(healthz))
        .merge(archive::routes())
        .merge(preferences::routes())
        .merge(signup)
        .fallback(missing)
        .with_state(Arc::clone(&shared))
        .merge(draft.map(draft::routes).unwrap_or_default())
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::from_fn_with_state(shared, in_time))
        .layer(middleware::from_fn_with_state(Arc::new(headers()), with_headers))
}

/// Serves until `stop`, then lets open requests end for a few seconds.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> io::Result<()> {
    let served = axum::serve(
        listener::Bounded::new(listener),
        router.into_make_service_with_connect_info::<listener::Peer>(),
    )
    .with_graceful_shutdown(stop.clone().cancelled_owned());
    tokio::select! {
        result = std::future::IntoFuture::into_future(served) => result,
        () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await } => Ok(()),
    }
}

/// A token of ours by its shape; says nothing about whether it is one. None for anything else.
fn well_formed(path: Result<Path<String>, PathRejection>) -> Option<String> {
    let Path(token) = path.ok()?;
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (token.len() == 47 && token.bytes().all(letter)).then_some(token)
}

/// Runs what blocks off the threads that answer.
async fn in_background<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(job).await.unwrap_or(Err(StoreError::Closed))
}

/// Our own failure, never told as something done.
fn unusable(shared: &Shared, tried: &str, error: &StoreError) -> Response {
    tracing::error!(%error, "cannot {tried}");
    shared.pages.show(Page::Failed)
}

async fn healthz(State(shared): State<Arc<Shared>>) -> Response {
    let store = shared.store.clone();
    let read = tokio::task::spawn_blocking(move || store.read(|ledger| ledger.last_subscriber())).await;
    match read {
        Ok(Ok(_)) => "ok\n".into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "store\n").into_response(),
    }
}

async fn missing(State(shared): State<Arc<Shared>>) -> Response {
    shared.pages.show(Page::Missing)
}

async fn in_time(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER, next.run(request)).await {
        Ok(response) => response,
        Err(_) => shared.pages.show(Page::Failed),
    }
}

type Headers = Vec<(HeaderName, HeaderValue)>;

fn headers() -> Headers {
    let policy =
        HeaderValue::from_str(&page::policy()).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let fixed = |name, value| (name, HeaderValue::from_static(value));
    vec![
        (header::CONTENT_SECURITY_POLICY, policy),
        fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        fixed(header::REFERRER_POLICY, "no-referrer"),
        fixed(header::CACHE_CONTROL, "no-store"),
        fixed(header::X_FRAME_OPTIONS, "DENY"),
        fixed(HeaderName::from_static("x-robots-tag"), "noindex"),
    ]
}

async fn with_headers(State(headers): State<Arc<Headers>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    // What a page says of itself stands.
    for (name, value) in headers.iter() {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}
