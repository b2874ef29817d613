//! The activities of an instance: decide, validate, register, launch, resize and watch.
//!
//! Register [`SystemActivities`] on the system worker's own task queue, and [`WatchActivities`] on
//! the queue beside it, so that watches never take slots from launches. Both serve one namespace:
//! the one that their worker polls.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod activity_heartbeat;
mod callers;
mod ceilings;
mod metrics;
mod per_version;
mod server;
mod system_activities;
mod timed_outcome;
mod unix_time;
mod watch_activities;

pub use callers::{Callers, ScheduledHere};
pub use ceilings::{Ceiling, Ceilings};
pub use metrics::{Metrics, MetricsError, NamespaceMetrics};
pub use per_version::{
    idle_versions::IdleVersions, recent_launches::RecentLaunches, watch_leases::WatchLeases,
};
pub use server::{connection::StatsError, read_budget::ReadBudget, version_reader::VersionReader};
pub use system_activities::{SystemActivities, speculative_launches::SpeculativeLaunches};
pub use watch_activities::{WatchActivities, WorkerExits};
