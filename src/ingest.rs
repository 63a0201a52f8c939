//! Effect: the step that reads the sources and keeps what it saw: posts and observations.
