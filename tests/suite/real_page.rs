//! The real page this was built for, where it is at hand: its numbers, and every single difference to a copy of it.

use std::fs;
use std::path::Path;

use moabom::model::post::FetchedPost;
use moabom::source::page_text::parse;
use moabom::store::posts::{PostFilter, PostOrder};

use super::ingest::{World, body, day, post};

/// The page's posts, newest first.
fn posts() -> Option<Vec<FetchedPost>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed/haebom-page.txt");
    let Ok(text) = fs::read_to_string(path) else {
        println!("left out: the real page is not at hand");
        return None;
    };
    Some(parse(&text).unwrap().posts)
}

#[test]
fn the_real_page_gives_its_numbers_and_the_best_received_lead() {
    let Some(posts) = posts() else { return };
    let world = World::new();
    world.ingest(posts.clone(), day(0));
    let kept = world.posts();
    let comments: u64 = kept.iter().map(|post| post.comments).sum();
    let reactions: u64 = kept.iter().map(|post| post.reactions.total).sum();
    assert_eq!((kept.len(), comments, reactions), (35, 31, 54));
    let filter = PostFilter { limit: Some(5), ..PostFilter::default() };
    let top = world.store.read(|ledger| ledger.posts(&filter, PostOrder::Reactions)).unwrap();
    let best: Vec<u64> = top.iter().map(|post| post.reactions.total).collect();
    assert_eq!(best[..4], [5, 5, 5, 5]);
    assert!(best[4] < 5);
    assert!(world.ingest(posts, day(1)).is_unchanged());
    world.check(day(1));
}

#[test]
fn any_post_of_the_real_page_may_be_retitled_beside_a_new_and_a_removed_one() {
    let Some(posts) = posts() else { return };
    for at in 0..posts.len() {
        let mut copy = posts.clone();
        let removed = (at + 1) % posts.len();
        copy[at].title = format!("이름을 바꾼 글 {at}");
        copy[at].body = copy[at].body.replacen("니다. ", "니다! ", 2);
        copy[(at + 3) % posts.len()].comments += 1;
        let gone = copy.remove(removed).title;
        copy.insert(0, post("새로 쓴 글", &body(at)));
        let world = World::new();
        world.ingest(posts.clone(), day(0));
        let report = world.ingest(copy, day(1));
        assert_eq!(report.retitled, [(posts[at].title.clone(), format!("이름을 바꾼 글 {at}"))]);
        assert_eq!((report.new, report.missing), (vec!["새로 쓴 글".to_owned()], vec![gone]));
        assert_eq!((report.observed.len(), report.edited.len(), report.returned.len()), (1, 0, 0));
        world.check(day(1));
    }
}
