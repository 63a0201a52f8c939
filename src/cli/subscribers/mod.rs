//! Effect: `moabom subscribers`: add, list, show, remove, import, export, forget.

mod columns;
mod decode;
mod export;
mod import;
mod show;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use chrono_tz::Tz;

use super::{Context, dates};
use crate::clock::Instant;
use crate::model::address::{self, AddressError};
use crate::model::name::{self, NameError};
use crate::model::subscriber::{Subscriber, SubscriptionState, SuppressionReason};
use crate::model::token::SecretKey;
use crate::model::{EmailAddress, SubscriberId, SuppressionKey};
use crate::store::subscribers::{Added, NewSubscriber, SubscriberFilter};
use crate::store::suppressions::{Farewell, Withdrawal};
use crate::store::{Store, StoreError};

/// `moabom subscribers …`
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// 구독자 한 사람을 넣어요
    Add(Add),
    /// 구독자 목록을 봐요
    List(List),
    /// 한 사람의 구독과 동의 기록을 봐요
    Show(Show),
    /// CSV 파일에서 구독자를 가져와요 (동의일이 있어야 해요)
    Import(Import),
    /// 구독자를 CSV로 내보내요
    Export(Export),
    /// 한 사람의 구독을 모두 끝내고 주소와 이름을 지워요 (처리 결과를 알리는 설정이면 메일로 알린 뒤에)
    Remove(Remove),
    /// 알리지 않고 바로 지우고, 지운 흔적이 파일에도 남지 않게 저장소를 다시 써요
    Forget(Remove),
}

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

/// `subscribers import`
#[derive(Clone, Debug, clap::Args)]
pub struct Import {
    /// CSV나 TSV 파일 (UTF-8, UTF-16, CP949)
    pub file: PathBuf,
    /// 동의일이 빈 행에 쓸 날: 이 날까지 동의를 받았다는 운영자의 진술이에요
    #[arg(long, value_name = "날짜")]
    pub consent_date: Option<String>,
    /// 구독할 다이제스트 (여러 번 쓸 수 있고, 적지 않으면 파일의 다이제스트 열, 그 열도 없으면 모두)
    #[arg(long, value_name = "이름")]
    pub digest: Vec<String>,
    /// 잘못된 행은 빼고 나머지를 가져와요
    #[arg(long)]
    pub keep_going: bool,
    /// 아무것도 바꾸지 않고 결과만 미리 봐요
    #[arg(long)]
    pub dry_run: bool,
    /// 보고를 JSON으로
    #[arg(long)]
    pub json: bool,
}

/// `subscribers export`
#[derive(Clone, Debug, clap::Args)]
pub struct Export {
    /// 쓸 파일 (이미 있으면 거절해요). 적지 않으면 표준 출력
    #[arg(long, value_name = "파일")]
    pub out: Option<PathBuf>,
    /// 맨 앞에 BOM을 붙여요 (엑셀에서 바로 열 때)
    #[arg(long)]
    pub bom: bool,
    /// 이 다이제스트의 구독자만
    #[arg(long, value_name = "이름")]
    pub digest: Option<String>,
    /// 이 상태의 구독만: pending, active, paused
    #[arg(long, value_name = "상태", value_parser = state)]
    pub state: Option<SubscriptionState>,
}

/// `subscribers remove` and `subscribers forget`
#[derive(Clone, Debug, clap::Args)]
pub struct Remove {
    /// 메일 주소나 번호
    pub who: String,
}

fn state(word: &str) -> Result<SubscriptionState, String> {
    SubscriptionState::parse(word)
        .ok_or_else(|| "pending, active, paused, unsubscribed 가운데 하나를 적어 주세요".to_owned())
}

