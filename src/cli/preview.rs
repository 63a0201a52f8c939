//! Effect: `moabom preview`: the letter as it would leave now, or at another time; nothing is written to the store.

mod serve;

pub(super) use serve::look_at;

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use super::Misuse;
use super::open::{Context, Opened};
use super::sample::{chosen, part, rendered, sample};
use super::{dates, why};
use crate::publish::{Plan, plan};
use crate::select::Verdict;

/// `moabom preview`
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = "\
건너뛸 호라면 보여 줄 편지가 없어요. 그때는 어느 형식이든 까닭을 말하고 끝낼 때의 값은 0이에요:
json은 skip에, 나머지는 화면(stderr)에 적고, 편지도 --out의 파일도 쓰지 않아요.")]
pub struct PreviewArgs {
    /// 다이제스트 이름. 하나뿐이면 적지 않아도 돼요
    pub digest: Option<String>,
    /// 이 시각에 발행한다면 (예: 2026-11-23 09:00). 적지 않으면 지금
    #[arg(long, value_name = "시각")]
    pub at: Option<String>,
    /// 무엇으로 볼지
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// 후보 하나하나를 왜 싣거나 뺐는지
    #[arg(long)]
    pub why: bool,
    /// 화면 대신 이 파일에 써요
    #[arg(long, value_name = "파일")]
    pub out: Option<PathBuf>,
    /// 브라우저에서 봐요. 설정, 편지 틀, 글이 바뀌면 저절로 새로 보여 줘요
    #[arg(long, conflicts_with_all = ["out", "format", "why", "at"])]
    pub serve: bool,
}

/// What a preview is shown as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The HTML part.
    Html,
    /// The text part.
    #[default]
    Text,
    /// The whole message.
    Eml,
    /// What was chosen and left out, for programs.
    Json,
}

/// Shows the letter of a digest.
pub fn run(context: &Context, args: &PreviewArgs, out: &mut impl Write) -> Result<()> {
    if args.serve {
        return serve::serve(context, args.digest.as_deref(), out);
    }
    let opened = context.open()?;
    let digest = chosen(&opened.config.digests, args.digest.as_deref())?;
    let zone = opened.config.masthead.newsletter.time_zone;
    let at = match &args.at {
        Some(text) => dates::parse(text, zone).map_err(|cause| Misuse(format!("`--at {text}`: {cause}")))?,
        None => context.clock.now(),
    };
    let plan = opened.store.read(|ledger| plan(ledger, digest, &opened.config.masthead, at, at))?;
    let Some(shown) = show(&opened, &plan, args)? else { return Ok(()) };
    match &args.out {
        Some(path) => {
            write_file(path, &shown)?;
            eprintln!("{}에 썼어요.", path.display());
            Ok(())
        }
        None => Ok(out.write_all(&shown)?),
    }
}

/// None: there is no letter to show, and it is said why.
fn show(opened: &Opened, plan: &Plan, args: &PreviewArgs) -> Result<Option<Vec<u8>>> {
    if args.why && args.format != Format::Json {
        let width = args.out.is_none() && std::io::stdout().is_terminal();
        let text = why::why_text(plan, width.then(|| console::Term::stdout().size().1));
        return Ok(Some(text.into_bytes()));
    }
    let empty = plan.letter.sections.is_empty();
    let content =
        (!empty).then(|| rendered(opened, plan, &mut |warning| eprintln!("{warning}"))).transpose()?;
    let message = content.as_ref().map(|content| sample(opened, plan, content)).transpose()?;
    if args.format == Format::Json {
        let html = message.as_deref().map(|message| part(message, true)).transpose()?;
        let bytes = html.as_ref().map(Vec::len);
        let mut json = serde_json::to_vec_pretty(&why::json(plan, content.as_ref().zip(bytes)))?;
        json.push(b'\n');
        return Ok(Some(json));
    }
    let skip = match &plan.selection.verdict {
        Verdict::Skip { reason } => Some(reason.as_str()),
        Verdict::Publish => None,
    };
    let Some(message) = message else {
        if plan.selection.left_out.is_empty() {
            eprintln!("읽어 둔 글이 없어 보여 줄 편지가 없어요. 먼저 `moabom ingest`로 블로그를 읽으세요.");
        } else {
            let reason = skip.unwrap_or("실을 글이 없어요.");
            eprintln!("보여 줄 편지가 없어요. {reason} `--why`로 까닭을 볼 수 있어요.");
        }
        return Ok(None);
    };
    if let Some(reason) = skip {
        eprintln!("이대로라면 보내지 않아요: {reason}");
    }
    Ok(Some(match args.format {
        Format::Eml => message,
        format => part(&message, format == Format::Html)?,
    }))
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| {
        format!("{}에 쓰지 못했어요. 폴더가 있는지, 쓸 수 있는지 확인하세요", path.display())
    })
}
