//! Effect: reader pages and one-click (axum). Writes rows by `feedback`, never sends.

pub mod inbox;

/// `[web]`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSettings {
    /// Where the daemon listens.
    pub listen: std::net::SocketAddr,
    /// The address readers reach it by, without a slash at the end; none: links fall back to `mailto:`.
    pub public_url: Option<String>,
}
