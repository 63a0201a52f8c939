//! Effect: how personal data is handled (개인정보 보호법 30조), told from the configuration.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use tera::Context;

use super::Shared;
use super::page::Page;

/// What the page says that the configuration decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivacySettings {
    /// Who answers for personal data.
    pub officer: String,
    /// Where this person reads mail.
    pub email: String,
    /// Work given to others: one line each, who and what.
    pub processors: Vec<String>,
    /// Since when it holds, as written.
    pub since: Option<String>,
}

pub(super) async fn page(State(shared): State<Arc<Shared>>) -> Response {
    let people = &shared.people;
    let mut own = Context::new();
    own.insert("sender", &people.sender.name);
    own.insert("phone", &people.sender.phone);
    own.insert("officer", &people.privacy.officer);
    own.insert("officer_email", &people.privacy.email);
    own.insert("processors", &people.privacy.processors);
    own.insert("since", &people.privacy.since);
    shared.pages.draw(Page::Privacy, &own)
}
