//! Effect: the mails that the pages ask for: the double opt-in, the confirmation of a new address, the word to the old one.

use tera::{Context, Tera};

use crate::feedback::signup::LINK;
use crate::model::Sender;
use crate::model::edition::Content;
use crate::render::clean;

const TEMPLATES: [(&str, &str); 7] = [
    ("notice.html", include_str!("../../../templates/notice/button.html")),
    ("confirm.html", include_str!("../../../templates/notice/confirm.html")),
    ("confirm.txt", include_str!("../../../templates/notice/confirm.txt")),
    ("address-change.html", include_str!("../../../templates/notice/address-change.html")),
    ("address-change.txt", include_str!("../../../templates/notice/address-change.txt")),
    ("moved.html", include_str!("../../../templates/notice/moved.html")),
    ("moved.txt", include_str!("../../../templates/notice/moved.txt")),
];

/// The mails, which say the same to everybody: nothing of a form is in them.
pub(in crate::web) struct Letters {
    tera: Tera,
    context: Context,
    newsletter: String,
}

impl Letters {
    pub(in crate::web) fn new(newsletter: &str, sender: &Sender) -> Letters {
        let mut tera = Tera::default();
        if let Err(error) = tera.add_raw_templates(TEMPLATES) {
            // Embedded and tested; should one not load, sign-ups are answered with our failure.
            tracing::error!(%error, "notices do not load");
        }
        let newsletter = clean::line(newsletter);
        let mut context = Context::new();
        context.insert("newsletter", &newsletter);
        context.insert("sender", &clean::line(&sender.name));
        context.insert("email", &sender.email.to_string());
        context.insert("phone", &sender.phone.as_deref().map(clean::line));
        context.insert("place", &sender.address.as_deref().map(clean::line));
        context.insert("link", LINK);
        Letters { tera, context, newsletter }
    }

    /// The double opt-in, its link standing as [`LINK`]; none if it cannot be drawn.
    pub(in crate::web) fn confirm(&self) -> Option<Content> {
        self.mail("confirm", "구독을 확인해 주세요")
    }

    /// The confirmation of a new address, likewise.
    pub(in crate::web) fn address_change(&self) -> Option<Content> {
        self.mail("address-change", "받는 주소를 확인해 주세요")
    }

    /// What the old address is told after a move; its link leads back.
    pub(in crate::web) fn moved(&self) -> Option<Content> {
        self.mail("moved", "받는 주소가 바뀌었습니다")
    }

    fn mail(&self, name: &str, subject: &str) -> Option<Content> {
        let mut context = self.context.clone();
        let subject = format!("{subject} - {}", self.newsletter);
        context.insert("subject", &subject);
        let drawn = |ending: &str| {
            let name = format!("{name}.{ending}");
            let text = self.tera.render(&name, &context);
            text.map_err(|error| tracing::error!(%error, name, "cannot draw a notice")).ok()
        };
        let (html, text) = (drawn("html")?, drawn("txt")?);
        Some(Content { subject, preheader: String::new(), html, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EmailAddress;

    #[test]
    fn the_mails_carry_sender_and_link_and_nothing_that_loads() {
        let sender = Sender {
            name: "봄날 <script>".into(),
            email: EmailAddress::parse("hello@example.com").unwrap(),
            reply_to: None,
            phone: Some("02-000-0000".into()),
            address: None,
        };
        let letters = Letters::new("해봄의 <편지>", &sender);
        for mail in [letters.confirm(), letters.address_change(), letters.moved()].map(Option::unwrap) {
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
