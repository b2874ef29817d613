//! The activities of an instance: what they were requested to do, and how they closed.

use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use wci_contract::activities::{INVOKE, RESIZE, RegisterOutput};

use super::Reader;
use crate::{
    activity::{Activity, ActivityStatus, Purpose},
    back_off::BackOff,
    event::{EventKind, LaunchResult, ResizeResult, WatchResult},
    history::Group,
    lenient,
};

/// Why the outcome of an activity that completed is not known.
const UNREADABLE: &str = "this version of wci cannot read the activity's result";

impl Reader {
    /// Reads an event of an activity.
    pub(super) fn activity(&mut self, attributes: &Attributes) {
        let activities = &mut self.history.pending.activities;
        let Some(activity) = activities.apply(self.event_id, self.at, attributes) else { return };
        if activity.closed.is_some() {
            let scheduled = activity.event_id;
            if let Some(activity) = activities.remove(scheduled) {
                self.closed(activity);
            }
        } else if activity.event_id == self.event_id
            && [INVOKE, RESIZE].contains(&activity.activity_type.as_str())
        {
            match activity.purpose() {
                Purpose::Launch(launch) => self.push(EventKind::LaunchRequested(launch)),
                Purpose::Resize(set) => self.push(EventKind::ResizeRequested(set)),
                _ => {}
            }
        }
    }

    fn closed(&mut self, activity: Activity) {
        match &activity.status {
            ActivityStatus::Completed => self.completed(activity),
            ActivityStatus::Failed { why } => {
                let why = why.clone();
                self.push(failed(activity, why));
            }
            ActivityStatus::Canceled | ActivityStatus::Pending => {}
        }
    }

    fn completed(&mut self, activity: Activity) {
        self.push(match activity.purpose() {
            Purpose::Decide => return self.decided(&activity),
            // The reply to the update has the result.
            Purpose::Validate => return,
            Purpose::Watch(_) => {
                let lenient::WatchOutput { end, stats, workers } =
                    activity.result().unwrap_or_default();
                let (stats, workers) = (lenient::stats(&stats), lenient::workers(&workers));
                EventKind::WatchCompleted(WatchResult { end, stats, workers })
            }
            Purpose::Launch(launch) => EventKind::LaunchEnded(LaunchResult {
                launch,
                requested: activity.scheduled,
                attempts: activity.attempts,
                outcome: activity.result(),
                why: UNREADABLE.to_owned(),
            }),
            Purpose::Resize(set) => EventKind::ResizeEnded(ResizeResult {
                set,
                outcome: activity.result(),
                why: UNREADABLE.to_owned(),
            }),
            Purpose::Register => {
                let RegisterOutput { started, failed, empty_sets, unregistered } =
                    activity.result().unwrap_or_default();
                EventKind::Registered { started, empty_sets, failed, unregistered }
            }
            Purpose::Unknown(activity_type) => EventKind::UnknownActivity { activity_type },
        });
    }

    fn decided(&mut self, activity: &Activity) {
        let input: lenient::DecideInput = activity.input().unwrap_or_default();
        let mut output: lenient::DecideOutput = activity.result().unwrap_or_default();
        for (name, output_of_group) in std::mem::take(&mut output.groups) {
            let outcome = output.launched.remove(&name);
            let back_off = BackOff::in_state(&output_of_group.state);
            let decision = lenient::decision(&name, &input, output_of_group);
            let group: &mut Group = self.history.groups.entry(name).or_default();
            group.provider.clone_from(&decision.provider);
            group.algorithm.clone_from(&decision.algorithm);
            group.back_off = back_off;
            group.set_size = decision.set_size.or(group.set_size);
            group.last_decision = Some((self.at, decision.clone()));
            let launch = outcome.and_then(|it| lenient::launched(&input, &decision, it));
            self.push(EventKind::Decided(Box::new(decision)));
            if let Some((launch, outcome)) = launch {
                self.push(EventKind::LaunchRequested(launch.clone()));
                self.push(EventKind::LaunchEnded(LaunchResult {
                    launch,
                    requested: activity.scheduled,
                    attempts: 1,
                    outcome: Some(outcome),
                    why: String::new(),
                }));
            }
        }
    }
}

/// What it means that an activity closed without a result.
fn failed(activity: Activity, why: String) -> EventKind {
    let of = match activity.purpose() {
        Purpose::Launch(launch) => {
            return EventKind::LaunchEnded(LaunchResult {
                launch,
                requested: activity.scheduled,
                attempts: activity.attempts,
                outcome: None,
                why,
            });
        }
        Purpose::Resize(set) => {
            return EventKind::ResizeEnded(ResizeResult { set, outcome: None, why });
        }
        Purpose::Decide => "A decision",
        Purpose::Watch(_) => "The watch of the task queues",
        Purpose::Register => "The registration of task queues",
        Purpose::Validate => "The validation of the compute config",
        Purpose::Unknown(activity_type) => {
            return EventKind::ActivityFailed {
                activity: format!("Activity {activity_type}"),
                why,
            };
        }
    };
    EventKind::ActivityFailed { activity: of.to_owned(), why }
}
