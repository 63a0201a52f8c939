//! Feeds of every format, as they should be and as they are, and what a window on the newest posts means for what is kept.

mod formats;

use std::path::PathBuf;

use moabom::clock::Clock;
use moabom::ingest::{IngestError, Polled, poll, run_once};
use moabom::model::post::{Emoji, FetchedPost, Reactions, Untold};
use moabom::source::feed::{FeedError, parse};
use moabom::source::fetch::{FetchSettings, Validators};
use moabom::source::read::Reading;
use moabom::source::{FetchedPage, Location, SourceKind, SourceSettings, read};
use moabom::store::Store;
use url::Url;

use crate::ingest::{body, day};
use crate::support::site::Site;

fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/feeds")).join(name)
}

fn fixture(name: &str) -> FetchedPage {
    let text = std::fs::read_to_string(path(name)).expect("a fixture");
    parse(&text, Some(&at("https://elsewhere.example.com/feeds/feed"))).expect("a feed")
}

fn at(address: &str) -> Url {
    Url::parse(address).expect("an address")
}

fn titles(page: &FetchedPage) -> Vec<&str> {
    page.posts.iter().map(|post| post.title.as_str()).collect()
}

fn urls(page: &FetchedPage) -> Vec<Option<&str>> {
    page.posts.iter().map(|post| post.url.as_deref()).collect()
}

fn dates(page: &FetchedPage) -> Vec<String> {
    let date = |post: &FetchedPost| post.published_at.map_or_else(String::new, |at| at.to_rfc3339());
    page.posts.iter().map(date).collect()
}

fn file(name: &str) -> SourceSettings {
    source(Location::File(path(name)))
}

fn source(location: Location) -> SourceSettings {
    let poll = std::time::Duration::from_secs(1800);
    SourceSettings {
        name: "blog".to_owned(),
        kind: SourceKind::Feed,
        location,
        poll,
        allow_private: true,
        listing: None,
        alarm_after: poll,
    }
}

#[test]
fn an_rss_feed_gives_posts_with_their_comments_dates_and_texts() {
    let page = fixture("rss.xml");
    assert!(page.window && !page.cut_off);
    assert_eq!(page.notes, Vec::<String>::new());
    assert_eq!(page.title.as_deref(), Some("느린 오후의 기록"));
    assert_eq!(page.description.as_deref(), Some("산책과 책, 그리고 차 & 과자"));
    assert_eq!(
        titles(&page),
        [
            "가을에 읽은 책 & 차 한 잔",
            "굵은 제목과 Vec<T>",
            "제목 없는 짧은 글이에요. 오늘은 바람이 많이 불었어요."
        ]
    );
    assert_eq!(page.posts[0].body, "첫 문단이에요. 책을 세 권 읽었어요.\n둘째 문단이에요.");
    assert_eq!(page.posts[1].body, "이스케이프한 본문이에요.");
    let comments: Vec<u64> = page.posts.iter().map(|post| post.comments).collect();
    assert_eq!(comments, [12, 0, 1234]);
    let authors: Vec<Option<&str>> = page.posts.iter().map(|post| post.author.as_deref()).collect();
    assert_eq!(authors, [Some("봄이"), Some("편집자"), None]);
    assert_eq!(
        urls(&page),
        [
            Some("https://blog.example.com/posts/3?utm_source=rss"),
            Some("https://blog.example.com/posts/2"),
            Some("https://blog.example.com/posts/1")
        ]
    );
    assert_eq!(
        dates(&page),
        ["2026-11-23T00:00:00+00:00", "2026-11-20T09:30:00+00:00", "2026-11-19T01:00:00+00:00"]
    );
    assert_eq!(page.posts[0].external_id.as_deref(), Some("https://blog.example.com/?p=3"));
}

#[test]
fn an_atom_feed_gives_posts_by_its_types_bases_and_threads() {
    let page = fixture("atom.xml");
    assert_eq!(page.notes, Vec::<String>::new());
    assert_eq!(page.title.as_deref(), Some("밤의 <노트>"));
    assert_eq!(titles(&page), ["C++의 vector<int> 이야기", "두 번째"]);
    assert_eq!(page.posts[0].body, "첫 & 둘째 a < b\n끝");
    assert_eq!(page.posts[1].body, "요약이에요.");
    assert_eq!((page.posts[0].comments, page.posts[1].comments), (7, 2));
    assert_eq!(page.posts[0].author.as_deref(), Some("밤이"));
    assert_eq!(page.posts[1].author.as_deref(), Some("손님"));
    let addresses = ["https://blog.example.com/notes/3.html", "https://blog.example.com/notes/2.html"];
    assert_eq!(urls(&page), addresses.map(Some));
    assert_eq!(page.posts[0].external_id.as_deref(), Some("tag:blog.example.com,2026:3"));
    assert_eq!(dates(&page)[0], "2026-11-22T03:00:00+00:00");
}

