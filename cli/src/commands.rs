//! The operator's commands.

mod adopt;
mod apply;
mod claim;
mod completion;
mod current_state;
mod decide;
mod delete;
mod demo;
mod describe;
mod explain;
mod history_source;
mod list;
mod release;
pub mod replay;
mod rollout_status;
mod simulate;
mod timeline;
mod validate;

use wci_contract::{VersionId, version::NameError};

use crate::{connection::ConnectionArgs, control::AdminClient, output};

/// One of the operator's commands, with its arguments.
#[derive(Debug, clap::Subcommand)]
#[allow(missing_docs, reason = "the arguments of each say what it does, also in its help")]
pub enum Command {
    Apply(apply::ApplyArgs),
    Validate(validate::ValidateArgs),
    List(list::ListArgs),
    Describe(describe::DescribeArgs),
    Explain(explain::ExplainArgs),
    Timeline(timeline::TimelineArgs),
    Delete(delete::DeleteArgs),
    Claim(claim::ClaimArgs),
    Adopt(adopt::AdoptArgs),
    Release(release::ReleaseArgs),
    Decide(decide::DecideArgs),
    Completion(completion::CompletionArgs),
    Demo(demo::DemoArgs),
    Replay(replay::ReplayArgs),
    Simulate(Box<simulate::SimulateArgs>),
}

/// Runs `command`. `program` is the whole command line, for the completions of shells.
pub async fn run(
    connection: &ConnectionArgs,
    command: Command,
    program: clap::Command,
) -> anyhow::Result<()> {
    match command {
        Command::Apply(args) => apply::run(connection, args).await,
        Command::Validate(args) => validate::run(connection, args).await,
        Command::List(args) => list::run(connection, args).await,
        Command::Describe(args) => describe::run(connection, args).await,
        Command::Explain(args) => explain::run(connection, args).await,
        Command::Timeline(args) => timeline::run(connection, args).await,
        Command::Delete(args) => delete::run(connection, args).await,
        Command::Claim(args) => claim::run(connection, args).await,
        Command::Adopt(args) => adopt::run(connection, args).await,
        Command::Release(args) => release::run(connection, args).await,
        Command::Decide(args) => decide::run(&args),
        Command::Completion(args) => {
            completion::print(&args, program);
            Ok(())
        }
        Command::Demo(args) => demo::run(args).await,
        Command::Replay(args) => replay::run(args).await,
        Command::Simulate(args) => simulate::run(*args),
    }
}

/// Reads the version that a command changes.
fn parse_version(text: &str) -> Result<VersionId, NameError> {
    text.parse()
}

/// Reads the version that a command shows.
fn parse_shown_version(text: &str) -> Result<ShownVersion, NameError> {
    VersionId::candidates(text).map(ShownVersion)
}

/// The version that a command shows: one of these, which the server tells.
#[derive(Debug, Clone)]
struct ShownVersion(Vec<VersionId>);

impl ShownVersion {
    /// The one that exists.
    async fn resolve(&self, admin: &AdminClient) -> anyhow::Result<VersionId> {
        admin.existing(&self.0).await
    }
}
