//! Work for workers: `greet` workflows with an activity each.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use serde_json::json;
use temporalio_client::{
    Client, UntypedWorkflow, WorkflowCountOptions, WorkflowDescribeOptions,
    WorkflowExecutionStatus, WorkflowGetResultOptions, WorkflowStartOptions,
    WorkflowTerminateOptions,
};
use temporalio_common::{
    VersioningOverride,
    protos::temporal::api::{
        enums::v1::PendingActivityState, workflowservice::v1::DescribeWorkflowExecutionResponse,
    },
    worker::WorkerDeploymentVersion,
};
use wci_contract::VersionId;
use wci_workflows::{payload_of, text_of};

use crate::{History, version::history};

/// The number of concurrent start calls.
const CONCURRENCY: usize = 16;
/// The pause between two checks of the progress.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Workflows that were started together.
#[derive(Clone)]
pub struct Load {
    client: Client,
    prefix: String,
    tasks: usize,
}

impl Load {
    /// Starts `tasks` workflows on `queue`, each with `work_ms` milliseconds of work, pinned to
    /// the version `pin` if there is one.
    pub(crate) async fn start(
        client: &Client,
        queue: &str,
        tasks: usize,
        work_ms: u64,
        pin: Option<&VersionId>,
    ) -> Self {
        static LOADS: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("{queue}-load{}-", LOADS.fetch_add(1, Ordering::Relaxed));
        let load = Self { client: client.clone(), prefix, tasks };
        let all = stream::iter(0..tasks).for_each_concurrent(CONCURRENCY, |n| {
            let input = json!({"name": format!("caller {n}"), "work_ms": work_ms});
            let options = WorkflowStartOptions::new(queue, load.id(n))
                .maybe_versioning_override(pin.map(pinned))
                .build();
            let input = payload_of(&input).unwrap();
            async move {
                client.start_workflow(UntypedWorkflow::new("greet"), input, options).await.unwrap();
            }
        });
        all.await;
        load
    }

    /// The number of completed workflows.
    pub async fn completed(&self) -> usize {
        let query =
            format!("WorkflowId STARTS_WITH '{}' AND ExecutionStatus = 'Completed'", self.prefix);
        let count = self.client.count_workflows(query, WorkflowCountOptions::default()).await;
        // A server that restarts does not respond for a while.
        count.map_or(0, |count| count.count())
    }

    /// Whether a worker runs the activity of the first workflow.
    pub async fn is_working(&self) -> bool {
        self.activity().await == Some(PendingActivityState::Started)
    }

    /// Whether the activity of the first workflow waits for a worker.
    pub async fn has_activity_waiting(&self) -> bool {
        self.activity().await == Some(PendingActivityState::Scheduled)
    }

    /// The history of workflow `n`.
    pub async fn history(&self, n: usize) -> History {
        let handle = self.client.get_workflow_handle::<UntypedWorkflow>(self.id(n));
        history(&handle).await
    }

    /// Terminates the workflows that are not completed.
    pub async fn terminate(&self) {
        for n in 0..self.tasks {
            let handle = self.client.get_workflow_handle::<UntypedWorkflow>(self.id(n));
            let _ = handle.terminate(WorkflowTerminateOptions::default()).await;
        }
    }

    async fn activity(&self) -> Option<PendingActivityState> {
        let handle = self.client.get_workflow_handle::<UntypedWorkflow>(self.id(0));
        let found = handle.describe(WorkflowDescribeOptions::default()).await.ok()?;
        found.raw().pending_activities.first().map(|activity| activity.state())
    }

    /// Waits until all workflows are completed.
    pub async fn done(&self, limit: Duration) {
        let began = Instant::now();
        while self.completed().await < self.tasks {
            if began.elapsed() >= limit {
                panic!("not done after {limit:?}: {}", self.pending_tasks().await);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        let result = self.client.get_workflow_handle::<UntypedWorkflow>(self.id(0));
        let result = result.get_result(WorkflowGetResultOptions::default()).await.unwrap();
        assert_eq!(text_of(&result).unwrap(), "\"Hello, caller 0!\"");
    }

    /// The longest time that any task waited for a worker.
    pub async fn longest_wait(&self) -> Duration {
        let mut longest = Duration::ZERO;
        for n in 0..self.tasks {
            let handle = self.client.get_workflow_handle::<UntypedWorkflow>(self.id(n));
            longest = longest.max(history(&handle).await.longest_wait());
        }
        longest
    }

    /// The pending tasks of the workflows that still run.
    async fn pending_tasks(&self) -> String {
        let mut pending = Vec::new();
        for n in 0..self.tasks {
            let handle = self.client.get_workflow_handle::<UntypedWorkflow>(self.id(n));
            let Ok(found) = handle.describe(WorkflowDescribeOptions::default()).await else {
                continue;
            };
            if found.status() == WorkflowExecutionStatus::Running {
                let DescribeWorkflowExecutionResponse {
                    pending_workflow_task,
                    pending_activities,
                    ..
                } = found.raw();
                pending.push(format!("{n}: {pending_workflow_task:?} {pending_activities:?}"));
            }
        }
        pending.join("\n")
    }

    fn id(&self, n: usize) -> String {
        format!("{}{n}", self.prefix)
    }
}

fn pinned(id: &VersionId) -> VersioningOverride {
    let version = WorkerDeploymentVersion::builder()
        .deployment_name(id.deployment().to_owned())
        .build_id(id.build_id().to_owned())
        .build();
    VersioningOverride::Pinned(version)
}
