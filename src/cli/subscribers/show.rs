//! Effect: the list and one person's page, as tables and as JSON.

use std::io::{self, Write};
use std::ops::ControlFlow;

use chrono_tz::Tz;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::{Deps, List, Show, SubscribersError, columns, find, known, shown};
use crate::cli::dates;
use crate::model::subscriber::SubscriptionState;
use crate::status::words::consent_act as act_word;
use crate::store::consents::Evidence;
use crate::store::subscribers::{Listed, SubscriberFilter};

pub(super) fn list(
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
    each(deps, &filter, |person| {
        count += 1;
        match (args.json, count) {
            (true, 1) => write!(out, "[\n  ")?,
            (true, _) => write!(out, ",\n  ")?,
            (false, 1) => writeln!(out, "{}", row(["번호", "주소", "이름", "구독"]))?,
            (false, _) => {}
        }
        if args.json { write!(out, "{}", in_json(&person)) } else { writeln!(out, "{}", line(&person)) }
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

/// Shows each person to `visit`, and gives back its first output error.
pub(super) fn each(
    deps: &Deps<'_>,
    filter: &SubscriberFilter,
    mut visit: impl FnMut(Listed) -> io::Result<()>,
) -> Result<(), SubscribersError> {
    let mut failed = None;
    deps.store.read(|ledger| {
        ledger.each_subscriber(filter, &mut |person| match visit(person) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        })
    })?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}

/// `{id, address, name, subscriptions: [{digest, state}]}`.
fn in_json(person: &Listed) -> Value {
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

fn line(person: &Listed) -> String {
    let subscriptions: Vec<String> = person
        .subscriptions
        .iter()
        .map(|(subscription, _)| format!("{}: {}", subscription.digest, columns::word(subscription.state)))
        .collect();
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

pub(super) fn show(args: &Show, deps: &Deps<'_>, out: &mut dyn Write) -> Result<(), SubscribersError> {
    let person = find(&args.who, deps)?.ok_or_else(|| SubscribersError::NotFound(shown(&args.who)))?;
    let (subscriptions, ledger) = deps
        .store
        .read(|ledger| Ok((ledger.subscriptions_of(person.id)?, ledger.evidence_of(person.id)?)))?;
    let person = Listed { subscriber: person, subscriptions };
    let day = |at| dates::format(at, deps.time_zone);
    if args.json {
        let mut value = in_json(&person);
        if let Value::Object(fields) = &mut value {
            fields.insert("created_at".into(), json!(person.subscriber.created_at));
            fields.insert("erased_at".into(), json!(person.subscriber.erased_at));
            fields.insert(
                "consents".into(),
                ledger.iter().map(|event| event_in_json(event, args.evidence)).collect(),
            );
        }
        writeln!(out, "{value:#}")?;
        return Ok(());
    }
    let subscriber = &person.subscriber;
    writeln!(out, "번호  {}", subscriber.id)?;
    writeln!(out, "주소  {}", subscriber.address.as_ref().map_or("(지움)", |address| address.as_str()))?;
    writeln!(out, "이름  {}", subscriber.name.as_deref().unwrap_or("-"))?;
    writeln!(out, "등록  {}", day(subscriber.created_at))?;
    if let Some(erased_at) = subscriber.erased_at {
        writeln!(out, "지움  {}", day(erased_at))?;
    }
    writeln!(out, "구독")?;
    for (subscription, _) in &person.subscriptions {
        let state = columns::word(subscription.state);
        writeln!(out, "  {}: {state} ({}부터)", subscription.digest, day(subscription.since))?;
    }
    if args.evidence {
        return evidence(&ledger, deps.time_zone, out);
    }
    writeln!(out, "동의 기록")?;
    for Evidence { consent, .. } in &ledger {
        let digest = consent.digest.as_deref().unwrap_or("모든 다이제스트");
        let (act, wording) = (act_word(consent.act), &consent.wording);
        writeln!(out, "  {}  {act}  {digest}  출처 {}  {wording}", day(consent.at), consent.source)?;
    }
    Ok(())
}

/// The ledger in full, for whoever must prove a consent (정보통신망법 50조 1항, 개인정보 보호법 22조).
fn evidence(ledger: &[Evidence], zone: Tz, out: &mut dyn Write) -> Result<(), SubscribersError> {
    writeln!(out, "동의 증빙 (적기만 하고 고치거나 지우지 않는 장부예요. 시각은 {zone})")?;
    if ledger.is_empty() {
        writeln!(out, "  기록이 없어요.")?;
    }
    for (number, Evidence { consent, recorded_at }) in (1..).zip(ledger) {
        let digest = consent.digest.as_deref().unwrap_or("모든 다이제스트");
        let wording = if consent.wording.is_empty() { "-" } else { &consent.wording };
        writeln!(out, "  {number}. {} · {digest}", act_word(consent.act))?;
        writeln!(out, "     일어난 때  {}", dates::format(consent.at, zone))?;
        writeln!(out, "     적은 때    {}", dates::format(*recorded_at, zone))?;
        writeln!(out, "     출처       {}", consent.source)?;
        writeln!(out, "     문구       {wording}")?;
    }
    Ok(())
}

fn event_in_json(event: &Evidence, evidence: bool) -> Value {
    let consent = &event.consent;
    let mut value = json!({
        "act": consent.act, "digest": consent.digest, "at": consent.at,
        "source": consent.source, "wording": consent.wording,
    });
    if let (true, Value::Object(fields)) = (evidence, &mut value) {
        fields.insert("recorded_at".into(), json!(event.recorded_at));
    }
    value
}
