//! Effect: what the operator's pages share: the store, the pages, the logins; and how they read and write.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use chrono_tz::Tz;
use secrecy::SecretString;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinError;
use url::Url;

use super::pages::{Failure, Pages};
use super::session::{self, Sessions};
use super::visitor::Visitor;
use crate::clock::{Clock, Instant};
use crate::model::network::Network;
use crate::model::token::SecretKey;
use crate::publish::{Digest, Masthead};
use crate::source::SourceSettings;
use crate::status::Configured;
use crate::status::words::moment;
use crate::store::{Ledger, Store, StoreError};
use crate::web::preview::Look;

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
    /// All keys: an address is looked for among those never to be mailed.
    pub keys: Vec<SecretKey>,
    /// Proxies whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<Network>,
    /// The https address others than this machine use.
    pub public_url: Option<Url>,
    /// How the next letter is looked at.
    pub look: DigestLooker,
}

/// What the handlers share.
pub(super) struct Desk {
    pub(super) deps: Deps,
    pub(super) pages: Pages,
    pub(super) sessions: Sessions,
    /// Makes the forms of those who have no login of their own.
    pub(super) secret: String,
    /// One password is checked at a time: each check takes 19 MiB.
    pub(super) checking: Semaphore,
}

impl Desk {
    /// None where the system gives no randomness to make forms with.
    pub(super) fn new(deps: Deps) -> Option<Desk> {
        Some(Desk {
            pages: Pages::new(deps.masthead.newsletter.title.clone()),
            sessions: Sessions::new(deps.clock.now()),
            secret: session::secret()?,
            checking: Semaphore::new(1),
            deps,
        })
    }

    pub(super) fn now(&self) -> Instant {
        self.deps.clock.now()
    }

    pub(super) fn zone(&self) -> Tz {
        self.deps.masthead.newsletter.time_zone
    }

    /// `at` as the pages write it.
    pub(super) fn moment(&self, at: Instant) -> String {
        moment(at, self.zone(), self.now())
    }

    pub(super) fn configured(&self) -> Configured<'_> {
        let Deps { masthead, digests, sources, .. } = &self.deps;
        Configured { masthead, digests, sources }
    }

    /// The hash of the password as it is now: a changed password counts from the next request on.
    pub(super) async fn password_hash(&self, source: &PasswordSource) -> Result<SecretString, Response> {
        let source = Arc::clone(source);
        let read = tokio::task::spawn_blocking(move || source()).await;
        let error = match read {
            Ok(Ok(hash)) => return Ok(hash),
            Ok(Err(error)) => error,
            Err(error) => error.to_string(),
        };
        tracing::error!("{error}");
        let text = "비밀번호 파일을 읽지 못해 아무도 들이지 않아요. 로그를 확인하고 `moabom admin password`로 다시 만드세요.";
        Err(self.pages.say(&Visitor::default(), StatusCode::SERVICE_UNAVAILABLE, "열 수 없어요", text, None))
    }

    /// What `job` reads, or the page that says why not.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        visitor: &Visitor,
        job: impl FnOnce(&Desk, &Ledger<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Response> {
        let desk = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || desk.deps.store.read(|ledger| job(&desk, ledger)));
        ended(read.await).map_err(|failure| self.pages.failed(visitor, &failure))
    }

    /// What `job` writes, or the page that says why not.
    pub(super) async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        visitor: &Visitor,
        job: impl FnOnce(&Ledger<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Response> {
        let store = self.deps.store.clone();
        let written = tokio::task::spawn_blocking(move || store.write(job));
        ended(written.await).map_err(|failure| self.pages.failed(visitor, &failure))
    }

    /// The page that `template` makes of what `job` reads; the page for what is not there where that is none.
    pub(super) async fn answer<V: Serialize + Send + 'static>(
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
fn ended<T>(done: Result<Result<T, StoreError>, JoinError>) -> Result<T, Failure> {
    done.map_err(|_| Failure::Inside)?.map_err(Failure::Store)
}