#[test]
fn a_json_feed_gives_posts_with_the_counts_of_its_extensions() {
    let page = fixture("feed.json");
    assert_eq!(page.title.as_deref(), Some("JSON으로 쓰는 일기"));
    assert_eq!(titles(&page), ["둘째 날", "첫날 <진짜>"]);
    assert_eq!(page.posts[1].body, "첫날이에요. 1 < 2\n둘째 줄");
    let emoji = |symbol: &str, count| Emoji { symbol: symbol.to_owned(), count: Some(count) };
    assert_eq!(page.posts[0].reactions.total, 7);
    assert_eq!(page.posts[0].reactions.emoji, [emoji("👍", 5), emoji("❤️", 2)]);
    assert_eq!(page.posts[1].reactions, Reactions { total: 9, emoji: vec![] });
    assert_eq!((page.posts[0].comments, page.posts[1].comments), (3, 1));
    assert_eq!(page.posts[0].external_id.as_deref(), Some("2"));
    assert_eq!(urls(&page), [Some("https://json.example.com/2"), Some("https://json.example.com/1")]);
    assert_eq!(page.posts[0].author.as_deref(), Some("제이"));
}

#[test]
fn the_old_formats_are_read_as_well() {
    let page = fixture("rdf.xml");
    assert_eq!(titles(&page), ["나중 글", "먼저 글"]);
    assert_eq!(page.title.as_deref(), Some("오래된 블로그"));
    assert_eq!((page.posts[0].comments, page.posts[0].author.as_deref()), (2, Some("옛날")));
    assert_eq!(page.posts[0].external_id.as_deref(), Some("https://old.example.com/b"));
    assert_eq!(dates(&page)[0], "2026-11-22T00:00:00+00:00");
    let page = fixture("old-rss.xml");
    assert_eq!(titles(&page), ["둘", "하나"]);
    assert_eq!(page.posts[1].external_id, None);
}

#[test]
fn missing_dates_leave_the_feeds_own_order() {
    let page = fixture("undated.xml");
    assert_eq!(titles(&page), ["셋", "둘", "하나"]);
    assert!(page.posts.iter().all(|post| post.published_at.is_none()));
}

#[test]
fn a_feed_that_begins_with_its_oldest_post_is_turned_around() {
    let item =
        |n: u32| format!("<item><title>글 {n}</title><pubDate>{n:02} Nov 2026 09:00 KST</pubDate></item>");
    let text = format!("<rss><channel>{}{}{}</channel></rss>", item(1), item(2), item(3));
    assert_eq!(titles(&parse(&text, None).expect("a feed")), ["글 3", "글 2", "글 1"]);
}

#[test]
fn ids_that_different_posts_share_are_not_believed() {
    let page = fixture("duplicate-ids.xml");
    assert_eq!(titles(&page), ["셋", "둘", "하나", "하나"]);
    let ids: Vec<Option<&str>> = page.posts.iter().map(|post| post.external_id.as_deref()).collect();
    assert_eq!(ids, [None, None, Some("one"), Some("one")]);
    assert!(page.notes[0].contains("같은 id"), "{:?}", page.notes);
    let folder = tempfile::tempdir().expect("a directory");
    let store = Store::open(&folder.path().join("moabom.db"), day(0)).expect("a store");
    let report = run_once(&store, "blog", page, day(0)).expect("kept");
    assert_eq!(report.new, ["셋", "둘", "하나"]);
}

#[test]
fn hostile_html_leaves_plain_text_and_no_link_that_runs() {
    let page = fixture("hostile.xml");
    assert_eq!(page.posts[0].body, "읽을 글이어서");
    assert_eq!(page.posts[0].url, None);
    assert_eq!(page.posts[1].title, "뒤집기 drowssap 끝");
    for post in &page.posts {
        let url = post.url.as_deref().unwrap_or_default();
        assert!(url.is_empty() || url.starts_with("https://"), "{url}");
        for text in [&post.body, &post.title] {
            assert!(!text.contains("onerror") && !text.contains("steal"), "{text}");
        }
    }
}

