//! What an instance's history says.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use serde::de::DeserializeOwned;
use temporalio_common::protos::temporal::api::{
    common::v1::Payloads,
    enums::v1::{EventType, TaskQueueKind, WorkflowTaskFailedCause},
    history::v1::{HistoryEvent, history_event::Attributes},
};
use wci_contract::{
    activities::{DECIDE, DecideInput, DecideOutput, INVOKE, InvokeInput, WATCH, WatchOutput},
    launch::Outcome,
};

/// The events of one run.
#[derive(Debug, Clone)]
pub struct History {
    /// In order.
    pub events: Vec<HistoryEvent>,
}

/// An activity, as far as it has come.
#[derive(Debug, Clone)]
pub struct ActivitySeen {
    /// Its type.
    pub kind: String,
    /// The event that scheduled it.
    pub event_id: i64,
    /// When it was scheduled.
    pub scheduled: SystemTime,
    /// When its last attempt began.
    pub started: Option<SystemTime>,
    /// When it ended, well or not.
    pub ended: Option<SystemTime>,
    /// Attempts.
    pub attempts: i32,
    input: Option<Payloads>,
    result: Option<Payloads>,
}

/// A launch, as far as it has come.
#[derive(Debug, Clone)]
pub struct LaunchSeen {
    /// What was asked.
    pub asked: InvokeInput,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// The activity.
    pub activity: ActivitySeen,
}

impl History {
    /// How many events there are of `kind`.
    pub fn count(&self, kind: EventType) -> usize {
        self.events.iter().filter(|event| event.event_type() == kind).count()
    }

    /// The activities, in the order in which they were scheduled.
    pub fn activities(&self) -> Vec<ActivitySeen> {
        let mut seen = BTreeMap::new();
        for event in &self.events {
            match &event.attributes {
                Some(Attributes::ActivityTaskScheduledEventAttributes(scheduled)) => {
                    let activity = ActivitySeen {
                        kind: scheduled.activity_type.clone().unwrap_or_default().name,
                        event_id: event.event_id,
                        scheduled: time_of(event),
                        started: None,
                        ended: None,
                        attempts: 0,
                        input: scheduled.input.clone(),
                        result: None,
                    };
                    seen.insert(event.event_id, activity);
                }
                Some(attributes) => note(&mut seen, event, attributes),
                None => {}
            }
        }
        seen.into_values().collect()
    }

    /// When a worker was first given something, and when the last event came.
    pub fn first_start_and_end(&self) -> Option<(SystemTime, SystemTime)> {
        let starts = |event: &&HistoryEvent| event.event_type() == EventType::WorkflowTaskStarted;
        Some((time_of(self.events.iter().find(starts)?), time_of(self.events.last()?)))
    }

    /// The workers that completed its workflow tasks and started its activities.
    pub fn identities(&self) -> Vec<String> {
        let mut all = [self.deciders(), self.doers()].concat();
        all.sort();
        all.dedup();
        all
    }

    /// The workers that completed its workflow tasks.
    pub fn deciders(&self) -> Vec<String> {
        self.different(|event| match &event.attributes {
            Some(Attributes::WorkflowTaskCompletedEventAttributes(task)) => {
                Some(task.identity.clone())
            }
            _ => None,
        })
    }

    /// The workers that started its activities.
    pub fn doers(&self) -> Vec<String> {
        self.different(|event| match &event.attributes {
            Some(Attributes::ActivityTaskStartedEventAttributes(task)) => {
                Some(task.identity.clone())
            }
            _ => None,
        })
    }

    /// Workflow tasks that were kept for the worker that has the workflow cached.
    pub fn sticky_tasks(&self) -> usize {
        let sticky = |event: &&HistoryEvent| match &event.attributes {
            Some(Attributes::WorkflowTaskScheduledEventAttributes(task)) => {
                task.task_queue.as_ref().is_some_and(|queue| queue.kind() == TaskQueueKind::Sticky)
            }
            _ => false,
        };
        self.events.iter().filter(sticky).count()
    }

    /// The Worker Deployment Versions that completed its workflow tasks:
    /// `<deployment>.<build ID>`.
    pub fn versions(&self) -> Vec<String> {
        self.different(|event| match &event.attributes {
            Some(Attributes::WorkflowTaskCompletedEventAttributes(task)) => {
                let version = task.deployment_version.clone().unwrap_or_default();
                Some(format!("{}.{}", version.deployment_name, version.build_id))
            }
            _ => None,
        })
    }

    fn different(&self, what: impl Fn(&HistoryEvent) -> Option<String>) -> Vec<String> {
        let mut found: Vec<_> = self.events.iter().filter_map(what).collect();
        found.sort();
        found.dedup();
        found
    }

    /// The launches of the scaler, in order: those that ended with their decision, too.
    /// Registration is another activity.
    pub fn launches(&self) -> Vec<LaunchSeen> {
        let launches = |activity: ActivitySeen| match activity.kind.as_str() {
            INVOKE => vec![LaunchSeen {
                asked: value(activity.input.as_ref()).expect("a launch has an input"),
                outcome: value(activity.result.as_ref()),
                activity,
            }],
            DECIDE => ended_with(&activity),
            _ => Vec::new(),
        };
        self.activities().into_iter().flat_map(launches).collect()
    }

