//! Effect: `moabom test-send`: the letter of now, really sent, to one address; nothing of it is written to the ledger.

use std::io::Write;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use super::Misuse;
use super::open::{Context, NO_KEY, Opened};
use super::sample::{chosen, rendered, sample_for};
use super::subscribers::reason_word;
use super::why::plain;
use crate::clock::Instant;
use crate::compose::Origin;
use crate::law::subject::MARK;
use crate::model::delivery::Stage;
use crate::model::reply::{Cause, Reply};
use crate::model::{EmailAddress, SuppressionKey};
use crate::publish::plan;
use crate::select::Verdict;
use crate::smtp::{Connection, Failure, RelaySettings, TlsContext};

/// What tells a trial from the edition in a mailbox.
const TRIAL: &str = "[시험] ";

/// `moabom test-send`
#[derive(Clone, Debug, Args)]
pub struct TestSendArgs {
    /// 받을 주소
    #[arg(value_name = "주소")]
    pub address: String,
    /// 다이제스트 이름. 하나뿐이면 적지 않아도 돼요
    pub digest: Option<String>,
}

/// Sends one copy and says what the relay answered.
pub fn run(context: &Context, args: &TestSendArgs, out: &mut impl Write) -> Result<()> {
    let to = address(&args.address)?;
    let opened = context.open()?;
    let digest = args.digest.as_deref();
    let trial =
        Trial::prepare(&opened, to, digest, context.clock.now(), &mut |warning| eprintln!("{warning}"))?;
    for line in trial.send(&opened)? {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// `text` as an address, or misuse.
pub(super) fn address(text: &str) -> Result<EmailAddress> {
    EmailAddress::parse(text)
        .map_err(|cause| Misuse(format!("`{}`에 시험 편지를 보낼 수 없어요: {cause}", plain(text))).into())
}

/// The letter of an instant, composed for one address.
pub(super) struct Trial {
    to: EmailAddress,
    subject: String,
    message: Vec<u8>,
}

impl Trial {
    /// Makes it; `warn` is told what the operator should know. Nothing is sent yet, and never anything to an address that
    /// is not to be mailed.
    pub(super) fn prepare(
        opened: &Opened,
        to: EmailAddress,
        digest: Option<&str>,
        now: Instant,
        warn: &mut dyn FnMut(&str),
    ) -> Result<Trial> {
        refuse_suppressed(opened, &to)?;
        let digest = chosen(&opened.config.digests, digest)?;
        let plan = opened.store.read(|ledger| plan(ledger, digest, &opened.config.masthead, now, now))?;
        let skip = match &plan.selection.verdict {
            Verdict::Skip { reason } => Some(reason.as_str()),
            Verdict::Publish => None,
        };
        if plan.letter.sections.is_empty() {
            bail!(
                "시험으로 보낼 편지가 없어요. {} `preview --why`로 까닭을 볼 수 있어요.",
                skip.unwrap_or("실을 글이 없어요.")
            );
        }
        if let Some(reason) = skip {
            warn(&format!("발행할 때라면 보내지 않을 편지예요: {reason}"));
        }
        let mut content = rendered(opened, &plan, warn)?;
        content.subject = marked(&content.subject);
        let message = sample_for(opened, &plan, &content, &to, Origin::Trial(now))?;
        Ok(Trial { to, subject: content.subject, message })
    }

    /// Its marked subject.
    pub(super) fn subject(&self) -> &str {
        &self.subject
    }

    /// Sends it; what to tell, line by line.
    pub(super) fn send(self, opened: &Opened) -> Result<[String; 3]> {
        let reply = send(opened, &self.to, self.message)?;
        Ok([
            format!("{}에 시험 편지를 보냈어요. 제목: {}", plain(self.to.as_str()), plain(&self.subject)),
            format!("릴레이의 답: {}", plain(&reply.to_string())),
            "장부에는 남지 않았고, 이 편지의 수신거부 링크는 아무도 해지하지 않아요.".to_owned(),
        ])
    }
}

/// An address that is never to be mailed is not mailed for a trial either.
fn refuse_suppressed(opened: &Opened, to: &EmailAddress) -> Result<()> {
    let key = SuppressionKey::of(&opened.keys).context(NO_KEY)?;
    match opened.store.read(|ledger| ledger.is_suppressed(&key, to))? {
        Some(reason) => bail!(
            "{}에는 보내지 않았어요. 발송 금지 주소예요({}). 다른 주소로 시험해 보세요.",
            plain(to.as_str()),
            reason_word(reason)
        ),
        None => Ok(()),
    }
}

/// The subject with the trial's mark; what the law wants first stays first.
fn marked(subject: &str) -> String {
    match subject.strip_prefix(MARK) {
        Some(rest) => format!("{MARK}{TRIAL}{rest}"),
        None => format!("{TRIAL}{subject}"),
    }
}

fn send(opened: &Opened, to: &EmailAddress, message: Vec<u8>) -> Result<Reply> {
    let relay = &opened.config.relay;
    let tls = TlsContext::new(relay)?;
    let from = opened.config.deliver.from.as_str();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let sent = runtime.block_on(transact(relay, &tls, from, to, message));
    sent.map_err(|failure| anyhow::anyhow!(told(relay, to, &failure)))
}

async fn transact(
    relay: &RelaySettings,
    tls: &TlsContext,
    from: &str,
    to: &EmailAddress,
    mut message: Vec<u8>,
) -> Result<Reply, Failure> {
    let mut connection = Connection::open(relay, tls).await?;
    let utf8 = to.needs_smtputf8() || !from.is_ascii();
    let taken = match connection.envelope(from, to.as_str(), message.len(), utf8).await {
        Ok(()) => connection.body(&mut message).await,
        Err(failure) => Err(failure),
    };
    // A session in doubt is dropped, not closed in good order.
    if taken.as_ref().map_or_else(|failure| failure.connection_usable, |_| true) {
        connection.quit().await;
    }
    taken
}

/// What was tried, where it stopped, what the relay said, what to do.
fn told(relay: &RelaySettings, to: &EmailAddress, failure: &Failure) -> String {
    let said = match &failure.reply {
        Some(reply) => format!("릴레이의 답: {}", plain(&reply.to_string())),
        None => failure.cause.korean().to_owned(),
    };
    let outcome = if failure.after_last_byte {
        "시험 편지를 보냈지만 받았다는 답을 듣지 못했어요. 도착했을 수도 있어요"
    } else {
        "시험 편지를 보내지 못했어요"
    };
    format!(
        "{}에 {outcome}. 릴레이 {}:{}, {} 단계: {said}\n  → {}",
        plain(to.as_str()),
        relay.host,
        relay.port,
        stage(failure.stage),
        advice(failure)
    )
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => "연결",
        Stage::Ehlo => "인사(EHLO)",
        Stage::Tls => "TLS",
        Stage::Auth => "로그인(AUTH)",
        Stage::Mail => "보내는 주소(MAIL FROM)",
        Stage::Rcpt => "받는 주소(RCPT TO)",
        Stage::Data => "본문 시작(DATA)",
        Stage::Body => "본문",
        Stage::Dot => "본문 끝",
    }
}

fn advice(failure: &Failure) -> &'static str {
    match (failure.cause, failure.stage) {
        _ if failure.after_last_byte => "받은 편지함을 먼저 보고, 없으면 다시 보내세요",
        (Cause::Refused, _) if failure.reply.as_ref().is_some_and(Reply::is_transient) => {
            "릴레이가 나중에 보내라고 했어요. 몇 분 뒤에 다시 해 보세요"
        }
        (Cause::TooLarge, _) => "다이제스트의 max를 줄이거나 틀에서 덜어 내세요",
        (Cause::Unsupported, Stage::Auth) => "[smtp]의 tls를 켜거나, 릴레이가 쓰는 로그인 방식을 확인하세요",
        (Cause::Unsupported, _) => "골뱅이 앞이 영문인 주소로 시험해 보세요",
        (_, Stage::Auth) => "[smtp]의 user와 비밀번호를 확인하세요",
        (_, Stage::Tls) => "[smtp]의 tls, host, ca_file을 확인하세요",
        (_, Stage::Connect | Stage::Ehlo) => "[smtp]의 host, port, tls와 메일 서버가 살아 있는지 확인하세요",
        (_, Stage::Mail) => "[sender]의 email로 보내도 되는 릴레이인지 확인하세요",
        (_, Stage::Rcpt) => "받는 주소를 확인하고, 릴레이가 그 주소로 보내 주는지 확인하세요",
        (_, Stage::Data | Stage::Body | Stage::Dot) => {
            "릴레이의 답을 보고 보내는 주소, DKIM, 편지의 내용을 확인하세요"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_advertising_stays_first() {
        assert_eq!(marked("된장찌개"), "[시험] 된장찌개");
        assert_eq!(marked("(광고) 된장찌개"), "(광고) [시험] 된장찌개");
    }
}
