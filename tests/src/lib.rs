//! The support library of the tests on a real server: the server, the system worker, a load, and
//! ways to examine the results. Every program is the real one; only AWS has a stand-in.
//!
//! A [`World`] owns everything that a test starts. When it is dropped, everything is stopped, and
//! the logs stay if the test failed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "so tests fail")]

mod api;
mod change;
mod client_workflow;
mod collector;
mod emulator;
mod environment;
mod flaky;
mod footprint;
mod greeter;
mod history;
mod lambda;
mod launched;
mod load;
mod metrics;
mod moto;
pub mod mutants;
mod process;
mod programs;
mod python;
mod recording_proxy;
pub mod recordings;
mod running;
mod server;
mod server_proxy;
mod spec;
mod started_workflow;
mod steady_load;
mod system_worker;
mod temporal_cli;
mod tls_proxy;
mod tools;
mod tour;
mod version;
mod wait;
mod world;

pub use api::groups_of;
pub use change::{Change, GroupSent};
pub use client_workflow::schedule_from_own_workflow;
pub use collector::Collector;
pub use emulator::{Emulator, FUNCTION};
pub use environment::{ARN, Environment, Event, InvocationResult};
pub use flaky::{FlakyGreeter, flaky_greeter, greeter_that_fails_once};
pub use footprint::{Footprint, connections_to};
pub use greeter::Greeter;
pub use history::History;
pub use lambda::{Behaviour, KEY_IN_ERROR, Lambda};
pub use launched::Launched;
pub use load::Load;
pub use metrics::Metrics;
pub use moto::Moto;
pub use process::Process;
pub use programs::{Programs, built};
pub use python::{python_worker, python_worker_tests};
pub use recording_proxy::RecordingProxy;
pub use running::{CommandOutput, run, run_with_env, run_with_input};
pub use server::{Server, ServerOptions};
pub use server_proxy::ServerProxy;
pub use spec::{Group, SpecFile};
pub use started_workflow::StartedWorkflow;
pub use steady_load::SteadyLoad;
pub use system_worker::SystemWorker;
pub use tls_proxy::Certificates;
pub use tour::Tour;
pub use version::Version;
pub use wait::wait_for;
pub use world::{SOON, World, WorldBuilder};
