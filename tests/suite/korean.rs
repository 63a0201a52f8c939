//! Effect: excerpts and summaries of the real page, where it lies beside the repository.

use moabom::korean::{excerpt, summary, width};

/// Title and body of each post of the page dump; none where the page is not here.
fn real_posts() -> Vec<(String, String)> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed/haebom-page.txt");
    let Ok(page) = std::fs::read_to_string(path) else {
        println!("left out: the real page is not here");
        return Vec::new();
    };
    let lines: Vec<&str> = page.lines().skip(2).collect();
    let posts = lines.windows(3).filter_map(|window| match window {
        [title, body, "Haebom"] if body.chars().count() > 100 => {
            Some(((*title).to_owned(), (*body).to_owned()))
        }
        _ => None,
    });
    posts.collect()
}

#[test]
fn the_real_page_gives_whole_sentences_without_greetings_or_addresses() {
    let ended = |text: &str| text.ends_with(['.', '?', '!', '…', ')', '"']);
    for (title, body) in real_posts() {
        let excerpt = excerpt::excerpt(&body, &title, 160);
        let summary = summary::lead(&body, &title, 3);
        println!("# {title}\n{excerpt}\n  - {}", summary.join("\n  - "));
        assert!(width::of(&excerpt) <= 160 && ended(&excerpt), "{excerpt}");
        assert!(
            (1..=3).contains(&summary.len()) && summary.iter().all(|sentence| ended(sentence)),
            "{summary:?}"
        );
        for text in summary.iter().chain([&excerpt]) {
            assert!(!text.contains("://") && !text.starts_with("안녕"), "{text}");
        }
    }
}
