//! Effect: `moabom man DIR`: a manual page for every command, in the words of its help.

mod page;
mod words;

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, CommandFactory};

use super::{Cli, Context, Misuse, usage};
use crate::config::new_file::{Mode, Put, put_new, put_over};
use page::{MARK, Page};

/// `moabom man`
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
혼자 쓰려면: moabom man ~/.local/share/man/man1
모두가 쓰려면: sudo moabom man /usr/local/share/man/man1
그다음부터: man moabom, man moabom-subscribers-import")]
pub struct ManArgs {
    /// 설명서를 둘 폴더. 없으면 만들어요
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Writes the pages. Needs no configuration. A file that is no page of ours stops it before anything is written.
pub fn run(context: &Context, args: &ManArgs, out: &mut impl Write) -> Result<()> {
    let folder = args.folder.as_path();
    if folder.exists() && !folder.is_dir() {
        return Err(
            Misuse(format!("폴더가 아니에요: {}. 설명서를 둘 폴더를 적어 주세요", folder.display())).into()
        );
    }
    let mut command = usage::in_korean(Cli::command());
    command.build();
    let day = context.clock.now().format("%Y-%m-%d").to_string();
    let pages = page::pages(&command, &day);
    for page in &pages {
        let path = folder.join(&page.file);
        if standing(&path).with_context(|| unread(&path))? == Standing::Foreign {
            return Err(Misuse(format!(
                "moabom이 만들지 않은 파일이 있어서 아무것도 쓰지 않았어요: {}. 다른 폴더를 적거나 그 파일을 옮겨 주세요",
                path.display()
            ))
            .into());
        }
    }
    for page in &pages {
        put(&folder.join(&page.file), page).with_context(|| unwritten(folder))?;
    }
    Ok(writeln!(out, "설명서 {}쪽을 썼어요: {}", pages.len(), folder.display())?)
}

fn unread(path: &Path) -> String {
    format!("이미 있는 파일을 읽지 못해 무엇인지 몰라요: {}. 권한을 확인하세요", path.display())
}

fn unwritten(folder: &Path) -> String {
    format!("설명서를 {}에 쓰지 못했어요. 폴더의 권한과 남은 공간을 확인하세요", folder.display())
}

/// What is where a page is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Nothing,
    Ours,
    Foreign,
}

fn standing(path: &Path) -> io::Result<Standing> {
    match path.symlink_metadata() {
        // Where a file stands in the folder's place, writing says so in its own words.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Standing::Nothing);
        }
        Err(error) => return Err(error),
        Ok(found) if !found.is_file() => return Ok(Standing::Foreign),
        Ok(_) => {}
    }
    let mut begins = Vec::new();
    fs::File::open(path)?.take(MARK.len() as u64).read_to_end(&mut begins)?;
    Ok(if begins == MARK.as_bytes() { Standing::Ours } else { Standing::Foreign })
}

/// A file that came into being since it was looked for is not replaced.
fn put(path: &Path, page: &Page) -> io::Result<()> {
    match standing(path)? {
        Standing::Ours => put_over(path, &page.text, Mode::Usual),
        _ => match put_new(path, &page.text, Mode::Usual)? {
            Put::Made => Ok(()),
            Put::Exists => Err(io::ErrorKind::AlreadyExists.into()),
        },
    }
}
