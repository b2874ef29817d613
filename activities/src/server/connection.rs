//! Requests to the server, within a time limit.

use std::time::Duration;

use temporalio_client::{
    Client,
    grpc::WorkflowService,
    tonic::{IntoRequest, Request, Status},
};

/// How long the server may take to answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the server could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the version's task queues: {0}")]
pub struct StatsError(#[from] Box<Status>);

/// The server, for requests in one namespace.
#[derive(Clone)]
pub(crate) struct Server {
    client: Client,
}

impl Server {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    pub(crate) fn namespace(&self) -> String {
        self.client.options().namespace.clone()
    }

    pub(crate) fn service(&self) -> Box<dyn WorkflowService> {
        self.client.connection().workflow_service()
    }
}

/// A request that fails once the server has taken too long.
pub(crate) fn request<T>(message: T) -> Request<T> {
    let mut request = message.into_request();
    request.set_timeout(REQUEST_TIMEOUT);
    request
}
