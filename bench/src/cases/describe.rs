//! Latency of `describe-version` while the instance receives signals.

use std::time::{Duration, Instant};

use serde_json::json;
use temporalio_client::{UntypedSignal, UntypedWorkflow, WorkflowSignalOptions};
use wci_contract::{VersionId, names::TASK_ADD_SIGNAL};
use wci_workflows::payload_of;

use super::calls::{is_resource_exhausted, ms};
use crate::{
    bench_version::Controller,
    figures::{Figures, Target},
    public_api::PublicApi,
    testbed::Testbed,
};

const CALLS: usize = 200;
/// 50 signals and 20 calls per second.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(20);
const CALL_INTERVAL: Duration = Duration::from_millis(50);
/// The server's own workflow of a version answers no query in the first second of a run.
const SETTLING_TIME: Duration = Duration::from_secs(2);

pub(crate) async fn measure(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    let mut took = Vec::new();
    let mut rejected = Vec::new();
    for controller in Controller::BOTH {
        let version = PublicApi::prepare(testbed, controller, "describe").await?;
        version.create().await?;
        tokio::time::sleep(SETTLING_TIME).await;
        let mut signalling = Box::pin(send_signals(testbed, version.id()));
        let describing = Box::pin(describe(&version));
        let (times, rejections) = tokio::select! {
            described = describing => described?,
            failed = &mut signalling => anyhow::bail!("signals: {failed:?}"),
        };
        took.push(times);
        rejected.push(rejections);
    }
    for (part, name) in [(50, "p50"), (99, "p99")] {
        let [builtin, ours] = [&took[0], &took[1]].map(|took| took[(CALLS - 1) * part / 100]);
        let case = format!("DescribeWorkerDeploymentVersion at 50 signals/s, {name}");
        figures.compare(&case, "ms", builtin, ours, Target::AtMost(50.0));
    }
    let case = "of these 200 calls, rejected with `too many requests`";
    figures.compare(case, "", rejected[0], rejected[1], Target::AtMost(0.0));
    Ok(())
}

/// Signals tasks that do not exist, until it is dropped.
async fn send_signals(testbed: &Testbed, id: &VersionId) -> anyhow::Result<()> {
    let handle = testbed.client.get_workflow_handle::<UntypedWorkflow>(id.workflow_id());
    let signal = payload_of(&json!({"task_queue_name": id.deployment(), "task_queue_type": 1,
        "is_sync_match": false, "no_sync_match_signals_batched": 1}))?;
    loop {
        let began = Instant::now();
        let options = WorkflowSignalOptions::default();
        handle.signal(UntypedSignal::new(TASK_ADD_SIGNAL), signal.clone(), options).await?;
        tokio::time::sleep(SIGNAL_INTERVAL.saturating_sub(began.elapsed())).await;
    }
}

/// The duration of each call, shortest first, and the number of rejected calls: the server's
/// workflow of a version answers one query at a time, and there are other clients.
async fn describe(version: &PublicApi<'_>) -> anyhow::Result<(Vec<f64>, f64)> {
    let (mut took, mut rejected) = (Vec::new(), 0.0);
    while took.len() < CALLS {
        let began = Instant::now();
        match version.describe().await {
            Err(status) if is_resource_exhausted(&status) => rejected += 1.0,
            result => {
                result?;
                took.push(ms(began.elapsed()));
            }
        }
        tokio::time::sleep(CALL_INTERVAL).await;
    }
    took.sort_by(f64::total_cmp);
    Ok((took, rejected))
}