#[test]
fn malformed_xml_is_read_as_far_as_it_can_be_understood() {
    let page = fixture("malformed.xml");
    assert_eq!(titles(&page), ["책 & 차 사이", "둘째 제목", "셋째 제목"]);
    assert_eq!(page.posts[0].comments, 3);
    assert_eq!(page.posts[0].body, "닫히지 않은 본문 굵게");
    assert_eq!(page.posts[1].body, "1 < 2 이고 AT&T 예요");
    assert!(dates(&page).iter().all(|date| date.ends_with("00:00:00+00:00")), "{:?}", dates(&page));
    let ids: Vec<Option<&str>> = page.posts.iter().map(|post| post.external_id.as_deref()).collect();
    assert_eq!(ids, [Some("three"), Some("two"), Some("one")]);
    assert!(page.notes.iter().any(|note| note.contains("고쳐 읽었어요")), "{:?}", page.notes);
}

#[test]
fn what_a_document_defines_is_never_expanded() {
    let page = fixture("bomb.xml");
    assert_eq!(page.posts[0].title, "&e;");
    assert_eq!(page.posts[0].body, "&f; 그리고 &e;&e;&e;");
}

#[test]
fn a_feed_that_breaks_off_gives_its_whole_posts_and_says_so() {
    let text = std::fs::read_to_string(path("rss.xml")).expect("a fixture");
    let third = text.rfind("<item>").expect("an item");
    for end in (third + 6..text.len() - 30).filter(|end| text.is_char_boundary(*end)) {
        let page = parse(&text[..end], None).expect("a feed");
        let whole = if text[..end].contains("1,234</s:comments>\n  </item") { 3 } else { 2 };
        assert_eq!(page.posts.len(), whole, "…{}", &text[third..end]);
        assert!(page.notes.iter().any(|note| note.contains("끊겨")), "{:?}", page.notes);
    }
    let first = text.find("<item>").expect("an item");
    assert_eq!(parse(&text[..first + 6], None), Err(FeedError::BrokenOff));
}

#[test]
fn what_is_no_feed_is_refused_with_what_to_do() {
    let said = |text: &str| parse(text, Some(&at("https://b.example.com/x"))).expect_err("refused");
    assert_eq!(said(" \n"), FeedError::Empty);
    assert_eq!(said("그냥 글이에요"), FeedError::NoFeed);
    assert_eq!(said("<!doctype html><html><body>찾는 글이 없어요</body></html>"), FeedError::Html);
    let page = "<html><head><link rel=alternate type=\"application/rss+xml\" href=\"/feed\"></head></html>";
    assert_eq!(said(page), FeedError::HtmlWithFeed("https://b.example.com/feed".to_owned()));
    assert_eq!(said("<urlset><url/></urlset>"), FeedError::Other("urlset".to_owned()));
    assert_eq!(said("{\"error\": 404}"), FeedError::NoFeed);
    assert_eq!(said("{\"items\": [\n{\"id\": \"1\""), FeedError::Json { line: 2, cut: true });
    assert_eq!(said("<rss><channel><item><title>반"), FeedError::BrokenOff);
    let page = parse("<rss><channel><title>빈 블로그</title></channel></rss>", None).expect("a feed");
    assert!(page.posts.is_empty());
    let warned = "<br />\n<b>Warning</b>: x\n<?xml version=\"1.0\"?><rss><channel><item><title>글</title></item></channel></rss>";
    assert_eq!(titles(&parse(warned, None).expect("a feed")), ["글"]);
}

#[test]
fn a_hundred_thousand_items_are_read_and_no_more() {
    let mut text = String::from("<rss><channel>");
    (0..100_050).for_each(|n| text.push_str(&format!("<item><title>글 {n}</title><guid>{n}</guid></item>")));
    text.push_str("</channel></rss>");
    let page = parse(&text, None).expect("a feed");
    assert_eq!(page.posts.len(), 100_000);
    assert!(page.notes[0].contains("너무 많아"), "{:?}", page.notes);
}

