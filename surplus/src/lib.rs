//! Which of a version's workers its load does not need.
//!
//! Temporal hands a task to the poller that has waited longest. Under steady traffic every worker
//! therefore gets a task now and then, and none becomes idle, however many there are. So the
//! workers consolidate by themselves: each one looks at the list of workers that the server keeps,
//! and [`judge`] tells it whether the younger ones suffice. All workers that decide from the same
//! list agree, so exactly the surplus leaves, without messages, chance or a herd.
//!
//! The oldest leave, because a list is always a few seconds old. A worker that is missing from it
//! is younger than those listed and only makes them leave sooner than they must; one that left and
//! is still listed is older than those that stay, and nobody relies on it.
//!
//! The rule is pure: the caller brings the list, the clock and random numbers.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod busy_mean;
mod by_type;
mod erlang_c;
mod judge;
mod pace;
mod worker;

pub use busy_mean::BusyMean;
pub use by_type::{ByType, TaskType};
pub use erlang_c::{probability_of_waiting, slots_needed};
pub use judge::{Judgement, Need, judge};
pub use pace::{next_look, pause};
pub use worker::{Listed, Looker};
