//! Effect: the operator's page as `run` serves it, and `moabom admin password`, asked for without an echo or by a pipe.

use std::io::{IsTerminal, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use clap::{Args, Subcommand};
use dialoguer::Password;
use secrecy::SecretString;

use super::following::Following;
use super::open::Context;
use super::{Misuse, preview};
use crate::config::password;
use crate::web::admin::password::{LONGEST, PasswordError, SALT, check, hash};
use crate::web::admin::{self, PasswordSource};
use crate::web::preview::Look;

/// `moabom admin …`
#[derive(Clone, Debug, Subcommand)]
pub enum AdminCommand {
    /// 운영 페이지의 비밀번호를 정해요. 바꾸면 로그인이 모두 풀려요
    Password(PasswordArgs),
}

/// `moabom admin password`
#[derive(Clone, Debug, Default, Args)]
pub struct PasswordArgs {
    /// 해시를 둘 파일. 적지 않으면 설정의 [admin] password_hash_file
    #[arg(long, value_name = "파일")]
    pub out: Option<PathBuf>,
}

/// Runs the command.
pub fn run(context: &Context, command: &AdminCommand, out: &mut impl Write) -> Result<()> {
    let AdminCommand::Password(args) = command;
    // A configuration that is faulty for want of the password does not keep it from being made.
    let configured = context.config().ok().and_then(|config| config.admin.password_hash_file);
    let path =
        args.out.clone().or_else(|| configured.clone()).unwrap_or_else(|| beside(&context.config_path));
    let mut salt = [0u8; SALT];
    SystemRandom::new().fill(&mut salt).context("난수를 얻지 못했어요")?;
    let hash = hash(&typed()?, &salt).map_err(|error| match error {
        PasswordError::Hash | PasswordError::NotAHash => anyhow::Error::from(error),
        asked => Misuse(asked.to_string()).into(),
    })?;
    password::put(&path, &hash)?;
    let shown = path.display();
    writeln!(out, "비밀번호를 정했어요. 해시를 {shown}에 두었고 주인만 읽을 수 있어요.")?;
    if configured.as_ref() == Some(&path) {
        writeln!(out, "전에 한 로그인은 모두 풀렸어요.")?;
    } else {
        writeln!(out, "설정의 [admin]에 적으세요: password_hash_file = \"{shown}\"")?;
    }
    Ok(())
}

fn beside(config: &Path) -> PathBuf {
    config.with_file_name("admin-password")
}

/// Asked for twice on a terminal; else the one line of standard input.
fn typed() -> Result<SecretString> {
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        let asked = Password::new()
            .with_prompt("새 비밀번호")
            .with_confirmation("한 번 더", "두 번이 서로 달라요")
            .interact()
            .context("비밀번호를 읽지 못했어요")?;
        return Ok(asked.into());
    }
    let mut text = String::new();
    let limit = LONGEST as u64 + 8;
    std::io::stdin()
        .lock()
        .take(limit)
        .read_to_string(&mut text)
        .map_err(|_| Misuse("표준 입력의 비밀번호를 읽지 못했어요. UTF-8 한 줄로 주세요".to_owned()))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned().into())
}

/// The operator's page as configured, on its bound address; none where it is off. What it shows of the next letter is
/// what the daemon follows then.
pub(super) fn page(context: &Context, following: Following) -> Result<Option<(TcpListener, admin::Deps)>> {
    let opened = following.now();
    let settings = &opened.config.admin;
    let Some(listen) = settings.listen else { return Ok(None) };
    if let Some(file) = &settings.password_hash_file {
        password_hash(file)?;
    }
    let listener = TcpListener::bind(listen).with_context(|| {
        format!("{listen}에서 운영 페이지를 열지 못했어요. 다른 프로그램이 쓰고 있다면 그것을 끝내거나 [admin] listen을 바꾸세요")
    })?;
    let password = settings.password_hash_file.clone().map(|file| -> PasswordSource {
        Arc::new(move || password_hash(&file).map_err(|error| format!("{error:#}")))
    });
    let clock = context.clock.clone();
    let look = move |digest: &str| {
        let look = preview::look_at(&following.now(), Some(digest), clock.now());
        look.unwrap_or_else(|error| Look { fault: Some(format!("{error:#}")), ..Look::default() })
    };
    let deps = admin::Deps {
        store: opened.store.clone(),
        clock: context.clock.clone(),
        masthead: opened.config.masthead.clone(),
        digests: opened.config.digests.clone(),
        sources: opened.config.sources.clone(),
        password,
        keys: opened.keys.clone(),
        trusted_proxies: opened.config.web.trusted_proxies.clone(),
        public_url: settings.public_url.clone(),
        look: Arc::new(look),
    };
    Ok(Some((listener, deps)))
}

/// The hash in `path`, once it is seen to be one.
pub(super) fn password_hash(path: &Path) -> Result<SecretString> {
    let hash = password::load(path)?;
    check(&hash).with_context(|| format!("비밀번호 파일 {}", path.display()))?;
    Ok(hash)
}
