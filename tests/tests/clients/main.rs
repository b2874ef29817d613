//! Everything that clients other than `wci` do with a version whose instance is ours.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod changes;
mod cli;
mod direct;
mod found;
mod registration;
mod stored_spec;
mod validate;
mod words;
