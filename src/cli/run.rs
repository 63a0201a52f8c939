//! Effect: `moabom run`: the daemon, in the foreground, until it is told to stop.

use std::io::IsTerminal;
use std::net::TcpListener;

use anyhow::{Context as _, Result};
use clap::Args;
use tracing_subscriber::EnvFilter;

use super::open::{Context, Opened};
use super::{admin, signal};
use crate::config::{LogFormat, LogSettings};
use crate::daemon;
use crate::publish::{Digest, Masthead};
use crate::source::fetch::FetchSettings;
use crate::web;

/// `moabom run`
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct RunArgs {}

/// Runs until SIGTERM or SIGINT. The log goes to stderr.
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
    let listen = opened.config.web.listen;
    let listener = TcpListener::bind(listen).with_context(|| {
        format!(
            "{listen}에서 웹 페이지를 열지 못했어요. 다른 moabom이나 다른 프로그램이 쓰고 있다면 그것을 끝내거나 [web] listen을 바꾸세요"
        )
    })?;
    let admin = admin::page(context, &opened)?;
    let deliver = opened.deliverer()?;
    let (office, informer) = (opened.office()?, opened.informer()?);
    let draft = opened.drafts(&context.clock);
    let masthead = opened.config.masthead;
    Ok(daemon::Deps {
        clock: context.clock.clone(),
        web: web::Deps {
            store: opened.store.clone(),
            keys: opened.keys,
            clock: context.clock.clone(),
            newsletter: masthead.newsletter.title.clone(),
            contact: masthead.sender.email.to_string(),
            archive: archive(&masthead, &opened.config.digests),
            draft,
            farewell: opened.config.law.farewell(),
        },
        office,
        informer,
        store: opened.store,
        sources: opened.config.sources,
        fetch: FetchSettings::default(),
        masthead,
        digests: opened.config.digests,
        renderer: opened.renderer,
        deliver,
        listener,
        admin,
    })
}

/// What the archive of letters is drawn with.
pub(super) fn archive(masthead: &Masthead, digests: &[Digest]) -> web::ArchiveSettings {
    web::ArchiveSettings {
        zone: masthead.newsletter.time_zone,
        links: masthead.links.clone(),
        home: masthead.newsletter.home.clone(),
        digests: digests.iter().map(|digest| digest.name.clone()).collect(),
    }
}

/// One line an event. Of other crates only warnings: what they tell of a conversation may hold what no log may.
fn log(settings: &LogSettings) {
    let level = settings.level.as_str().to_lowercase();
    let filter = EnvFilter::new(format!("warn,moabom={level}"));
    let colours = std::io::stderr().is_terminal();
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
