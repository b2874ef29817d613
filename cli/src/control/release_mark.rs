//! The mark of a released version: an entry in its metadata, which any client of the namespace can
//! read and remove.

use std::collections::HashMap;

use serde::Serialize;
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    common::v1::Payload,
    workflowservice::v1::{
        DescribeWorkerDeploymentVersionRequest, DescribeWorkerDeploymentVersionResponse,
        UpdateWorkerDeploymentVersionMetadataRequest,
    },
};
use wci_contract::{VersionId, names::RELEASED_KEY};

use super::{
    AdminClient, CHANGE, ControlError, SOON,
    error::retry_while_busy,
    version::{deployment_version, with_server_timeout},
    wire::encode,
    within,
};
use crate::clock;

/// Who released a version, and when.
#[derive(Serialize)]
struct Mark<'a> {
    by: &'a str,
    at: String,
}

impl AdminClient {
    /// Whether the version was released to the server's controller; `None` if the server does not
    /// know the version.
    pub(crate) async fn is_released(&self, id: &VersionId) -> Result<Option<bool>, ControlError> {
        match self.describe_version(id, false).await {
            Ok(found) => {
                let info = found.worker_deployment_version_info.unwrap_or_default();
                let entries = info.metadata.unwrap_or_default().entries;
                Ok(Some(entries.contains_key(RELEASED_KEY)))
            }
            Err(ControlError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Marks the version as released by `identity`.
    pub(crate) async fn mark_released(
        &self,
        id: &VersionId,
        identity: &str,
    ) -> Result<(), ControlError> {
        let mark = Mark { by: identity, at: clock::rfc3339(clock::now()) };
        let payload = encode(&mark)?.payloads.pop().unwrap_or_default();
        let entries = HashMap::from([(RELEASED_KEY.to_owned(), payload)]);
        self.change_metadata(id, entries, Vec::new(), identity).await
    }

    /// Removes the mark.
    pub(crate) async fn unmark_released(
        &self,
        id: &VersionId,
        identity: &str,
    ) -> Result<(), ControlError> {
        let gone = vec![RELEASED_KEY.to_owned()];
        self.change_metadata(id, HashMap::new(), gone, identity).await
    }

    /// The server's description of the version, with task queue stats if requested.
    pub(super) async fn describe_version(
        &self,
        id: &VersionId,
        report_task_queue_stats: bool,
    ) -> Result<DescribeWorkerDeploymentVersionResponse, ControlError> {
        let request = DescribeWorkerDeploymentVersionRequest {
            namespace: self.namespace.clone(),
            deployment_version: Some(deployment_version(id)),
            report_task_queue_stats,
            ..Default::default()
        };
        retry_while_busy(|| {
            let (mut service, request) = (self.service(), request.clone().into_request());
            async move {
                let call = service.describe_worker_deployment_version(request);
                within("describing the version", SOON, call).await.map(|answer| answer.into_inner())
            }
        })
        .await
    }

    async fn change_metadata(
        &self,
        id: &VersionId,
        upsert_entries: HashMap<String, Payload>,
        remove_entries: Vec<String>,
        identity: &str,
    ) -> Result<(), ControlError> {
        let request = UpdateWorkerDeploymentVersionMetadataRequest {
            namespace: self.namespace.clone(),
            deployment_version: Some(deployment_version(id)),
            upsert_entries,
            remove_entries,
            identity: identity.to_owned(),
            ..Default::default()
        };
        retry_while_busy(|| {
            let (mut service, request) = (self.service(), with_server_timeout(request.clone()));
            async move {
                let call = service.update_worker_deployment_version_metadata(request);
                within("updating the version's metadata", CHANGE, call).await.map(|_| ())
            }
        })
        .await
    }
}
