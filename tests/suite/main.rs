//! One test binary; one module per behaviour; names are sentences.

mod architecture;
mod publish;
mod schedule;
mod selection;
