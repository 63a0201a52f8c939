//! Pure: the mails that the pages ask for: the double opt-in, the confirmation of a new address, the word to the old one.

use std::sync::Arc;

use tera::Context;

use super::RenderError;
use super::clean;
use super::templates::{Templates, imprint};
use crate::model::Sender;
use crate::model::edition::Content;

/// Stands in the drawn mail where the link goes: no text of a reader or of the configuration can hold it.
pub const LINK: &str = "\u{2}link\u{3}";

/// The mails, which say the same to everybody: nothing of a form is in them.
pub struct Confirmations {
    templates: Arc<Templates>,
    context: Context,
    newsletter: String,
}

impl Confirmations {
    /// For that newsletter and sender.
    pub fn new(templates: &Arc<Templates>, newsletter: &str, sender: &Sender) -> Confirmations {
        let newsletter = clean::line(newsletter);
        let mut context = imprint(sender);
        context.insert("newsletter", &newsletter);
        context.insert("link", LINK);
        Confirmations { templates: Arc::clone(templates), context, newsletter }
    }

    /// The double opt-in, its link standing as [`LINK`].
    pub fn sign_up(&self) -> Result<Content, RenderError> {
        self.mail("confirm", "구독을 확인해 주세요")
    }

    /// The confirmation of a new address, likewise.
    pub fn address_change(&self) -> Result<Content, RenderError> {
        self.mail("address-change", "받는 주소를 확인해 주세요")
    }

    /// What the old address is told after a move; its link leads back.
    pub fn moved(&self) -> Result<Content, RenderError> {
        self.mail("moved", "받는 주소가 바뀌었습니다")
    }

    fn mail(&self, name: &str, subject: &str) -> Result<Content, RenderError> {
        let mut context = self.context.clone();
        let subject = format!("{subject} - {}", self.newsletter);
        context.insert("subject", &subject);
        let html = self.templates.draw(&format!("notice/{name}.html"), &context)?;
        let text = self.templates.draw(&format!("notice/{name}.txt"), &context)?;
        Ok(Content { subject, preheader: String::new(), html, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EmailAddress;
    use crate::render::Renderer;

    #[test]
    fn the_mails_carry_sender_and_link_and_nothing_that_loads() {
        let sender = Sender {
            name: "봄날 <script>".into(),
            email: EmailAddress::parse("hello@example.com").unwrap(),
            reply_to: None,
            phone: Some("02-000-0000".into()),
            address: None,
        };
        let renderer = Renderer::new(&[]).unwrap();
        let mails = Confirmations::new(renderer.templates(), "해봄의 <편지>", &sender);
        for mail in [mails.sign_up(), mails.address_change(), mails.moved()].map(Result::unwrap) {
            for part in [&mail.html, &mail.text] {
                assert!(
                    part.contains(LINK) && part.contains("72시간") && part.contains("02-000-0000"),
                    "{part}"
                );
                assert!(part.contains("hello@example.com") && !part.contains("(광고)"), "{part}");
            }
            assert!(!mail.html.contains("<script") && !mail.html.contains("<img"), "{}", mail.html);
            assert!(mail.html.contains("해봄의 &lt;편지&gt;") && mail.text.contains("해봄의 <편지>"));
            assert!(mail.subject.ends_with("해봄의 <편지>") && !mail.html.contains("http"), "{}", mail.html);
        }
    }
}
