//! Work for workers: workflows that greet, with an activity each.

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

/// Starts under way at once.
const CONCURRENCY: usize = 16;
/// Between two looks at how far it has come.
const PACE: Duration = Duration::from_millis(50);

/// Workflows that were started together.
#[derive(Clone)]
pub struct Load {
    client: Client,
    prefix: String,
    tasks: usize,
}

impl Load {
    /// Starts `tasks` workflows on `queue`, each with `work_ms` milliseconds of work. `pin` binds
    /// them to a version.
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

    /// How many are completed.
    pub async fn completed(&self) -> usize {
        let query =
            format!("WorkflowId STARTS_WITH '{}' AND ExecutionStatus = 'Completed'", self.prefix);
        let count = self.client.count_workflows(query, WorkflowCountOptions::default()).await;
        // A server that was stopped does not answer for a while.
        count.map_or(0, |count| count.count())
    }

    /// Whether a worker is at work on the first one's activity.
    pub async fn is_working(&self) -> bool {
        self.activity().await == Some(PendingActivityState::Started)
    }

    /// Whether the first one's workflow was served, and its activity waits for a worker.
    pub async fn has_activity_waiting(&self) -> bool {
        self.activity().await == Some(PendingActivityState::Scheduled)
    }

    /// The history of one of them.
    pub async fn history(&self, n: usize) -> History {
        let handle = self.client.get_workflow_handle::<UntypedWorkflow>(self.id(n));
        history(&handle).await
    }

    /// Ends those that are not completed.
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

    /// Waits until all are completed.
    pub async fn done(&self, limit: Duration) {
        let began = Instant::now();
        while self.completed().await < self.tasks {
            if began.elapsed() >= limit {
                panic!("not done after {limit:?}: {}", self.what_waits().await);
            }
            tokio::time::sleep(PACE).await;
        }
        let result = self.client.get_workflow_handle::<UntypedWorkflow>(self.id(0));
        let result = result.get_result(WorkflowGetResultOptions::default()).await.unwrap();
        assert_eq!(text_of(&result).unwrap(), "\"Hello, caller 0!\"");
    }

    /// The longest time that any of their tasks waited for a worker.
    pub async fn longest_wait(&self) -> Duration {
        let mut longest = Duration::ZERO;
        for n in 0..self.tasks {
            let handle = self.client.get_workflow_handle::<UntypedWorkflow>(self.id(n));
            longest = longest.max(history(&handle).await.longest_wait());
        }
        longest
    }

    /// What those wait for that are not completed.
    async fn what_waits(&self) -> String {
        let mut words = Vec::new();
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
                words.push(format!("{n}: {pending_workflow_task:?} {pending_activities:?}"));
            }
        }
        words.join("\n")
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
