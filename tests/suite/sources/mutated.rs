//! Sound texts with some of it broken at random: whatever comes, each reader comes to an end and keeps its bounds.

use moabom::source::html::Preset;
use moabom::source::{FetchedPage, feed, html, jsonl, page_text};
use proptest::prelude::*;
use url::Url;

/// Sound texts of every kind that is read.
fn sound() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/");
    let read = |name: &str| {
        String::from_utf8_lossy(&std::fs::read(format!("{folder}{name}")).expect("a fixture")).into_owned()
    };
    let mut texts: Vec<String> = [
        "feeds/rss.xml",
        "feeds/atom.xml",
        "feeds/rdf.xml",
        "feeds/feed.json",
        "feeds/malformed.xml",
        "feeds/hostile.xml",
        "listings/tistory-badges.html",
        "listings/naver-table.html",
        "listings/velog-drawn.html",
    ]
    .map(read)
    .into();
    texts.push(include_str!("../../../src/demo/blog_1.txt").to_owned());
    texts.push(
        "{\"id\": 1, \"title\": \"글\", \"url\": \"/1\", \"html\": \"<p>본문\", \"reactions\": {\"👍\": 3}}\n{\"title\": \"둘\", \"emoji\": [\"👍\"]}"
            .to_owned(),
    );
    texts
}

/// Pieces that markup, numbers and dates stumble over.
const PIECES: &[&str] = &[
    "<",
    ">",
    "</",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "&",
    "&#x110000;",
    "\"",
    "'",
    "{",
    "[",
    "}",
    ":",
    ",",
    "\\u",
    "\\",
    "<item>",
    "</item>",
    "<div>",
    "<b>",
    "<table>",
    "<svg><title>",
    "<template>",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "\u{301}",
    "👨‍👩‍👧",
    "99999999999999999999",
    "-1",
    "1e400",
    "\n\n",
    "2026-02-30T25:61:61Z",
    "Mon, 99 Foo 99999",
    "xml:base='::'",
];

#[derive(Clone, Debug)]
enum Break {
    Cut(usize),
    Put(usize, usize),
    Drop(usize, usize),
    Again(usize, usize, usize),
}

fn breaks() -> impl Strategy<Value = Vec<Break>> {
    let one = prop_oneof![
        any::<usize>().prop_map(Break::Cut),
        (any::<usize>(), 0..PIECES.len()).prop_map(|(at, piece)| Break::Put(at, piece)),
        (any::<usize>(), 1..200_usize).prop_map(|(at, length)| Break::Drop(at, length)),
        (any::<usize>(), 1..300_usize, 1..20_usize)
            .prop_map(|(at, length, times)| Break::Again(at, length, times)),
    ];
    prop::collection::vec(one, 1..8)
}

fn broken(text: &str, breaks: &[Break]) -> String {
    let mut text = text.to_owned();
    for one in breaks {
        let place = |at: usize| text.floor_char_boundary(at % (text.len() + 1));
        match *one {
            // Seldom, or little is left to break.
            Break::Cut(at) => text.truncate(text.floor_char_boundary(place(at).max(text.len() / 2))),
            Break::Put(at, piece) => text.insert_str(place(at), PIECES[piece]),
            Break::Drop(at, length) => {
                let from = place(at);
                let to = text.ceil_char_boundary((from + length).min(text.len()));
                text.replace_range(from..to, "");
            }
            Break::Again(at, length, times) => {
                let from = place(at);
                let to = text.ceil_char_boundary((from + length).min(text.len()));
                let again = text[from..to].repeat(times);
                text.insert_str(to, &again);
            }
        }
        text.truncate(text.floor_char_boundary(200_000));
    }
    text
}

fn sane(page: &FetchedPage, length: usize) -> Result<(), TestCaseError> {
    let bodies: usize = page.posts.iter().map(|post| post.body.len()).sum();
    prop_assert!(bodies <= 4 * length + 1_000, "{} bytes of {}", bodies, length);
    for post in &page.posts {
        prop_assert!(!post.title.is_empty() || page.posts.len() == 1 || post.body.is_empty(), "{:?}", post);
        prop_assert!(!post.title.contains(['\n', '\r']), "{:?}", post.title);
        let web = |url: &str| url.starts_with("http://") || url.starts_with("https://");
        prop_assert!(post.url.as_deref().is_none_or(web), "{:?}", post.url);
        prop_assert!(i64::try_from(post.comments).is_ok() && i64::try_from(post.reactions.total).is_ok());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(
        std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(96)
    ) })]

    #[test]
    fn broken_texts_are_read_or_refused_and_nothing_else(which in any::<prop::sample::Index>(), breaks in breaks()) {
        let texts = sound();
        let text = broken(which.get::<String>(&texts), &breaks);
        let at = Url::parse("https://blog.example.com/a/b").expect("an address");
        if let Ok(page) = feed::parse(&text, Some(&at)) {
            sane(&page, text.len())?;
        }
        if let Ok(page) = jsonl::parse(&text, Some(&at)) {
            sane(&page, text.len())?;
        }
        if let Ok(page) = page_text::parse(&text) {
            sane(&page, text.len())?;
        }
        for preset in [Preset::Tistory, Preset::Naver, Preset::Velog] {
            if let Ok(read) = html::parse(&text, Some(&at), &preset.listing(), &|| true) {
                sane(&read.page, text.len())?;
            }
        }
    }
}
