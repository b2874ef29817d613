//! `wci worker`: the system worker.

mod adoption;
mod announcements;
mod cache_budget;
mod config;
mod health;
mod input_codec;
mod limits;
mod memory;
mod metrics_interceptor;
mod namespace_workers;
mod providers;
mod readiness;
mod scheduled_interceptor;
mod serving;
mod shutdown;
mod telemetry;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use futures::future::{BoxFuture, join_all};
use temporalio_sdk_core::CoreRuntime;
use wci_activities::{Ceiling, Metrics};
use wci_contract::names::{DEFAULT_TASK_QUEUE, SERVER_QUEUE_PREFIX};
use wci_providers::{Host, ProviderError, Registry};

use crate::{
    logging::{self, LogFormat},
    system::{
        health::Health, limits::LimitArgs, providers::ProviderArgs, serving::Serving,
        shutdown::Shutdown, telemetry::Telemetry,
    },
};
use wci_cli::{connection::ConnectionArgs, control::require_supported_server};

pub(crate) use limits::Limits;

/// Twice the default limit of instances of a namespace, here and in the server.
const CACHED_INSTANCES: u32 = 200;
/// As much as 200 instances of a typical size take, three times over.
const CACHE_MEMORY_MIB: u32 = 64;
const MIB: usize = 1024 * 1024;

/// Run the system worker, which hosts the instances of one or more namespaces
///
/// It takes no tasks of your own workers. Run any number of system workers: they share the load,
/// and each may stop at any time. On SIGTERM, a system worker drains: it takes no new tasks and
/// finishes running ones within --grace.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci worker -n default
  wci worker -n orders -n billing --address temporal:7233
  wci worker --config /etc/wci/config.yaml
  wci worker --enable-provider subprocess --allow-command greeter=/usr/local/bin/greeter")]
pub(crate) struct WorkerArgs {
    /// Namespace to serve; repeat for more [env: TEMPORAL_NAMESPACE] [default: the namespaces of
    /// --config, else default]
    #[arg(short, long = "namespace", value_name = "NAME")]
    namespaces: Vec<String>,
    /// Task queue of the system worker; watches run on NAME-watch
    #[arg(long, env = "WCI_TASK_QUEUE", default_value = DEFAULT_TASK_QUEUE, value_name = "NAME")]
    task_queue: String,
    /// Adopt the instances that the server's own controller runs in these namespaces, now and
    /// later; released versions are left alone
    #[arg(long)]
    adopt: bool,
    /// Serve /healthz, /readyz and /metrics at this address, for example 127.0.0.1:9090
    #[arg(long, alias = "metrics-address", env = "WCI_HEALTH_ADDRESS", value_name = "HOST:PORT")]
    health_address: Option<SocketAddr>,
    /// Number of versions with a metrics label of their own; the others share one label
    #[arg(long, default_value_t = Metrics::DEFAULT_VERSIONS, value_name = "N")]
    metrics_versions: usize,
    /// Task queue stats reads per second, shared by all watches of a namespace
    #[arg(long, default_value_t = wci_activities::ReadBudget::DEFAULT_PER_SECOND, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    reads_per_second: u32,
    /// Instances of a namespace whose workflow is cached in memory, 100 to 150 kB each; for an
    /// event of any other instance, its history is read and replayed first
    #[arg(long, default_value_t = CACHED_INSTANCES, value_name = "N",
          value_parser = clap::value_parser!(u32).range(10..=100_000))]
    cached_instances: u32,
    /// Memory of all cached instances of a namespace, in MiB; beyond it, the largest ones leave the
    /// cache
    #[arg(long, default_value_t = CACHE_MEMORY_MIB, value_name = "N",
          value_parser = clap::value_parser!(u32).range(8..=65_536))]
    cache_memory: u32,
    /// How long a stopping system worker waits for running launches, in seconds; it exits then, even
    /// if the server does not answer
    #[arg(long, default_value_t = 10, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(0..=3600))]
    grace: u64,
    /// Log level: error, warn, info, debug or trace; RUST_LOG overrides it
    #[arg(long, default_value = "info", value_name = "LEVEL",
          value_parser = ["error", "warn", "info", "debug", "trace"])]
    log_level: String,
    /// Format of the log on stderr
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    #[command(flatten)]
    providers: ProviderArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Settings shared by all namespaces.
