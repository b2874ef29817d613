//! `describe-version` while tasks are announced.

use std::time::{Duration, Instant};

use serde_json::json;
use temporalio_client::{UntypedSignal, UntypedWorkflow, WorkflowSignalOptions};
use wci_contract::{VersionId, names::TASK_ADD_SIGNAL};
use wci_workflows::payload_of;

use super::calls::{is_for_load, ms};
use crate::{
    contender::Side,
    figures::{Figures, Target},
    public_api::PublicApi,
    stage::Stage,
};

const LOOKS: usize = 200;
/// Signals at 50 a second, looks at 20.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// The server's own workflow of a version answers nothing in the first second of a run.
const SETTLES: Duration = Duration::from_secs(2);

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let mut took = Vec::new();
    let mut refused = Vec::new();
    for side in Side::BOTH {
        let version = PublicApi::prepare(stage, side, "looks").await?;
        version.create().await?;
        tokio::time::sleep(SETTLES).await;
        let mut announcing = Box::pin(announce(stage, version.id()));
        let looking = Box::pin(look(&version));
        let (times, refusals) = tokio::select! {
            looked = looking => looked?,
            failed = &mut announcing => anyhow::bail!("signals: {failed:?}"),
        };
        took.push(times);
        refused.push(refusals);
    }
    for (part, name) in [(50, "p50"), (99, "p99")] {
        let [builtin, ours] = [&took[0], &took[1]].map(|took| took[(LOOKS - 1) * part / 100]);
        let case = format!("DescribeWorkerDeploymentVersion at 50 signals/s, {name}");
        figures.compare(&case, "ms", builtin, ours, Target::AtMost(50.0));
    }
    let case = "of 200 such looks, refused with `too many requests`";
    figures.compare(case, "", refused[0], refused[1], Target::AtMost(0.0));
    Ok(())
}

/// Announces tasks that nobody waits for, until it is dropped.
async fn announce(stage: &Stage, id: &VersionId) -> anyhow::Result<()> {
    let handle = stage.client.get_workflow_handle::<UntypedWorkflow>(id.workflow_id());
    let signal = payload_of(&json!({"task_queue_name": id.deployment(), "task_queue_type": 1,
        "is_sync_match": false, "no_sync_match_signals_batched": 1}))?;
    loop {
        let began = Instant::now();
        let options = WorkflowSignalOptions::default();
        handle.signal(UntypedSignal::new(TASK_ADD_SIGNAL), signal.clone(), options).await?;
        tokio::time::sleep(BETWEEN_SIGNALS.saturating_sub(began.elapsed())).await;
    }
}

/// How long each look took, shortest first, and how many were refused: the server's workflow of a
/// version answers one question at a time, and others ask too.
async fn look(version: &PublicApi<'_>) -> anyhow::Result<(Vec<f64>, f64)> {
    let (mut took, mut refused) = (Vec::new(), 0.0);
    while took.len() < LOOKS {
        let began = Instant::now();
        match version.describe().await {
            Err(status) if is_for_load(&status) => refused += 1.0,
            result => {
                result?;
                took.push(ms(began.elapsed()));
            }
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    took.sort_by(f64::total_cmp);
    Ok((took, refused))
}
