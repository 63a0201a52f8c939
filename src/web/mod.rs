//! Effect: reader pages and one-click (axum), the operator's page. Writes rows, the readers' by `feedback`; never sends.

pub mod admin;
mod archive;
mod draft;
pub mod inbox;
mod listener;
mod page;
pub mod preview;
mod unsubscribe;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::model::token::SecretKey;
use crate::store::Store;
use crate::store::suppressions::Farewell;
pub use archive::ArchiveSettings;
pub use draft::{DraftDeps, Dropper};
use page::{Page, Pages};

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
    /// Editions the operator decides about; none where nobody is asked.
    pub draft: Option<DraftDeps>,
    /// Whether who leaves is told by mail before being erased.
    pub farewell: Farewell,
}

struct Shared {
    store: Store,
    keys: Vec<SecretKey>,
    clock: Clock,
    pages: Pages,
    archive: archive::Archive,
    farewell: Farewell,
}

/// Longest time for an answer, reading the body included.
const ANSWER: Duration = Duration::from_secs(15);
/// Requests here are a button press: more is not read.
const BODY: usize = 64 * 1024;
/// How long open requests may go on after the stop.
const GRACE: Duration = Duration::from_secs(5);

/// All routes. No GET, HEAD or OPTIONS changes anything.
pub fn router(deps: Deps) -> Router {
    let archive = archive::Archive::new(deps.archive, &deps.newsletter);
    let pages = Pages::new(deps.newsletter, deps.contact);
    let Deps { store, keys, clock, farewell, draft, .. } = deps;
    let shared = Arc::new(Shared { store, keys, clock, pages, archive, farewell });
    Router::new()
        .route("/unsubscribe/{token}", get(unsubscribe::ask).post(unsubscribe::act))
        .route("/healthz", get(healthz))
        .merge(archive::routes())
        .fallback(missing)
        .with_state(Arc::clone(&shared))
        .merge(draft.map(draft::routes).unwrap_or_default())
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::from_fn_with_state(shared, in_time))
        .layer(middleware::from_fn_with_state(Arc::new(headers()), with_headers))
}

/// Serves until `stop`, then lets open requests end for a few seconds.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> io::Result<()> {
    let served = axum::serve(listener::Bounded::new(listener), router)
        .with_graceful_shutdown(stop.clone().cancelled_owned());
    tokio::select! {
        result = std::future::IntoFuture::into_future(served) => result,
        () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await } => Ok(()),
    }
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
    shared.pages.show(Page::Missing, None)
}

async fn in_time(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER, next.run(request)).await {
        Ok(response) => response,
        Err(_) => shared.pages.show(Page::Failed, None),
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
