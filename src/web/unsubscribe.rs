//! Effect: unsubscribing. GET shows one button, POST does it: from the page or by RFC 8058 one-click.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::response::Response;
use tera::Context;

use super::page::Page;
use super::{Shared, in_background, preferences, unusable, well_formed};
use crate::feedback::{self, Via};
use crate::model::subscriber::Subscriber;
use crate::model::token::{self, Purpose};
use crate::store::StoreError;

type Segment = Result<Path<String>, PathRejection>;

/// Only shows; changes nothing however often it is fetched.
pub(super) async fn ask(State(shared): State<Arc<Shared>>, path: Segment) -> Response {
    let Some(token) = well_formed(path) else { return shared.pages.show(Page::Missing) };
    let looking = Arc::clone(&shared);
    match in_background(move || reader(&looking, &token)).await {
        Ok((reader, receives)) => {
            let mut own = Context::new();
            let address = reader.as_ref().and_then(|person| person.address.as_ref());
            own.insert("address", &address.map(|address| address.masked()));
            let here = reader.as_ref().filter(|person| receives && person.address.is_some());
            own.insert("preferences", &here.and_then(|person| preferences::path(&shared, person.id)));
            let less = shared.people.digests.iter().any(|one| one.best.is_some());
            own.insert("less", &less);
            shared.pages.draw(Page::Unsubscribe, &own)
        }
        Err(error) => unusable(&shared, "show an unsubscribe page", &error),
    }
}

/// Withdraws. Known, repeated and well-formed unknown tokens are answered alike; only our own failure is told apart.
pub(super) async fn act(
    State(shared): State<Arc<Shared>>,
    path: Segment,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(token) = well_formed(path) else { return shared.pages.show(Page::Missing) };
    // The body decides nothing (RFC 8058 section 3.2 names one, mail programs send several): it only says who asked.
    let from_page = body.is_ok_and(|body| body.as_ref() == b"by=page");
    let via = if from_page { Via::Web } else { Via::OneClick };
    let acting = Arc::clone(&shared);
    let done = in_background(move || {
        feedback::withdraw(&acting.store, &acting.keys, &token, via, acting.farewell, acting.clock.now())
    });
    match done.await {
        Ok(outcome) => {
            tracing::info!(?outcome, ?via, "withdrawal");
            shared.pages.show(Page::Done)
        }
        Err(error) => unusable(&shared, "answer an unsubscribe request", &error),
    }
}

/// The person, and whether there is something to receive less often.
fn reader(shared: &Shared, token: &str) -> Result<(Option<Subscriber>, bool), StoreError> {
    let (id, _) = token::open_or_nobody(&shared.keys, Purpose::Unsubscribe, token);
    shared.store.read(|ledger| Ok((ledger.subscriber(id)?, !ledger.paces_of(id)?.is_empty())))
}
