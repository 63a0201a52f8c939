//! Effect: supervision: one task per step, a shared stop, and an end of all when one of them dies.
//!
//! The tasks meet in the store only. What is passed between them is the hint that there is something to look at.

mod inform;
mod ingest;
mod notify;
mod people;
mod publish;
mod pulse;
mod reload;
mod send;
mod systemd;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::clock::Clock;
use crate::deliver::{self, DeliverError, Session};
use crate::source::SourceSettings;
use crate::source::fetch::FetchSettings;
use crate::store::{Store, StoreError};
use crate::web;
use pulse::Pulse;

pub use notify::Office;
pub use publish::Press;
pub use reload::{Reload, Reloaded};

/// Longest time between two looks at the clock: a clock that was set, or a machine that slept, is noticed by then.
const LOOK: Duration = Duration::from_secs(30);

/// What may change while the daemon runs. Each task takes the newest at its next turn.
#[derive(Clone)]
pub struct Plan {
    /// What is read.
    pub sources: Vec<SourceSettings>,
    /// How it is read.
    pub fetch: FetchSettings,
    /// What editions are made with.
    pub press: Arc<Press>,
    /// What letters are sent with.
    pub deliver: deliver::Deps,
    /// What the law wants told.
    pub office: Arc<Office>,
    /// What the operator is told with; none where no address is configured.
    pub informer: Option<crate::inform::Deps>,
}

/// The newest plan, for a task that looks at it now and then.
type Plans = watch::Receiver<Arc<Plan>>;

/// What the daemon runs with.
pub struct Deps {
    /// The clock of all steps.
    pub clock: Clock,
    /// The store.
    pub store: Store,
    /// What it starts with.
    pub plan: Plan,
    /// Where the next plan comes from, upon SIGHUP.
    pub reload: Reload,
    /// The reader pages.
    pub web: web::Deps,
    /// Where the pages are served: bound before the daemon starts, so that a taken port is told at once.
    pub listener: std::net::TcpListener,
    /// The operator's page and where it is served, bound likewise; none where it is off.
    pub admin: Option<(std::net::TcpListener, web::admin::Deps)>,
    /// The figures and where they are served; none where they are off.
    pub metrics: Option<(std::net::TcpListener, web::metrics::Deps)>,
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
    let session = Session::start(&deps.store, deps.clock.now(), deps.plan.deliver.settings.unknown)?;
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
    let watchdog = systemd::Watchdog::asked();
    let pulse = Pulse::new(watchdog.limit());
    let hangups = signal(SignalKind::hangup()).map_err(DaemonError::Runtime)?;
    let (newest, plans) = watch::channel(Arc::new(deps.plan));

    let mut tasks: JoinSet<Ended> = JoinSet::new();
    let readers =
        ingest::Readers { clock: deps.clock.clone(), store: deps.store.clone(), pulse: pulse.clone() };
    let (seen, stopped) = (plans.clone(), stop.clone());
    tasks.spawn(async move { ("읽기", readers.run(seen, stopped).await) });
    let (seen, beat, clock) = (plans.clone(), pulse.beat("발행"), deps.clock.clone());
    let (stopped, hint) = (stop.clone(), Arc::clone(&published));
    tasks.spawn(async move { ("발행", publish::run(seen, beat, clock, stopped, hint).await) });
    let (seen, beat, clock) = (plans.clone(), pulse.beat("통지"), deps.clock.clone());
    let (stopped, hint) = (stop.clone(), Arc::clone(&published));
    tasks.spawn(async move { ("통지", notify::run(seen, beat, clock, stopped, hint).await) });
    let (store, beat, clock, stopped) = (deps.store, pulse.beat("독자"), deps.clock.clone(), stop.clone());
    tasks.spawn(async move { ("독자", people::run(store, beat, clock, stopped).await) });
    let (seen, clock, stopped) = (plans.clone(), deps.clock.clone(), stop.clone());
    let beat = Arc::new(pulse.beat("알림"));
    tasks.spawn(async move { ("알림", inform::run(seen, beat, clock, stopped).await) });
    let sending = send::Sending { plans, beat: Arc::new(pulse.beat("발송")), clock: deps.clock, published };
    let stopped = stop.clone();
    tasks.spawn(async move { ("발송", sending.run(session, stopped).await) });
    let (beat, stopped) = (pulse.beat("설정"), stop.clone());
    tasks.spawn(async move { ("설정", reload::run(hangups, deps.reload, newest, beat, stopped).await) });
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
    if let Some((listener, deps)) = deps.metrics {
        listener.set_nonblocking(true).map_err(DaemonError::Web)?;
        let listener = TcpListener::from_std(listener).map_err(DaemonError::Web)?;
        let (router, stopped) = (web::metrics::router(deps), stop.clone());
        tasks.spawn(async move {
            ("잰 값", web::serve(listener, router, stopped).await.map_err(DaemonError::Web))
        });
    }
    info!("시작했어요");
    systemd::ready();
    // To the very end: open transactions may take minutes after the stop. That it has come is told before all is over.
    tokio::select! {
        biased;
        () = async { stop.cancelled().await; systemd::stopping(); std::future::pending().await } => Ok(()),
        outcome = watch(tasks, stop) => outcome,
        () = watchdog.ping(pulse) => Err(DaemonError::Died("감시")),
    }
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
