//! Effect: `moabom backup FILE`: a copy of the store, also while `run` is at work, with its keys beside it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Misuse;
use super::open::Context;
use crate::config::key;
use crate::config::new_file::{Mode, Put, draft_name, link_new, put_new};
use crate::store::backup::{self, BackupError};

/// `moabom backup`
#[derive(Clone, Debug, Args)]
pub struct BackupArgs {
    /// 백업을 담을 새 파일. 비밀 키는 그 이름 끝에 `.key`를 붙인 파일에 담아요
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Copies the store to a file that is not there yet.
pub fn run(context: &Context, args: &BackupArgs, out: &mut impl Write) -> Result<()> {
    let settings = context.config()?.store;
    if !settings.path.exists() {
        bail!("백업할 저장소가 아직 없어요: {}", settings.path.display());
    }
    let key_copy = with_suffix(&args.file, ".key");
    for path in [&args.file, &key_copy] {
        if path.symlink_metadata().is_ok() {
            return Err(Misuse(exists(path)).into());
        }
    }
    let draft = Draft::create(&args.file)?;
    draft.copy_from(&settings.path)?;
    let keys = keys(&settings.key_file, draft.path())?;
    // The keys first: where a backup stands under its name, it is whole.
    if let Some(keys) = &keys
        && put_new(&key_copy, keys, Mode::Owner).with_context(|| not_written(&key_copy))? == Put::Exists
    {
        return Err(Misuse(exists(&key_copy)).into());
    }
    if let Err(failed) = place(&draft, &args.file) {
        if keys.is_some() {
            let _ = fs::remove_file(&key_copy);
        }
        return Err(failed);
    }
    let size = fs::metadata(&args.file).map_or(0, |file| file.len());
    writeln!(out, "백업했어요: {} ({})", args.file.display(), bytes(size))?;
    match keys {
        Some(_) => {
            writeln!(out, "비밀 키: {} (주인만 읽을 수 있어요. 백업과 함께 두세요)", key_copy.display())?;
        }
        None => writeln!(out, "비밀 키는 아직 쓰인 적이 없어 담지 않았어요.")?,
    }
    writeln!(out, "구독자의 주소가 들어 있으니 안전한 곳에 두세요.")?;
    Ok(writeln!(out, "되살리려면: moabom restore {}", args.file.display())?)
}

fn exists(path: &Path) -> String {
    format!("이미 있는 파일이에요: {}. 덮어쓰지 않으니 다른 이름을 쓰세요", path.display())
}

pub(super) fn not_written(path: &Path) -> String {
    format!("{}에 쓰지 못했어요. 폴더의 권한과 남은 공간을 확인하세요", path.display())
}

/// The keys' file as it is, once it has proved to hold keys. A store that never used its keys may have none.
fn keys(file: &Path, copy: &Path) -> Result<Option<String>> {
    if !file.exists() && !backup::is_keyed(copy)? {
        return Ok(None);
    }
    key::load(file)?;
    Ok(Some(fs::read_to_string(file)?))
}

/// Names the finished copy. Where the file system has no hard links (memory sticks), a rename must do.
fn place(draft: &Draft, path: &Path) -> Result<()> {
    match link_new(draft.path(), path) {
        Ok(Put::Made) => Ok(()),
        Ok(Put::Exists) => Err(Misuse(exists(path)).into()),
        Err(_) if path.symlink_metadata().is_err() => {
            fs::rename(draft.path(), path).with_context(|| not_written(path))
        }
        Err(failed) => Err(failed).with_context(|| not_written(path)),
    }
}

/// `path` with `suffix` after its whole name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A copy in the making, beside the file it is to be; it is gone when this is dropped.
pub(super) struct Draft(PathBuf);

impl Draft {
    /// Makes an empty file, for its owner's eyes alone, in the folder of `path`.
    pub(super) fn create(path: &Path) -> Result<Draft> {
        let draft = draft_name(path)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&draft).with_context(|| not_written(path))?;
        Ok(Draft(draft))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Fills it with the store at `from`, checked and on the disk.
    pub(super) fn copy_from(&self, from: &Path) -> Result<(), BackupError> {
        let bar = bar();
        let copied = backup::copy(from, &self.0, &mut |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        copied?;
        self.sync().map_err(|error| BackupError::Unwritten { path: self.0.clone(), cause: error.to_string() })
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            let _ = fs::remove_file(with_suffix(&self.0, suffix));
        }
    }
}

fn bar() -> ProgressBar {
    let target =
        if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("복사 {bar:30} {percent}%") {
        bar.set_style(style);
    }
    bar
}

/// A size as people read it.
pub(super) fn bytes(size: u64) -> String {
    match size {
        0..1_048_576 => format!("{}KB", size.div_ceil(1024)),
        _ => {
            let tenths = size / 104_858;
            format!("{}.{}MB", tenths / 10, tenths % 10)
        }
    }
}
