//! moabom (모아봄): gathers a blog's new and best-received posts and mails them to its readers.
//!
//! # The flow
//!
//! ```text
//! source ─ingest→ [posts, observations] ─publish: schedule → select → render→ [editions + deliveries]   one transaction
//! [deliveries] ─deliver: claim → compose → smtp → retry→ [attempts, delivery state]
//! web, mailbox ─feedback→ [consents, subscriptions, suppressions] ─read again at every claim─┘
//! ```

pub mod cli;
pub mod clock;
pub mod compose;
pub mod config;
pub mod daemon;
pub mod deliver;
pub mod demo;
pub mod feedback;
pub mod ingest;
pub mod korean;
pub mod law;
pub mod model;
pub mod publish;
pub mod render;
pub mod retry;
pub mod schedule;
pub mod select;
pub mod smtp;
pub mod source;
pub mod store;
pub mod web;
