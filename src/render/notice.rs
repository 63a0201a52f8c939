//! Pure: the notices the law asks for: the result of a consent or a withdrawal, and every two years that a consent
//! stands. Each has the items the law names and nothing else: no posts, nothing promotional, no mark of advertising.

use std::sync::Arc;

use chrono::NaiveDate;
use tera::Context;

use super::slot::Slot;
use super::templates::{Templates, imprint};
use super::{RenderError, clean};
use crate::model::Sender;
use crate::model::edition::Content;
use crate::model::notice::NoticeKind;

/// What differs between the kinds.
pub(super) struct Words {
    subject: &'static str,
    opening: &'static str,
    pub(super) act: &'static str,
    pub(super) result: (&'static str, &'static str),
    pub(super) closing: &'static str,
    pub(super) english: Option<&'static str>,
}

/// The words of a kind; none for what the law does not ask for.
pub(super) fn words(kind: NoticeKind) -> Option<Words> {
    Some(match kind {
        NoticeKind::Welcome => Words {
            subject: "수신동의 처리 결과를 알려 드립니다",
            opening: "보내 주신 수신동의를 아래와 같이 처리하였습니다.",
            act: "수신동의한 날짜",
            result: ("처리 결과", "수신동의가 처리되어 뉴스레터를 보내 드립니다."),
            closing: "받지 않으시려면 언제든 아래 링크에서 로그인 없이 철회하실 수 있습니다.",
            english: Some("To withdraw your consent, open the link above. No login is needed."),
        },
        NoticeKind::Goodbye => Words {
            subject: "수신거부 처리 결과를 알려 드립니다",
            opening: "보내 주신 수신동의 철회(수신거부)를 아래와 같이 처리하였습니다.",
            act: "철회한 날짜",
            result: ("처리 결과", "수신동의가 철회되어 더는 뉴스레터를 보내지 않습니다."),
            closing: "이 통지를 끝으로 이메일 주소와 이름을 지웁니다.",
            english: None,
        },
        NoticeKind::Renewal => Words {
            subject: "수신동의 여부를 확인해 드립니다",
            opening: "아래와 같이 수신에 동의하셨음을 2년마다 알려 드립니다.",
            act: "수신동의한 날짜",
            result: ("동의한 내용", "뉴스레터를 이메일로 받는 것"),
            closing: "계속 받으시려면 따로 하실 일이 없습니다. 받지 않으시려면 아래 링크에서 로그인 없이 철회하실 수 있습니다.",
            english: Some(
                "You agreed to receive this newsletter. To keep it, do nothing. To withdraw, open the link above. No login is needed.",
            ),
        },
        NoticeKind::Confirm | NoticeKind::AddressChange | NoticeKind::Moved => return None,
    })
}

/// A day as a notice says it.
pub(super) fn written(day: NaiveDate) -> String {
    day.format("%Y년 %-m월 %-d일").to_string()
}

/// The templates and what all notices share.
pub struct NoticeRenderer {
    templates: Arc<Templates>,
    context: Context,
    newsletter: String,
}

impl NoticeRenderer {
    /// For that newsletter and sender (법 50조 7항, 8항; 시행령 62조의2, 62조의3).
    pub fn new(templates: &Arc<Templates>, newsletter: &str, sender: &Sender) -> NoticeRenderer {
        let (templates, context) = (Arc::clone(templates), imprint(sender));
        NoticeRenderer { templates, context, newsletter: clean::line(newsletter) }
    }

    /// A notice about an act of `day`; `digest` where it is about one of several. None for a kind the law does not ask
    /// for. The link stands as a slot.
    pub fn render(
        &self,
        kind: NoticeKind,
        day: NaiveDate,
        digest: Option<&str>,
    ) -> Result<Option<Content>, RenderError> {
        let Some(words) = words(kind) else { return Ok(None) };
        let name = match digest {
            Some(digest) => format!("{} ({})", self.newsletter, clean::line(digest)),
            None => self.newsletter.clone(),
        };
        let mut context = self.context.clone();
        context.insert("title", words.subject);
        context.insert("opening", words.opening);
        let day = written(day);
        let rows = [("뉴스레터", name.as_str()), (words.act, day.as_str()), words.result];
        context.insert("rows", &rows);
        context.insert("closing", words.closing);
        context.insert("english", &words.english);
        context.insert("link", &Slot::UnsubscribeUrl.marker());
        let subject = format!("{} - {}", words.subject, self.newsletter);
        context.insert("subject", &subject);
        let html = self.templates.draw("notice/law.html", &context)?;
        let text = self.templates.draw_lines("notice/law.txt", &context)?;
        Ok(Some(Content { subject, preheader: String::new(), html, text }))
    }
}
