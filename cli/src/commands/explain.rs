//! `wci explain`: why an instance did what it did, in sentences.

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

/// Runs that are read at the most: to tell of the present, and to find a time that is past.
const RUNS: usize = 5;
const RUNS_BACK: usize = 200;

/// Tell in sentences what an instance saw, decided and did, when, and what it waits for
///
/// Everything comes from the history of the instance's workflow, so that it can be told without
/// a system worker, for any time that the server remembers, and from files.
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
    /// Tell what was the case at this time: an instant in RFC 3339, or how long ago (90s, 10m, 1h30m)
    #[arg(long, value_name = "TIME")]
    at: Option<When>,
    /// Sentences to tell of what happened, at the most
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
            output::say(text::of(&report));
            Ok(())
        }
    }
}
