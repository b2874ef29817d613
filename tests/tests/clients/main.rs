//! What clients other than `wci` do with a version whose instance belongs to `wci`.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cli;
mod config_changes;
mod direct_updates;
mod registration;
mod rejections;
mod server_queues;
mod stored_spec;
mod validate;
mod visibility;
