//! Pure: the subject: one line from the digest's template, cut at the lead title, with the law's mark in front.

use serde::Serialize;
use tera::{Context, Tera};

use super::view::LetterView;
use super::{RenderError, clean};
use crate::korean::width;
use crate::law;

/// About what a mail program shows on a wide screen; Hangul counts 2.
const SUBJECT_WIDTH: usize = 60;
/// The lead title keeps at least this much.
const LEAD_WIDTH: usize = 20;
/// A template that is long by itself is cut here.
const LONGEST: usize = 120;

/// What a subject template sees.
#[derive(Serialize)]
struct SubjectView<'a> {
    lead: Lead<'a>,
    /// Posts besides the lead.
    rest: usize,
    count: usize,
    number: i64,
    issue: &'a str,
    date: &'a str,
    period: &'a str,
    digest: &'a str,
    newsletter: Newsletter<'a>,
}

#[derive(Serialize)]
struct Lead<'a> {
    title: &'a str,
    author: &'a str,
}

#[derive(Serialize)]
struct Newsletter<'a> {
    title: &'a str,
}

/// The subject of `view` by `template`, marked as the law asks.
pub(super) fn render(tera: &Tera, template: &str, view: &LetterView) -> Result<String, RenderError> {
    let advertising = view.newsletter.advertising;
    let title = match view.lead() {
        Some(post) if advertising => law::neutral_title(&post.title),
        Some(post) => post.title.clone(),
        None => view.newsletter.title.clone(),
    };
    let mut subject = fill(tera, template, view, &title)?;
    let over = width::of(&subject).saturating_sub(SUBJECT_WIDTH);
    if over > 0 && width::of(&title) > LEAD_WIDTH {
        let room = width::of(&title).saturating_sub(over).max(LEAD_WIDTH);
        subject = fill(tera, template, view, &width::cut(&title, room))?;
    }
    Ok(law::subject_mark(&width::cut(&subject, LONGEST), advertising)?)
}

fn fill(tera: &Tera, template: &str, view: &LetterView, title: &str) -> Result<String, RenderError> {
    let rest = view.count.saturating_sub(1);
    let shown = SubjectView {
        lead: Lead { title, author: view.lead().and_then(|lead| lead.author.as_deref()).unwrap_or_default() },
        rest,
        count: view.count,
        number: view.number,
        issue: &view.issue,
        date: &view.date,
        period: view.period.as_deref().unwrap_or_default(),
        digest: &view.digest,
        newsletter: Newsletter { title: &view.newsletter.title },
    };
    let fault = |error: tera::Error| RenderError::of_tera(&error, Some(template));
    let context = Context::from_serialize(&shown).map_err(fault)?;
    let subject = clean::line(&tera.render_str(template, &context, false).map_err(fault)?);
    // `{{ lead.title }} 외 {{ rest }}편` on a letter of one post.
    Ok(if rest == 0 { subject.replace(" 외 0편", "") } else { subject })
}