/// What the commands work with.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    /// The store.
    pub store: &'a Store,
    /// All secret keys; the oldest keys the suppressions.
    pub keys: &'a [SecretKey],
    /// The configured digests' names.
    pub digests: &'a [String],
    /// Whether who is removed is told so first.
    pub farewell: Farewell,
    /// The zone dates without an offset are meant in.
    pub time_zone: Tz,
    /// Now.
    pub now: Instant,
}

/// Why a command failed; every text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum SubscribersError {
    /// The address is none.
    #[error("메일 주소 '{typed}'을(를) 읽을 수 없어요: {cause}")]
    Address {
        /// As typed.
        typed: String,
        /// Why.
        cause: AddressError,
    },
    /// The name is none.
    #[error("{0}")]
    Name(#[from] NameError),
    /// The day of consent is none.
    #[error("동의일 '{typed}': {cause}")]
    Date {
        /// As typed.
        typed: String,
        /// Why.
        cause: dates::DateError,
    },
    /// No such digest is configured.
    #[error("설정에 다이제스트 '{name}'이(가) 없어요. 있는 것: {known}")]
    Digest {
        /// As typed.
        name: String,
        /// The configured ones.
        known: String,
    },
    /// Nobody of that address or number.
    #[error("'{0}' 구독자를 찾지 못했어요. 주소나 번호를 `moabom subscribers list`에서 확인해 주세요")]
    NotFound(String),
    /// The address must not be mailed.
    #[error("{address}: 발송 금지된 주소라 넣지 않았어요 (까닭: {}). {}", reason_word(*.reason), advice(*.reason))]
    Suppressed {
        /// The address.
        address: String,
        /// Why it is suppressed.
        reason: SuppressionReason,
    },
    /// There is no secret key.
    #[error("비밀 키가 없어 발송 금지 목록을 확인할 수 없어요. `moabom check`로 설정을 확인해 주세요")]
    NoKey,
    /// A file cannot be read or written.
    #[error("파일 {path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The import was refused as a whole.
    #[error(
        "잘못된 행이 {0}개 있어 아무것도 가져오지 않았어요. 고치거나, 빼고 가져오려면 --keep-going을 붙이세요"
    )]
    Refused(u64),
    /// The purge could not finish.
    #[error(
        "지웠지만 다른 프로그램이 저장소를 읽고 있어 파일의 흔적을 마저 비우지 못했어요. 발송을 멈추고 `moabom subscribers forget`을 한 번 더 실행하세요"
    )]
    Held,
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The output failed.
    #[error("결과를 쓰지 못했어요: {0}")]
    Output(#[from] io::Error),
}

impl SubscribersError {
    /// 2 where what was typed is at fault, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            SubscribersError::Address { .. }
            | SubscribersError::Name(_)
            | SubscribersError::Date { .. }
            | SubscribersError::Digest { .. } => 2,
            _ => 1,
        }
    }
}

/// A reason in Korean.
pub(super) fn reason_word(reason: SuppressionReason) -> &'static str {
    match reason {
        SuppressionReason::HardBounce => "없는 주소로 반송됨",
        SuppressionReason::Complaint => "스팸 신고",
        SuppressionReason::Withdrawn => "수신거부",
        SuppressionReason::Manual => "운영자가 막음",
    }
}

fn advice(reason: SuppressionReason) -> &'static str {
    match reason {
        SuppressionReason::Withdrawn | SuppressionReason::Complaint => {
            "거부한 사람은 운영자가 되살릴 수 없고, 본인이 다시 구독해야 해요"
        }
        SuppressionReason::HardBounce => "주소가 맞는지 본인에게 확인해 주세요",
        SuppressionReason::Manual => "막은 까닭을 먼저 확인해 주세요",
    }
}

