//! Worker Deployments and their versions on the server, and their routing.

use std::time::Duration;

pub(crate) use temporalio_common::protos::temporal::api::enums::v1::WorkerDeploymentVersionStatus as VersionStatus;

use temporalio_client::tonic::{IntoRequest, Request};
use temporalio_common::protos::temporal::api::{
    deployment::v1::WorkerDeploymentVersion,
    workflowservice::v1::{
        CreateWorkerDeploymentRequest, CreateWorkerDeploymentVersionRequest,
        DeleteWorkerDeploymentRequest, DeleteWorkerDeploymentVersionRequest,
        DescribeWorkerDeploymentRequest, SetWorkerDeploymentCurrentVersionRequest,
        UpdateWorkerDeploymentVersionComputeConfigRequest,
    },
};
use uuid::Uuid;
use wci_contract::{
    Spec, VersionId,
    limits::{MAX_MESSAGE, cut},
};

use super::{AdminClient, CHANGE, ControlError, SOON, compute, error::retry_while_busy, within};

/// Shorter than [`CHANGE`], so that the server's own error arrives in time.
const SERVER_CHANGE: Duration = Duration::from_secs(50);

/// A Worker Deployment: the status of each of its versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Deployment {
    versions: Vec<VersionSummary>,
}

/// What the server reports of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
struct VersionSummary {
    build_id: String,
    status: VersionStatus,
    /// The message of the last failed validation; empty if it succeeded, `None` if there was none.
    health: Option<String>,
}

impl Deployment {
    /// The status of `build_id`; `None` if the server does not know that version.
    pub(crate) fn status(&self, build_id: &str) -> Option<VersionStatus> {
        self.summary(build_id).map(|summary| summary.status)
    }

    /// What the server knows to be wrong with the compute of `build_id`: see [`VersionSummary`].
    pub(crate) fn health(&self, build_id: &str) -> Option<&str> {
        self.summary(build_id)?.health.as_deref()
    }

    fn summary(&self, build_id: &str) -> Option<&VersionSummary> {
        self.versions.iter().find(|summary| summary.build_id == build_id)
    }
}

