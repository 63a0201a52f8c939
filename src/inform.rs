//! Effect: the step that tells the operator by mail: an edition that waits for approval, one that was held, one that is
//! done, a source that cannot be read, slots that were skipped, what the week was. Each fact once; after a crash in the
//! middle one mail may come twice.
//!
//! Nothing of a reader is in these mails. They go over the same relay, outside the subscribers' ledger.

mod week;

use chrono::Duration;
use chrono_tz::Tz;
use url::Url;

use crate::clock::Instant;
use crate::compose::links::draft_url;
use crate::compose::small::SmallMail;
use crate::compose::{ComposeError, LetterHead, Origin, Personal};
use crate::deliver::LetterSettings;
use crate::korean::counts::grouped;
use crate::korean::dates;
use crate::korean::josa::{Pair, particle};
use crate::model::edition::{Edition, Silence};
use crate::model::{EmailAddress, SubscriberId};
use crate::retry;
use crate::smtp::{Connection, Failure, RelaySettings, TlsContext};
use crate::status::words::failing_words;
use crate::store::deliveries::RefusedNotices;
use crate::store::editions::{EditionOverview, PendingApproval, WAITS};
use crate::store::operator::{OperatorMail, hold_fact};
use crate::store::{Ledger, Store, StoreError};

/// A source that fails for this long is worth a mail, where its own `alarm_after` says nothing else.
const UNREADABLE: Duration = Duration::hours(6);
/// Editions frozen longer ago are no news.
const NEWS: Duration = Duration::days(7);
/// How often life is shown while a relay is waited for.
const ALIVE: std::time::Duration = std::time::Duration::from_millis(500);
/// Posts named in a mail.
const TITLES: usize = 20;

/// What the step works with.
#[derive(Clone)]
pub struct Deps {
    /// The store.
    pub store: Store,
    /// `[smtp]`.
    pub relay: RelaySettings,
    /// Trust.
    pub tls: TlsContext,
    /// What mails are made with.
    pub letters: LetterSettings,
    /// `[operator] email`.
    pub to: EmailAddress,
    /// The newsletter's zone.
    pub zone: Tz,
    /// What links start with.
    pub links: Option<Url>,
    /// For how long each source may fail before it is told, by name.
    pub alarms: Vec<(String, Duration)>,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Mails queued.
    pub queued: u64,
    /// Mails the relay took.
    pub sent: u64,
    /// Why the last one did not go, in Korean.
    pub failure: Option<String>,
}

/// A mail to be queued.
struct News {
    fact: String,
    subject: String,
    text: String,
}

/// Queues the news of `now` and sends what is due. A mail that fails is tried again later; the rest waits for it. `alive`
/// is called twice a second while a relay takes its time: no call for long means that this hangs.
pub fn run_once(deps: &Deps, now: Instant, alive: &dyn Fn()) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let news = deps.store.read(|ledger| gather(deps, ledger, now))?;
    if !news.is_empty() {
        report.queued = deps.store.write(move |ledger| {
            news.iter().try_fold(0, |sum, one| {
                Ok(sum + u64::from(ledger.tell_operator(&one.fact, &one.subject, &one.text, now)?))
            })
        })?;
    }
    while let Some(mail) = deps.store.read(|ledger| ledger.due_operator_mail(now))? {
        let id = mail.id;
        alive();
        match send(deps, &mail, alive) {
            Ok(()) => {
                deps.store.write(move |ledger| ledger.operator_told(id, now))?;
                report.sent += 1;
            }
            Err(why) => {
                let wait = Duration::from_std(retry::delay(mail.tries, id)).unwrap_or(Duration::hours(8));
                report.failure = Some(why.clone());
                deps.store.write(move |ledger| ledger.operator_not_told(id, &why, now + wait))?;
                break;
            }
        }
    }
    Ok(report)
}

