//! Compute providers, which start serverless workers: one module each.
//!
//! A [`Host`] holds what all namespaces of one system worker share: the sessions with AWS and the
//! processes on this machine. A [`Registry`] holds the providers that the operator enables for one
//! namespace. This crate does not depend on Temporal's SDK.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod allowed_variables;
mod clock;
mod config_keys;
mod error;
#[cfg(test)]
mod fuzz;
mod host;
mod lambda;
mod provider;
mod record;
mod registry;
mod scrub;
mod secret;
mod settings;
mod subprocess;
pub mod supervisor;
mod tally;

pub use allowed_variables::AllowedVariables;
pub use error::ProviderError;
pub use host::Host;
pub use lambda::{NoTlsRoots, TYPE as AWS_LAMBDA, TlsRoots, check_account, check_role};
pub use provider::{
    InvokeProvider, LaunchRequest, Progress, Provider, ResizeRequest, Scope, SetSize,
    WorkerSetProvider,
};
pub use registry::{Registry, known_type, starts_one_by_one};
pub use secret::{SecretSource, Secrets};
pub use settings::{
    AwsSettings, CommandSettings, HostSettings, IntermediaryRole, LambdaSettings, ProcessSettings,
    Settings, SubprocessSettings, SupervisorProgram,
};
pub use subprocess::{
    POOL as SUBPROCESS_POOL, TYPE as SUBPROCESS, prepare_run_dir, running_processes_in,
};