/// Runs a command on the configured store.
pub fn command(context: &Context, command: &Command, out: &mut impl Write) -> anyhow::Result<()> {
    let config = context.config()?;
    let (store, keys) = context.keyed(&config)?;
    // Those with readers of their own; the others are chosen by readers in their preferences.
    let own = config.digests.iter().filter(|digest| digest.best_of.is_none());
    let digests: Vec<String> = own.map(|digest| digest.name.clone()).collect();
    let deps = Deps {
        store: &store,
        keys: &keys,
        digests: &digests,
        farewell: config.law.farewell(),
        time_zone: config.masthead.newsletter.time_zone,
        now: context.clock.now(),
    };
    Ok(run(command, &deps, out, &mut io::stderr())?)
}

/// Runs a command: data to `out`, talk to `err`. A reader of `out` that went away is no failure.
pub fn run(
    command: &Command,
    deps: &Deps<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), SubscribersError> {
    let result = match command {
        Command::Add(args) => add(args, deps, out, err),
        Command::List(args) => show::list(args, deps, out, err),
        Command::Show(args) => show::show(args, deps, out),
        Command::Import(args) => import::run(args, deps, out, err),
        Command::Export(args) => export::run(args, deps, out, err),
        Command::Remove(args) => remove(args, deps.farewell, deps, out).map(|_| ()),
        Command::Forget(args) => forget(args, deps, out),
    };
    match result {
        Err(SubscribersError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn add(
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
            "주의: {address}은(는) @ 앞에 영문이 아닌 글자가 있어 보낼 수 없어요. 다른 주소를 받아 두세요"
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

fn remove(
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
        writeln!(out, "이미 지워진 주소예요. 발송 금지만 남아 있어요 (까닭: {})", reason_word(reason))?;
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

fn forget(args: &Remove, deps: &Deps<'_>, out: &mut dyn Write) -> Result<(), SubscribersError> {
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

/// The person of an address or a row number.
fn find(who: &str, deps: &Deps<'_>) -> Result<Option<Subscriber>, SubscribersError> {
    if let Ok(id) = who.trim().parse::<i64>() {
        return Ok(deps.store.read(|ledger| ledger.subscriber(SubscriberId(id)))?);
    }
    let (_, address) = address::parse_mailbox(who)
        .map_err(|cause| SubscribersError::Address { typed: shown(who), cause })?;
    Ok(deps.store.read(|ledger| ledger.subscriber_by_address(&address))?)
}

fn date(text: &str, deps: &Deps<'_>) -> Result<Instant, SubscribersError> {
    dates::parse_consent(text, deps.time_zone, deps.now)
        .map_err(|cause| SubscribersError::Date { typed: shown(text), cause })
}

/// The digests named, or all configured ones; a name that is not configured is refused.
fn chosen(named: &[String], deps: &Deps<'_>) -> Result<Vec<String>, SubscribersError> {
    if let Some(name) = named.iter().find(|name| !deps.digests.contains(name)) {
        return Err(SubscribersError::Digest { name: shown(name), known: deps.digests.join(", ") });
    }
    Ok(if named.is_empty() { deps.digests.to_vec() } else { named.to_vec() })
}

/// Refuses a digest that neither the configuration nor any subscription knows: its list would look like an empty one.
fn known(digest: Option<&String>, deps: &Deps<'_>) -> Result<(), SubscribersError> {
    let Some(name) = digest.filter(|name| !deps.digests.contains(name)) else { return Ok(()) };
    let filter = SubscriberFilter { digest: Some(name.clone()), state: None, erased: true };
    let mut found = false;
    deps.store.read(|ledger| {
        ledger.each_subscriber(&filter, &mut |_| {
            found = true;
            ControlFlow::Break(())
        })
    })?;
    if found {
        return Ok(());
    }
    Err(SubscribersError::Digest { name: shown(name), known: deps.digests.join(", ") })
}

fn suppression_key(deps: &Deps<'_>) -> Result<SuppressionKey, SubscribersError> {
    SuppressionKey::of(deps.keys).ok_or(SubscribersError::NoKey)
}

/// Typed text as an error may repeat it: short, and nothing that moves a terminal's cursor.
fn shown(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(60)
        .map(|c| if c.is_control() || address::is_invisible(c) { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}
