//! Effect: a file that comes into being whole and once: never half, and over another only where that is asked for.

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
    fs::create_dir_all(folder_of(path))?;
    let draft = draft_name(path)?;
    let linked = write(&draft, text, mode).and_then(|()| link_new(&draft, path));
    let removed = fs::remove_file(&draft);
    let put = linked?;
    removed?;
    Ok(put)
}

/// The same in place of what was there: whoever reads sees the old text or the new one.
pub fn put_over(path: &Path, text: &str, mode: Mode) -> io::Result<()> {
    fs::create_dir_all(folder_of(path))?;
    let draft = draft_name(path)?;
    let put = write(&draft, text, mode).and_then(|()| fs::rename(&draft, path));
    if put.is_err() {
        let _ = fs::remove_file(&draft);
    }
    put?;
    sync_folder(path)
}

/// A name beside `path` that no other process uses.
pub fn draft_name(path: &Path) -> io::Result<PathBuf> {
    let mut mark = [0u8; 8];
    SystemRandom::new().fill(&mut mark).map_err(|_| io::Error::other("난수를 얻지 못했어요"))?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{:016x}.new", u64::from_ne_bytes(mark)));
    Ok(PathBuf::from(draft))
}

/// Gives the finished file `draft` the name `path` as well, if nothing has it; the name survives a loss of power.
pub fn link_new(draft: &Path, path: &Path) -> io::Result<Put> {
    match fs::hard_link(draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Put::Exists),
        other => other?,
    }
    sync_folder(path)?;
    Ok(Put::Made)
}

/// Makes the names in the folder of `path` survive a loss of power.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder_of(path))?.sync_all() } else { Ok(()) }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
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
