//! Pure: letters that take every branch of a template: one with everything, one with as little as there can be.

use chrono::{TimeDelta, TimeZone};
use chrono_tz::Asia::Seoul;
use url::Url;

use super::{LetterInput, LetterPost, LetterSection, Newsletter};
use crate::clock::Instant;
use crate::model::EmailAddress;
use crate::model::Sender;
use crate::model::edition::SectionKind;
use crate::model::post::{Emoji, Reactions};

/// The full letter and the bare one, with `subject` as their template. Empty only if a fixed text no longer parses.
pub(super) fn inputs(subject: &str) -> Vec<LetterInput> {
    [letter(subject, true), letter(subject, false)].into_iter().flatten().collect()
}

fn letter(subject: &str, full: bool) -> Option<LetterInput> {
    let slot_at: Instant = Seoul.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).single()?.to_utc();
    let kinds = [SectionKind::Pinned, SectionKind::New, SectionKind::Top, SectionKind::Late];
    let section = |kind| LetterSection { kind, posts: vec![post(slot_at, true), post(slot_at, false)] };
    let bare = LetterSection { kind: SectionKind::New, posts: vec![post(slot_at, false)] };
    Some(LetterInput {
        newsletter: Newsletter {
            title: "봄날의 노트".to_owned(),
            home: Url::parse("https://blog.example/").ok()?,
            time_zone: Seoul,
            advertising: full,
        },
        sender: Sender {
            name: "보내는 김봄".to_owned(),
            email: EmailAddress::parse("hello@blog.example").ok()?,
            reply_to: None,
            phone: full.then(|| "02-000-0000".to_owned()),
            address: full.then(|| "서울시 어느 길 1".to_owned()),
        },
        digest: "weekly".to_owned(),
        number: 12,
        slot_at,
        window_from: full.then(|| slot_at - TimeDelta::days(7)),
        subject: subject.to_owned(),
        sections: if full { kinds.into_iter().map(section).collect() } else { vec![bare] },
        web_url: full.then(|| "https://letter.example/weekly/12".to_owned()),
    })
}

fn post(slot_at: Instant, full: bool) -> LetterPost {
    let emoji = vec![Emoji { symbol: "👍".to_owned(), count: None }];
    LetterPost {
        title: if full { "봄을 기다리며" } else { "짧은 소식" }.to_owned(),
        author: Some(if full { "하나" } else { "두리" }.to_owned()),
        url: full.then(|| "https://blog.example/1".to_owned()),
        body: if full { "겨울이 길었습니다. 그래도 봄은 옵니다." } else { "" }.to_owned(),
        published_at: full.then(|| slot_at - TimeDelta::days(3)),
        reactions: if full { Reactions { total: 5, emoji } } else { Reactions::default() },
        comments: if full { 2 } else { 0 },
    }
}
