//! The data that a stock Temporal server, its clients and the crates of `wci` exchange.
//!
//! Names and IDs, the spec and its update masks, signals, carried state, and the inputs and
//! outputs of the activities: serde types, and the checks that need only the data itself. Nothing
//! here depends on Temporal's SDK, a cloud or a clock.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod activities;
pub mod bounds;
pub mod checks;
pub mod crashes;
pub mod decision;
pub mod failure;
pub mod launch;
pub mod launch_strategy;
pub mod limits;
pub mod mask;
pub mod messages;
pub mod names;
pub mod number;
pub mod payload;
pub mod printable;
pub mod signal;
pub mod spec;
pub mod state;
pub mod stats;
pub mod summaries;
pub mod task_type;
pub mod token;
pub mod trouble;
pub mod version;

pub use crashes::Crashes;
pub use failure::{FailureClass, FailureType, Refusal};
pub use launch_strategy::LaunchStrategy;
pub use payload::ConfigPayload;
pub use printable::{printable, printable_lines};
pub use spec::{ComputeSpec, GroupSpec, ScalingSpec, Spec};
pub use task_type::TaskType;
pub use trouble::Trouble;
pub use version::VersionId;
