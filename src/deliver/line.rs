//! Effect: a connection and its seat at the relay, which it holds from before it is opened until it is closed.

use std::rc::Rc;

use super::Shared;
use crate::smtp::{Connection, Failure};

/// Taken before a connection is opened, left when it is dropped: whoever waits for it looks again then.
pub(super) struct Seat {
    shared: Rc<Shared>,
    pub(super) number: u64,
}

impl Seat {
    pub(super) fn take(shared: &Rc<Shared>) -> Seat {
        Seat { shared: Rc::clone(shared), number: shared.site.borrow_mut().take_seat() }
    }

    pub(super) async fn open(self) -> Result<Line, Failure> {
        let shared = &self.shared;
        let connection = Connection::open(&shared.deps.relay, &shared.deps.tls).await?;
        let half_open = shared.breakers.borrow().is_half_open();
        shared.site.borrow_mut().opened(self.number, half_open);
        shared.changed.notify_waiters();
        Ok(Line { connection, seat: self })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.site.borrow_mut().leave(self.number);
        self.shared.changed.notify_waiters();
    }
}

/// An open session with the relay.
pub(super) struct Line {
    pub(super) connection: Connection,
    seat: Seat,
}

impl Line {
    pub(super) async fn quit(self) {
        let Line { connection, seat } = self;
        connection.quit().await;
        drop(seat);
    }
}
