//! What a task that finds no worker waits for.

use std::time::{Duration, Instant, SystemTime};

use temporalio_client::{UntypedWorkflow, WorkflowFetchHistoryOptions};
use temporalio_common::protos::temporal::api::enums::v1::EventType;

use crate::{contender::Contender, figures::median, stage::Stage};

/// Waits until `function` is called after `since`; answers after how many seconds, or `None` when
/// it was not within `limit`.
pub(crate) async fn called(
    stage: &Stage,
    function: &str,
    since: SystemTime,
    limit: Duration,
) -> Option<f64> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(at) = stage.stand_in.calls(function, since).into_iter().min() {
            return at.duration_since(since).ok().map(|waited| waited.as_secs_f64());
        }
        if Instant::now() > deadline {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What happens from a task's start to the call of the provider, in this order, as an instance's
/// history tells it. What comes before the first is in no controller's power.
const STEPS: [(EventType, &str); 3] = [
    (EventType::WorkflowExecutionSignaled, "announced"),
    (EventType::WorkflowTaskStarted, "told"),
    (EventType::WorkflowTaskCompleted, "answered"),
];

/// What first tasks wait for, milliseconds.
#[derive(Default)]
pub(crate) struct Waits {
    /// Until the provider is called.
    pub(crate) called: Vec<f64>,
    /// Until each of [`STEPS`].
    steps: [Vec<f64>; STEPS.len()],
}

impl Waits {
    /// Takes in that the provider of `contender` was called `waited` seconds after `since`.
    pub(crate) async fn add(
        &mut self,
        stage: &Stage,
        contender: &Contender,
        since: SystemTime,
        waited: f64,
    ) -> anyhow::Result<()> {
        self.called.push(waited * 1e3);
        let handle = stage.client.get_workflow_handle::<UntypedWorkflow>(contender.instance()?);
        let history = handle.fetch_history(WorkflowFetchHistoryOptions::default());
        let events = history.into_events().await?;
        let after = |at: SystemTime| at.duration_since(since).ok();
        let mut events = events.iter().filter_map(|event| {
            Some((event.event_type(), after(SystemTime::try_from(event.event_time?).ok()?)?))
        });
        for ((kind, _), times) in STEPS.iter().zip(&mut self.steps) {
            let Some((_, at)) = events.find(|(found, _)| found == kind) else { break };
            times.push(at.as_secs_f64() * 1e3);
        }
        Ok(())
    }

    /// Prints when each step was taken.
    pub(crate) fn tell(&self, side: &str) {
        let median = |times: &Vec<f64>| median(times.clone());
        let steps = STEPS.iter().zip(&self.steps);
        let steps: Vec<_> =
            steps.map(|((_, step), times)| format!("{step} {:.1}", median(times))).collect();
        eprintln!("  {side}: {}, called {:.1} ms", steps.join(", "), median(&self.called));
    }
}
