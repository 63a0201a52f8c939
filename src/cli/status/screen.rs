//! Effect: the status as a terminal shows it.

use std::io::{self, Write};

use console::style;

use super::Status;
use super::layout::{Field, Page, Rows};
use crate::cli::editions::{number, state_name};
use crate::cli::schedule::moment;
use crate::cli::why::plain;
use crate::korean::counts::grouped;
use crate::model::delivery::DeliveryState;
use crate::schedule::span;
use crate::status::SourceHealth;
use crate::status::words::failing_words;
use crate::store::editions::EditionOverview;
use crate::store::overview::Readership;

/// Blocks in the order in which an operator asks: is anything wrong, what comes, what went, who reads.
pub(super) fn write(status: &Status<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut page = Page::new(out);
    page.paragraph(
        "",
        &format!("{} · {}", plain(status.title), moment(status.now, status.zone, status.now)),
    )?;
    let concerns = status.concerns();
    if concerns.is_empty() {
        page.paragraph("", "살펴볼 것이 없어요.")?;
    } else {
        page.heading("살펴볼 것")?;
        for concern in concerns {
            page.paragraph(&format!("  {} ", style("!").red()), &concern)?;
        }
    }
    page.heading("다음 발행")?;
    page.rows(&schedules(status))?;
    page.heading("최근 발행호")?;
    if status.editions.is_empty() {
        page.paragraph("  ", "아직 없어요.")?;
    } else {
        page.rows(&editions(status))?;
        for (edition, reason) in reasons(status) {
            page.paragraph("  ", &format!("{edition}: {reason}"))?;
        }
    }
    page.heading("출처")?;
    page.rows(&sources(status))?;
    page.heading("구독자")?;
    if status.readers.is_empty() {
        return page.paragraph("  ", "아직 없어요. `moabom subscribers add`나 `import`로 넣으세요.");
    }
    page.rows(&readers(status))?;
    page.paragraph("  ", &format!("발송 금지 주소 {}개", grouped(amount(status.suppressed))))
}

fn amount(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn of_count(count: i64) -> Field {
    Field::Count(grouped(amount(count)))
}

fn of_text(text: impl Into<String>) -> Field {
    Field::Text(text.into())
}

fn schedules(status: &Status<'_>) -> Rows {
    let mut rows = Rows::new(&["다이제스트", "일정", "다음 발행", "남은 시간"]);
    for outlook in &status.digests {
        let schedule = &outlook.digest.schedule;
        let next = outlook.next.first();
        rows.add(vec![
            of_text(&outlook.digest.name),
            of_text(schedule.describe()),
            of_text(next.map_or_else(|| "없음".to_owned(), |at| moment(*at, schedule.zone(), status.now))),
            of_text(next.map_or_else(String::new, |at| span(*at - status.now))),
        ]);
    }
    rows
}

fn editions(status: &Status<'_>) -> Rows {
    use DeliveryState::{Bounced, Expired, Sent, Suppressed, Unknown};
    let mut rows = Rows::new(&[
        "다이제스트",
        "호",
        "예정 시각",
        "상태",
        "받는 이",
        "보냄",
        "남음",
        "반송",
        "그 밖",
        "모름",
    ]);
    for one in &status.editions {
        let of = |state| count(one, state);
        rows.add(vec![
            of_text(&one.edition.digest),
            of_text(number(one.edition.number)),
            of_text(moment(one.edition.slot_at, status.zone, status.now)),
            of_text(state_name(one.edition.state)),
            of_count(one.recipients),
            of_count(of(Sent)),
            of_count(deliveries_left(one)),
            of_count(of(Bounced)),
            of_count(of(Expired) + of(Suppressed)),
            of_count(of(Unknown)),
        ]);
    }
    rows
}

/// Which edition, and why it is as it is. A reason is a sentence: no column holds it.
fn reasons<'a>(status: &'a Status<'_>) -> impl Iterator<Item = (String, String)> + 'a {
    status.editions.iter().filter_map(|one| {
        let edition = &one.edition;
        let name = match edition.number {
            Some(_) => number(edition.number),
            None => moment(edition.slot_at, status.zone, status.now),
        };
        let reason = plain(edition.reason.as_deref()?);
        Some((format!("{} {name} · {}", edition.digest, state_name(edition.state)), reason))
    })
}

fn count(one: &EditionOverview, wanted: DeliveryState) -> i64 {
    let mut counts = DeliveryState::ALL.iter().zip(one.counts);
    counts.find(|(state, _)| **state == wanted).map_or(0, |(_, count)| count)
}

/// Deliveries still on their way.
fn deliveries_left(one: &EditionOverview) -> i64 {
    use DeliveryState::{Deferred, InFlight, Leased, Queued};
    [Queued, Leased, InFlight, Deferred].into_iter().map(|state| count(one, state)).sum()
}

fn sources(status: &Status<'_>) -> Rows {
    let mut rows = Rows::new(&["출처", "상태", "마지막으로 읽은 때", "글"]);
    for source in &status.sources {
        let read = source.state.as_ref().and_then(|state| state.last_read_at);
        rows.add(vec![
            of_text(&source.settings.name),
            of_text(health(source, status)),
            of_text(read.map_or_else(|| "–".to_owned(), |at| moment(at, status.zone, status.now))),
            of_count(source.posts),
        ]);
    }
    rows
}

fn health(source: &SourceHealth<'_>, status: &Status<'_>) -> String {
    match &source.state {
        None => "아직 읽지 않음".to_owned(),
        Some(state) => match state.failing_since {
            Some(since) => format!("{} 읽지 못함", failing_words(since, status.now)),
            None => "정상".to_owned(),
        },
    }
}

fn readers(status: &Status<'_>) -> Rows {
    let mut rows = Rows::new(&["다이제스트", "구독 중", "확인 대기", "쉬는 중", "수신거부"]);
    for Readership { digest, active, pending, paused, unsubscribed } in &status.readers {
        let configured = status.digests.iter().any(|outlook| outlook.digest.name == *digest);
        let name = if configured { digest.clone() } else { format!("{} (설정에 없음)", plain(digest)) };
        let counts = [active, pending, paused, unsubscribed].map(|count| of_count(*count));
        rows.add(std::iter::once(of_text(name)).chain(counts).collect());
    }
    rows
}
