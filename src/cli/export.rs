//! Effect: `moabom export --everything DIR`: whoever leaves takes all of it along, in formats that any program reads.

mod folder;
mod readme;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use chrono_tz::Tz;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::backup::bytes;
use super::open::Context;
use super::sample::part;
use super::why::stamp;
use crate::clock::Instant;
use crate::compose::{CompiledLetter, LetterHead, Origin, Personal};
use crate::korean::counts::grouped;
use crate::model::token::SecretKey;
use crate::model::{Sender, SubscriberId};
use crate::store::export::{FrozenLetter, NOUNS, Noun};
use crate::store::{Ledger, Store};
pub use folder::Finished;
use folder::Folder;

/// `moabom export`
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
글과 관측, 발행호와 편지, 구독자와 구독, 동의 장부, 통지, 발송과 시도, 발송 금지를 JSON Lines 파일로 담아요.
편지는 .html, .txt, .eml로도 담고, README.md가 파일과 칸을 설명해요.
비밀 키와 비밀번호는 담지 않아요. 되살릴 수 있는 백업은 `moabom backup`이에요.
`moabom run`이 도는 동안에도 돼요.")]
pub struct ExportArgs {
    /// 모든 것을 담을 새 폴더. 이미 있으면 거절해요
    #[arg(long, value_name = "DIR")]
    pub everything: PathBuf,
    /// 무엇을 얼마나 담았는지 JSON으로
    #[arg(long)]
    pub json: bool,
}

/// Rows between two looks at the progress bar.
const PACE: u64 = 2_000;

