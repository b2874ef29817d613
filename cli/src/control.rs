//! The admin client: calls to the server and to instances. Every call has a time limit and an error
//! that says what to do; nothing is printed here.

mod announcements;
mod compute;
mod dry_run;
mod error;
mod execution;
mod existing;
mod history;
mod instance;
mod list;
mod pollers;
mod queues;
mod release_mark;
mod server_version;
mod takeover;
mod version;
mod wire;

use std::time::Duration;

use anyhow::bail;
use temporalio_client::{Client, grpc::WorkflowService, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use wci_contract::names::{DEFAULT_TASK_QUEUE, SERVER_QUEUE_PREFIX};

pub use announcements::Announcements;
pub(crate) use compute::{leftover, replacement};
pub use error::ControlError;
pub(crate) use error::within;
pub use execution::Owner;
pub(crate) use execution::{Execution, Retrying};
pub use list::Listed;
pub(crate) use queues::Queue;
pub use server_version::{ServerVersion, require_supported_server};
pub(crate) use version::{Deployment, VersionStatus};

use crate::connection::{self, ConnectionArgs};

/// Time limit of a call that the server answers itself.
pub(crate) const SOON: Duration = Duration::from_secs(10);
/// Time limit of a query of an instance.
pub(crate) const QUERY: Duration = Duration::from_secs(5);
/// Time limit of a change, which the instance checks with its compute providers.
pub(crate) const CHANGE: Duration = Duration::from_secs(60);

/// The namespace and the system worker that a command talks to.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Scope {
    /// Namespace [env: TEMPORAL_NAMESPACE] [default: default]
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
    /// Task queue of the system worker
    #[arg(long, env = "WCI_TASK_QUEUE", default_value = DEFAULT_TASK_QUEUE, value_name = "NAME")]
    task_queue: String,
}

/// A client for the instances and versions of one namespace.
#[derive(Clone)]
pub struct AdminClient {
    client: Client,
    namespace: String,
    namespace_id: String,
    task_queue: String,
}

impl Scope {
    /// Connects. Fails unless the namespace exists.
    pub(crate) async fn open(&self, connection: &ConnectionArgs) -> anyhow::Result<AdminClient> {
        let task_queue = self.task_queue.clone();
        if task_queue.starts_with(SERVER_QUEUE_PREFIX) {
            bail!(
                "--task-queue {task_queue}: names that begin with {SERVER_QUEUE_PREFIX} are \
                 reserved for the server: use the queue of a `wci worker`"
            );
        }
        let target = connection.target()?;
        let namespace = self.namespace.clone().filter(|name| !name.is_empty());
        let namespace = namespace.unwrap_or_else(|| target.namespace.clone());
        AdminClient::new(connection::client(target.connect().await?, &namespace)?, task_queue).await
    }
}

impl AdminClient {
    /// An admin client for the namespace of `client` and the system worker on `task_queue`. Fails
    /// unless the namespace exists.
    pub async fn new(client: Client, task_queue: String) -> anyhow::Result<Self> {
        let namespace = client.options().namespace.clone();
        let mut admin = Self { client, namespace, namespace_id: String::new(), task_queue };
        admin.namespace_id = admin.find_namespace().await?;
        Ok(admin)
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The system worker's task queue.
    pub(crate) fn task_queue(&self) -> &str {
        &self.task_queue
    }

    /// Whether the server stores compute configs and passes them to instances.
    pub(crate) fn server_has_compute_configs(&self) -> bool {
        self.client.connection().capabilities().is_some_and(|can| can.server_scaled_deployments)
    }

    async fn find_namespace(&self) -> anyhow::Result<String> {
        let namespace = &self.namespace;
        let request =
            DescribeNamespaceRequest { namespace: namespace.clone(), ..Default::default() };
        let mut service = self.service();
        let call = service.describe_namespace(request.into_request());
        match within("looking for the namespace", SOON, call).await {
            Ok(answer) => Ok(answer.into_inner().namespace_info.unwrap_or_default().id),
            Err(ControlError::NotFound(_)) => {
                bail!("namespace {namespace:?} does not exist: use another with --namespace")
            }
            Err(error) => bail!("cannot describe namespace {namespace:?}: {error}"),
        }
    }

    fn service(&self) -> Box<dyn WorkflowService> {
        self.client.connection().workflow_service()
    }
}
