//! Pure: selectors for the usual layouts of Korean blogs: starting points, in the shape of the skins that are met most.
//!
//! Skins differ from blog to blog: whatever stands below `[source.select]` goes before the preset's own. Services that
//! draw their lists by script are read through their feeds: see `known_blog`.

use super::{Listing, Pick};

/// The names that `preset` can have.
pub const PRESETS: [(&str, Preset); 3] =
    [("tistory", Preset::Tistory), ("naver", Preset::Naver), ("velog", Preset::Velog)];

/// A usual layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The lists of Tistory's own skins and of those made after them; best read at `/category`.
    Tistory,
    /// The lists within Naver's `PostList.naver`: a table of titles, or an album of cards.
    Naver,
    /// The cards of velog's page, once a browser has drawn them.
    Velog,
}

impl Preset {
    /// Its selectors.
    pub fn listing(self) -> Listing {
        let [item, title, link, date, author, excerpt, reactions, comments, next] = match self {
            Preset::Tistory => [
                ".post-item, .article_content, .list_content, .item-post, .post-card, .entry-item, article.post, \
                 .list > .post, .article-list > li, .post-list > li, .searchList li, .search_list li",
                ".title, .tit_post, .link_post strong, .link_article strong, h2, h3, h4",
                // A badge of the category may stand before the title.
                "a[href]:not([href*='/category/']):not([href*='/tag/']):not([href='#'])",
                "time, .date, .txt_date, .regdate",
                ".author, .writer",
                ".excerpt, .summary, .txt_post, .desc, p",
                ".like, .txt_like, .num_like",
                ".reply, .cmt, .cnt, .count, .num_cmt, .num_reply, .post-meta span:last-child",
                "a.next[href], a.btn_next[href], a.link_next[href], a.page-next[href], a[rel=next], \
                 #paging li:last-child a[href]",
            ],
            Preset::Naver => [
                "table.blog2_list tbody tr, #postBottomTitleListBody tr, .thumblist > li.item, #postListBody li.item",
                "strong.title, a._setTopListUrl, td.title a",
                "a[href*=logNo], a[href]",
                "time, .date",
                ".nick, .writer",
                ".text, .desc",
                ".like, .sympathy",
                ".meta_data .num, .read, .cmt",
                ".blog2_paginate strong.page + a.page[href], .blog2_paginate a.next[href]",
            ],
            Preset::Velog => [
                // Until its script has run, the page shows cards without posts.
                "[class*=FlatPostCard_block]:not([class*=skeleton]), .post-card",
                "h2, h4",
                "a[class*=VLink][href], a[href]",
                "time, [class*=subInfo] > span, .subinfo > span",
                ".username",
                "p",
                "[class*=likes]",
                "[class*=subInfo] > span:nth-of-type(2), .subinfo > span:nth-of-type(2)",
                "a[rel=next]",
            ],
        };
        let pick = |selector: &str| Some(Pick { selector: selector.to_owned(), attribute: None });
        Listing {
            item: item.to_owned(),
            title: pick(title),
            link: pick(link),
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
