//! Effect: the demo inbox as pages: the mails received, each as letter (sandboxed), text and source.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use mail_parser::MessageParser;
use serde::Serialize;
use tera::{Context, Tera};

use crate::demo::inbox::{Inbox, ReceivedMail};

/// Pages run nothing and load nothing from outside; the frame is a page of ours.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A letter is hostile input: no script, no fetch, styles of its own only.
const LETTER_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https:; base-uri 'none'; form-action 'none'";

#[derive(Clone)]
struct Pages {
    inbox: Inbox,
    templates: Arc<Tera>,
}

#[derive(Serialize)]
struct MailView {
    number: usize,
    subject: String,
    from: String,
    to: String,
    size: String,
}

/// The inbox's pages. An error of the built-in template is reported when the pages are built, not when one is asked for.
pub fn router(inbox: Inbox) -> Result<Router, tera::Error> {
    let mut templates = Tera::default();
    templates.add_raw_template("inbox.html", include_str!("../../templates/page/inbox.html"))?;
    let pages = Pages { inbox, templates: Arc::new(templates) };
    Ok(Router::new()
        .route("/", get(list))
        .route("/inbox.css", get(style))
        .route("/mail/{number}", get(letter))
        .route("/mail/{number}/html", get(html))
        .route("/mail/{number}/text", get(text))
        .route("/mail/{number}/source", get(source))
        .route("/mail/{number}/mail.eml", get(eml))
        .with_state(pages))
}

fn view(mail: &ReceivedMail) -> MailView {
    let message = MessageParser::default().parse(&mail.bytes);
    let subject = message.as_ref().and_then(|message| message.subject()).unwrap_or("(제목 없음)").to_owned();
    let size = format!("{:.1} KB", mail.bytes.len() as f64 / 1000.0);
    MailView { number: mail.number, subject, from: mail.from.clone(), to: mail.to.join(", "), size }
}

/// Headers come back decoded and bodies as text, so that a person can read what went over the wire.
fn text_of(mail: &ReceivedMail) -> String {
    let message = MessageParser::default().parse(&mail.bytes);
    message.and_then(|message| message.body_text(0).map(|text| text.into_owned())).unwrap_or_default()
}

async fn list(State(pages): State<Pages>) -> Response {
    let mails: Vec<MailView> = pages.inbox.mails().iter().rev().map(|mail| view(mail)).collect();
    let mut context = Context::new();
    context.insert("mails", &mails);
    context.insert("mail", &None::<MailView>);
    pages.render(&context)
}

async fn letter(State(pages): State<Pages>, Path(number): Path<usize>) -> Response {
    pages.mail_page(number, "letter", |_| String::new())
}

async fn text(State(pages): State<Pages>, Path(number): Path<usize>) -> Response {
    pages.mail_page(number, "text", text_of)
}

async fn source(State(pages): State<Pages>, Path(number): Path<usize>) -> Response {
    pages.mail_page(number, "source", |mail| String::from_utf8_lossy(&mail.bytes).into_owned())
}

async fn html(State(pages): State<Pages>, Path(number): Path<usize>) -> Response {
    let Some(mail) = pages.inbox.mail(number) else { return missing() };
    let message = MessageParser::default().parse(&mail.bytes);
    let html = message.and_then(|message| message.body_html(0).map(|html| html.into_owned()));
    answer("text/html; charset=utf-8", LETTER_POLICY, html.unwrap_or_default().into_bytes())
}

async fn eml(State(pages): State<Pages>, Path(number): Path<usize>) -> Response {
    let Some(mail) = pages.inbox.mail(number) else { return missing() };
    answer("message/rfc822", PAGE_POLICY, mail.bytes.clone())
}

async fn style() -> Response {
    let css = include_str!("../../templates/page/inbox.css");
    answer("text/css; charset=utf-8", PAGE_POLICY, css.as_bytes().to_vec())
}

impl Pages {
    fn mail_page(&self, number: usize, kind: &str, body: impl Fn(&ReceivedMail) -> String) -> Response {
        let Some(mail) = self.inbox.mail(number) else { return missing() };
        let mut context = Context::new();
        context.insert("mail", &view(&mail));
        context.insert("view", kind);
        context.insert("body", &body(&mail));
        self.render(&context)
    }

    fn render(&self, context: &Context) -> Response {
        match self.templates.render("inbox.html", context) {
            Ok(page) => answer("text/html; charset=utf-8", PAGE_POLICY, page.into_bytes()),
            Err(error) => {
                tracing::error!(%error, "cannot render the inbox page");
                (StatusCode::INTERNAL_SERVER_ERROR, "우편함 페이지를 만들지 못했어요.").into_response()
            }
        }
    }
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "그런 편지는 없어요.").into_response()
}

fn answer(kind: &'static str, policy: &'static str, body: Vec<u8>) -> Response {
    const NOSNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, policy), NOSNIFF];
    (headers, [(header::REFERRER_POLICY, "no-referrer"), (header::CACHE_CONTROL, "no-store")], body)
        .into_response()
}
