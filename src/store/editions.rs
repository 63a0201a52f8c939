//! Effect: editions, their posts and content.

mod approval;
mod candidates;
mod correct;
mod freeze;
mod overview;
mod record;

pub use approval::{PendingApproval, Said, WAITS};
pub use candidates::{LastEdition, PostText};
pub use correct::{Corrected, NewCorrection};
pub use freeze::{Audience, Freeze, NewEdition};
pub use overview::EditionOverview;
pub use record::{ArchivedEdition, StateChange};
pub(in crate::store) use record::{COLUMNS, edition};

/// Which rows of `editions e` went out: all that have a number, but not one cancelled before a first copy could have
/// left. Only these move the window and use up their posts.
const WENT_OUT: &str = "e.number IS NOT NULL AND (e.state <> 'cancelled' OR EXISTS (
     SELECT 1 FROM deliveries d WHERE d.edition_id = e.id
        AND d.state IN ('sent', 'in_flight', 'unknown', 'bounced')))";
