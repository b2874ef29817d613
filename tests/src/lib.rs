//! What the tests on a real server share: the server, the system worker, a load, and ways to look
//! at what came of it. Everything is the real program; only AWS has a stand-in.
//!
//! A [`World`] owns everything that a test starts. When it goes, everything that was started
//! goes with it, and the logs stay if the test failed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "so tests fail")]

mod api;
mod binary;
mod change;
mod collector;
mod emulator;
mod environment;
mod footprint;
mod front;
mod greeter;
mod history;
mod lambda;
mod launched;
mod load;
mod metrics;
mod moto;
pub mod mutants;
mod one;
mod process;
mod programs;
mod python;
pub mod recordings;
mod running;
mod server;
mod spec;
mod steady;
mod stock;
mod system_worker;
mod tap;
mod tools;
mod tour;
mod version;
mod wait;
mod world;

pub use api::groups_of;
pub use binary::wci_bin;
pub use change::{Change, GroupSent};
pub use collector::Collector;
pub use emulator::{Emulator, FUNCTION};
pub use environment::{ARN, Answer, Environment, Event};
pub use footprint::{Footprint, connections_to};
pub use front::Front;
pub use greeter::Greeter;
pub use history::History;
pub use lambda::{Behaviour, KEY_IN_REFUSAL, Lambda};
pub use launched::Launched;
pub use load::Load;
pub use metrics::Metrics;
pub use moto::Moto;
pub use one::One;
pub use process::Process;
pub use programs::{Programs, built};
pub use python::python_worker;
pub use running::{Said, run, run_with_input};
pub use server::{Server, ServerOptions};
pub use spec::{Group, SpecFile};
pub use steady::Steady;
pub use system_worker::SystemWorker;
pub use tap::Tap;
pub use tour::Tour;
pub use version::Version;
pub use wait::wait_for;
pub use world::{SOON, World, WorldBuilder};
