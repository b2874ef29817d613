//! `wci timeline`: draws the history of one instance as an HTML page.

mod data;
mod page;
#[cfg(test)]
mod tests;

use std::{fs, path::PathBuf};

use anyhow::Context;
use wci_history::History;

use super::history_source::{HistoryArgs, HistorySource, Part};
use crate::{clock::Millis, connection::ConnectionArgs, output};

/// Draw waiting tasks, launches and the reasons of decisions over time, as one HTML file
///
/// The file is self-contained and runs no script. Its source is the history of the instance's
/// workflow, as for `wci explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci timeline orders:v1 -o orders.html
  wci timeline orders:v1 --runs 20 -o orders.html
  wci timeline --history run.json -o run.html")]
pub struct TimelineArgs {
    #[command(flatten)]
    history: HistoryArgs,
    /// Read at most this number of runs; a long-lived instance is a chain of runs
    #[arg(long, default_value_t = 5, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=200))]
    runs: u32,
    /// File to write; - for standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Runs the command.
pub(super) async fn run(connection: &ConnectionArgs, args: TimelineArgs) -> anyhow::Result<()> {
    let TimelineArgs { history, runs, output } = args;
    let part = Part { at: None, events: usize::MAX, runs: usize::try_from(runs)? };
    let HistorySource { history, at, .. } = history.read(connection, part).await?;
    // After the instance closed there is nothing to show.
    let last = history.runs.last().map_or(at, |run| run.last_event);
    let text = page(&history, if history.close().is_some() { last } else { at });
    if output.as_os_str() == "-" {
        output::say_lines(text.trim_end());
        return Ok(());
    }
    fs::write(&output, text).with_context(|| format!("cannot write {}", output.display()))?;
    output::note(format!("wrote {}", output.display()));
    Ok(())
}

/// The page of `history`, which goes up to `at`.
fn page(history: &History, at: Millis) -> String {
    page::write(history, &data::TimelineData::new(history, at))
}
