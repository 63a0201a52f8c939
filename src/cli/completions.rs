//! Effect: `moabom completions SHELL`: the script with which a shell completes commands and options.

use std::io::Write;

use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, usage};

/// `moabom completions`
#[derive(Clone, Copy, Debug, Args)]
#[command(after_help = "\
bash: moabom completions bash > ~/.local/share/bash-completion/completions/moabom
zsh:  moabom completions zsh > ~/.zfunc/_moabom    (~/.zshrc에 fpath+=~/.zfunc)
fish: moabom completions fish > ~/.config/fish/completions/moabom.fish")]
pub struct CompletionsArgs {
    /// 쓰는 셸
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Writes the script. Needs no configuration.
pub fn run(args: CompletionsArgs, out: &mut impl Write) -> Result<()> {
    // Written to memory first: the generator gives up with a panic where its output is closed.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut usage::in_korean(Cli::command()), "moabom", &mut script);
    Ok(out.write_all(&script)?)
}
