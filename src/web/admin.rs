//! Effect: the operator's page.

pub mod password;