    /// The launches of one group.
    pub fn launches_of(&self, group: &str) -> Vec<LaunchSeen> {
        let all = self.launches().into_iter();
        all.filter(|launch| launch.asked.group == group).collect()
    }

    /// What the watches told, in order.
    pub fn told(&self) -> Vec<WatchOutput> {
        let watches = self.activities().into_iter().filter(|activity| activity.kind == WATCH);
        watches.filter_map(|activity| value(activity.result.as_ref())).collect()
    }

    /// Workers that the launches started.
    pub fn workers_started(&self) -> u32 {
        self.launches().into_iter().filter_map(|launch| launch.outcome).map(|o| o.started).sum()
    }

    /// The longest time from a task's scheduling to its start.
    pub fn longest_wait(&self) -> Duration {
        let mut scheduled = BTreeMap::new();
        let mut longest = Duration::ZERO;
        for event in &self.events {
            let begun = match &event.attributes {
                Some(Attributes::WorkflowTaskScheduledEventAttributes(_))
                | Some(Attributes::ActivityTaskScheduledEventAttributes(_)) => {
                    scheduled.insert(event.event_id, time_of(event));
                    continue;
                }
                Some(Attributes::WorkflowTaskStartedEventAttributes(e)) => e.scheduled_event_id,
                Some(Attributes::ActivityTaskStartedEventAttributes(e)) => e.scheduled_event_id,
                _ => continue,
            };
            let waited =
                scheduled.get(&begun).and_then(|at| time_of(event).duration_since(*at).ok());
            longest = longest.max(waited.unwrap_or_default());
        }
        longest
    }

    /// Decisions that were asked for with another time than that of the workflow task that asked
    /// for them: whoever replays the history asks with the latter.
    pub fn ill_timed(&self) -> Vec<(DecideInput, SystemTime)> {
        let (mut started, mut completed) = (BTreeMap::new(), BTreeMap::new());
        let mut found = Vec::new();
        for event in &self.events {
            match &event.attributes {
                Some(Attributes::WorkflowTaskStartedEventAttributes(_)) => {
                    started.insert(event.event_id, time_of(event));
                }
                Some(Attributes::WorkflowTaskCompletedEventAttributes(task)) => {
                    completed.insert(event.event_id, started[&task.started_event_id]);
                }
                Some(Attributes::ActivityTaskScheduledEventAttributes(activity))
                    if activity.activity_type.as_ref().is_some_and(|kind| kind.name == DECIDE) =>
                {
                    let asked: DecideInput = value(activity.input.as_ref()).expect("a question");
                    let time = completed[&activity.workflow_task_completed_event_id];
                    if asked.now_ms != millis(time) {
                        found.push((asked, time));
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// Failed workflow tasks: a bug shows so. When something new arrives while a run ends, the
    /// server fails its last task and gives it again; that is none.
    pub fn failed_tasks(&self) -> usize {
        let cause = |event: &HistoryEvent| match &event.attributes {
            Some(Attributes::WorkflowTaskFailedEventAttributes(failed)) => Some(failed.cause()),
            _ => None,
        };
        let causes = self.events.iter().filter_map(cause);
        causes.filter(|cause| *cause != WorkflowTaskFailedCause::UnhandledCommand).count()
    }
}

impl LaunchSeen {
    /// How long the provider was asked for, of a launch that ended.
    pub fn took(&self) -> Option<Duration> {
        self.activity.ended?.duration_since(self.activity.scheduled).ok()
    }
}

/// The launches that ended with a decision.
fn ended_with(decision: &ActivitySeen) -> Vec<LaunchSeen> {
    let asked: DecideInput = value(decision.input.as_ref()).unwrap_or_default();
    let told: DecideOutput = value(decision.result.as_ref()).unwrap_or_default();
    let launch = |(group, outcome)| {
        let asked = asked.groups.get(&group)?.speculative_launch.clone()?;
        Some(LaunchSeen { asked, outcome: Some(outcome), activity: decision.clone() })
    };
    told.launched.into_iter().filter_map(launch).collect()
}

fn note(seen: &mut BTreeMap<i64, ActivitySeen>, event: &HistoryEvent, attributes: &Attributes) {
    let (scheduled, result) = match attributes {
        Attributes::ActivityTaskStartedEventAttributes(started) => {
            if let Some(activity) = seen.get_mut(&started.scheduled_event_id) {
                activity.started = Some(time_of(event));
                activity.attempts = started.attempt;
            }
            return;
        }
        Attributes::ActivityTaskCompletedEventAttributes(end) => {
            (end.scheduled_event_id, end.result.clone())
        }
        Attributes::ActivityTaskFailedEventAttributes(end) => (end.scheduled_event_id, None),
        Attributes::ActivityTaskTimedOutEventAttributes(end) => (end.scheduled_event_id, None),
        Attributes::ActivityTaskCanceledEventAttributes(end) => (end.scheduled_event_id, None),
        _ => return,
    };
    if let Some(activity) = seen.get_mut(&scheduled) {
        activity.ended = Some(time_of(event));
        activity.result = result;
    }
}

fn time_of(event: &HistoryEvent) -> SystemTime {
    SystemTime::try_from(event.event_time.unwrap_or_default()).unwrap()
}

fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

fn value<T: DeserializeOwned>(payloads: Option<&Payloads>) -> Option<T> {
    let payload = payloads?.payloads.first()?;
    Some(serde_json::from_slice(&payload.data).unwrap())
}
