//! A version of either controller, through the public API alone.

use serde_json::json;
use temporalio_client::{
    UntypedWorkflow, WorkflowStartOptions,
    tonic::{IntoRequest, Status},
};
use temporalio_common::protos::temporal::api::{
    common::v1::Payload,
    compute::v1::{
        ComputeConfig, ComputeConfigScalingGroup, ComputeConfigScalingGroupUpdate, ComputeProvider,
    },
    deployment::v1::WorkerDeploymentVersion,
    workflowservice::v1::{
        CreateWorkerDeploymentRequest, CreateWorkerDeploymentVersionRequest,
        DescribeWorkerDeploymentVersionRequest, UpdateWorkerDeploymentVersionComputeConfigRequest,
    },
};
use wci_contract::{VersionId, names};
use wci_workflows::payload_of;

use crate::{
    bench_version::{Controller, arn},
    testbed::Testbed,
};

const NAMESPACE: &str = "default";
const GROUP: &str = "default";

/// A version and its server.
pub(crate) struct PublicApi<'a> {
    testbed: &'a Testbed,
    id: VersionId,
}

impl<'a> PublicApi<'a> {
    /// Creates the deployment. For `wci`, it also starts an instance that waits for a compute
    /// config.
    pub(crate) async fn prepare(
        testbed: &'a Testbed,
        controller: Controller,
        name: &str,
    ) -> anyhow::Result<Self> {
        let id = VersionId::new(&format!("{name}-{controller:?}").to_lowercase(), "v1")?;
        let this = Self { testbed, id };
        let request = CreateWorkerDeploymentRequest {
            namespace: NAMESPACE.to_owned(),
            deployment_name: this.id.deployment().to_owned(),
            identity: "bench".to_owned(),
            request_id: this.id.to_string(),
        };
        let mut service = testbed.client.connection().workflow_service();
        service.create_worker_deployment(request.into_request()).await?;
        if controller == Controller::Ours {
            this.claim().await?;
        }
        Ok(this)
    }

    pub(crate) fn id(&self) -> &VersionId {
        &self.id
    }

    async fn claim(&self) -> anyhow::Result<()> {
        let input = json!({"namespace_name": NAMESPACE, "namespace_id": "",
            "deployment_name": self.id.deployment(), "build_id": self.id.build_id(),
            "state": null});
        let options =
            WorkflowStartOptions::new(names::DEFAULT_TASK_QUEUE, self.id.workflow_id()).build();
        let kind = UntypedWorkflow::new(names::INSTANCE_WORKFLOW);
        self.testbed.client.start_workflow(kind, payload_of(&input)?, options).await?;
        Ok(())
    }

    /// `CreateWorkerDeploymentVersion`.
    pub(crate) async fn create(&self) -> Result<(), Status> {
        let scaling_groups = [(GROUP.to_owned(), group(self.id.deployment()))].into();
        let request = CreateWorkerDeploymentVersionRequest {
            namespace: NAMESPACE.to_owned(),
            deployment_version: Some(self.version()),
            compute_config: Some(ComputeConfig { scaling_groups }),
            identity: "bench".to_owned(),
            request_id: self.id.to_string(),
        };
        let mut service = self.testbed.client.connection().workflow_service();
        service.create_worker_deployment_version(request.into_request()).await.map(drop)
    }

    /// `UpdateWorkerDeploymentVersionComputeConfig` with another function.
    pub(crate) async fn change(&self, function: &str) -> Result<(), Status> {
        let mut update = ComputeConfigScalingGroupUpdate {
            scaling_group: Some(group(function)),
            update_mask: None,
        };
        update.update_mask.get_or_insert_default().paths = vec!["provider.details".to_owned()];
        let request = UpdateWorkerDeploymentVersionComputeConfigRequest {
            namespace: NAMESPACE.to_owned(),
            deployment_version: Some(self.version()),
            compute_config_scaling_groups: [(GROUP.to_owned(), update)].into(),
            identity: "bench".to_owned(),
            request_id: format!("{}-{function}", self.id),
            ..Default::default()
        };
        let mut service = self.testbed.client.connection().workflow_service();
        let call = service.update_worker_deployment_version_compute_config(request.into_request());
        call.await.map(drop)
    }

    /// `DescribeWorkerDeploymentVersion`.
    pub(crate) async fn describe(&self) -> Result<(), Status> {
        let request = DescribeWorkerDeploymentVersionRequest {
            namespace: NAMESPACE.to_owned(),
            deployment_version: Some(self.version()),
            ..Default::default()
        };
        let mut service = self.testbed.client.connection().workflow_service();
        service.describe_worker_deployment_version(request.into_request()).await.map(drop)
    }

    fn version(&self) -> WorkerDeploymentVersion {
        WorkerDeploymentVersion {
            deployment_name: self.id.deployment().to_owned(),
            build_id: self.id.build_id().to_owned(),
        }
    }
}

fn group(function: &str) -> ComputeConfigScalingGroup {
    let details = Payload {
        metadata: [("encoding".to_owned(), b"json/plain".to_vec())].into(),
        data: json!({"arn": arn(function)}).to_string().into_bytes(),
        ..Payload::default()
    };
    ComputeConfigScalingGroup {
        provider: Some(ComputeProvider {
            r#type: "aws-lambda".to_owned(),
            details: Some(details),
            ..ComputeProvider::default()
        }),
        ..ComputeConfigScalingGroup::default()
    }
}
