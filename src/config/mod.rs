//! Effect: configuration: raw (serde, unknown keys refused) → checked (every fault at once, with file, line, key).
