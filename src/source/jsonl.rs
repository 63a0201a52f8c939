//! Pure: posts as lines of JSON (`kind = "jsonl"`): one object a line, of whatever program wrote it.
//!
//! `{"id": "42", "title": "글 제목", "url": "https://…", "author": "이름", "published_at": "2026-11-23T09:00:00+09:00",
//! "body": "글자로 된 본문", "html": "<p>HTML로 된 본문</p>", "reactions": 5, "comments": 2, "emoji": ["👍", "🤩"]}`
//!
//! Only `title`, `body` or `html` is needed, one of them. `emoji` may also be an object of emoji and numbers, whose sum
//! stands in where there is no `reactions`; a number may be written as text. A wrong line is told of and costs nothing
//! but itself. Lines are newest first; where every post has a date, the dates decide.

use serde::de::DeserializeSeed;
use serde_json::{Map, Value};
use url::Url;

use super::FetchedPage;
use super::feed::json::{EMOJI, number, reactions_of};
use super::feed::{LONGEST_ID, POSTS, TITLE_WIDTH, address, date, plain, shown_title_of};
use super::sparse_json::Keep;
use crate::korean::width;
use crate::model::post::{Emoji, FetchedPost, Reactions, Untold};

/// Wrong lines named one by one; the rest is counted.
const NAMED: usize = 5;

/// Why a text is no list of posts; Korean, with what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonlError {
    /// Nothing but white space.
    #[error("내용이 비어 있어요. 한 줄에 글 하나씩 JSON으로 적혀 있어야 해요")]
    Empty,
    /// No line could be read.
    #[error("{line}행: {why}. 한 줄에 글 하나씩, `{{\"title\": …}}` 꼴의 JSON이어야 해요")]
    NoPost {
        /// The first wrong line, from 1.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Reads the lines; relative addresses are relative to `location`.
pub fn parse(text: &str, location: Option<&Url>) -> Result<FetchedPage, JsonlError> {
    let text = text.trim_start_matches('\u{feff}');
    let (mut posts, mut wrong, mut unnamed) = (Vec::new(), Vec::new(), 0_usize);
    let mut too_many = false;
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        if posts.len() >= POSTS {
            too_many = true;
            break;
        }
        match post(text, location) {
            Ok(post) => posts.push(post),
            Err(why) if wrong.len() < NAMED => wrong.push((line, why)),
            Err(_) => unnamed += 1,
        }
    }
    if posts.is_empty() {
        return Err(wrong
            .first()
            .map_or(JsonlError::Empty, |(line, why)| JsonlError::NoPost { line: *line, why }));
    }
    if posts.iter().all(|post| post.published_at.is_some()) {
        posts.sort_by_key(|post| std::cmp::Reverse(post.published_at));
    }
    let gaps = !wrong.is_empty() || too_many;
    Ok(FetchedPage { posts, notes: notes(&wrong, unnamed, too_many), gaps, ..FetchedPage::default() })
}

fn notes(wrong: &[(usize, &'static str)], unnamed: usize, too_many: bool) -> Vec<String> {
    let mut notes: Vec<String> =
        wrong.iter().map(|(line, why)| format!("{line}행은 건너뛰었어요: {why}.")).collect();
    if unnamed > 0 {
        notes.push(format!("그 밖에 {unnamed}행을 더 건너뛰었어요."));
    }
    if too_many {
        notes.push(format!("글이 너무 많아 앞의 {POSTS}편만 읽었어요."));
    }
    notes
}

fn member(name: &str) -> Option<Keep> {
    match name {
        "id" | "title" | "url" | "author" | "published_at" | "html" | "body" | "comments" => {
            Some(Keep::Scalar)
        }
        "reactions" | "emoji" => Some(Keep::Few(EMOJI)),
        _ => None,
    }
}

fn post(line: &str, location: Option<&Url>) -> Result<FetchedPost, &'static str> {
    let mut document = serde_json::Deserializer::from_str(line);
    let read = Keep::Members(member).deserialize(&mut document);
    let value =
        read.and_then(|value| document.end().map(|()| value)).map_err(|error| match error.is_eof() {
            true => "JSON이 중간에 끊겼어요",
            false => "JSON으로 읽을 수 없어요",
        })?;
    let object = value.as_object().ok_or("JSON 객체(`{…}`)가 아니에요")?;
    let text = |name: &str| text_of(object, name);
    let body = match (text("html"), text("body")) {
        (Some(html), _) => plain::text(&html),
        (None, Some(body)) => plain::folded(&body),
        (None, None) => String::new(),
    };
    let title = text("title").map(|title| shown_title_of(&title)).unwrap_or_default();
    let title = match body.lines().next() {
        Some(first) if title.is_empty() => width::cut(first, TITLE_WIDTH),
        _ => title,
    };
    if title.is_empty() {
        return Err("title도 body도 html도 없어요");
    }
    let (comments, reactions) = (count(object, "comments")?, reactions(object)?);
    Ok(FetchedPost {
        external_id: text("id").filter(|id| id.len() <= LONGEST_ID),
        url: text("url").and_then(|url| address(&url, location)),
        title,
        author: text("author").map(|author| shown_title_of(&author)).filter(|author| !author.is_empty()),
        body,
        published_at: text("published_at").and_then(|text| date::parse(&text)),
        untold: Untold { comments: comments.is_none(), reactions: reactions.is_none() },
        comments: comments.unwrap_or(0),
        reactions: reactions.unwrap_or_default(),
    })
}

fn text_of(object: &Map<String, Value>, name: &str) -> Option<String> {
    let text = match object.get(name)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

fn count(object: &Map<String, Value>, name: &str) -> Result<Option<u64>, &'static str> {
    const WRONG: &str = "reactions와 comments는 0 이상의 정수여야 해요";
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => super::feed::count(text).map(Some).ok_or(WRONG),
        Some(value) => number(value).map(Some).ok_or(WRONG),
    }
}