/// Everything worth telling that was not told yet.
fn gather(deps: &Deps, ledger: &Ledger<'_>, now: Instant) -> Result<Vec<News>, StoreError> {
    let mut news = Vec::new();
    for approval in ledger.pending_approvals()? {
        let fact = format!("approval:{}", approval.edition);
        if approval.word.is_none() && !ledger.operator_knows(&fact)? {
            news.extend(asked(deps, ledger, approval, fact)?);
        }
    }
    for id in ledger.editions_paused()? {
        let Some(edition) = ledger.edition(id)? else { continue };
        let reason = edition.reason.clone().unwrap_or_default();
        let fact = hold_fact(id, &reason);
        if reason != WAITS && !ledger.operator_knows(&fact)? {
            news.push(held(&edition, &reason, fact));
        }
    }
    for id in ledger.approvals_lapsed_since(now - NEWS)? {
        let fact = format!("lapsed:{id}");
        if !ledger.operator_knows(&fact)? {
            news.extend(ledger.edition(id)?.map(|edition| lapsed(&edition, fact)));
        }
    }
    for id in ledger.editions_done_since(now - NEWS)? {
        let fact = format!("done:{id}");
        if !ledger.operator_knows(&fact)? {
            news.extend(done(ledger, id, fact)?);
        }
    }
    news.extend(week::skipped(ledger, deps.zone, now)?);
    news.extend(week::summary(ledger, deps.zone, now)?);
    if let Some(refused) = ledger.refused_notices(now - Duration::days(1))? {
        // No more than one mail a day, however many notices it is about.
        let fact = format!("notices:{}", now.with_timezone(&deps.zone).date_naive());
        if !ledger.operator_knows(&fact)? {
            news.push(refused_mail(&refused, fact));
        }
    }
    for source in ledger.sources()? {
        let own = deps.alarms.iter().find(|(name, _)| *name == source.name);
        let patience = own.map_or(UNREADABLE, |(_, patience)| *patience);
        let Some(since) = source.failing_since.filter(|since| now - *since >= patience) else { continue };
        let fact = format!("source:{}:{}", source.name, since.timestamp_millis());
        if !ledger.operator_knows(&fact)? {
            let length = failing_words(since, now);
            let why = source.last_error.unwrap_or_default();
            news.push(News {
                fact,
                subject: format!("[모아봄] 블로그를 {length} 읽지 못하고 있어요: {}", source.name),
                text: format!(
                    "출처 {}{} {length} 읽지 못하고 있어요.\n\n마지막 까닭: {why}\n\n주소가 바뀌었는지, 블로그가 열리는지 확인하세요. `moabom ingest`로 바로 다시 읽을 수 있어요.\n",
                    source.name,
                    particle(&source.name, Pair::EulReul)
                ),
            });
        }
    }
    Ok(news)
}

fn title(edition: &Edition) -> String {
    let number = edition.number.map(|number| format!(" 제{number}호")).unwrap_or_default();
    format!("{}{number}", edition.digest)
}

/// The question whether an edition may leave.
fn asked(
    deps: &Deps,
    ledger: &Ledger<'_>,
    approval: PendingApproval,
    fact: String,
) -> Result<Option<News>, StoreError> {
    let id = approval.edition;
    let (Some(edition), Some(links)) = (ledger.edition(id)?, &deps.links) else { return Ok(None) };
    let content = ledger.edition_content(id)?;
    let posts = ledger.edition_posts(id)?;
    let at = dates::minute(approval.decide_at, deps.zone);
    let silence = match approval.silence {
        Silence::Send => "그때까지 아무것도 하지 않으면 예정대로 보내요.",
        Silence::Skip => "그때까지 보내기를 누르지 않으면 이번 호를 건너뛰어요.",
    };
    let titles: Vec<String> = posts.iter().take(TITLES).map(|post| format!("- {}", post.title)).collect();
    let more = posts.len().saturating_sub(TITLES);
    let more = if more > 0 { format!("\n그 밖에 {more}편") } else { String::new() };
    let subject = content.map(|content| content.subject).unwrap_or_default();
    Ok(Some(News {
        fact,
        subject: format!("[모아봄] 보낼까요? {}, {at}", title(&edition)),
        text: format!(
            "{}, {at}에 보내려고 해요. {silence}\n\n제목: {subject}\n\n실을 글\n{}{more}\n\n편지를 보고 보내기, 건너뛰기, 글 빼기를 고르는 곳:\n{}\n\n이 링크를 아는 사람은 이 호를 정할 수 있으니 다른 분께 넘기지 마세요.\n",
            title(&edition),
            titles.join("\n"),
            draft_url(links, &deps.letters.key, id)
        ),
    }))
}

fn held(edition: &Edition, reason: &str, fact: String) -> News {
    News {
        fact,
        subject: format!("[모아봄] 발송이 멈췄어요: {}", title(edition)),
        text: format!(
            "{}의 발송이 멈췄어요. 구독자 가운데 이 일로 반송된 것으로 적힌 분은 없어요.\n\n까닭: {reason}\n\n원인을 고친 뒤 `moabom editions resume {}`으로 이어 보내세요. 자세한 것은 `moabom editions show {}`에 있어요.\n",
            title(edition),
            edition.id,
            edition.id
        ),
    }
}

