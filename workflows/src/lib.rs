//! The workflows: one instance for each Worker Deployment Version, and one that validates a spec
//! without an instance.
//!
//! [`wci_instance::InstanceState`] has the rules. This crate has what needs the SDK: handlers, and a
//! driver for each effect. It depends on no client, no cloud and no tokio, which keeps workflow code
//! deterministic.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod drivers;
mod failures;
mod instance;
mod instance_activities;
mod options;
mod revision;
mod time;
mod updates;
mod validate;
mod wait;
mod wire;

pub use failures::TypedFailures;
pub use instance::Instance;
pub use instance_activities::InstanceActivities;
pub use validate::Validate;
pub use wire::{payload_of, text_of};
