//! Scaling decisions as pure functions.
//!
//! [`decide`] takes the time, a group's settings, what the last decision left, and something
//! that happened; it answers with what to do and why. There is no clock, no I/O and no
//! randomness in here, and no input makes it panic: the same input gives the same answer on any
//! machine, which is what lets a decision be recorded, replayed and simulated.
//!
//! What an [`Algorithm`] wants passes a back-off that all of them share: a group whose provider
//! refuses waits, longer each time, then tries with one worker.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod algorithm;
mod backoff;
mod decide;
mod decision_builder;
mod demand;
mod error;
mod initial_tick;
mod no_sync;
mod number;
pub mod offline;
mod rate_based;
mod recount;
mod setting;

pub use algorithm::Algorithm;
pub use decide::{check_config, decide, decide_batch, decide_named};
pub use error::{ConfigError, DecideError};
pub use initial_tick::needs_initial_tick;
pub use recount::{decide_with_worker_count, needs_worker_count};
pub use setting::Range;
