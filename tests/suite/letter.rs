//! The letter: what readers get, byte for byte, and what hostile input cannot do to it.

use std::path::PathBuf;

use moabom::compose::{CompiledLetter, LetterHead, Origin, Personal};
use moabom::korean::width;
use moabom::model::edition::{Content, SectionKind};
use moabom::model::token::SecretKey;
use moabom::model::{EditionId, EmailAddress, SubscriberId};
use moabom::render::slot::Slot;
use moabom::render::{BUILT_IN, LetterInput, RenderError, Rendered, Renderer};
use proptest::prelude::*;

use crate::letters;

fn render(input: &LetterInput) -> Rendered {
    Renderer::new(&[]).and_then(|renderer| renderer.render(input)).expect("the built-in templates render")
}

/// Compares with `tests/golden/NAME`; `MOABOM_BLESS=1` rewrites it.
fn golden(name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("MOABOM_BLESS").is_some() {
        std::fs::write(&path, found).expect("the golden file is writable");
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(wanted == found, "{} differs; MOABOM_BLESS=1 rewrites it, then read the diff", path.display());
}

/// The built-in template `name` with `from` replaced, as an operator's own file.
pub fn edited(name: &str, from: &str, to: &str) -> Vec<(String, String)> {
    let (_, text) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name).expect("a built-in template");
    assert!(text.contains(from), "{name} holds {from}");
    vec![(name.to_owned(), text.replacen(from, to, 1))]
}

/// Line and column of `word`, both from 1.
fn place(text: &str, word: &str) -> (usize, usize) {
    let (before, _) = text.split_once(word).expect("the word stands there");
    let line = before.lines().count();
    (line, before.lines().last().unwrap_or_default().chars().count() + 1)
}

/// The values of every `name="…"` in `html`.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let opening = format!(" {name}=\"");
    html.split(opening.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// Names of all tags, in order: what a title would change if it got through unescaped.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).filter_map(|rest| rest.split([' ', '>', '\n']).next()).collect()
}

fn all_letters() -> Vec<LetterInput> {
    vec![
        letters::ordinary(),
        letters::advertising(),
        letters::bare(),
        letters::hostile(),
        letters::many(30),
        letters::letter(Vec::new()),
    ]
}

