//! Effect: the archive: published letters as web pages, their list, a feed. Public, the same for everyone; only reads.

pub(super) mod letter;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono_tz::Tz;
use serde::Deserialize;
use url::Url;

use super::Shared;
use super::page::Page;
use crate::compose::links::path_segment;
use crate::model::Titles;
use crate::store::{Ledger, StoreError};
pub(super) use view::Archive;
use view::Shelf;

/// What the archive is drawn with.
#[derive(Clone, Debug)]
pub struct ArchiveSettings {
    /// The newsletter's zone, for dates.
    pub zone: Tz,
    /// How readers reach the pages; without it there is no feed, since its links must be absolute.
    pub links: Option<Url>,
    /// The blog.
    pub home: Url,
    /// The configured digests: they have a page before they have a letter.
    pub digests: Vec<String>,
    /// What readers call them.
    pub titles: Titles,
}

/// Editions of each digest on the first page.
const ON_INDEX: usize = 20;
/// Editions on a digest's own page; older ones are a link away.
const ON_PAGE: usize = 100;
/// Editions in a feed.
const IN_FEED: usize = 20;

/// A letter may bring its own styles and pictures from https, and nothing else; scripts and forms do not run in it.
const LETTER_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A published letter may still be cancelled: it is not kept for long without asking again.
const FRESH: &str = "public, max-age=300";
const HTML: &str = "text/html; charset=utf-8";
const ATOM: &str = "application/atom+xml; charset=utf-8";
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// The archive's routes, and the page that stands for a reader's own unsubscribe link.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(front))
        .route("/archive", get(index))
        .route("/archive/{digest}", get(digest))
        .route("/archive/{digest}/{number}", get(edition))
        .route("/archive/{digest}/latest", get(latest))
        .route("/archive/{digest}/feed.xml", get(feed))
        .route("/unsubscribe", get(leave))
}

type Segment = Result<Path<String>, PathRejection>;

#[derive(Deserialize)]
struct Before {
    before: i64,
}

/// Whoever opens the bare address comes to the letters.
async fn front(State(shared): State<Arc<Shared>>) -> Response {
    to(format!("{}archive", shared.archive.root()))
}

fn to(address: String) -> Response {
    let headers = [(header::LOCATION, address), (header::CACHE_CONTROL, "no-cache".to_owned())];
    (StatusCode::FOUND, headers).into_response()
}

