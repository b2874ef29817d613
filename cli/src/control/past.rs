//! What a run of an instance went through, as its history tells.

use std::collections::BTreeSet;

use temporalio_client::{WorkflowFetchHistoryOptions, errors::WorkflowInteractionError};
use temporalio_common::protos::temporal::api::history::v1::{
    HistoryEvent, history_event::Attributes,
};
use wci_contract::{
    VersionId, names,
    signal::{TaskAdd, coalesce},
};

use super::{AdminClient, ControlError, SOON, within};

/// The events of one run, as far as it has come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    events: Vec<HistoryEvent>,
}

impl AdminClient {
    /// Reads the history of one run of the instance.
    pub(crate) async fn past(&self, id: &VersionId, run_id: &str) -> Result<Past, ControlError> {
        let handle = self.run(id, run_id);
        let history = handle.fetch_history(WorkflowFetchHistoryOptions::default());
        let events = within("reading the instance's history", SOON, history.into_events()).await?;
        Ok(Past { events })
    }
}

impl Past {
    /// The number of its last event.
    pub(crate) fn end(&self) -> i64 {
        self.events.last().map_or(0, |event| event.event_id)
    }

    /// Whether an update was taken that is not answered yet.
    pub(crate) fn has_update_under_way(&self) -> bool {
        self.has_open(is_update, |attributes| match attributes {
            Attributes::WorkflowExecutionUpdateCompletedEventAttributes(e) => {
                Some(e.accepted_event_id)
            }
            _ => None,
        })
    }

    /// Whether an activity was begun that has not ended.
    pub(crate) fn has_work_under_way(&self) -> bool {
        let is_begun = |attributes: &Attributes| {
            matches!(attributes, Attributes::ActivityTaskScheduledEventAttributes(_))
        };
        self.has_open(is_begun, |attributes| match attributes {
            Attributes::ActivityTaskCompletedEventAttributes(e) => Some(e.scheduled_event_id),
            Attributes::ActivityTaskFailedEventAttributes(e) => Some(e.scheduled_event_id),
            Attributes::ActivityTaskTimedOutEventAttributes(e) => Some(e.scheduled_event_id),
            Attributes::ActivityTaskCanceledEventAttributes(e) => Some(e.scheduled_event_id),
            _ => None,
        })
    }

    /// Whether an update was taken after the event `last`.
    pub(crate) fn has_update_since(&self, last: i64) -> bool {
        self.since(last).any(is_update)
    }

    /// Tasks announced after the event `last` that call for workers.
    pub(crate) fn announced_since(&self, last: i64) -> Vec<TaskAdd> {
        let mut announced = Vec::new();
        for attributes in self.since(last) {
            let Attributes::WorkflowExecutionSignaledEventAttributes(signal) = attributes else {
                continue;
            };
            let payload = signal.input.iter().flat_map(|input| &input.payloads).next();
            let text = payload.and_then(|payload| std::str::from_utf8(&payload.data).ok());
            let tasks = text.and_then(TaskAdd::decode).filter(TaskAdd::is_eligible);
            if let Some(tasks) = tasks.filter(|_| signal.signal_name == names::TASK_ADD_SIGNAL) {
                coalesce(&mut announced, tasks);
            }
        }
        announced
    }

    fn since(&self, last: i64) -> impl Iterator<Item = &Attributes> {
        let later = self.events.iter().filter(move |event| event.event_id > last);
        later.filter_map(|event| event.attributes.as_ref())
    }

    /// Whether an event that `begins` something is not among those that something `ends`.
    fn has_open(
        &self,
        begins: impl Fn(&Attributes) -> bool,
        ends: impl Fn(&Attributes) -> Option<i64>,
    ) -> bool {
        let mut open = BTreeSet::new();
        for event in &self.events {
            let Some(attributes) = &event.attributes else { continue };
            if begins(attributes) {
                open.insert(event.event_id);
            }
            ends(attributes).map(|begun| open.remove(&begun));
        }
        !open.is_empty()
    }
}

fn is_update(attributes: &Attributes) -> bool {
    matches!(attributes, Attributes::WorkflowExecutionUpdateAcceptedEventAttributes(_))
}

impl From<WorkflowInteractionError> for ControlError {
    fn from(error: WorkflowInteractionError) -> Self {
        match error {
            WorkflowInteractionError::NotFound(status) | WorkflowInteractionError::Rpc(status) => {
                status.into()
            }
            other => Self::other(&other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use temporalio_common::protos::temporal::api::history::v1::{
        ActivityTaskCompletedEventAttributes, ActivityTaskScheduledEventAttributes,
        WorkflowExecutionUpdateAcceptedEventAttributes,
        WorkflowExecutionUpdateCompletedEventAttributes,
    };

    fn past(events: Vec<Attributes>) -> Past {
        let events = (1..).zip(events).map(|(event_id, attributes)| HistoryEvent {
            event_id,
            attributes: Some(attributes),
            ..Default::default()
        });
        Past { events: events.collect() }
    }

    #[test]
    fn an_update_is_under_way_until_it_is_answered() {
        let taken = Attributes::WorkflowExecutionUpdateAcceptedEventAttributes(
            WorkflowExecutionUpdateAcceptedEventAttributes::default(),
        );
        let answered = Attributes::WorkflowExecutionUpdateCompletedEventAttributes(
            WorkflowExecutionUpdateCompletedEventAttributes {
                accepted_event_id: 1,
                ..Default::default()
            },
        );
        assert!(past(vec![taken.clone()]).has_update_under_way());
        assert!(past(vec![taken.clone(), taken.clone(), answered.clone()]).has_update_under_way());
        let done = past(vec![taken, answered]);
        assert!(!done.has_update_under_way());
        assert!(done.has_update_since(0) && !done.has_update_since(1));
    }

    #[test]
    fn an_activity_is_under_way_until_it_ends() {
        let begun = Attributes::ActivityTaskScheduledEventAttributes(
            ActivityTaskScheduledEventAttributes::default(),
        );
        let ended = Attributes::ActivityTaskCompletedEventAttributes(
            ActivityTaskCompletedEventAttributes { scheduled_event_id: 1, ..Default::default() },
        );
        assert!(past(vec![begun.clone()]).has_work_under_way());
        assert!(!past(vec![begun, ended]).has_work_under_way());
    }
}
