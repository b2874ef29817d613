//! Names of the environment variables that this worker reads by itself.
//!
//! An unset variable and an empty one are the same. Times are whole milliseconds.

/// When the invocation must be over, in milliseconds since the Unix epoch.
///
/// A value before the year 2020 is no plausible time and is taken as a duration from now.
pub const DEADLINE_MS: &str = "TEMPORAL_SERVERLESS_DEADLINE_MS";
/// Name of the Worker Deployment; required here or in the program.
pub const DEPLOYMENT_NAME: &str = "TEMPORAL_DEPLOYMENT_NAME";
/// Build ID within the Worker Deployment; required here or in the program.
pub const BUILD_ID: &str = "TEMPORAL_WORKER_BUILD_ID";
/// Task queue to poll, instead of the one in the program.
pub const TASK_QUEUE: &str = "TEMPORAL_TASK_QUEUE";
/// Identity that the server shows for this worker; `<pid>@<host>` if unset.
pub const IDENTITY: &str = "TEMPORAL_SERVERLESS_IDENTITY";
/// Client profile file; must exist when set.
pub const CONFIG_FILE: &str = "TEMPORAL_CONFIG_FILE";
/// Directory in which a Lambda function's code lies; its `temporal.toml` is read.
pub const LAMBDA_TASK_ROOT: &str = "LAMBDA_TASK_ROOT";
/// Where Lambda's runtime API listens; set by Lambda, and what Lambda mode is known by.
pub const LAMBDA_RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// Activities at once.
pub const ACTIVITY_SLOTS: &str = "TEMPORAL_SERVERLESS_ACTIVITY_SLOTS";
/// Workflow tasks at once.
pub const WORKFLOW_SLOTS: &str = "TEMPORAL_SERVERLESS_WORKFLOW_SLOTS";
/// Local activities at once.
pub const LOCAL_ACTIVITY_SLOTS: &str = "TEMPORAL_SERVERLESS_LOCAL_ACTIVITY_SLOTS";
/// Nexus tasks at once.
pub const NEXUS_SLOTS: &str = "TEMPORAL_SERVERLESS_NEXUS_SLOTS";

/// How long to stay without a task; `off` stays until the deadline or a signal.
pub const IDLE_TIMEOUT_MS: &str = "TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS";
/// Time kept free for the shutdown before the deadline.
pub const DEADLINE_BUFFER_MS: &str = "TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS";
/// How long the shutdown waits for tasks that run.
pub const WORKER_STOP_TIMEOUT_MS: &str = "TEMPORAL_SERVERLESS_WORKER_STOP_TIMEOUT_MS";
/// How long all shutdown hooks together may take.
pub const SHUTDOWN_HOOK_BUDGET_MS: &str = "TEMPORAL_SERVERLESS_SHUTDOWN_HOOK_BUDGET_MS";
/// The longest activity of this worker, to have the other times checked against it.
pub const LONGEST_ACTIVITY_MS: &str = "TEMPORAL_SERVERLESS_LONGEST_ACTIVITY_MS";
/// How long the platform waits between SIGTERM and SIGKILL.
pub const TERMINATION_GRACE_MS: &str = "TEMPORAL_SERVERLESS_TERMINATION_GRACE_MS";

/// All of the above.
pub(crate) const ALL: [&str; 18] = [
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
    DEADLINE_BUFFER_MS,
    WORKER_STOP_TIMEOUT_MS,
    SHUTDOWN_HOOK_BUDGET_MS,
    LONGEST_ACTIVITY_MS,
    TERMINATION_GRACE_MS,
];
