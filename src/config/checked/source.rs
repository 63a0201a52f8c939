//! Effect: `[[source]]`: looks whether a file is there.

mod listing;

use std::path::PathBuf;
use std::time::Duration as StdDuration;

use chrono::Duration;
use url::{Host, Url};

use super::super::raw::Item;
use super::super::section::Section;
use super::super::value::{Problem, choice, exact, flag, name, span, web_address};
use super::duplicate;
use super::rest::no_folder;
use crate::source::known_blog::feed_of;
use crate::source::{Location, SourceKind, SourceSettings};

/// All of them; none where one is wrong or there is none.
pub(super) fn all(root: &mut Section<'_, '_>) -> Option<Vec<SourceSettings>> {
    let (mut seen, mut sources) = (Vec::new(), Vec::new());
    root.each("source", |mut section| {
        sources.push(read(&mut section, &mut |section, name| {
            duplicate(&mut seen, name, &section.place("name"))
        }));
        section.finish();
    });
    if sources.is_empty() {
        root.missing_section(
            "source",
            "글을 가져올 곳을 하나 이상 적으세요. `[[source]]` 아래에 name, kind, location이 필요해요",
        );
        return None;
    }
    sources.into_iter().collect()
}

fn read(
    section: &mut Section<'_, '_>,
    twice: &mut dyn FnMut(&Section<'_, '_>, &str) -> Option<Problem>,
) -> Option<SourceSettings> {
    let name = section.required("name", name, "출처의 이름을 적으세요. 예: `name = \"blog\"`");
    if let Some(problem) = name.as_ref().and_then(|name| twice(section, name)) {
        section.fault("name", problem);
    }
    let kind = section.required(
        "kind",
        kind,
        "형식을 적으세요. RSS나 Atom이면 `kind = \"feed\"`, 글 목록을 저장한 텍스트면 `kind = \"page-text\"`, 블로그의 목록 페이지면 `kind = \"html\"`, 한 줄에 글 하나씩 적은 JSON이면 `kind = \"jsonl\"`",
    );
    let location = section.required(
        "location",
        location,
        "글 목록의 웹 주소나 파일 경로를 적으세요. 예: `location = \"https://blog.example.com/\"`",
    );
    let poll = section.or("poll", span(Duration::seconds(10)..=Duration::days(7)), Duration::minutes(30));
    let allow_private = section.or("allow_private", flag, false);
    match &location {
        Some(Location::Web(url)) if !allow_private && is_private(url) => section.fault(
            "location",
            Problem::new(
                "이 기기나 사설망의 주소라 읽지 않아요",
                "내 서버가 맞다면 같은 출처에 `allow_private = true`를 적으세요",
            ),
        ),
        Some(Location::Web(url)) if kind != Some(SourceKind::Html) && feed_of(url).is_some() => {
            let feed = feed_of(url).map(String::from).unwrap_or_default();
            section.warning(
                "location",
                "블로그의 첫 페이지 주소예요. 글 목록을 스크립트로 그려 읽지 못할 수 있어요",
                format!("이 블로그의 피드를 적으세요: `kind = \"feed\"`, `location = \"{feed}\"`"),
            );
        }
        Some(Location::File(path)) if !path.exists() => section.warning(
            "location",
            format!("아직 없는 파일이에요: {}", path.display()),
            "moabom을 시작하는 폴더에서 본 경로가 맞는지 확인하세요",
        ),
        _ => {}
    }
    let alarm_after =
        section.or("alarm_after", span(Duration::minutes(1)..=Duration::days(30)), Duration::hours(6));
    let listing = listing::read(section, kind);
    let alarm_after = alarm_after.to_std().unwrap_or(StdDuration::from_secs(21_600));
    let poll = poll.to_std().unwrap_or(StdDuration::from_secs(1800));
    let (name, kind, location) = (name?, kind?, location?);
    let listing = listing?;
    Some(SourceSettings { name, kind, location, poll, allow_private, listing, alarm_after })
}

fn kind(item: &Item) -> Result<SourceKind, Problem> {
    let kinds = [SourceKind::PageText, SourceKind::Feed, SourceKind::Html, SourceKind::Jsonl];
    choice(&kinds.map(|kind| (kind.as_str(), kind)))(item)
}

fn location(item: &Item) -> Result<Location, Problem> {
    let text = exact(item)?;
    if text.contains("://") {
        web_address(item).map(Location::Web)
    } else {
        no_folder(PathBuf::from(text)).map(Location::File)
    }
}

/// Told from the address alone; what a name leads to is checked when it is fetched.
fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        None => false,
    }
}
