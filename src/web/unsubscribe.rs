//! Effect: unsubscribing. GET shows one button, POST does it: from the page or by RFC 8058 one-click.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::response::Response;

use super::Shared;
use super::page::Page;
use crate::feedback::{self, Via};
use crate::model::token::{self, Purpose};
use crate::store::StoreError;

/// Only shows; changes nothing however often it is fetched.
pub(super) async fn ask(State(shared): State<Arc<Shared>>, Path(token): Path<String>) -> Response {
    if !well_formed(&token) {
        return shared.pages.show(Page::Missing, None);
    }
    let looking = Arc::clone(&shared);
    let found = tokio::task::spawn_blocking(move || masked_address(&looking, &token)).await;
    match found {
        Ok(Ok(address)) => shared.pages.show(Page::Unsubscribe, address),
        Ok(Err(error)) => failed(&shared, &error),
        Err(error) => failed(&shared, &error),
    }
}

/// Withdraws. Known, repeated and well-formed unknown tokens are answered alike; only our own failure is told apart.
pub(super) async fn act(
    State(shared): State<Arc<Shared>>,
    Path(token): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    if !well_formed(&token) {
        return shared.pages.show(Page::Missing, None);
    }
    // The body decides nothing (RFC 8058 section 3.2 names one, mail programs send several): it only says who asked.
    let from_page = body.is_ok_and(|body| body.as_ref() == b"by=page");
    let via = if from_page { Via::Web } else { Via::OneClick };
    let acting = Arc::clone(&shared);
    let done = tokio::task::spawn_blocking(move || {
        feedback::withdraw(&acting.store, &acting.keys, &token, via, acting.farewell, acting.clock.now())
    })
    .await;
    match done {
        Ok(Ok(outcome)) => {
            tracing::info!(?outcome, ?via, "withdrawal");
            shared.pages.show(Page::Done, None)
        }
        Ok(Err(error)) => failed(&shared, &error),
        Err(error) => failed(&shared, &error),
    }
}

fn failed(shared: &Shared, error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "cannot answer an unsubscribe request");
    shared.pages.show(Page::Failed, None)
}

/// The shape all our tokens have; says nothing about whether one is ours.
fn well_formed(token: &str) -> bool {
    token.len() == 47
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn masked_address(shared: &Shared, token: &str) -> Result<Option<String>, StoreError> {
    let opened = token::open(&shared.keys, Purpose::Unsubscribe, token).ok();
    // Asked of the store in any case, so that a token that is not ours is answered as slowly as one that is.
    let id = opened.map_or(crate::model::SubscriberId(0), |(subscriber, _)| subscriber);
    let person = shared.store.read(|ledger| ledger.subscriber(id))?;
    Ok(person.and_then(|person| person.address).map(|address| address.masked()))
}
