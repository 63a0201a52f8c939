//! Pure: the address of a page as it is compared, so that one post has one address however it was linked to.

use url::Url;

/// Parameters that say where a reader came from, not what is read.
const TRACKING: &[&str] = &[
    "fbclid",
    "gclid",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "_ga",
    "n_media",
    "n_query",
    "n_rank",
    "n_ad",
    "trackingcode",
    "fromrss",
    "amp",
];

/// Hosts whose `m.` twin shows the same posts under the same paths.
const MOBILE: &[&str] = &["blog.naver.com", "post.naver.com", "cafe.naver.com", "cafe.daum.net"];

/// An address without scheme, `www.`, fragment, tracking parameters, a slash at the end, and without the mobile or AMP
/// form where it is certain that the same post stands there. What is no address stays as it is.
pub fn canonical(text: &str) -> String {
    let Ok(mut url) = Url::parse(text.trim()) else { return text.to_owned() };
    if !matches!(url.scheme(), "http" | "https") {
        return text.to_owned();
    }
    let Some(host) = url.host_str().map(plain_host) else { return text.to_owned() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !(is_tracking(name) || (is_tistory(&host) && name == "category")))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if let Some(post) = naver_post(&host, url.path(), &kept) {
        return post;
    }
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = plain_path(&host, url.path());
    format!("{host}{port}{path}{query}").trim_end_matches('/').to_owned()
}

/// The site of a [`canonical`] address and the rest of it; none where the site is all there is. At services that keep
/// many blogs on one host the blog's name belongs to its site.
pub fn site_and_path(address: &str) -> Option<(&str, &str)> {
    let (host, rest) = address.split_at_checked(address.find(['/', '?'])?)?;
    let named = rest.starts_with("/@") || MOBILE.contains(&host);
    let name = if named { rest.get(1..)?.find('/')? + 1 } else { 0 };
    let site = address.split_at_checked(host.len() + name)?;
    Some(site).filter(|(_, path)| path.len() > 1)
}

fn is_tracking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("utm_") || TRACKING.contains(&name.as_str())
}

/// Tistory's lists link to their posts with the category that was looked at: `/12?category=34`.
fn is_tistory(host: &str) -> bool {
    host == "tistory.com" || host.ends_with(".tistory.com")
}

/// Naver's lists link to `/PostView.naver?blogId=ID&logNo=NUMBER` and to where on which page the reader was; its feeds
/// to `/ID/NUMBER`.
fn naver_post(host: &str, path: &str, query: &[(String, String)]) -> Option<String> {
    let is_view = path.eq_ignore_ascii_case("/PostView.naver") || path.eq_ignore_ascii_case("/PostView.nhn");
    let value = |wanted: &str| query.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
    let (id, number) = (value("blogId")?, value("logNo")?);
    (host == "blog.naver.com" && is_view).then(|| format!("{host}/{id}/{number}"))
}

fn plain_host(host: &str) -> String {
    let host = host.trim_end_matches('.');
    // `www.` before one word (`www.kr`) is the name itself.
    let host = host.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(host);
    let twin = host.strip_prefix("m.").filter(|rest| MOBILE.contains(rest));
    twin.unwrap_or(host).to_owned()
}

/// The path without a slash at its end, and without the mobile and AMP forms that blog services are known to use.
fn plain_path<'a>(host: &str, path: &'a str) -> &'a str {
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix("/amp").unwrap_or(path);
    // Its mobile pages stand below /m on the same host: /m/12, /m/entry/….
    match path.strip_prefix("/m/") {
        Some(_) if is_tistory(host) => path.get(2..).unwrap_or(path),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_to_link_to_one_post_are_one_address() {
        let same = "blog.example.com/글/3?a=1";
        let same = canonical(&format!("https://{same}"));
        for other in [
            "http://blog.example.com/글/3?a=1",
            "https://www.blog.example.com/글/3/?a=1&utm_source=x&UTM_Medium=y",
            "https://BLOG.example.com:443/글/3?fbclid=q&a=1#댓글",
            "https://blog.example.com/%EA%B8%80/3?a=1",
            "https://blog.example.com/글/3/amp?a=1",
        ] {
            assert_eq!(canonical(other), same, "{other}");
        }
        assert_eq!(canonical("https://m.blog.naver.com/me/223"), canonical("http://blog.naver.com/me/223"));
        assert_eq!(canonical("https://me.tistory.com/m/12"), canonical("https://me.tistory.com/12"));
        assert_eq!(
            canonical("https://me.tistory.com/12?category=34"),
            canonical("https://me.tistory.com/12")
        );
        for view in [
            "https://blog.naver.com/me/223?fromRss=true&trackingCode=rss",
            "https://blog.naver.com/PostView.naver?blogId=me&logNo=223&categoryNo=4&currentPage=2&from=postList",
            "http://m.blog.naver.com/PostView.nhn?logNo=223&blogId=me",
        ] {
            assert_eq!(canonical(view), canonical("https://blog.naver.com/me/223"), "{view}");
        }
        assert_eq!(canonical("https://a.example/?utm_source=x"), canonical("http://www.a.example"));
    }

    #[test]
    fn the_name_of_a_blog_belongs_to_its_site() {
        for (address, expected) in [
            ("https://www.a.example/글?b=1", Some(("a.example", "/%EA%B8%80?b=1"))),
            ("https://a.example:8080/?p=1", Some(("a.example:8080", "?p=1"))),
            ("https://velog.io/@me/post", Some(("velog.io/@me", "/post"))),
            ("https://m.blog.naver.com/me/223", Some(("blog.naver.com/me", "/223"))),
            ("https://velog.io/@me/", None),
            ("https://blog.naver.com/me", None),
            ("https://a.example/", None),
        ] {
            assert_eq!(site_and_path(&canonical(address)), expected, "{address}");
        }
    }

    #[test]
    fn different_posts_stay_apart() {
        let apart = [
            "https://a.example/1",
            "https://a.example/2",
            "https://a.example:8443/1",
            "https://m.a.example/1",
            "https://a.example/m/1",
            "https://a.example/?p=1",
            "https://a.example/?p=2",
            "https://a.example/?category=2",
            "https://a.example/PostView.naver?blogId=me&logNo=223",
            "https://blog.naver.com/PostView.naver?blogId=me&logNo=223",
            "https://blog.naver.com/PostView.naver?blogId=me&logNo=224",
            "https://blog.naver.com/PostList.naver?blogId=me&logNo=223",
            "https://a.example/Post",
            "https://a.example/post",
            "mailto:a@b.c",
            "아무 글",
        ];
        let all: std::collections::HashSet<String> = apart.iter().map(|text| canonical(text)).collect();
        assert_eq!(all.len(), apart.len(), "{all:?}");
    }
}
