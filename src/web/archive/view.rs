//! Effect: the archive's templates, and what they see.

use chrono::SecondsFormat;
use serde::Serialize;
use tera::{Context, Tera};
use url::Url;

use super::ArchiveSettings;
use crate::clock::Instant;
use crate::compose::links::{archive_url, path_segment};
use crate::korean::dates;
use crate::render::clean;
use crate::store::editions::ArchivedEdition;
use crate::web::page::STYLE;

const TEMPLATES: [(&str, &str); 6] = [
    ("base.html", include_str!("../../../templates/page/base.html")),
    ("reader.html", include_str!("../../../templates/page/reader.html")),
    ("archive.html", include_str!("../../../templates/page/archive.html")),
    ("archive-missing.html", include_str!("../../../templates/page/archive-missing.html")),
    ("archive-leave.html", include_str!("../../../templates/page/archive-leave.html")),
    ("archive-feed.xml", include_str!("../../../templates/page/archive-feed.xml")),
];

/// Some editions of a digest, newest first.
pub(super) struct Shelf {
    pub(super) digest: String,
    pub(super) editions: Vec<ArchivedEdition>,
    /// There are older ones.
    pub(super) more: bool,
}

/// The archive of one newsletter.
pub(in crate::web) struct Archive {
    settings: ArchiveSettings,
    newsletter: String,
    /// Whether one can sign up.
    signup: bool,
    /// The path under which the pages are served: `/`, or that of the public address.
    root: String,
    tera: Tera,
}

#[derive(Serialize)]
struct ShelfView {
    name: String,
    url: String,
    feed: Option<String>,
    editions: Vec<EditionView>,
    older: Option<String>,
}

#[derive(Serialize)]
struct EditionView {
    issue: String,
    date: String,
    day: String,
    subject: String,
    preheader: String,
    url: String,
    updated: String,
}

impl Archive {
    pub(in crate::web) fn new(settings: ArchiveSettings, newsletter: &str, signup: bool) -> Archive {
        let mut tera = Tera::default();
        if let Err(error) = tera.add_raw_templates(TEMPLATES) {
            // Embedded and tested; should one not load, the archive answers 503.
            tracing::error!(%error, "archive pages do not load");
        }
        let path = settings.links.as_ref().map_or("", |links| links.path().trim_end_matches('/'));
        let root = format!("{path}/");
        Archive { newsletter: clean::line(newsletter), signup, root, tera, settings }
    }

    pub(super) fn digests(&self) -> &[String] {
        &self.settings.digests
    }

    /// What readers call the digest `name`.
    pub(in crate::web) fn title<'a>(&'a self, name: &'a str) -> &'a str {
        self.settings.titles.of(name)
    }

    pub(in crate::web) fn root(&self) -> &str {
        &self.root
    }

    /// The page that stands for a reader's own unsubscribe link.
    pub(in crate::web) fn leave_url(&self) -> String {
        format!("{}unsubscribe", self.root)
    }

    pub(super) fn list_page(&self, heading: &str, shelves: &[Shelf]) -> tera::TeraResult<String> {
        let mut context = self.context(heading);
        let shelves: Vec<ShelfView> = shelves.iter().map(|shelf| self.shelf(shelf)).collect();
        context.insert("shelves", &shelves);
        self.tera.render("archive.html", &context)
    }

    pub(super) fn missing_page(&self) -> tera::TeraResult<String> {
        self.tera.render("archive-missing.html", &self.context("그런 편지가 없어요"))
    }

    pub(super) fn leave_page(&self) -> tera::TeraResult<String> {
        self.tera.render("archive-leave.html", &self.context("수신거부 링크는 받은 편지 안에 있어요"))
    }

