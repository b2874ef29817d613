//! The report of a worker's run.

use crate::{millis::whole_millis, signals::StopSignal, task_counts::TaskCounts};
use serde::{Serialize, Serializer};
use std::{fmt, time::Duration};

/// Why a worker shut down.
///
/// Displayed and serialized as `idle`, `surplus`, `deadline`, `sigterm` or `sigint`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LeaveReason {
    /// The worker was idle for the idle timeout.
    Idle,
    /// The other workers of the version suffice for the load; see
    /// [`Consolidation`](crate::Consolidation).
    Surplus,
    /// The deadline approached.
    Deadline,
    /// The process received a signal.
    Signal(StopSignal),
}

impl LeaveReason {
    /// Returns the reason as one word, as it is displayed and serialized.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Surplus => "surplus",
            Self::Deadline => "deadline",
            Self::Signal(StopSignal::Terminate) => "sigterm",
            Self::Signal(StopSignal::Interrupt) => "sigint",
        }
    }
}

impl fmt::Display for LeaveReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Serialize for LeaveReason {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.as_str())
    }
}

/// Durations of the phases of a run.
///
/// Serialized as whole milliseconds, under names that end in `_ms`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Phases {
    /// From the start until the worker was connected.
    #[serde(rename = "connect_ms", serialize_with = "millis")]
    pub connect: Duration,
    /// From the start until the first poll; `None` if no poll was sent.
    #[serde(rename = "first_poll_ms", serialize_with = "optional_millis")]
    pub first_poll: Option<Duration>,
    /// From being connected until the shutdown began.
    #[serde(rename = "work_ms", serialize_with = "millis")]
    pub work: Duration,
    /// Stopping the pollers and waiting for running tasks.
    #[serde(rename = "drain_ms", serialize_with = "millis")]
    pub drain: Duration,
    /// Running the shutdown hooks.
    #[serde(rename = "hooks_ms", serialize_with = "millis")]
    pub hooks: Duration,
    /// From the end of the last task, or from the first poll if there was no task, until the
    /// shutdown began; 0 if a task was running then.
    #[serde(rename = "idle_ms", serialize_with = "millis")]
    pub idle: Duration,
    /// From the start to the end of the run.
    #[serde(rename = "total_ms", serialize_with = "millis")]
    pub total: Duration,
}

/// How the shutdown hooks ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct HookOutcome {
    /// Hooks that completed.
    pub completed: usize,
    /// Hooks that panicked.
    pub panicked: usize,
    /// Hooks that the budget cut off, or that never started because it was spent.
    pub cut: usize,
}

/// The result of a worker's run.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Why the worker shut down.
    pub reason: LeaveReason,
    /// Tasks that finished, whatever their result.
    pub tasks: TaskCounts,
    /// Tasks that were still running at the end of the shutdown; the server retries them.
    pub abandoned: TaskCounts,
    /// How the shutdown hooks ended.
    pub hooks: HookOutcome,
    /// How long each phase took.
    pub phases: Phases,
}

impl Report {
    /// Logs the report as one event of level info, with times in whole milliseconds.
    pub fn log(&self) {
        let Phases { connect, first_poll, work, drain, hooks, idle, total } = self.phases;
        tracing::info!(
            reason = %self.reason,
            workflow_tasks = self.tasks.workflow,
            activities = self.tasks.activity,
            local_activities = self.tasks.local_activity,
            nexus_tasks = self.tasks.nexus,
            abandoned = self.abandoned.total(),
            connect_ms = whole_millis(connect),
            first_poll_ms = first_poll.map(whole_millis),
            work_ms = whole_millis(work),
            drain_ms = whole_millis(drain),
            hooks_ms = whole_millis(hooks),
            idle_ms = whole_millis(idle),
            total_ms = whole_millis(total),
            "{self}"
        );
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "worker stopped ({}) after {} ms; finished tasks: {} workflow, {} activity, {} local activity",
            self.reason,
            self.phases.total.as_millis(),
            self.tasks.workflow,
            self.tasks.activity,
            self.tasks.local_activity
        )?;
        match self.abandoned.total() {
            0 => Ok(()),
            abandoned => write!(out, "; abandoned: {abandoned}"),
        }
    }
}

fn millis<S: Serializer>(time: &Duration, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_u64(whole_millis(*time))
}

fn optional_millis<S: Serializer>(time: &Option<Duration>, out: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => millis(time, out),
        None => out.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(reason: LeaveReason) -> Report {
        Report {
            reason,
            tasks: TaskCounts { workflow: 2, activity: 1, ..TaskCounts::default() },
            abandoned: TaskCounts::default(),
            hooks: HookOutcome::default(),
            phases: Phases {
                total: Duration::from_micros(5_300_900),
                first_poll: Some(Duration::from_millis(12)),
                ..Phases::default()
            },
        }
    }

    #[test]
    fn times_are_serialized_as_whole_milliseconds() {
        let json = serde_json::to_value(report(LeaveReason::Idle)).unwrap();
        assert_eq!(json["reason"], "idle");
        assert_eq!(json["phases"]["total_ms"], 5300);
        assert_eq!(json["phases"]["first_poll_ms"], 12);
        let signal = LeaveReason::Signal(StopSignal::Terminate);
        let json = serde_json::to_value(report(signal)).unwrap();
        assert_eq!(json["reason"], "sigterm");
    }

    #[test]
    fn a_report_reads_as_a_sentence() {
        let mut report = report(LeaveReason::Signal(StopSignal::Terminate));
        report.abandoned.activity = 1;
        assert_eq!(
            report.to_string(),
            "worker stopped (sigterm) after 5300 ms; finished tasks: 2 workflow, 1 activity, 0 local activity; abandoned: 1"
        );
    }
}
