//! The `subprocess` provider, with real processes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod end;
mod ground;
mod launch;
mod pool;
#[path = "../support/mod.rs"]
mod support;