/// What frozen letters are given a head with.
#[derive(Clone, Debug)]
pub struct Heading {
    /// The newsletter's title.
    pub newsletter: String,
    /// From.
    pub sender: Sender,
    /// The zone of dates in letters.
    pub zone: Tz,
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// So many rows of so many are written.
    Rows(u64, u64),
    /// A file of rows is finished.
    File(&'a Finished),
}

/// Writes everything to a new folder.
pub fn run(context: &Context, args: &ExportArgs, out: &mut impl Write) -> Result<()> {
    let config = context.config()?;
    let now = context.clock.now();
    let Some(store) = Store::open_existing(&config.store.path, now)? else {
        bail!("내보낼 저장소가 아직 없어요: {}", config.store.path.display());
    };
    let newsletter = &config.masthead.newsletter;
    let heading = Heading {
        newsletter: newsletter.title.clone(),
        sender: config.masthead.sender.clone(),
        zone: newsletter.time_zone,
    };
    let bar = io::stderr().is_terminal().then(bar);
    let files = everything(&store, &heading, &args.everything, now, &mut |progress| {
        match (&bar, progress) {
            (Some(bar), Progress::Rows(done, all)) => {
                bar.set_length(all);
                bar.set_position(done);
            }
            (None, Progress::File(file)) => {
                eprintln!("{}: {}줄", file.path, grouped(file.rows.unwrap_or_default()));
            }
            _ => {}
        }
        Ok(())
    });
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    say(&files?, args, &stamp(now, heading.zone), out)
}

fn say(files: &[Finished], args: &ExportArgs, at: &str, out: &mut impl Write) -> Result<()> {
    let (folder, size) = (args.everything.display(), files.iter().map(|file| file.bytes).sum());
    if args.json {
        let rows = files.iter().filter_map(|file| Some((file.path.strip_suffix(".jsonl")?, file.rows?)));
        let counts: std::collections::BTreeMap<&str, u64> = rows.collect();
        let summary = json!({
            "folder": args.everything, "exported_at": at, "files": files.len(), "bytes": size, "rows": counts,
        });
        return Ok(writeln!(out, "{summary:#}")?);
    }
    writeln!(out, "모두 내보냈어요: {folder} (파일 {}개, {})", grouped(files.len() as u64), bytes(size))?;
    Ok(writeln!(
        out,
        "무엇이 들어 있는지는 README.md를 보세요. 구독자의 주소가 들어 있으니 안전한 곳에 두세요."
    )?)
}

/// Writes everything the store holds at one instant to the folder `whole`, which must not be there. Whatever goes wrong,
/// no folder of that name is left behind. Gives the files back; `tell` hears of the progress and may end it.
pub fn everything(
    store: &Store,
    heading: &Heading,
    whole: &Path,
    now: Instant,
    tell: &mut dyn FnMut(Progress<'_>) -> Result<()>,
) -> Result<Vec<Finished>> {
    let mut folder = Folder::create(whole)?;
    // One read, hence one snapshot: whoever writes meanwhile is not waited for, and not seen.
    store.read(|ledger| Ok(fill(ledger, heading, &mut folder, tell)))??;
    let readme = readme::text(&heading.newsletter, &now.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    folder.put("README.md", readme.as_bytes())?;
    let manifest = json!({
        "format": "moabom-export", "version": 1, "program": concat!("moabom ", env!("CARGO_PKG_VERSION")),
        "newsletter": heading.newsletter, "exported_at": now, "files": folder.finished(),
    });
    folder.put("manifest.json", format!("{manifest:#}\n").as_bytes())?;
    let files = folder.finished().to_vec();
    folder.place()?;
    Ok(files)
}

fn fill(
    ledger: &Ledger<'_>,
    heading: &Heading,
    folder: &mut Folder,
    tell: &mut dyn FnMut(Progress<'_>) -> Result<()>,
) -> Result<()> {
    let counts: Vec<u64> = NOUNS.iter().map(|noun| ledger.count_of(noun)).collect::<Result<_, _>>()?;
    let (all, mut done) = (counts.iter().sum(), 0);
    tell(Progress::Rows(done, all))?;
    for noun in NOUNS {
        let before = done;
        done += fill_noun(ledger, noun, folder, &mut |rows| tell(Progress::Rows(before + rows, all)))?;
        if let Some(file) = folder.finished().last() {
            tell(Progress::File(file))?;
        }
    }
    folder.folder("letters")?;
    ledger.each_letter(|letter| put_letter(&letter, heading, folder))
}

/// Writes one noun's file; how many rows it has.
fn fill_noun(
    ledger: &Ledger<'_>,
    noun: &Noun,
    folder: &mut Folder,
    tell: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<u64> {
    let name = format!("{}.jsonl", noun.name);
    let mut sheet = folder.file(&name)?.of_rows();
    ledger.each_of(noun, |record| {
        sheet.row(record).with_context(|| format!("{name}에 쓰지 못했어요. 남은 공간을 확인하세요"))?;
        if sheet.rows() % PACE == 0 { tell(sheet.rows()) } else { Ok(()) }
    })?;
    let rows = sheet.rows();
    tell(rows)?;
    folder.finish(sheet)?;
    Ok(rows)
}

/// The message as it was mailed, for nobody in particular, and its two parts.
fn put_letter(letter: &FrozenLetter, heading: &Heading, folder: &mut Folder) -> Result<()> {
    let message = message(letter, heading)
        .with_context(|| format!("발행호 {}의 편지를 꺼내지 못했어요", letter.id.0))?;
    let name = format!("letters/{:06}", letter.id.0);
    folder.put(&format!("{name}.eml"), &message)?;
    folder.put(&format!("{name}.html"), &part(&message, true)?)?;
    folder.put(&format!("{name}.txt"), &part(&message, false)?)
}

fn message(letter: &FrozenLetter, heading: &Heading) -> Result<Vec<u8>> {
    let head = LetterHead {
        digest: letter.digest.clone(),
        date: letter.frozen_at,
        origin: Origin::Edition(letter.id),
        zone: heading.zone,
        newsletter: heading.newsletter.clone(),
        sender: heading.sender.clone(),
    };
    // A key of no use: this copy signs nothing and must not be taken for one that was sent.
    let compiled = CompiledLetter::new(&head, &letter.content, &SecretKey::new(0, &[0; 32]), None)?;
    let (to, subscriber) = (&heading.sender.email, SubscriberId(0));
    let mut message = Vec::new();
    compiled.write(
        &Personal { to, name: None, unsubscribe_url: None, consented_on: None, subscriber },
        &mut message,
    )?;
    Ok(message)
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("내보내기 {bar:30} {percent}% ({human_pos}줄)") {
        bar.set_style(style);
    }
    bar
}
