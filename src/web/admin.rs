//! Effect: the operator's page: how things stand, editions, posts, people, the next letter. It writes rows, never sends.
//!
//! Everything but the login page and the style sheet is behind `guard`: whoever is let through is its `Visitor`.
//! No GET changes anything. What is shown of posts, readers and relays is hostile text: it is escaped by the templates,
//! and under the policy of these pages nothing of it could run or load.

mod chart;
mod editions;
mod guard;
mod login;
mod overview;
mod pages;
pub mod password;
mod people;
mod posts;
mod preview;
mod session;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use chrono_tz::Tz;
use secrecy::SecretString;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinError;
use url::Url;

use super::preview::Look;
use crate::clock::{Clock, Instant};
use crate::publish::{Digest, Masthead};
use crate::source::SourceSettings;
use crate::status::Configured;
use crate::store::{Ledger, Store, StoreError};
use guard::Visitor;
use pages::Pages;
use session::Sessions;

/// Reads the hash of the password anew, or says in Korean why it cannot.
pub type PasswordSource = Arc<dyn Fn() -> Result<SecretString, String> + Send + Sync>;
/// Makes a look at the digest of that name as of now.
pub type DigestLooker = Arc<dyn Fn(&str) -> Look + Send + Sync>;

/// What the pages work with.
#[derive(Clone)]
pub struct Deps {
    /// The store.
    pub store: Store,
    /// The clock of logins and changes.
    pub clock: Clock,
    /// The newsletter.
    pub masthead: Masthead,
    /// The digests.
    pub digests: Vec<Digest>,
    /// The sources.
    pub sources: Vec<SourceSettings>,
    /// The password; without one there is no login, and only this machine is answered.
    pub password: Option<PasswordSource>,
    /// The https address others than this machine use.
    pub public_url: Option<Url>,
    /// How the next letter is looked at.
    pub look: DigestLooker,
}

/// What the handlers share.
struct Desk {
    deps: Deps,
    pages: Pages,
    sessions: Sessions,
    /// Makes the forms of those who have no login of their own.
    secret: String,
    /// One password is checked at a time: each check takes 19 MiB.
    checking: Semaphore,
}

/// The largest form.
const BODY: usize = 16 * 1024;

/// All private routes: whoever is not let in gets nothing from them.
fn table() -> Vec<(&'static str, MethodRouter<Arc<Desk>>)> {
    vec![
        ("/", get(overview::show)),
        ("/editions", get(editions::list)),
        ("/editions/{id}", get(editions::show)),
        ("/editions/{id}/letter", get(editions::letter)),
        ("/editions/{id}/{act}", get(editions::ask).post(editions::act)),
        ("/posts", get(posts::list)),
        ("/posts/{id}", get(posts::show).post(posts::mark)),
        ("/subscribers", get(people::ask).post(people::search)),
        ("/subscribers/{id}", get(people::show)),
        ("/preview", get(preview::show)),
        ("/preview/letter", get(preview::letter)),
        ("/logout", post(login::leave)),
    ]
}

/// The paths of all private routes, with `{…}` where a value stands.
pub fn private_routes() -> Vec<&'static str> {
    table().into_iter().map(|(path, _)| path).collect()
}

/// The pages. None where the system gives no randomness to make forms with.
pub fn router(deps: Deps) -> Option<Router> {
    let desk = Arc::new(Desk {
        pages: Pages::new(deps.masthead.newsletter.title.clone()),
        sessions: Sessions::new(deps.clock.now()),
        secret: session::secret()?,
        checking: Semaphore::new(1),
        deps,
    });
    let mut router = Router::new();
    for (path, methods) in table() {
        router = router.route(path, methods);
    }
    let router = router
        .route("/login", get(login::ask).post(login::enter))
        .route("/admin.css", get(style))
        .fallback(missing)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::from_fn_with_state(Arc::clone(&desk), guard::keep))
        .layer(middleware::from_fn_with_state(Arc::clone(&desk), guard::in_time))
        .layer(middleware::from_fn_with_state(Arc::new(headers()), super::with_headers));
    Some(router.with_state(desk))
}

/// One style sheet of our own, frames of our own, forms to ourselves; nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// A letter runs nothing, and only our pages frame it.
const LETTER_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

fn headers() -> super::Headers {
    let fixed = |name, value| (name, HeaderValue::from_static(value));
    vec![
        fixed(header::CONTENT_SECURITY_POLICY, POLICY),
        fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        fixed(header::REFERRER_POLICY, "no-referrer"),
        fixed(header::CACHE_CONTROL, "no-store"),
        fixed(header::X_FRAME_OPTIONS, "DENY"),
        fixed(HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        fixed(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ]
}

async fn style() -> Response {
    let css = include_str!("../../templates/admin/admin.css");
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], css).into_response()
}

async fn missing(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Response {
    desk.pages.missing(&visitor)
}

/// A letter's HTML, for a frame of these pages.
fn framed(html: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, LETTER_POLICY),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
    ];
    (headers, html).into_response()
}

impl Desk {
    fn now(&self) -> Instant {
        self.deps.clock.now()
    }

    fn zone(&self) -> Tz {
        self.deps.masthead.newsletter.time_zone
    }

    fn configured(&self) -> Configured<'_> {
        let Deps { masthead, digests, sources, .. } = &self.deps;
        Configured { masthead, digests, sources }
    }

    /// What `job` reads, or the page that says why not.
    async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        visitor: &Visitor,
        job: impl FnOnce(&Desk, &Ledger<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Response> {
        let desk = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || desk.deps.store.read(|ledger| job(&desk, ledger)));
        ended(read.await).map_err(|error| self.failed(visitor, &error))
    }

    /// What `job` writes, or the page that says why not.
    async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        visitor: &Visitor,
        job: impl FnOnce(&Ledger<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Response> {
        let store = self.deps.store.clone();
        let written = tokio::task::spawn_blocking(move || store.write(job));
        ended(written.await).map_err(|error| self.failed(visitor, &error))
    }

    fn failed(&self, visitor: &Visitor, error: &str) -> Response {
        tracing::error!(%error, "cannot answer the operator's page");
        self.pages.failed(visitor)
    }

    /// The page that `template` makes of what `job` reads; the page for what is not there where that is none.
    async fn answer<V: Serialize + Send + 'static>(
        self: &Arc<Self>,
        visitor: Visitor,
        template: &'static str,
        job: impl FnOnce(&Desk, &Ledger<'_>) -> Result<Option<V>, StoreError> + Send + 'static,
    ) -> Response {
        match self.read(&visitor, job).await {
            Ok(Some(view)) => self.pages.show(&visitor, template, &view),
            Ok(None) => self.pages.missing(&visitor),
            Err(failed) => failed,
        }
    }
}

/// What a task of the store's came to, or why it came to nothing.
fn ended<T>(done: Result<Result<T, StoreError>, JoinError>) -> Result<T, String> {
    done.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}
