//! One test binary; one module per behaviour; names are sentences.

mod architecture;
mod backup;
mod browser;
mod compose;
mod config;
mod config_files;
mod crash;
mod deliver;
mod dkim;
mod feed;
mod fetch;
mod import;
mod ingest;
mod korean;
mod letter;
mod letters;
mod people;
mod publish;
mod real_page;
mod schedule;
mod selection;
mod smtp;
mod status;
mod support;
mod web;
