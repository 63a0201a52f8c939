//! Effect: `moabom status`: how everything stands, on one screen.

mod json;
mod layout;
mod screen;

use std::io::Write;

use anyhow::Result;
use clap::Args;

use super::editions::print_json;
use super::open::Context;
use crate::status::{Configured, Status};
use crate::store::Store;

/// `moabom status`
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct StatusArgs {
    /// JSON으로
    #[arg(long)]
    pub json: bool,
}

/// Shows how things stand. A store that does not exist yet is not made.
pub fn run(context: &Context, args: StatusArgs, out: &mut impl Write) -> Result<()> {
    let (config, now) = (context.config()?, context.clock.now());
    let configured =
        Configured { masthead: &config.masthead, digests: &config.digests, sources: &config.sources };
    let status = match Store::open_existing(&config.store.path, now)? {
        Some(store) => store.read(|ledger| Status::read(&configured, Some(ledger), now))?,
        None => Status::read(&configured, None, now)?,
    };
    if args.json { print_json(&json::of(&status), out) } else { Ok(screen::write(&status, out)?) }
}
