//! Effect: `moabom subscribers list`: the people as a table and as JSON.

use std::io::Write;
use std::ops::ControlFlow;

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::{Deps, SubscribersError, known, state, suppressed, words};
use crate::model::subscriber::{SubscriptionState, SuppressionReason};
use crate::store::Ledger;
use crate::store::subscribers::{Listed, SubscriberFilter};

/// `subscribers list`
#[derive(Clone, Debug, clap::Args)]
pub struct List {
    /// 이 다이제스트의 구독자만
    #[arg(long, value_name = "이름")]
    pub digest: Option<String>,
    /// 이 상태의 구독자만: pending, active, paused, unsubscribed
    #[arg(long, value_name = "상태", value_parser = state)]
    pub state: Option<SubscriptionState>,
    /// 주소를 지운 사람의 행까지
    #[arg(long)]
    pub all: bool,
    /// JSON으로
    #[arg(long)]
    pub json: bool,
}

pub(super) fn run(
    args: &List,
    deps: &Deps<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), SubscribersError> {
    known(args.digest.as_ref(), deps)?;
    // Whoever withdrew is erased: asking for them means asking for erased rows.
    let erased = args.all || args.state == Some(SubscriptionState::Unsubscribed);
    let filter = SubscriberFilter { digest: args.digest.clone(), state: args.state, erased };
    let mut count = 0u64;
    each(deps, &filter, |ledger, person| {
        count += 1;
        match (args.json, count) {
            (true, 1) => write!(out, "[\n  ")?,
            (true, _) => write!(out, ",\n  ")?,
            (false, 1) => writeln!(out, "{}", row(["번호", "주소", "이름", "구독"]))?,
            (false, _) => {}
        }
        if args.json {
            return Ok(write!(out, "{}", in_json(&person))?);
        }
        let barred = suppressed(ledger, &person.subscriber, deps)?;
        Ok(writeln!(out, "{}", line(&person, barred.map(|(reason, _)| reason)))?)
    })?;
    match (args.json, count) {
        (true, 0) => writeln!(out, "[]")?,
        (true, _) => writeln!(out, "\n]")?,
        (false, 0) => writeln!(
            err,
            "구독자가 없어요. `moabom subscribers add 주소`로 넣거나 `import 파일`로 가져오세요"
        )?,
        (false, _) => writeln!(err, "모두 {count}명")?,
    }
    Ok(())
}

/// Shows each person to `visit`, and gives back its first error.
pub(super) fn each(
    deps: &Deps<'_>,
    filter: &SubscriberFilter,
    mut visit: impl FnMut(&Ledger<'_>, Listed) -> Result<(), SubscribersError>,
) -> Result<(), SubscribersError> {
    let mut failed = None;
    deps.store.read(|ledger| {
        ledger.each_subscriber(filter, &mut |person| match visit(ledger, person) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        })
    })?;
    failed.map_or(Ok(()), Err)
}

/// `{id, address, name, subscriptions: [{digest, state}]}`.
pub(super) fn in_json(person: &Listed) -> Value {
    let subscriptions: Vec<Value> = person
        .subscriptions
        .iter()
        .map(|(subscription, _)| json!({"digest": subscription.digest, "state": subscription.state}))
        .collect();
    json!({
        "id": person.subscriber.id,
        "address": person.subscriber.address.as_ref().map(|address| address.as_str()),
        "name": person.subscriber.name,
        "subscriptions": subscriptions,
    })
}

fn line(person: &Listed, barred: Option<SuppressionReason>) -> String {
    let barred = barred.map(|reason| format!("발송 금지({})", reason.words()));
    let subscriptions = person
        .subscriptions
        .iter()
        .map(|(subscription, _)| format!("{}: {}", subscription.digest, words::word(subscription.state)))
        .chain(barred);
    let subscriptions: Vec<String> = subscriptions.collect();
    let address = person.subscriber.address.as_ref().map_or("(지움)", |address| address.as_str());
    let name = person.subscriber.name.as_deref().unwrap_or("-");
    row([&person.subscriber.id.to_string(), address, name, &subscriptions.join(", ")])
}

fn row(cells: [&str; 4]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.into_iter().zip([6, 32, 14, 0]) {
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', width - width.min(cell.width())));
        if width > 0 {
            line.push_str("  ");
        }
    }
    line
}
