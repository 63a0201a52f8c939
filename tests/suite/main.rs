//! One test binary; one module per behaviour; names are sentences.

mod architecture;
mod import;
mod people;
mod web;
