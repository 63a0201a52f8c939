//! Effect: the command line. One small file per noun: args → step → print.

pub mod check;
pub mod deliver;
pub mod deliveries;
pub mod dkim;
pub mod editions;
pub mod init;
pub mod preview;
pub mod publish;
pub mod subscribers;

use std::path::PathBuf;

use crate::clock::Clock;

/// What every command needs: where the configuration is, and the clock.
#[derive(Clone, Debug)]
pub struct Context {
    /// `--config`, else `config/moabom.toml`.
    pub config_path: PathBuf,
    /// The clock all steps are given.
    pub clock: Clock,
}
