//! The flags of `wci simulate`.

use std::path::PathBuf;

use wci_simulator::{Distribution, Micros, Outage, PRESETS, ParseError, Traffic};

use crate::output::Output;

/// Simulate traffic and compare scaling algorithms
///
/// Needs no server. Tasks arrive at a model of a task queue, the real algorithms make the
/// decisions, and workers start, work and exit in simulated time. Prints queue times,
/// worker-seconds compared to the ideal, and provider invocations. The same seed gives the same
/// result on every machine.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub struct SimulateArgs {
    #[command(flatten)]
    pub(super) choice: ChoiceArgs,
    #[command(flatten)]
    pub(super) model: ModelArgs,
    /// Write a self-contained HTML page with charts
    #[arg(long, value_name = "FILE.html")]
    pub(super) report: Option<PathBuf>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub(super) output: Output,
}

/// The algorithms to compare.
#[derive(Debug, clap::Args)]
pub(super) struct ChoiceArgs {
    /// Algorithm to compare: no-sync, rate-based, demand, or built-in for the server's controller;
    /// repeat for more [default: demand and no-sync]
    #[arg(short, long = "algorithm", value_name = "NAME")]
    pub(super) algorithms: Vec<String>,
    /// Setting of every algorithm that has the key; ALGORITHM.KEY=VALUE for one algorithm; repeat
    /// for more
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) settings: Vec<String>,
    /// Spec file; also compare the scaler of its group
    #[arg(short, long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Group of the spec file, if it has several
    #[arg(long, value_name = "NAME", requires = "file")]
    pub(super) group: Option<String>,
}

/// The simulated model.
#[derive(Debug, clap::Args)]
pub(super) struct ModelArgs {
    /// Arriving tasks: a preset, its keys, or file:FILE.csv; repeat to add traffic (--help lists
    /// the presets)
    #[arg(short, long, value_name = "TRAFFIC", default_value = "poisson")]
    pub(super) traffic: Vec<TrafficArg>,
    /// Random seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// Time that a worker needs for a task
    #[arg(long, value_name = "TIME", default_value = "200ms")]
    pub(super) service: Distribution,
    /// Concurrent tasks of a worker; also the algorithms' worker_slots
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(super) slots: u32,
    /// Time from the start of a worker to its first poll
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub(super) cold_start: Distribution,
    /// Idle time after which a worker exits
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub(super) idle_exit: Micros,
    /// Time after which a worker is killed
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub(super) lifetime: Micros,
    /// Time before that in which a worker takes no new tasks
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub(super) drain: Micros,
    /// Time until a task of a killed worker is dispatched again
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub(super) task_timeout: Micros,
    /// Share of workers that start but never poll, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(super) no_show: f64,
    /// Workers leave that the load does not need, as those of the worker library do
    #[arg(long)]
    pub(super) consolidate: bool,
    /// Limit of concurrent workers of the provider [default: none]
    #[arg(long, value_name = "N")]
    pub(super) concurrency: Option<u32>,
    /// Limit of invocations per second of the provider [default: none]
    #[arg(long, value_name = "N")]
    pub(super) invoke_rate: Option<f64>,
    /// Time that the provider needs for an invocation
    #[arg(long, value_name = "TIME", default_value = "30ms")]
    pub(super) invoke_latency: Distribution,
    /// Share of invocations that the provider refuses at random, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(super) refuse: f64,
    /// Time in which the provider refuses everything: from=10s,for=30s, optionally
    /// class=access-denied
    #[arg(long, value_name = "WHEN")]
    pub(super) outage: Option<Outage>,
    /// Partitions of the task queue
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(super) partitions: u32,
    /// Rate limit of the task queue: tasks a second, however many workers poll [default: none]
    #[arg(long, value_name = "N")]
    pub(super) queue_rps: Option<f64>,
    /// Time from an event to the invocation that it causes
    #[arg(long, value_name = "TIME", default_value = "20ms")]
    pub(super) decision_latency: Micros,
    /// Hide pollers from the algorithms, as on a server that does not list them
    #[arg(long)]
    pub(super) workers_unseen: bool,
    /// Queue time that the ideal permits
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub(super) target: Micros,
    /// Stop if no task completes for this time after the last arrival
    #[arg(long, value_name = "TIME", default_value = "15m")]
    pub(super) patience: Micros,
}

/// A traffic pattern, or a file with recorded arrivals.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TrafficArg {
    Pattern(Traffic),
    File(PathBuf),
}

impl std::str::FromStr for TrafficArg {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text.strip_prefix("file:") {
            Some(path) => Ok(Self::File(path.into())),
            None => text.parse().map(Self::Pattern),
        }
    }
}

const EXAMPLES: &str = "Examples:
  wci simulate
  wci simulate --traffic burst:300 --service 2s --slots 4 --concurrency 30 -a demand -a built-in
  wci simulate --traffic file:arrivals.csv --report report.html
  wci simulate --traffic poisson:rate=20,for=10m --set scale_up_cooloff_ms=1000 -o json
  wci simulate -f orders-v1.yaml --traffic storm";

fn long_help() -> String {
    let mut help = String::from("Traffic:\n");
    for (name, stands_for, says) in PRESETS {
        help.push_str(&format!("  {name:<9} {stands_for:<36} {says}\n"));
    }
    help.push_str(
        "  file:FILE.csv                                  recorded arrivals: the first line names
                                                 the columns at_ms, optionally count, service_ms

  A preset name stands for the pattern beside it. at=TIME starts it later, tasks=N ends it early.

Times:
  300ms, 1.5s, 10m, 2h; random times are
  exp:mean=200ms, uniform:from=100ms,to=300ms or lognormal:median=200ms,p90=1s

",
    );
    help + EXAMPLES
}
