//! Pure: what the law wants in each mail, looked for in mails drawn from the templates: one that leaves an item out is not
//! used, and its author is told what is missing, in which file, and what to write.

use std::sync::Arc;

use chrono::{NaiveDate, TimeZone};
use chrono_tz::Asia::Seoul;

use super::confirmation::{self, Confirmations};
use super::correction::{self, Correction};
use super::error::MissingItem;
use super::notice::NoticeRenderer;
use super::slot::Slot;
use super::templates::Templates;
use super::visible::visible;
use super::{LetterInput, Newsletter, RenderError, sample};
use crate::model::Sender;
use crate::model::edition::Content;
use crate::model::notice::NoticeKind;

/// Something a mail must hold.
struct Item {
    /// What it is, with its particle.
    what: &'static str,
    /// What stands for it in a template.
    variable: &'static str,
    /// Where the law asks for it.
    article: &'static str,
    /// How it reads in the drawn mail.
    value: String,
}

fn item(what: &'static str, variable: &'static str, article: &'static str, value: impl Into<String>) -> Item {
    Item { what, variable, article, value: value.into() }
}

const BODY: &str = "정보통신망법 50조 4항";
const RESULT: &str = "정보통신망법 50조 7항, 시행령 62조의2";
const TWO_YEARS: &str = "정보통신망법 50조 8항, 시행령 62조의3";

/// Looks through the notices, the confirmations and the correction, each drawn in full and with as little as there can be.
pub(super) fn check(templates: &Arc<Templates>) -> Result<(), RenderError> {
    for input in sample::inputs("") {
        notices(templates, &input)?;
        confirmations(templates, &input)?;
        corrections(templates, &input)?;
    }
    Ok(())
}

/// A digest's letter: who sends, and the way out (법 50조 4항; 시행령 별표 6).
pub(super) fn letter(
    templates: &Templates,
    input: &LetterInput,
    html: &str,
    text: &str,
) -> Result<(), RenderError> {
    let names = ["{{ sender.name }}", "{{ sender.email }}", "{{ sender.phone }}", "{{ sender.address }}"];
    let mut items = imprint(&input.sender, names);
    items.extend(way_out("{{ unsubscribe_url }}", &Slot::UnsubscribeUrl.marker()));
    held(templates, ["digest/letter.html", "digest/letter.txt"], html, text, &items)
}

fn notices(templates: &Arc<Templates>, input: &LetterInput) -> Result<(), RenderError> {
    let drawn = NoticeRenderer::new(templates, &input.newsletter.title, &input.sender);
    let Some(day) = NaiveDate::from_ymd_opt(2026, 11, 23) else { return Ok(()) };
    for kind in [NoticeKind::Welcome, NoticeKind::Goodbye, NoticeKind::Renewal] {
        let (Some(content), Some(words)) = (drawn.render(kind, day, None)?, super::notice::words(kind))
        else {
            continue;
        };
        let article = if kind == NoticeKind::Renewal { TWO_YEARS } else { RESULT };
        let rows = "{% for row in rows %}{{ row[0] }}: {{ row[1] }}{% endfor %}";
        let mut items = vec![
            item("보낸 사람의 이름이", "{{ sender }}", article, input.sender.name.as_str()),
            item("동의하거나 철회한 날짜가", rows, article, super::notice::written(day)),
            item("무엇을 한 날짜인지가", rows, article, words.act),
            item("처리 결과나 동의한 내용이", rows, article, words.result.1),
        ];
        if let Some(english) = words.english {
            items.push(item("유지하거나 철회하는 방법이", "{{ closing }}", article, words.closing));
            items.push(item("영어 안내가", "{% if english %}{{ english }}{% endif %}", article, english));
            items.extend(way_out("{{ link }}", &Slot::UnsubscribeUrl.marker()));
        }
        mail(templates, "notice/law", &content, &items)?;
    }
    Ok(())
}

