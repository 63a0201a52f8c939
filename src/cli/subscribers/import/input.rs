//! Effect: what an import reads, twice: a file, or what comes through a pipe, kept meanwhile in a file without a name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::cli::subscribers::decode::DecodeError;
use crate::config::new_file::draft_name;

/// No pipe may fill the store's disk. A million readers are about a tenth of it.
const LARGEST: u64 = 1024 * 1024 * 1024;

/// What is read.
pub(super) enum Input {
    /// A file.
    Path(PathBuf),
    /// What came through a pipe. The file has no name any more, so nothing is left of it whatever ends this process.
    Kept(File),
}

impl Input {
    /// `-` is standard input; a pipe is read to its end, into the folder of `store`.
    pub(super) fn of(path: &Path, store: &Path) -> Result<Input, DecodeError> {
        if path == Path::new("-") {
            return keep(io::stdin().lock(), store);
        }
        // Asked before opening: a device might never end.
        let kind = fs::metadata(path)?;
        if kind.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
        }
        if is_pipe(&kind) {
            return keep(File::open(path)?, store);
        }
        if !kind.is_file() {
            return Err(DecodeError::NotAFile);
        }
        Ok(Input::Path(path.to_owned()))
    }

    /// From its beginning.
    pub(super) fn open(&self) -> io::Result<File> {
        match self {
            Input::Path(path) => File::open(path),
            Input::Kept(file) => {
                let mut file = file.try_clone()?;
                file.seek(SeekFrom::Start(0))?;
                Ok(file)
            }
        }
    }
}

fn is_pipe(kind: &fs::Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::FileTypeExt::is_fifo(&kind.file_type());
    #[cfg(not(unix))]
    return false;
}

fn keep(from: impl Read, store: &Path) -> Result<Input, DecodeError> {
    let name = draft_name(store)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&name)?;
    fs::remove_file(&name)?;
    match io::copy(&mut from.take(LARGEST), &mut file)? {
        LARGEST => Err(DecodeError::Endless),
        _ => Ok(Input::Kept(file)),
    }
}
