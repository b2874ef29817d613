//! The load of a version: workflows with an activity each.

use std::time::{Duration, Instant, SystemTime};

use anyhow::ensure;
use futures::{StreamExt, stream};
use serde_json::json;
use temporalio_client::{
    UntypedWorkflow, WorkflowCountOptions, WorkflowStartOptions, WorkflowTerminateOptions,
};
use wci_workflows::payload_of;

use crate::{bench_version::BenchVersion, testbed::Testbed};

/// The number of concurrent start calls.
const CONCURRENCY: usize = 32;
/// The pause between two checks of the progress.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Workflows that were started together.
pub(crate) struct Load<'a> {
    testbed: &'a Testbed,
    prefix: String,
    tasks: usize,
    pub(crate) began: SystemTime,
}

impl<'a> Load<'a> {
    /// Starts `tasks` workflows for `version`, each with `work_ms` of work, evenly spread over
    /// `during`.
    pub(crate) async fn start(
        testbed: &'a Testbed,
        version: &BenchVersion,
        name: &str,
        tasks: usize,
        work_ms: u64,
        during: Duration,
    ) -> anyhow::Result<Self> {
        let began = SystemTime::now();
        let clock = Instant::now();
        let prefix = format!("{}-{name}-", version.name);
        let spacing = during.div_f64(tasks.max(1) as f64);
        let starts = stream::iter(0..tasks).map(|n| {
            let input = json!({"name": format!("caller {n}"), "work_ms": work_ms});
            let options = WorkflowStartOptions::new(&version.name, format!("{prefix}{n}")).build();
            let due = spacing.mul_f64(n as f64);
            async move {
                tokio::time::sleep(due.saturating_sub(clock.elapsed())).await;
                let input = payload_of(&input)?;
                let kind = UntypedWorkflow::new("greet");
                testbed.client.start_workflow(kind, input, options).await?;
                anyhow::Ok(())
            }
        });
        let done: Vec<_> = starts.buffer_unordered(CONCURRENCY).collect().await;
        done.into_iter().collect::<anyhow::Result<Vec<()>>>()?;
        Ok(Self { testbed, prefix, tasks, began })
    }

    /// Terminates the workflows that are not completed.
    pub(crate) async fn terminate(&self) -> anyhow::Result<()> {
        let ended = stream::iter(0..self.tasks).map(|n| async move {
            let id = format!("{}{n}", self.prefix);
            let handle = self.testbed.client.get_workflow_handle::<UntypedWorkflow>(id);
            handle.terminate(WorkflowTerminateOptions::default()).await
        });
        let ended: Vec<_> = ended.buffer_unordered(CONCURRENCY).collect().await;
        ended.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(())
    }

    /// Seconds from the first start until the last task is completed.
    pub(crate) async fn drained(&self, limit: Duration) -> anyhow::Result<f64> {
        let query =
            format!("WorkflowId STARTS_WITH '{}' AND ExecutionStatus = 'Completed'", self.prefix);
        loop {
            let options = WorkflowCountOptions::default();
            let done = self.testbed.client.count_workflows(query.clone(), options).await?.count();
            let elapsed = self.began.elapsed()?;
            if done >= self.tasks {
                return Ok(elapsed.as_secs_f64());
            }
            ensure!(
                elapsed < limit,
                "{}: {done} of {} done after {limit:?}",
                self.prefix,
                self.tasks
            );
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

/// Waits until every worker of `function` has exited.
pub(crate) async fn workers_exited(
    testbed: &Testbed,
    function: &str,
    limit: Duration,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + limit;
    while testbed.lambda.running_workers(function) > 0 {
        ensure!(Instant::now() < deadline, "workers of {function} do not exit");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
