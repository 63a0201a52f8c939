//! Effect: the secret keys' file beside the store: lines `ID:HEX64`, the newest first, for its owner's eyes alone.
//!
//! The first key signs; all of them are accepted, so that links in old letters go on working after a rotation, which puts
//! a new line with a higher number on top. The one with the lowest number also hashes suppressions: it stays for good.
//! What is lost cannot be made again: no key ever leaves the file.

use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use secrecy::ExposeSecret;

use super::new_file::{Mode, draft_name, put_new, sync_folder};
use super::private_file::{PrivateFileError, Readers, io_words, read};
use crate::model::token::SecretKey;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no such file, and none was to be made.
    #[error(
        "비밀 키 파일이 없어요: {}\n  → 저장소를 옮겼다면 키 파일도 함께 옮기세요. 없이 새로 만들면 이미 보낸 편지의 수신거부 링크가 듣지 않아요",
        .0.display()
    )]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("비밀 키 파일을 읽을 수 없어요: {}: {cause}\n  → 파일의 종류와 권한을 확인하세요", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why, in Korean.
        cause: String,
    },
    /// Others can read it.
    #[error(
        "비밀 키 파일을 다른 사용자도 읽거나 쓸 수 있어요(권한 {mode:03o}): {}\n  → 주인만 읽게 바꾸세요: `chmod 600 {}`",
        path.display(),
        path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Permission bits.
        mode: u32,
    },
    /// It holds no key.
    #[error("비밀 키 파일이 비어 있어요: {}\n  → 백업에서 되살리세요. 보낸 편지가 없다면 이 파일을 지우면 새로 만들어요", .0.display())]
    Empty(PathBuf),
    /// A line is no key.
    #[error("비밀 키 파일 {}의 {line}행을 읽을 수 없어요: {what}\n  → 한 줄에 `번호:16진수 64자` 하나씩 적혀 있어야 해요. 백업에서 되살리세요", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong; nothing of the key.
        what: &'static str,
    },
    /// All numbers above the oldest key's are taken.
    #[error("비밀 키 파일 {}에 쓸 수 있는 번호가 남지 않았어요. 키는 255번까지예요", .0.display())]
    Full(PathBuf),
    /// It cannot be made.
    #[error("비밀 키 파일을 만들 수 없어요: {}: {cause}\n  → 폴더의 권한과 남은 공간을 확인하세요", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
}

/// The keys of `path`, the signing one first; at least one.
pub fn load(path: &Path) -> Result<Vec<SecretKey>, KeyError> {
    let text = read(path, Readers::Owner).map_err(|error| match error {
        PrivateFileError::Io(error) if error.kind() == io::ErrorKind::NotFound => {
            KeyError::Missing(path.to_owned())
        }
        PrivateFileError::Io(error) => {
            KeyError::Unreadable { path: path.to_owned(), cause: io_words(&error) }
        }
        PrivateFileError::Open { mode } => KeyError::Open { path: path.to_owned(), mode },
        PrivateFileError::NotText => {
            KeyError::Unreadable { path: path.to_owned(), cause: PrivateFileError::NotText.to_string() }
        }
    })?;
    let mut keys: Vec<SecretKey> = Vec::new();
    for (index, line) in text.expose_secret().lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let malformed = |what| KeyError::Malformed { path: path.to_owned(), line: index + 1, what };
        let key = parse(line).map_err(malformed)?;
        if keys.iter().any(|known| known.id() == key.id()) {
            return Err(malformed("같은 번호의 키가 위에 있어요"));
        }
        keys.push(key);
    }
    if keys.is_empty() { Err(KeyError::Empty(path.to_owned())) } else { Ok(keys) }
}

/// The same; where there is no file, one is made with a new key. Of two processes at once both get the same key.
pub fn load_or_create(path: &Path) -> Result<Vec<SecretKey>, KeyError> {
    match load(path) {
        Err(KeyError::Missing(_)) => {}
        done => return done,
    }
    create(path).map_err(|error| {
        let cause = match error.kind() {
            io::ErrorKind::PermissionDenied => "쓸 권한이 없어요".to_owned(),
            _ => error.to_string(),
        };
        KeyError::Create { path: path.to_owned(), cause }
    })?;
    load(path)
}

/// Puts a new key on top of those of `path`, which stay, and returns its number. The file is replaced whole: whoever
/// reads it meanwhile sees the old one or the new one.
pub fn rotate(path: &Path) -> Result<u8, KeyError> {
    let keys = load(path)?;
    let (oldest, newest) =
        keys.iter().fold((u8::MAX, 0), |(low, high), key| (low.min(key.id()), high.max(key.id())));
    let free = |id: &u8| keys.iter().all(|key| key.id() != *id);
    let next = newest.checked_add(1).or_else(|| (oldest..=u8::MAX).find(free));
    let id = next.ok_or_else(|| KeyError::Full(path.to_owned()))?;
    replace(path, id).map_err(|error| KeyError::Create { path: path.to_owned(), cause: io_words(&error) })?;
    load(path).map(|_| id)
}

fn replace(path: &Path, id: u8) -> io::Result<()> {
    // Where the configured path is a link, the file it leads to is replaced.
    let path = path.canonicalize()?;
    let old = std::fs::read_to_string(&path)?;
    let draft = draft_name(&path)?;
    put_new(&draft, &format!("{}{old}", new_line(id)?), Mode::Owner)?;
    let renamed = keep_owner(&path, &draft).and_then(|()| std::fs::rename(&draft, &path));
    if renamed.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    renamed?;
    sync_folder(&path)
}

/// The new file is read by whoever read the old one, even where somebody else rotates (`sudo`).
fn keep_owner(old: &Path, new: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        let (old, made) = (std::fs::metadata(old)?, std::fs::metadata(new)?);
        if (old.uid(), old.gid()) != (made.uid(), made.gid()) {
            chown(new, Some(old.uid()), Some(old.gid()))?;
        }
    }
    Ok(())
}

fn parse(line: &str) -> Result<SecretKey, &'static str> {
    let (id, hex) = line.split_once(':').ok_or("`번호:키` 꼴이 아니에요")?;
    let id: u8 = id.trim().parse().map_err(|_| "번호가 0에서 255 사이의 정수가 아니에요")?;
    let hex = hex.trim().as_bytes();
    let mut bytes = [0u8; 32];
    if hex.len() != 2 * bytes.len() {
        return Err("키가 16진수 64자가 아니에요");
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
        let mut digits = pair.iter().map(|digit| char::from(*digit).to_digit(16));
        let value = digits.try_fold(0, |value, digit| Some(value * 16 + digit?));
        *byte = value.and_then(|value| u8::try_from(value).ok()).ok_or("키에 16진수가 아닌 글자가 있어요")?;
    }
    if bytes.iter().all(|byte| *byte == 0) {
        return Err("키가 0뿐이에요");
    }
    Ok(SecretKey::new(id, &bytes))
}

/// Makes a key and puts it in place; of several at once the first wins.
fn create(path: &Path) -> io::Result<()> {
    put_new(path, &new_line(1)?, Mode::Owner).map(drop)
}

fn new_line(id: u8) -> io::Result<String> {
    let mut key = [0u8; 32];
    SystemRandom::new().fill(&mut key).map_err(|_| io::Error::other("난수를 얻지 못했어요"))?;
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{id}:{hex}\n"))
}
