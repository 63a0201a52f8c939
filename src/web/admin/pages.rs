//! Effect: the operator's pages from `templates/admin/`: each in the same frame, with its place and its forms' token.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use tera::{Context, Tera};

use super::visitor::Visitor;
use crate::store::StoreError;

const TEMPLATES: [(&str, &str); 15] = [
    ("base.html", include_str!("../../../templates/admin/base.html")),
    ("parts.html", include_str!("../../../templates/admin/parts.html")),
    ("confirm.html", include_str!("../../../templates/admin/confirm.html")),
    ("deliveries.html", include_str!("../../../templates/admin/deliveries.html")),
    ("delivery.html", include_str!("../../../templates/admin/delivery.html")),
    ("edition.html", include_str!("../../../templates/admin/edition.html")),
    ("editions.html", include_str!("../../../templates/admin/editions.html")),
    ("login.html", include_str!("../../../templates/admin/login.html")),
    ("message.html", include_str!("../../../templates/admin/message.html")),
    ("overview.html", include_str!("../../../templates/admin/overview.html")),
    ("people.html", include_str!("../../../templates/admin/people.html")),
    ("person.html", include_str!("../../../templates/admin/person.html")),
    ("post.html", include_str!("../../../templates/admin/post.html")),
    ("posts.html", include_str!("../../../templates/admin/posts.html")),
    ("preview.html", include_str!("../../../templates/admin/preview.html")),
];

/// A page that only says something.
#[derive(Serialize)]
struct Message<'a> {
    heading: &'a str,
    text: &'a str,
    back: Option<&'a str>,
}

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The store tells what happened and what mends it; what it refuses is undone.
    #[error("{0}. 바뀐 것은 없어요")]
    Store(StoreError),
    /// What was begun may end yet.
    #[error("제때 답하지 못했어요. 하던 일은 끝났을 수 있으니 페이지를 새로 열어 확인하세요")]
    Late,
    /// A fault of ours.
    #[error("안에서 잘못되어 답하지 못했어요. 까닭은 로그에 있어요")]
    Inside,
}

/// The pages of one newsletter.
pub(super) struct Pages {
    tera: Tera,
    newsletter: String,
}

impl Pages {
    pub(super) fn new(newsletter: String) -> Pages {
        let mut tera = Tera::default();
        if let Err(error) = tera.add_raw_templates(TEMPLATES) {
            // The pages are embedded and tested; should one not load, the operator gets the bare text of `show`.
            tracing::error!(%error, "the operator's pages do not load");
        }
        Pages { tera, newsletter }
    }

    /// The page `template` makes of `view`, which has a `heading`.
    pub(super) fn show(&self, visitor: &Visitor, template: &str, view: &impl Serialize) -> Response {
        let mut context = Context::new();
        context.insert("newsletter", &self.newsletter);
        context.insert("visitor", visitor);
        context.insert("page", view);
        match self.tera.render(template, &context) {
            Ok(html) => Html(html).into_response(),
            Err(error) => {
                tracing::error!(%error, page = template, "cannot render an operator's page");
                (StatusCode::INTERNAL_SERVER_ERROR, "페이지를 만들지 못했어요. 로그를 확인하세요.\n")
                    .into_response()
            }
        }
    }

    /// A page that says `text`, and where to go `back` to.
    pub(super) fn say(
        &self,
        visitor: &Visitor,
        status: StatusCode,
        heading: &str,
        text: &str,
        back: Option<&str>,
    ) -> Response {
        let mut response = self.show(visitor, "message.html", &Message { heading, text, back });
        if response.status() == StatusCode::OK {
            *response.status_mut() = status;
        }
        response
    }

    /// There is no such page, or nothing of that number.
    pub(super) fn missing(&self, visitor: &Visitor) -> Response {
        let text = "주소가 틀렸거나, 찾으시는 것이 없어졌어요.";
        self.say(visitor, StatusCode::NOT_FOUND, "없는 페이지예요", text, Some("/"))
    }

    /// We failed.
    pub(super) fn failed(&self, visitor: &Visitor, failure: &Failure) -> Response {
        tracing::error!(error = %failure, "cannot answer the operator's page");
        let said = format!("{failure}.");
        self.say(visitor, StatusCode::SERVICE_UNAVAILABLE, "처리하지 못했어요", &said, Some("/"))
    }
}

/// A letter runs nothing, and only our pages frame it.
const LETTER_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// A letter's HTML, for a frame of these pages.
pub(super) fn framed(html: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, LETTER_POLICY),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
    ];
    (headers, html).into_response()
}

/// On to `place`, by GET.
pub(super) fn see(place: &str) -> Response {
    let place = HeaderValue::from_str(place).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

/// The same, with a cookie to keep.
pub(super) fn see_with_cookie(place: &str, cookie: &str) -> Response {
    const SET_COOKIE: HeaderName = header::SET_COOKIE;
    let mut response = see(place);
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_pages_load() {
        let mut tera = Tera::default();
        tera.add_raw_templates(TEMPLATES).unwrap_or_else(|error| panic!("{error:#?}"));
    }
}
