//! The names by which a stock server and its clients address a worker controller instance (WCI).

/// Type of the instance workflow.
pub const INSTANCE_WORKFLOW: &str = "temporal-sys-worker-controller-instance-workflow";
/// Type of the workflow that dry-runs a spec without an instance.
pub const VALIDATE_WORKFLOW: &str = "temporal-sys-worker-controller-instance-validate-workflow";
/// Prefix of every instance's workflow ID, followed by `<deployment>:<build-id>`.
pub const INSTANCE_PREFIX: &str = "temporal-sys-worker-controller-instance:";
/// Prefix of the workflow ID of a Worker Deployment Version.
pub const VERSION_PREFIX: &str = "temporal-sys-worker-deployment-version:";
/// Search attribute that hides system workflows from users' lists.
pub const DIVISION_ATTRIBUTE: &str = "TemporalNamespaceDivision";
/// Its value for instances.
pub const DIVISION: &str = "TemporalWorkerControllerInstance";
/// Memo key under which clients find deployment, build and creation time.
pub const MEMO: &str = "WorkerControllerInstanceMemo";
/// The compute provider that keeps a pool of processes.
pub const SUBPROCESS_POOL: &str = "subprocess-pool";
/// Signal with which the matching service announces tasks.
pub const TASK_ADD_SIGNAL: &str = "task-add-signal";
/// Update that changes the spec.
pub const UPDATE: &str = "update-worker-controller-instance";
/// Update that deletes the instance.
pub const DELETE: &str = "delete-worker-controller-instance";
/// Update that checks a change without applying it.
pub const VALIDATE: &str = "validate-spec";
/// Update that only `wci` has: the instance completes and replies with its state, so that another
/// controller can take over.
pub const RELEASE: &str = "release-worker-controller-instance";
/// Key in a version's metadata: the version was released to the server's controller, and automatic
/// adoption leaves it there.
pub const RELEASED_KEY: &str = "wci-released";
/// Signal with which an instance sends the result of the latest check of its compute config to the
/// version's workflow.
pub const SYNC_VALIDATION: &str = "sync-validation-status";
/// Query that the server's deployment workflows send.
pub const DESCRIBE: &str = "describe-wci";
/// Query that returns the whole state of the instance.
pub const DUMP: &str = "dump-local-state";
/// Default task queue of the system worker.
pub const DEFAULT_TASK_QUEUE: &str = "wci-system";
/// Prefix of the task queues that only the server's own workers may poll.
pub const SERVER_QUEUE_PREFIX: &str = "temporal-sys-";

/// The task queue for the watches of the system worker on `task_queue`. It is separate, so that
/// watches never take slots from launches.
pub fn watch_queue(task_queue: &str) -> String {
    format!("{task_queue}-watch")
}
