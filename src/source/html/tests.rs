//! Pure: tests of reading listing pages.

use super::*;

fn parse(text: &str, location: Option<&Url>, listing: &Listing) -> Result<ListingPage, HtmlError> {
    super::parse(text, location, listing, &|| true)
}

const PAGE: &str = r##"<!doctype html><html><head><title>느린 오후 &amp; 기록</title></head><body>
<ul class="list">
  <li class="post"><a class="link" href="/21"><strong class="tit">가을에 <em>읽은</em> 책</strong></a>
    <p class="dsc">세 권을 읽었어요.<br>둘째 줄이에요.</p><span class="date">2026. 11. 20.</span>
    <span class="like">♥ 1,204</span><span class="cmt">댓글 3</span><span class="emo">👍🤩 👍</span></li>
  <li class="post"><a class="link" href="20?utm_source=x"><strong class="tit">비 오는 날</strong></a>
    <time datetime="2026-11-18T09:00:00+09:00">사흘 전</time></li>
  <li class="post"><a class="link" href="javascript:alert(1)"></a></li>
</ul><a class="next" href="?page=2">다음</a></body></html>"##;

fn listing() -> Listing {
    let pick = |text: &str| Some(Pick::parse(text).expect("a selector"));
    Listing {
        item: "li.post".to_owned(),
        title: pick(".tit"),
        link: pick("a.link@href"),
        date: pick(".date, time"),
        excerpt: pick(".dsc"),
        reactions: pick(".like"),
        comments: pick(".cmt"),
        emoji: pick(".emo"),
        next: pick("a.next"),
        pages: 2,
        ..Listing::default()
    }
}

fn at() -> Url {
    Url::parse("https://blog.example.com/archive/list").expect("an address")
}

#[test]
fn a_listing_gives_posts_with_links_dates_and_counts() {
    let read = parse(PAGE, Some(&at()), &listing()).expect("posts");
    let [first, second] = &read.page.posts[..] else { panic!("{:?}", read.page) };
    assert_eq!(first.title, "가을에 읽은 책");
    assert_eq!(first.url.as_deref(), Some("https://blog.example.com/21"));
    assert_eq!(first.body, "세 권을 읽었어요.\n둘째 줄이에요.");
    assert_eq!((first.reactions.total, first.comments, first.reactions.emoji.len()), (1204, 3, 2));
    assert_eq!(first.published_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-11-19T15:00:00+00:00"));
    assert_eq!(second.url.as_deref(), Some("https://blog.example.com/archive/20?utm_source=x"));
    assert_eq!(second.published_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-11-18T00:00:00+00:00"));
    assert_eq!(second.untold, Untold { comments: true, reactions: true });
    assert_eq!(read.page.title.as_deref(), Some("느린 오후 & 기록"));
    assert_eq!(read.page.notes, ["제목이 없는 칸 1개는 건너뛰었어요."]);
    assert_eq!(read.next.map(String::from).as_deref(), Some("https://blog.example.com/archive/list?page=2"));
    assert!(read.page.window);
}

#[test]
fn a_base_of_the_page_goes_before_its_address() {
    let page = PAGE.replace("<head>", "<head><base href='/b/'>");
    let read = parse(&page, Some(&at()), &listing()).expect("posts");
    assert_eq!(read.page.posts[1].url.as_deref(), Some("https://blog.example.com/b/20?utm_source=x"));
}

#[test]
fn a_page_without_posts_says_which_selector_found_nothing() {
    let none = parse("<p>점검 중이에요</p>", None, &listing());
    assert_eq!(none, Err(HtmlError::NoItem("li.post".to_owned())));
    let untitled = Listing { title: Pick::parse(".no").ok(), link: None, excerpt: None, ..listing() };
    assert_eq!(parse(PAGE, None, &untitled), Err(HtmlError::NoTitle(3)));
    assert_eq!(parse(" \n", None, &listing()), Err(HtmlError::Empty));
    assert_eq!(parse(&"<div>".repeat(100_000), None, &listing()), Err(HtmlError::TooLarge));
}

#[test]
fn a_pick_is_a_selector_and_perhaps_an_attribute() {
    let pick = |text: &str| Pick::parse(text).map(|pick| (pick.selector, pick.attribute));
    assert_eq!(pick("a.b > c"), Ok(("a.b > c".to_owned(), None)));
    assert_eq!(pick("a @data-URL"), Ok(("a".to_owned(), Some("data-url".to_owned()))));
    assert_eq!(pick("@href"), Ok((String::new(), Some("href".to_owned()))));
    assert_eq!(pick("a[href*=\"@x\"]"), Ok(("a[href*=\"@x\"]".to_owned(), None)));
    for wrong in ["", "a[", "@", ">>", "a@"] {
        assert!(pick(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_preset_is_made_of_selectors() {
    for (name, preset) in PRESETS {
        assert!(Reader::new(&preset.listing()).is_ok(), "{name}");
    }
}

#[test]
fn hostile_text_of_a_listing_stays_text() {
    let page = "<li class=post><b class=tit>&lt;script&gt;alert(1)&lt;/script&gt;<script>x</script></b><a class=link href='data:text/html,x'>";
    let read = parse(page, Some(&at()), &listing()).expect("posts");
    assert_eq!(
        (read.page.posts[0].title.as_str(), &read.page.posts[0].url),
        ("<script>alert(1)</script>", &None)
    );
}
