//! `wci worker`: the system worker.

mod adoption;
mod arrival;
mod config;
mod health;
mod limits;
mod namespace;
mod onlooker;
mod providers;
mod serving;
mod stop;
mod telemetry;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use futures::future::{BoxFuture, join_all};
use temporalio_sdk::Runtime;
use wci_activities::Metrics;
use wci_contract::names::{DEFAULT_TASK_QUEUE, SERVER_QUEUE_PREFIX};
use wci_providers::{Host, ProviderError, Registry};

use crate::{
    logging::{self, LogFormat},
    system::{
        health::Health, limits::LimitArgs, providers::ProviderArgs, serving::Serving, stop::Stop,
        telemetry::Telemetry,
    },
};
use wci_cli::connection::ConnectionArgs;

pub(crate) use limits::Limits;

/// Twice what a namespace may have unless its operators raise that, here and in the server.
const CACHED_INSTANCES: u32 = 200;

/// Run the system worker, which hosts the instances of one or more namespaces
///
/// It takes no task of your own workers. Run as many as you like: they share the load, and any
/// may go at any time. SIGTERM drains: what runs is finished within --grace.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci worker -n default
  wci worker -n orders -n billing --address temporal:7233
  wci worker --config /etc/wci/config.yaml
  wci worker --enable-provider subprocess --allow-command greeter=/usr/local/bin/greeter")]
pub(crate) struct WorkerArgs {
    /// Namespace to serve; repeat for more [env: TEMPORAL_NAMESPACE] [default: those of --config,
    /// else default]
    #[arg(short, long = "namespace", value_name = "NAME")]
    namespaces: Vec<String>,
    /// Task queue of the system worker; the watches run on NAME-watch beside it
    #[arg(long, env = "WCI_TASK_QUEUE", default_value = DEFAULT_TASK_QUEUE, value_name = "NAME")]
    task_queue: String,
    /// Take over what the server's own controller runs in these namespaces, as it appears; what
    /// was released is left alone
    #[arg(long)]
    adopt: bool,
    /// Serve /healthz, /readyz and /metrics at this address, for example 127.0.0.1:9090
    #[arg(long, alias = "metrics-address", env = "WCI_HEALTH_ADDRESS", value_name = "HOST:PORT")]
    health_address: Option<SocketAddr>,
    /// Versions whose names stand in labels of metrics; the others share one label
    #[arg(long, default_value_t = Metrics::DEFAULT_VERSIONS, value_name = "N")]
    metrics_versions: usize,
    /// Reads of task queue figures that all watches of a namespace share, each second
    #[arg(long, default_value_t = wci_activities::ReadBudget::DEFAULT_PER_SECOND, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    reads_per_second: u32,
    /// Instances of a namespace whose workflow is kept in memory, some 100 to 150 kB each; when
    /// something happens to another, its history is read and replayed first
    #[arg(long, default_value_t = CACHED_INSTANCES, value_name = "N",
          value_parser = clap::value_parser!(u32).range(10..=100_000))]
    cached_instances: u32,
    /// How long a stopping worker waits for launches, seconds
    #[arg(long, default_value_t = 10, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(0..=3600))]
    grace: u64,
    /// Least severe messages of ours to log: error, warn, info, debug or trace; RUST_LOG wins
    #[arg(long, default_value = "info", value_name = "LEVEL",
          value_parser = ["error", "warn", "info", "debug", "trace"])]
    log_level: String,
    /// How the log on stderr looks
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    #[command(flatten)]
    providers: ProviderArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

/// What every served namespace shares.
struct Settings {
    task_queue: String,
    reads_per_second: u32,
    cached_instances: usize,
    grace: Duration,
    /// Whether what the server's controller runs is taken over.
    adopt: bool,
}

/// What one namespace may use.
struct Allowed {
    registry: Result<Registry, ProviderError>,
    limits: Limits,
}

/// Serves until it is told to stop.
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
        grace,
        log_level,
        log_format,
    } = args;
    logging::start(&log_level, log_format)?;
    if task_queue.starts_with(SERVER_QUEUE_PREFIX) {
        bail!(
            "--task-queue {task_queue}: names that begin with {SERVER_QUEUE_PREFIX} are the server's own, choose another"
        );
    }
    let target = connection.target()?;
    let allowances = providers.allowances(namespaces, &target.namespace, limits.limits())?;
    let grace = Duration::from_secs(grace);
    let cached_instances = usize::try_from(cached_instances)?;
    let settings = Settings { task_queue, reads_per_second, cached_instances, grace, adopt };
    let host = providers.host(&allowances)?;
    if host.processes.is_some() {
        keep_to_ourselves()?;
    }
    let host = Host::new(host);
    let telemetry = Telemetry::new(metrics_versions, host.clone())?;
    let runtime = Runtime::from_current_tokio(telemetry.runtime_options()?)?;
    let serving = Serving {
        runtime: &runtime,
        server: &target.connect().await?,
        host: &host,
        target: &target,
        settings: &settings,
        telemetry: &telemetry,
        allowances: &allowances,
    };
    let opened = serving.open().await?;
    let health = Arc::new(Health::default());
    if let Some(address) = health_address {
        health::serve(address, Arc::clone(&health), telemetry.clone()).await?;
    }
    let stop = Stop::new();
    stop::on_signal(Arc::clone(&stop), Arc::clone(&health))?;
    tokio::spawn(announce(serving::arrivals(&opened), health));
    serving.run(opened, &stop).await;
    tracing::info!("stopped");
    Ok(())
}

/// Bars the processes that we start, which run as the same user, from our memory and our
/// environment, where credentials are. Ours alone: what a process starts decides for itself.
fn keep_to_ourselves() -> anyhow::Result<()> {
    nix::sys::prctl::set_dumpable(false).context("cannot bar other processes from our memory")
}

/// Says that tasks are taken as soon as they are, in every namespace that is served.
async fn announce(arrivals: Vec<BoxFuture<'static, ()>>, health: Arc<Health>) {
    join_all(arrivals).await;
    health.ready();
    tracing::info!("ready");
}

/// Where records of launched processes are kept, unless the operator names a folder: it must
/// survive a restart of the worker, not of the machine.
fn default_run_dir() -> PathBuf {
    let base = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let user = nix::unistd::getuid();
    base.map_or_else(|| std::env::temp_dir().join(format!("wci-{user}")), |base| base.join("wci"))
}