#[test]
fn letters_are_what_they_were() {
    for (name, input) in [
        ("letter", letters::ordinary()),
        ("letter-advertising", letters::advertising()),
        ("letter-bare", letters::bare()),
        ("letter-hostile", letters::hostile()),
    ] {
        let letter = render(&input);
        golden(&format!("{name}.html"), &letter.html);
        golden(
            &format!("{name}.txt"),
            &format!("{}\n{}\n\n{}", letter.subject, letter.preheader, letter.text),
        );
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for input in all_letters() {
        assert_eq!(render(&input), render(&input));
    }
}

#[test]
fn a_rendered_letter_is_an_editions_content() {
    let letter = render(&letters::ordinary());
    let content = Content::from(letter.clone());
    assert_eq!((content.subject, content.html), (letter.subject, letter.html));
}

#[test]
fn an_independent_parser_reads_both_parts_as_written_with_the_recipients_own_in_place() {
    let rendered = render(&letters::advertising());
    let input = letters::advertising();
    let head = LetterHead {
        sender: input.sender.clone(),
        newsletter: input.newsletter.title.clone(),
        digest: input.digest.clone(),
        date: input.slot_at,
        zone: input.newsletter.time_zone,
        origin: Origin::Edition(EditionId(12)),
    };
    let key = SecretKey::new(1, &[7; 32]);
    let content = Content::from(rendered.clone());
    let compiled = CompiledLetter::new(&head, &content, &key, None).expect("the letter compiles");
    let to = EmailAddress::parse("reader@example.com").expect("an address");
    let url = "https://letter.slow-afternoon.example/u/token";
    let day = "2026년 11월 2일 (월)";
    let personal = Personal {
        to: &to,
        name: Some("하나"),
        unsubscribe_url: Some(url),
        consented_on: Some(day),
        subscriber: SubscriberId(1),
    };
    let mut bytes = Vec::new();
    compiled.write(&personal, &mut bytes).expect("the message is written");
    let message = mail_parser::MessageParser::default().parse(&bytes).expect("a message");
    // Fields are padded with spaces and base64 carries CRLF: words and tags are compared, not their spacing.
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let filled = |text: &str| {
        words(
            &text
                .replace(&Slot::Name.marker(), "하나")
                .replace(&Slot::UnsubscribeUrl.marker(), url)
                .replace(&Slot::ConsentedOn.marker(), day),
        )
    };
    assert_eq!(message.subject(), Some(rendered.subject.as_str()));
    let html = message.body_html(0).expect("an HTML part");
    assert_eq!(words(&message.body_text(0).expect("a text part")).concat(), filled(&rendered.text).concat());
    assert_eq!(words(&html).concat(), filled(&rendered.html).concat());
}

#[test]
fn personal_parts_stand_where_the_letter_puts_them_and_nowhere_else() {
    for input in all_letters() {
        let letter = render(&input);
        let count = |text: &str, slot: Slot| text.matches(slot.marker().as_str()).count();
        assert_eq!(count(&letter.html, Slot::Name), 1);
        assert_eq!(count(&letter.text, Slot::Name), 1);
        assert_eq!(count(&letter.html, Slot::UnsubscribeUrl), 2);
        assert_eq!(count(&letter.text, Slot::UnsubscribeUrl), 1);
        assert_eq!((count(&letter.html, Slot::ConsentedOn), count(&letter.text, Slot::ConsentedOn)), (1, 1));
        let links = attributes(&letter.html, "href");
        assert_eq!(links.iter().filter(|link| **link == Slot::UnsubscribeUrl.marker()).count(), 2);
        for part in [&letter.html, &letter.text] {
            assert_eq!(part.matches('\u{E000}').count(), part.matches('\u{E001}').count());
            assert_eq!(
                part.matches('\u{E000}').count(),
                Slot::ALL.into_iter().map(|slot| count(part, slot)).sum::<usize>()
            );
        }
        assert!(!letter.subject.contains('\u{E000}') && !letter.preheader.contains('\u{E000}'));
    }
}

#[test]
fn hostile_posts_run_nothing_and_hide_nothing() {
    let letter = render(&letters::hostile());
    let lower = letter.html.to_lowercase();
    for forbidden in ["<script", "<img", "javascript:", "data:", "<b>", "<i>", "<sender>"] {
        assert!(!lower.contains(forbidden), "{forbidden}");
    }
    assert!(letter.html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(letter.html.contains(">{{ newsletter.title }} {% raw %}</a>"));
    assert!(letter.text.contains("<script>alert(1)</script>"));
    for part in [&letter.html, &letter.text, &letter.subject, &letter.preheader] {
        assert!(
            !part
                .chars()
                .any(|c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\0' | '\r'))
        );
    }
    for link in attributes(&letter.html, "href") {
        assert!(link.starts_with("https://") || link == Slot::UnsubscribeUrl.marker(), "{link}");
    }
}

#[test]
fn the_html_keeps_to_what_mail_programs_understand() {
    for input in all_letters() {
        let html = render(&input).html;
        let tags = tags(&html);
        let tables = tags.iter().filter(|tag| **tag == "table").count();
        assert_eq!(html.matches("<table").count(), html.matches("role=\"presentation\"").count());
        assert!(tables > 3);
        assert_eq!(tags.iter().filter(|tag| **tag == "h1").count(), 1);
        assert!(html.contains("<html lang=\"ko\">") && html.contains("role=\"presentation\" lang=\"ko\""));
        let styles = attributes(&html, "style");
        for style in &styles {
            for forbidden in ["flex", "grid", "italic", "url(", "position", "var("] {
                assert!(!style.contains(forbidden), "{style}");
            }
            for colour in style.split('#').skip(1) {
                assert!(colour.chars().take_while(char::is_ascii_hexdigit).count() == 6, "{style}");
            }
            for size in style.split("font-size:").skip(1) {
                let pixels: String = size.trim_start().chars().take_while(char::is_ascii_digit).collect();
                assert!(pixels.parse::<u32>().is_ok_and(|pixels| pixels >= 13), "{style}");
            }
        }
        for cell in html
            .split("<td")
            .skip(1)
            .filter_map(|rest| rest.split('>').next())
            .filter(|cell| !cell.is_empty())
        {
            assert!(cell.contains("word-break:keep-all") && cell.contains("word-wrap:break-word"), "{cell}");
        }
        for tag in ["svg", "img", "form", "script", "link", "i", "em", "iframe", "input"] {
            assert!(!tags.contains(&tag), "<{tag}>");
        }
        assert!(!html.contains("href=\"#") && !html.contains("@import") && !html.contains("@font-face"));
    }
}

#[test]
fn the_text_part_says_what_the_html_says_within_76_columns() {
    for input in all_letters() {
        let Rendered { html, text, .. } = render(&input);
        for line in text.lines() {
            assert!(width::of(line) <= 76 || line.contains("http"), "{line}");
            assert_eq!(line, line.trim_end());
        }
        for link in attributes(&html, "href") {
            assert!(text.contains(&link.replace("&amp;", "&")), "{link}");
        }
        let joined: String = text.split_whitespace().collect();
        for post in input.sections.iter().flat_map(|section| &section.posts) {
            let title: String = moabom::render::clean::line(&post.title).split_whitespace().collect();
            assert!(joined.contains(&title), "{title}");
        }
        for word in ["수신거부", "Unsubscribe", "로그인 없이 한 번의 클릭으로"] {
            assert!(html.contains(word) && text.replace('\n', " ").contains(word), "{word}");
        }
        assert!(html.contains(input.sender.email.as_str()) && text.contains(input.sender.email.as_str()));
    }
}

#[test]
fn the_footer_names_the_sender_as_the_law_asks() {
    let letter = render(&letters::advertising());
    for part in [&letter.html, &letter.text] {
        for word in
            ["느린 오후", "hello@slow-afternoon.example", "02-0000-0000", "서울특별시 어느구 느린길 12, 3층"]
        {
            assert!(part.contains(word), "{word}");
        }
    }
}

#[test]
fn an_advertising_subject_starts_with_the_mark_once_whatever_a_title_says() {
    let mut input = letters::advertising();
    assert_eq!(render(&input).subject, "(광고) 겨울 산책 지도를 함께 만들어요 외 7편");
    input.subject = "(광고) {{ newsletter.title }} {{ issue }}".to_owned();
    assert_eq!(render(&input).subject, "(광고) 느린 오후의 기록 제12호");
    input.subject = "[광고] {{ lead.title }}".to_owned();
    let refused = Renderer::new(&[]).and_then(|renderer| renderer.render(&input));
    assert!(matches!(refused, Err(RenderError::Law(_))));
}

#[test]
fn a_subject_is_one_line_and_cut_at_the_lead_title() {
    let mut input = letters::ordinary();
    assert_eq!(render(&input).subject, "오래된 동네 서점이 살아남는 세 가지 방법 외 6편");
    input.sections[0].posts[0].title = format!("{}\r\nBcc: x@y.example", "아주 긴 제목 ".repeat(30));
    let subject = render(&input).subject;
    assert!(subject.ends_with("… 외 6편") && !subject.contains('\n'), "{subject}");
    assert!(width::of(&subject) <= 60, "{subject}");
    input.subject =
        "[{{ issue }}] {{ lead.title }} — {{ newsletter.title }}, {{ date }}, {{ digest }}".to_owned();
    let subject = render(&input).subject;
    assert!(subject.starts_with("[제12호] 아주 긴 ") && subject.ends_with("weekly"), "{subject}");
}

#[test]
fn a_letter_of_one_post_counts_no_others() {
    let letter = render(&letters::bare());
    assert_eq!(letter.subject, "처음 보내는 편지");
    assert!(!letter.html.contains("한눈에 보기") && !letter.html.contains("웹에서 보기"));
    assert!(!letter.text.contains("한눈에 보기") && !letter.text.contains("웹에서 보기"));
}

#[test]
fn the_preheader_brings_news_that_the_subject_does_not() {
    for input in all_letters() {
        let letter = render(&input);
        let start: String = letter.preheader.chars().take(20).collect();
        assert!(!start.is_empty() && !letter.subject.contains(&start), "{start} in {}", letter.subject);
        assert!(width::of(&letter.preheader) <= 90);
    }
}

#[test]
fn thirty_posts_fit_and_too_many_lose_excerpts_from_the_end_before_they_are_refused() {
    assert!(render(&letters::many(30)).html.len() <= 75 * 1024);
    let short = (31..200).find_map(|count| {
        let letter = Renderer::new(&[]).and_then(|renderer| renderer.render(&letters::many(count))).ok()?;
        let without = letter.html.matches("class=\"excerpt").count() < count;
        without.then_some((letter, count))
    });
    let (letter, count) = short.expect("some size loses excerpts");
    assert!(letter.html.len() <= 75 * 1024 && !letter.warnings.is_empty(), "{} bytes", letter.html.len());
    assert!(letter.html.matches("class=\"excerpt").count() > count / 2);
    let refused = Renderer::new(&[]).and_then(|renderer| renderer.render(&letters::many(200)));
    assert!(matches!(refused, Err(RenderError::TooLarge { .. })));
}

#[test]
fn words_that_sell_warn_where_the_letter_is_not_declared_advertising() {
    let mut input = letters::ordinary();
    input.sections[0].posts[0].title = "연말 할인 쿠폰 모음".to_owned();
    assert!(render(&input).warnings.iter().any(|warning| warning.contains("할인, 쿠폰")));
    input.newsletter.advertising = true;
    assert!(render(&input).warnings.is_empty());
}

#[test]
fn built_in_templates_pass_their_own_check() {
    let renderer = Renderer::new(&[]).expect("they load");
    assert_eq!(renderer.check(), Ok(()));
    assert_eq!(
        renderer.check_subject("[{{ issue }}] {{ lead.title }} 외 {{ rest }}편 ({{ period }})"),
        Ok(())
    );
}

#[test]
fn an_unknown_variable_is_an_error_with_file_line_and_column() {
    let files = edited("digest/letter.html", "{{ summary }}", "{{ sumary }}");
    let error =
        Renderer::new(&files).and_then(|renderer| renderer.check()).expect_err("it is unknown").to_string();
    let (line, column) = place(files[0].1.as_str(), "sumary");
    let wanted = format!("templates/digest/letter.html {line}행 {column}열: 알 수 없는 변수 'sumary'");
    assert!(error.contains(&wanted), "{error}");
    let files = edited("digest/parts.html", "{{ post.title }}", "{{ post.tite }}");
    let error =
        Renderer::new(&files).and_then(|renderer| renderer.check()).expect_err("it is unknown").to_string();
    assert!(error.contains("templates/digest/parts.html") && error.contains("post.tite"), "{error}");
    let renderer = Renderer::new(&[]).expect("they load");
    let error = renderer.check_subject("{{ lead.titel }} 외").expect_err("it is unknown").to_string();
    assert!(error.contains("제목 틀(subject) 1행") && error.contains("lead.titel"), "{error}");
}

#[test]
fn a_fault_names_the_file_where_the_operator_finds_it() {
    let files = edited("digest/parts.html", "{% component NumberedRow(post)", "{% component Row(post)");
    let files = [(files[0].0.clone(), files[0].1.replace("endcomponent NumberedRow", "endcomponent Row"))];
    let error =
        Renderer::of_folder("/srv/편지/", &files).map(|_| ()).expect_err("a part is gone").to_string();
    assert!(error.contains("내장 틀 digest/letter.html ") && error.contains("'NumberedRow'"), "{error}");
    let files = edited("digest/letter.txt", "{{ unsubscribe_url }}", "{{ issue }}");
    let renderer = Renderer::of_folder("/srv/편지/", &files).expect("it loads");
    let error = renderer.check().expect_err("no way out").to_string();
    assert!(error.contains(" /srv/편지/digest/letter.txt에 수신거부 링크가 없어요"), "{error}");
}

#[test]
fn broken_templates_say_where_they_break() {
    for (from, to, word) in [
        ("{{ summary }}", "{{ summary | wrp }}", "알 수 없는 필터 'wrp'"),
        ("{{ summary }}", "{{ summary", "문법"),
        ("{{<SectionHead section={section} />}}", "{{<SectionHed section={section} />}}", "SectionHed"),
    ] {
        let files = edited("digest/letter.html", from, to);
        let error = Renderer::new(&files).and_then(|renderer| renderer.check()).expect_err(word).to_string();
        assert!(error.contains("templates/digest/letter.html") && error.contains(word), "{error}");
        assert!(error.contains("행 "), "{error}");
    }
}

#[test]
fn an_operators_file_replaces_a_built_in_one() {
    let mut files = edited("digest/letter.html", "블로그에서 더 보기", "더 읽으러 가기");
    files.extend(edited("digest/letter.css", "#1f6b4c", "#7a1f4c"));
    let letter =
        Renderer::new(&files).and_then(|renderer| renderer.render(&letters::ordinary())).expect("it renders");
    assert!(letter.html.contains("더 읽으러 가기") && letter.html.contains("#7a1f4c"));
}

#[test]
fn every_section_kind_is_named() {
    let kinds = [SectionKind::Pinned, SectionKind::New, SectionKind::Top, SectionKind::Late];
    let post = || letters::post("글", "본문입니다.", 1, ("👍", 1), 0);
    let sections = kinds.into_iter().map(|kind| letters::section(kind, vec![post()])).collect();
    let letter = render(&letters::letter(sections));
    for title in ["먼저 챙겨 볼 글", "새 글", "반응이 많았던 글", "뒤늦게 뜬 글"] {
        assert!(letter.html.contains(title) && letter.text.contains(title), "{title}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_output_holds_an_unescaped_title(
        title in "[<>&\"'/a-z가-힣 \u{202E}\u{E000}\u{E001}\u{1F600}{}%#\\n]{1,60}",
        body in "[<>&\"'a-z가-힣 .\u{E000}]{0,80}",
    ) {
        let mut plain = letters::bare();
        plain.sections[0].posts[0].body = "가. 나.".to_owned();
        let mut input = plain.clone();
        input.sections[0].posts[0].title = title;
        input.sections[0].posts[0].body = format!("가. {body}");
        let letter = render(&input);
        let shape = tags(&letter.html).into_iter().filter(|tag| *tag != "p" && *tag != "/p").collect::<Vec<_>>();
        let wanted = render(&plain).html;
        let wanted = tags(&wanted).into_iter().filter(|tag| *tag != "p" && *tag != "/p").collect::<Vec<_>>();
        prop_assert_eq!(shape, wanted);
        prop_assert_eq!(letter.html.matches('\u{E000}').count(), 4);
        prop_assert_eq!(&letter, &render(&input));
    }
}
