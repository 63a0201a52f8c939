//! Pure: `[source.select]`: where things stand on a listing page.

use super::super::super::raw::Item;
use super::super::super::section::Section;
use super::super::super::value::{Problem, choice, count, line};
use crate::source::SourceKind;
use crate::source::html::{Listing, PRESETS, Pick, Preset, checked_item};

/// The most pages that are read at once.
const MOST_PAGES: u16 = 20;

/// What only such sources have.
const KEYS: [&str; 3] = ["preset", "pages", "select"];

/// The selectors of a listing page: none outside where they are wrong, none inside where the source is of another kind.
pub(super) fn read(section: &mut Section<'_, '_>, kind: Option<SourceKind>) -> Option<Option<Box<Listing>>> {
    if kind != Some(SourceKind::Html) {
        // Read so that they are not unknown as well; other kinds do not even name them.
        for key in KEYS {
            if !section.has(key) {
                continue;
            }
            section.optional(key, |_| Ok(()));
            if kind.is_some() {
                let advice = "이 줄을 지우거나 kind를 `html`로 바꾸세요";
                section.fault(key, Problem::new("`kind = \"html\"`인 출처에만 쓰여요", advice));
            }
        }
        return Some(None);
    }
    let preset = section.optional("preset", choice::<Preset>(&PRESETS));
    let pages = section.or("pages", count(1..=MOST_PAGES), 1);
    let has_select = section.has("select");
    if !section.has("preset") && !has_select {
        section.missing(
            "preset",
            "블로그의 모양을 적으세요. `preset = \"tistory\"`(또는 `naver`, `velog`)로 시작하거나 `[source.select]` 아래에 item과 title을 적으세요",
        );
    }
    let base = preset.map(Preset::listing).unwrap_or_default();
    let mut select = section.section("select");
    let listing = selectors(&mut select, base, preset.is_some() || !has_select);
    select.finish();
    listing.map(|listing| Some(Box::new(Listing { pages, ..listing })))
}

/// What is written goes before the preset's own; without a preset item and title are needed.
fn selectors(select: &mut Section<'_, '_>, base: Listing, complete: bool) -> Option<Listing> {
    let item = match select.has("item") || complete {
        true => select.optional("item", item).or(Some(base.item)),
        false => select.required(
            "item",
            item,
            "글 하나하나를 감싼 요소의 선택자를 적으세요. 예: `item = \"article\"`",
        ),
    };
    let title = match select.has("title") || complete {
        true => select.optional("title", pick).or(base.title),
        false => select.required("title", pick, "글 안에서 제목의 선택자를 적으세요. 예: `title = \"h2\"`"),
    };
    let mut or = |key, base: Option<Pick>| select.optional(key, pick).or(base);
    let usual_link = Pick { selector: "a[href]".to_owned(), attribute: None };
    Some(Listing {
        link: or("link", base.link.or(Some(usual_link))),
        date: or("date", base.date),
        author: or("author", base.author),
        excerpt: or("excerpt", base.excerpt),
        reactions: or("reactions", base.reactions),
        comments: or("comments", base.comments),
        emoji: or("emoji", base.emoji),
        next: or("next", base.next),
        item: item?,
        title,
        pages: base.pages,
    })
}

fn item(item: &Item) -> Result<String, Problem> {
    checked_item(&line(item)?).map_err(|_| wrong())
}

fn pick(item: &Item) -> Result<Pick, Problem> {
    Pick::parse(&line(item)?).map_err(|_| wrong())
}

fn wrong() -> Problem {
    Problem::new(
        "CSS 선택자로 읽을 수 없어요",
        "`.post h2`처럼 적고, 속성을 읽으려면 `a.title@href`처럼 `@속성`을 붙이세요",
    )
}
