//! Pure: the filters that a letter's and a subject's templates may use.

use tera::{Kwargs, State, Tera, TeraResult, Value};

use super::slot::CLOSE;
use crate::korean::josa::{self, Pair};
use crate::korean::width;

/// Columns of the text part (RFC 5322 section 2.1.1 asks for 78 at most).
pub(super) const COLUMNS: usize = 76;

/// Makes them known to `tera`.
pub(super) fn register(tera: &mut Tera) {
    tera.register_filter("wrap", wrap);
    tera.register_filter("josa", josa);
}

/// Breaks a text at 76 columns; `first` stands before the first line, `indent` before the others.
fn wrap(text: &str, arguments: Kwargs, _: &State) -> TeraResult<String> {
    let first = arguments.get::<&str>("first")?.unwrap_or_default();
    let indent = arguments.get::<&str>("indent")?.unwrap_or_default();
    let room = COLUMNS.saturating_sub(width::of(indent).max(width::of(first)));
    let lines = width::wrap(text, room);
    let mut wrapped = String::with_capacity(text.len() + 16);
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            wrapped.push('\n');
        }
        wrapped.push_str(if at == 0 { first } else { indent });
        wrapped.push_str(line);
    }
    Ok(wrapped)
}

/// A text or number with the particle of `pair` that follows it: `{{ lead.title | josa(pair="을/를") }}`.
fn josa(noun: &Value, arguments: Kwargs, _: &State) -> TeraResult<String> {
    let pairs = Pair::ALL.map(|pair| pair.to_string()).join(", ");
    let told = |fault: &str| tera::Error::message(format!("{fault} 쓸 수 있는 짝: {pairs}"));
    if !(noun.is_string() || noun.is_number()) {
        return Err(tera::Error::message("조사(josa)는 글이나 수 뒤에만 붙일 수 있어요."));
    }
    let noun = noun.to_string();
    // the reader's name is known only when the letter leaves
    if noun.trim_end_matches(|c: char| !c.is_alphanumeric() && c != CLOSE).ends_with(CLOSE) {
        let advice =
            "조사(josa)는 받는 분마다 다른 값 뒤에 붙일 수 없어요. {{ name }}님처럼 다른 말을 이어 쓰세요.";
        return Err(tera::Error::message(advice));
    }
    match arguments.get::<&str>("pair")? {
        None => Err(told("조사(josa)에 짝이 빠졌어요. josa(pair=\"을/를\")처럼 쓰세요.")),
        Some(text) => match Pair::parse(text) {
            Some(pair) => Ok(josa::with(&noun, pair)),
            None => Err(told(&format!("조사(josa)가 모르는 짝 '{text}'."))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::{RenderError, Renderer, sample};

    /// The subject that `template` gives for a letter led by `title`.
    fn subject(template: &str, title: &str) -> Result<String, RenderError> {
        let mut input = sample::inputs(template).pop().expect("a letter");
        input.sections[0].posts[0].title = title.to_owned();
        Ok(Renderer::new(&[])?.render(&input)?.subject)
    }

    #[test]
    fn a_title_takes_the_particle_that_follows_its_reading() {
        let template = "{{ lead.title | josa(pair=\"을/를\") }} 읽어요";
        for (title, expected) in [
            ("봄을 기다리며", "봄을 기다리며를 읽어요"),
            ("봄날의 책", "봄날의 책을 읽어요"),
            ("‘서울’", "‘서울’을 읽어요"),
            ("Google", "Google을 읽어요"),
            ("黃金", "黃金을(를) 읽어요"),
        ] {
            assert_eq!(subject(template, title).as_deref(), Ok(expected));
        }
        assert_eq!(subject("{{ number | josa(pair=\"(으)로\") }}", "").as_deref(), Ok("12로"));
        assert_eq!(subject("{{ count | josa(pair=\"이\") }}", "").as_deref(), Ok("1이"));
    }

    #[test]
    fn a_particle_lets_no_tag_through() {
        let body = "{{ \"<b>책\" | josa(pair=\"을/를\") }} <a href=\"{{ unsubscribe_url }}\">수신거부</a>";
        let files = [("digest/letter.html".to_owned(), body.to_owned())];
        let renderer = Renderer::new(&files).expect("loaded");
        let letter = renderer.render(&sample::inputs("제목")[0]).expect("rendered");
        assert!(letter.html.contains("&lt;b&gt;책을"), "{}", letter.html);
    }

    #[test]
    fn a_wrong_pair_is_told_with_the_pairs_there_are() {
        let told = |template: &str| subject(template, "글").expect_err(template).to_string();
        for (template, fault) in [
            ("{{ lead.title | josa(pair=\"에서\") }}", "조사(josa)가 모르는 짝 '에서'."),
            ("{{ lead.title | josa }}", "짝이 빠졌어요"),
        ] {
            let told = told(template);
            assert!(told.contains("제목 틀(subject) 1행") && told.contains(fault), "{told}");
            assert!(
                told.contains("은/는, 이/가, 을/를, 과/와, 으로/로, 이나/나, 이랑/랑, 이라/라, 아/야"),
                "{told}"
            );
            assert!(!told.contains("Tera"), "{told}");
        }
        assert!(told("{{ newsletter | josa(pair=\"을/를\") }}").contains("글이나 수 뒤에만"));
        let renderer = Renderer::new(&[(
            "digest/letter.txt".to_owned(),
            "{{ name | josa(pair=\"이/가\") }} {{ unsubscribe_url }}".to_owned(),
        )]);
        let told = renderer.and_then(|renderer| renderer.check()).expect_err("a slot").to_string();
        assert!(told.contains("받는 분마다 다른 값"), "{told}");
    }
}
