//! Effect: `moabom web`: the reader pages alone, in the foreground. It reads, publishes and sends nothing.

use std::path::Path;

use anyhow::{Context as _, Result};
use clap::Args;
use tokio::net::TcpListener;

use super::open::{self, Context};
use super::{log, run, signal};
use crate::render::Renderer;
use crate::render::confirmation::Confirmations;
use crate::web;

/// `moabom web`
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(
    after_help = "읽기, 발행, 발송은 하지 않아요. 구독 확인 메일도 `moabom run`이나 `moabom deliver`가 보내요."
)]
pub struct WebArgs {}

/// The templates; broken ones keep nobody from leaving, so the built-in ones stand in.
fn renderer(folder: &Path) -> Result<Renderer> {
    open::renderer(folder).or_else(|error| {
        tracing::warn!("고친 틀을 쓸 수 없어 내장 틀로 확인 메일을 보내요: {error:#}");
        Ok(Renderer::new(&[])?)
    })
}

/// Serves until SIGTERM or SIGINT. The log goes to stderr.
pub fn run(context: &Context, _args: WebArgs) -> Result<()> {
    let config = context.config()?;
    log::start(&config.log);
    let (store, keys) = context.keyed(&config)?;
    let listener = run::bind(config.web.listen)?;
    let (renderer, masthead) = (renderer(&config.templates)?, config.masthead.clone());
    let confirmations =
        move || Confirmations::new(renderer.templates(), &masthead.newsletter.title, &masthead.sender);
    let (kept, newest) = (store.clone(), context.clone());
    let newest = move || newest.open_with(|_| Ok(kept.clone()));
    let router = web::router(run::pages(context, &config, store, keys, confirmations, newest));
    let stop = signal::stop_token().context("신호를 받을 준비를 하지 못했어요")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("실행 환경을 만들지 못했어요")?;
    tracing::info!(listen = %config.web.listen, "페이지를 열었어요");
    runtime
        .block_on(async {
            listener.set_nonblocking(true)?;
            web::serve(TcpListener::from_std(listener)?, router, stop).await
        })
        .context("페이지를 열어 두지 못했어요")?;
    tracing::info!("끝냈어요");
    Ok(())
}
