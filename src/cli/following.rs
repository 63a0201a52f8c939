//! Effect: the configuration that the daemon follows, for those who ask between two readings of it.

use std::sync::Arc;

use tokio::sync::watch;

use super::open::Opened;

/// What the daemon follows now, for the pages that show or change an edition: the newest configuration that was sound.
#[derive(Clone)]
pub(super) struct Following(Arc<watch::Sender<Opened>>);

impl Following {
    pub(super) fn new(opened: Opened) -> Following {
        Following(Arc::new(watch::Sender::new(opened)))
    }

    pub(super) fn now(&self) -> Opened {
        self.0.borrow().clone()
    }

    pub(super) fn follow(&self, opened: Opened) {
        self.0.send_replace(opened);
    }
}
