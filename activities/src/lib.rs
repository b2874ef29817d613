//! What an instance has done outside of its workflow: decide, validate, register, launch, watch.
//!
//! [`Launching`] belongs on the system worker's own task queue, [`Watching`] on the queue beside
//! it, so that watches never take slots from launches. Both are of one namespace: the one that is
//! polled.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod board;
mod budget;
mod changes;
mod count;
mod decide;
mod glance;
mod head_start;
mod heartbeat;
mod invoke;
mod known_queues;
mod launching;
mod metrics;
mod register;
mod resize;
mod stats;
mod turns;
mod validate;
mod watch;
mod watching;
mod workers;

pub use board::LaunchBoard;
pub use budget::ReadBudget;
pub use head_start::HeadStarts;
pub use launching::Launching;
pub use metrics::{Metrics, MetricsError, NamespaceMetrics};
pub use stats::{StatsError, VersionReader};
pub use turns::WatchTurns;
pub use watching::Watching;
