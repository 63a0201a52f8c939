//! Effect: `moabom keys rotate`: a new key signs from now on; the old ones stay, and so does what they signed.

use std::io::Write;

use anyhow::Result;
use clap::Subcommand;

use super::{Context, Misuse};
use crate::config::key;
use crate::store::Store;

/// 링크에 서명하는 비밀 키를 다뤄요
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum KeysCommand {
    /// 새 키를 만들어 앞으로의 링크에 써요. 이미 보낸 링크와 수신거부 목록은 그대로 들어요
    Rotate,
}

/// Runs the command.
pub fn run(context: &Context, command: KeysCommand, out: &mut impl Write) -> Result<()> {
    match command {
        KeysCommand::Rotate => rotate(context, out),
    }
}

/// Only while nothing is being sent: a letter sent again keeps its Message-ID, which the signing key makes.
fn rotate(context: &Context, out: &mut impl Write) -> Result<()> {
    let config = context.config()?;
    let store = Store::open(&config.store.path, context.clock.now())?;
    let _lock = store.lock_sender()?;
    if store.read(|ledger| ledger.is_sending())? {
        let text = "아직 다 보내지 않은 편지가 있어 키를 바꾸지 않았어요. 다시 보낼 때 같은 편지로 알아보는 표시가 달라져요. \
            `moabom deliveries list`로 보고, 모두 보낸 뒤에 다시 하세요";
        return Err(Misuse(text.to_owned()).into());
    }
    let file = &config.store.key_file;
    let id = key::rotate(file)?;
    writeln!(out, "새 비밀 키 {id}번을 만들었어요: {}", file.display())?;
    writeln!(
        out,
        "앞으로의 링크는 새 키로 서명해요. 예전 키는 이미 보낸 링크와 수신거부 목록을 지키니 지우지 마세요."
    )?;
    Ok(writeln!(
        out,
        "따로 열어 둔 `moabom web`이 있으면 다시 시작하고, `moabom backup`으로 키를 다시 백업하세요."
    )?)
}
