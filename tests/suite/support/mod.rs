//! What tests share: a scripted relay and a world of store, clock and people.

pub mod smtp_server;
pub mod world;
