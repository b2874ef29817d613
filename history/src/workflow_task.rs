//! Workflow tasks of a run.

use std::collections::BTreeMap;

use temporalio_common::protos::temporal::api::{
    enums::v1::{TaskQueueKind, WorkflowTaskFailedCause},
    history::v1::{HistoryEvent, history_event::Attributes},
};

use crate::time::{self, Millis};

/// A workflow task, as far as it has come.
#[derive(Debug, Clone)]
pub struct WorkflowTask {
    /// When it was scheduled.
    pub scheduled: Millis,
    /// When a worker started it.
    pub started: Option<Millis>,
    /// The ID of the event with which it closed.
    pub closed_by: Option<i64>,
    /// Whether it was scheduled on the sticky queue of the worker that has the workflow cached.
    pub is_sticky: bool,
    /// How it is doing.
    pub status: WorkflowTaskStatus,
}

/// How a workflow task is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkflowTaskStatus {
    /// It has not closed.
    Pending,
    /// A worker completed it.
    Completed {
        /// The identity of the worker.
        identity: String,
        /// The worker's Worker Deployment Version as `<deployment>.<build ID>`; a dot alone if
        /// the worker has none.
        version: String,
    },
    /// It failed.
    Failed(WorkflowTaskFailedCause),
    /// It timed out.
    TimedOut,
}

impl WorkflowTask {
    /// Whether it failed because of a bug in the workflow. Time-outs do not count.
    pub fn has_failed(&self) -> bool {
        matches!(self.status, WorkflowTaskStatus::Failed(cause) if is_failure(cause))
    }

    fn close(&mut self, event_id: i64, status: WorkflowTaskStatus) {
        self.closed_by = Some(event_id);
        self.status = status;
    }
}

/// Whether a workflow task that failed with `cause` is a failure of the workflow. When something
/// new arrives while a run closes, the server fails the last task and schedules another.
pub(crate) fn is_failure(cause: WorkflowTaskFailedCause) -> bool {
    cause != WorkflowTaskFailedCause::UnhandledCommand
}

/// The workflow tasks of `events`, in the order in which they were scheduled.
pub(crate) fn workflow_tasks(events: &[HistoryEvent]) -> Vec<WorkflowTask> {
    use Attributes as A;
    let mut tasks: BTreeMap<i64, WorkflowTask> = BTreeMap::new();
    for event in events {
        let (scheduled, status) = match &event.attributes {
            Some(A::WorkflowTaskScheduledEventAttributes(task)) => {
                let queue = task.task_queue.as_ref();
                let task = WorkflowTask {
                    scheduled: time::of(event),
                    started: None,
                    closed_by: None,
                    is_sticky: queue.is_some_and(|it| it.kind() == TaskQueueKind::Sticky),
                    status: WorkflowTaskStatus::Pending,
                };
                tasks.insert(event.event_id, task);
                continue;
            }
            Some(A::WorkflowTaskStartedEventAttributes(started)) => {
                if let Some(task) = tasks.get_mut(&started.scheduled_event_id) {
                    task.started = Some(time::of(event));
                }
                continue;
            }
            Some(A::WorkflowTaskCompletedEventAttributes(end)) => {
                let version = end.deployment_version.clone().unwrap_or_default();
                let version = format!("{}.{}", version.deployment_name, version.build_id);
                let identity = end.identity.clone();
                (end.scheduled_event_id, WorkflowTaskStatus::Completed { identity, version })
            }
            Some(A::WorkflowTaskFailedEventAttributes(end)) => {
                (end.scheduled_event_id, WorkflowTaskStatus::Failed(end.cause()))
            }
            Some(A::WorkflowTaskTimedOutEventAttributes(end)) => {
                (end.scheduled_event_id, WorkflowTaskStatus::TimedOut)
            }
            _ => continue,
        };
        if let Some(task) = tasks.get_mut(&scheduled) {
            task.close(event.event_id, status);
        }
    }
    tasks.into_values().collect()
}
