//! The latency of a task without a worker, by step.

use std::time::{Duration, Instant, SystemTime};

use temporalio_client::{UntypedWorkflow, WorkflowFetchHistoryOptions};
use temporalio_common::protos::temporal::api::enums::v1::EventType;

use crate::{bench_version::BenchVersion, figures::median, testbed::Testbed};

/// Waits until `function` is called after `since`; returns the seconds until then, or `None` if it
/// is not called within `limit`.
pub(crate) async fn called(
    testbed: &Testbed,
    function: &str,
    since: SystemTime,
    limit: Duration,
) -> Option<f64> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(at) = testbed.lambda.calls(function, since).into_iter().min() {
            return at.duration_since(since).ok().map(|waited| waited.as_secs_f64());
        }
        if Instant::now() > deadline {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The steps from a task's start to the call of the provider, in this order, as events of the
/// instance's history. No controller can shorten the time before the first.
const STEPS: [(EventType, &str); 3] = [
    (EventType::WorkflowExecutionSignaled, "signalled"),
    (EventType::WorkflowTaskStarted, "task started"),
    (EventType::WorkflowTaskCompleted, "task completed"),
];

/// The latencies of first tasks, milliseconds.
#[derive(Default)]
pub(crate) struct Waits {
    /// The time to the call of the provider.
    pub(crate) called: Vec<f64>,
    /// The time to each of [`STEPS`].
    steps: [Vec<f64>; STEPS.len()],
}

impl Waits {
    /// Adds that the provider of `version` was called `waited` seconds after `since`.
    pub(crate) async fn add(
        &mut self,
        testbed: &Testbed,
        version: &BenchVersion,
        since: SystemTime,
        waited: f64,
    ) -> anyhow::Result<()> {
        self.called.push(waited * 1e3);
        let handle = testbed.client.get_workflow_handle::<UntypedWorkflow>(version.instance()?);
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

    /// Prints the median time of each step.
    pub(crate) fn print(&self, controller: &str) {
        let median = |times: &Vec<f64>| median(times.clone());
        let steps = STEPS.iter().zip(&self.steps);
        let steps: Vec<_> =
            steps.map(|((_, step), times)| format!("{step} {:.1}", median(times))).collect();
        eprintln!("  {controller}: {}, called {:.1} ms", steps.join(", "), median(&self.called));
    }
}
