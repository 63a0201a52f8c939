//! Effect: the operator's own templates: files of the folder `[templates] path`, by their names below it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::private_file::io_words;

/// A folder in a folder, as in `digest/letter.html`; deeper ones are not looked into.
const DEPTH: usize = 3;
/// Endings of templates; others are left alone.
const ENDINGS: [&str; 3] = ["html", "txt", "css"];

/// Why the templates could not be read.
#[derive(Debug, thiserror::Error)]
#[error("틀을 읽을 수 없어요: {}: {cause}\n  → 권한을 확인하고 UTF-8로 저장하세요", path.display())]
pub struct TemplatesError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why, in Korean.
    pub cause: String,
}

/// Name (`digest/letter.html`) and text of each file, sorted by name; none where nothing is there.
pub fn overrides(folder: &Path) -> Result<Vec<(String, String)>, TemplatesError> {
    let mut found = Vec::new();
    if folder.is_dir() {
        collect(folder, "", DEPTH, &mut found)?;
    } else if folder.exists() {
        let cause = "폴더가 아니에요. [templates] path에는 폴더를 적어야 해요".to_owned();
        return Err(TemplatesError { path: folder.to_owned(), cause });
    }
    found.sort();
    Ok(found)
}

fn collect(
    folder: &Path,
    prefix: &str,
    depth: usize,
    found: &mut Vec<(String, String)>,
) -> Result<(), TemplatesError> {
    let failed = |path: &Path, error: &io::Error| {
        let cause = match error.kind() {
            io::ErrorKind::InvalidData => "UTF-8이 아닌 글자가 있어요".to_owned(),
            _ => io_words(error),
        };
        TemplatesError { path: path.to_owned(), cause }
    };
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, &error))? {
        let path = entry.map_err(|error| failed(folder, &error))?.path();
        let Some(name) =
            path.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.'))
        else {
            continue;
        };
        let name = format!("{prefix}{name}");
        if path.is_dir() {
            if depth > 1 {
                collect(&path, &format!("{name}/"), depth - 1, found)?;
            }
        } else if path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known)) {
            let text = fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
            found.push((name, text));
        }
    }
    Ok(())
}
