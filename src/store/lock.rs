//! Effect: the locks beside the store: who sends from it, and who has it open. The system ends them with their process.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::{Refusal, StoreError};

/// Held while a process sends from this store; released when dropped or when the process dies.
pub struct SenderLock {
    _file: File,
}

impl SenderLock {
    /// The lock of the store at `database`, which need not be there.
    pub fn take(database: &Path) -> Result<SenderLock, StoreError> {
        let (path, file) = open(database, "lock")?;
        let held = held(database, file.try_lock())?;
        if held { Ok(SenderLock { _file: file }) } else { Err(StoreError::Locked { path }) }
    }
}

/// Held together by all who have the store open, and alone by who puts another in its place: what is written into a file that
/// was moved away is lost, a reader's withdrawal with it.
pub struct InUse {
    _file: File,
}

impl InUse {
    /// Taken before the file at `database` is opened.
    pub(super) fn share(database: &Path) -> Result<InUse, StoreError> {
        let (_, file) = open(database, "in-use.lock")?;
        let held = held(database, file.try_lock_shared())?;
        if held { Ok(InUse { _file: file }) } else { Err(StoreError::Replaced { path: database.to_owned() }) }
    }

    /// Taken before the file at `database`, which need not be there, gives way to another.
    pub fn alone(database: &Path) -> Result<InUse, StoreError> {
        let (_, file) = open(database, "in-use.lock")?;
        let held = held(database, file.try_lock())?;
        if held { Ok(InUse { _file: file }) } else { Err(StoreError::InUse { path: database.to_owned() }) }
    }
}

fn open(database: &Path, extension: &str) -> Result<(PathBuf, File), StoreError> {
    let path = database.with_extension(extension);
    let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let file = match file {
        // Who may read it may lock it.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(&path),
        done => done,
    };
    let file = file.map_err(|error| refused(database, &error))?;
    give_to_the_folders_owner(&file, &path);
    Ok((path, file))
}

/// As SQLite does with the files it puts beside its own: what `sudo moabom` made keeps the service out of nothing.
fn give_to_the_folders_owner(file: &File, path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).metadata();
        if let (Ok(folder), Ok(made)) = (folder, file.metadata())
            && folder.uid() != made.uid()
        {
            // Who may not, need not.
            let _ = fchown(file, Some(folder.uid()), Some(folder.gid()));
        }
    }
}

fn held(database: &Path, tried: Result<(), TryLockError>) -> Result<bool, StoreError> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(refused(database, &error)),
    }
}

fn refused(database: &Path, error: &io::Error) -> StoreError {
    StoreError::Open { path: database.to_owned(), refusal: Refusal::of_place(error) }
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::*;

    #[test]
    fn a_store_is_open_to_many_or_replaced_by_one() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("store.sqlite");
        let open = || Store::open(&path, crate::clock::from_millis(0));
        let (one, other) = (open().expect("a store"), open().expect("the same"));
        let clone = one.clone();
        drop((one, other));
        let in_use = StoreError::InUse { path: path.clone() };
        assert_eq!(InUse::alone(&path).err(), Some(in_use));
        drop(clone);
        let alone = InUse::alone(&path).expect("nobody has it open");
        assert_eq!(open().err(), Some(StoreError::Replaced { path: path.clone() }));
        drop(alone);
        open().expect("replaced");
    }
}
