//! Effect: `moabom subscribers add`: one person, with the consent that allows it.

use std::io::Write;

use super::{Deps, SubscribersError, chosen, date, shown, suppression_key};
use crate::model::subscriber::SubscriptionState;
use crate::model::{address, name};
use crate::store::subscribers::{Added, NewSubscriber};

/// `subscribers add`
#[derive(Clone, Debug, clap::Args)]
pub struct Add {
    /// 메일 주소 ('이름 <주소>' 꼴도 돼요)
    pub address: String,
    /// 이름
    #[arg(long)]
    pub name: Option<String>,
    /// 수신에 동의한 날 (적지 않으면 지금)
    #[arg(long, value_name = "날짜")]
    pub consent: Option<String>,
    /// 구독할 다이제스트 (여러 번 쓸 수 있고, 적지 않으면 모두)
    #[arg(long, value_name = "이름")]
    pub digest: Vec<String>,
}

pub(super) fn run(
    args: &Add,
    deps: &Deps<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), SubscribersError> {
    let (inner_name, address) = address::parse_mailbox(&args.address)
        .map_err(|cause| SubscribersError::Address { typed: shown(&args.address), cause })?;
    let name = name::clean(args.name.as_deref().or(inner_name.as_deref()).unwrap_or_default())?;
    let consent_at = match &args.consent {
        Some(text) => date(text, deps)?,
        None => deps.now,
    };
    let digests = chosen(&args.digest, deps)?;
    let key = suppression_key(deps)?;
    let (now, to_add) = (deps.now, address.clone());
    let added = deps.store.write(move |ledger| {
        let new = NewSubscriber {
            address: &to_add,
            name: name.as_deref(),
            digests: &digests,
            state: SubscriptionState::Active,
            consent_at,
            source: "cli",
            wording: "운영자가 명령줄에서 확인한 동의",
        };
        ledger.add_subscriber(&new, &key, now)
    })?;
    if let Some(hint) = address.hint() {
        writeln!(err, "주의: {address} 대신 {hint} 아닌가요? 적은 그대로 두었어요")?;
    }
    if address.needs_smtputf8() {
        writeln!(
            err,
            "주의: @ 앞에 영문이 아닌 글자가 있어, 릴레이가 SMTPUTF8을 알릴 때만 보낼 수 있어요: {address}"
        )?;
    }
    match &added {
        Added::New(id) => writeln!(out, "{id}번 구독자로 넣었어요: {address}")?,
        Added::Joined(id, digests) => {
            writeln!(out, "이미 있는 {id}번 구독자에게 다이제스트를 더했어요: {}", digests.join(", "))?;
        }
        Added::Known(id) => writeln!(out, "이미 {id}번 구독자로 있어요: {address}")?,
        Added::Suppressed(reason) => {
            return Err(SubscribersError::Suppressed { address: address.to_string(), reason: *reason });
        }
    }
    if args.consent.is_none() && matches!(added, Added::New(_) | Added::Joined(..)) {
        writeln!(
            err,
            "동의한 때를 지금으로 적었어요. 다른 날이면 처음 넣을 때 --consent 날짜를 적어 주세요"
        )?;
    }
    Ok(())
}
