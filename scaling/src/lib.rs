//! Scaling decisions as pure functions.
//!
//! [`decide`] takes the time, a group's settings, the state that the last decision returned, and
//! an event. It returns actions and their reasons. The crate has no clock, no I/O and no
//! randomness, and no input makes it panic: the same input gives the same decision on any
//! machine, so that decisions can be recorded, replayed and simulated.
//!
//! All algorithms share one back-off: a group whose provider fails waits, longer each time, and
//! then probes the provider with one worker.

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
pub use recount::{
    decide_with_stats, decide_with_worker_count, needs_backlog_age, needs_worker_count,
};
pub use setting::Range;
