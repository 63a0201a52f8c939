//! Effect: the operator's page: how things stand, editions, posts, people, the next letter. It writes rows, never sends.
//!
//! Everything but the login page and the style sheet is behind `guard`: whoever is let through is its `Visitor`.
//! No GET changes anything. What is shown of posts, readers and relays is hostile text: it is escaped by the templates,
//! and under the policy of these pages nothing of it could run or load.

mod chart;
mod deliveries;
mod delivery;
mod desk;
mod door;
mod editions;
mod guard;
mod login;
mod overview;
mod pages;
pub mod password;
mod people;
mod posts;
mod preview;
mod session;
mod shares;
mod tries;
mod visitor;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use desk::Desk;
use visitor::Visitor;

pub use desk::{Deps, DigestLooker, PasswordSource};

/// All private routes: whoever is not let in gets nothing from them.
fn table() -> Vec<(&'static str, MethodRouter<Arc<Desk>>)> {
    vec![
        ("/", get(overview::show)),
        ("/editions", get(editions::list)),
        ("/editions/{id}", get(editions::show)),
        ("/editions/{id}/letter", get(editions::letter)),
        ("/editions/{id}/deliveries", get(deliveries::of_edition)),
        ("/editions/{id}/{act}", get(editions::ask).post(editions::act)),
        ("/notices", get(deliveries::of_notices)),
        ("/deliveries/{id}", get(delivery::show).post(delivery::decide)),
        ("/posts", get(posts::list)),
        ("/posts/{id}", get(posts::show).post(posts::mark)),
        ("/subscribers", get(people::ask).post(people::search)),
        ("/subscribers/{id}", get(people::show)),
        ("/preview", get(preview::show)),
        ("/preview/letter", get(preview::letter)),
        ("/logout", post(login::leave)),
    ]
}

/// The paths of all private routes, with `{…}` where a value stands.
pub fn private_routes() -> Vec<&'static str> {
    table().into_iter().map(|(path, _)| path).collect()
}

/// The pages. None where the system gives no randomness to make forms with.
pub fn router(deps: Deps) -> Option<Router> {
    let desk = Arc::new(Desk::new(deps)?);
    let mut router = Router::new();
    for (path, methods) in table() {
        router = router.route(path, methods);
    }
    let router = router
        .route("/login", get(login::ask).post(login::enter))
        .route("/admin.css", get(style))
        .fallback(missing)
        .layer(DefaultBodyLimit::max(guard::BODY))
        .layer(middleware::from_fn_with_state(Arc::clone(&desk), guard::keep))
        .layer(middleware::from_fn_with_state(Arc::clone(&desk), guard::in_time))
        .layer(middleware::from_fn_with_state(Arc::new(headers()), super::with_headers));
    Some(router.with_state(desk))
}

/// One style sheet of our own, frames of our own, forms to ourselves; nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
fn headers() -> super::Headers {
    let fixed = |name, value| (name, HeaderValue::from_static(value));
    vec![
        fixed(header::CONTENT_SECURITY_POLICY, POLICY),
        fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        fixed(header::REFERRER_POLICY, "no-referrer"),
        fixed(header::CACHE_CONTROL, "no-store"),
        fixed(header::X_FRAME_OPTIONS, "DENY"),
        fixed(HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        fixed(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ]
}

async fn style() -> Response {
    let css = include_str!("../../templates/admin/admin.css");
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], css).into_response()
}

async fn missing(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Response {
    desk.pages.missing(&visitor)
}
