//! Effect: `moabom subscribers remove` and `forget`: the end of a person's time on the list.

use std::io::Write;

use super::{Deps, SubscribersError, find, shown, suppression_key};
use crate::model::EmailAddress;
use crate::store::suppressions::{Farewell, Withdrawal};

/// `subscribers remove` and `subscribers forget`
#[derive(Clone, Debug, clap::Args)]
pub struct Remove {
    /// 메일 주소나 번호
    pub who: String,
}

pub(super) fn remove(
    args: &Remove,
    farewell: Farewell,
    deps: &Deps<'_>,
    out: &mut dyn Write,
) -> Result<Withdrawal, SubscribersError> {
    let key = suppression_key(deps)?;
    let Some(person) = find(&args.who, deps)? else {
        let erased = EmailAddress::parse(&args.who).ok().map(|address| key.hash(&address));
        let suppressed = match erased {
            Some(hash) => deps.store.read(|ledger| ledger.suppression(&hash))?,
            None => None,
        };
        let Some(reason) = suppressed else { return Err(SubscribersError::NotFound(shown(&args.who))) };
        writeln!(out, "이미 지워진 주소예요. 발송 금지만 남아 있어요 (까닭: {})", reason.words())?;
        return Ok(Withdrawal::Already);
    };
    let (id, now) = (person.id, deps.now);
    let was_here = person.address.is_some();
    let (withdrawal, stays) = deps.store.write(move |ledger| {
        let withdrawal = ledger.leave(id, "cli", farewell, &key, now)?;
        Ok((withdrawal, ledger.subscriber(id)?.is_some_and(|person| person.address.is_some())))
    })?;
    match &withdrawal {
        Withdrawal::Done { .. } if stays => {
            writeln!(
                out,
                "{id}번 구독자의 구독을 끝냈어요. 처리 결과를 메일로 알린 뒤에 주소와 이름을 지워요"
            )?;
        }
        Withdrawal::Already if stays => {
            writeln!(out, "{id}번 구독자는 이미 끝났고, 처리 결과를 알린 뒤에 주소와 이름을 지워요")?;
        }
        Withdrawal::Already if was_here => writeln!(out, "{id}번 구독자의 주소와 이름을 지웠어요")?,
        Withdrawal::Done { digests } if digests.is_empty() => {
            writeln!(out, "{id}번 구독자의 주소와 이름을 지웠어요")?;
        }
        Withdrawal::Done { digests } => {
            writeln!(out, "{id}번 구독자의 구독({})을 끝내고 주소와 이름을 지웠어요", digests.join(", "))?;
        }
        _ => writeln!(out, "{id}번 구독자는 이미 지워져 있어요")?,
    }
    Ok(withdrawal)
}

pub(super) fn forget(args: &Remove, deps: &Deps<'_>, out: &mut dyn Write) -> Result<(), SubscribersError> {
    remove(args, Farewell::Untold, deps, out)?;
    if !deps.store.purge()? {
        return Err(SubscribersError::Held);
    }
    writeln!(
        out,
        "저장소 파일을 다시 써서 지운 흔적까지 없앴어요. 따로 떠 둔 백업과 내보낸 파일은 직접 지워 주세요"
    )?;
    Ok(())
}
