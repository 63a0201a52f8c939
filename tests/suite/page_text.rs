//! The demo's blog at its two moments and the real page, through the reader of page dumps.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use moabom::demo::{PAGE_BEFORE, PAGE_NOW};
use moabom::korean::title::key;
use moabom::model::post::FetchedPost;
use moabom::source::FetchedPage;
use moabom::source::page_text::{PageTextError, parse};

fn read(text: &str) -> FetchedPage {
    let page = parse(text).unwrap();
    assert!(page.notes.is_empty() && !page.cut_off, "{:?}", page.notes);
    assert!(page.title.is_some() && page.description.is_some());
    page
}

fn by_key(page: &FetchedPage) -> HashMap<String, &FetchedPost> {
    let posts: HashMap<String, &FetchedPost> =
        page.posts.iter().map(|post| (key(&post.title), post)).collect();
    assert_eq!(posts.len(), page.posts.len(), "no two posts are known by the same title");
    posts
}

#[test]
fn the_demos_blog_grows_by_four_posts_on_top_and_keeps_the_others_as_they_are() {
    let (before, now) = (read(PAGE_BEFORE), read(PAGE_NOW));
    assert_eq!((before.posts.len(), now.posts.len()), (16, 20));
    assert_eq!((&before.title, &before.description), (&now.title, &now.description));
    let known = by_key(&before);
    let (new, old): (Vec<_>, Vec<_>) =
        now.posts.iter().partition(|post| !known.contains_key(&key(&post.title)));
    assert_eq!(new.len(), 4);
    assert!(new.iter().zip(&now.posts).all(|(one, top)| *one == top), "new posts stand on top");
    for (one, other) in old.iter().zip(&before.posts) {
        assert_eq!((&one.title, &one.body, &one.author), (&other.title, &other.body, &other.author));
        assert!(
            one.comments >= other.comments && one.reactions.total >= other.reactions.total,
            "{}",
            one.title
        );
    }
}

#[test]
fn the_demos_blog_has_one_winner_a_late_riser_and_posts_that_rest() {
    let (before, now) = (read(PAGE_BEFORE), read(PAGE_NOW));
    let known = by_key(&before);
    let mut gains: Vec<(u64, usize)> = (now.posts.iter().enumerate())
        .filter_map(|(at, post)| {
            known.get(&key(&post.title)).map(|old| (post.reactions.total - old.reactions.total, at))
        })
        .collect();
    gains.sort_unstable();
    let [.., (second, riser), (first, winner)] = gains.as_slice() else { panic!("{gains:?}") };
    assert!(*first > second + 3 && *winner < 10, "{gains:?}");
    assert!(*riser >= now.posts.len() / 2, "one of the old posts rises late: {gains:?}");
    assert!(gains.iter().filter(|(gain, _)| *gain == 0).count() >= 3);
    let symbols: Vec<&str> =
        now.posts.iter().flat_map(|post| &post.reactions.emoji).map(|one| one.symbol.as_str()).collect();
    assert!(symbols.contains(&"❤️") && symbols.contains(&"👍"));
}

#[test]
fn the_demos_posts_are_paragraphs_of_whole_sentences() {
    for post in read(PAGE_NOW).posts {
        let ends = post.body.matches(['.', '?', '!']).count();
        assert!(ends >= 3 && post.body.chars().count() > 100, "{}: {ends}", post.title);
        assert!(
            post.body.trim_end_matches(['"', '”', '’', ')']).ends_with(['.', '?', '!']),
            "{}",
            post.title
        );
    }
}

#[test]
fn a_line_taken_from_the_demos_blog_is_missed_wherever_it_counts() {
    let lines: Vec<&str> = PAGE_NOW.lines().collect();
    let whole = read(PAGE_NOW).posts;
    for at in 2..lines.len() {
        let mut shorter = lines.clone();
        let gone = shorter.remove(at);
        let count = gone.chars().all(|c| !c.is_alphabetic());
        match parse(&shorter.join("\n")) {
            Err(PageTextError::Shape { .. } | PageTextError::Doubt { .. }) => {}
            // A count that is not there cannot be missed, and reactions without their emoji look like comments;
            // any other difference has a note.
            Ok(page) if page.notes.is_empty() => {
                assert!(count && page.posts.len() == whole.len(), "{at} {gone}");
                let same = |(one, other): (&FetchedPost, &FetchedPost)| {
                    (&one.title, &one.body) == (&other.title, &other.body)
                };
                assert!(page.posts.iter().zip(&whole).all(same), "{at} {gone}");
            }
            Ok(_) => {}
            Err(other) => panic!("{at} {gone}: {other}"),
        }
    }
}

#[test]
fn four_posts_of_the_real_page_lead_with_five_reactions() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed/haebom-page.txt");
    let Ok(text) = fs::read_to_string(path) else {
        println!("left out: the real page is not at hand");
        return;
    };
    let mut posts = read(&text).posts;
    let sums = posts.iter().fold((0, 0), |(c, r), post| (c + post.comments, r + post.reactions.total));
    assert_eq!((posts.len(), sums), (35, (31, 54)));
    posts.sort_by_key(|post| std::cmp::Reverse((post.reactions.total, post.comments)));
    let totals: Vec<u64> = posts.iter().take(5).map(|post| post.reactions.total).collect();
    assert_eq!(totals, [5, 5, 5, 5, 4]);
    assert!(posts.iter().flat_map(|post| &post.reactions.emoji).all(|one| one.count.is_none()));
}
