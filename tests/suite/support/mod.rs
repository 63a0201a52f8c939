//! What tests share: a scripted relay, a scripted web site and a world of store, clock and people.

pub mod browser;
pub mod chromium;
pub mod dns_server;
pub mod judges;
pub mod keeper;
pub mod site;
pub mod smtp_server;
pub mod system;
pub mod world;
