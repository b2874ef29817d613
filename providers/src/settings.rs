//! What the operator sets: for the whole system worker, and for each namespace.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::PathBuf,
    time::Duration,
};

use aws_sdk_sts::config::SharedCredentialsProvider;

use crate::Secrets;

/// For the whole system worker: see [`Host`](crate::Host).
#[derive(Debug, Clone, Default)]
pub struct HostSettings {
    /// The way to AWS.
    pub aws: AwsSettings,
    /// Processes on this machine; `None` where no provider that runs processes is enabled.
    pub processes: Option<ProcessSettings>,
}

/// The way to AWS.
#[derive(Debug, Clone, Default)]
pub struct AwsSettings {
    /// Where STS and Lambda listen, instead of AWS or what `AWS_ENDPOINT_URL` says.
    pub endpoint_url: Option<String>,
    /// Our own credentials, instead of the SDK's default chain.
    pub credentials: Option<SharedCredentialsProvider>,
}

/// A role on the way to the role of a spec.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntermediaryRole {
    /// `arn:<partition>:iam::<account>:role/<name>`.
    pub role: String,
    /// What its trust policy asks for.
    pub external_id: Option<String>,
}

/// Processes on this machine.
#[derive(Debug, Clone)]
pub struct ProcessSettings {
    /// Holds a record of each launched process. It must survive a restart of the system worker
    /// and be writable by nobody else.
    pub run_dir: PathBuf,
    /// Processes that may live at once, over all namespaces.
    pub max_processes: u32,
    /// What watches over each process.
    pub shepherd: Shepherd,
    /// How long a pool of processes outlives the system worker that kept it.
    pub lease: Duration,
    /// How long a pool of processes outlives the last word of its instance, which says every ten
    /// minutes what it wants: one that was terminated says nothing any more.
    pub lapse: Duration,
}

impl ProcessSettings {
    /// [`ProcessSettings::max_processes`] unless the operator says otherwise.
    pub const DEFAULT_MAX_PROCESSES: u32 = 100;
    /// [`ProcessSettings::lease`] unless somebody says otherwise: longer than a restart takes.
    pub const DEFAULT_LEASE: Duration = Duration::from_secs(60);
    /// [`ProcessSettings::lapse`] unless the operator says otherwise.
    pub const DEFAULT_LAPSE: Duration = Duration::from_secs(3 * 60 * 60);
}

/// A program that hands the arguments after its own to [`shepherd::run`](crate::shepherd::run).
#[derive(Debug, Clone)]
pub struct Shepherd {
    /// The executable, by absolute path.
    pub program: PathBuf,
    /// Its leading arguments, for instance `shepherd`.
    pub args: Vec<OsString>,
}

/// For one namespace: see [`Registry`](crate::Registry).
#[derive(Debug, Clone)]
pub struct Settings {
    /// Types of the providers that may be used.
    pub enabled: BTreeSet<String>,
    /// Secrets that may be used.
    pub secrets: Secrets,
    /// Of `aws-lambda`.
    pub lambda: LambdaSettings,
    /// Of `subprocess`.
    pub subprocess: SubprocessSettings,
    /// Of `subprocess-pool`.
    pub pool: SubprocessSettings,
}

impl Default for Settings {
    /// `aws-lambda` alone.
    fn default() -> Self {
        Self {
            enabled: BTreeSet::from([crate::AWS_LAMBDA.to_owned()]),
            secrets: Secrets::default(),
            lambda: LambdaSettings::default(),
            subprocess: SubprocessSettings::default(),
            pool: SubprocessSettings::default(),
        }
    }
}

/// What one namespace may do with AWS Lambda.
#[derive(Debug, Clone, Default)]
pub struct LambdaSettings {
    /// Whether a spec may go without role and external ID, using our own credentials.
    pub allow_no_role: bool,
    /// Accounts whose functions may be used, and roles where `roles` does not name them; `None`:
    /// any.
    pub accounts: Option<BTreeSet<String>>,
    /// ARNs of the roles that may be assumed; `None`: any of these accounts.
    pub roles: Option<BTreeSet<String>>,
    /// Roles assumed one after the other, starting from our own credentials, before the role of
    /// a spec.
    pub intermediary_roles: Vec<IntermediaryRole>,
}

/// What one namespace may do with processes.
#[derive(Debug, Clone, Default)]
pub struct SubprocessSettings {
    /// Programs by the names that specs use.
    pub commands: BTreeMap<String, CommandSettings>,
    /// Variables for every process, for instance `TEMPORAL_ADDRESS`; a spec cannot change them.
    pub pass_env: BTreeMap<String, String>,
}

/// A program that specs may run, and what they may tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSettings {
    /// The program, by absolute path.
    pub path: PathBuf,
    /// Its first arguments; those of a spec come after them.
    pub args: Vec<String>,
    /// Where it runs; `None`: where the system worker runs.
    pub working_directory: Option<PathBuf>,
    /// Whether a spec may add arguments.
    pub allow_args: bool,
    /// Variables that a spec may set besides those that tune a worker; `None`: any that does not
    /// change what the program loads or where it connects.
    pub allow_env: Option<BTreeSet<String>>,
    /// Whether a spec may say where it runs.
    pub allow_working_directory: bool,
}

impl CommandSettings {
    /// A program that specs may tell anything.
    pub fn open(path: PathBuf) -> Self {
        Self {
            path,
            args: Vec::new(),
            working_directory: None,
            allow_args: true,
            allow_env: None,
            allow_working_directory: true,
        }
    }

    /// A program that specs may tell nothing but what tunes a worker.
    pub fn closed(path: PathBuf) -> Self {
        Self {
            allow_args: false,
            allow_env: Some(BTreeSet::new()),
            allow_working_directory: false,
            ..Self::open(path)
        }
    }
}
