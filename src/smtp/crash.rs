//! Effect: named points where a debug build dies or hangs on demand. In a release build they are nothing.

/// Ends the process without any clean-up where `MOABOM_CRASH_AT` is this name, or `name:N` on the N-th pass. Where
/// `MOABOM_HANG_AT` is this name, the thread never goes on.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};
    if std::env::var("MOABOM_HANG_AT").is_ok_and(|wanted| wanted == name) {
        loop {
            std::thread::park();
        }
    }
    static PASSES: AtomicU64 = AtomicU64::new(0);
    let Ok(wanted) = std::env::var("MOABOM_CRASH_AT") else { return };
    let (wanted, pass) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if wanted == name && PASSES.fetch_add(1, Ordering::SeqCst) + 1 == pass.parse().unwrap_or(1) {
        std::process::abort();
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn point(_name: &str) {}
