//! The operator's own templates of notices, confirmations and corrections: used, checked, and never without what the law
//! wants in them.

use chrono::{NaiveDate, TimeZone};
use moabom::model::notice::NoticeKind;
use moabom::model::{EmailAddress, Sender};
use moabom::render::confirmation::Confirmations;
use moabom::render::correction::{self, Correction};
use moabom::render::notice::NoticeRenderer;
use moabom::render::{BUILT_IN, Renderer};

use crate::letter::edited;

fn refusal(files: &[(String, String)]) -> String {
    let renderer = Renderer::of_folder("/srv/편지", files).expect("it loads");
    renderer.check().expect_err("something is missing").to_string()
}

#[test]
fn a_template_without_what_the_law_wants_is_refused_with_what_is_missing_where_and_what_to_write() {
    for (name, from, what, put) in [
        ("notice/law.html", "보낸 사람 {{ sender }}", "보낸 사람의 이름이", "{{ sender }}"),
        ("notice/law.txt", "보낸 사람 {{ sender }}", "보낸 사람의 이름이", "{{ sender }}"),
        ("notice/law.html", "{{ row[1] }}", "날짜가", "{{ row[1] }}"),
        ("notice/law.txt", "{{ row[1] }}", "날짜가", "{{ row[1] }}"),
        ("notice/law.txt", "{{ row[0] }}", "무엇을 한 날짜인지가", "{{ row[0] }}"),
        ("notice/law.html", "{{ closing }}", "유지하거나 철회하는 방법이", "{{ closing }}"),
        ("notice/law.txt", "{{ english }}", "영어 안내가", "{{ english }}"),
        ("notice/law.html", "{{ link }}", "수신거부 링크가", "{{ link }}"),
        ("notice/law.txt", "수신동의 철회 · Unsubscribe:", "영어로 쓴 수신거부 안내가", "Unsubscribe"),
        ("notice/confirm.txt", "{{ link }}", "확인 링크가", "{{ link }}"),
        ("notice/confirm.txt", "이메일 {{ email }}", "보낸 사람의 이메일이", "{{ email }}"),
        ("notice/address-change.txt", "{{ link }}", "확인 링크가", "{{ link }}"),
        ("correction/letter.txt", "{{ link }}", "수신거부 링크가", "{{ link }}"),
        ("correction/letter.txt", "수신거부 · Unsubscribe:", "영어로 쓴 수신거부 안내가", "Unsubscribe"),
        ("correction/letter.txt", "보낸 사람 {{ sender }}", "보낸 사람의 이름이", "{{ sender }}"),
        ("correction/letter.html", "· 이메일 {{ email }}", "보낸 사람의 이메일이", "{{ email }}"),
        (
            "correction/letter.html",
            "{% if phone %} · 전화 {{ phone }}{% endif %}",
            "전화번호가",
            "{{ phone }}",
        ),
        ("correction/letter.html", "{% if place %}<br>주소 {{ place }}{% endif %}", "주소가", "{{ place }}"),
        ("correction/letter.txt", "{{ line }}", "바로잡는 글이", "{{ line }}"),
        ("digest/letter.txt", "{{ unsubscribe_url }}", "수신거부 링크가", "{{ unsubscribe_url }}"),
        ("digest/letter.txt", "이메일 {{ sender.email }}", "보낸 사람의 이메일이", "{{ sender.email }}"),
    ] {
        let error = refusal(&edited(name, from, ""));
        let place = format!("/srv/편지/{name}에 ");
        for part in [place.as_str(), what, "없어요", put] {
            assert!(error.contains(part), "{name} without {from}: {error}");
        }
    }
    // The frame of the confirmations belongs to both of them.
    let error = refusal(&edited("notice/button.html", "보낸 사람 {{ sender }}", ""));
    assert!(error.contains("notice/confirm.html에 보낸 사람의 이름이 없어요"), "{error}");
}