struct Settings {
    task_queue: String,
    reads_per_second: u32,
    cached_instances: usize,
    /// Bytes.
    cache_memory: usize,
    grace: Duration,
    /// Whether to adopt the instances of the server's controller.
    adopt: bool,
}

/// The providers and limits of one namespace.
struct NamespaceAccess {
    registry: Result<Registry, ProviderError>,
    limits: Limits,
    /// The ceilings of single providers, by type.
    ceilings: BTreeMap<String, Ceiling>,
}

/// Serves until a signal stops it.
pub(crate) async fn run(connection: &ConnectionArgs, args: WorkerArgs) -> anyhow::Result<()> {
    let WorkerArgs {
        namespaces,
        task_queue,
        providers,
        limits,
        adopt,
        health_address,
        metrics_versions,
        reads_per_second,
        cached_instances,
        cache_memory,
        grace,
        log_level,
        log_format,
    } = args;
    logging::start(&log_level, log_format)?;
    check_flags(connection, &task_queue)?;
    let target = connection.target()?;
    let configs = providers.configs(namespaces, &target.namespace, limits.limits())?;
    let grace = Duration::from_secs(grace);
    let cached_instances = usize::try_from(cached_instances)?;
    let cache_memory = usize::try_from(cache_memory)? * MIB;
    let settings =
        Settings { task_queue, reads_per_second, cached_instances, cache_memory, grace, adopt };
    let host = providers.host(&configs)?;
    if host.processes.is_some() {
        protect_memory()?;
    }
    let host = Host::new(host);
    let telemetry = Telemetry::new(metrics_versions, host.clone())?;
    let runtime = CoreRuntime::new_assume_tokio(telemetry.runtime_options()?)?;
    let health = Arc::new(Health::default());
    let shutdown = Shutdown::new();
    shutdown::on_signal(Arc::clone(&shutdown), Arc::clone(&health))?;
    let connecting = async {
        let server = target.connect().await?;
        require_supported_server(&server).await?;
        anyhow::Ok(server)
    };
    let server = tokio::select! {
        server = connecting => server?,
        () = shutdown.requested() => return Ok(()),
    };
    let serving = Serving {
        runtime: &runtime,
        server: &server,
        host: &host,
        target: &target,
        settings: &settings,
        telemetry: &telemetry,
        configs: &configs,
    };
    let opened = tokio::select! {
        opened = serving.open() => opened?,
        () = shutdown.requested() => return Ok(()),
    };
    if let Some(address) = health_address {
        health::serve(address, Arc::clone(&health), telemetry.clone()).await?;
    }
    tokio::spawn(report_ready(serving::readiness(&opened), health));
    tokio::select! {
        () = serving.run(opened, &shutdown) => tracing::info!("stopped"),
        () = shutdown.is_overdue(grace) => tracing::warn!(
            grace_s = grace.as_secs(),
            "stopped at the end of the grace period: what was running is handed to another system \
             worker when its time-out is over"
        ),
    }
    Ok(())
}

/// Warns about flags that show a secret, and refuses task queues of the server.
fn check_flags(connection: &ConnectionArgs, task_queue: &str) -> anyhow::Result<()> {
    if connection.api_key.as_ref().is_some_and(|key| !key.is_empty()) {
        tracing::warn!(
            "--api-key shows the key in the process list: use --api-key-file or TEMPORAL_API_KEY"
        );
    }
    if task_queue.starts_with(SERVER_QUEUE_PREFIX) {
        bail!(
            "--task-queue {task_queue}: names that begin with {SERVER_QUEUE_PREFIX} are reserved for the server: choose another name"
        );
    }
    Ok(())
}

/// Keeps the processes that this one starts, which run as the same user, from reading its memory
/// and environment, which hold credentials. Child processes do not inherit this.
fn protect_memory() -> anyhow::Result<()> {
    nix::sys::prctl::set_dumpable(false)
        .context("cannot protect the memory of this process from other processes")
}

/// Reports ready as soon as the workers of every open namespace take tasks.
async fn report_ready(readiness: Vec<BoxFuture<'static, ()>>, health: Arc<Health>) {
    join_all(readiness).await;
    health.set_ready();
    tracing::info!("ready");
}

/// The default folder for records of launched processes. It must survive a restart of the system
/// worker, but not of the machine.
fn default_run_dir() -> PathBuf {
    let base = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let user = nix::unistd::getuid();
    base.map_or_else(|| std::env::temp_dir().join(format!("wci-{user}")), |base| base.join("wci"))
}
