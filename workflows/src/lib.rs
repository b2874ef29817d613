//! The durable half: one instance workflow for each Worker Deployment Version, and a workflow
//! that dry-runs a spec that nobody runs yet.
//!
//! The [`Book`](book::Book) holds what an instance knows and is plain data with methods; the
//! other modules are the awaits around it. Nothing here depends on a client, a cloud or tokio,
//! which keeps the deterministic part honest.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod attend;
pub mod book;
mod carry;
mod decisions;
mod definitions;
mod failures;
mod inbox;
mod instance;
mod launches;
mod launching;
mod options;
mod registration;
mod resizing;
mod revision;
mod telling;
mod tickets;
mod time;
mod updates;
mod validate;
mod validation;
mod wait;
mod warm;
mod watch;
mod wire;
mod worker_sets;

pub use definitions::Controller;
pub use failures::TypedFailures;
pub use instance::Instance;
pub use validate::Validate;
pub use wire::{payload_of, text_of};
