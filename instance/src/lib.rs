//! The worker controller instance as a state machine: what an instance knows, and which effects
//! follow from an event.
//!
//! [`InstanceState::handle`] takes an [`Event`] and returns [`Effect`]s. It is pure: no SDK, no
//! futures, no clock, no randomness. The instance workflow carries the effects out with activities
//! and timers; the simulator does the same in simulated time.
//!
//! Times are milliseconds since the Unix epoch, durations milliseconds, unless a name or a doc
//! comment says otherwise.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod advance;
pub mod backlog_watch;
mod carry_over;
mod crashes;
mod decision;
mod effect;
mod event;
mod inbox;
mod launch;
mod notification;
mod registration;
mod revalidation;
mod rfc3339;
mod rules;
mod spec_change;
mod state;
mod tick;
mod update_queue;
mod watch_request;
mod worker_set;

pub use advance::RunStatus;
pub use effect::{Effect, Ending};
pub use event::Event;
pub use registration::RegistrationFailure;
pub use rules::Rules;
pub use state::InstanceState;
pub use update_queue::Ticket;
pub use watch_request::WatchRequest;

#[cfg(test)]
mod tests;
