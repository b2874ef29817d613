//! The flags.

use std::path::PathBuf;

use wci_simulator::{Distribution, Micros, Outage, PRESETS, ParseError, Traffic};

use crate::output::Output;

/// Simulate traffic against scaling algorithms and compare what comes of it
///
/// Needs no server. Tasks arrive at a model of a task queue, the algorithms decide as they do in
/// earnest, and workers start, work and leave in simulated time. Printed are how long tasks
/// waited, how long workers lived beside the ideal, and what the provider was asked. The same
/// seed has the same result on every machine.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub struct SimulateArgs {
    #[command(flatten)]
    pub(super) choice: ChoiceArgs,
    #[command(flatten)]
    pub(super) model: ModelArgs,
    /// Write a page with plots, which needs nothing from elsewhere
    #[arg(long, value_name = "FILE.html")]
    pub(super) report: Option<PathBuf>,
    /// How the result is printed
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub(super) output: Output,
}

/// What is compared.
#[derive(Debug, clap::Args)]
pub(super) struct ChoiceArgs {
    /// Algorithm to compare: no-sync, rate-based, demand where this build has it, or built-in for
    /// the controller in the server; may be given several times [default: demand and no-sync]
    #[arg(short, long = "algorithm", value_name = "NAME")]
    pub(super) algorithms: Vec<String>,
    /// Setting of the algorithms that have it, or of one as ALGORITHM.KEY=VALUE; may be given
    /// several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) settings: Vec<String>,
    /// Spec file whose group's scaler is compared, too
    #[arg(short, long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Group of the spec file, where it has several
    #[arg(long, value_name = "NAME", requires = "file")]
    pub(super) group: Option<String>,
}

/// What is simulated.
#[derive(Debug, clap::Args)]
pub(super) struct ModelArgs {
    /// When tasks arrive: a preset, its keys, or file:FILE.csv; several are added up (--help
    /// lists them)
    #[arg(short, long, value_name = "TRAFFIC", default_value = "poisson")]
    pub(super) traffic: Vec<TrafficArg>,
    /// What chance begins with
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// How long a worker takes for a task
    #[arg(long, value_name = "TIME", default_value = "200ms")]
    pub(super) service: Distribution,
    /// Tasks that a worker runs at once; also the algorithms' worker_slots
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(super) slots: u32,
    /// From the start of a worker to its first poll
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub(super) cold_start: Distribution,
    /// A worker leaves when it had no task for so long
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub(super) idle_exit: Micros,
    /// A worker is killed after so long
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub(super) lifetime: Micros,
    /// So long before, it takes no more tasks
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub(super) drain: Micros,
    /// When a task that was killed with its worker is offered again
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub(super) task_timeout: Micros,
    /// Share of the workers that start but never poll, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(super) no_show: f64,
    /// Workers that the provider runs at once [default: any number]
    #[arg(long, value_name = "N")]
    pub(super) concurrency: Option<u32>,
    /// Starts that the provider allows in a second [default: any number]
    #[arg(long, value_name = "N")]
    pub(super) invoke_rate: Option<f64>,
    /// How long the provider takes to answer
    #[arg(long, value_name = "TIME", default_value = "30ms")]
    pub(super) invoke_latency: Distribution,
    /// Share of the starts that the provider refuses for no good reason, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(super) refuse: f64,
    /// When the provider refuses everything: from=10s,for=30s, and perhaps class=access-denied
    #[arg(long, value_name = "WHEN")]
    pub(super) outage: Option<Outage>,
    /// Partitions of the task queue
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(super) partitions: u32,
    /// From what calls for a decision to what it asks of the provider
    #[arg(long, value_name = "TIME", default_value = "20ms")]
    pub(super) decision_latency: Micros,
    /// Do not tell the algorithms which workers poll, as where the server does not list them
    #[arg(long)]
    pub(super) workers_unseen: bool,
    /// The wait that the ideal may let a task have
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub(super) target: Micros,
    /// Stop when no task was done for so long after the last arrived
    #[arg(long, value_name = "TIME", default_value = "15m")]
    pub(super) patience: Micros,
}

/// Traffic by rule, or the file that holds it.
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
        "  file:FILE.csv                                  recorded: the first line names the
                                                 columns at_ms and perhaps count, service_ms

  A name alone stands for what is beside it. at=TIME lets it begin later, tasks=N ends it early.

Times:
  300ms, 1.5s, 10m, 2h; what differs from one to the next may be
  exp:mean=200ms, uniform:from=100ms,to=300ms or lognormal:median=200ms,p90=1s

",
    );
    help + EXAMPLES
}
