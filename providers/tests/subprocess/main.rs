//! The `subprocess` provider, with real processes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod launch;
mod pool;
#[path = "../support/mod.rs"]
mod support;
mod termination;
mod test_machine;
