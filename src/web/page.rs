//! Effect: reader pages from `templates/page/`, and the headers under which they are shown.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tera::{Context, Tera};

/// The style sheet of all pages.
pub(super) const STYLE: &str = include_str!("../../templates/page/style.css");
const TEMPLATES: [(&str, &str); 5] = [
    ("base.html", include_str!("../../templates/page/base.html")),
    ("unsubscribe.html", include_str!("../../templates/page/unsubscribe.html")),
    ("done.html", include_str!("../../templates/page/done.html")),
    ("failed.html", include_str!("../../templates/page/failed.html")),
    ("missing.html", include_str!("../../templates/page/missing.html")),
];

/// A reader's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// One button.
    Unsubscribe,
    /// After it was pressed.
    Done,
    /// We failed; nothing was changed.
    Failed,
    /// No such page.
    Missing,
}

impl Page {
    fn template(self) -> &'static str {
        match self {
            Page::Unsubscribe => "unsubscribe.html",
            Page::Done => "done.html",
            Page::Failed => "failed.html",
            Page::Missing => "missing.html",
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Page::Unsubscribe => "수신거부",
            Page::Done => "수신거부를 처리했어요",
            Page::Failed => "처리하지 못했어요",
            Page::Missing => "없는 페이지예요",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Page::Unsubscribe | Page::Done => StatusCode::OK,
            Page::Failed => StatusCode::SERVICE_UNAVAILABLE,
            Page::Missing => StatusCode::NOT_FOUND,
        }
    }
}

/// The pages of one newsletter.
pub(super) struct Pages {
    tera: Tera,
    newsletter: String,
    contact: String,
}

impl Pages {
    pub(super) fn new(newsletter: String, contact: String) -> Pages {
        let mut tera = Tera::default();
        if let Err(error) = tera.add_raw_templates(TEMPLATES) {
            // The pages are embedded and tested; should one not load, readers get the bare heading of `show`.
            tracing::error!(%error, "reader pages do not load");
        }
        Pages { tera, newsletter, contact }
    }

    /// The page, with the masked address it concerns where that is known.
    pub(super) fn show(&self, page: Page, address: Option<String>) -> Response {
        let mut context = Context::new();
        context.insert("newsletter", &self.newsletter);
        context.insert("contact", &self.contact);
        context.insert("heading", page.heading());
        context.insert("style", STYLE.trim());
        context.insert("address", &address);
        let html = self.tera.render(page.template(), &context).unwrap_or_else(|error| {
            tracing::error!(%error, page = page.template(), "cannot render a reader page");
            format!("<!doctype html><meta charset=\"utf-8\"><title>{0}</title><h1>{0}</h1>", page.heading())
        });
        (page.status(), Html(html)).into_response()
    }
}

/// The content security policy of all pages: nothing but our one style sheet, and forms to ourselves.
pub(super) fn policy() -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, STYLE.trim().as_bytes());
    format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        STANDARD.encode(digest)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_renders_and_escapes_what_it_is_given() {
        let pages = Pages::new("<b>모아봄</b>".into(), "a@b.com".into());
        for page in [Page::Unsubscribe, Page::Done, Page::Failed, Page::Missing] {
            let mut context = Context::new();
            context.insert("newsletter", &pages.newsletter);
            context.insert("contact", &pages.contact);
            context.insert("heading", page.heading());
            context.insert("style", STYLE.trim());
            context.insert("address", &Some("h***@<script>"));
            let html = pages.tera.render(page.template(), &context).expect("renders");
            assert!(!html.contains("<b>") && !html.contains("<script>"), "{html}");
            assert!(html.contains(&format!("<style>{}</style>", STYLE.trim())), "the hash must fit");
            assert!(html.contains("lang=\"en\"") && html.contains(page.heading()));
        }
    }
}
