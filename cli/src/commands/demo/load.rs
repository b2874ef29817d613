//! The load: workflows that start while no worker is alive.

use std::time::{Duration, SystemTime};

use anyhow::bail;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use temporalio_client::{UntypedWorkflow, WorkflowStartOptions};

use super::{
    patience::wait_for,
    stage::{Stage, TASK_QUEUE},
    view::View,
};

/// Starts under way at once.
const CONCURRENCY: usize = 16;
/// How long everything may take before the demo gives up.
const LIMIT: Duration = Duration::from_secs(300);
/// How long the workers may take to leave after the last task.
const LEAVE_LIMIT: Duration = Duration::from_secs(60);

/// What was seen of the load.
pub(super) struct Played {
    pub(super) tasks: u32,
    pub(super) completed: u32,
    /// The first StartWorkflow call.
    pub(super) began: SystemTime,
    /// The most workers seen alive at once.
    pub(super) peak_workers: u32,
    pub(super) scaled_to_zero: bool,
}

/// Starts `tasks` workflows and watches until they are done and the workers have left.
pub(super) async fn put(
    stage: &Stage,
    view: &View,
    tasks: u32,
    work: Duration,
) -> anyhow::Result<Played> {
    if stage.look.living() != 0 {
        bail!("a worker is alive before the load: nothing would start from zero");
    }
    view.load();
    let began = SystemTime::now();
    let mut played = Played { tasks, completed: 0, began, peak_workers: 0, scaled_to_zero: false };
    let starting = start(stage, tasks, work);
    let watching = watch(stage, view, &mut played);
    tokio::try_join!(starting, watching)?;
    let left = wait_for("the workers to leave", LEAVE_LIMIT, async || {
        let living = stage.look.living();
        view.progress(tasks, played.completed, living);
        Ok((living == 0).then_some(()))
    });
    played.scaled_to_zero = left.await.is_ok();
    view.end();
    Ok(played)
}

async fn start(stage: &Stage, tasks: u32, work: Duration) -> anyhow::Result<()> {
    let work_ms = u64::try_from(work.as_millis())?;
    stream::iter(0..tasks)
        .map(Ok::<_, anyhow::Error>)
        .try_for_each_concurrent(CONCURRENCY, |n| async move {
            let input = json!({"name": format!("caller {n}"), "work_ms": work_ms});
            let options = WorkflowStartOptions::new(TASK_QUEUE, format!("greet-{n}")).build();
            let input = wci_workflows::payload_of(&input)?;
            stage.client.start_workflow(UntypedWorkflow::new("greet"), input, options).await?;
            Ok(())
        })
        .await
}

async fn watch(stage: &Stage, view: &View, played: &mut Played) -> anyhow::Result<()> {
    let tasks = played.tasks;
    wait_for("the load to be done", LIMIT, async || {
        let living = stage.look.living();
        played.peak_workers = played.peak_workers.max(living);
        played.completed = stage.look.done().await?;
        view.progress(tasks, played.completed, living);
        Ok((played.completed >= tasks).then_some(()))
    })
    .await
}
