//! Pure: the feed of a blog on a service that gives every blog one, told from the blog's address alone.

use url::Url;

/// Paths of Naver that are pages of its own, not blogs.
const NAVER_PAGES: &[&str] = &["postlist", "postview", "posttitlelistasync", "prologue", "nblogtop"];

/// The address of the feed; none where the blog's address does not tell it, or is the feed's own.
pub fn feed_of(blog: &Url) -> Option<Url> {
    let host = blog.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let first = blog.path_segments()?.next().unwrap_or_default();
    let feed = match host.as_str() {
        "blog.naver.com" | "m.blog.naver.com" => {
            format!("https://rss.blog.naver.com/{}.xml", naver_id(blog, first)?)
        }
        "velog.io" | "www.velog.io" => {
            let name = first.strip_prefix('@').filter(|name| is_id(name))?;
            format!("https://v2.velog.io/rss/@{name}")
        }
        name if name
            .strip_suffix(".tistory.com")
            .is_some_and(|blog| blog != "www" && !blog.contains('.')) =>
        {
            if blog.path().trim_end_matches('/').ends_with("/rss") {
                return None;
            }
            format!("https://{name}/rss")
        }
        _ => return None,
    };
    Url::parse(&feed).ok()
}

/// `blog.naver.com/ID`, `blog.naver.com/PostList.naver?blogId=ID`.
fn naver_id(blog: &Url, first: &str) -> Option<String> {
    let page = first.split_once('.').map_or(first, |(name, _)| name).to_ascii_lowercase();
    let id = if first.is_empty() || NAVER_PAGES.contains(&page.as_str()) {
        blog.query_pairs().find(|(name, _)| name == "blogId").map(|(_, id)| id.into_owned())
    } else {
        Some(first.to_owned())
    };
    id.filter(|id| is_id(id))
}

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 60
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blogs_address_tells_its_feed() {
        for (blog, feed) in [
            ("https://blog.naver.com/bomi", "https://rss.blog.naver.com/bomi.xml"),
            ("http://m.blog.naver.com/bomi?tab=1", "https://rss.blog.naver.com/bomi.xml"),
            ("https://blog.naver.com/bomi/223000000001", "https://rss.blog.naver.com/bomi.xml"),
            (
                "https://blog.naver.com/PostList.naver?blogId=bomi&from=x",
                "https://rss.blog.naver.com/bomi.xml",
            ),
            ("https://m.blog.naver.com/PostList.nhn?blogId=bomi", "https://rss.blog.naver.com/bomi.xml"),
            ("https://velog.io/@bomi", "https://v2.velog.io/rss/@bomi"),
            ("https://velog.io/@bomi/posts?tag=x", "https://v2.velog.io/rss/@bomi"),
            ("https://bomi.tistory.com", "https://bomi.tistory.com/rss"),
            ("http://BOMI.tistory.com/category/글", "https://bomi.tistory.com/rss"),
        ] {
            let found = feed_of(&Url::parse(blog).expect("an address")).map(String::from);
            assert_eq!(found.as_deref(), Some(feed), "{blog}");
        }
    }

    #[test]
    fn what_is_no_such_blog_or_its_feed_already_is_left_alone() {
        for other in [
            "https://bomi.tistory.com/rss",
            "https://www.tistory.com/",
            "https://blog.naver.com/",
            "https://blog.naver.com/PostList.naver",
            "https://rss.blog.naver.com/bomi.xml",
            "https://v2.velog.io/rss/@bomi",
            "https://velog.io/",
            "https://velog.io/@<b>",
            "https://tistory.com.example.com/",
            "https://blog.example.com/@bomi",
        ] {
            assert_eq!(feed_of(&Url::parse(other).expect("an address")), None, "{other}");
        }
    }
}
