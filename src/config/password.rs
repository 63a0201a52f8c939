//! Effect: the file of the operator's password: one line, its Argon2id hash, for its owner's eyes alone.

use std::io;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::new_file::{Mode, put_over};
use super::private_file::{PrivateFileError, Readers, io_words, read};

/// Why there is no hash.
#[derive(Debug, thiserror::Error)]
pub enum PasswordFileError {
    /// It cannot be read.
    #[error("운영 페이지의 비밀번호 파일을 읽을 수 없어요: {}: {cause}\n  → `moabom admin password`로 다시 만드세요", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why, in Korean.
        cause: String,
    },
    /// Others can read it.
    #[error(
        "운영 페이지의 비밀번호 파일을 다른 사용자도 읽거나 쓸 수 있어요(권한 {mode:03o}): {}\n  → 주인만 읽게 바꾸세요: `chmod 600 {}`",
        path.display(),
        path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Permission bits.
        mode: u32,
    },
    /// It cannot be written.
    #[error("운영 페이지의 비밀번호 파일을 쓸 수 없어요: {}: {cause}\n  → 폴더의 권한과 남은 공간을 확인하세요", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why, in Korean.
        cause: String,
    },
}

/// The hash in `path`, without its line end. Whether it is one is for who uses it to say.
pub fn load(path: &Path) -> Result<SecretString, PasswordFileError> {
    let unreadable = |cause| PasswordFileError::Unreadable { path: path.to_owned(), cause };
    let text = read(path, Readers::OwnerAndGroup).map_err(|error| match error {
        PrivateFileError::Io(error) => unreadable(io_words(&error)),
        PrivateFileError::Open { mode } => PasswordFileError::Open { path: path.to_owned(), mode },
        PrivateFileError::NotText => unreadable(PrivateFileError::NotText.to_string()),
    })?;
    Ok(text.expose_secret().trim().to_owned().into())
}

/// Puts `hash` in `path`, in place of the one before: whoever is logged in by that one is no longer.
pub fn put(path: &Path, hash: &SecretString) -> Result<(), PasswordFileError> {
    let text = format!("{}\n", hash.expose_secret());
    put_over(path, &text, Mode::Owner).map_err(|error| {
        let cause = match error.kind() {
            io::ErrorKind::PermissionDenied => "쓸 권한이 없어요".to_owned(),
            _ => io_words(&error),
        };
        PasswordFileError::Write { path: path.to_owned(), cause }
    })
}
