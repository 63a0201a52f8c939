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

/// A body as long as bodies mostly are.
fn long(n: usize) -> String {
    format!("{n}번째 이야기예요. 아침에는 개천을 따라 걸었고 저녁에는 그 길을 지도에 옮겨 그렸어요. ")
        .repeat(3)
        .trim()
        .to_owned()
}

/// Three usual posts and then `rest`, in which each `L` on a line of its own is a long body.
fn after_three(rest: &str) -> Result<FetchedPage, PageTextError> {
    let usual: String = (1..4).map(|n| format!("글 {n}\n{}\n여름볕\n", long(n))).collect();
    let rest: Vec<String> =
        rest.lines().map(|line| if line == "L" { long(9) } else { line.to_owned() }).collect();
    parse(&format!("블로그\n소개\n{usual}{}", rest.join("\n")))
}

#[test]
fn odd_but_sound_posts_are_read() {
    let cases = [
        ("1984\nL\n손님", "1984/손님/0//0"),
        ("3\n1984\nL\n손님", "1984/손님/0//0"),
        ("7\n👍\n2\n10\nL\n여름볕", "10/여름볕/0//0"),
        ("007\nL\n여름볕\n1", "007/여름볕/1//0"),
        ("❤️\nL\n여름볕\n❤️\n2", "❤️/여름볕/0/❤️/2"),
        ("10k\nL\n여름볕", "10k/여름볕/0//0"),
        ("글 1\nL\n여름볕\n2", "글 1/여름볕/2//0"),
        ("여름볕\nL\n여름볕", "여름볕/여름볕/0//0"),
        ("마지막\n👍 좋아요\n여름볕\n👍\u{FEFF} \u{200B}❤️\n1\u{200B}2", "마지막/여름볕/0/👍 ❤️/12"),
        ("마지막\nL\n여\u{202E}름볕\u{200F}", "마지막/여름볕/0//0"),
        ("\u{3164}\n마지막\nL\n\u{3164}\n여름볕\n0", "마지막/여름볕/0//0"),
    ];
    for (rest, wanted) in cases {
        let page = after_three(rest).unwrap_or_else(|error| panic!("{rest:?}: {error}"));
        assert_eq!(shown(&page).lines().last(), Some(wanted), "{rest:?}");
        assert!(!page.cut_off, "{rest:?}");
    }
}

#[test]
fn what_could_be_meant_in_two_ways_is_refused_at_its_line() {
    let cases = [
        ("27\n본문이 빠진 글\n여름볕\n다음 글\nL\n여름볕", "12행 `27`: 앞 글의 댓글 수인지"),
        ("👍\n1.2만\n다음 글\nL\n여름볕", "13행 `1.2만`: 줄여 쓴 수"),
        ("1.2만\n다음 글\nL\n여름볕", "12행 `1.2만`: 줄여 쓴 수"),
        ("100+", "12행 `100+`: 줄여 쓴 수"),
        ("👍\n3k", "13행 `3k`: 줄여 쓴 수"),
        ("👍\n다음 글\nL\n여름볕", "12행 `👍`: 여기서부터"),
        ("끼어든 줄\n👍\n5\n다음 글\nL\n여름볕", "12행 `끼어든 줄`: 여기서부터"),
        ("다음 글\n여름볕\n그다음 글\nL\n여름볕", "여기서부터"),
        ("다음 글\nL\nL\n여름볕", "여기서부터"),
        ("99999999999999999999\n다음 글\nL\n여름볕", "12행 `99999999999999999999`: 수가"),
    ];
    for (rest, wanted) in cases {
        let error = after_three(rest).expect_err(rest).to_string();
        assert!(error.contains(wanted), "{rest:?}: {error}");
    }
}

#[test]
fn a_number_read_as_a_title_and_a_missing_description_are_told() {
    let page = after_three("1984\nL\n여름볕").expect("sound");
    assert_eq!(page.notes, ["12행 `1984`: 댓글 수가 아니라 글 제목으로 읽었어요."]);
    let many = "5\nL\n여름볕\n".repeat(8);
    assert_eq!(after_three(&many).expect("sound").notes.len(), 7);
    let page = parse(&format!("블로그\n글 1\n{}\n봄\n글 2\n{}\n봄", long(1), long(2))).expect("sound");
    assert_eq!(page.notes, ["2행을 블로그 소개가 아니라 첫 글의 제목으로 읽었어요."]);
}

#[test]
fn on_a_short_page_with_a_line_too_few_no_sentence_becomes_an_author() {
    let posts = [
        ["봄 강가", "오늘은 강가를 걸었습니다. 바람이 찼어요.", "보미", "3", "👍", "12"],
        ["커피 내리기", "물은 아흔 도가 좋습니다. 천천히 부으세요.", "보미", "", "👍❤️", "7"],
        ["이사 가는 날", "짐을 다 쌌습니다!", "보미", "1", "", ""],
        ["1984", "다시 읽어도 무섭네요.", "보미", "", "😂", "2"],
    ];
    for count in 1..=posts.len() {
        let lines: Vec<&str> = ["봄의 기록", "걷고 내리고 씁니다."]
            .into_iter()
            .chain(posts.iter().take(count).flatten().copied().filter(|line| !line.is_empty()))
            .collect();
        assert_eq!(parse(&lines.join("\n")).expect("sound").posts.len(), count);
        for lacking in 0..lines.len() {
            let page = [&lines[..lacking], &lines[lacking + 1..]].concat().join("\n");
            let Ok(page) = parse(&page) else { continue };
            let authors: Vec<&str> = page.posts.iter().filter_map(|post| post.author.as_deref()).collect();
            assert!(authors.iter().all(|author| *author == "보미"), "{count}, {lacking}: {page:?}");
        }
    }
}

