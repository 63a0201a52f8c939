//! What tests share: a scripted relay, a scripted web site and a world of store, clock and people.

pub mod chromium;
pub mod dns_server;
pub mod http;
pub mod judges;
pub mod keeper;
pub mod site;
pub mod smtp_server;
pub mod system;
pub mod terminal;
pub mod world;

/// A port on loopback that nobody holds: for programs that are told theirs.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port()
}
