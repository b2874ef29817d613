//! Names that a stock server and its clients address a worker controller instance (WCI) by.

use std::fmt;

/// Type of the instance workflow.
pub const INSTANCE_WORKFLOW: &str = "temporal-sys-worker-controller-instance-workflow";
/// Type of the workflow that dry-runs a spec without an instance.
pub const VALIDATE_WORKFLOW: &str = "temporal-sys-worker-controller-instance-validate-workflow";
/// What every instance's workflow ID begins with, followed by `<deployment>:<build-id>`.
pub const INSTANCE_PREFIX: &str = "temporal-sys-worker-controller-instance:";
/// What the workflow ID of a Worker Deployment Version begins with.
pub const VERSION_PREFIX: &str = "temporal-sys-worker-deployment-version:";
/// Search attribute that keeps system workflows out of users' lists.
pub const DIVISION_ATTRIBUTE: &str = "TemporalNamespaceDivision";
/// Its value for instances.
pub const DIVISION: &str = "TemporalWorkerControllerInstance";
/// Memo key under which clients find deployment, build and creation time.
pub const MEMO: &str = "WorkerControllerInstanceMemo";
/// The compute provider that keeps a pool of processes.
pub const SUBPROCESS_POOL: &str = "subprocess-pool";
/// Signal by which matching announces tasks.
pub const TASK_ADD_SIGNAL: &str = "task-add-signal";
/// Update that changes the spec.
pub const UPDATE: &str = "update-worker-controller-instance";
/// Update that ends the instance.
pub const DELETE: &str = "delete-worker-controller-instance";
/// Update that checks a change without making it.
pub const VALIDATE: &str = "validate-spec";
/// Update of ours alone: the instance ends and answers with all that it knows, so that another
/// controller can go on.
pub const RELEASE: &str = "release-worker-controller-instance";
/// Key in a version's metadata: handed back to the server's controller, so that automatic
/// adoption leaves it alone.
pub const RELEASED_KEY: &str = "wci-released";
/// Signal by which an instance tells the version's workflow what the latest check of its compute
/// config found.
pub const SYNC_VALIDATION: &str = "sync-validation-status";
/// Query that the server's deployment workflows ask.
pub const DESCRIBE: &str = "describe-wci";
/// Query that answers with everything that the instance carries.
pub const DUMP: &str = "dump-local-state";
/// Task queue of our system worker, unless the operator names another.
pub const DEFAULT_TASK_QUEUE: &str = "wci-system";
/// Queues that only the server's own workers may poll begin with this.
pub const SERVER_QUEUE_PREFIX: &str = "temporal-sys-";

/// The task queue on which the watches of the system worker on `task_queue` run: their own, so
/// that they never take slots from launches.
pub fn watch_queue(task_queue: &str) -> String {
    format!("{task_queue}-watch")
}

/// One Worker Deployment Version, and so one instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId {
    deployment: String,
    build_id: String,
}

/// Why a name is not one of a Worker Deployment Version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// One of the two names is empty.
    #[error("{0} is empty: a version is written <deployment>:<build-id>, for example orders:v1")]
    Empty(&'static str),
    /// The colon separates deployment and build.
    #[error("deployment name {0:?} contains a colon, which separates it from the build ID")]
    Colon(String),
    /// Too long for a workflow ID.
    #[error("{what} is {len} bytes long; at most {max} are allowed")]
    TooLong {
        /// Which name.
        what: &'static str,
        /// Its length in bytes.
        len: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// No colon or slash between the two.
    #[error("{0:?} does not name a version: write <deployment>:<build-id>, for example orders:v1")]
    NotAVersion(String),
}

const MAX_NAME: usize = 400;

impl InstanceId {
    /// The version `deployment`, `build_id`. Neither may be empty; the first colon of a workflow
    /// ID ends the deployment, so a deployment's name holds none.
    pub fn new(deployment: &str, build_id: &str) -> Result<Self, NameError> {
        for (what, name) in [("deployment name", deployment), ("build ID", build_id)] {
            if name.is_empty() {
                return Err(NameError::Empty(what));
            }
            if name.len() > MAX_NAME {
                return Err(NameError::TooLong { what, len: name.len(), max: MAX_NAME });
            }
        }
        if deployment.contains(':') {
            return Err(NameError::Colon(deployment.to_owned()));
        }
        Ok(Self { deployment: deployment.to_owned(), build_id: build_id.to_owned() })
    }

    /// Reads `<deployment>:<build-id>` or `<deployment>/<build-id>`, as a person types it.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (deployment, build_id) = text
            .split_once(':')
            .or_else(|| text.split_once('/'))
            .ok_or_else(|| NameError::NotAVersion(text.to_owned()))?;
        Self::new(deployment, build_id)
    }

    /// Reads an instance's workflow ID; `None` when it is not one.
    pub fn from_workflow_id(id: &str) -> Option<Self> {
        let (deployment, build_id) = id.strip_prefix(INSTANCE_PREFIX)?.split_once(':')?;
        Self::new(deployment, build_id).ok()
    }

    /// The name of the Worker Deployment.
    pub fn deployment(&self) -> &str {
        &self.deployment
    }

    /// The build ID of the version.
    pub fn build_id(&self) -> &str {
        &self.build_id
    }

    /// The ID of the instance workflow.
    pub fn workflow_id(&self) -> String {
        format!("{INSTANCE_PREFIX}{self}")
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.deployment, self.build_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_colon_ends_the_deployment() {
        let id = InstanceId::parse("orders:v1:hotfix").unwrap();
        assert_eq!((id.deployment(), id.build_id()), ("orders", "v1:hotfix"));
        assert_eq!(id.workflow_id(), "temporal-sys-worker-controller-instance:orders:v1:hotfix");
        assert_eq!(InstanceId::from_workflow_id(&id.workflow_id()), Some(id));
    }

    #[test]
    fn a_slash_serves_where_there_is_no_colon() {
        assert_eq!(InstanceId::parse("orders/v1").unwrap().to_string(), "orders:v1");
    }

    #[test]
    fn what_is_not_a_version_is_refused_with_an_example() {
        for text in ["", "orders", ":v1", "orders:"] {
            let message = InstanceId::parse(text).unwrap_err().to_string();
            assert!(message.contains("orders:v1"), "{message}");
        }
        assert!(InstanceId::from_workflow_id("some-other-workflow").is_none());
    }
}
