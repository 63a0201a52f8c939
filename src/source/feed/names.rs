//! Pure: which elements of feeds are read, and how the namespaces and the people in them are written.

/// Namespaces and the prefix under which their elements are known here.
pub(super) const SPACES: &[(&str, &str)] = &[
    ("http://purl.org/rss/1.0/", ""),
    ("http://my.netscape.com/rdf/simple/0.9/", ""),
    ("http://www.w3.org/2005/atom", "atom"),
    ("http://purl.org/atom/ns#", "atom"),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf"),
    ("http://purl.org/dc/elements/1.1/", "dc"),
    ("http://purl.org/dc/terms/", "dcterms"),
    ("http://purl.org/rss/1.0/modules/content/", "content"),
    ("http://purl.org/rss/1.0/modules/slash/", "slash"),
    ("http://purl.org/syndication/thread/1.0", "thr"),
    ("http://rssnamespace.org/feedburner/ext/1.0", "feedburner"),
    ("http://www.itunes.com/dtds/podcast-1.0.dtd", "itunes"),
    ("http://www.w3.org/1999/xhtml", "xhtml"),
];

/// Elements whose text is read, of an item or of the feed.
pub(super) fn is_field(name: &str) -> bool {
    is_body(name)
        || matches!(
            name,
            "title"
                | "subtitle"
                | "tagline"
                | "link"
                | "guid"
                | "id"
                | "author"
                | "dc:creator"
                | "itunes:author"
                | "pubdate"
                | "published"
                | "issued"
                | "dc:date"
                | "dcterms:created"
                | "dcterms:issued"
                | "updated"
                | "modified"
                | "dcterms:modified"
                | "slash:comments"
                | "thr:total"
                | "feedburner:origlink"
        )
}

/// Elements that no HTML is called like: inside a body they show that it was never closed.
pub(super) fn is_unmistakable(name: &str) -> bool {
    is_field(name)
        && (name.contains(':') || matches!(name, "guid" | "pubdate" | "published" | "updated" | "issued"))
}

/// Elements that may hold tags of any name.
pub(super) fn is_body(name: &str) -> bool {
    matches!(name, "description" | "summary" | "content" | "content:encoded" | "xhtml:body")
}

/// The name in `name@example.com (이름)` or `이름 <name@example.com>`; an address alone is not shown to readers.
pub(super) fn person(text: &str) -> Option<String> {
    let bracketed = |open: char, close: char| {
        let (before, rest) = text.split_once(open)?;
        let (inside, _) = rest.split_once(close)?;
        Some((before.trim(), inside.trim()))
    };
    let name = match (bracketed('(', ')'), bracketed('<', '>')) {
        (Some((address, name)), _) if address.contains('@') => name,
        (_, Some((name, address))) if address.contains('@') => name.trim_matches('"'),
        _ => text.trim(),
    };
    let address = name.contains('@') && !name.contains(' ');
    Some(name.to_owned()).filter(|name| !name.is_empty() && !address)
}
