//! The events of a run, and what tests read from them.

use std::{
    collections::BTreeSet,
    ops::Deref,
    time::{Duration, SystemTime},
};

use temporalio_common::protos::temporal::api::{
    enums::v1::EventType,
    history::v1::{HistoryEvent, history_event::Attributes},
};
use wci_contract::activities::{DECIDE, DecideInput};
use wci_history::{
    LaunchRecord, RunHistory, WorkflowTaskStatus,
    time::{self, Millis},
};

/// The events of one run.
#[derive(Debug, Clone)]
pub struct History(RunHistory);

impl Deref for History {
    type Target = RunHistory;

    fn deref(&self) -> &RunHistory {
        &self.0
    }
}

impl History {
    /// The history with these events.
    pub fn new(events: Vec<HistoryEvent>) -> Self {
        Self(RunHistory { events })
    }

    /// Its events.
    pub fn into_events(self) -> Vec<HistoryEvent> {
        self.0.events
    }

    /// The time when the first workflow task started, and that of the last event.
    pub fn first_start_and_end(&self) -> Option<(SystemTime, SystemTime)> {
        let starts = |event: &&HistoryEvent| event.event_type() == EventType::WorkflowTaskStarted;
        Some((time_of(self.events.iter().find(starts)?), time_of(self.events.last()?)))
    }

    /// The workers that completed its workflow tasks and started its activities.
    pub fn identities(&self) -> Vec<String> {
        distinct([self.workflow_workers(), self.activity_workers()].concat())
    }

    /// The workers that completed its workflow tasks.
    pub fn workflow_workers(&self) -> Vec<String> {
        distinct(self.workflow_tasks().into_iter().filter_map(|task| match task.status {
            WorkflowTaskStatus::Completed { identity, .. } => Some(identity),
            _ => None,
        }))
    }

    /// The workers that started its activities.
    pub fn activity_workers(&self) -> Vec<String> {
        let started = self.activities().into_iter().filter(|activity| activity.started.is_some());
        distinct(started.map(|activity| activity.identity))
    }

    /// The Worker Deployment Versions that completed its workflow tasks:
    /// `<deployment>.<build ID>`.
    pub fn versions(&self) -> Vec<String> {
        distinct(self.workflow_tasks().into_iter().filter_map(|task| match task.status {
            WorkflowTaskStatus::Completed { version, .. } => Some(version),
            _ => None,
        }))
    }

    /// The number of workflow tasks on sticky queues.
    pub fn sticky_tasks(&self) -> usize {
        self.workflow_tasks().iter().filter(|task| task.is_sticky).count()
    }

    /// The number of failed workflow tasks: each is a bug.
    pub fn failed_tasks(&self) -> usize {
        self.workflow_tasks().iter().filter(|task| task.has_failed()).count()
    }

    /// The launches of one group.
    pub fn launches_of(&self, group: &str) -> Vec<LaunchRecord> {
        let all = self.launches().into_iter();
        all.filter(|launch| launch.requested.group == group).collect()
    }

    /// The number of workers that the launches started.
    pub fn workers_started(&self) -> u32 {
        self.launches().into_iter().filter_map(|launch| launch.outcome).map(|o| o.started).sum()
    }

    /// The number of tasks that the server gave to a worker and never saw again.
    pub fn timed_out_tasks(&self) -> usize {
        let lost = [EventType::WorkflowTaskTimedOut, EventType::ActivityTaskTimedOut];
        self.events.iter().filter(|event| lost.contains(&event.event_type())).count()
    }

    /// Each of these tasks: what timed out, and who had it since when.
    pub fn timeouts(&self) -> Vec<String> {
        let started = |id: i64| self.events.iter().find(|event| event.event_id == id);
        let describe = |kind, id| {
            let event = started(id)?;
            let identity = match event.attributes.as_ref()? {
                Attributes::WorkflowTaskStartedEventAttributes(started) => &started.identity,
                Attributes::ActivityTaskStartedEventAttributes(started) => &started.identity,
                _ => return None,
            };
            Some(format!("{kind} of {identity} since {:?}", event.event_time))
        };
        let timeouts = self.events.iter().filter_map(|event| match event.attributes.as_ref()? {
            // Nobody polled the sticky queue that it was in.
            Attributes::WorkflowTaskTimedOutEventAttributes(timed_out)
                if timed_out.started_event_id == 0 =>
            {
                Some(format!("workflow task that nobody had, until {:?}", event.event_time))
            }
            Attributes::WorkflowTaskTimedOutEventAttributes(timed_out) => {
                describe("workflow task", timed_out.started_event_id)
            }
            Attributes::ActivityTaskTimedOutEventAttributes(timed_out) => {
                describe("activity", timed_out.started_event_id)
            }
            _ => None,
        });
        timeouts.collect()
    }

    /// The longest time from a task's scheduling to its start.
    pub fn longest_wait(&self) -> Duration {
        self.waits().into_iter().max().unwrap_or_default()
    }

    /// The times from the tasks' scheduling to their start.
    pub fn waits(&self) -> Vec<Duration> {
        let tasks = self.workflow_tasks().into_iter().map(|task| (task.scheduled, task.started));
        let activities = self.activities().into_iter().map(|it| (it.scheduled, it.started));
        let waits = tasks.chain(activities).filter_map(|(scheduled, started)| {
            started.map(|started| time::since(scheduled, started))
        });
        waits.collect()
    }

    /// The decisions whose time differs from that of the workflow task that requested them. A
    /// replay requests them with the latter.
    pub fn mistimed_decisions(&self) -> Vec<(DecideInput, Millis)> {
        let tasks = self.workflow_tasks();
        let decisions = self.activities().into_iter().filter(|it| it.activity_type == DECIDE);
        let timed = decisions.map(|decision| {
            let requested: DecideInput = decision.input().expect("a decision without an input");
            let task = tasks.iter().find(|task| task.closed_by == Some(decision.workflow_task));
            (
                requested,
                task.and_then(|task| task.started).expect("a decision without a workflow task"),
            )
        });
        timed.filter(|(requested, time)| requested.now_ms != *time).collect()
    }
}

fn distinct(all: impl IntoIterator<Item = String>) -> Vec<String> {
    all.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

fn time_of(event: &HistoryEvent) -> SystemTime {
    SystemTime::try_from(event.event_time.unwrap_or_default()).unwrap()
}
