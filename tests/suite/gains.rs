//! Three looks at a blog whose counts change, through the built binary: what ranks, what is not sent again, what is
//! dropped, and the reason told for each. On the real page where it is at hand, else on the demo's.

use std::fs;
use std::path::Path;

use moabom::model::post::FetchedPost;
use moabom::source::page_text::parse;
use serde_json::Value;

use crate::support::keeper::Keeper;
use crate::support::system::System;

fn blog() -> (String, Vec<FetchedPost>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed/haebom-page.txt");
    let text = fs::read_to_string(path).unwrap_or_else(|_| {
        println!("left out: the real page is not at hand; the demo's stands in");
        include_str!("../../src/demo/blog_2.txt").to_owned()
    });
    let head: Vec<&str> = text.lines().take(2).collect();
    (head.join("\n"), parse(&text).expect("a page").posts)
}

/// The page as the blog would list it.
pub fn listing(head: &str, posts: &[FetchedPost]) -> String {
    let mut page = format!("{head}\n");
    for post in posts {
        page += &format!("{}\n{}\n{}\n", post.title, post.body, post.author.as_deref().unwrap_or("글쓴이"));
        if post.comments > 0 {
            page += &format!("{}\n", post.comments);
        }
        if post.reactions.total > 0 {
            let emoji: String = post.reactions.emoji.iter().map(|one| one.symbol.as_str()).collect();
            let emoji = if emoji.is_empty() { "👍".to_owned() } else { emoji };
            page += &format!("{emoji}\n{}\n", post.reactions.total);
        }
    }
    page
}

fn look(system: &System, head: &str, posts: &[FetchedPost]) -> Value {
    fs::write(system.path("page.txt"), listing(head, posts)).expect("written");
    system.json(&["ingest", "--json"])
}

/// Title, score and reason of what a section holds.
fn section(preview: &Value, kind: &str) -> Vec<(String, f64, String)> {
    let sections = preview["sections"].as_array().expect("sections");
    let found = sections.iter().find(|one| one["kind"] == kind).map(|one| &one["posts"]);
    found.and_then(Value::as_array).into_iter().flatten().map(told).collect()
}

fn told(post: &Value) -> (String, f64, String) {
    let text = |key: &str| post[key].as_str().expect("a text").to_owned();
    (text("title"), post["score"].as_f64().expect("a score"), text("why"))
}

/// The formula of `select`, by hand: gains (reactions, comments) of all posts that gained, all seen first a moment ago.
fn by_hand(gains: &[(u32, u32)]) -> Vec<f64> {
    let raw = |&(r, c): &(u32, u32)| f64::from(1 + r).ln() + 0.3 * f64::from(1 + c).ln();
    let mean = gains.iter().map(raw).sum::<f64>() / gains.len() as f64;
    let shrunk = |gain: &(u32, u32)| {
        let (raw, n) = (raw(gain), f64::from(gain.0 + gain.1));
        raw.min(mean) + (raw - mean).max(0.0) * n / (n + 1.0)
    };
    gains.iter().map(|gain| shrunk(gain) / 2f64.sqrt()).collect()
}

#[test]
fn what_gained_leads_what_was_issued_stays_out_and_what_was_hidden_is_dropped() {
    let (head, mut posts) = blog();
    let keeper = Keeper::start(0);
    let system = System::new(keeper.port(), 1);
    let config = fs::read_to_string(system.path("moabom.toml")).expect("the configuration");
    let schedule = "schedule = \"0 9 * * MON\"";
    let sections = format!("{schedule}\nsections = {{ new = 2, top = 3 }}\ngrace = \"0s\"\nlook_back = 2");
    fs::write(system.path("moabom.toml"), config.replace(schedule, &sections)).expect("written");
    // The last of the page never come into the first edition; three of them are to gain.
    let (a, b, c) = (posts.len() - 1, posts.len() - 2, posts.len() - 3);
    for (at, reactions) in [(a, 0), (b, 1), (c, 3)] {
        posts[at].reactions.total = reactions;
        posts[at].reactions.emoji.clear();
        posts[at].comments = 0;
    }
    look(&system, &head, &posts);
    fs::write(system.path("people.csv"), "이메일,구독일\nreader@example.com,2026-10-01\n").expect("written");
    system.run(&["subscribers", "import", "people.csv"]);
    system.run(&["publish", "weekly"]);
    let first = system.json(&["preview", "--format", "json"]);
    let issued = posts[0].title.clone();

    // The second look: one reaction more. The third: the rest, and an issued post under another name.
    posts[a].reactions.total = 1;
    let seen = look(&system, &head, &posts);
    assert_eq!(seen[0]["observed"].as_array().map(Vec::len), Some(1));
    posts[a].reactions.total = 4;
    (posts[b].reactions.total, posts[b].comments) = (3, 1);
    posts[c].reactions.total = 4;
    posts[0].title = "이름만 바꾼 글".to_owned();
    let seen = look(&system, &head, &posts);
    assert_eq!(seen[0]["retitled"].as_array().map(Vec::len), Some(1), "{first}");
    let title = |at: usize| posts[at].title.trim().to_owned();

    let preview = system.json(&["preview", "--format", "json"]);
    let top = section(&preview, "top");
    let titles: Vec<&str> = top.iter().map(|(title, ..)| title.as_str()).collect();
    assert_eq!(titles, [title(a), title(b), title(c)], "by what was gained");
    let lifetime = system.json(&["posts", "top", "--limit", "100", "--json"]);
    let rank =
        |at: usize| lifetime.as_array().expect("a list").iter().position(|post| post["title"] == title(at));
    assert!(rank(c) < rank(b), "by lifetime the last one leads the second");
    for ((_, score, why), wanted) in top.iter().zip(by_hand(&[(4, 0), (2, 1), (1, 0)])) {
        assert!((score - wanted).abs() < 0.01, "{score} {wanted} {why}");
    }
    for (at, gain) in [(0, "반응 4"), (1, "반응 2"), (2, "반응 1")] {
        assert!(top[at].2.contains(gain), "{}", top[at].2);
    }
    let out: Vec<(String, f64, String)> =
        preview["left_out"].as_array().expect("a list").iter().map(told).collect();
    let (_, _, why) = out.iter().find(|(title, ..)| title == "이름만 바꾼 글").expect("judged");
    assert!(why.contains("제1호"), "{issued}: {why}");

    // Hidden after the edition was frozen, before a letter left.
    system.run(&["publish", "weekly"]);
    let rows = system.json(&["posts", "list", "--json"]);
    let id = rows.as_array().expect("posts").iter().find(|post| post["title"] == title(b)).expect("the post");
    system.run(&["posts", "hide", &id["id"].to_string()]);
    system.run(&["deliver"]);
    let copies = keeper.copies();
    let letters: Vec<String> = copies["reader@example.com"].iter().map(|bytes| text_of(bytes)).collect();
    let second = letters.iter().find(|letter| letter.contains("제2호")).expect("the second letter");
    assert!(second.contains(&title(a)) && second.contains(&title(c)), "{second}");
    assert!(!second.contains(&title(b)), "{second}");
    let preview = system.json(&["preview", "--format", "json"]);
    let out = preview["left_out"].as_array().expect("a list").iter().map(told);
    let (_, _, why) = out.into_iter().find(|(name, ..)| *name == title(b)).expect("judged");
    assert!(why.contains("숨"), "{why}");
    system.verify();
}

/// The text part, lines joined.
fn text_of(message: &[u8]) -> String {
    let parsed = mail_parser::MessageParser::default().parse(message).expect("a message");
    parsed.body_text(0).expect("a text").into_owned()
}
