//! Effect: `moabom editions correct`: a letter that corrects an edition, to exactly those who received it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};

use super::Misuse;
use super::editions::{EditionsCommand, no_such};
use super::open::{self, Context};
use super::why::plain;
use crate::config::io_words;
use crate::model::EditionId;
use crate::render::correction::{self, Correction};
use crate::store::editions::{Corrected, NewCorrection};

/// No correction is longer, in bytes: it is a letter, not an attachment.
const LONGEST: u64 = 50_000;

/// `moabom editions …`, with what needs the letter's face as well.
#[derive(Clone, Debug, Subcommand)]
pub enum EditionsRoom {
    /// What the store alone answers.
    #[command(flatten)]
    Ledger(EditionsCommand),
    /// 이미 나간 발행호를 바로잡는 편지를, 그 호를 받은 구독자에게만 한 번 보내요
    Correct(CorrectArgs),
}

/// `moabom editions correct`
#[derive(Clone, Debug, Args)]
pub struct CorrectArgs {
    /// 바로잡을 발행호의 id
    pub id: i64,
    /// 제목. 앞에 바로잡음 표시가 붙어요
    #[arg(long, value_name = "제목")]
    pub subject: String,
    /// 본문이 든 텍스트 파일(UTF-8). 빈 줄로 문단을 나눠요
    #[arg(long, value_name = "FILE")]
    pub text: PathBuf,
}

/// Queues the correction; `deliver` or `run` sends it.
pub fn run(context: &Context, args: &CorrectArgs, out: &mut impl Write) -> Result<()> {
    let text = words(args)?;
    if args.subject.trim().is_empty() {
        return Err(Misuse(
            "바로잡는 편지의 제목이 비어 있어요. `--subject \"제목\"`으로 적으세요".to_owned(),
        )
        .into());
    }
    let (config, store, now) = (context.config()?, context.store()?, context.clock.now());
    let (id, masthead) = (EditionId(args.id), &config.masthead);
    let Some(edition) = store.read(|ledger| ledger.edition(id))? else { return no_such(id) };
    let Some(number) = edition.number else {
        bail!("발행호 {id}번은 건너뛴 예정 시각이라 받은 사람이 없어요");
    };
    let day = edition.slot_at.with_timezone(&masthead.newsletter.time_zone);
    let correction = Correction { number, day, subject: &args.subject, text: &text };
    let renderer = open::renderer(&config.templates)?;
    let templates = renderer.templates();
    let content = correction::render(templates, &masthead.newsletter, &masthead.sender, &correction)
        .context("바로잡는 편지를 그리지 못했어요")?;
    let subject = content.subject.clone();
    let new = NewCorrection { of: id, content, at: now };
    match store.write(move |ledger| ledger.correct(&new))? {
        Corrected::Queued { edition, number: own, recipients } => {
            writeln!(
                out,
                "제{number}호를 바로잡는 편지를 발행호 {edition}번(제{own}호)으로 준비했어요. 받는 이 {recipients}명 · 제목: {}",
                plain(&subject)
            )?;
            Ok(writeln!(out, "돌고 있는 `moabom run`이나 `moabom deliver`가 보내요.")?)
        }
        Corrected::NoSuchEdition => no_such(id),
        Corrected::Unfinished(open) => bail!(
            "발행호 {open}번이 아직 끝나지 않아 바로잡는 편지를 준비하지 않았어요. 다 보낼 때까지 기다리거나, `editions cancel {open}`로 그만 보낸 뒤에 다시 하세요"
        ),
        Corrected::Again(same) => {
            bail!("같은 내용의 바로잡는 편지가 이미 있어요(발행호 {same}번). 두 번 보내지 않았어요")
        }
        Corrected::NoAudience => bail!("발행호 {id}번을 받은 사람 가운데 지금도 구독하는 사람이 없어요"),
    }
}

/// The operator's words.
fn words(args: &CorrectArgs) -> Result<String> {
    let shown = args.text.display();
    let failed =
        |error: &std::io::Error| Misuse(format!("본문 파일을 읽지 못했어요: {shown}: {}", io_words(error)));
    let size = fs::metadata(&args.text).map_err(|error| failed(&error))?.len();
    if size > LONGEST {
        return Err(Misuse(format!("본문 파일이 너무 커요: {shown}. 본문은 50KB까지 쓸 수 있어요")).into());
    }
    let text = fs::read_to_string(&args.text).map_err(|error| failed(&error))?;
    if text.trim().is_empty() {
        return Err(Misuse(format!("본문 파일이 비어 있어요: {shown}. 바로잡는 내용을 적으세요")).into());
    }
    Ok(text)
}
