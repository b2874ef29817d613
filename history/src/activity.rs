//! Activities of a run.

use std::{collections::BTreeMap, time::Duration};

use serde::de::DeserializeOwned;
use temporalio_common::protos::temporal::api::{
    common::v1::Payloads,
    history::v1::{ActivityTaskScheduledEventAttributes, history_event::Attributes},
};
use wci_contract::activities::{
    DECIDE, INVOKE, InvokeInput, REGISTER, RESIZE, ResizeInput, VALIDATE_SPEC, WATCH, WatchInput,
};

use crate::{
    event::{Launch, WorkerSet},
    lenient,
    time::{self, Millis},
};

/// An activity, as far as it has come.
#[derive(Debug, Clone)]
pub struct Activity {
    /// The ID of the event that scheduled it.
    pub event_id: i64,
    /// Its type.
    pub activity_type: String,
    /// The ID of the event that completed the workflow task that scheduled it.
    pub workflow_task: i64,
    /// When it was scheduled.
    pub scheduled: Millis,
    /// When its last attempt started. The server records that when the activity closes.
    pub started: Option<Millis>,
    /// When it closed.
    pub closed: Option<Millis>,
    /// The number of attempts.
    pub attempts: i32,
    /// The identity of the worker that started its last attempt.
    pub identity: String,
    /// How it is doing.
    pub status: ActivityStatus,
    input: Option<Payloads>,
    result: Option<Payloads>,
}

/// How an activity is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActivityStatus {
    /// It has not closed.
    Pending,
    /// It completed with a result.
    Completed,
    /// It failed or timed out.
    Failed {
        /// Why.
        why: String,
    },
    /// It was cancelled.
    Canceled,
}

impl Activity {
    fn new(event_id: i64, at: Millis, scheduled: &ActivityTaskScheduledEventAttributes) -> Self {
        let activity_type = scheduled.activity_type.as_ref();
        Self {
            event_id,
            activity_type: activity_type.map_or_else(String::new, |kind| kind.name.clone()),
            workflow_task: scheduled.workflow_task_completed_event_id,
            scheduled: at,
            started: None,
            closed: None,
            attempts: 0,
            identity: String::new(),
            status: ActivityStatus::Pending,
            input: scheduled.input.clone(),
            result: None,
        }
    }

    /// Its first argument; `None` if it has none of this shape.
    pub fn input<T: DeserializeOwned>(&self) -> Option<T> {
        lenient::value(self.input.as_ref())
    }

    /// Its result; `None` if it has none of this shape.
    pub fn result<T: DeserializeOwned>(&self) -> Option<T> {
        lenient::value(self.result.as_ref())
    }

    /// How long it took from being scheduled until it closed.
    pub fn duration(&self) -> Option<Duration> {
        self.closed.map(|closed| time::since(self.scheduled, closed))
    }

    fn close(&mut self, at: Millis, status: ActivityStatus) {
        self.closed = Some(at);
        self.status = status;
    }

    /// What it is for.
    pub(crate) fn purpose(&self) -> Purpose {
        match self.activity_type.as_str() {
            DECIDE => Purpose::Decide,
            WATCH => Purpose::Watch(self.input()),
            INVOKE => Purpose::Launch(self.input().map(InvokeInput::into).unwrap_or_default()),
            RESIZE => Purpose::Resize(self.input().map(ResizeInput::into).unwrap_or_default()),
            REGISTER => Purpose::Register,
            VALIDATE_SPEC => Purpose::Validate,
            other => Purpose::Unknown(other.to_owned()),
        }
    }
}

/// What an activity is for.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    Decide,
    Watch(Option<WatchInput>),
    Launch(Launch),
    Resize(WorkerSet),
    Register,
    Validate,
    /// Of a type that this build does not know.
    Unknown(String),
}

impl From<InvokeInput> for Launch {
    fn from(input: InvokeInput) -> Self {
        Self {
            launch_id: input.launch_id,
            group: input.group,
            provider: input.compute.provider_type,
            workers: input.count,
        }
    }
}

impl From<ResizeInput> for WorkerSet {
    fn from(input: ResizeInput) -> Self {
        Self { group: input.group, provider: input.compute.provider_type, size: input.count }
    }
}

/// Activities by the event that scheduled them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Activities(BTreeMap<i64, Activity>);

impl Activities {
    /// Applies an event. Returns the activity that it is about, if any.
    pub(crate) fn apply(
        &mut self,
        event_id: i64,
        at: Millis,
        attributes: &Attributes,
    ) -> Option<&Activity> {
        use Attributes as A;
        let of = match attributes {
            A::ActivityTaskScheduledEventAttributes(scheduled) => {
                self.0.insert(event_id, Activity::new(event_id, at, scheduled));
                event_id
            }
            A::ActivityTaskStartedEventAttributes(started) => {
                let activity = self.0.get_mut(&started.scheduled_event_id)?;
                activity.started = Some(at);
                activity.attempts = started.attempt;
                activity.identity.clone_from(&started.identity);
                activity.event_id
            }
            A::ActivityTaskCompletedEventAttributes(end) => {
                let activity = self.0.get_mut(&end.scheduled_event_id)?;
                activity.result.clone_from(&end.result);
                activity.close(at, ActivityStatus::Completed);
                activity.event_id
            }
            A::ActivityTaskFailedEventAttributes(end) => {
                let why = lenient::failure(end.failure.as_ref());
                self.close(end.scheduled_event_id, at, ActivityStatus::Failed { why })?
            }
            A::ActivityTaskTimedOutEventAttributes(end) => {
                let why = lenient::failure(end.failure.as_ref());
                self.close(end.scheduled_event_id, at, ActivityStatus::Failed { why })?
            }
            A::ActivityTaskCanceledEventAttributes(end) => {
                self.close(end.scheduled_event_id, at, ActivityStatus::Canceled)?
            }
            _ => return None,
        };
        self.0.get(&of)
    }

    fn close(&mut self, scheduled: i64, at: Millis, status: ActivityStatus) -> Option<i64> {
        self.0.get_mut(&scheduled)?.close(at, status);
        Some(scheduled)
    }

    /// Takes an activity out.
    pub(crate) fn remove(&mut self, event_id: i64) -> Option<Activity> {
        self.0.remove(&event_id)
    }

    /// In the order in which they were scheduled.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Activity> {
        self.0.values()
    }

    /// In the order in which they were scheduled.
    pub(crate) fn into_vec(self) -> Vec<Activity> {
        self.0.into_values().collect()
    }
}