#[test]
fn no_shape_of_markup_costs_more_than_its_length() {
    let shapes = [
        "<a \"",
        "<a '",
        "<a \"<b '",
        "<!",
        "<![>",
        "<!\"",
        "<!--",
        "<![CDATA[",
        "<?",
        "</",
        "</a",
        "<a",
        "<a b=",
        "<script>",
        "&",
        "&#",
        "&amp",
        "<item>",
        "<title>",
        "<description>",
        "<x:y xmlns:z='w'>",
        "<item><title>",
        "]]>",
        "<a/><",
        "<pre>",
    ];
    for shape in shapes {
        let inner = shape.repeat(200_000 / shape.len());
        for text in [
            format!("<rss><channel><item><title>글</title><description>{inner}"),
            format!(
                "<rss><channel><item><title>글</title><description><![CDATA[{inner}]]></description></item></channel></rss>"
            ),
            format!("<rss><channel>{inner}</channel></rss>"),
            format!("<rss {inner}"),
        ] {
            // Whatever it is taken for, it comes to an end.
            let _ = parse(&text, None);
        }
    }
}

#[test]
fn a_korean_feed_in_cp949_is_read_whatever_the_server_says() {
    // The site answers on a thread of its own.
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let check = |source: &SourceSettings| {
        let (seen, settings) = (Validators::default(), FetchSettings::default());
        let (reading, _) = runtime.block_on(read::read(source, &seen, &settings)).expect("read");
        let Reading::Page(page, _) = reading else { panic!("unchanged") };
        assert_eq!(titles(&page), ["똠방각하와 펲시맨"]);
        assert_eq!(page.title.as_deref(), Some("옛날 한글 블로그"));
        assert_eq!(dates(&page), ["2026-11-22T00:00:00+00:00"]);
    };
    check(&file("cp949.xml"));
    for head in ["Content-Type: application/rss+xml\r\n", "Content-Type: text/xml; charset=ISO-8859-1\r\n"] {
        let bytes = std::fs::read(path("cp949.xml")).expect("a fixture");
        let site = runtime.block_on(Site::saying("200 OK", head, bytes));
        check(&source(site.at("/feed")));
    }
}

fn window(numbers: impl IntoIterator<Item = usize>) -> FetchedPage {
    let post = |n: usize| FetchedPost {
        external_id: Some(format!("id-{n}")),
        url: Some(format!("https://blog.example.com/{n}")),
        title: format!("글 {n}"),
        author: None,
        body: body(n),
        published_at: None,
        comments: 0,
        reactions: Reactions::default(),
        untold: Untold::default(),
    };
    FetchedPage { posts: numbers.into_iter().map(post).collect(), window: true, ..FetchedPage::default() }
}

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a directory");
    let store = Store::open(&folder.path().join("moabom.db"), day(0)).expect("a store");
    (folder, store)
}

#[test]
fn posts_that_fall_off_a_feeds_end_have_not_gone() {
    let (_folder, store) = store();
    run_once(&store, "blog", window((1..=10).rev()), day(0)).expect("kept");
    for newest in 11..=40 {
        let report =
            run_once(&store, "blog", window((newest - 9..=newest).rev()), day(newest as i64)).expect("kept");
        assert_eq!((report.new.len(), report.missing.len()), (1, 0), "{report:?}");
        assert_eq!(report.notes, Vec::<String>::new());
    }
    // All of it is new after a long absence: nothing old is taken for gone.
    let report = run_once(&store, "blog", window((91..=100).rev()), day(41)).expect("kept");
    assert_eq!((report.new.len(), report.missing.len()), (10, 0));
}

#[test]
fn a_post_that_is_deleted_from_within_a_feed_has_gone() {
    let (_folder, store) = store();
    run_once(&store, "blog", window((1..=10).rev()), day(0)).expect("kept");
    let report = run_once(&store, "blog", window((1..=11).rev().filter(|n| *n != 8)), day(1)).expect("kept");
    assert_eq!((report.new, report.missing), (vec!["글 11".to_owned()], vec!["글 8".to_owned()]));
}

