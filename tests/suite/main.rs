//! One test binary; one module per behaviour; names are sentences.

mod architecture;
mod browser;
mod letter;
mod letters;
