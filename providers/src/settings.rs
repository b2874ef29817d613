//! The operator's settings: for the whole system worker, and for each namespace.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::PathBuf,
    time::Duration,
};

use aws_sdk_sts::config::SharedCredentialsProvider;

use crate::{AllowedVariables, Secrets, lambda::TlsRoots};

/// Settings of the whole system worker: see [`Host`](crate::Host).
#[derive(Debug, Clone, Default)]
pub struct HostSettings {
    /// How to connect to AWS.
    pub aws: AwsSettings,
    /// Processes on this machine; `None` if no provider that runs processes is enabled.
    pub processes: Option<ProcessSettings>,
}

/// How to connect to AWS.
#[derive(Debug, Clone, Default)]
pub struct AwsSettings {
    /// The endpoint of STS and Lambda, instead of AWS's own or that of `AWS_ENDPOINT_URL`.
    pub endpoint_url: Option<String>,
    /// The system worker's own credentials, instead of the SDK's default chain.
    pub credentials: Option<SharedCredentialsProvider>,
    /// The root certificates; `None` for those of this machine at the first call.
    pub roots: Option<TlsRoots>,
}

/// A role to assume before the role of a spec.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntermediaryRole {
    /// `arn:<partition>:iam::<account>:role/<name>`.
    pub role: String,
    /// The external ID that its trust policy requires.
    pub external_id: Option<String>,
}

/// Processes on this machine.
#[derive(Debug, Clone)]
pub struct ProcessSettings {
    /// The folder for a record of each process. It must survive a restart of the system worker, and
    /// only the system worker may write to it.
    pub run_dir: PathBuf,
    /// The maximum number of processes that may run at the same time, over all namespaces.
    pub max_processes: u32,
    /// The program that supervises each process.
    pub supervisor: SupervisorProgram,
    /// How long the processes of a pool run after the system worker that owned it has ended.
    pub lease: Duration,
    /// How long a pool stays after the last request of its instance. An instance repeats its request
    /// every ten minutes; one that was terminated sends none.
    pub lapse: Duration,
}

impl ProcessSettings {
    /// The default of [`ProcessSettings::max_processes`].
    pub const DEFAULT_MAX_PROCESSES: u32 = 100;
    /// The default of [`ProcessSettings::lease`]: longer than a restart takes.
    pub const DEFAULT_LEASE: Duration = Duration::from_secs(60);
    /// The default of [`ProcessSettings::lapse`].
    pub const DEFAULT_LAPSE: Duration = Duration::from_secs(3 * 60 * 60);
}

/// A program that passes the arguments after its own to [`supervisor::run`](crate::supervisor::run).
#[derive(Debug, Clone)]
pub struct SupervisorProgram {
    /// The executable, by absolute path.
    pub program: PathBuf,
    /// The arguments before those of the supervisor, for example a subcommand.
    pub args: Vec<OsString>,
}

/// Settings of one namespace: see [`Registry`](crate::Registry).
#[derive(Debug, Clone)]
pub struct Settings {
    /// The provider types that specs may use.
    pub enabled: BTreeSet<String>,
    /// The secrets that specs may use.
    pub secrets: Secrets,
    /// The maximum number of processes of the namespace at the same time; `None` allows as many as
    /// the machine.
    pub max_processes: Option<u32>,
    /// The maximum number of bytes that its processes may write to the log in a minute.
    pub max_log_bytes_per_minute: u64,
    /// Settings of `aws-lambda`.
    pub lambda: LambdaSettings,
    /// Settings of `subprocess`.
    pub subprocess: SubprocessSettings,
    /// Settings of `subprocess-pool`.
    pub pool: SubprocessSettings,
}

impl Settings {
    /// The default of [`Settings::max_log_bytes_per_minute`].
    pub const DEFAULT_LOG_BYTES_PER_MINUTE: u64 = 4_000_000;
}

impl Default for Settings {
    /// Enables only `aws-lambda`.
    fn default() -> Self {
        Self {
            enabled: BTreeSet::from([crate::AWS_LAMBDA.to_owned()]),
            secrets: Secrets::default(),
            max_processes: None,
            max_log_bytes_per_minute: Self::DEFAULT_LOG_BYTES_PER_MINUTE,
            lambda: LambdaSettings::default(),
            subprocess: SubprocessSettings::default(),
            pool: SubprocessSettings::default(),
        }
    }
}

/// What one namespace may do with AWS Lambda.
#[derive(Debug, Clone, Default)]
pub struct LambdaSettings {
    /// Whether a spec may omit role and external ID, and so use the system worker's own credentials.
    pub allow_no_role: bool,
    /// The accounts whose functions may be invoked, and, without `roles`, whose roles may be assumed;
    /// `None` allows any.
    pub accounts: Option<BTreeSet<String>>,
    /// The ARNs of the roles that may be assumed; `None` allows any role of these accounts.
    pub roles: Option<BTreeSet<String>>,
    /// Roles to assume one after the other, starting with the system worker's own credentials,
    /// before the role of a spec.
    pub intermediary_roles: Vec<IntermediaryRole>,
}

/// What one namespace may do with processes.
#[derive(Debug, Clone, Default)]
pub struct SubprocessSettings {
    /// The allowed programs, by their names in specs.
    pub commands: BTreeMap<String, CommandSettings>,
    /// Environment variables of every process, for example `TEMPORAL_ADDRESS`; a spec cannot change
    /// them.
    pub pass_env: BTreeMap<String, String>,
}

/// A program that specs may run, and what they may set for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSettings {
    /// The absolute path of the program.
    pub path: PathBuf,
    /// Its first arguments; those of a spec follow.
    pub args: Vec<String>,
    /// Its working directory; `None` is the system worker's.
    pub working_directory: Option<PathBuf>,
    /// Whether a spec may add arguments.
    pub allow_args: bool,
    /// The variables that a spec may set in addition to those that tune a worker.
    pub allow_env: AllowedVariables,
    /// Whether a spec may set the working directory.
    pub allow_working_directory: bool,
}

impl CommandSettings {
    /// A program for which specs may set arguments and working directory.
    pub fn open(path: PathBuf) -> Self {
        Self {
            path,
            args: Vec::new(),
            working_directory: None,
            allow_args: true,
            allow_env: AllowedVariables::default(),
            allow_working_directory: true,
        }
    }

    /// A program for which specs may set only the variables that tune a worker.
    pub fn closed(path: PathBuf) -> Self {
        Self { allow_args: false, allow_working_directory: false, ..Self::open(path) }
    }
}
