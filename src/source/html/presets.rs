//! Pure: selectors for the usual layouts of Korean blogs: starting points, made after how such pages are commonly built.
//!
//! Skins differ from blog to blog: whatever stands below `[source.select]` goes before the preset's own.

use super::{Listing, Pick};

/// The names that `preset` can have.
pub const PRESETS: [(&str, Preset); 3] =
    [("tistory", Preset::Tistory), ("naver", Preset::Naver), ("velog", Preset::Velog)];

/// A usual layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The list of a Tistory-like skin: a title within a link, the date beside it.
    Tistory,
    /// A list of a Naver-like blog: a row a post.
    Naver,
    /// The cards of a velog-like page: a heading within a link, date and counts below.
    Velog,
}

impl Preset {
    /// Its selectors.
    pub fn listing(self) -> Listing {
        let [item, title, date, author, excerpt, reactions, comments, next] = match self {
            Preset::Tistory => [
                ".post-item, .article_content, .list_content, .item-post",
                ".title, .tit_post, .link_post strong, h2, h3",
                "time, .date, .txt_date",
                ".author, .writer",
                ".excerpt, .summary, .txt_post, .desc",
                ".like, .txt_like, .num_like",
                ".reply, .cmt, .num_cmt, .num_reply",
                "a.next, a.btn_next, a[rel=next]",
            ],
            Preset::Naver => [
                "li.item, .list_post > li, .post_item, .blog2_post",
                ".title, .tit, .title_post, strong",
                "time, .time, .date, .se_date",
                ".nick, .writer, .author",
                ".text, .desc, .dsc_post",
                ".like, .sympathy, .u_cnt",
                ".reply, .comment, .cmt",
                "a.next, a[rel=next]",
            ],
            Preset::Velog => [
                "article, .post-card, main li",
                "h1, h2, h3, h4",
                "time, .subinfo span, .date",
                ".username, .author",
                "p",
                ".likes, .like",
                ".comments, .comment",
                "a[rel=next]",
            ],
        };
        let pick = |selector: &str| Some(Pick { selector: selector.to_owned(), attribute: None });
        Listing {
            item: item.to_owned(),
            title: pick(title),
            link: pick("a[href]"),
            date: pick(date),
            author: pick(author),
            excerpt: pick(excerpt),
            reactions: pick(reactions),
            comments: pick(comments),
            emoji: None,
            next: pick(next),
            pages: 1,
        }
    }
}