impl AdminClient {
    /// The Worker Deployment of `id`; `None` if the server has none of that name.
    pub(crate) async fn deployment(
        &self,
        id: &VersionId,
    ) -> Result<Option<Deployment>, ControlError> {
        let request = DescribeWorkerDeploymentRequest {
            namespace: self.namespace.clone(),
            deployment_name: id.deployment().to_owned(),
        };
        let found = retry_while_busy(|| {
            let (mut service, request) = (self.service(), request.clone().into_request());
            async move {
                let call = service.describe_worker_deployment(request);
                within("describing the deployment", SOON, call).await
            }
        });
        let info = match found.await {
            Ok(found) => found.into_inner().worker_deployment_info.unwrap_or_default(),
            Err(ControlError::NotFound(_) | ControlError::Unsupported(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let versions = info.version_summaries.into_iter().filter_map(|summary| {
            let status = VersionStatus::try_from(summary.status).unwrap_or_default();
            let validated = summary.compute_status.and_then(|compute| compute.provider_validation);
            let health = validated.map(|it| cut(&it.error_message, MAX_MESSAGE).to_owned());
            let build_id = summary.deployment_version?.build_id;
            Some(VersionSummary { build_id, status, health })
        });
        Ok(Some(Deployment { versions: versions.collect() }))
    }

    /// Creates the Worker Deployment.
    pub(crate) async fn create_deployment(
        &self,
        id: &VersionId,
        identity: &str,
    ) -> Result<(), ControlError> {
        let request = CreateWorkerDeploymentRequest {
            namespace: self.namespace.clone(),
            deployment_name: id.deployment().to_owned(),
            identity: identity.to_owned(),
            request_id: Uuid::new_v4().to_string(),
        };
        retry_while_busy(|| {
            let (mut service, request) = (self.service(), with_server_timeout(request.clone()));
            async move {
                let call = service.create_worker_deployment(request);
                within("creating the Worker Deployment", CHANGE, call).await.map(|_| ())
            }
        })
        .await
    }

    /// Deletes a Worker Deployment without versions.
    pub(crate) async fn delete_deployment(
        &self,
        id: &VersionId,
        identity: &str,
    ) -> Result<(), ControlError> {
        let request = DeleteWorkerDeploymentRequest {
            namespace: self.namespace.clone(),
            deployment_name: id.deployment().to_owned(),
            identity: identity.to_owned(),
        };
        retry_while_busy(|| {
            let (mut service, request) = (self.service(), with_server_timeout(request.clone()));
            async move {
                let call = service.delete_worker_deployment(request);
                within("deleting the Worker Deployment", CHANGE, call).await.map(|_| ())
            }
        })
        .await
    }

    /// Creates the version with `spec`. The server passes the spec to the instance.
    pub(crate) async fn create_version(
        &self,
        id: &VersionId,
        spec: &Spec,
        identity: &str,
    ) -> Result<(), ControlError> {
        let request = CreateWorkerDeploymentVersionRequest {
            namespace: self.namespace.clone(),
            deployment_version: Some(deployment_version(id)),
            compute_config: Some(compute::config(spec)?),
            identity: identity.to_owned(),
            request_id: Uuid::new_v4().to_string(),
        };
        retry_while_busy(|| {
            let (mut service, request) = (self.service(), with_server_timeout(request.clone()));
            async move {
                let call = service.create_worker_deployment_version(request);
                within("creating the version", CHANGE, call).await.map(|_| ())
            }
        })
        .await
    }

    /// Sets the version's compute config to `spec` and removes the groups in `remove`.
    pub(crate) async fn update_version(
        &self,
        id: &VersionId,
        spec: &Spec,
        remove: Vec<String>,
        identity: &str,
    ) -> Result<(), ControlError> {
        let request = UpdateWorkerDeploymentVersionComputeConfigRequest {
            namespace: self.namespace.clone(),
            deployment_version: Some(deployment_version(id)),
            compute_config_scaling_groups: compute::updates(spec)?,
            remove_compute_config_scaling_groups: remove,
            identity: identity.to_owned(),
            request_id: Uuid::new_v4().to_string(),
        };
        retry_while_busy(|| {
            let (mut service, request) = (self.service(), with_server_timeout(request.clone()));
            async move {
                let call = service.update_worker_deployment_version_compute_config(request);
                within("updating the compute config", CHANGE, call).await.map(|_| ())
            }
        })
        .await
    }

    /// Deletes the version and its instance.
    pub(crate) async fn delete_version(
        &self,
        id: &VersionId,
        skip_drainage: bool,
        identity: &str,
    ) -> Result<(), ControlError> {
        let request = DeleteWorkerDeploymentVersionRequest {
            namespace: self.namespace.clone(),
            deployment_version: Some(deployment_version(id)),
            skip_drainage,
            identity: identity.to_owned(),
            ..Default::default()
        };
        retry_while_busy(|| {
            let (mut service, request) = (self.service(), with_server_timeout(request.clone()));
            async move {
                let call = service.delete_worker_deployment_version(request);
                within("deleting the version", CHANGE, call).await.map(|_| ())
            }
        })
        .await
    }

    /// Routes new tasks of the deployment to the version, even without pollers: the instance starts
    /// workers. `ignore_missing` permits task queues that only the current version has.
    pub(crate) async fn set_current(
        &self,
        id: &VersionId,
        ignore_missing: bool,
        identity: &str,
    ) -> Result<(), ControlError> {
        let request = SetWorkerDeploymentCurrentVersionRequest {
            namespace: self.namespace.clone(),
            deployment_name: id.deployment().to_owned(),
            build_id: id.build_id().to_owned(),
            identity: identity.to_owned(),
            ignore_missing_task_queues: ignore_missing,
            allow_no_pollers: true,
            ..Default::default()
        };
        retry_while_busy(|| {
            let (mut service, request) = (self.service(), with_server_timeout(request.clone()));
            async move {
                let call = service.set_worker_deployment_current_version(request);
                within("making the version current", CHANGE, call).await.map(|_| ())
            }
        })
        .await
    }
}

pub(super) fn deployment_version(id: &VersionId) -> WorkerDeploymentVersion {
    WorkerDeploymentVersion {
        deployment_name: id.deployment().to_owned(),
        build_id: id.build_id().to_owned(),
    }
}

pub(super) fn with_server_timeout<T>(message: T) -> Request<T> {
    let mut request = message.into_request();
    request.set_timeout(SERVER_CHANGE);
    request
}
