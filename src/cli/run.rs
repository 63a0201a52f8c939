//! Effect: `moabom run`: the daemon, in the foreground, until it is told to stop.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Args;
use tracing_subscriber::EnvFilter;

use super::open::{Context, Opened};
use super::{admin, signal};
use crate::config::{Config, LogFormat, LogSettings};
use crate::daemon::{self, Plan, Press};
use crate::model::token::SecretKey;
use crate::publish::Digest;
use crate::smtp::TlsMode;
use crate::source::fetch::FetchSettings;
use crate::store::Store;
use crate::web;

mod reload;

/// `moabom run`
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct RunArgs {}

/// Runs until SIGTERM or SIGINT; SIGHUP reads the configuration anew. The log goes to stderr.
pub fn run(context: &Context, _args: RunArgs) -> Result<()> {
    let opened = context.open()?;
    log(&opened.config.log);
    for warning in &opened.config.warnings {
        tracing::warn!("{warning}");
    }
    let deps = deps(context, opened)?;
    let stop = signal::stop_token().context("신호를 받을 준비를 하지 못했어요")?;
    Ok(daemon::run(deps, &stop)?)
}

fn deps(context: &Context, opened: Opened) -> Result<daemon::Deps> {
    let listener = bind(opened.config.web.listen)?;
    let admin = admin::page(context, &opened)?;
    let metrics = opened.config.metrics.map(|listen| -> Result<_> {
        let listener = TcpListener::bind(listen).with_context(|| {
            format!("{listen}에서 잰 값을 열지 못했어요. 다른 프로그램이 쓰고 있다면 그것을 끝내거나 [metrics] listen을 바꾸세요")
        })?;
        let (store, clock) = (opened.store.clone(), context.clock.clone());
        Ok((listener, web::metrics::Deps { store, clock, digests: opened.config.digests.clone() }))
    });
    let metrics = metrics.transpose()?;
    let plan = plan(&opened)?;
    let reload = reload::reload(context, &opened);
    let draft = opened.drafts(&context.clock);
    let mut web = pages(context, &opened.config, opened.store.clone(), opened.keys);
    web.draft = draft;
    Ok(daemon::Deps {
        clock: context.clock.clone(),
        web,
        store: opened.store,
        plan,
        reload,
        listener,
        admin,
        metrics,
    })
}

/// What may change while the daemon runs, as the configuration has it now.
fn plan(opened: &Opened) -> Result<Plan> {
    let press = Press {
        store: opened.store.clone(),
        masthead: opened.config.masthead.clone(),
        digests: opened.config.digests.clone(),
        renderer: Arc::clone(&opened.renderer),
    };
    Ok(Plan {
        sources: opened.config.sources.clone(),
        fetch: FetchSettings::default(),
        press: Arc::new(press),
        deliver: opened.deliverer()?,
        office: Arc::new(opened.office()?),
        informer: opened.informer()?,
    })
}

/// Where the pages are served, taken before anything else is begun.
pub(super) fn bind(listen: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(listen).with_context(|| {
        format!(
            "{listen}에서 웹 페이지를 열지 못했어요. 다른 moabom이나 다른 프로그램이 쓰고 있다면 그것을 끝내거나 [web] listen을 바꾸세요"
        )
    })
}

/// What the reader pages are served with.
pub(super) fn pages(context: &Context, config: &Config, store: Store, keys: Vec<SecretKey>) -> web::Deps {
    let masthead = &config.masthead;
    let digests = &config.digests;
    web::Deps {
        draft: None,
        store,
        keys,
        clock: context.clock.clone(),
        newsletter: masthead.newsletter.title.clone(),
        contact: masthead.sender.email.to_string(),
        archive: web::ArchiveSettings {
            zone: masthead.newsletter.time_zone,
            links: masthead.links.clone(),
            home: masthead.newsletter.home.clone(),
            digests: digests.iter().map(|digest| digest.name.clone()).collect(),
            titles: config.titles.clone(),
        },
        farewell: config.law.farewell(),
        people: web::PeopleSettings {
            signup: config.web.signup,
            advertising: masthead.newsletter.advertising,
            sender: masthead.sender.clone(),
            zone: masthead.newsletter.time_zone,
            links: masthead.links.clone(),
            digests: choices(digests),
            confirmations_per_hour: config.web.confirmations_per_hour,
            trusted_proxies: config.web.trusted_proxies.clone(),
            privacy: privacy(config),
        },
        queued: Arc::default(),
    }
}

/// A relay elsewhere handles addresses, too: where nobody wrote who that is, its host stands on the privacy page.
fn privacy(config: &Config) -> web::PrivacySettings {
    let mut privacy = config.privacy.clone();
    if privacy.processors.is_empty() && config.relay.tls != TlsMode::None {
        privacy.processors.push(format!("메일을 받는 분의 서버로 나르는 일: {}", config.relay.host));
    }
    privacy
}

/// What one can subscribe to; a digest of the month's best is another way to receive the one it is of.
fn choices(digests: &[Digest]) -> Vec<web::DigestChoice> {
    let own = digests.iter().filter(|digest| digest.best_of.is_none());
    own.map(|digest| {
        let best = digests.iter().find(|other| other.best_of.as_ref() == Some(&digest.name));
        web::DigestChoice {
            name: digest.name.clone(),
            when: digest.schedule.describe(),
            best: best.map(|best| best.schedule.describe()),
        }
    })
    .collect()
}

/// One line an event. Of other crates only warnings: what they tell of a conversation may hold what no log may.
pub(super) fn log(settings: &LogSettings) {
    let level = settings.level.as_str().to_lowercase();
    let filter = EnvFilter::new(format!("warn,moabom={level}"));
    let colours = console::colors_enabled_stderr();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .with_target(false);
    // A second subscriber is refused; then the first one stays.
    let _ = match settings.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}
