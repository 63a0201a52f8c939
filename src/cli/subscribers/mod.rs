//! Effect: `moabom subscribers`: add, list, show, remove, import, export, forget.

mod add;
mod columns;
mod decode;
mod error;
mod export;
mod import;
mod list;
mod remove;
mod show;
mod words;

use std::io::{self, Write};
use std::ops::ControlFlow;

use chrono_tz::Tz;

use super::{Context, Misuse, dates};
use crate::clock::Instant;
use crate::model::address;
use crate::model::subscriber::{Subscriber, SubscriptionState, SuppressionReason};
use crate::model::token::SecretKey;
use crate::model::{SubscriberId, SuppressionKey};
use crate::store::subscribers::SubscriberFilter;
use crate::store::suppressions::Farewell;
use crate::store::{Ledger, Store};
pub use add::Add;
pub use error::SubscribersError;
pub(super) use error::barred_advice;
pub use export::Export;
pub use import::Import;
pub use list::List;
pub use remove::Remove;
pub use show::Show;

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

/// A state's word as it is typed.
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
    /// Whether the letters are advertising, which needs an agreement of its own.
    pub advertising: bool,
    /// The zone dates without an offset are meant in.
    pub time_zone: Tz,
    /// Now.
    pub now: Instant,
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
        advertising: config.masthead.newsletter.advertising,
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
        Command::Add(args) => add::run(args, deps, out, err),
        Command::List(args) => list::run(args, deps, out, err),
        Command::Show(args) => show::run(args, deps, out),
        Command::Import(args) => import::run(args, deps, out, err),
        Command::Export(args) => export::run(args, deps, out, err),
        Command::Remove(args) => remove::remove(args, deps.farewell, deps, out).map(|_| ()),
        Command::Forget(args) => remove::forget(args, deps, out),
    };
    match result {
        Err(SubscribersError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
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
        return Err(unknown(name, deps));
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
    Err(unknown(name, deps))
}

fn unknown(digest: &str, deps: &Deps<'_>) -> SubscribersError {
    let known = deps.digests.iter().map(String::as_str);
    SubscribersError::Digest(Misuse::unknown("다이제스트", &shown(digest), known))
}

/// Why this person is never mailed and since when, if so. Whose address is erased has none to be mailed at.
fn suppressed(
    ledger: &Ledger<'_>,
    person: &Subscriber,
    deps: &Deps<'_>,
) -> Result<Option<(SuppressionReason, Instant)>, SubscribersError> {
    let (Some(key), Some(address)) = (SuppressionKey::of(deps.keys), &person.address) else {
        return Ok(None);
    };
    Ok(ledger.suppressed_since(&key.hash(address))?)
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
