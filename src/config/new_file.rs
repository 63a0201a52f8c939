//! Effect: a file that comes into being whole and once: never half, never over another.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Its owner alone (0600).
    Owner,
    /// Whom the process's mask lets (0644).
    Usual,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It was made.
    Made,
    /// There was one already, which is as it was.
    Exists,
}

/// Writes `text` under a name of its own, then links it to `path`: of several processes one makes it, and nobody ever
/// sees half of it. Missing folders are made. When it returns, file and name survive a loss of power.
pub fn put_new(path: &Path, text: &str, mode: Mode) -> io::Result<Put> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut mark = [0u8; 8];
    SystemRandom::new().fill(&mut mark).map_err(|_| io::Error::other("난수를 얻지 못했어요"))?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{:016x}.new", u64::from_ne_bytes(mark)));
    let draft = PathBuf::from(draft);
    let linked = write(&draft, text, mode).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return removed.map(|()| Put::Exists),
        other => other?,
    }
    removed?;
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(Put::Made)
}

fn write(path: &Path, text: &str, mode: Mode) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(
        &mut options,
        match mode {
            Mode::Owner => 0o600,
            Mode::Usual => 0o644,
        },
    );
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