async fn index(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let configured = shared.archive.digests().to_vec();
    let found = read(&shared, move |ledger| {
        let mut names = configured;
        for name in ledger.archived_digests()? {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.iter().map(|name| shelf(ledger, name, i64::MAX, ON_INDEX)).collect::<Result<Vec<_>, _>>()
    });
    match found.await {
        Ok(shelves) => page(&shared, &headers, "지난 편지", shelves),
        Err(failed) => failed,
    }
}

async fn digest(
    State(shared): State<Arc<Shared>>,
    path: Segment,
    query: Result<Query<Before>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let Ok(Path(name)) = path else { return missing(&shared) };
    let before = query.map_or(i64::MAX, |Query(query)| query.before);
    match known(&shared, name, before, ON_PAGE).await {
        Ok(Some(shelf)) => page(&shared, &headers, "지난 편지", vec![shelf]),
        Ok(None) => missing(&shared),
        Err(failed) => failed,
    }
}

async fn edition(
    State(shared): State<Arc<Shared>>,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let Ok(Path((digest, written))) = path else { return missing(&shared) };
    // One address for each letter: not `007`, not `+7`.
    let number = written.parse::<i64>().ok().filter(|number| number.to_string() == written);
    let Some(number) = number else { return missing(&shared) };
    let found = read(&shared, move |ledger| ledger.archived_html(&digest, number));
    match found.await {
        Ok(Some(html)) => {
            let html = letter::for_everyone(&html, &shared.archive.leave_url());
            let mut response = cached(&headers, HTML, html);
            response
                .headers_mut()
                .insert(header::CONTENT_SECURITY_POLICY, axum::http::HeaderValue::from_static(LETTER_POLICY));
            response
        }
        Ok(None) => missing(&shared),
        Err(failed) => failed,
    }
}

async fn latest(State(shared): State<Arc<Shared>>, path: Segment) -> Response {
    let Ok(Path(name)) = path else { return missing(&shared) };
    match known(&shared, name, i64::MAX, 1).await {
        Ok(Some(shelf)) => match shelf.editions.first() {
            Some(newest) => {
                let root = shared.archive.root();
                to(format!("{root}archive/{}/{}", path_segment(&shelf.digest), newest.number))
            }
            None => missing(&shared),
        },
        Ok(None) => missing(&shared),
        Err(failed) => failed,
    }
}

async fn feed(State(shared): State<Arc<Shared>>, path: Segment, headers: HeaderMap) -> Response {
    let Ok(Path(name)) = path else { return missing(&shared) };
    match known(&shared, name, i64::MAX, IN_FEED).await {
        Ok(Some(shelf)) => match shared.archive.feed(&shelf) {
            Some(Ok(feed)) => cached(&headers, ATOM, feed),
            Some(Err(error)) => failed(&shared, &error),
            None => missing(&shared),
        },
        Ok(None) => missing(&shared),
        Err(failed) => failed,
    }
}

async fn leave(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    match shared.archive.leave_page() {
        Ok(html) => cached(&headers, HTML, html),
        Err(error) => failed(&shared, &error),
    }
}

/// A digest's newest editions below `before`; none for a digest nobody configured or published.
async fn known(
    shared: &Arc<Shared>,
    name: String,
    before: i64,
    limit: usize,
) -> Result<Option<Shelf>, Response> {
    let configured = shared.archive.digests().contains(&name);
    read(shared, move |ledger| {
        let known = configured || ledger.archived_digests()?.contains(&name);
        if known { shelf(ledger, &name, before, limit).map(Some) } else { Ok(None) }
    })
    .await
}

/// One more than `limit` is asked for, to know whether there are older ones.
fn shelf(ledger: &Ledger<'_>, digest: &str, before: i64, limit: usize) -> Result<Shelf, StoreError> {
    let mut editions = ledger.archived_editions(digest, before, limit + 1)?;
    let more = editions.len() > limit;
    editions.truncate(limit);
    Ok(Shelf { digest: digest.to_owned(), editions, more })
}

async fn read<T: Send + 'static>(
    shared: &Arc<Shared>,
    job: impl FnOnce(&Ledger<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Response> {
    let store = shared.store.clone();
    match tokio::task::spawn_blocking(move || store.read(job)).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(failed(shared, &error)),
        Err(error) => Err(failed(shared, &error)),
    }
}

fn page(shared: &Shared, headers: &HeaderMap, heading: &str, shelves: Vec<Shelf>) -> Response {
    match shared.archive.list_page(heading, &shelves) {
        Ok(html) => cached(headers, HTML, html),
        Err(error) => failed(shared, &error),
    }
}

fn missing(shared: &Shared) -> Response {
    match shared.archive.missing_page() {
        Ok(html) => (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, HTML)], html).into_response(),
        Err(error) => failed(shared, &error),
    }
}

fn failed(shared: &Shared, error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "cannot show the archive");
    shared.pages.show(Page::Failed)
}

/// The body, or 304 where the asker has it already. Search engines may read it: it is what everyone was sent.
fn cached(asked: &HeaderMap, kind: &'static str, body: String) -> Response {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body.as_bytes());
    let print: String = digest.as_ref().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{print}\"");
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    // RFC 9110 section 13.1.2: compared weakly; a list, or `*`.
    let has = |value: &str| {
        value.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
    };
    let fresh = known.into_iter().any(has);
    let headers = [(header::ETAG, tag.as_str()), (header::CACHE_CONTROL, FRESH), (ROBOTS, "all")];
    if fresh {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(header::CONTENT_TYPE, kind)], body).into_response()
}
