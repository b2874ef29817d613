//! One run, as the server recorded it.

use std::collections::BTreeSet;

use temporalio_common::protos::temporal::api::{
    enums::v1::EventType,
    history::v1::{HistoryEvent, history_event::Attributes},
};
use wci_contract::{
    activities::{DECIDE, DecideInput, DecideOutput, INVOKE, InvokeInput, WATCH, WatchOutput},
    launch::Outcome,
    names::TASK_ADD_SIGNAL,
    signal::{TaskAdd, coalesce},
};

use crate::{
    activity::{Activities, Activity, ActivityStatus},
    lenient, time,
    workflow_task::{WorkflowTask, workflow_tasks},
};

/// The events of one run, as far as it has come.
#[derive(Debug, Clone, Default)]
pub struct RunHistory {
    /// In order, from the first.
    pub events: Vec<HistoryEvent>,
}

/// A launch, as far as it has come.
#[derive(Debug, Clone)]
pub struct LaunchRecord {
    /// What was requested.
    pub requested: InvokeInput,
    /// Its outcome, once there is one.
    pub outcome: Option<Outcome>,
    /// The activity that ran it: its own, or the decision's for a speculative launch that ended
    /// with the decision.
    pub activity: Activity,
}

impl RunHistory {
    /// The ID of the run that this one continues.
    pub fn continued_from(&self) -> Option<String> {
        let Attributes::WorkflowExecutionStartedEventAttributes(start) =
            self.events.first()?.attributes.as_ref()?
        else {
            return None;
        };
        let run_id = &start.continued_execution_run_id;
        (!run_id.is_empty()).then(|| run_id.clone())
    }

    /// The ID of the last event; 0 if there is none.
    pub fn last_event_id(&self) -> i64 {
        self.events.last().map_or(0, |event| event.event_id)
    }

    /// The number of events of a type.
    pub fn count(&self, event_type: EventType) -> usize {
        self.events.iter().filter(|event| event.event_type() == event_type).count()
    }

    /// The activities, in the order in which they were scheduled.
    pub fn activities(&self) -> Vec<Activity> {
        let mut activities = Activities::default();
        for event in &self.events {
            if let Some(attributes) = &event.attributes {
                activities.apply(event.event_id, time::of(event), attributes);
            }
        }
        activities.into_vec()
    }

    /// The workflow tasks, in the order in which they were scheduled.
    pub fn workflow_tasks(&self) -> Vec<WorkflowTask> {
        workflow_tasks(&self.events)
    }

    /// The launches, in the order in which they were requested. Workers that register task
    /// queues are not among them.
    pub fn launches(&self) -> Vec<LaunchRecord> {
        let launches = |activity: Activity| match activity.activity_type.as_str() {
            INVOKE => invoked(activity).into_iter().collect(),
            DECIDE => ended_with(&activity),
            _ => Vec::new(),
        };
        self.activities().into_iter().flat_map(launches).collect()
    }

    /// The results of the watches, in order.
    pub fn watch_results(&self) -> Vec<WatchOutput> {
        let activities = self.activities().into_iter();
        let watches = activities.filter(|activity| activity.activity_type == WATCH);
        watches.filter_map(|watch| watch.result()).collect()
    }

    /// Whether an update was accepted that has not completed.
    pub fn has_pending_update(&self) -> bool {
        let mut pending = BTreeSet::new();
        for event in &self.events {
            match &event.attributes {
                Some(Attributes::WorkflowExecutionUpdateAcceptedEventAttributes(_)) => {
                    pending.insert(event.event_id);
                }
                Some(Attributes::WorkflowExecutionUpdateCompletedEventAttributes(end)) => {
                    pending.remove(&end.accepted_event_id);
                }
                _ => {}
            }
        }
        !pending.is_empty()
    }

    /// Whether an activity was scheduled that has not closed.
    pub fn has_pending_activity(&self) -> bool {
        self.activities().iter().any(|activity| activity.status == ActivityStatus::Pending)
    }

    /// Whether an update was accepted after the event `last`.
    pub fn has_update_after(&self, last: i64) -> bool {
        self.after(last).any(|attributes| {
            matches!(attributes, Attributes::WorkflowExecutionUpdateAcceptedEventAttributes(_))
        })
    }

    /// Tasks that were announced after the event `last` and call for workers.
    pub fn announced_after(&self, last: i64) -> Vec<TaskAdd> {
        let mut announced = Vec::new();
        for attributes in self.after(last) {
            let Attributes::WorkflowExecutionSignaledEventAttributes(signal) = attributes else {
                continue;
            };
            let tasks = TaskAdd::decode(lenient::text(signal.input.as_ref()));
            let tasks = tasks.filter(|_| signal.signal_name == TASK_ADD_SIGNAL);
            if let Some(tasks) = tasks.filter(TaskAdd::is_eligible) {
                coalesce(&mut announced, tasks);
            }
        }
        announced
    }

    fn after(&self, last: i64) -> impl Iterator<Item = &Attributes> {
        let later = self.events.iter().filter(move |event| event.event_id > last);
        later.filter_map(|event| event.attributes.as_ref())
    }
}

/// The launch of an activity of its own.
fn invoked(activity: Activity) -> Option<LaunchRecord> {
    Some(LaunchRecord { requested: activity.input()?, outcome: activity.result(), activity })
}

/// The launches that ended with a decision.
fn ended_with(decision: &Activity) -> Vec<LaunchRecord> {
    let input: DecideInput = decision.input().unwrap_or_default();
    let output: DecideOutput = decision.result().unwrap_or_default();
    let launch = |(group, outcome)| {
        let requested = input.groups.get(&group)?.speculative_launch.clone()?;
        Some(LaunchRecord { requested, outcome: Some(outcome), activity: decision.clone() })
    };
    output.launched.into_iter().filter_map(launch).collect()
}
