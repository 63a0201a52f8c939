//! Effect: files that hold secrets: read only if nobody else can read them, and never quoted.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use secrecy::SecretString;

/// No password or key is larger.
const LONGEST: u64 = 64 * 1024;

/// Who besides its owner may read a secret's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// Nobody.
    Owner,
    /// Its group as well: how a service's secrets are often given (root:moabom, 0640; systemd's credentials by ACL).
    OwnerAndGroup,
}

/// Why a secret's file is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum PrivateFileError {
    /// It cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Others can read it.
    #[error("다른 사용자도 읽거나 쓸 수 있어요(권한 {mode:03o})")]
    Open {
        /// Permission bits.
        mode: u32,
    },
    /// Not text, or far too long.
    #[error("글로 된 비밀 파일이 아니에요")]
    NotText,
}

/// The text of `path`.
pub(super) fn read(path: &Path, readers: Readers) -> Result<SecretString, PrivateFileError> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(PrivateFileError::NotText);
    }
    check_mode(&metadata, readers)?;
    let mut text = String::new();
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => PrivateFileError::NotText,
        _ => PrivateFileError::Io(error),
    })?;
    if text.len() as u64 > LONGEST {
        return Err(PrivateFileError::NotText);
    }
    Ok(text.into())
}

#[cfg(unix)]
fn check_mode(metadata: &std::fs::Metadata, readers: Readers) -> Result<(), PrivateFileError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    let forbidden = match readers {
        Readers::Owner => 0o077,
        Readers::OwnerAndGroup => 0o027,
    };
    if mode & forbidden == 0 { Ok(()) } else { Err(PrivateFileError::Open { mode }) }
}

#[cfg(not(unix))]
fn check_mode(_: &std::fs::Metadata, _: Readers) -> Result<(), PrivateFileError> {
    Ok(())
}

/// What went wrong with a file, in Korean.
pub(crate) fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "파일이 없어요".to_owned(),
        io::ErrorKind::PermissionDenied => "읽을 권한이 없어요".to_owned(),
        io::ErrorKind::IsADirectory => "파일이 아니라 폴더예요".to_owned(),
        io::ErrorKind::NotADirectory => "경로 가운데에 폴더가 아닌 것이 있어요".to_owned(),
        io::ErrorKind::AlreadyExists => "이미 있어요".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "쓸 수 없게 묶인 디스크예요".to_owned(),
        io::ErrorKind::StorageFull => "디스크에 남은 공간이 없어요".to_owned(),
        io::ErrorKind::AddrInUse => "다른 프로그램이 이미 쓰고 있어요".to_owned(),
        io::ErrorKind::AddrNotAvailable => "이 기기에 없는 주소예요".to_owned(),
        _ => error.to_string(),
    }
}
