//! Waiting for running tasks during the shutdown, and abandoning those that outlast the wait.

use crate::{
    drain_plan::DrainPlan,
    error::chain,
    millis::whole_millis,
    sdk_worker::RunResult,
    signals::Signals,
    task_tracker::{TaskState, TaskTracker},
};
use std::{future::Future, pin::Pin};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Waits for running tasks as long as `plan` allows, then abandons the rest.
///
/// A signal ends the wait. Returns the state at its end: finished tasks and abandoned ones.
pub(super) async fn drain(
    mut run: Pin<&mut impl Future<Output = RunResult>>,
    plan: DrainPlan,
    tracker: &TaskTracker,
    abandon: &CancellationToken,
    signals: &mut Signals,
) -> TaskState {
    let ended = tokio::select! {
        biased;
        ended = timeout(plan.wait, run.as_mut()) => ended.ok(),
        signal = signals.next() => {
            tracing::warn!(?signal, "no longer waiting for running tasks");
            None
        }
    };
    let state = tracker.state();
    if let Some(ended) = ended {
        log_failure(ended);
        return state;
    }
    tracing::warn!(
        waited_ms = whole_millis(plan.wait),
        workflow_tasks = state.running.workflow,
        activities = state.running.activity,
        local_activities = state.running.local_activity,
        "abandoning running tasks; the server retries them"
    );
    abandon.cancel();
    if state.running.activity == 0 {
        return state;
    }
    if let Ok(ended) = timeout(plan.report, run).await {
        log_failure(ended);
    }
    state
}

/// Logs a failure of the SDK's shutdown. It costs no result, so the run does not fail.
fn log_failure(ended: RunResult) {
    if let Err(error) = ended {
        tracing::warn!(error = %chain(&error), "the worker failed during its shutdown");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::Timing;
    use std::{pin::pin, time::Duration};
    use temporalio_sdk_core::SlotKindType;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn activities_that_outlast_the_stop_timeout_are_abandoned_and_counted() {
        let tracker = TaskTracker::new(Instant::now());
        tracker.task_started(SlotKindType::Activity);
        let abandon = CancellationToken::new();
        let plan = DrainPlan::new(&Timing::default(), None);
        let mut signals = Signals::of_process().unwrap();
        // A worker whose activity ends only when it is abandoned.
        let run = pin!(async {
            abandon.cancelled().await;
            tracker.task_finished(SlotKindType::Activity);
            Ok(())
        });
        let state = drain(run, plan, &tracker, &abandon, &mut signals).await;
        assert_eq!(tracker.elapsed(), Duration::from_secs(5));
        assert_eq!((state.running.activity, state.finished.activity), (1, 0));
        assert_eq!(tracker.state().running.total(), 0, "its failure was reported");
    }
}
