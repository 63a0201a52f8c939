//! Effect: the reading step of one source, whenever its time has come.

use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::DaemonError;
use crate::clock::Clock;
use crate::ingest::{self, Report};
use crate::source::fetch::FetchSettings;
use crate::source::{self, SourceSettings};
use crate::store::Store;

/// The reading task of a source.
pub(super) struct Reading {
    pub(super) clock: Clock,
    pub(super) store: Store,
    pub(super) source: SourceSettings,
    pub(super) fetch: FetchSettings,
}
