//! Effect: a source that is a file on this machine.

use std::fs::{File, FileType};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::charset::{self, Decoded};
use super::error::Reason;

/// Reads a whole file of at most `limit` bytes as text. Blocking.
pub(super) fn read(path: &Path, limit: u64) -> Result<Decoded, Reason> {
    // Asked before opening: opening a pipe would wait for a writer.
    regular(std::fs::metadata(path).map_err(of_io)?.file_type())?;
    let file = File::open(path).map_err(of_io)?;
    let known = file.metadata().map_err(of_io)?;
    regular(known.file_type())?;
    let too_large = Reason::TooLarge { limit_mb: limit / 1_000_000 };
    if known.len() > limit {
        return Err(too_large);
    }
    let mut bytes = Vec::new();
    let expected = usize::try_from(known.len()).unwrap_or(usize::MAX).saturating_add(1);
    bytes.try_reserve_exact(expected).map_err(|_| Reason::Disk(ErrorKind::OutOfMemory.into()))?;
    // The file may grow while it is read.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(of_io)?;
    if bytes.len() as u64 > limit {
        return Err(too_large);
    }
    charset::decode(bytes, None)
}

fn of_io(error: io::Error) -> Reason {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => Reason::Missing,
        ErrorKind::PermissionDenied => Reason::Denied,
        _ => Reason::Disk(error),
    }
}

fn regular(kind: FileType) -> Result<(), Reason> {
    if kind.is_file() {
        return Ok(());
    }
    Err(Reason::NotAFile { kind: if kind.is_dir() { "폴더" } else { "파이프나 장치" } })
}
