//! Pure: the nouns of the glossary as types. Parsed at the edge, trusted inside.

pub mod address;
pub mod canonical;
pub mod delivery;
pub mod edition;
pub mod id;
pub mod name;
pub mod network;
pub mod notice;
pub mod post;
pub mod reply;
pub mod sender;
pub mod subscriber;
pub mod suppression;
pub mod titles;
pub mod token;

pub use address::EmailAddress;
pub use id::{AttemptId, DeliveryId, EditionId, NoticeId, PostId, SourceId, SubscriberId};
pub use sender::Sender;
pub use suppression::SuppressionKey;
pub use titles::Titles;
