//! The load: workflows that start while no worker is alive.

use std::time::{Duration, SystemTime};

use anyhow::bail;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use temporalio_client::{UntypedWorkflow, WorkflowStartOptions};

use super::{
    environment::{Environment, TASK_QUEUE},
    progress::ProgressDisplay,
    wait_for::wait_for,
};

/// Concurrent StartWorkflow calls.
const CONCURRENCY: usize = 16;
/// Time limit of the load.
const LIMIT: Duration = Duration::from_secs(300);
/// Time limit for the workers to exit after the last task.
const EXIT_LIMIT: Duration = Duration::from_secs(60);

/// What was observed of the load.
pub(super) struct LoadResult {
    pub(super) tasks: u32,
    pub(super) completed: u32,
    /// The time of the first StartWorkflow call.
    pub(super) began: SystemTime,
    /// Peak number of live workers.
    pub(super) peak_workers: u32,
    pub(super) scaled_to_zero: bool,
}

/// Starts `tasks` workflows and waits until they are completed and the workers have exited.
pub(super) async fn run(
    environment: &Environment,
    progress: &ProgressDisplay,
    tasks: u32,
    work: Duration,
) -> anyhow::Result<LoadResult> {
    if environment.observer.live_workers() != 0 {
        bail!("a worker is alive before the load, so the demo cannot start from zero");
    }
    progress.start_load();
    let began = SystemTime::now();
    let mut result =
        LoadResult { tasks, completed: 0, began, peak_workers: 0, scaled_to_zero: false };
    let starting = start(environment, tasks, work);
    let watching = watch(environment, progress, &mut result);
    tokio::try_join!(starting, watching)?;
    let exited = wait_for("the workers to exit", EXIT_LIMIT, async || {
        let live = environment.observer.live_workers();
        progress.update(tasks, result.completed, live);
        Ok((live == 0).then_some(()))
    });
    result.scaled_to_zero = exited.await.is_ok();
    progress.end();
    Ok(result)
}

async fn start(environment: &Environment, tasks: u32, work: Duration) -> anyhow::Result<()> {
    let work_ms = u64::try_from(work.as_millis())?;
    stream::iter(0..tasks)
        .map(Ok::<_, anyhow::Error>)
        .try_for_each_concurrent(CONCURRENCY, |n| async move {
            let input = json!({"name": format!("caller {n}"), "work_ms": work_ms});
            let options = WorkflowStartOptions::new(TASK_QUEUE, format!("greet-{n}")).build();
            let input = wci_workflows::payload_of(&input)?;
            environment
                .client
                .start_workflow(UntypedWorkflow::new("greet"), input, options)
                .await?;
            Ok(())
        })
        .await
}

async fn watch(
    environment: &Environment,
    progress: &ProgressDisplay,
    result: &mut LoadResult,
) -> anyhow::Result<()> {
    let tasks = result.tasks;
    wait_for("the load to complete", LIMIT, async || {
        let live = environment.observer.live_workers();
        result.peak_workers = result.peak_workers.max(live);
        result.completed = environment.observer.completed().await?;
        progress.update(tasks, result.completed, live);
        Ok((result.completed >= tasks).then_some(()))
    })
    .await
}
