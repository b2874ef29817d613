//! The `subprocess` provider, with real processes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod end;
mod ground;
mod launch;
#[path = "../support/mod.rs"]
mod support;
