//! A blog at another address: its posts are the known ones, with their history, and nothing else is taken for one.

use chrono::Duration;
use moabom::clock::Instant;
use moabom::ingest::{Report, run_once};
use moabom::model::post::FetchedPost;
use moabom::source::FetchedPage;
use moabom::store::posts::Move;
use rusqlite::Connection;

use crate::ingest::{World, body, counted, day, page, post};

/// A post at `url`, which is its id too, as most feeds have it.
fn at(url: &str, title: &str, summary: &str) -> FetchedPost {
    FetchedPost { external_id: Some(url.to_owned()), url: Some(url.to_owned()), ..post(title, summary) }
}

fn dated(post: FetchedPost, published_at: Instant) -> FetchedPost {
    FetchedPost { published_at: Some(published_at), ..post }
}

/// Posts `numbers` of a blog below `root`, the newest first: short summaries, no dates.
fn posts_at(root: &str, numbers: std::ops::RangeInclusive<usize>) -> Vec<FetchedPost> {
    numbers.rev().map(|n| at(&format!("{root}/{n}"), &format!("글 {n}"), &format!("{n}번째 글"))).collect()
}

/// A feed's page: its newest posts.
fn window(world: &World, posts: Vec<FetchedPost>, now: Instant) -> Report {
    let report = run_once(&world.store, "blog", FetchedPage { window: true, ..page(posts) }, now).unwrap();
    world.check(now);
    report
}

