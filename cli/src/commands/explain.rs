//! `wci explain`: why an instance did what it did, in plain English.

mod report;
mod text;

use crate::{
    connection::ConnectionArgs,
    output::{self, Output},
    when::When,
};

use super::history_source::{HistoryArgs, Part};
use report::Report;

#[cfg(test)]
mod tests;

/// The maximum number of runs to read: for the present, and to find the time of `--at`.
const RUNS: usize = 5;
const RUNS_BACK: usize = 200;

/// Explain what an instance saw, decided and did, when, and what it waits for
///
/// Reads the history of the instance's workflow: no system worker needs to run. Works for any time
/// that the server still has the history of, and from files.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci explain orders:v1
  wci explain orders:v1 --at 10m
  wci explain orders:v1 --at 2026-11-22T14:30:00Z --limit 5
  wci explain orders:v1 -o json | jq -r '.waits_for[].text'
  wci explain --history run.json")]
pub struct ExplainArgs {
    #[command(flatten)]
    history: HistoryArgs,
    /// Show the state at this time: an instant in RFC 3339, or how long ago (90s, 10m, 1h30m)
    #[arg(long, value_name = "TIME")]
    at: Option<When>,
    /// Show at most this number of events
    #[arg(long, default_value_t = 20, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// How the result is printed
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// Explains.
pub(super) async fn run(connection: &ConnectionArgs, args: ExplainArgs) -> anyhow::Result<()> {
    let ExplainArgs { history, at, limit, output } = args;
    let limit = usize::try_from(limit)?;
    let runs = if at.is_some() { RUNS_BACK } else { RUNS };
    let source = history.read(connection, Part { at, events: limit, runs }).await?;
    let report = Report::new(source, limit);
    match output {
        Output::Json => output::json(&report),
        Output::Table => {
            output::say_lines(text::of(&report));
            Ok(())
        }
    }
}
