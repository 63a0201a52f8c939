//! Pure: page dumps, sound and odd.

use proptest::prelude::*;

use super::*;

/// Posts as `title/author/comments/emoji/reactions`, one a line.
fn shown(page: &FetchedPage) -> String {
    let one = |post: &FetchedPost| {
        let emoji: Vec<&str> = post.reactions.emoji.iter().map(|one| one.symbol.as_str()).collect();
        let author = post.author.as_deref().unwrap_or("-");
        format!("{}/{author}/{}/{}/{}", post.title, post.comments, emoji.join(" "), post.reactions.total)
    };
    page.posts.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn read(posts: &str) -> String {
    match parse(&format!("블로그\n소개\n{posts}")) {
        Ok(page) => shown(&page) + if page.cut_off { "\n…" } else { "" },
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_combination_of_counts_is_read() {
    let page = "가\n본문 하나\n봄\n나\n본문 둘\n봄\n3\n다\n본문 셋\n봄\n👍\n5\n라\n본문 넷\n봄\n1\n👍🤩😍😘\n1,234\n";
    assert_eq!(read(page), "가/봄/0//0\n나/봄/3//0\n다/봄/0/👍/5\n라/봄/1/👍 🤩 😍 😘/1234");
}

#[test]
fn emoji_made_of_several_code_points_are_whole() {
    let page = "가\n본문\n봄\n❤️ 👨‍👩‍👧 🇰🇷 👍🏽 1️⃣\n7\n나\n본문\n봄\n";
    assert_eq!(read(page), "가/봄/0/❤️ 👨‍👩‍👧 🇰🇷 👍🏽 1️⃣/7\n나/봄/0//0");
}

#[test]
fn a_number_that_must_be_a_title_is_one() {
    let page = "가\n본문\n봄\n1984\n오웰을 다시 읽었다.\n봄\n2\n나\n본문\n봄\n3\n7\n일곱에 대하여.\n봄\n";
    assert_eq!(read(page), "가/봄/0//0\n1984/봄/2//0\n나/봄/3//0\n7/봄/0//0");
}

#[test]
fn a_number_alone_after_the_last_author_is_comments() {
    assert_eq!(read("가\n본문\n봄\n2024"), "가/봄/2024//0");
}

#[test]
fn numeric_bodies_and_emoji_titles_are_read() {
    let page = "가\n42\n봄\n🎉\n축하하는 글.\n봄\n👏\n3\n나\n본문\n봄\n";
    assert_eq!(read(page), "가/봄/0//0\n🎉/봄/0/👏/3\n나/봄/0//0");
}

#[test]
fn several_authors_may_write() {
    let page = "가\n본문\n봄\n1\n나\n본문\n가을\n다\n본문\n봄\n라\n본문\n가을\n👍\n2\n마\n본문\n손님\n";
    assert_eq!(read(page), "가/봄/1//0\n나/가을/0//0\n다/봄/0//0\n라/가을/0/👍/2\n마/손님/0//0");
}

#[test]
fn line_ends_marks_and_blanks_do_not_matter() {
    let page =
        "\u{FEFF}블로그\r\n소개\r\n\r\n 가 \r\n본문\r\n봄\u{200B}\r\n3\r\n\r\n\r\n나\r\n본문\r\n봄\r\n";
    assert_eq!(shown(&parse(page).expect("sound")), "가/봄/3//0\n나/봄/0//0");
}

#[test]
fn a_blank_line_may_stand_for_an_empty_body() {
    assert_eq!(read("가\n본문\n봄\n나\n\n봄\n2\n다\n본문\n봄\n"), "가/봄/0//0\n나/봄/2//0\n다/봄/0//0");
}

#[test]
fn a_page_without_description_is_read_and_titles_are_composed() {
    let page = "블로그\n\n\u{1100}\u{1161}\n본문\n봄\n나\n본문\n봄\n다\n본문\n봄\n";
    let page = parse(page).expect("sound");
    assert_eq!((shown(&page).as_str(), page.description), ("가/봄/0//0\n나/봄/0//0\n다/봄/0//0", None));
}

#[test]
fn equal_titles_are_both_kept_and_told_of() {
    let page = parse("블로그\n소개\n주간\n본문 하나\n봄\n주간\n본문 둘\n봄\n").expect("sound");
    assert_eq!(shown(&page), "주간/봄/0//0\n주간/봄/0//0");
    assert_eq!(page.notes, ["제목이 같은 글이 2편 있어요: 주간"]);
}

#[test]
fn a_page_cut_off_within_a_post_leaves_that_post_out() {
    let whole = "가\n본문\n여름볕\n1\n나\n본문\n여름볕\n";
    for rest in ["다", "다\n본문", "다\n본문\n여름", "다\n본문\n여름볕\n👍"] {
        assert_eq!(read(&format!("{whole}{rest}")), "가/여름볕/1//0\n나/여름볕/0//0\n…", "{rest}");
    }
    let page = parse(&format!("블로그\n소개\n{whole}다\n본문")).expect("sound");
    assert!(page.notes.iter().any(|note| note.contains("끊")), "{:?}", page.notes);
}

#[test]
fn what_cannot_be_a_page_is_refused_with_its_line() {
    let cases = [
        ("", "비어 있어요"),
        ("\n \n", "비어 있어요"),
        ("<!DOCTYPE html>\n<html>", "HTML"),
        ("블로그", "하나도 없어요"),
        ("블로그\n소개\n", "하나도 없어요"),
        ("블로그\n소개\n가\n본문\n봄\n👍\n99999999999999999999\n", "7행 `99999999999999999999`"),
    ];
    for (page, wanted) in cases {
        let error = parse(page).expect_err(page).to_string();
        assert!(error.contains(wanted), "{page:?}: {error}");
    }
}

#[test]
fn a_line_too_many_or_too_few_is_an_error_at_its_place() {
    let posts = |n: usize| (0..n).map(|n| format!("글 {n}\n본문 {n}이에요.\n봄\n")).collect::<String>();
    let extra = format!("{}끼어든 줄\n{}", posts(4), posts(4));
    assert!(read(&extra).contains("행 `"), "{}", read(&extra));
    let missing = format!("{}제목만 있는 글\n봄\n{}", posts(4), posts(4));
    assert!(read(&missing).contains("행 `"), "{}", read(&missing));
}

#[test]
fn the_real_page_is_read_whole() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/seed/haebom-page.txt");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("the real page is not here: left out");
        return;
    };
    let page = parse(&text).expect("sound");
    let comments: u64 = page.posts.iter().map(|post| post.comments).sum();
    let reactions: u64 = page.posts.iter().map(|post| post.reactions.total).sum();
    assert_eq!((page.posts.len(), comments, reactions), (35, 31, 54));
    assert_eq!(page.posts.iter().filter(|post| post.reactions.total == 5).count(), 4);
    let has = |symbols: &[&str]| {
        page.posts.iter().any(|post| {
            post.reactions.emoji.iter().map(|one| one.symbol.as_str()).eq(symbols.iter().copied())
        })
    };
    assert!(has(&["👍", "🤩", "😍", "😘"]) && has(&["❤️"]));
    assert!(page.notes.is_empty() && !page.cut_off && page.description.is_some());
}

fn dumped(posts: &[(String, String, Option<u64>, Option<u64>)]) -> String {
    let mut page = String::from("블로그\n소개\n");
    for (title, body, comments, reactions) in posts {
        page += &format!("{title}\n{body}\n여름볕\n");
        comments.iter().for_each(|count| page += &format!("{count}\n"));
        reactions.iter().for_each(|count| page += &format!("👍❤️\n{count}\n"));
    }
    page
}

proptest! {
    #[test]
    fn what_was_written_down_is_read_again(posts in prop::collection::vec(
        ("[가-힣]{2,12}|[0-9]{1,4}", "[가-힣]{3,20}( [가-힣]{2,9}){2,6}\\.", prop::option::of(0u64..500), prop::option::of(1u64..5_000)),
        2..30,
    )) {
        let page = parse(&dumped(&posts)).expect("sound");
        prop_assert_eq!(page.posts.len(), posts.len());
        for (post, (title, body, comments, reactions)) in page.posts.iter().zip(&posts) {
            prop_assert_eq!((&post.title, &post.body), (title, body));
            prop_assert_eq!((post.comments, post.reactions.total), (comments.unwrap_or(0), reactions.unwrap_or(0)));
        }
    }

    #[test]
    fn no_text_makes_it_panic(lines in prop::collection::vec("\\PC{0,12}|[0-9]{1,3}|봄|👍", 0..60)) {
        let _ = parse(&lines.join("\n"));
    }
}

#[test]
fn a_line_too_many_is_told_wherever_it_stands() {
    let page = include_str!("../../../tests/fixtures/broken/page.txt");
    let lines: Vec<&str> = page.lines().collect();
    assert!(parse(page).is_ok());
    for at in 2..lines.len() {
        for stray in ["끼어든 줄", lines[at]] {
            let numeric = stray.chars().all(|c| c.is_ascii_digit());
            let mut longer = lines.clone();
            longer.insert(at, stray);
            let read = parse(&longer.join("\n"));
            // A number twice at the end is a page that was cut off, and that is said.
            let cut = numeric && read.as_ref().is_ok_and(|page| page.cut_off);
            assert!(cut || matches!(read, Err(PageTextError::Shape { .. })), "{at} {stray}: {read:?}");
        }
    }
}
