//! Names of the environment variables that the worker reads.
//!
//! An empty variable counts as unset. Times are whole milliseconds.

/// Deadline of the invocation, in milliseconds since the Unix epoch.
///
/// A value before the year 2020 is interpreted as a duration from now.
pub const DEADLINE_MS: &str = "TEMPORAL_SERVERLESS_DEADLINE_MS";
/// Name of the Worker Deployment. Required here or in the program.
pub const DEPLOYMENT_NAME: &str = "TEMPORAL_DEPLOYMENT_NAME";
/// Build ID within the Worker Deployment. Required here or in the program.
pub const BUILD_ID: &str = "TEMPORAL_WORKER_BUILD_ID";
/// Task queue to poll instead of the one in the program.
pub const TASK_QUEUE: &str = "TEMPORAL_TASK_QUEUE";
/// Identity that the server shows for this worker; `<pid>@<host>` if unset.
pub const IDENTITY: &str = "TEMPORAL_SERVERLESS_IDENTITY";
/// Path of the client profile file, which must exist.
pub const CONFIG_FILE: &str = "TEMPORAL_CONFIG_FILE";
/// Directory of a Lambda function's code, in which the worker looks for `temporal.toml`.
pub const LAMBDA_TASK_ROOT: &str = "LAMBDA_TASK_ROOT";
/// Address of Lambda's runtime API. Set by Lambda; its presence selects Lambda mode.
pub const LAMBDA_RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// Number of activities that may run at once.
pub const ACTIVITY_SLOTS: &str = "TEMPORAL_SERVERLESS_ACTIVITY_SLOTS";
/// Number of workflow tasks that may run at once.
pub const WORKFLOW_SLOTS: &str = "TEMPORAL_SERVERLESS_WORKFLOW_SLOTS";
/// Number of local activities that may run at once.
pub const LOCAL_ACTIVITY_SLOTS: &str = "TEMPORAL_SERVERLESS_LOCAL_ACTIVITY_SLOTS";
/// Number of Nexus tasks that may run at once.
pub const NEXUS_SLOTS: &str = "TEMPORAL_SERVERLESS_NEXUS_SLOTS";

/// Time without a task after which the worker shuts down. With `off` the worker runs until the
/// deadline or a signal.
pub const IDLE_TIMEOUT_MS: &str = "TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS";
/// `off` keeps a worker whose tasks the others could process; `on`, the default, has it leave.
pub const CONSOLIDATE: &str = "TEMPORAL_SERVERLESS_CONSOLIDATE";
/// Share of tasks in percent that may find no free slot among the workers that stay.
pub const CONSOLIDATE_WAIT_PERCENT: &str = "TEMPORAL_SERVERLESS_CONSOLIDATE_WAIT_PERCENT";
/// How long a worker polls before it may leave although it has tasks.
pub const CONSOLIDATE_MIN_LIFE_MS: &str = "TEMPORAL_SERVERLESS_CONSOLIDATE_MIN_LIFE_MS";
/// Mean interval between two looks at the server's list of workers.
pub const CONSOLIDATE_INTERVAL_MS: &str = "TEMPORAL_SERVERLESS_CONSOLIDATE_INTERVAL_MS";
/// Time before the deadline that is reserved for the shutdown.
pub const DEADLINE_BUFFER_MS: &str = "TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS";
/// How long the shutdown waits for running tasks.
pub const WORKER_STOP_TIMEOUT_MS: &str = "TEMPORAL_SERVERLESS_WORKER_STOP_TIMEOUT_MS";
/// How long all shutdown hooks together may take.
pub const SHUTDOWN_HOOK_BUDGET_MS: &str = "TEMPORAL_SERVERLESS_SHUTDOWN_HOOK_BUDGET_MS";
/// Duration of this worker's longest activity, to check the other times against it.
pub const LONGEST_ACTIVITY_MS: &str = "TEMPORAL_SERVERLESS_LONGEST_ACTIVITY_MS";
/// Time between SIGTERM and SIGKILL on the platform.
pub const TERMINATION_GRACE_MS: &str = "TEMPORAL_SERVERLESS_TERMINATION_GRACE_MS";

/// All of the above.
pub(crate) const ALL: [&str; 22] = [
    DEADLINE_MS,
    DEPLOYMENT_NAME,
    BUILD_ID,
    TASK_QUEUE,
    IDENTITY,
    CONFIG_FILE,
    LAMBDA_TASK_ROOT,
    LAMBDA_RUNTIME_API,
    ACTIVITY_SLOTS,
    WORKFLOW_SLOTS,
    LOCAL_ACTIVITY_SLOTS,
    NEXUS_SLOTS,
    IDLE_TIMEOUT_MS,
    CONSOLIDATE,
    CONSOLIDATE_WAIT_PERCENT,
    CONSOLIDATE_MIN_LIFE_MS,
    CONSOLIDATE_INTERVAL_MS,
    DEADLINE_BUFFER_MS,
    WORKER_STOP_TIMEOUT_MS,
    SHUTDOWN_HOOK_BUDGET_MS,
    LONGEST_ACTIVITY_MS,
    TERMINATION_GRACE_MS,
];
