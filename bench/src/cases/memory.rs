//! Memory of the system worker: idle, and for each of a thousand instances.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use futures::{StreamExt, stream};
use serde_json::json;
use temporalio_client::{
    UntypedWorkflow, WorkflowDescribeOptions, WorkflowStartOptions, WorkflowTerminateOptions,
};
use wci_contract::{VersionId, names};
use wci_workflows::payload_of;

use super::burst::settled;
use crate::{
    contender::{Contender, Setup, Side, arn, payload},
    figures::{Figures, Target},
    process::Process,
    stage::Stage,
};

const INSTANCES: u32 = 1_000;
const TASK_QUEUE: &str = "wci-thousand";
/// An instance that has begun has answered its first workflow task, which is the fourth event.
const EVENTS_OF_A_START: usize = 4;
const PATIENCE: Duration = Duration::from_secs(300);

/// Memory of a system worker that has nothing to do, with one instance that it served.
pub(crate) async fn measure_rest(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let contender = Contender::create(stage, Side::Ours, &Setup::of("rest", None)).await?;
    settled(stage, &contender).await?;
    let resident = resident_kb(&stage.worker)? / 1024.0;
    figures.add("resident memory of wci worker, idle", "MB", resident, Target::AtMost(40.0));
    Ok(())
}

/// Memory for each of a thousand instances, which are left there.
pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    // That of the other cases keeps what they made it grow to.
    let worker = stage.fresh_worker(TASK_QUEUE)?;
    start_all(stage, TASK_QUEUE, 0..1).await?;
    let before = resident_kb(&worker)?;
    start_all(stage, TASK_QUEUE, 1..INSTANCES + 1).await?;
    let after = resident_kb(&worker)?;
    figures.add(
        "resident memory of each of 1000 instances",
        "kB",
        (after - before) / f64::from(INSTANCES),
        Target::AtMost(100.0),
    );
    Ok(())
}

/// Starts instances of these numbers on `task_queue`, and waits until every one has begun.
pub(super) async fn start_all(
    stage: &Stage,
    task_queue: &str,
    instances: Range<u32>,
) -> anyhow::Result<()> {
    let started =
        stream::iter(instances.clone()).map(|n| start(stage, task_queue, n)).buffer_unordered(16);
    let started: Vec<anyhow::Result<()>> = started.collect().await;
    started.into_iter().collect::<anyhow::Result<Vec<()>>>()?;
    all_watch(stage, instances).await
}

fn id(n: u32) -> anyhow::Result<VersionId> {
    Ok(VersionId::new(&format!("many-{n}"), "v1")?)
}

/// Starts an instance directly: the server allows a deployment 100 versions.
async fn start(stage: &Stage, task_queue: &str, n: u32) -> anyhow::Result<()> {
    let id = id(n)?;
    let spec = json!({"scaling_group_specs": {"default": {"task_types": null,
        "compute": {"provider_type": "aws-lambda",
            "config": payload(&json!({"arn": arn("many")}))},
        "scaling": {"scaling_algorithm": "no-sync"}}}});
    let input = json!({"namespace_name": "default", "namespace_id": "",
        "deployment_name": id.deployment(), "build_id": "v1", "state": {"spec": spec}});
    let options = WorkflowStartOptions::new(task_queue, id.workflow_id()).build();
    let kind = UntypedWorkflow::new(names::INSTANCE_WORKFLOW);
    stage.client.start_workflow(kind, payload_of(&input)?, options).await?;
    Ok(())
}

/// Waits until every instance has begun to watch: its first run of the workflow code is over.
async fn all_watch(stage: &Stage, instances: Range<u32>) -> anyhow::Result<()> {
    let began = Instant::now();
    // They are begun in about the order in which they were started.
    let latest: Vec<u32> = instances.rev().take(32).collect();
    loop {
        let mut begun = 0;
        for &n in &latest {
            let handle = stage.client.get_workflow_handle::<UntypedWorkflow>(id(n)?.workflow_id());
            let found = handle.describe(WorkflowDescribeOptions::default()).await?;
            begun += usize::from(found.history_length() > EVENTS_OF_A_START);
        }
        if begun == latest.len() {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "the instances do not begin");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

pub(super) async fn end(stage: &Stage, instances: u32) -> anyhow::Result<()> {
    let ended = stream::iter(0..instances).map(|n| async move {
        let handle = stage.client.get_workflow_handle::<UntypedWorkflow>(id(n)?.workflow_id());
        handle.terminate(WorkflowTerminateOptions::default()).await?;
        anyhow::Ok(())
    });
    let ended: Vec<_> = ended.buffer_unordered(16).collect().await;
    ended.into_iter().collect()
}

pub(super) fn resident_kb(worker: &Process) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", worker.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok())
        .context("no resident memory in the process's status")
}
