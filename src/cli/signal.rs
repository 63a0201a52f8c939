//! Effect: SIGTERM and SIGINT: the first asks for a clean end, the second ends the process at once.

use std::io;
use std::thread;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::log;

/// Exit code of a process that was told twice to end.
const IMPATIENT: i32 = 130;

/// A token that the first signal cancels. The handlers are in place when this returns.
pub fn stop_token() -> io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let heard = stop.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut terminate, mut interrupt) = {
        let _inside = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            let mut next = async || {
                tokio::select! { _ = terminate.recv() => "보내세요", _ = interrupt.recv() => "누르세요" }
            };
            let again = next().await;
            let told = format!("하던 일을 마치고 끝낼게요. 바로 끝내려면 한 번 더 {again}.");
            log::say(tracing::Level::INFO, &told);
            heard.cancel();
            next().await;
            std::process::exit(IMPATIENT);
        });
    })?;
    Ok(stop)
}
