//! Effect: `moabom templates`: the built-in templates as files to start from, and a look at the operator's own.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Subcommand;

use super::Context;
use super::why::plain;
use crate::config::nearest;
use crate::config::templates::overrides;
use crate::render::templates::is_mailed;
use crate::render::{BUILT_IN, Renderer};

/// 편지 틀
#[derive(Clone, Debug, Subcommand)]
pub enum TemplatesCommand {
    /// 내장 틀과 스타일을 고쳐 쓸 파일로 꺼내요. 있는 파일은 건드리지 않아요
    Export {
        /// 꺼낼 폴더. 적지 않으면 설정의 templates.path
        folder: Option<PathBuf>,
    },
    /// 고친 틀로 편지를 만들 수 있는지 살펴요
    Check,
}

/// Runs a command of this noun.
pub fn run(context: &Context, command: &TemplatesCommand, out: &mut impl Write) -> Result<()> {
    match command {
        TemplatesCommand::Export { folder: Some(folder) } => export(folder, out),
        TemplatesCommand::Export { folder: None } => export(&context.config()?.templates, out),
        TemplatesCommand::Check => {
            let folder = context.config()?.templates;
            check(&folder, out)?;
            unread_words(&context.config_path, &folder).map_or(Ok(()), |words| Ok(writeln!(out, "{words}")?))
        }
    }
}

fn export(folder: &Path, out: &mut impl Write) -> Result<()> {
    let mut written = 0;
    for (name, text) in BUILT_IN {
        let path = folder.join(name);
        let failed = || format!("틀을 {}에 꺼내지 못했어요. 그 폴더에 쓸 수 있는지 확인하세요", shown(&path));
        if write_new(&path, text).with_context(failed)? {
            written += 1;
            writeln!(out, "썼어요: {}", shown(&path))?;
        } else {
            writeln!(out, "이미 있어서 그대로 두었어요: {}", shown(&path))?;
        }
    }
    if written > 0 {
        eprintln!(
            "고치지 않을 파일은 지우세요. 남은 파일은 moabom을 새 판으로 바꿔도 그대로 쓰여요. \
             고친 뒤에는 `moabom templates check`로 살펴보세요."
        );
    }
    Ok(())
}

/// Writes a file that was not there; false where one was. A file half written is taken away again.
fn write_new(path: &Path, text: &str) -> io::Result<bool> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error),
    };
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written.map(|()| true)
}

/// What becomes of a file in the templates' folder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// It stands in a built-in template's place.
    Replaces,
    /// Another of the operator's templates calls it.
    Added,
    /// No letter is made with it.
    Unused,
}

/// What becomes of `name` among the operator's `own` templates.
pub(super) fn part(name: &str, own: &[(String, String)]) -> Part {
    let called = || own.iter().any(|(other, text)| other != name && text.contains(name));
    match BUILT_IN.iter().any(|(built_in, _)| *built_in == name) {
        true => Part::Replaces,
        false if is_mailed(name) && called() => Part::Added,
        false => Part::Unused,
    }
}

/// That a file is not used, and which name may have been meant.
pub(super) fn unused_words(folder: &Path, name: &str) -> String {
    let meant = nearest(name, BUILT_IN.iter().map(|(built_in, _)| *built_in));
    let meant = meant.map(|meant| format!(" (혹시 `{meant}`?)")).unwrap_or_default();
    format!("편지에 쓰이지 않아요: {}{meant}", shown(&folder.join(name)))
}

/// That templates lie beside the configuration where nobody looks for them: its paths start at the folder moabom is
/// started in.
pub(super) fn unread_words(config: &Path, used: &Path) -> Option<String> {
    let beside = config.parent()?.join("templates");
    let real = |path: &Path| path.canonicalize().ok();
    if real(&beside)? == real(used).unwrap_or_default() {
        return None;
    }
    let own = overrides(&beside).ok()?;
    own.iter().find(|(name, _)| part(name, &own) != Part::Unused)?;
    let (beside, used) = (shown(&beside), shown(used));
    Some(format!(
        "설정 옆의 틀 폴더는 쓰지 않아요: {beside}. 경로는 moabom을 시작한 폴더에서 세어 {used}의 틀을 써요. \
         쓰려면 `[templates] path`에 적으세요"
    ))
}

fn check(folder: &Path, out: &mut impl Write) -> Result<()> {
    let own = overrides(folder)?;
    let failed = || format!("틀 폴더 {}의 틀로 편지를 만들 수 없어요", shown(folder));
    let renderer = Renderer::of_folder(&shown(folder), &own).with_context(failed)?;
    renderer.check().with_context(failed)?;
    let mut used = 0;
    for (name, _) in &own {
        let path = shown(&folder.join(name));
        match part(name, &own) {
            Part::Replaces => writeln!(out, "내장 틀 대신 써요: {path}")?,
            Part::Added => writeln!(out, "더한 틀이에요: {path}")?,
            Part::Unused => {
                writeln!(out, "{}", unused_words(folder, name))?;
                continue;
            }
        }
        used += 1;
    }
    if used == 0 {
        writeln!(out, "{}에 고친 틀이 없어서 내장 틀을 써요.", shown(folder))?;
    } else {
        writeln!(out, "틀에 잘못이 없어요.")?;
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    plain(&path.display().to_string())
}
