//! Effect: `moabom run`: the daemon, in the foreground, until it is told to stop.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Args;

use super::following::Following;
use super::open::{Context, Opened};
use super::{admin, log, signal};
use crate::config::Config;
use crate::daemon::{self, Plan, Press};
use crate::model::token::SecretKey;
use crate::model::{EditionId, PostId};
use crate::publish::{self, Digest};
use crate::render::confirmation::Confirmations;
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
    log::start(&opened.config.log);
    for warning in &opened.config.warnings {
        tracing::warn!("{warning}");
    }
    let deps = deps(context, Following::new(opened))?;
    let stop = signal::stop_token().context("신호를 받을 준비를 하지 못했어요")?;
    Ok(daemon::run(deps, &stop)?)
}

fn deps(context: &Context, following: Following) -> Result<daemon::Deps> {
    let opened = following.now();
    let listener = bind(opened.config.web.listen)?;
    let admin = admin::page(context, following.clone())?;
    let metrics = opened.config.metrics.map(|listen| -> Result<_> {
        let listener = TcpListener::bind(listen).with_context(|| {
            format!("{listen}에서 잰 값을 열지 못했어요. 다른 프로그램이 쓰고 있다면 그것을 끝내거나 [metrics] listen을 바꾸세요")
        })?;
        let (store, clock) = (opened.store.clone(), context.clock.clone());
        Ok((listener, web::metrics::Deps { store, clock, digests: opened.config.digests.clone() }))
    });
    let metrics = metrics.transpose()?;
    let plan = plan(&opened)?;
    let (store, keys) = (opened.store.clone(), opened.keys.clone());
    let (followed, drawn) = (following.clone(), following.clone());
    let newest = move || Ok(followed.now());
    let web = pages(context, &opened.config, store, keys, move || drawn.now().confirmations(), newest);
    Ok(daemon::Deps {
        clock: context.clock.clone(),
        web,
        store: opened.store.clone(),
        plan,
        reload: reload::reload(context, opened, following),
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

/// What the reader pages are served with. A post is taken out of an edition as the `newest` configuration makes letters.
pub(super) fn pages(
    context: &Context,
    config: &Config,
    store: Store,
    keys: Vec<SecretKey>,
    confirmations: impl Fn() -> Confirmations + Send + Sync + 'static,
    newest: impl Fn() -> Result<Opened> + Send + Sync + 'static,
) -> web::Deps {
    let masthead = &config.masthead;
    let digests = &config.digests;
    let dropper = move |edition: EditionId, posts: &[PostId]| {
        let opened = newest().map_err(|faults| format!("{faults:#}"))?;
        publish::drop_posts(&opened.publisher(), edition, posts).map_err(|error| error.to_string())
    };
    web::Deps {
        draft: Some(web::DraftDeps {
            store: store.clone(),
            keys: keys.clone(),
            clock: context.clock.clone(),
            newsletter: masthead.newsletter.title.clone(),
            zone: masthead.newsletter.time_zone,
            dropper: Arc::new(dropper),
        }),
        confirmations: Arc::new(confirmations),
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
