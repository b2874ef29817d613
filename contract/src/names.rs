//! The names by which a stock server and its clients address a worker controller instance (WCI).

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
