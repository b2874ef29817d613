//! The public API of Worker Deployment Versions, called as any client would.

use std::{collections::BTreeMap, time::Duration};

use temporalio_client::{
    UntypedWorkflow, WorkflowDescribeOptions, WorkflowExecutionStatus, WorkflowIdConflictPolicy,
    WorkflowStartOptions,
    tonic::{IntoRequest, Request, Status},
};
use temporalio_common::{
    protos::temporal::api::{
        deployment::v1::{WorkerDeploymentVersion, WorkerDeploymentVersionInfo},
        workflowservice::v1::{
            CreateWorkerDeploymentRequest, CreateWorkerDeploymentVersionRequest,
            DescribeWorkerDeploymentVersionRequest,
            UpdateWorkerDeploymentVersionComputeConfigRequest,
            ValidateWorkerDeploymentVersionComputeConfigRequest,
        },
    },
    search_attributes::{SearchAttributeKey, SearchAttributes},
};
use wci_contract::{messages::StartInput, names, state::State};
use wci_workflows::payload_of;

use crate::{Change, Version, change::GroupSent};

const IDENTITY: &str = "me";
/// The usual timeout of Temporal clients.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
const DIVISION: SearchAttributeKey<String> = SearchAttributeKey::keyword(names::DIVISION_ATTRIBUTE);

impl Version {
    /// Starts an instance of `wci` without a spec, so that it receives whatever clients send to the
    /// version.
    pub async fn claim(&self) {
        self.claim_with(None).await;
    }

    /// Starts an instance of `wci` that continues from `state`.
    pub async fn claim_with(&self, state: Option<State>) {
        let input = StartInput {
            namespace_name: "default".into(),
            deployment_name: self.id.deployment().into(),
            build_id: self.id.build_id().into(),
            state,
            ..StartInput::default()
        };
        let division = SearchAttributes::new([DIVISION.value_set(names::DIVISION.to_owned())]);
        let options = WorkflowStartOptions::new(names::DEFAULT_TASK_QUEUE, self.id.workflow_id())
            .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
            .search_attributes(division)
            .build();
        let workflow = UntypedWorkflow::new(names::INSTANCE_WORKFLOW);
        self.client.start_workflow(workflow, payload_of(&input).unwrap(), options).await.unwrap();
    }

    /// Whether an instance runs, of whichever controller.
    pub async fn has_instance(&self) -> bool {
        let found = self.handle().describe(WorkflowDescribeOptions::default()).await;
        found.is_ok_and(|found| found.status() == WorkflowExecutionStatus::Running)
    }

    /// `CreateWorkerDeployment`; does nothing if it exists.
    pub async fn create_deployment(&self) {
        let request = CreateWorkerDeploymentRequest {
            namespace: "default".into(),
            deployment_name: self.id.deployment().into(),
            identity: IDENTITY.into(),
            request_id: request_id(None),
        };
        let mut service = self.client.connection().workflow_service();
        let created = service.create_worker_deployment(request.into_request()).await;
        let exists = created.as_ref().err().is_some_and(|e| e.message().contains("exists"));
        assert!(created.is_ok() || exists, "{created:?}");
    }

    /// `CreateWorkerDeploymentVersion`.
    pub async fn create(&self, change: &Change) -> Result<(), Status> {
        let request = CreateWorkerDeploymentVersionRequest {
            namespace: "default".into(),
            deployment_version: Some(self.wire_id()),
            compute_config: Some(change.config()),
            identity: IDENTITY.into(),
            request_id: request_id(change.request_id.as_deref()),
        };
        let mut service = self.client.connection().workflow_service();
        let call = service.create_worker_deployment_version(with_timeout(request, CALL_TIMEOUT));
        call.await.map(drop)
    }

    /// `UpdateWorkerDeploymentVersionComputeConfig`.
    pub async fn change(&self, change: &Change) -> Result<(), Status> {
        let request = UpdateWorkerDeploymentVersionComputeConfigRequest {
            namespace: "default".into(),
            deployment_version: Some(self.wire_id()),
            compute_config_scaling_groups: change.updates(),
            remove_compute_config_scaling_groups: change.remove.clone(),
            identity: IDENTITY.into(),
            request_id: request_id(change.request_id.as_deref()),
        };
        let mut service = self.client.connection().workflow_service();
        let call = service
            .update_worker_deployment_version_compute_config(with_timeout(request, CALL_TIMEOUT));
        call.await.map(drop)
    }

    /// `ValidateWorkerDeploymentVersionComputeConfig` with this timeout.
    pub async fn check(&self, change: &Change, timeout: Duration) -> Result<(), Status> {
        let request = ValidateWorkerDeploymentVersionComputeConfigRequest {
            namespace: "default".into(),
            deployment_version: Some(self.wire_id()),
            compute_config_scaling_groups: change.updates(),
            remove_compute_config_scaling_groups: change.remove.clone(),
            identity: IDENTITY.into(),
        };
        let mut service = self.client.connection().workflow_service();
        let call = service
            .validate_worker_deployment_version_compute_config(with_timeout(request, timeout));
        call.await.map(drop)
    }

    /// `DescribeWorkerDeploymentVersion`.
    pub async fn info(&self) -> Result<WorkerDeploymentVersionInfo, Status> {
        let request = DescribeWorkerDeploymentVersionRequest {
            namespace: "default".into(),
            deployment_version: Some(self.wire_id()),
            ..Default::default()
        };
        let mut service = self.client.connection().workflow_service();
        let call = service.describe_worker_deployment_version(with_timeout(request, CALL_TIMEOUT));
        Ok(call.await?.into_inner().worker_deployment_version_info.unwrap_or_default())
    }

    fn wire_id(&self) -> WorkerDeploymentVersion {
        WorkerDeploymentVersion {
            deployment_name: self.id.deployment().into(),
            build_id: self.id.build_id().into(),
        }
    }
}

/// The groups that the server shows for a version.
pub fn groups_of(info: &WorkerDeploymentVersionInfo) -> BTreeMap<String, GroupSent> {
    let groups = info.compute_config.iter().flat_map(|config| &config.scaling_groups);
    groups.map(|(name, group)| (name.clone(), GroupSent::from_wire(group.clone()))).collect()
}

fn request_id(given: Option<&str>) -> String {
    given.map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned)
}

fn with_timeout<T>(message: T, timeout: Duration) -> Request<T> {
    let mut request = message.into_request();
    request.set_timeout(timeout);
    request
}
