//! Effect: `moabom subscribers show`: one person's page, as text and as JSON.

use std::io::Write;

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::list::in_json;
use super::{Deps, SubscribersError, find, shown, suppressed, words};
use crate::cli::dates;
use crate::status::words::{consent_act as act_word, stamp};
use crate::store::consents::Evidence;
use crate::store::subscribers::Listed;

/// `subscribers show`
#[derive(Clone, Debug, clap::Args)]
pub struct Show {
    /// 메일 주소나 번호
    pub who: String,
    /// 동의 기록을 증빙으로: 언제 무엇을 했고 언제 적었는지, 출처와 문구까지
    #[arg(long)]
    pub evidence: bool,
    /// JSON으로
    #[arg(long)]
    pub json: bool,
}

pub(super) fn run(args: &Show, deps: &Deps<'_>, out: &mut dyn Write) -> Result<(), SubscribersError> {
    let person = find(&args.who, deps)?.ok_or_else(|| SubscribersError::NotFound(shown(&args.who)))?;
    let (subscriptions, ledger, barred) = deps.store.read(|ledger| {
        let barred = suppressed(ledger, &person, deps);
        Ok((ledger.subscriptions_of(person.id)?, ledger.evidence_of(person.id)?, barred))
    })?;
    let barred = barred?;
    let person = Listed { subscriber: person, subscriptions };
    let day = |at| dates::format(at, deps.time_zone);
    if args.json {
        let mut value = in_json(&person);
        if let Value::Object(fields) = &mut value {
            let stamp = |at| stamp(at, deps.time_zone);
            let barred = barred.map(|(reason, at)| json!({"reason": reason, "since": stamp(at)}));
            fields.insert("suppressed".into(), json!(barred));
            fields.insert("created_at".into(), json!(stamp(person.subscriber.created_at)));
            fields.insert("erased_at".into(), json!(person.subscriber.erased_at.map(stamp)));
            let events = ledger.iter().map(|event| event_in_json(event, args.evidence, deps.time_zone));
            fields.insert("consents".into(), events.collect());
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
    if let Some((reason, at)) = barred {
        writeln!(out, "발송 금지  {} ({}부터). 편지도 통지도 가지 않아요", reason.words(), day(at))?;
    }
    writeln!(out, "구독")?;
    for (subscription, _) in &person.subscriptions {
        let state = words::word(subscription.state);
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
    for (number, Evidence { consent, recorded_at, shown }) in (1..).zip(ledger) {
        let digest = consent.digest.as_deref().unwrap_or("모든 다이제스트");
        let wording = if consent.wording.is_empty() { "-" } else { &consent.wording };
        writeln!(out, "  {number}. {} · {digest}", act_word(consent.act))?;
        writeln!(out, "     일어난 때  {}", dates::format(consent.at, zone))?;
        writeln!(out, "     적은 때    {}", dates::format(*recorded_at, zone))?;
        writeln!(out, "     출처       {}", consent.source)?;
        writeln!(out, "     문구       {wording}")?;
        if let Some(shown) = shown {
            writeln!(out, "     보여 준 글")?;
            for line in shown.trim_end().lines() {
                writeln!(out, "       | {line}")?;
            }
        }
    }
    Ok(())
}

fn event_in_json(event: &Evidence, evidence: bool, zone: Tz) -> Value {
    let consent = &event.consent;
    let mut value = json!({
        "act": consent.act, "digest": consent.digest, "at": stamp(consent.at, zone),
        "source": consent.source, "wording": consent.wording,
    });
    if let (true, Value::Object(fields)) = (evidence, &mut value) {
        fields.insert("recorded_at".into(), json!(stamp(event.recorded_at, zone)));
        fields.insert("shown".into(), json!(event.shown));
    }
    value
}
