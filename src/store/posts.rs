//! Effect: sources, posts and observations.