#[test]
fn a_guest_whose_name_ends_as_a_sentence_does_is_an_author() {
    for guest in ["손님이에요!", "봄날.", "오늘도 걷는다."] {
        let page = parse(&format!("블로그\n소개\n글\n{}\n{guest}\n3\n", long(1))).expect("sound");
        assert_eq!(page.posts[0].author.as_deref(), Some(guest));
    }
    let page = after_three("다녀감\n짧게 남겨요\n손님이에요!\n2").expect("sound");
    assert_eq!(page.posts[3].author.as_deref(), Some("손님이에요!"));
}

#[test]
fn a_title_that_comes_back_every_week_is_no_author() {
    let posts: String =
        (0..6).map(|n| format!("주간 기록\n{}\n손님 {n}\n👍\n{}\n", long(n), n + 1)).collect();
    for cut in ["", "주간 기록", "주간 기록\n아직 다 못"] {
        let page = parse(&format!("블로그\n소개\n{posts}{cut}")).expect("sound");
        assert_eq!((page.posts.len(), page.cut_off), (6, !cut.is_empty()));
        assert!(page.posts.iter().all(|post| post.title == "주간 기록"));
    }
}

#[test]
fn a_count_that_may_be_the_title_of_a_post_cut_off_is_not_kept() {
    let page = after_three("1984\n짧은 본문이에요\n손").expect("sound");
    assert!(page.cut_off);
    assert_eq!(page.posts.len(), 2, "the post above is left out with it");
    assert!(page.posts.iter().all(|post| post.comments == 0));
}

#[test]
fn bodies_are_composed_and_a_page_of_carriage_returns_is_read() {
    let page = parse("블로그\r소개\r글\r\u{1100}\u{1161} 몸\r봄\r3").expect("sound");
    assert_eq!((page.posts[0].body.as_str(), page.posts[0].comments), ("가 몸", 3));
}

#[test]
fn other_formats_are_told_by_name() {
    for (page, wanted) in [
        ("<div>\n<p>가</p>\n<p>나</p>\n<p>다</p>\n</div>", "HTML"),
        ("<!-- 글 -->\n<ul>\n<li>가</li>\n<li>나</li>\n</ul>", "HTML"),
        ("\u{FEFF}<?xml version=\"1.0\"?>\n<rss>\n<channel>\n", "HTML"),
        ("[\n{\"title\": \"가\"},\n{\"title\": \"나\"}\n]", "JSON"),
        ("{\"posts\": []}", "JSON"),
    ] {
        assert!(parse(page).expect_err(page).to_string().contains(wanted), "{page}");
    }
    assert!(parse("<T> 블로그\n소개\n가\n본문\n봄\n").is_ok());
    assert!(parse("[일상] 블로그\n소개\n가\n본문\n봄\n").is_ok());
}

#[test]
fn a_line_over_the_limit_is_refused() {
    let page = format!("블로그\n소개\n글\n{}\n봄\n", "가".repeat(LINE_LIMIT / 3 + 1));
    assert_eq!(parse(&page), Err(PageTextError::Long { line: 4 }));
}

#[test]
fn posts_beyond_the_most_are_left_for_what_they_are_and_none_has_gone() {
    let posts: String = (0..POSTS + 50).map(|n| format!("{n}번\nㄱ\n봄\n1\n")).collect();
    let page = parse(&format!("블로그\n소개\n{posts}")).expect("posts");
    assert_eq!((page.posts.len(), page.gaps), (POSTS, true));
    assert!(page.notes.iter().any(|note| note.contains("너무 많아")), "{:?}", page.notes);
}

proptest! {
    #[test]
    fn a_page_cut_anywhere_gives_no_post_it_did_not_hold(
        counts in prop::collection::vec((prop::option::of(1u64..40), prop::option::of(1u64..40)), 2..6),
        at in 0usize..10_000,
    ) {
        let posts: Vec<_> = counts.iter().zip(1..).map(|((c, r), n)| (format!("글 {n}"), long(n), *c, *r)).collect();
        let page = dumped(&posts);
        // From the end of the second post on, the author is known and a half name is seen for what it is.
        let from = dumped(&posts[..2]).len();
        let mut end = from + at % (page.len() - from + 1);
        while !page.is_char_boundary(end) {
            end += 1;
        }
        let read = parse(&page[..end]).expect("a cut is no fault");
        let whole: Vec<_> = posts.iter().map(|post| (&post.0, &post.1)).collect();
        let given: Vec<_> = read.posts.iter().map(|post| (&post.title, &post.body)).collect();
        prop_assert_eq!(&given[..], &whole[..given.len()]);
        // The last post's counts may have been cut; those of the others are whole.
        for (post, (.., comments, reactions)) in read.posts.iter().zip(&posts).take(given.len().saturating_sub(1)) {
            prop_assert_eq!((post.comments, post.reactions.total), (comments.unwrap_or(0), reactions.unwrap_or(0)));
        }
    }
}
