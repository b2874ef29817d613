//! Observes the demo from outside, through the server and the records of processes.

use std::path::PathBuf;

use temporalio_client::{
    Client, WorkflowCountOptions,
    tonic::{Code, IntoRequest},
};
use temporalio_common::protos::temporal::api::{
    deployment::v1::WorkerDeploymentVersion,
    enums::v1::TaskQueueType,
    taskqueue::v1::TaskQueue,
    workflowservice::v1::{DescribeTaskQueueRequest, DescribeWorkerDeploymentVersionRequest},
};
use wci_contract::{VersionId, names};

/// Visibility query for the completed workflows of the load.
const COMPLETED: &str = "WorkflowType = 'greet' AND ExecutionStatus = 'Completed'";

/// Observes one version.
pub(super) struct Observer {
    client: Client,
    instance: VersionId,
    run_dir: PathBuf,
}

impl Observer {
    pub(super) fn new(client: Client, instance: VersionId, run_dir: PathBuf) -> Self {
        Self { client, instance, run_dir }
    }

    /// `Some` once a system worker polls its task queue.
    pub(super) async fn is_polled(&self) -> anyhow::Result<Option<()>> {
        let request = DescribeTaskQueueRequest {
            namespace: self.client.options().namespace.clone(),
            task_queue: Some(TaskQueue {
                name: names::DEFAULT_TASK_QUEUE.into(),
                ..Default::default()
            }),
            task_queue_type: TaskQueueType::Workflow.into(),
            ..Default::default()
        };
        let mut service = self.client.connection().workflow_service();
        let answer = service.describe_task_queue(request.into_request()).await?;
        Ok((!answer.into_inner().pollers.is_empty()).then_some(()))
    }

    /// `Some` once the server knows the workflow and activity queues of the version.
    pub(super) async fn is_registered(&self) -> anyhow::Result<Option<()>> {
        let request = DescribeWorkerDeploymentVersionRequest {
            namespace: self.client.options().namespace.clone(),
            deployment_version: Some(WorkerDeploymentVersion {
                deployment_name: self.instance.deployment().into(),
                build_id: self.instance.build_id().into(),
            }),
            ..Default::default()
        };
        let mut service = self.client.connection().workflow_service();
        match service.describe_worker_deployment_version(request.into_request()).await {
            Ok(answer) => Ok((answer.into_inner().version_task_queues.len() >= 2).then_some(())),
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(status.into()),
        }
    }

    /// Number of live workers.
    pub(super) fn live_workers(&self) -> u32 {
        wci_providers::running_processes_in(&self.run_dir)
    }

    /// Number of completed workflows of the load.
    pub(super) async fn completed(&self) -> anyhow::Result<u32> {
        let count = self.client.count_workflows(COMPLETED, WorkflowCountOptions::default()).await?;
        Ok(u32::try_from(count.count()).unwrap_or(u32::MAX))
    }
}