    /// An Atom feed (RFC 4287); none without the public address its ids and links are made of.
    pub(super) fn feed(&self, shelf: &Shelf) -> Option<tera::TeraResult<String>> {
        let links = self.settings.links.as_ref()?;
        let digest = under(links, &shelf.digest);
        let entries: Vec<EditionView> = shelf
            .editions
            .iter()
            .map(|edition| self.edition(edition, archive_url(links, &edition.digest, edition.number)))
            .collect();
        // An empty feed has no instant of its own, and must say one.
        let updated = shelf.editions.iter().map(|edition| edition.frozen_at).max();
        let mut context = self.context(&clean::line(self.title(&shelf.digest)));
        context.insert("self_url", &format!("{digest}/feed.xml"));
        context.insert("url", &digest);
        context.insert("updated", &stamp(updated.unwrap_or(Instant::UNIX_EPOCH)));
        context.insert("entries", &entries);
        Some(self.tera.render("archive-feed.xml", &context))
    }

    fn context(&self, heading: &str) -> Context {
        let mut context = Context::new();
        context.insert("newsletter", &self.newsletter);
        context.insert("home", self.settings.home.as_str());
        context.insert("heading", heading);
        context.insert("style", STYLE.trim());
        context.insert("root", &self.root);
        context.insert("signup", &self.signup);
        context
    }

    fn shelf(&self, shelf: &Shelf) -> ShelfView {
        let url = format!("{}archive/{}", self.root, path_segment(&shelf.digest));
        let editions = shelf
            .editions
            .iter()
            .map(|edition| self.edition(edition, format!("{url}/{}", edition.number)))
            .collect();
        let last = shelf.editions.last().filter(|_| shelf.more);
        ShelfView {
            name: clean::line(self.title(&shelf.digest)),
            feed: self.settings.links.as_ref().map(|_| format!("{url}/feed.xml")),
            older: last.map(|last| format!("{url}?before={}", last.number)),
            editions,
            url,
        }
    }

    fn edition(&self, edition: &ArchivedEdition, url: String) -> EditionView {
        EditionView {
            issue: format!("제{}호", edition.number),
            date: dates::day_with_year(edition.slot_at, self.settings.zone),
            day: edition.slot_at.with_timezone(&self.settings.zone).format("%Y-%m-%d").to_string(),
            subject: clean::line(&edition.subject),
            preheader: clean::line(&edition.preheader),
            url,
            updated: stamp(edition.frozen_at),
        }
    }
}

/// A digest's page, absolute.
fn under(links: &Url, digest: &str) -> String {
    format!("{}/archive/{}", links.as_str().trim_end_matches('/'), path_segment(digest))
}

fn stamp(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(links: Option<&str>) -> Archive {
        let settings = ArchiveSettings {
            zone: chrono_tz::Asia::Seoul,
            links: links.map(|links| links.parse().unwrap()),
            home: "https://blog.example/".parse().unwrap(),
            digests: vec![],
            titles: Default::default(),
        };
        Archive::new(settings, "봄", true)
    }

    fn shelf() -> Shelf {
        let edition = ArchivedEdition {
            digest: "weekly".into(),
            number: 12,
            slot_at: Instant::UNIX_EPOCH,
            frozen_at: Instant::UNIX_EPOCH,
            subject: "제목".into(),
            preheader: String::new(),
        };
        Shelf { digest: "weekly".into(), editions: vec![edition], more: true }
    }

    #[test]
    fn links_keep_the_path_of_the_public_address() {
        let archive = archive(Some("https://example.com/news/"));
        let page = archive.list_page("지난 편지", &[shelf()]).unwrap();
        assert!(page.contains("href=\"/news/archive/weekly/12\""), "{page}");
        assert!(page.contains("href=\"/news/archive/weekly?before=12\""), "{page}");
        assert_eq!(archive.leave_url(), "/news/unsubscribe");
        assert!(archive.missing_page().unwrap().contains("href=\"/news/archive\""));
        let feed = archive.feed(&shelf()).unwrap().unwrap();
        assert!(feed.contains("<id>https://example.com/news/archive/weekly/12</id>"), "{feed}");
    }

    #[test]
    fn without_a_public_address_there_is_a_list_and_no_feed() {
        let archive = archive(None);
        assert!(archive.feed(&shelf()).is_none());
        let page = archive.list_page("지난 편지", &[shelf()]).unwrap();
        assert!(page.contains("href=\"/archive/weekly/12\"") && !page.contains("feed.xml"), "{page}");
    }
}
