//! Effect: reader pages from `templates/page/`, and the headers under which they are shown.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tera::{Context, Tera};

/// The style sheet of all pages.
pub(super) const STYLE: &str = include_str!("../../templates/page/style.css");
const TEMPLATES: [(&str, &str); 19] = [
    ("base.html", include_str!("../../templates/page/base.html")),
    ("reader.html", include_str!("../../templates/page/reader.html")),
    ("unsubscribe.html", include_str!("../../templates/page/unsubscribe.html")),
    ("done.html", include_str!("../../templates/page/done.html")),
    ("failed.html", include_str!("../../templates/page/failed.html")),
    ("missing.html", include_str!("../../templates/page/missing.html")),
    ("collection.html", include_str!("../../templates/page/collection.html")),
    ("consents.html", include_str!("../../templates/page/consents.html")),
    ("shown.html", include_str!("../../templates/page/shown.html")),
    ("subscribe.html", include_str!("../../templates/page/subscribe.html")),
    ("asked.html", include_str!("../../templates/page/asked.html")),
    ("confirm.html", include_str!("../../templates/page/confirm.html")),
    ("confirmed.html", include_str!("../../templates/page/confirmed.html")),
    ("expired.html", include_str!("../../templates/page/expired.html")),
    ("preferences.html", include_str!("../../templates/page/preferences.html")),
    ("gone.html", include_str!("../../templates/page/gone.html")),
    ("move.html", include_str!("../../templates/page/move.html")),
    ("moved.html", include_str!("../../templates/page/moved.html")),
    ("privacy.html", include_str!("../../templates/page/privacy.html")),
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
    /// The form.
    Subscribe,
    /// The form again, with what is wrong in it.
    SubscribeAgain,
    /// After it was sent, whatever came of it.
    Asked,
    /// One button: the double opt-in.
    Confirm,
    /// The same, with what is wrong with the name.
    ConfirmAgain,
    /// After it was pressed.
    Confirmed,
    /// A link to confirm that is too old.
    Expired,
    /// What one receives, and how often.
    Preferences,
    /// The same, with what is wrong in it.
    PreferencesAgain,
    /// A link that concerns nobody.
    Gone,
    /// One button: a new address.
    Move,
    /// After it was pressed.
    Moved,
    /// How personal data is handled.
    Privacy,
}

impl Page {
    fn template(self) -> &'static str {
        match self {
            Page::Unsubscribe => "unsubscribe.html",
            Page::Done => "done.html",
            Page::Failed => "failed.html",
            Page::Missing => "missing.html",
            Page::Subscribe | Page::SubscribeAgain => "subscribe.html",
            Page::Asked => "asked.html",
            Page::Confirm | Page::ConfirmAgain => "confirm.html",
            Page::Confirmed => "confirmed.html",
            Page::Expired => "expired.html",
            Page::Preferences | Page::PreferencesAgain => "preferences.html",
            Page::Gone => "gone.html",
            Page::Move => "move.html",
            Page::Moved => "moved.html",
            Page::Privacy => "privacy.html",
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Page::Unsubscribe => "수신거부",
            Page::Done => "수신거부를 처리했어요",
            Page::Failed => "처리하지 못했어요",
            Page::Missing => "없는 페이지예요",
            Page::Subscribe => "구독하기",
            Page::SubscribeAgain | Page::ConfirmAgain => "다시 살펴봐 주세요",
            Page::Asked => "메일함을 확인해 주세요",
            Page::Confirm => "구독 확인",
            Page::Confirmed => "구독을 시작했어요",
            Page::Expired => "쓸 수 없는 확인 링크예요",
            Page::Preferences => "받는 방법 바꾸기",
            Page::PreferencesAgain => "다시 살펴봐 주세요",
            Page::Gone => "쓸 수 없는 링크예요",
            Page::Move => "받는 주소 확인",
            Page::Moved => "받는 주소를 바꿨어요",
            Page::Privacy => "개인정보 처리방침",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Page::Failed => StatusCode::SERVICE_UNAVAILABLE,
            Page::Missing | Page::Gone => StatusCode::NOT_FOUND,
            Page::Expired => StatusCode::GONE,
            Page::SubscribeAgain | Page::ConfirmAgain | Page::PreferencesAgain => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            _ => StatusCode::OK,
        }
    }
}

