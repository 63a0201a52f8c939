//! Effect: 미리보기: the letter a digest would send now, in a sandboxed frame, with the reason for each post.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::desk::Desk;
use super::pages::{Failure, framed};
use super::visitor::Visitor;
use crate::web::preview::Look;

#[derive(Deserialize)]
pub(super) struct Asked {
    digest: String,
}

#[derive(Serialize)]
struct View {
    heading: &'static str,
    digests: Vec<Choice>,
    look: Look,
    /// The digest's name as a link carries it.
    query: String,
}

#[derive(Serialize)]
struct Choice {
    name: String,
    query: String,
    chosen: bool,
}

type Wanted = Result<Query<Asked>, QueryRejection>;

/// The digest asked for, else the first; none for one that is not configured.
fn wanted(desk: &Desk, asked: Wanted) -> Option<String> {
    let name = asked.ok().map(|Query(asked)| asked.digest);
    let mut names = desk.deps.digests.iter().map(|digest| &digest.name);
    match name {
        None => names.next().cloned(),
        Some(name) => names.find(|known| **known == name).cloned(),
    }
}

async fn looked(desk: &Arc<Desk>, name: String) -> Option<Look> {
    let look = Arc::clone(&desk.deps.look);
    tokio::task::spawn_blocking(move || look(&name)).await.ok()
}

/// A name as a link carries it.
pub(super) fn encoded(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}

pub(super) async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor, asked: Wanted) -> Response {
    let Some(name) = wanted(&desk, asked) else { return desk.pages.missing(&visitor) };
    let Some(look) = looked(&desk, name.clone()).await else {
        return desk.pages.failed(&visitor, &Failure::Inside);
    };
    let choice =
        |known: &str| Choice { name: known.to_owned(), query: encoded(known), chosen: known == name };
    let digests = desk.deps.digests.iter().map(|digest| choice(&digest.name)).collect();
    let view = View { heading: "미리보기", digests, look, query: encoded(&name) };
    desk.pages.show(&visitor, "preview.html", &view)
}

pub(super) async fn letter(State(desk): State<Arc<Desk>>, visitor: Visitor, asked: Wanted) -> Response {
    let Some(name) = wanted(&desk, asked) else { return desk.pages.missing(&visitor) };
    match looked(&desk, name).await {
        Some(Look { html: Some(html), .. }) => framed(html),
        Some(_) => desk.pages.missing(&visitor),
        None => desk.pages.failed(&visitor, &Failure::Inside),
    }
}
