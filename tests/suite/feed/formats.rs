//! Every format of feed, as servers send it, through the fetch and the reader into the store.

use moabom::clock::Clock;
use moabom::ingest::{Polled, poll};
use moabom::source::fetch::FetchSettings;
use moabom::store::posts::{ListedPost, PostFilter, PostOrder};

use super::{path, source, store};
use crate::ingest::day;
use crate::support::site::Site;

/// What is kept of these bytes; addresses without the site's own.
async fn kept(head: &str, body: impl AsRef<[u8]>) -> Vec<ListedPost> {
    let (_folder, store) = store();
    let site = Site::saying("200 OK", head, body).await;
    let (own, clock) = (source(site.at("/blog/feed")), Clock::manual(day(0)));
    for _ in 0..2 {
        let polled = poll(&store, &own, &FetchSettings::default(), &clock).await.expect("read");
        assert!(matches!(polled, Polled::Kept(_)));
    }
    let mut posts =
        store.read(|ledger| ledger.posts(&PostFilter::default(), PostOrder::Newest)).expect("rows");
    for url in posts.iter_mut().filter_map(|post| post.url.as_mut()) {
        *url = url.replace(&format!("http://127.0.0.1:{}", site.port), "");
    }
    posts
}

/// `title | address`, newest first.
async fn lines(head: &str, body: impl AsRef<[u8]>) -> Vec<String> {
    let line = |post: ListedPost| format!("{} | {}", post.title, post.url.unwrap_or_default());
    kept(head, body).await.into_iter().map(line).collect()
}

#[tokio::test]
async fn the_feeds_of_every_format_reach_the_store_once() {
    for (name, kind, titles) in [
        ("rss.xml", "application/rss+xml", 3),
        ("atom.xml", "application/atom+xml; charset=utf-8", 2),
        ("feed.json", "application/feed+json", 2),
        ("rdf.xml", "application/rdf+xml", 2),
        ("old-rss.xml", "text/xml", 2),
        ("undated.xml", "application/xml", 3),
        ("malformed.xml", "text/html", 3),
        ("cp949.xml", "text/xml; charset=utf-8", 1),
    ] {
        let bytes = std::fs::read(path(name)).expect("a fixture");
        assert_eq!(kept(&format!("Content-Type: {kind}\r\n"), bytes).await.len(), titles, "{name}");
    }
}

#[tokio::test]
async fn netscapes_first_format_is_read() {
    let feed = "<?xml version='1.0'?><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' \
                xmlns='http://my.netscape.com/rdf/simple/0.9/'><channel><title>첫 형식</title><link>http://old.example.com/</link>\
                </channel><image><title>그림</title></image><item><title>둘</title><link>http://old.example.com/2</link></item>\
                <item><title>하나</title><link>http://old.example.com/1</link></item></rdf:RDF>";
    assert_eq!(lines("", feed).await, ["둘 | http://old.example.com/2", "하나 | http://old.example.com/1"]);
}

#[tokio::test]
async fn namespaces_are_known_by_what_they_are_and_not_by_their_prefix() {
    let atom = "<a:feed xmlns:a='http://www.w3.org/2005/Atom' xmlns:h='http://www.w3.org/1999/xhtml'><a:title>노트</a:title>\
                <a:entry><a:id>1</a:id><a:title>글</a:title><a:link href='1.html'/><a:content type='xhtml'><h:div><h:p>첫 줄</h:p>\
                <h:p>둘째 줄</h:p></h:div></a:content></a:entry></a:feed>";
    let posts = kept("", atom).await;
    assert_eq!((posts[0].title.as_str(), posts[0].url.as_deref()), ("글", Some("/blog/1.html")));
    let rss = "<rss version='2.0' xmlns:c='http://purl.org/rss/1.0/modules/content/' xmlns:s='http://purl.org/rss/1.0/modules/slash/' \
               xmlns:d='http://purl.org/dc/elements/1.1/' xmlns:content='urn:other'><channel><item><guid>1</guid><title>글</title>\
               <d:creator>봄이</d:creator><s:comments>4</s:comments><content:encoded>아님</content:encoded><c:encoded><![CDATA[<p>본문</p>]]></c:encoded></item></channel></rss>";
    let posts = kept("", rss).await;
    assert_eq!((posts[0].comments, posts[0].author.as_deref()), (4, Some("봄이")));
}

