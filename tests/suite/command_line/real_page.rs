//! The real page through the built binary, where it is at hand: nothing of its text stands here, lines by number only.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::system::{System, moabom};

fn page() -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed/haebom-page.txt");
    let text = fs::read_to_string(path).ok();
    if text.is_none() {
        println!("left out: the real page is not at hand");
    }
    text
}

/// A system that has read the page.
fn reading(page: &str) -> System {
    let system = System::new(1, 1);
    fs::write(system.path("page.txt"), page).expect("written");
    let report = system.json(&["ingest", "--json"]);
    assert_eq!((&report[0]["first"], &report[0]["listed"]), (&true.into(), &35.into()));
    system
}

fn sum(posts: &Value, key: &str) -> u64 {
    posts.as_array().into_iter().flatten().filter_map(|post| post[key].as_u64()).sum()
}

#[test]
fn the_real_page_gives_its_numbers_and_again_nothing() {
    let Some(page) = page() else { return };
    let system = reading(&page);
    let posts = system.json(&["posts", "list", "--json"]);
    let numbers = (posts.as_array().map(Vec::len), sum(&posts, "comments"), sum(&posts, "reactions"));
    assert_eq!(numbers, (Some(35), 31, 54));
    let emoji: Vec<&Value> = posts.as_array().into_iter().flatten().map(|post| &post["emoji"]).collect();
    assert!(
        emoji.contains(&&json!(["👍", "🤩", "😍", "😘"])) && emoji.contains(&&json!(["❤️"])),
        "{emoji:?}"
    );
    let top = system.json(&["posts", "top", "--limit", "5", "--json"]);
    let best: Vec<Option<u64>> =
        top.as_array().into_iter().flatten().map(|post| post["reactions"].as_u64()).collect();
    assert_eq!(best[..4], [Some(5); 4]);
    assert!(best[4] < Some(5));
    let counts = |post: &Value| (post["reactions"].as_u64(), post["comments"].as_u64());
    let led: Vec<_> = top.as_array().into_iter().flatten().map(counts).collect();
    assert!(led.is_sorted_by(|one, next| one >= next), "{led:?}");

    let again = system.json(&["ingest", "--json"]);
    for key in ["new", "retitled", "edited", "observed", "missing", "returned"] {
        assert_eq!(again[0][key], json!([]), "{key}");
    }
    assert_eq!(system.json(&["posts", "list", "--json"]), posts);
    let why = system.json(&["preview", "--format", "json"]);
    let of = |list: &Value| list.as_array().map_or(0, Vec::len);
    let chosen: usize = why["sections"].as_array().into_iter().flatten().map(|one| of(&one["posts"])).sum();
    assert_eq!(chosen + of(&why["left_out"]), 35);
    system.verify();
}

#[test]
fn a_changed_copy_of_the_real_page_gives_exactly_its_differences() {
    let Some(page) = page() else { return };
    let system = reading(&page);
    let mut lines: Vec<&str> = page.lines().collect();
    let (commented, liked, both) = (lines[5], lines[13], lines[21]);
    assert_eq!((lines[8], lines[17], lines[24], lines[26]), ("3", "2", "1", "5"), "the page as it was");
    (lines[8], lines[17], lines[24], lines[26]) = ("4", "1", "2", "7");
    let retitled = std::mem::replace(&mut lines[27], "이름을 바꾼 글");
    let removed = lines[43];
    let author = lines[4];
    lines.drain(43..46);
    let body = "아무도 쓴 적 없는 새 글의 본문이에요. 여기에만 있는 문장이고, 다른 글과 닮은 데가 없어요.";
    for line in [author, body, "새로 쓴 글"] {
        lines.insert(2, line);
    }
    fs::write(system.path("page.txt"), lines.join("\n") + "\n").expect("written");
    let report = system.json(&["ingest", "--json"]);
    let change = |title: &str, reactions: (u64, u64), comments: (u64, u64)| {
        json!({
            "title": title,
            "reactions": {"before": reactions.0, "now": reactions.1},
            "comments": {"before": comments.0, "now": comments.1},
        })
    };
    let expected = json!([{
        "source": "blog", "first": false, "listed": 35, "new": ["새로 쓴 글"],
        "retitled": [{"before": retitled, "now": "이름을 바꾼 글"}], "edited": [],
        "observed": [
            change(commented, (0, 0), (3, 4)), change(liked, (2, 1), (0, 0)), change(both, (5, 7), (1, 2)),
        ],
        "missing": [removed], "returned": [], "notes": [],
    }]);
    assert_eq!(report, expected);
    let posts = system.json(&["posts", "list", "--json", "--all"]);
    assert_eq!(posts.as_array().map(Vec::len), Some(36));
    assert_eq!(posts[0]["title"], "새로 쓴 글");
    system.verify();
}

#[test]
fn the_demo_sends_the_real_page_without_repeating_a_post() {
    let Some(page) = page() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("page.txt"), &page).expect("written");
    let arguments = ["demo", "--once", "--source", "page.txt", "--out", "mails"];
    let output = moabom(folder.path(), &arguments).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    super::three_alike(&folder.path().join("mails"));
    let shown = reading(&page).json(&["preview", "--format", "json"]);
    let mut seen = std::collections::BTreeSet::new();
    for section in shown["sections"].as_array().into_iter().flatten() {
        for post in section["posts"].as_array().into_iter().flatten() {
            assert!(seen.insert(post["id"].as_i64()), "{post} stands twice");
        }
    }
    assert!(seen.len() > 5, "{shown}");
}