#[test]
fn what_the_law_wants_counts_only_where_a_reader_sees_it() {
    const UNSEEN: [(&str, &str); 17] = [
        ("<!--", "-->"),
        ("<div hidden>", "</div>"),
        ("<div style=\"color: red; display:NONE !important\">", "</div>"),
        ("<style>.off { visibility: hidden }</style><div class=\"off\">", "</div>"),
        ("<div style=\"max-height:0;overflow:hidden\">", "</div>"),
        ("<div style=\"font-size:0px\"><b>", "</b></div>"),
        ("<div style=\"font:0/0 a\"><b style=\"font-size:2em\">", "</b></div>"),
        ("<div style=\"font-size:13px\"><b style=\"font-size:0\">", "</b></div>"),
        ("<div style=\"visibility:hidden\"><b>", "</b></div>"),
        ("<div style=\"display:none\"><b style=\"display:block;font-size:13px\">", "</b></div>"),
        ("<!--[if mso]>", "<![endif]-->"),
        ("<script>", "</script>"),
        ("<style>", "</style>"),
        ("<title>", "</title>"),
        ("<div style=\"opacity:0.0\">", "</div>"),
        ("<template>", "</template>"),
        ("<textarea hidden>", "</textarea>"),
    ];
    let link = r#"<a class="link" href="{{ link }}" style="display:inline-block;padding:10px 0;color:#1f6f4a;">수신거부 · Unsubscribe</a>"#;
    for (name, item, what) in [
        ("notice/law.html", "보낸 사람 {{ sender }}", "보낸 사람의 이름이"),
        ("notice/law.html", "{{ closing }}", "유지하거나 철회하는 방법이"),
        ("notice/button.html", "보낸 사람 {{ sender }}", "보낸 사람의 이름이"),
        ("correction/letter.html", link, "수신거부 링크가"),
    ] {
        for (open, close) in UNSEEN {
            let error = refusal(&edited(name, item, &format!("{open}{item}{close}")));
            assert!(error.contains(what) && error.contains("눈에 보이는 곳에"), "{name} in {open}: {error}");
        }
        let seen =
            edited(name, item, &format!("<span style=\"display:inline;max-height:20px\">{item}</span>"));
        Renderer::new(&seen).and_then(|renderer| renderer.check()).expect(name);
    }
    // A link is one where something can be pressed.
    for no_link in [
        "<a href=\"{{ link }}\"></a>수신거부 · Unsubscribe",
        "<i title=\"{{ link }}\">수신거부 · Unsubscribe</i>",
    ] {
        let error = refusal(&edited("correction/letter.html", link, no_link));
        assert!(error.contains("수신거부 링크가"), "{no_link}: {error}");
    }
}

#[test]
fn what_a_layout_of_mails_puts_around_an_item_hides_nothing() {
    // What MJML writes around each text.
    const MJML: (&str, &str) = (
        "<!--[if mso | IE]><table><tr><td style=\"font-size:0px;mso-line-height-rule:exactly;\"><![endif]-->\
         <table style=\"width:100%\"><tr><td style=\"direction:ltr;font-size:0px;padding:20px 0;text-align:center;\">\
         <div class=\"mj-column-per-100\" style=\"font-size:0px;text-align:left;display:inline-block;width:100%;\">\
         <table width=\"100%\"><tr><td align=\"left\" style=\"font-size:0px;padding:10px 25px;word-break:break-word;\">\
         <div style=\"font-family:sans-serif;font-size:13px;line-height:1;text-align:left;color:#000000;\">",
        "</div></td></tr></table></div></td></tr></table><!--[if mso | IE]></td></tr></table><![endif]-->",
    );
    for (name, item) in [
        ("notice/law.html", "보낸 사람 {{ sender }}"),
        ("notice/button.html", "보낸 사람 {{ sender }}"),
        ("correction/letter.html", "보낸 사람 {{ sender }}"),
        ("digest/letter.html", "보낸 사람 {{ sender.name }}"),
    ] {
        for (open, close) in [
            MJML,
            ("<div style=\"font-size:0\"><b style=\"font:13px/1.5 serif\">", "</b></div>"),
            ("<div style=\"visibility:hidden\"><b style=\"visibility:visible\">", "</b></div>"),
            ("<div style=\"display:none;display:block\">", "</div>"),
            ("<!--[if !mso]><!-->", "<!--<![endif]-->"),
            ("<![if !mso]>", "<![endif]>"),
        ] {
            let own = edited(name, item, &format!("{open}{item}{close}"));
            let checked = Renderer::new(&own).and_then(|renderer| renderer.check());
            assert!(checked.is_ok(), "{name} in {open}: {}", checked.unwrap_err());
        }
    }
}

