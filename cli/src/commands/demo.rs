//! `wci demo`: scales from zero and back on one machine, with the real programs: a dev server, the
//! system worker, a serverless worker behind the subprocess provider, and a load that starts while
//! no worker is alive.

mod child;
mod environment;
mod history;
mod load;
mod observer;
mod programs;
mod progress;
mod server;
mod summary;
mod wait_for;

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use self::{environment::Environment, programs::Programs, progress::ProgressDisplay};
use crate::output::{self, Output};

/// Scale a local worker from zero and back, and show how to inspect it
///
/// Starts a dev server on free ports and the system worker, then a load while no worker is alive.
/// The subprocess provider starts example workers for the waiting tasks. Exits when all tasks are
/// completed and all workers have exited.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci demo
  wci demo --tasks 500 --keep
  wci demo -o json | jq .drain_ms")]
pub struct DemoArgs {
    /// Number of workflows to start, with one activity each
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    tasks: u32,
    /// Duration of each activity, in milliseconds
    #[arg(long, default_value_t = 200, value_name = "MS", value_parser = clap::value_parser!(u64).range(0..=60_000))]
    work_ms: u64,
    /// Keep everything running at the end, until Ctrl-C
    #[arg(long)]
    keep: bool,
    /// Serverless worker to start [default: the program greeter next to wci]
    #[arg(long, value_name = "PATH")]
    worker_bin: Option<PathBuf>,
    /// Temporal CLI, for its dev server [default: temporal on the PATH]
    #[arg(long, env = "WCI_TEMPORAL_CLI", value_name = "PATH")]
    temporal: Option<PathBuf>,
    /// Output format of the summary
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// Runs the command. Stops everything that it started before it returns.
pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let DemoArgs { tasks, work_ms, keep, worker_bin, temporal, output } = args;
    let programs = Programs::find(worker_bin, temporal)?;
    let progress = ProgressDisplay::new(tasks);
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = run_demo(&programs, &progress, tasks, work_ms, keep, output) => result,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            anyhow::bail!("interrupted: stopping everything that was started")
        }
        _ = terminate.recv() => {
            anyhow::bail!("terminated: stopping everything that was started")
        }
    }
}

async fn run_demo(
    programs: &Programs,
    progress: &ProgressDisplay,
    tasks: u32,
    work_ms: u64,
    keep: bool,
    output: Output,
) -> anyhow::Result<()> {
    let mut environment = Environment::start(programs, progress, keep).await?;
    let result = run_load(&environment, progress, tasks, work_ms, keep, output).await;
    if result.is_err() {
        progress
            .note(&format!("the logs of this run are in {}", environment.keep_logs().display()));
    } else if keep {
        progress.note("everything keeps running: press Ctrl-C to stop it");
        tokio::signal::ctrl_c().await?;
    }
    environment.stop().await;
    result
}

async fn run_load(
    environment: &Environment,
    progress: &ProgressDisplay,
    tasks: u32,
    work_ms: u64,
    keep: bool,
    output: Output,
) -> anyhow::Result<()> {
    let result = load::run(environment, progress, tasks, Duration::from_millis(work_ms)).await?;
    let summary = summary::summarize(environment, &result)
        .await
        .context("the load is completed, but its history cannot be read")?;
    match output {
        Output::Json => output::json(&summary)?,
        Output::Table => summary.print(environment, keep),
    }
    summary.check()
}