fn refused_mail(refused: &RefusedNotices, fact: String) -> News {
    let (count, reply) = (grouped(refused.count), &refused.last_reply);
    News {
        fact,
        subject: format!("[모아봄] 통지·확인 메일 {count}건을 보내지 못하고 있어요"),
        text: format!(
            "릴레이가 법이 정한 통지나 구독 확인 메일 {count}건을 받아 주지 않았어요. 받을 분의 탓이 아니라 보내는 쪽을 탓하는 답이에요.\n\n마지막 답: {reply}\n\n48시간까지는 저절로 다시 보내 봐요. 원인은 `moabom doctor`로 찾아 고치고, 기한이 지난 것은 `moabom deliveries list --state expired`에서 번호를 찾아 `moabom deliveries retry 번호`로 다시 보내세요. 법이 정한 기한은 `moabom law due`에 있어요.\n"
        ),
    }
}

/// An edition that nobody let go in time.
fn lapsed(edition: &Edition, fact: String) -> News {
    let (title, reason) = (title(edition), edition.reason.as_deref().unwrap_or_default());
    News {
        fact,
        subject: format!("[모아봄] 보내지 않았어요: {title}"),
        text: format!(
            "{title}의 편지를 아무에게도 보내지 않았어요.\n\n까닭: {reason}\n\n지금 새로 내려면 `moabom publish {}` 명령을 쓰세요.\n",
            edition.digest
        ),
    }
}

fn done(ledger: &Ledger<'_>, id: crate::model::EditionId, fact: String) -> Result<Option<News>, StoreError> {
    let Some(overview) = ledger.edition_overview(id)? else { return Ok(None) };
    let counts = counts(&overview);
    let title = title(&overview.edition);
    Ok(Some(News {
        fact,
        subject: format!("[모아봄] 다 보냈어요: {title}"),
        text: format!(
            "{title}의 발송을 마쳤어요.\n\n{counts}\n\n보냄은 릴레이가 받았다는 뜻이에요. 자세한 것은 `moabom editions show {id}`에 있어요.\n"
        ),
    }))
}

/// Recipients by how their deliveries ended.
fn counts(overview: &EditionOverview) -> String {
    let count = |state: crate::model::delivery::DeliveryState| {
        let at = crate::model::delivery::DeliveryState::ALL.iter().position(|one| *one == state);
        grouped(at.and_then(|at| overview.counts.get(at)).map_or(0, |count| count.unsigned_abs()))
    };
    use crate::model::delivery::DeliveryState::{Bounced, Expired, Sent, Suppressed, Unknown};
    format!(
        "보냄 {} · 반송 {} · 기한 지남 {} · 발송 안 함 {} · 알 수 없음 {}",
        count(Sent),
        count(Bounced),
        count(Expired),
        count(Suppressed),
        count(Unknown)
    )
}

/// One mail over a connection of its own; what went wrong in Korean.
fn send(deps: &Deps, mail: &OperatorMail, alive: &dyn Fn()) -> Result<(), String> {
    let mut message = message(deps, mail).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let sending = async {
        let mut connection = Connection::open(&deps.relay, &deps.tls).await?;
        let from = deps.letters.sender.email.as_str();
        connection.envelope(from, deps.to.as_str(), message.len(), false).await?;
        connection.body(&mut message).await?;
        connection.quit().await;
        Ok::<(), Failure>(())
    };
    let sent = runtime.block_on(living(sending, alive));
    sent.map_err(|failure| match &failure.reply {
        Some(reply) => reply.line(&deps.to),
        None => failure.cause.korean().to_owned(),
    })
}

/// Does the work and shows life meanwhile.
async fn living<T>(work: impl Future<Output = T>, alive: &dyn Fn()) -> T {
    let (mut work, mut every) = (std::pin::pin!(work), tokio::time::interval(ALIVE));
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = every.tick() => alive(),
        }
    }
}

fn message(deps: &Deps, mail: &OperatorMail) -> Result<Vec<u8>, ComposeError> {
    let head = LetterHead {
        sender: deps.letters.sender.clone(),
        newsletter: deps.letters.newsletter.clone(),
        digest: String::new(),
        date: mail.created_at,
        zone: deps.letters.zone,
        origin: Origin::Operator(mail.id),
    };
    let personal = Personal {
        to: &deps.to,
        name: None,
        unsubscribe_url: None,
        consented_on: None,
        subscriber: SubscriberId(0),
    };
    let small = SmallMail { head: &head, subject: &mail.subject, text: &mail.text, html: None, personal };
    small.to_bytes(&deps.letters.key, deps.letters.signer.clone())
}