#[test]
fn a_notice_of_boxes_without_end_neither_ends_the_program_nor_stops_the_mail() {
    let text = "보낸 사람 {{ sender }}";
    let deep = edited("notice/law.html", text, &format!("{}{text}", "<div>".repeat(50_000)));
    Renderer::new(&deep).and_then(|renderer| renderer.check()).expect("it cannot be judged");
}

#[test]
fn a_letter_of_boxes_without_end_is_refused_by_name() {
    let item = "보낸 사람 {{ sender.name }}";
    let deep = edited("digest/letter.html", item, &format!("{}{item}", "<div>".repeat(8_000)));
    let refused = Renderer::new(&deep).and_then(|renderer| renderer.check()).expect_err("too deep");
    assert!(refused.to_string().contains("너무 깊이 겹쳤어요"), "{refused}");
}

#[test]
fn every_template_says_where_it_breaks() {
    for (name, _) in BUILT_IN.iter().filter(|(name, _)| !name.ends_with(".css")) {
        let text = "첫 줄\n  {{ nobody }}\n".to_owned();
        let broken = Renderer::new(&[((*name).to_owned(), text)]).and_then(|renderer| renderer.check());
        let error = broken.expect_err(name).to_string();
        // What extends or uses another file breaks where the other's parts are gone.
        let told = error.contains(&format!("templates/{name}")) || error.contains("내장 틀 ");
        assert!(told && error.contains("행 "), "{name}: {error}");
    }
}

#[test]
fn the_operators_words_stand_in_each_mail_and_the_laws_items_beside_them() {
    let words = |name: &str, before: &str| edited(name, before, &format!("우리의 말.\n{before}"));
    let files: Vec<(String, String)> = [
        words("notice/law.txt", "{{ closing }}"),
        words("notice/confirm.txt", "{{ link }}"),
        words("notice/address-change.txt", "{{ link }}"),
        words("correction/letter.txt", "{{ opening }}"),
    ]
    .concat();
    let renderer = Renderer::new(&files).expect("they load");
    renderer.check().expect("nothing is missing");
    let sender = Sender {
        name: "봄날".to_owned(),
        email: EmailAddress::parse("hello@example.com").expect("an address"),
        reply_to: None,
        phone: None,
        address: None,
    };
    let notices = NoticeRenderer::new(renderer.templates(), "봄날의 노트", &sender);
    let day = NaiveDate::from_ymd_opt(2026, 11, 23).expect("a day");
    let confirmations = Confirmations::new(renderer.templates(), "봄날의 노트", &sender);
    let newsletter = crate::letters::ordinary().newsletter;
    let day_there = chrono_tz::Asia::Seoul.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap();
    let correction =
        Correction { number: 12, day: day_there, subject: "모임 날짜", text: "6일이에요." };
    for content in [
        notices.render(NoticeKind::Renewal, day, None).expect("drawn").expect("a notice"),
        confirmations.sign_up().expect("drawn"),
        confirmations.address_change().expect("drawn"),
        correction::render(renderer.templates(), &newsletter, &sender, &correction).expect("drawn"),
    ] {
        assert!(
            content.text.contains("우리의 말.") && content.text.contains("보낸 사람 봄날"),
            "{}",
            content.text
        );
        assert!(!content.html.contains("우리의 말."), "the other part stays the built-in one");
    }
}
