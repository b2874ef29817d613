//! Reads the recorded history of a Worker Controller Instance (WCI).
//!
//! There are two views of it, both pure: events in, data out.
//! - [`RunHistory`] is one run as the server recorded it: its activities, launches and workflow
//!   tasks with their times.
//! - [`History`] is the instance over all of its runs: what it saw, what it decided and why, what
//!   was done, how each scaling group is doing and what is pending. [`sentences`] and [`waits`]
//!   put it in plain English.
//!
//! Activities are recognised by the names of their types and payloads are read leniently, so
//! histories of older and later builds are readable. What this build does not know is shown as it
//! is or left out; nothing makes the reader fail.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod activity;
mod announcing;
mod back_off;
mod event;
mod history;
pub mod json;
mod lenient;
mod phrase;
mod reader;
mod reason;
mod run_history;
mod sentence;
pub mod time;
mod waiting;
mod workflow_task;

pub use self::{
    activity::{Activity, ActivityStatus},
    announcing::Announcing,
    back_off::BackOff,
    event::{
        Close, Decision, Event, EventKind, Launch, LaunchResult, ResizeResult, WatchResult,
        WorkerSet,
    },
    history::{Group, History, Pending, Run, Timer},
    phrase::how_failed,
    reason::{Explanation, explain},
    run_history::{LaunchRecord, RunHistory},
    sentence::{Sentence, sentences},
    waiting::{Waiting, waits},
    workflow_task::{WorkflowTask, WorkflowTaskStatus},
};

#[cfg(test)]
mod tests;
