//! Effect: `/metrics` in the Prometheus text format (exposition format 0.0.4), on an address of its own. Read at each
//! request; a store that cannot be read answers 503. No address and no title of anybody is in it.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::clock::{Clock, Instant};
use crate::publish::Digest;
use crate::store::{Ledger, Store, StoreError};

/// What the figures are read from.
#[derive(Clone)]
pub struct Deps {
    /// The store.
    pub store: Store,
    /// The clock next runs are told by.
    pub clock: Clock,
    /// The digests.
    pub digests: Vec<Digest>,
}

/// The one route, `/metrics`.
pub fn router(deps: Deps) -> Router {
    Router::new().route("/metrics", get(show)).with_state(Arc::new(deps))
}

async fn show(State(deps): State<Arc<Deps>>) -> Response {
    let read = tokio::task::spawn_blocking(move || {
        let now = deps.clock.now();
        deps.store.read(|ledger| page(ledger, &deps.digests, now))
    });
    match read.await {
        Ok(Ok(page)) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response()
        }
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "cannot read the figures");
    (StatusCode::SERVICE_UNAVAILABLE, "store\n").into_response()
}

/// The page as it is written: a family at a time.
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> =
            labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escaped(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    /// A family of one label.
    fn of_each<'a, V: std::fmt::Display>(
        &mut self,
        (name, help): (&str, &str),
        label: &str,
        samples: impl IntoIterator<Item = (&'a str, V)>,
    ) {
        self.family(name, "gauge", help);
        for (text, value) in samples {
            self.sample(name, &[(label, text)], value);
        }
    }
}

/// A label's value: backslash, quote and line feed are escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn seconds(at: Instant) -> f64 {
    at.timestamp_millis() as f64 / 1000.0
}

fn page(ledger: &Ledger<'_>, digests: &[Digest], now: Instant) -> Result<String, StoreError> {
    let mut page = Page(String::new());
    page.family("moabom_info", "gauge", "The running version.");
    page.sample("moabom_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    let open = ledger.open_deliveries()?;
    page.of_each(
        ("moabom_deliveries_open", "Deliveries that have not ended, by state."),
        "state",
        open.iter().map(|(state, count)| (state.as_str(), count)),
    );
    page.family("moabom_attempts_total", "counter", "SMTP transactions recorded.");
    page.sample("moabom_attempts_total", &[], ledger.attempt_count()?);
    let editions = ledger.editions_by_state()?;
    page.of_each(
        ("moabom_editions", "Editions and skipped slots, by state."),
        "state",
        editions.iter().map(|(state, count)| (state.as_str(), count)),
    );
    people(&mut page, ledger)?;
    sources(&mut page, ledger)?;
    let breakers = ledger.breakers()?;
    page.of_each(
        ("moabom_breaker_open", "What sending holds back: 1 while it is held."),
        "name",
        breakers.iter().map(|breaker| (breaker.name.as_str(), u8::from(breaker.holds(now)))),
    );
    let next = digests.iter().filter_map(|digest| {
        digest.schedule.next_after(now).map(|next| (digest.name.as_str(), seconds(next)))
    });
    page.of_each(("moabom_next_slot_timestamp_seconds", "When a digest falls due next."), "digest", next);
    process(&mut page);
    Ok(page.0)
}

fn people(page: &mut Page, ledger: &Ledger<'_>) -> Result<(), StoreError> {
    let name = "moabom_subscriptions";
    page.family(name, "gauge", "Subscriptions by digest and state.");
    for digest in ledger.readership()? {
        let states = [
            ("active", digest.active),
            ("pending", digest.pending),
            ("paused", digest.paused),
            ("unsubscribed", digest.unsubscribed),
        ];
        for (state, count) in states {
            page.sample(name, &[("digest", &digest.digest), ("state", state)], count);
        }
    }
    page.family("moabom_suppressions", "gauge", "Addresses never to be mailed.");
    page.sample("moabom_suppressions", &[], ledger.suppression_count()?);
    Ok(())
}

fn sources(page: &mut Page, ledger: &Ledger<'_>) -> Result<(), StoreError> {
    let sources = ledger.sources()?;
    let read =
        sources.iter().filter_map(|source| Some((source.name.as_str(), seconds(source.last_read_at?))));
    page.of_each(
        ("moabom_source_last_success_timestamp_seconds", "When a source was read last."),
        "source",
        read,
    );
    page.of_each(
        ("moabom_source_failures", "Readings of a source that failed in a row."),
        "source",
        sources.iter().map(|source| (source.name.as_str(), source.failures)),
    );
    Ok(())
}

/// Memory and open files, as Linux tells them; elsewhere nothing.
fn process(page: &mut Page) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| {
        let kib = line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?;
        kib.trim().parse::<u64>().ok()
    });
    if let Some(kib) = resident {
        page.family("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.");
        page.sample("process_resident_memory_bytes", &[], kib * 1024);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        page.family("process_open_fds", "gauge", "Number of open file descriptors.");
        page.sample("process_open_fds", &[], files.count());
    }
}
