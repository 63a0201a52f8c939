//! Listing pages in the shape of the blogs that presets are for, read from a server and kept.

use moabom::source::html::{Listing, Preset};
use moabom::source::{SourceKind, SourceSettings};

use super::{polled, source};
use crate::ingest::World;
use crate::support::site::Site;

fn fixture(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/listings/");
    std::fs::read_to_string(format!("{folder}{name}.html")).expect("a fixture")
}

fn preset(name: &str) -> Option<Box<Listing>> {
    let preset = match name.split('-').next() {
        Some("tistory") => Preset::Tistory,
        Some("naver") => Preset::Naver,
        _ => Preset::Velog,
    };
    Some(Box::new(preset.listing()))
}

/// Title, path and query of the address, day, comments, reactions of each post that is kept of the page.
async fn kept(name: &str) -> Vec<String> {
    let site = Site::saying("200 OK", "Content-Type: text/html; charset=utf-8\r\n", fixture(name)).await;
    let world = World::new();
    let own =
        SourceSettings { listing: preset(name), ..source(name, SourceKind::Html, site.at("/category")) };
    let report = polled(&world, &own).await.expect("kept");
    assert!(report.notes.is_empty(), "{name}: {:?}", report.notes);
    let line = |post: moabom::store::posts::ListedPost| {
        let url = post.url.unwrap_or_default().replace(&format!("http://127.0.0.1:{}", site.port), "");
        let seoul = chrono::FixedOffset::east_opt(9 * 3600).expect("an offset");
        let day = post.published_at.map(|at| at.with_timezone(&seoul).format("%m-%d").to_string());
        let (day, comments, reactions) = (day.unwrap_or_default(), post.comments, post.reactions.total);
        format!("{} | {url} | {day} | {comments} | {reactions}", post.title)
    };
    world.posts().into_iter().map(line).collect()
}

#[tokio::test]
async fn tistorys_skins_are_read_with_titles_addresses_dates_and_comments() {
    assert_eq!(
        kept("tistory-cards").await,
        [
            "늦가을 산책 | /128?category=700001 | 11-23 | 0 | 0",
            "김장하는 날 | /127?category=700001 | 11-18 | 0 | 0"
        ]
    );
    assert_eq!(
        kept("tistory-rows").await,
        [
            "첫눈이 왔어요 | /entry/%EC%B2%AB%EB%88%88 | 11-20 | 12 | 0",
            "귤 한 상자 | /entry/%EA%B7%A4 | 11-15 | 0 | 0"
        ]
    );
    assert_eq!(
        kept("tistory-badges").await,
        ["빌림 검사기와 친해지기 | /42 | 11-22 | 7 | 0", "시계를 맞추는 법 | /41 | 11-10 | 0 | 0"]
    );
    assert_eq!(
        kept("tistory-described").await,
        ["겨울에 읽을 소설 셋 | /9 | 11-21 | 0 | 0", "도서관의 냄새 | /8 | 11-01 | 0 | 0"]
    );
    assert_eq!(
        kept("tistory-plain").await,
        [
            "가마솥 밥 짓기 | /3 | 11-19 | 4 | 0",
            "장독대 & 햇볕 | /2 | 11-12 | 0 | 0",
            "첫 글 | /1 | 11-05 | 1 | 0"
        ]
    );
}

#[tokio::test]
async fn navers_lists_are_read_as_a_table_and_as_an_album() {
    let view = "https://blog.naver.com/PostView.naver?blogId=bomine";
    assert_eq!(
        kept("naver-table").await,
        [
            format!(
                "동네 빵집 세 곳 | {view}&logNo=224000000003&categoryNo=4&parentCategoryNo=0&viewDate=&currentPage=1\
                 &postListTopCurrentPage=1&from=postList | 11-23 | 17 | 0"
            ),
            format!(
                "베란다 텃밭 | {view}&logNo=224000000002&categoryNo=4&currentPage=1&from=postList |  | 0 | 0"
            ),
        ]
    );
    assert_eq!(
        kept("naver-album").await,
        [
            "원목 책상을 만들었어요 | /PostView.naver?blogId=namune&logNo=224000000012&categoryNo=&from=thumbnailList | 11-20 | 5 | 0",
            "사포질의 기쁨 | /PostView.naver?blogId=namune&logNo=224000000011&from=thumbnailList | 11-02 | 0 | 0"
        ]
    );
}

#[tokio::test]
async fn velogs_cards_are_read_with_comments_and_likes() {
    assert_eq!(
        kept("velog-drawn").await,
        [
            "가짜 시계로 하는 시험 | /@bomi/tokio-clock | 11-09 | 4 | 23",
            "SQLite 한 파일로 충분해요 | /@bomi/sqlite |  | 0 | 0"
        ]
    );
}

#[test]
fn each_preset_finds_the_next_page() {
    let next = |name: &str, at: &str| {
        let at = url::Url::parse(at).expect("an address");
        let listing = preset(name).expect("a preset");
        let read = moabom::source::html::parse(&fixture(name), Some(&at), &listing, &|| true);
        read.expect("posts").next.map(String::from)
    };
    let tistory = "https://slow.tistory.com/category";
    for name in ["tistory-cards", "tistory-badges", "tistory-described"] {
        let found = next(name, tistory);
        assert_eq!(found.as_deref(), Some("https://slow.tistory.com/category?page=2"), "{name}");
    }
    assert_eq!(next("tistory-rows", tistory).as_deref(), Some("https://slow.tistory.com/category/x?page=2"));
    let naver = next("naver-table", "https://blog.naver.com/PostList.naver?blogId=bomine");
    assert!(naver.as_deref().is_some_and(|next| next.ends_with("currentPage=2")), "{naver:?}");
    assert_eq!(next("tistory-plain", tistory), None);
}
