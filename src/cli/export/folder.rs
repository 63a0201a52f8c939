//! Effect: a folder that is whole or not there: filled as `DIR.part`, for its owner's eyes alone, and renamed at the end.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use aws_lc_rs::digest::{self, SHA256};
use serde::Serialize;

use crate::cli::Misuse;
use crate::cli::backup::{not_written, with_suffix};
use crate::config::new_file::sync_folder;

/// A finished file of the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finished {
    /// Its name within the folder.
    pub path: String,
    /// How many lines it has, where each is a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Its size.
    pub bytes: u64,
    /// In hex.
    pub sha256: String,
}

/// The folder in the making; what there is of it is gone when this is dropped.
pub(super) struct Folder {
    part: PathBuf,
    whole: PathBuf,
    finished: Vec<Finished>,
}

impl Folder {
    /// Begins the folder `whole`, which must not be there.
    pub(super) fn create(whole: &Path) -> Result<Folder> {
        let part = with_suffix(whole, ".part");
        let taken = |path: &Path| path.symlink_metadata().is_ok();
        if taken(whole) {
            return Err(Misuse(format!(
                "이미 있어서 건드리지 않았어요: {}. 아직 없는 폴더의 이름을 적어 주세요",
                whole.display()
            ))
            .into());
        }
        if taken(&part) {
            return Err(Misuse(format!(
                "끝나지 않은 내보내기가 있어요: {}. 지금 내보내고 있지 않다면 지우고 다시 하세요",
                part.display()
            ))
            .into());
        }
        if let Some(above) = whole.parent().filter(|above| !above.as_os_str().is_empty()) {
            fs::create_dir_all(above).with_context(|| not_written(whole))?;
        }
        private_folder(&part).with_context(|| not_written(whole))?;
        Ok(Folder { part, whole: whole.to_owned(), finished: Vec::new() })
    }

    /// Makes a folder in it.
    pub(super) fn folder(&self, name: &str) -> Result<()> {
        private_folder(&self.part.join(name)).with_context(|| not_written(&self.whole))
    }

    /// Begins a file in it.
    pub(super) fn file(&self, name: &str) -> Result<Sheet> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(self.part.join(name)).with_context(|| not_written(&self.whole))?;
        let file = BufWriter::with_capacity(256 * 1024, file);
        Ok(Sheet { name: name.to_owned(), file, print: digest::Context::new(&SHA256), rows: None, bytes: 0 })
    }

    /// Ends a file of it.
    pub(super) fn finish(&mut self, sheet: Sheet) -> Result<&Finished> {
        let finished = sheet.finish().with_context(|| not_written(&self.whole))?;
        self.finished.push(finished);
        self.finished.last().context("no file")
    }

    /// Writes a file of it whole.
    pub(super) fn put(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let mut sheet = self.file(name)?;
        sheet.write_all(bytes).with_context(|| not_written(&self.whole))?;
        self.finish(sheet).map(drop)
    }

    /// The files that are finished, in order.
    pub(super) fn finished(&self) -> &[Finished] {
        &self.finished
    }

    /// Gives the folder its name: from now on it is whole, also after a loss of power.
    pub(super) fn place(self) -> Result<()> {
        let named = || {
            sync_folder(&self.part.join("letters").join("x"))?;
            sync_folder(&self.part.join("x"))?;
            fs::rename(&self.part, &self.whole)?;
            sync_folder(&self.whole)
        };
        named().with_context(|| not_written(&self.whole))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Gone already where it was renamed.
        let _ = fs::remove_dir_all(&self.part);
    }
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A file in the making: what goes into it is counted and hashed.
pub(super) struct Sheet {
    name: String,
    file: BufWriter<File>,
    print: digest::Context,
    rows: Option<u64>,
    bytes: u64,
}

impl Sheet {
    /// Writes a row as a line of JSON.
    pub(super) fn row(&mut self, row: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut *self, row)?;
        self.write_all(b"\n")?;
        self.rows = Some(self.rows() + 1);
        Ok(())
    }

    /// Rows so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows.unwrap_or_default()
    }

    /// It holds rows, if only none.
    pub(super) fn of_rows(mut self) -> Sheet {
        self.rows = Some(0);
        self
    }

    fn finish(self) -> io::Result<Finished> {
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        let sha256 = self.print.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Finished { path: self.name, rows: self.rows, bytes: self.bytes, sha256 })
    }
}

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        let taken = bytes.get(..written).unwrap_or_default();
        self.print.update(taken);
        self.bytes += taken.len() as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