fn urls_by_id(world: &World) -> Vec<(i64, String)> {
    let db = Connection::open(world.store.path()).unwrap();
    let mut rows = db.prepare("SELECT id, url FROM posts ORDER BY id").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

const OLD: &str = "https://me.tistory.com";
const NEW: &str = "https://blog.example.com";

#[test]
fn posts_at_a_new_host_keep_their_history_and_take_the_new_address() {
    let world = World::new();
    let mut posts = posts_at(OLD, 1..=12);
    posts[0] = counted(posts[0].clone(), &["👍"], 3, 1);
    world.ingest(posts, day(0));
    let before = world.id_of("글 12");
    // Its feed shows ten, and writes the summaries anew.
    let mut moved = posts_at(NEW, 4..=13);
    for post in &mut moved {
        post.body.push_str(" (이어서 읽기)");
    }
    moved[1] = counted(moved[1].clone(), &["👍"], 5, 1);
    let report = window(&world, moved.clone(), day(1));
    assert_eq!((report.new, report.missing), (vec!["글 13".to_owned()], vec![]));
    assert_eq!(report.observed[0].reactions, (3, 5));
    assert_eq!(world.id_of("글 12"), before);
    let urls = urls_by_id(&world);
    assert_eq!(urls.len(), 13);
    assert_eq!(urls.iter().filter(|(_, url)| url.starts_with(NEW)).count(), 10, "{urls:?}");
    assert!(window(&world, moved, day(2)).is_unchanged(), "known by the new address");
}

#[test]
fn a_blog_of_one_post_may_move_too() {
    let world = World::new();
    world.ingest(posts_at(OLD, 1..=1), day(0));
    assert!(world.ingest(posts_at(NEW, 1..=1), day(1)).new.is_empty());
    world.check(day(1));
}

#[test]
fn older_posts_that_come_back_after_the_move_are_known_by_their_dates() {
    let world = World::new();
    let on = |posts: Vec<FetchedPost>| -> Vec<FetchedPost> {
        let published =
            |post: &FetchedPost| day(-90) + Duration::hours(post.title[4..].trim().parse().unwrap());
        posts
            .into_iter()
            .map(|post| {
                let on = published(&post);
                dated(post, on)
            })
            .collect()
    };
    world.ingest(on(posts_at(OLD, 1..=20)), day(0));
    window(&world, on(posts_at(NEW, 11..=20)), day(1));
    let mut edited = on(posts_at(NEW, 5..=5));
    edited[0].body = "고쳐 쓴 글".to_owned();
    edited.extend(on(posts_at(NEW, 12..=20)));
    let report = window(&world, edited, day(2));
    assert_eq!((report.new.len(), report.edited), (0, vec!["글 5".to_owned()]));
    // Another post of that title under that number is not it.
    let mut other = posts_at(NEW, 4..=4);
    other[0] = dated(other[0].clone(), day(2));
    other[0].body = "다른 이야기".to_owned();
    other.extend(on(posts_at(NEW, 13..=20)));
    assert_eq!(window(&world, other, day(3)).new, ["글 4"]);
}

#[test]
fn a_part_of_the_page_that_moves_is_known_by_title_text_and_date() {
    let world = World::new();
    let diary =
        |url: &str, n: i64| dated(at(url, "주간 일기", "이번 주에 있었던 일을 적습니다."), day(n * 7 - 70));
    world.ingest((1..=9).rev().map(|n| diary(&format!("{OLD}/{n}"), n)).collect(), day(0));
    // Other paths, and one post still stands where it stood.
    let moved = |n: i64| diary(&format!("{NEW}/diary/week-{n}"), n);
    let mut posts = vec![moved(10)];
    posts.extend((5..=9).rev().map(moved));
    posts.push(diary(&format!("{OLD}/4"), 4));
    let report = window(&world, posts.clone(), day(1));
    assert_eq!(report.new.len(), 1, "{report:?}");
    assert_eq!(urls_by_id(&world).len(), 10);
    assert!(window(&world, posts, day(2)).is_unchanged());
}

#[test]
fn the_name_in_an_address_of_velog_and_naver_belongs_to_the_blog() {
    for (old, new) in [
        ("https://velog.io/@me", "https://blog.example.com"),
        ("https://velog.io/@me", "https://velog.io/@haebom"),
        ("https://blog.naver.com/me", "https://m.blog.naver.com/haebom"),
        ("http://me.github.io", "https://www.example.com"),
    ] {
        let world = World::new();
        world.ingest(posts_at(old, 1..=4), day(0));
        let mut posts = posts_at(new, 1..=5);
        for post in &mut posts {
            post.body = format!("새로 쓴 소개: {}", post.title);
        }
        assert_eq!(world.ingest(posts, day(1)).new, ["글 5"], "{old} {new}");
        world.check(day(1));
    }
}

#[test]
fn equal_titles_elsewhere_are_other_posts() {
    let world = World::new();
    let first = |root: &str, summary: &str| at(&format!("{root}/1"), "첫 글", summary);
    // A reader of several blogs: each has a first post.
    world.ingest([posts_at(OLD, 2..=6), vec![first(OLD, "여기 첫 글")]].concat(), day(0));
    let posts = [vec![first(NEW, "저기 첫 글")], posts_at(OLD, 2..=6)].concat();
    assert_eq!(window(&world, posts, day(1)).new, ["첫 글"], "the old host is still there");
    // One blog that calls all its posts the same.
    let world = World::new();
    let diary = |n: usize, summary: &str| at(&format!("{OLD}/{n}"), "주간 일기", summary);
    let listed = |numbers: std::ops::RangeInclusive<usize>, summary: &str| {
        numbers.rev().map(|n| diary(n, summary)).collect::<Vec<_>>()
    };
    world.ingest(listed(1..=5, "이번 주에 있었던 일을 적습니다."), day(0));
    let report = window(&world, listed(6..=10, "이번 주에 있었던 일을 적습니다."), day(1));
    assert_eq!(report.new.len(), 5, "{report:?}");
    // Nor are its posts one because they begin alike at length.
    for numbered in [|post, n: usize| dated(post, day(n as i64)), |post, _| post] {
        let world = World::new();
        let listed = |numbers: std::ops::RangeInclusive<usize>| {
            numbers.rev().map(|n| numbered(diary(n, &body(3)), n)).collect::<Vec<_>>()
        };
        world.ingest(listed(1..=5), day(0));
        assert_eq!(window(&world, listed(4..=7), day(1)).new.len(), 2);
    }
}

#[test]
fn equal_titles_and_paths_are_other_posts_where_dates_or_texts_contradict() {
    let (a, b) = ("https://a.tistory.com/1", "https://b.tistory.com/1");
    let cases = [
        (
            "other dates",
            dated(at(a, "첫 글", "반가워요"), day(-900)),
            dated(at(b, "첫 글", "어서 오세요"), day(0)),
        ),
        ("no dates", at(a, "첫 글", &body(1)), at(b, "첫 글", &body(2))),
        ("one date", at(a, "첫 글", &body(1)), dated(at(b, "첫 글", &body(2)), day(0))),
    ];
    for (case, kept, seen) in cases {
        let world = World::new();
        window(&world, vec![kept], day(0));
        assert_eq!(window(&world, vec![seen], day(1)).new, ["첫 글"], "{case}");
    }
    // Several blogs of which others are listed now.
    let world = World::new();
    let one = |url: &str, title: &str, summary: &str, on| dated(at(url, title, summary), day(on));
    let spring = [
        one("https://c.tistory.com/4", "봄", "나", -8),
        one("https://a.tistory.com/10", "3월 회고", "가", -9),
    ];
    window(&world, spring.to_vec(), day(0));
    let summer = [
        one("https://d.tistory.com/5", "여름", "라", 1),
        one("https://b.tistory.com/10", "3월 회고", "다른 사람의 회고", 1),
    ];
    assert_eq!(window(&world, summer.to_vec(), day(2)).new, ["여름", "3월 회고"]);
}

#[test]
fn a_moved_post_keeps_its_date_or_its_text() {
    let (a, b) = ("https://a.tistory.com/1", "https://b.tistory.com/1");
    let cases = [
        (
            "same text",
            dated(at(a, "첫 글", "반가워요"), day(-900)),
            dated(at(b, "첫 글", "반가워요"), day(0)),
        ),
        ("same date", dated(at(a, "첫 글", &body(1)), day(-9)), dated(at(b, "첫 글", &body(2)), day(-9))),
        (
            "same day in another zone",
            dated(at(a, "첫 글", "반가워요"), day(-9)),
            dated(at(b, "첫 글", "어서 오세요"), day(-9) + Duration::hours(9)),
        ),
    ];
    for (case, kept, seen) in cases {
        let world = World::new();
        window(&world, vec![kept], day(0));
        assert!(window(&world, vec![seen], day(1)).new.is_empty(), "{case}");
    }
    // Of a whole blog without dates, summaries may be cut elsewhere.
    let world = World::new();
    let cut = |root: &str, chars: usize| -> Vec<FetchedPost> {
        let summary = |n: usize| body(n).chars().take(chars).collect::<String>();
        (1..=3).rev().map(|n| at(&format!("{root}/{n}"), &format!("글 {n}"), &summary(n))).collect()
    };
    window(&world, cut(OLD, 150), day(0));
    assert!(window(&world, cut(NEW, 100), day(1)).new.is_empty());
}

#[test]
fn a_long_post_that_was_posted_again_is_the_same() {
    let world = World::new();
    let long = |path: &str, on: i64| dated(at(&format!("{OLD}/{path}"), "긴 글", &body(3)), day(on));
    world.ingest([posts_at(OLD, 1..=3), vec![long("12", -5)]].concat(), day(0));
    let posts = [vec![long("15", 0)], posts_at(OLD, 1..=3)].concat();
    assert!(window(&world, posts, day(1)).new.is_empty());
}

#[test]
fn of_two_that_might_be_it_neither_is_taken() {
    let world = World::new();
    let one = |root: &str| at(&format!("{root}/1"), "첫 글", "처음 씁니다");
    world.ingest(vec![one("https://a.example"), one("https://b.example")], day(0));
    assert_eq!(world.ingest(vec![one("https://c.example")], day(1)).new, ["첫 글"]);
    world.check(day(1));
}

/// Former addresses kept, each with the one that it leads to.
fn former(world: &World) -> Vec<(String, String)> {
    let db = Connection::open(world.store.path()).unwrap();
    let mut rows =
        db.prepare("SELECT substr(key, 7) FROM meta WHERE key LIKE 'moved:%' ORDER BY key").unwrap();
    let keys: Vec<String> = rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let moved = world.store.read(|ledger| ledger.moved_posts()).unwrap();
    let pair = |key: String| {
        let now = moved.now(&key).to_owned();
        (key, now)
    };
    keys.into_iter().map(pair).collect()
}

#[test]
fn links_that_change_at_each_reading_leave_few_former_addresses() {
    let numbered = |n: u32, url: &str| {
        let named = at(url, &format!("글 {n}"), &format!("{n}번째 글"));
        FetchedPost { external_id: Some(format!("guid-{n}")), ..named }
    };
    type Link = fn(u32, i64) -> String;
    let links: [(Link, usize); 3] = [
        (|n, reading| format!("https://a.example/{n}?sid={reading}x{n}"), 0),
        (|n, reading| format!("https://a.example/?p={n}&sid={reading}"), 5),
        (|n, reading| format!("https://a.example/{reading}/{n}"), 5),
    ];
    for (link, most) in links {
        let world = World::new();
        for reading in 0..6 {
            let posts = (1..=5).rev().map(|n| numbered(n, &link(n, reading))).collect();
            window(&world, posts, day(reading));
        }
        assert_eq!(former(&world).len(), most, "{}", link(1, 0));
    }
}

#[test]
fn a_former_address_leads_to_the_one_of_now_from_each_site_that_a_post_left() {
    let world = World::new();
    let posts = |links: [&str; 2]| -> Vec<FetchedPost> {
        let post = |(n, url): (usize, &&str)| FetchedPost {
            external_id: Some(format!("guid-{n}")),
            ..at(url, &format!("글 {n}"), &format!("{n}번째 글"))
        };
        links.iter().enumerate().map(post).collect()
    };
    let lead = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    for (reading, links) in (0..).zip([
        ["https://a.example/1", "https://a.example/2"],
        ["https://b.example/1", "https://b.example/2"],
        ["https://b.example/2", "https://b.example/1"],
    ]) {
        window(&world, posts(links), day(reading));
    }
    // The two changed places: neither's own is a former address of the other.
    assert_eq!(former(&world), [lead("a.example/1", "b.example/2"), lead("a.example/2", "b.example/1")]);
    window(&world, posts(["https://b.example/first?s=1", "https://c.example/2"]), day(3));
    window(&world, posts(["https://b.example/first?s=2", "https://a.example/2"]), day(4));
    assert_eq!(
        former(&world),
        [
            lead("a.example/1", "b.example/first?s=2"),
            lead("b.example/1", "a.example/2"),
            lead("b.example/2", "b.example/first?s=2"),
            lead("c.example/2", "a.example/2"),
        ]
    );
}

#[test]
fn of_too_many_former_addresses_the_oldest_go_first() {
    let world = World::new();
    let moved = |numbers: std::ops::Range<u32>| -> Vec<Move> {
        let one = |n: u32| Move { from: format!("a.example/{n}"), to: format!("b.example/{n}"), kept: true };
        numbers.map(one).collect()
    };
    world.store.write(move |ledger| ledger.posts_moved(&moved(0..10), day(0))).unwrap();
    world.store.write(move |ledger| ledger.posts_moved(&moved(10..10_005), day(1))).unwrap();
    let left = former(&world);
    assert_eq!(left.len(), 10_000);
    let first: Vec<&str> =
        left.iter().map(|(from, _)| from.as_str()).filter(|from| from.len() == 11).collect();
    assert_eq!(first.len(), 5, "of the ten of the first day: {first:?}");
}
