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

/// Starts under way at once.
const CONCURRENCY: usize = 16;
/// How long everything may take before the demo gives up.
const LIMIT: Duration = Duration::from_secs(300);
/// How long the workers may take to leave after the last task.
const LEAVE_LIMIT: Duration = Duration::from_secs(60);

/// What was seen of the load.
pub(super) struct LoadResult {
    pub(super) tasks: u32,
    pub(super) completed: u32,
    /// The first StartWorkflow call.
    pub(super) began: SystemTime,
    /// The most workers seen alive at once.
    pub(super) peak_workers: u32,
    pub(super) scaled_to_zero: bool,
}

/// Starts `tasks` workflows and watches until they are done and the workers have left.
pub(super) async fn run(
    environment: &Environment,
    progress: &ProgressDisplay,
    tasks: u32,
    work: Duration,
) -> anyhow::Result<LoadResult> {
    if environment.observer.living() != 0 {
        bail!("a worker is alive before the load: nothing would start from zero");
    }
    progress.load();
    let began = SystemTime::now();
    let mut result =
        LoadResult { tasks, completed: 0, began, peak_workers: 0, scaled_to_zero: false };
    let starting = start(environment, tasks, work);
    let watching = watch(environment, progress, &mut result);
    tokio::try_join!(starting, watching)?;
    let left = wait_for("the workers to leave", LEAVE_LIMIT, async || {
        let living = environment.observer.living();
        progress.progress(tasks, result.completed, living);
        Ok((living == 0).then_some(()))
    });
    result.scaled_to_zero = left.await.is_ok();
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
    wait_for("the load to be done", LIMIT, async || {
        let living = environment.observer.living();
        result.peak_workers = result.peak_workers.max(living);
        result.completed = environment.observer.done().await?;
        progress.progress(tasks, result.completed, living);
        Ok((result.completed >= tasks).then_some(()))
    })
    .await
}
