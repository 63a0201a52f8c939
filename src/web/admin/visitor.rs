//! Pure: whoever a page is made for, and what that person has just done.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::Duration;
use serde::Serialize;
use url::form_urlencoded;

use super::session::{form_token, same};
use crate::clock::Instant;

/// Whoever a page is made for.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Visitor {
    /// Every form carries it.
    pub(super) token: String,
    /// Whether there is a login to leave.
    pub(super) login: bool,
    /// The first part of the path: which page this is.
    pub(super) place: String,
    /// What was just done, one Korean sentence.
    pub(super) said: Option<&'static str>,
    /// The login's word.
    #[serde(skip)]
    pub(super) word: Option<String>,
    /// Whether the answer goes over https.
    #[serde(skip)]
    pub(super) secure: bool,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Visitor, Infallible> {
        Ok(parts.extensions.get::<Visitor>().cloned().unwrap_or_default())
    }
}

/// A page says what was just done on it for so long.
const SAID: Duration = Duration::minutes(1);

impl Visitor {
    /// The way back to a page after a press, with the word for what was done there. The seal is of this login, this page
    /// and this minute: no link of others, and no old one, has the page say what was not done.
    pub(super) fn way_back(&self, path: &str, query: &str, word: &str, now: Instant) -> String {
        let at = now.timestamp();
        format!("{path}?{query}done={word}.{at}.{}", self.seal(path, word, at))
    }

    fn seal(&self, path: &str, word: &str, at: i64) -> String {
        form_token(&format!("{} done {word} {at} {path}", self.token))
    }

    /// What was done by the press that led to this page, in words of ours.
    pub(super) fn just_done(&self, path: &str, query: &str, now: Instant) -> Option<&'static str> {
        let (_, done) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "done")?;
        let (word, rest) = done.split_once('.')?;
        let (at, seal) = rest.split_once('.')?;
        let at: i64 = at.parse().ok()?;
        let fresh = (0..SAID.num_seconds()).contains(&now.timestamp().saturating_sub(at));
        (fresh && same(seal, &self.seal(path, word, at))).then(|| words(word)).flatten()
    }
}

fn words(done: &str) -> Option<&'static str> {
    Some(match done {
        "pause" => "발송을 멈췄어요.",
        "resume" => "이어서 보내요.",
        "cancel" => "취소했어요. 아직 나가지 않은 메일은 보내지 않아요.",
        "sent" => "받은 것으로 적었어요.",
        "not-sent" | "retry" => "다음 차례에 다시 보내요.",
        "pin" => "고정했어요. 아직 실리지 않은 글이면 다음 호에 먼저 실어요.",
        "unpin" => "고정을 풀었어요.",
        "hide" => "숨겼어요. 앞으로의 호에 싣지 않아요.",
        "unhide" => "다시 보여요. 다음 호부터 실을 수 있어요.",
        _ => return None,
    })
}
