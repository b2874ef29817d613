//! The command line.

use std::{env, ffi::OsStr, process::ExitCode};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, builder::Resettable};

use wci_cli::connection::ConnectionArgs;

use crate::{response_limit, system};

/// Worker Controller Instances for Temporal: starts serverless workers when tasks wait
///
/// One durable workflow for each Worker Deployment Version receives signals about tasks without a
/// worker, decides how many workers to start, and starts them through a compute provider.
#[derive(Debug, Parser)]
#[command(name = "wci", version, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    connection: ConnectionArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Worker(system::WorkerArgs),
    #[command(flatten)]
    Operate(wci_cli::Command),
}

/// Parses the command line and runs the command.
pub(crate) fn run() -> ExitCode {
    let Cli { connection, command } = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout with exit code 0, usage errors to stderr with 2.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2).into();
        }
    };
    let prepared = match command {
        Command::Worker(_) => response_limit::apply(),
        Command::Operate(_) => Ok(()),
    };
    let result = prepared.and_then(|()| runtime()).and_then(|runtime| {
        let result = runtime.block_on(async {
            match command {
                Command::Worker(args) => system::run(&connection, args).await,
                Command::Operate(command) => {
                    wci_cli::run(&connection, command, Cli::command()).await
                }
            }
        });
        // A thread that waits for a file or a lock must not keep the process.
        runtime.shutdown_background();
        result
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            wci_cli::print_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn parse() -> Result<Cli, clap::Error> {
    let mut matches = without_empty_variables(Cli::command()).try_get_matches()?;
    Cli::from_arg_matches_mut(&mut matches)
}

/// An empty variable counts as unset, as for the connection.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    command
        .mut_args(|arg| {
            if arg.get_env().is_some_and(is_empty) { arg.env(Resettable::Reset) } else { arg }
        })
        .mut_subcommands(without_empty_variables)
}

fn is_empty(variable: &OsStr) -> bool {
    env::var_os(variable).is_some_and(|value| value.is_empty())
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
