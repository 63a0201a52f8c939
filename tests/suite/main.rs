//! One test binary; one module per behaviour; names are sentences.

mod architecture;
mod deliver;
mod smtp;
mod support;
mod browser;
mod compose;
mod dkim;
mod import;
mod ingest;
mod posts;
mod korean;
mod letter;
mod letters;
mod people;
mod publish;
mod schedule;
mod selection;
mod web;
