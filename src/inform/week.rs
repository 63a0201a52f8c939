//! Effect: what the operator is told of slots that were skipped, and on Mondays of the week that is over.

use std::collections::BTreeMap;

use chrono::{Datelike, Duration, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;

use super::{NEWS, News, counts, title};
use crate::clock::Instant;
use crate::korean::counts::grouped;
use crate::korean::dates;
use crate::model::edition::Edition;
use crate::store::{Ledger, StoreError};

/// Skipped slots named in one mail.
const LISTED: usize = 10;
/// Hours after a week's end at which it is told: not in the night.
const MORNING: i64 = 8;
/// A week is told at most this long after its end; then it is no news.
const STALE: Duration = Duration::days(2);

/// One mail for all slots of a digest that were skipped at once: after a time without power there may be many.
pub(super) fn skipped(ledger: &Ledger<'_>, zone: Tz, now: Instant) -> Result<Vec<News>, StoreError> {
    let mut groups: BTreeMap<String, Vec<Edition>> = BTreeMap::new();
    for skip in ledger.skips_recorded(now - NEWS, now + Duration::milliseconds(1))? {
        let fact = format!("skipped:{}:{}", skip.digest, skip.frozen_at.timestamp_millis());
        groups.entry(fact).or_default().push(skip);
    }
    let mut news = Vec::new();
    for (fact, skips) in groups {
        let Some(last) = skips.last() else { continue };
        if ledger.operator_knows(&fact)? {
            continue;
        }
        let count = grouped(skips.len() as u64);
        let lines: Vec<String> = skips.iter().rev().take(LISTED).map(|skip| line(skip, zone)).collect();
        let more = skips.len().saturating_sub(LISTED);
        let more = if more > 0 { format!("\n그 밖에 {more}번") } else { String::new() };
        news.push(News {
            fact,
            subject: format!("[모아봄] 예정 시각을 건너뛰었어요: {} {count}번", last.digest),
            text: format!(
                "{}의 예정 시각을 {count}번 건너뛰었어요. 글은 다음 호에 모여요.\n\n{}{more}\n\n지금 내려면 `moabom publish {}` 명령을 쓰세요.\n",
                last.digest,
                lines.join("\n"),
                last.digest
            ),
        });
    }
    Ok(news)
}

fn line(skip: &Edition, zone: Tz) -> String {
    format!("- {} · {}", dates::minute(skip.slot_at, zone), skip.reason.as_deref().unwrap_or_default())
}

/// The week that ended on Monday at midnight, where anything fell due in it.
pub(super) fn summary(ledger: &Ledger<'_>, zone: Tz, now: Instant) -> Result<Option<News>, StoreError> {
    let Some((start, end)) = last_week(zone, now) else { return Ok(None) };
    let since_morning = now - end - Duration::hours(MORNING);
    if since_morning < Duration::zero() || since_morning > STALE {
        return Ok(None);
    }
    let fact = format!("week:{}", start.with_timezone(&zone).date_naive());
    if ledger.operator_knows(&fact)? {
        return Ok(None);
    }
    let (editions, skips) = (ledger.editions_frozen(start, end)?, ledger.skips_recorded(start, end)?);
    if editions.is_empty() && skips.is_empty() {
        return Ok(None);
    }
    let year = start.with_timezone(&zone).year();
    let week = dates::range(start, end - Duration::milliseconds(1), zone, year);
    let mut text =
        format!("지난 한 주({week})를 모았어요.\n\n발행 {}번 · 건너뜀 {}번\n", editions.len(), skips.len());
    for edition in &editions {
        if let Some(overview) = ledger.edition_overview(edition.id)? {
            text += &format!("- {} · {}\n", title(edition), counts(&overview));
        }
    }
    for skip in skips.iter().rev().take(LISTED) {
        text += &format!("{} (건너뜀: {})\n", line(skip, zone), skip.digest);
    }
    text += &standing(ledger)?;
    Ok(Some(News { fact, subject: format!("[모아봄] 지난 한 주: {week}"), text }))
}

/// Readers by digest, and sources that cannot be read, as they stand now.
fn standing(ledger: &Ledger<'_>) -> Result<String, StoreError> {
    let mut text = "\n구독자\n".to_owned();
    for readers in ledger.readership()? {
        let count = |number: i64| grouped(number.unsigned_abs());
        text += &format!(
            "- {} · 받는 중 {} · 확인 기다림 {} · 쉬는 중 {}\n",
            readers.digest,
            count(readers.active),
            count(readers.pending),
            count(readers.paused)
        );
    }
    let sources = ledger.sources()?.into_iter().filter(|source| source.failing_since.is_some());
    let failing: String = sources.map(|source| format!("- {}\n", source.name)).collect();
    if !failing.is_empty() {
        text += &format!("\n읽지 못하고 있는 출처\n{failing}");
    }
    Ok(text + "\n자세한 것은 `moabom status`에 있어요.\n")
}

/// The whole week from Monday to Monday, in the zone, that is over at `now`.
fn last_week(zone: Tz, now: Instant) -> Option<(Instant, Instant)> {
    let today = now.with_timezone(&zone).date_naive();
    let monday = today - Duration::days(i64::from(today.weekday().num_days_from_monday()));
    let midnight = |day: NaiveDate| {
        // Where midnight is skipped, the day begins an hour later.
        let start = day.and_time(NaiveTime::MIN);
        let at = zone.from_local_datetime(&start).earliest();
        let at = at.or_else(|| zone.from_local_datetime(&(start + Duration::hours(1))).earliest())?;
        Some(at.to_utc())
    };
    midnight(monday - Duration::days(7)).zip(midnight(monday))
}
