//! Effect: the demo's parts: a bundled sample blog, and an SMTP inbox on loopback.

pub mod inbox;
