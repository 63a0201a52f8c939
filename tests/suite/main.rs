//! One test binary; one module per behaviour; names are sentences.

mod browser;
mod letter;
mod letters;