#[tokio::test]
async fn addresses_are_relative_to_what_the_feed_the_entry_or_the_server_says() {
    let entry = |base: &str| {
        format!("<entry {base}><id>x</id><title>글</title><link rel='alternate' href='b.html'/></entry>")
    };
    let feed = |base: &str, entry: String| {
        format!("<feed xmlns='http://www.w3.org/2005/Atom' {base}>{entry}</feed>")
    };
    for (feed, address) in [
        (feed("", entry("")), "/blog/b.html"),
        (feed("xml:base='/notes/'", entry("")), "/notes/b.html"),
        (feed("xml:base='/notes/'", entry("xml:base='2026/'")), "/notes/2026/b.html"),
        (feed("", entry("xml:base='https://a.example/x/'")), "https://a.example/x/b.html"),
    ] {
        assert_eq!(lines("", &feed).await, [format!("글 | {address}")], "{feed}");
    }
    let rss = "<rss><channel><link>https://b.example/</link><item><title>글</title><link> /3 </link></item></channel></rss>";
    assert_eq!(lines("", rss).await, ["글 | https://b.example/3"]);
}

#[tokio::test]
async fn an_id_is_an_address_only_where_it_says_so() {
    let rss = "<rss><channel><item><guid>https://b.example/2</guid><title>둘</title></item>\
               <item><guid isPermaLink='false'>https://b.example/1</guid><title>하나</title></item></channel></rss>";
    assert_eq!(lines("", rss).await, ["둘 | https://b.example/2", "하나 | "]);
}

#[tokio::test]
async fn json_feeds_of_both_versions_are_read() {
    let item = "{\"id\": 7, \"url\": \"/7\", \"title\": \"글\", \"content_html\": \"<p>본문</p>\", AUTHOR}";
    for (version, author) in [
        ("https://jsonfeed.org/version/1", "\"author\": {\"name\": \"봄이\"}"),
        ("https://jsonfeed.org/version/1.1", "\"authors\": [{\"name\": \"봄이\"}, {\"name\": \"둘째\"}]"),
    ] {
        let feed = format!("{{\"version\": \"{version}\", \"items\": [{}]}}", item.replace("AUTHOR", author));
        let posts = kept("Content-Type: application/json\r\n", &feed).await;
        assert_eq!((posts[0].title.as_str(), posts[0].author.as_deref()), ("글", Some("봄이")), "{version}");
        assert_eq!(posts[0].url.as_deref(), Some("/7"));
    }
}

#[tokio::test]
async fn korean_is_read_whatever_the_server_and_the_declaration_say() {
    let feed = |declared: &str| {
        format!(
            "<?xml version='1.0' encoding='{declared}'?><rss><channel><item><guid>1</guid><title>똠방각하 펲시맨의 봄&nbsp;여행</title></item></channel></rss>"
        )
    };
    let wide = |text: &str, mark: &str| -> Vec<u8> {
        format!("{mark}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let cp949 = |text: &str| encoding_rs::EUC_KR.encode(text).0.into_owned();
    for (head, bytes) in [
        ("", cp949(&feed("utf-8"))),
        ("charset=utf-8", cp949(&feed("euc-kr"))),
        ("charset=iso-8859-1", cp949(&feed("iso-8859-1"))),
        ("charset=euc-kr", feed("euc-kr").into_bytes()),
        ("charset=euc-kr", format!("\u{feff}{}", feed("euc-kr")).into_bytes()),
        ("charset=utf-8", wide(&feed("utf-16"), "\u{feff}")),
        ("charset=utf-16le", wide(&feed("utf-16"), "")),
    ] {
        let head =
            if head.is_empty() { String::new() } else { format!("Content-Type: text/xml; {head}\r\n") };
        assert_eq!(lines(&head, bytes).await, ["똠방각하 펲시맨의 봄 여행 | "], "{head}");
    }
}

#[tokio::test]
async fn dates_far_ahead_do_not_keep_a_post_from_being_seen_now() {
    let rss = "<rss><channel><item><guid>1</guid><title>앞날</title><pubDate>Mon, 23 Nov 2093 09:00:00 GMT</pubDate></item>\
               <item><guid>2</guid><title>오늘</title><pubDate>Mon, 02 Nov 2026 00:00:00 GMT</pubDate></item></channel></rss>";
    let posts = kept("", rss).await;
    assert_eq!(posts.len(), 2);
    assert!(posts.iter().all(|post| post.first_seen_at == day(0)), "{posts:?}");
}
