//! `wci demo`: all of it on one machine, for real. A dev server, the system worker, a serverless
//! worker behind the subprocess provider, and a load that starts while no worker is alive.

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

/// Show scale from zero and back on this machine, then how to look inside
///
/// Starts a dev server on free ports, the system worker, and an example worker that the
/// subprocess provider starts when tasks wait; puts a load on it while no worker is alive, and
/// ends when every task is done and every worker has left.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci demo
  wci demo --tasks 500 --keep
  wci demo -o json | jq .drain_ms")]
pub struct DemoArgs {
    /// Workflows to start, with an activity each
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    tasks: u32,
    /// How long each activity works, milliseconds
    #[arg(long, default_value_t = 200, value_name = "MS", value_parser = clap::value_parser!(u64).range(0..=60_000))]
    work_ms: u64,
    /// Leave everything running at the end, until Ctrl-C
    #[arg(long)]
    keep: bool,
    /// The serverless worker to start [default: the program greeter beside this one]
    #[arg(long, value_name = "PATH")]
    worker_bin: Option<PathBuf>,
    /// The Temporal CLI with its dev server [default: temporal on the PATH]
    #[arg(long, env = "WCI_TEMPORAL_CLI", value_name = "PATH")]
    temporal: Option<PathBuf>,
    /// How the summary is printed
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// Plays the demo. Everything that it started is gone when it returns.
pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let DemoArgs { tasks, work_ms, keep, worker_bin, temporal, output } = args;
    let programs = Programs::find(worker_bin, temporal)?;
    let progress = ProgressDisplay::new(tasks);
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = play(&programs, &progress, tasks, work_ms, keep, output) => result,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            anyhow::bail!("interrupted: everything that was started is being stopped")
        }
        _ = terminate.recv() => {
            anyhow::bail!("terminated: everything that was started is being stopped")
        }
    }
}

async fn play(
    programs: &Programs,
    progress: &ProgressDisplay,
    tasks: u32,
    work_ms: u64,
    keep: bool,
    output: Output,
) -> anyhow::Result<()> {
    let mut environment = Environment::start(programs, progress, keep).await?;
    let result = show(&environment, progress, tasks, work_ms, keep, output).await;
    if result.is_err() {
        progress
            .note(&format!("logs of this run are kept in {}", environment.keep_logs().display()));
    } else if keep {
        progress.note("everything keeps running; Ctrl-C ends it");
        tokio::signal::ctrl_c().await?;
    }
    environment.stop().await;
    result
}

async fn show(
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
        .context("the load is done, but its history cannot be read")?;
    match output {
        Output::Json => output::json(&summary)?,
        Output::Table => summary.print(environment, keep),
    }
    summary.verdict()
}