/// What stands on every page.
pub(super) struct Face {
    /// The newsletter's title.
    pub(super) newsletter: String,
    /// Where a reader can write.
    pub(super) contact: String,
    /// The path under which the pages are served, ending in `/`.
    pub(super) root: String,
    /// Whether one can sign up.
    pub(super) signup: bool,
    /// Whether who leaves is told by mail before being erased.
    pub(super) told: bool,
}

/// The pages of one newsletter.
pub(super) struct Pages {
    tera: Tera,
    face: Face,
}

impl Pages {
    pub(super) fn new(face: Face) -> Pages {
        let mut tera = Tera::default();
        if let Err(error) = tera.add_raw_templates(TEMPLATES) {
            // The pages are embedded and tested; should one not load, readers get the bare heading of `draw`.
            tracing::error!(%error, "reader pages do not load");
        }
        Pages { tera, face }
    }

    /// The path under which the pages are served, ending in `/`.
    pub(super) fn root(&self) -> &str {
        &self.face.root
    }

    /// A page that needs nothing more.
    pub(super) fn show(&self, page: Page) -> Response {
        self.draw(page, &Context::new())
    }

    /// A page with what it alone needs.
    pub(super) fn draw(&self, page: Page, own: &Context) -> Response {
        let html = self.render(page.template(), page.heading(), own).unwrap_or_else(|error| {
            tracing::error!(%error, page = page.template(), "cannot render a reader page");
            format!("<!doctype html><meta charset=\"utf-8\"><title>{0}</title><h1>{0}</h1>", page.heading())
        });
        (page.status(), Html(html)).into_response()
    }

    fn render(&self, template: &str, heading: &str, own: &Context) -> tera::TeraResult<String> {
        let mut context = Context::new();
        context.insert("newsletter", &self.face.newsletter);
        context.insert("contact", &self.face.contact);
        context.insert("root", &self.face.root);
        context.insert("signup", &self.face.signup);
        context.insert("told", &self.face.told);
        context.insert("heading", heading);
        context.insert("style", STYLE.trim());
        context.extend(own.clone());
        self.tera.render(template, &context)
    }

    /// What one agrees to in the form, as it is shown; `advertising` asks for that consent too.
    pub(super) fn shown(&self, advertising: bool) -> String {
        let mut own = Context::new();
        own.insert("advertising", &advertising);
        self.render("shown.html", "", &own).unwrap_or_default().trim().to_owned()
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
        let pages = Pages::new(Face {
            newsletter: "<b>모아봄</b>".into(),
            contact: "a@b.com".into(),
            root: "/news/".into(),
            signup: true,
            told: false,
        });
        let mut own = Context::new();
        own.insert("address", &Some("h***@<script>"));
        own.insert("preferences", "/news/preferences/x");
        own.insert("less", &true);
        own.insert("receives", &false);
        own.insert("name", "<script>");
        own.insert("fault", &None::<String>);
        own.insert("digests", &["<script>weekly", "monthly"]);
        let own_pages = [
            Page::Unsubscribe,
            Page::Done,
            Page::Failed,
            Page::Missing,
            Page::Asked,
            Page::Confirm,
            Page::Confirmed,
            Page::Expired,
            Page::Gone,
            Page::Move,
            Page::Moved,
        ];
        for page in own_pages {
            let html = pages.render(page.template(), page.heading(), &own).expect("renders");
            assert!(!html.contains("<b>") && !html.contains("<script>"), "{html}");
            assert!(html.contains(&format!("<style>{}</style>", STYLE.trim())), "the hash must fit");
            assert!(html.contains("lang=\"en\"") && html.contains(page.heading()));
            assert!(html.contains("href=\"/news/privacy\""), "{html}");
        }
        let (plain, more) = (pages.shown(false), pages.shown(true));
        assert!(
            plain.contains("&lt;b&gt;모아봄") && plain.contains("동의해요.\n") && plain.contains("14세 이상")
        );
        assert!(!plain.contains("광고") && more.contains("광고가 담긴 편지를") && more.contains("14세 이상"));
    }
}
