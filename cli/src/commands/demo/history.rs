//! What the instance's history says about the launches for the load.

use temporalio_client::{UntypedWorkflow, WorkflowFetchHistoryOptions};
use wci_history::{RunHistory, time::Millis};

use super::environment::Environment;

/// Launches for the load.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Launches {
    /// When the first was handed to the provider.
    pub(super) first: Option<Millis>,
    /// Workers started.
    pub(super) workers: u32,
    /// The number of events of the instance's whole run.
    pub(super) events: usize,
}

/// Reads the instance's history, and counts the launches since `began`. Workers that register
/// task queues are not among them.
pub(super) async fn launches(environment: &Environment, began: Millis) -> anyhow::Result<Launches> {
    let id = environment.instance.workflow_id();
    let handle = environment.client.get_workflow_handle::<UntypedWorkflow>(id);
    let events = handle.fetch_history(WorkflowFetchHistoryOptions::default()).into_events().await?;
    Ok(count(&RunHistory { events }, began))
}

fn count(run: &RunHistory, began: Millis) -> Launches {
    let mut launches = Launches { events: run.events.len(), ..Launches::default() };
    let recent = run.launches().into_iter().filter(|it| it.activity.scheduled >= began);
    for launch in recent {
        launches.first = launches.first.into_iter().chain(launch.activity.started).min();
        launches.workers += launch.outcome.map_or(0, |outcome| outcome.started);
    }
    launches
}
