//! What the instance's own history says of the load.

use std::{collections::BTreeMap, time::SystemTime};

use serde::de::DeserializeOwned;
use temporalio_client::{UntypedWorkflow, WorkflowFetchHistoryOptions};
use temporalio_common::protos::temporal::api::{
    common::v1::Payloads,
    history::v1::{HistoryEvent, history_event::Attributes},
};
use wci_contract::{
    activities::{DECIDE, DecideOutput, INVOKE},
    launch::Outcome,
};

use super::environment::Environment;

/// Launches of the load.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Launches {
    /// When the first was handed to the provider.
    pub(super) first: Option<SystemTime>,
    /// Workers started.
    pub(super) workers: u32,
    /// Events of the instance's run, whole.
    pub(super) events: usize,
}

impl Launches {
    /// A launch was handed to the provider, or has started workers.
    fn note(&mut self, at: Option<SystemTime>, workers: u32) {
        self.first = self.first.into_iter().chain(at).min();
        self.workers += workers;
    }
}

/// Reads the instance's history, and counts the launches since `began`. Registration is another
/// activity, and not among them.
pub(super) async fn launches(
    environment: &Environment,
    began: SystemTime,
) -> anyhow::Result<Launches> {
    let id = environment.instance.workflow_id();
    let handle = environment.client.get_workflow_handle::<UntypedWorkflow>(id);
    let events = handle.fetch_history(WorkflowFetchHistoryOptions::default()).into_events().await?;
    Ok(count(&events, began))
}

fn count(events: &[HistoryEvent], began: SystemTime) -> Launches {
    let mut asked = BTreeMap::new();
    let mut launches = Launches { events: events.len(), ..Launches::default() };
    for event in events {
        let at = event.event_time.and_then(|time| SystemTime::try_from(time).ok());
        match &event.attributes {
            Some(Attributes::ActivityTaskScheduledEventAttributes(scheduled)) => {
                let kind = scheduled.activity_type.as_ref().map_or("", |kind| &kind.name);
                if [INVOKE, DECIDE].contains(&kind) && at.is_some_and(|at| at >= began) {
                    asked.insert(event.event_id, (kind == INVOKE, None));
                }
            }
            Some(Attributes::ActivityTaskStartedEventAttributes(started)) => {
                if let Some((is_launch, when)) = asked.get_mut(&started.scheduled_event_id) {
                    *when = at;
                    if *is_launch {
                        launches.note(at, 0);
                    }
                }
            }
            Some(Attributes::ActivityTaskCompletedEventAttributes(done)) => {
                match asked.remove(&done.scheduled_event_id) {
                    Some((true, _)) => {
                        let outcome: Outcome = read(done.result.as_ref());
                        launches.note(None, outcome.started);
                    }
                    // A launch that ended with its decision.
                    Some((false, when)) => {
                        let decided: DecideOutput = read(done.result.as_ref());
                        for outcome in decided.launched.values() {
                            launches.note(when, outcome.started);
                        }
                    }
                    None => {}
                }
            }
            _ => {}
        }
    }
    launches
}

fn read<T: DeserializeOwned + Default>(result: Option<&Payloads>) -> T {
    let payload = result.and_then(|result| result.payloads.first());
    payload.and_then(|payload| serde_json::from_slice(&payload.data).ok()).unwrap_or_default()
}
