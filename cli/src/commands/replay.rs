//! `wci replay`: replays recorded runs against this build.

mod error;
mod observer;
mod probe;
mod recording;
mod replayed;
mod report;
mod rerun;

use std::path::PathBuf;

use anyhow::bail;

#[cfg(test)]
pub(crate) use self::recording::tests::recorded;
pub use self::{
    error::ReplayError,
    recording::Recording,
    replayed::Replayed,
    rerun::{replay, this_build},
};
use crate::output::Output;

/// Replay recorded histories against this build
///
/// Fails for each run that this build would not continue as recorded. Run it before you deploy a new
/// build.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  temporal workflow show -w WORKFLOW_ID --output json > run.json
  wci replay run.json
  wci replay -o json replay-histories/*/*.json")]
pub struct ReplayArgs {
    /// Histories from `temporal workflow show --output json`; - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Runs the command. Fails if any history fails.
pub(crate) async fn run(args: ReplayArgs) -> anyhow::Result<()> {
    let ReplayArgs { files, output } = args;
    let mut reports = report::Reports::new(output);
    for file in files {
        let recording = Recording::read(&file);
        let workflow_type = recording.as_ref().ok().map(|it| it.workflow_type.clone());
        let result = match recording {
            Ok(recording) => replay(&recording, this_build).await,
            Err(error) => Err(error),
        };
        reports.add(&file, workflow_type, result);
    }
    match reports.end()? {
        (0, _) => Ok(()),
        (failed, all) => bail!("{failed} of {all} histories failed"),
    }
}
