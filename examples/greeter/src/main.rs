//! A serverless Temporal worker as a starting point: it starts, processes greetings, and exits.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod greet;
mod role;
mod tour;
mod versioning;

use greet::{Activities, Greet};
use role::Role;
use std::{error::Error, process::ExitCode};
use temporal_serverless_worker::ServerlessWorker;
use tour::Tour;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    log_to_stderr();
    let result = temporal_serverless_worker::block_on(serve());
    match result.map_err(Into::into).flatten() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the worker failed");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let role = Role::of_process()?;
    let mut worker = ServerlessWorker::builder("greeter")
        .default_versioning_behavior(versioning::of_process()?)
        .on_shutdown(|| async { tracing::info!("flush buffers here") });
    if role.has_workflows() {
        worker = worker.register_workflow::<Greet>().register_workflow::<Tour>();
    }
    if role.has_activities() {
        worker = worker.register_activities(Activities);
    }
    Ok(worker.build()?.serve().await?)
}

/// Logs to stderr as JSON, one event per line. `RUST_LOG` selects the events.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .init();
}
