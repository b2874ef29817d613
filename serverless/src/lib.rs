//! A Temporal worker that lives for one invocation.
//!
//! A serverless platform starts a process because there is work, gives it a deadline, and pays
//! for every second until it ends. This worker's life has three phases:
//!
//! 1. **init**: read the settings, connect;
//! 2. **work**: poll and process, until nothing has happened for the idle timeout, the deadline
//!    comes near, or a signal asks it to leave;
//! 3. **shutdown**: stop polling, wait for what runs up to the worker stop timeout, run the
//!    shutdown hooks, and be gone before the deadline.
//!
//! ```no_run
//! # use temporal_serverless_worker::{Error, ServerlessWorker};
//! # use temporalio_macros::activities;
//! # use temporalio_sdk::activities::{ActivityContext, ActivityError};
//! # pub struct Greetings;
//! # #[activities]
//! # impl Greetings {
//! #     #[activity]
//! #     async fn greet(_: ActivityContext, name: String) -> Result<String, ActivityError> {
//! #         Ok(name)
//! #     }
//! # }
//! fn main() -> Result<(), Error> {
//!     let report = temporal_serverless_worker::block_on(async {
//!         ServerlessWorker::builder("greetings")
//!             .register_activities(Greetings)
//!             .on_shutdown(|| async { println!("flushed") })
//!             .build()?
//!             .run()
//!             .await
//!     })??;
//!     println!("{report}");
//!     Ok(())
//! }
//! ```
//!
//! # Settings
//! The server's address, namespace, credentials and TLS come from the profile in
//! `TEMPORAL_CONFIG_FILE`, else `$LAMBDA_TASK_ROOT/temporal.toml`, else `./temporal.toml`, and
//! from the environment variables that every Temporal SDK knows (`TEMPORAL_ADDRESS`,
//! `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, …), which win over the file. The worker's own
//! variables are in [`variables`]; they win over what the program sets, so that one binary can
//! be deployed in many ways.
//!
//! A serverless worker is always versioned: whoever starts it starts it for one Worker
//! Deployment Version, so a deployment name and a build ID are required.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod abandon;
mod builder;
mod config_file;
mod connect;
mod deadline;
mod drain;
mod environment;
mod error;
mod home;
mod hooks;
mod idle;
mod invocation;
#[cfg(feature = "lambda")]
mod lambda;
mod ledger;
mod life;
#[cfg(feature = "otel")]
pub mod otel;
mod panics;
mod report;
mod runtime;
mod sdk_worker;
mod settings;
mod signals;
mod supplier;
mod tuning;
pub mod variables;
mod worker;

pub use builder::Builder;
pub use error::{Error, ErrorClass};
pub use hooks::HookOutcome;
pub use ledger::TaskCounts;
pub use report::{LeaveReason, Phases, Report};
pub use runtime::block_on;
pub use signals::StopSignal;
pub use temporalio_common::worker::VersioningBehavior;
pub use tuning::{Pollers, Slots, Timing};
pub use worker::ServerlessWorker;
