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

use super::burst::idle_event_count;
use crate::{
    bench_version::{BenchVersion, Controller, Setup, arn, payload},
    figures::{Figures, Target},
    process::Process,
    testbed::Testbed,
};

const INSTANCES: u32 = 1_000;
const TASK_QUEUE: &str = "wci-thousand";
/// The fourth event of an instance is its first completed workflow task.
const EVENTS_OF_A_START: usize = 4;
const TIMEOUT: Duration = Duration::from_secs(300);

/// Memory of an idle system worker that has served one instance.
pub(crate) async fn measure_rest(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    let version = BenchVersion::create(testbed, Controller::Ours, &Setup::of("rest", None)).await?;
    idle_event_count(testbed, &version).await?;
    let resident = resident_kb(&testbed.worker)? / 1024.0;
    figures.add("resident memory of wci worker, idle", "MB", resident, Target::AtMost(40.0));
    Ok(())
}

/// Memory for each of a thousand instances, which are not removed.
pub(crate) async fn measure(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    // The worker of the other cases has grown and keeps its memory.
    let worker = testbed.fresh_worker(TASK_QUEUE)?;
    start_all(testbed, TASK_QUEUE, 0..1).await?;
    let before = resident_kb(&worker)?;
    start_all(testbed, TASK_QUEUE, 1..INSTANCES + 1).await?;
    let after = resident_kb(&worker)?;
    figures.add(
        "resident memory of each of 1000 instances",
        "kB",
        (after - before) / f64::from(INSTANCES),
        Target::AtMost(100.0),
    );
    Ok(())
}

/// Starts instances with these numbers on `task_queue`, and waits until all have started.
pub(super) async fn start_all(
    testbed: &Testbed,
    task_queue: &str,
    instances: Range<u32>,
) -> anyhow::Result<()> {
    let started =
        stream::iter(instances.clone()).map(|n| start(testbed, task_queue, n)).buffer_unordered(16);
    let started: Vec<anyhow::Result<()>> = started.collect().await;
    started.into_iter().collect::<anyhow::Result<Vec<()>>>()?;
    all_watch(testbed, instances).await
}

fn id(n: u32) -> anyhow::Result<VersionId> {
    Ok(VersionId::new(&format!("many-{n}"), "v1")?)
}

/// Starts an instance directly: the server allows only 100 versions for a deployment.
async fn start(testbed: &Testbed, task_queue: &str, n: u32) -> anyhow::Result<()> {
    let id = id(n)?;
    let spec = json!({"scaling_group_specs": {"default": {"task_types": null,
        "compute": {"provider_type": "aws-lambda",
            "config": payload(&json!({"arn": arn("many")}))},
        "scaling": {"scaling_algorithm": "no-sync"}}}});
    let input = json!({"namespace_name": "default", "namespace_id": "",
        "deployment_name": id.deployment(), "build_id": "v1", "state": {"spec": spec}});
    let options = WorkflowStartOptions::new(task_queue, id.workflow_id()).build();
    let kind = UntypedWorkflow::new(names::INSTANCE_WORKFLOW);
    testbed.client.start_workflow(kind, payload_of(&input)?, options).await?;
    Ok(())
}

/// Waits until every instance has started its watch, after its first workflow task.
async fn all_watch(testbed: &Testbed, instances: Range<u32>) -> anyhow::Result<()> {
    let began = Instant::now();
    // They start in about this order, so it is enough to check the last ones.
    let latest: Vec<u32> = instances.rev().take(32).collect();
    loop {
        let mut started_count = 0;
        for &n in &latest {
            let handle =
                testbed.client.get_workflow_handle::<UntypedWorkflow>(id(n)?.workflow_id());
            let found = handle.describe(WorkflowDescribeOptions::default()).await?;
            started_count += usize::from(found.history_length() > EVENTS_OF_A_START);
        }
        if started_count == latest.len() {
            return Ok(());
        }
        ensure!(began.elapsed() < TIMEOUT, "the instances do not start");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

pub(super) async fn terminate_all(testbed: &Testbed, instances: u32) -> anyhow::Result<()> {
    let ended = stream::iter(0..instances).map(|n| async move {
        let handle = testbed.client.get_workflow_handle::<UntypedWorkflow>(id(n)?.workflow_id());
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
