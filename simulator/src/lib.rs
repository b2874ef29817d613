//! A discrete-event simulator: traffic against a scaling algorithm, in simulated time.
//!
//! In [`simulate`], tasks arrive at a model of a task queue. The real
//! [`wci_instance::InstanceState`] and [`wci_scaling::decide_batch`], or a model of the controller
//! built into the server, decide about workers. The result is a [`Run`]: how long tasks waited,
//! how long workers lived, and what was requested from the provider. [`Ideal`] is what a scheduler
//! that knows the future would need.
//!
//! There is no clock and no I/O in this crate, and random numbers come from a seed: the same
//! [`Scenario`] has the same [`Run`] on every machine.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod announcer;
mod arguments;
mod contender;
mod controller;
mod counters;
mod distribution;
mod endurance;
mod event_queue;
mod faults;
mod fleet;
mod ideal;
mod micros;
mod outage;
mod parse_error;
mod provider;
mod queue;
mod queue_times;
pub mod report;
mod rng_stream;
mod run;
mod scenario;
mod server_stats;
mod simulation;
mod timeline;
mod traffic;
mod world;

pub use contender::{Contender, Loop};
pub use distribution::Distribution;
pub use endurance::{Survived, endure};
pub use ideal::Ideal;
pub use micros::Micros;
pub use outage::Outage;
pub use parse_error::ParseError;
pub use queue_times::QueueTimes;
pub use report::Comparison;
pub use run::{ControllerCounts, Invocations, Run, Tasks, Workers};
pub use scenario::{ControllerModel, ProviderModel, QueueModel, Scenario, WorkerModel};
pub use simulation::{Progress, simulate};
pub use timeline::{Point, Timeline};
pub use traffic::{MAX_TASKS, PRESETS, Traffic};

/// The commit of this build; `None` for a debug build and outside a repository.
pub const COMMIT: Option<&str> = option_env!("WCI_SIMULATOR_COMMIT");
