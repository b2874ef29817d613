//! Temporal workers for serverless platforms: each worker runs for one invocation.
//!
//! A serverless platform starts a process when there is work, gives it a deadline, and bills every
//! second until it exits. A [`ServerlessWorker`] runs in three phases:
//!
//! 1. **init**: read the settings and connect to the server;
//! 2. **work**: poll for tasks and process them until the worker has been idle for the idle
//!    timeout, the others suffice for the load, the deadline approaches, or a stop signal arrives;
//! 3. **shutdown**: stop polling, wait for running tasks up to the worker stop timeout, run the
//!    shutdown hooks, and finish before the deadline.
//!
//! # Examples
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
//! The server's address, the namespace, credentials and TLS come from a client profile and from
//! the environment variables that every Temporal SDK reads (`TEMPORAL_ADDRESS`,
//! `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, …). The variables take precedence over the profile.
//! The profile file is `TEMPORAL_CONFIG_FILE`, else `$LAMBDA_TASK_ROOT/temporal.toml`, else
//! `./temporal.toml`.
//!
//! The worker's own variables are listed in [`variables`]. They take precedence over what the
//! program sets, so one binary can be deployed in many ways.
//!
//! A serverless worker is always versioned, because it is started for one Worker Deployment
//! Version. The deployment name and the build ID are therefore required.
//!
//! # Feature flags
//! - `lambda`: runs the worker in AWS Lambda functions; see [`ServerlessWorker::serve`].
//! - `otel`: exports traces and metrics with OTLP; see the module `otel`.
//!
//! Both are off by default.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod abandon;
mod builder;
mod capacity;
mod config_file;
mod connect;
mod consolidation;
mod deadline;
mod definition;
mod drain_plan;
mod environment;
mod error;
mod gate;
mod hooks;
mod invocation;
#[cfg(feature = "lambda")]
mod lambda;
mod lifecycle;
mod millis;
#[cfg(feature = "otel")]
pub mod otel;
mod panics;
mod report;
mod runtime;
mod runtime_context;
mod sdk_worker;
mod settings;
mod signals;
mod slot_supplier;
mod task_counts;
mod task_tracker;
mod timing;
pub mod variables;
mod worker;
mod worker_list;

pub use builder::Builder;
pub use capacity::{Pollers, Slots};
pub use consolidation::Consolidation;
pub use error::{Error, ErrorClass};
pub use report::{HookOutcome, LeaveReason, Phases, Report};
pub use runtime::block_on;
pub use signals::StopSignal;
pub use task_counts::TaskCounts;
pub use temporalio_common::worker::VersioningBehavior;
pub use timing::Timing;
pub use worker::ServerlessWorker;
