//! Effect: the demo's parts: a bundled sample blog, and an SMTP inbox on loopback.

pub mod inbox;

/// The sample blog's page as it stood a week ago.
pub const PAGE_BEFORE: &str = include_str!("blog_1.txt");
/// The sample blog's page now: new posts, and gains of old ones.
pub const PAGE_NOW: &str = include_str!("blog_2.txt");
/// The three sample readers; their domains are reserved for examples (RFC 2606).
pub const READERS: [&str; 3] = ["haru@example.com", "narae@example.net", "bom@example.org"];
