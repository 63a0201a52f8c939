//! Effect: the status as a terminal shows it.

use std::io::{self, Write};

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use console::{Term, style};

use super::Status;
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
    writeln!(out, "{} · {}", plain(status.title), moment(status.now, status.zone, status.now))?;
    let concerns = status.concerns();
    if concerns.is_empty() {
        writeln!(out, "살펴볼 것이 없어요.")?;
    } else {
        writeln!(out, "\n{}", style("살펴볼 것").bold())?;
        for concern in concerns {
            writeln!(out, "  {} {concern}", style("!").red())?;
        }
    }
    block("다음 발행", &schedules(status), out)?;
    if status.editions.is_empty() {
        writeln!(out, "\n최근 발행호\n  아직 없어요.")?;
    } else {
        block("최근 발행호", &editions(status), out)?;
    }
    block("출처", &sources(status), out)?;
    if status.readers.is_empty() {
        writeln!(out, "\n구독자\n  아직 없어요. `moabom subscribers add`나 `import`로 넣으세요.")
    } else {
        block("구독자", &readers(status), out)?;
        writeln!(out, "  발송 금지 주소 {}개", grouped(amount(status.suppressed)))
    }
}

fn block(title: &str, table: &Table, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{}\n{table}", style(title).bold())
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    if let Some((_, columns)) = Term::stdout().size_checked() {
        table.set_width(columns);
    }
    table.set_header(header);
    table
}

fn amount(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn right(count: i64) -> Cell {
    Cell::new(grouped(amount(count))).set_alignment(CellAlignment::Right)
}

fn schedules(status: &Status<'_>) -> Table {
    let mut table = table(["다이제스트", "일정", "다음 발행", "남은 시간"]);
    for outlook in &status.digests {
        let schedule = &outlook.digest.schedule;
        let next = outlook.next.first();
        table.add_row([
            outlook.digest.name.clone(),
            schedule.describe(),
            next.map_or_else(|| "없음".to_owned(), |at| moment(*at, schedule.zone(), status.now)),
            next.map_or_else(String::new, |at| span(*at - status.now)),
        ]);
    }
    table
}

fn editions(status: &Status<'_>) -> Table {
    use DeliveryState::{Bounced, Expired, Sent, Suppressed, Unknown};
    let mut table = table([
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
        "까닭",
    ]);
    for one in &status.editions {
        let of = |state| count(one, state);
        table.add_row(vec![
            Cell::new(&one.edition.digest),
            Cell::new(number(one.edition.number)),
            Cell::new(moment(one.edition.slot_at, status.zone, status.now)),
            Cell::new(state_name(one.edition.state)),
            right(one.recipients),
            right(of(Sent)),
            right(deliveries_left(one)),
            right(of(Bounced)),
            right(of(Expired) + of(Suppressed)),
            right(of(Unknown)),
            Cell::new(one.edition.reason.as_deref().map(plain).unwrap_or_default()),
        ]);
    }
    table
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

fn sources(status: &Status<'_>) -> Table {
    let mut table = table(["출처", "상태", "마지막으로 읽은 때", "글"]);
    for source in &status.sources {
        let read = source.state.as_ref().and_then(|state| state.last_read_at);
        table.add_row(vec![
            Cell::new(&source.settings.name),
            health(source, status),
            Cell::new(read.map_or_else(|| "–".to_owned(), |at| moment(at, status.zone, status.now))),
            right(source.posts),
        ]);
    }
    table
}

fn health(source: &SourceHealth<'_>, status: &Status<'_>) -> Cell {
    match &source.state {
        None => Cell::new("아직 읽지 않음"),
        Some(state) => match state.failing_since {
            Some(since) => Cell::new(format!("{} 읽지 못함", failing_words(since, status.now))),
            None => Cell::new("정상"),
        },
    }
}

fn readers(status: &Status<'_>) -> Table {
    let mut table = table(["다이제스트", "구독 중", "확인 대기", "쉬는 중", "수신거부"]);
    for Readership { digest, active, pending, paused, unsubscribed } in &status.readers {
        let configured = status.digests.iter().any(|outlook| outlook.digest.name == *digest);
        let name = if configured { digest.clone() } else { format!("{} (설정에 없음)", plain(digest)) };
        let counts = [active, pending, paused, unsubscribed].map(|count| right(*count));
        table.add_row(std::iter::once(Cell::new(name)).chain(counts).collect::<Vec<_>>());
    }
    table
}
