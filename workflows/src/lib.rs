//! The durable half: one instance workflow for each Worker Deployment Version, and a workflow
//! that dry-runs a spec that nobody runs yet.
//!
//! [`wci_instance::InstanceState`] has the rules; what is here needs the SDK: handlers, and a
//! driver for each effect. Nothing here depends on a client, a cloud or tokio, which keeps the
//! deterministic part honest.

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