#[test]
fn a_back_dated_post_that_slides_out_of_a_feed_has_not_gone() {
    let (_folder, store) = store();
    // Newest first by date; post 99 is written on day 10 and dated between the fifth and the sixth.
    let date = |n: usize| if n == 99 { day(5) + chrono::Duration::hours(12) } else { day(n as i64) };
    let dated = |numbers: &[usize]| {
        let mut page = window(numbers.iter().copied());
        page.posts.iter_mut().zip(numbers).for_each(|(post, n)| post.published_at = Some(date(*n)));
        page
    };
    run_once(&store, "blog", dated(&[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]), day(10)).expect("kept");
    run_once(&store, "blog", dated(&[10, 9, 8, 7, 6, 99, 5, 4, 3, 2]), day(11)).expect("kept");
    let report =
        run_once(&store, "blog", dated(&[16, 15, 14, 13, 12, 11, 10, 9, 8, 7]), day(16)).expect("kept");
    assert_eq!((report.new.len(), &report.missing), (6, &Vec::new()), "{report:?}");
    // One that goes from within is gone all the same.
    let report = run_once(&store, "blog", dated(&[17, 16, 15, 14, 12, 11, 10, 9, 8]), day(17)).expect("kept");
    assert_eq!(report.missing, ["글 13"]);
}

#[test]
fn an_old_post_that_an_edit_brings_back_makes_no_other_one_gone() {
    let (_folder, store) = store();
    run_once(&store, "blog", window((1..=30).rev()), day(0)).expect("kept");
    let report = run_once(&store, "blog", window((21..=30).rev()), day(1)).expect("kept");
    assert_eq!(report.missing, Vec::<String>::new());
    let report =
        run_once(&store, "blog", window([3].into_iter().chain((22..=30).rev())), day(2)).expect("kept");
    assert_eq!((report.new.len(), report.missing.len()), (0, 0), "{report:?}");
    let report = run_once(&store, "blog", window((23..=30).rev().chain([3, 2])), day(3)).expect("kept");
    assert_eq!((report.new.len(), report.missing.len()), (0, 0), "{report:?}");
}

#[test]
fn an_older_post_that_comes_into_view_is_no_new_one() {
    let (_folder, store) = store();
    run_once(&store, "blog", window((11..=20).rev()), day(0)).expect("kept");
    let report = run_once(&store, "blog", window((9..=20).rev()), day(1)).expect("kept");
    assert_eq!(report.missing, Vec::<String>::new());
    assert!(report.notes.iter().any(|note| note.contains("예전 글로 보고")), "{:?}", report.notes);
}

#[test]
fn a_feed_that_is_suddenly_empty_changes_nothing() {
    let (_folder, store) = store();
    run_once(&store, "blog", window((1..=10).rev()), day(0)).expect("kept");
    let failed = run_once(&store, "blog", window([]), day(1)).expect_err("not believed");
    assert!(matches!(failed, IngestError::Emptied { .. }));
}

#[tokio::test]
async fn marks_of_one_place_are_not_shown_to_another() {
    let (_folder, store) = store();
    let text = std::fs::read(path("rss.xml")).expect("a fixture");
    let head = "ETag: \"v1\"\r\nContent-Type: application/rss+xml\r\n";
    let first = Site::saying("200 OK", head, &text).await;
    let second = Site::saying("200 OK", head, &text).await;
    let clock = Clock::manual(day(0));
    let settings = FetchSettings::default();
    for place in
        [first.at("/feed"), first.at("/feed"), second.at("/feed"), second.at("/other"), second.at("/other")]
    {
        let polled = poll(&store, &source(place), &settings, &clock).await.expect("read");
        assert!(matches!(polled, Polled::Kept(_)));
    }
    let asked = |site: &Site| -> Vec<bool> {
        site.heard().iter().map(|head| head.to_lowercase().contains("if-none-match")).collect()
    };
    assert_eq!(asked(&first), [false, true]);
    assert_eq!(asked(&second), [false, false, true]);
}

#[tokio::test]
async fn a_feed_that_broke_off_is_asked_for_in_full_again() {
    let (_folder, store) = store();
    let text = std::fs::read(path("rss.xml")).expect("a fixture");
    let end = text.windows(7).rposition(|part| part == b"</item>").expect("items") - 20;
    let site =
        Site::saying("200 OK", "ETag: \"v1\"\r\nContent-Type: application/rss+xml\r\n", &text[..end]).await;
    let clock = Clock::manual(day(0));
    for _ in 0..2 {
        let polled = poll(&store, &source(site.at("/feed")), &FetchSettings::default(), &clock).await;
        assert!(matches!(polled, Ok(Polled::Kept(_))));
    }
    assert!(site.heard().iter().all(|head| !head.to_lowercase().contains("if-none-match")));
}
