//! Effect: `moabom law due`: each notice whose last day is near or past, one a line. Row numbers and dates only.

use std::io::{self, Write};

use anyhow::Result;
use chrono::NaiveDate;
use serde::Serialize;

use super::report::result_standing;
use crate::law::anniversary::{Standing, day_in_korea, is_pressing, two_year_notice};
use crate::model::SubscriberId;
use crate::store::{Store, StoreError};

/// Rows shown as text; the JSON list is whole.
const ROWS: usize = 500;

/// What a notice tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum About {
    /// A consent (법 50조 7항).
    Consent,
    /// A withdrawal (법 50조 7항).
    Withdrawal,
    /// A consent two years old or older (법 50조 8항).
    TwoYears,
}

impl About {
    fn words(self) -> &'static str {
        match self {
            About::Consent => "수신동의 처리 결과",
            About::Withdrawal => "수신거부·철회 처리 결과",
            About::TwoYears => "2년마다의 수신동의 확인",
        }
    }
}

/// A notice that presses: a result notice more than ten days after the act, a two-year one in its last days.
#[derive(Debug, Serialize)]
struct Pressing {
    about: About,
    subscriber: SubscriberId,
    /// The day of the consent or the withdrawal, in Korea.
    acted_on: NaiveDate,
    last_day: NaiveDate,
    overdue: bool,
    /// The address is erased: no mail can tell.
    erased: bool,
}

/// Tells them as they are read, so that a long list needs no memory. Says how many are overdue.
pub(super) fn run(store: Option<&Store>, today: NaiveDate, json: bool, out: &mut impl Write) -> Result<u64> {
    let (mut count, mut overdue, mut told) = (0, 0, Ok(()));
    if !json {
        writeln!(out, "기한이 지났거나 나흘 안에 끝나는 통지 ({today} 한국 날짜)")?;
    }
    if let Some(store) = store {
        each(store, today, &mut |one| {
            count += 1;
            overdue += u64::from(one.overdue);
            if told.is_ok() {
                told = tell(&one, count, json, out);
            }
        })?;
    }
    told?;
    match (json, count) {
        (true, 0) => writeln!(out, "[]")?,
        (true, _) => writeln!(out, "\n]")?,
        (false, 0) => writeln!(out, "  없어요.")?,
        (false, count) if count > ROWS => {
            writeln!(out, "그 밖에 {}건. 모두 보려면 `--json`을 쓰세요.", count - ROWS)?;
        }
        (false, _) => {}
    }
    Ok(overdue)
}

fn tell(one: &Pressing, count: usize, json: bool, out: &mut impl Write) -> io::Result<()> {
    if json {
        write!(out, "{}", if count == 1 { "[\n  " } else { ",\n  " })?;
        return Ok(serde_json::to_writer(out, one)?);
    }
    if count > ROWS {
        return Ok(());
    }
    let word = if one.overdue { "기한 지남" } else { "곧 끝남" };
    let erased = if one.erased { " · 주소를 지워 메일로 알릴 수 없어요" } else { "" };
    let (id, about, on, until) = (one.subscriber, one.about.words(), one.acted_on, one.last_day);
    writeln!(out, "  {word}  구독자 {id} · {about} · {on}의 일 · 기한 {until}{erased}")
}

fn each(store: &Store, today: NaiveDate, visit: &mut dyn FnMut(Pressing)) -> Result<(), StoreError> {
    let mut press = |about, subscriber, acted_on, standing, erased| {
        let (last_day, overdue) = match standing {
            Standing::Due { last_day } if is_pressing(last_day, today) => (last_day, false),
            Standing::Overdue { last_day } => (last_day, true),
            _ => return,
        };
        visit(Pressing { about, subscriber, acted_on, last_day, overdue, erased });
    };
    store.read(|ledger| {
        ledger.each_live_consent(&mut |live| {
            let Some(act) = &live.consent else { return };
            let on = day_in_korea(act.at);
            if let Some(standing) = result_standing(act, today) {
                press(About::Consent, live.subscriber, on, standing, false);
            }
            let told = act.told_at.map(day_in_korea);
            press(About::TwoYears, live.subscriber, on, two_year_notice(on, told, today), false);
        })?;
        ledger.each_withdrawal(&mut |past| {
            if let Some(standing) = result_standing(&past.withdrawal, today) {
                let on = day_in_korea(past.withdrawal.at);
                press(About::Withdrawal, past.subscriber, on, standing, past.erased);
            }
        })
    })
}
