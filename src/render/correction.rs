//! Pure: the letter that corrects an edition: the operator's own words between what a letter must say.

use chrono::{DateTime, Datelike};
use chrono_tz::Tz;

use super::slot::Slot;
use super::templates::{Templates, imprint};
use super::{Newsletter, RenderError, clean};
use crate::korean::width;
use crate::law;
use crate::model::Sender;
use crate::model::edition::Content;

/// Columns of a subject.
const LONGEST: usize = 120;
/// What tells a correction from an edition in a mailbox.
pub const MARK: &str = "[바로잡음] ";

/// What is corrected, and the words that do it.
#[derive(Clone, Debug)]
pub struct Correction<'a> {
    /// 제N호.
    pub number: i64,
    /// The slot of that edition, in the newsletter's zone: the day it carries.
    pub day: DateTime<Tz>,
    /// The operator's subject, without a mark.
    pub subject: &'a str,
    /// The operator's words, plain: an empty line ends a paragraph.
    pub text: &'a str,
}

/// The letter, its subject marked; of a person it holds the link for unsubscribing alone, as a slot.
pub fn render(
    templates: &Templates,
    newsletter: &Newsletter,
    sender: &Sender,
    correction: &Correction<'_>,
) -> Result<Content, RenderError> {
    let title = clean::line(correction.subject);
    let title = format!("{MARK}{}", title.strip_prefix(MARK.trim()).unwrap_or(&title).trim_start());
    let subject = law::subject_mark(&width::cut(&title, LONGEST), newsletter.advertising)?;
    let issue = format!("제{}호", correction.number);
    let day = format!("{}년 {}월 {}일", correction.day.year(), correction.day.month(), correction.day.day());
    let opening =
        format!("{}의 {issue}({day})에서 바로잡을 것이 있어 알려 드려요.", clean::line(&newsletter.title));
    let mut context = imprint(sender);
    context.insert("subject", &subject);
    context.insert("title", &title);
    context.insert("opening", &opening);
    context.insert("issue", &issue);
    context.insert("paragraphs", &paragraphs(correction.text));
    context.insert("link", &Slot::UnsubscribeUrl.marker());
    let html = templates.draw("correction/letter.html", &context)?;
    let text = templates.draw_lines("correction/letter.txt", &context)?;
    let preheader = opening;
    Ok(Content { subject, preheader, html, text })
}

/// The lines of each paragraph.
fn paragraphs(text: &str) -> Vec<Vec<String>> {
    let text = clean::lines(text);
    let mut found: Vec<Vec<String>> = vec![vec![]];
    for line in text.lines() {
        match (line.trim(), found.last_mut()) {
            ("", Some(last)) if !last.is_empty() => found.push(vec![]),
            ("", _) | (_, None) => {}
            (line, Some(last)) => last.push(line.to_owned()),
        }
    }
    found.retain(|paragraph| !paragraph.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;
    use crate::model::EmailAddress;
    use crate::render::Renderer;

    fn drawn(subject: &str, text: &str, advertising: bool) -> Content {
        let newsletter = Newsletter {
            title: "봄날의 노트".to_owned(),
            home: "https://blog.example.com/".parse().unwrap(),
            time_zone: Tz::Asia__Seoul,
            advertising,
        };
        let sender = Sender {
            name: "봄날".to_owned(),
            email: EmailAddress::parse("hello@example.com").unwrap(),
            reply_to: None,
            phone: Some("02-000-0000".to_owned()),
            address: Some("서울특별시 중구 세종대로 1".to_owned()),
        };
        let day = Tz::Asia__Seoul.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap();
        let renderer = Renderer::new(&[]).unwrap();
        let correction = Correction { number: 12, day, subject, text };
        render(renderer.templates(), &newsletter, &sender, &correction).unwrap()
    }

    #[test]
    fn a_correction_is_marked_and_says_what_it_corrects() {
        let content = drawn("모임 날짜", "모임은 <5일>이 아니라\n6일이에요.\n\n죄송해요.", false);
        assert_eq!(content.subject, "[바로잡음] 모임 날짜");
        assert!(content.text.contains("봄날의 노트의 제12호(2026년 11월 23일)에서"), "{}", content.text);
        assert!(content.text.contains("모임은 <5일>이 아니라\n6일이에요.\n\n죄송해요."), "{}", content.text);
        assert!(content.html.contains("모임은 &lt;5일&gt;이 아니라<br>6일이에요.</p>"), "{}", content.html);
        for part in [&content.html, &content.text] {
            assert!(part.contains(&Slot::UnsubscribeUrl.marker()));
            assert!(part.contains("수신거부 · Unsubscribe") && part.contains("02-000-0000"));
        }
    }

    #[test]
    fn what_the_law_wants_first_stays_first_and_no_mark_stands_twice() {
        assert_eq!(drawn("쿠폰", "값이 달라요.", true).subject, "(광고) [바로잡음] 쿠폰");
        assert_eq!(drawn("[바로잡음] 쿠폰", "값이 달라요.", false).subject, "[바로잡음] 쿠폰");
        let forged = drawn("쿠폰", "\u{E000}name\u{E001}", false);
        assert!(!forged.html.contains(&Slot::Name.marker()));
    }
}
