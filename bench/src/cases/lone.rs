//! A lone task that finds no worker: from StartWorkflow to the call of the provider.

use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use serde_json::json;
use temporalio_client::{UntypedWorkflow, WorkflowStartOptions, WorkflowTerminateOptions};
use wci_workflows::payload_of;

use crate::{
    figures::{Figures, median},
    stage::{BUILTIN, OURS, Stage},
};

const RUNS: u32 = 25;
/// The hook announces at most one batch in 500 ms.
const HOOK_PAUSE: Duration = Duration::from_millis(700);

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let (mut builtin, mut ours) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        builtin.push(one(stage, BUILTIN, run).await?);
        ours.push(one(stage, OURS, run).await?);
    }
    figures.compare(
        "a lone task, start to provider call (median of 25)",
        "ms",
        median(builtin),
        median(ours),
    );
    Ok(())
}

/// Milliseconds until the provider of `deployment` is called.
async fn one(stage: &Stage, deployment: &str, run: u32) -> anyhow::Result<f64> {
    tokio::time::sleep(HOOK_PAUSE).await;
    let input = payload_of(&json!({"name": "x"}))?;
    let id = format!("{deployment}-lone-{run}");
    let options = WorkflowStartOptions::new(deployment, id).build();
    let began = SystemTime::now();
    let handle = stage.client.start_workflow(UntypedWorkflow::new("greet"), input, options).await?;
    let limit = Instant::now() + Duration::from_secs(30);
    let called = loop {
        if let Some(at) = stage.stand_in.first_call(deployment, began) {
            break at;
        }
        anyhow::ensure!(Instant::now() < limit, "{deployment}: the provider was not called");
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    handle.terminate(WorkflowTerminateOptions::default()).await.context("cannot clear away")?;
    Ok(called.duration_since(began)?.as_secs_f64() * 1000.0)
}
