//! Effect: supervision: one task per step, a shared stop, and an end of all when one of them dies.
//!
//! The tasks meet in the store only. What is passed between them is the hint that there is something to look at.

mod inform;
mod ingest;
mod notify;
mod people;
mod publish;
mod send;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::clock::Clock;
use crate::deliver::{self, DeliverError, Session};
use crate::publish::{Digest, Masthead};
use crate::render::Renderer;
use crate::source::SourceSettings;
use crate::source::fetch::FetchSettings;
use crate::store::{Store, StoreError};
use crate::web;
pub use notify::Office;

/// Longest time between two looks at the clock: a clock that was set, or a machine that slept, is noticed by then.
const LOOK: Duration = Duration::from_secs(30);

/// What the daemon runs with.
pub struct Deps {
    /// The clock of all steps.
    pub clock: Clock,
    /// The store.
    pub store: Store,
    /// What is read.
    pub sources: Vec<SourceSettings>,
    /// How it is read.
    pub fetch: FetchSettings,
    /// What stands on every letter.
    pub masthead: Masthead,
    /// The digests.
    pub digests: Vec<Digest>,
    /// The templates.
    pub renderer: Arc<Renderer>,
    /// What letters are sent with.
    pub deliver: deliver::Deps,
    /// What the operator is told with; none where no address is configured.
    pub informer: Option<crate::inform::Deps>,
    /// What the law wants told.
    pub office: Office,
    /// The reader pages.
    pub web: web::Deps,
    /// Where the pages are served: bound before the daemon starts, so that a taken port is told at once.
    pub listener: std::net::TcpListener,
    /// The operator's page and where it is served, bound likewise; none where it is off.
    pub admin: Option<(std::net::TcpListener, web::admin::Deps)>,
}

/// Why the daemon ended by itself. Whoever watches it (systemd) starts it again.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The store cannot be used, or another daemon sends from it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Sending cannot go on safely.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    /// The pages cannot be served.
    #[error("웹 페이지를 열어 두지 못했어요: {0}. [web] listen 설정과 열린 파일 수의 한도를 확인하세요")]
    Web(std::io::Error),
    /// The runtime cannot be made.
    #[error("실행 환경을 만들지 못했어요: {0}")]
    Runtime(std::io::Error),
    /// A task ended though nobody asked it to, or panicked.
    #[error("{0} 일이 뜻밖에 멈춰서 모두 끝냈어요. 기록(log)을 살펴보고 다시 시작하세요")]
    Died(&'static str),
}

/// The names of the tasks, for the log and for [`DaemonError::Died`].
type Ended = (&'static str, Result<(), DaemonError>);

/// Runs until `stop` is cancelled or a task dies. Holds the store's sender lock all the while.
pub fn run(deps: Deps, stop: &CancellationToken) -> Result<(), DaemonError> {
    let session = Session::start(&deps.store, deps.clock.now(), deps.deliver.settings.unknown)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(DaemonError::Runtime)?;
    let ended = runtime.block_on(supervise(deps, session, stop));
    // What blocks is under way still only if it hangs; its rows are settled at the next start.
    runtime.shutdown_timeout(Duration::from_secs(5));
    ended
}

async fn supervise(deps: Deps, session: Session, stop: &CancellationToken) -> Result<(), DaemonError> {
    deps.listener.set_nonblocking(true).map_err(DaemonError::Web)?;
    let listener = TcpListener::from_std(deps.listener).map_err(DaemonError::Web)?;
    let published = Arc::new(Notify::new());
    let hint_of_pages = Arc::clone(&published);
    let edition = publish::Press {
        store: deps.store.clone(),
        masthead: deps.masthead,
        digests: deps.digests,
        renderer: deps.renderer,
    };
    let edition = Arc::new(edition);

    let mut tasks: JoinSet<Ended> = JoinSet::new();
    for source in deps.sources {
        let reading = ingest::Reading {
            clock: deps.clock.clone(),
            store: deps.store.clone(),
            source,
            fetch: deps.fetch.clone(),
        };
        let stop = stop.clone();
        tasks.spawn(async move { ("읽기", reading.run(stop).await) });
    }
    let (press, clock, stopped, hint) =
        (Arc::clone(&edition), deps.clock.clone(), stop.clone(), Arc::clone(&published));
    tasks.spawn(async move { ("발행", publish::run(press, clock, stopped, hint).await) });
    let (store, clock, stopped) = (deps.store, deps.clock.clone(), stop.clone());
    tasks.spawn(async move { ("독자", people::run(store, clock, stopped).await) });
    if let Some(informer) = deps.informer {
        let (clock, stopped) = (deps.clock.clone(), stop.clone());
        tasks.spawn(async move { ("알림", inform::run(informer, clock, stopped).await) });
    }
    let (clock, stopped, hint) = (deps.clock.clone(), stop.clone(), Arc::clone(&published));
    let sending = send::Sending { deps: deps.deliver, press: edition, clock: deps.clock, published };
    let halted = stop.clone();
    tasks.spawn(async move { ("발송", sending.run(session, halted).await) });
    tasks.spawn(async move { ("통지", notify::run(deps.office, clock, stopped, hint).await) });
    let web = web::Deps { queued: hint_of_pages, ..deps.web };
    let (router, stopped) = (web::router(web), stop.clone());
    tasks.spawn(async move { ("웹", web::serve(listener, router, stopped).await.map_err(DaemonError::Web)) });
    if let Some((listener, deps)) = deps.admin {
        listener.set_nonblocking(true).map_err(DaemonError::Web)?;
        let listener = TcpListener::from_std(listener).map_err(DaemonError::Web)?;
        let address = listener.local_addr().map_err(DaemonError::Web)?;
        let (router, stopped) = (web::admin::router(deps), stop.clone());
        let router = router.ok_or_else(|| DaemonError::Web(std::io::Error::other("난수를 얻지 못했어요")))?;
        info!("운영 페이지를 http://{address}/ 에서 열었어요");
        tasks.spawn(async move {
            ("운영 페이지", web::serve(listener, router, stopped).await.map_err(DaemonError::Web))
        });
    }
    info!("시작했어요");
    watch(tasks, stop).await
}

/// Waits for all tasks; the first that ends unasked stops the others, and its error is the daemon's.
async fn watch(mut tasks: JoinSet<Ended>, stop: &CancellationToken) -> Result<(), DaemonError> {
    let mut outcome = Ok(());
    while let Some(joined) = tasks.join_next().await {
        let asked = stop.is_cancelled();
        let failed = match joined {
            Ok((_, Ok(()))) if asked => continue,
            Ok((name, Ok(()))) => DaemonError::Died(name),
            Ok((name, Err(failed))) => {
                error!(task = name, "{failed}");
                failed
            }
            Err(panicked) => {
                error!("{panicked}");
                DaemonError::Died("맡은")
            }
        };
        if outcome.is_ok() {
            outcome = Err(failed);
        }
        stop.cancel();
    }
    info!("끝냈어요");
    outcome
}