fn confirmations(templates: &Arc<Templates>, input: &LetterInput) -> Result<(), RenderError> {
    let drawn = Confirmations::new(templates, &input.newsletter.title, &input.sender);
    // Not the law's but the mail's whole sense: who asks, and the link that answers.
    let items = |link, why| {
        [
            item("보낸 사람의 이름이", "{{ sender }}", BODY, input.sender.name.as_str()),
            item("보낸 사람의 이메일이", "{{ email }}", BODY, input.sender.email.as_str()),
            item(link, "{{ link }}", why, confirmation::LINK),
        ]
    };
    let confirmed = items("확인 링크가", "이 링크를 눌러야 확인돼요");
    mail(templates, "notice/confirm", &drawn.sign_up()?, &confirmed)?;
    mail(templates, "notice/address-change", &drawn.address_change()?, &confirmed)?;
    mail(
        templates,
        "notice/moved",
        &drawn.moved()?,
        &items("되돌리는 링크가", "이 링크로만 되돌릴 수 있어요"),
    )
}

fn corrections(templates: &Templates, input: &LetterInput) -> Result<(), RenderError> {
    let Some(day) = Seoul.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).single() else { return Ok(()) };
    let (subject, text) = ("모임의 날짜", "모임은 5일이 아니라\n6일이에요.\n\n미안해요.");
    let newsletter: &Newsletter = &input.newsletter;
    let content = correction::render(
        templates,
        newsletter,
        &input.sender,
        &Correction { number: 12, day, subject, text },
    )?;
    let mut items = imprint(&input.sender, ["{{ sender }}", "{{ email }}", "{{ phone }}", "{{ place }}"]);
    items.extend(way_out("{{ link }}", &Slot::UnsubscribeUrl.marker()));
    let words =
        "{% for paragraph in paragraphs %}{% for line in paragraph %}{{ line }} {% endfor %}{% endfor %}";
    items.push(item("바로잡는 글이", words, "운영자가 적은 글이에요", "6일이에요."));
    mail(templates, "correction/letter", &content, &items)
}

/// The sender, as far as the configuration gives it: an advertising letter needs all four.
fn imprint(sender: &Sender, variables: [&'static str; 4]) -> Vec<Item> {
    let [name, email, phone, address] = variables;
    let mut items = vec![
        item("보낸 사람의 이름이", name, BODY, sender.name.as_str()),
        item("보낸 사람의 이메일이", email, BODY, sender.email.as_str()),
    ];
    items.extend(sender.phone.as_deref().map(|value| item("보낸 사람의 전화번호가", phone, BODY, value)));
    items.extend(sender.address.as_deref().map(|value| item("보낸 사람의 주소가", address, BODY, value)));
    items
}

/// The link, and its name in English.
fn way_out(variable: &'static str, marker: &str) -> [Item; 2] {
    [
        item("수신거부 링크가", variable, "정보통신망법 50조", marker),
        item("영어로 쓴 수신거부 안내가", "Unsubscribe", "정보통신망법 시행령 별표 6", "Unsubscribe"),
    ]
}

fn mail(templates: &Templates, name: &str, content: &Content, items: &[Item]) -> Result<(), RenderError> {
    let (html, text) = (format!("{name}.html"), format!("{name}.txt"));
    held(templates, [&html, &text], &content.html, &content.text, items)
}

/// Each item where it is seen in both parts. Lines may be broken anywhere, and a slot's own name is no word of the letter.
fn held(
    templates: &Templates,
    files: [&str; 2],
    html: &str,
    text: &str,
    items: &[Item],
) -> Result<(), RenderError> {
    let marker = Slot::UnsubscribeUrl.marker();
    let plain = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
    let seen = visible(html);
    for (file, part) in files.into_iter().zip([seen.as_deref(), Some(text)]) {
        // What cannot be told is taken to be there.
        let Some(part) = part else { continue };
        let (whole, words) = (plain(part), plain(&part.replace(&marker, "")));
        let missing = items.iter().find(|item| {
            let value = plain(&item.value);
            if item.value == marker { !whole.contains(&value) } else { !words.contains(&value) }
        });
        if let Some(Item { what, variable, article, .. }) = missing {
            let missing = MissingItem { file: file.to_owned(), what, variable, article };
            return Err(templates.placed(RenderError::Missing(Box::new(missing))));
        }
    }
    Ok(())
}