fn reactions(object: &Map<String, Value>) -> Result<Option<Reactions>, &'static str> {
    let told = match object.get("reactions") {
        Some(kinds @ Value::Object(_)) => reactions_of(kinds),
        _ => count(object, "reactions")?.map(|total| Reactions { total, emoji: Vec::new() }),
    };
    let shown = match object.get("emoji") {
        Some(kinds @ Value::Object(_)) => reactions_of(kinds),
        Some(Value::Array(list)) => {
            let symbols =
                list.iter().filter_map(Value::as_str).map(str::trim).filter(|symbol| !symbol.is_empty());
            let emoji = symbols.take(EMOJI).map(|symbol| Emoji { symbol: symbol.to_owned(), count: None });
            Some(Reactions { total: 0, emoji: emoji.collect() })
        }
        _ => None,
    };
    Ok(match (told, shown) {
        (Some(told), Some(shown)) if told.emoji.is_empty() => Some(Reactions { total: told.total, ..shown }),
        (None, Some(shown)) => Some(shown).filter(|shown| shown.total > 0),
        (told, _) => told,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_post_with_its_counts() {
        let text = "\u{feff}{\"id\": 7, \"title\": \"<b>첫</b> 글\", \"url\": \"/7\", \"author\": \"봄이\", \
                    \"published_at\": \"2026-11-23 09:00\", \"html\": \"<p>본문<script>x</script></p>\", \
                    \"reactions\": \"1,204\", \"comments\": 2, \"emoji\": [\"👍\", \"🤩\"]}\r\n\n\
                    {\"title\": \"둘째 글\", \"body\": \"글자\", \"published_at\": \"2026-11-24\", \"emoji\": {\"👍\": 3}}\n";
        let base = Url::parse("https://blog.example.com/list.jsonl").expect("an address");
        let page = parse(text, Some(&base)).expect("posts");
        assert!(page.notes.is_empty() && !page.gaps && !page.window);
        let titles: Vec<&str> = page.posts.iter().map(|post| post.title.as_str()).collect();
        assert_eq!(titles, ["둘째 글", "첫 글"], "by date");
        let first = &page.posts[1];
        assert_eq!(first.external_id.as_deref(), Some("7"));
        assert_eq!(first.url.as_deref(), Some("https://blog.example.com/7"));
        assert_eq!((first.body.as_str(), first.author.as_deref()), ("본문", Some("봄이")));
        assert_eq!((first.reactions.total, first.reactions.emoji.len(), first.comments), (1204, 2, 2));
        assert_eq!((page.posts[0].reactions.total, page.posts[0].untold.comments), (3, true));
    }

    #[test]
    fn a_wrong_line_is_named_and_loses_nothing_else() {
        let lines =
            ["{\"title\": \"가\"}", "{\"title\": ", "[1]", "{\"title\": \"나\", \"comments\": -1}", "{}"];
        let page = parse(&lines.join("\n"), None).expect("a post");
        assert_eq!((page.posts.len(), page.gaps), (1, true));
        let begins = ["2행", "3행", "4행", "5행"];
        assert_eq!(page.notes.len(), 4);
        assert!(page.notes.iter().zip(begins).all(|(note, line)| note.starts_with(line)), "{:?}", page.notes);
    }

    #[test]
    fn what_holds_no_post_is_refused_with_its_first_line() {
        assert_eq!(parse(" \n\n", None), Err(JsonlError::Empty));
        let error = parse("\n<html>\n", None).expect_err("no post");
        assert_eq!(
            error.to_string(),
            "2행: JSON으로 읽을 수 없어요. 한 줄에 글 하나씩, `{\"title\": …}` 꼴의 JSON이어야 해요"
        );
        assert!(parse(&"[".repeat(100_000), None).is_err());
    }
}
