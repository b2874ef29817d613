//! What the programs of this package share: logs, traces and metrics, and the exit code.

use std::process::ExitCode;
use temporal_serverless_worker::{Builder, Error, ServerlessWorker, otel::Telemetry};
use tracing_subscriber::{EnvFilter, prelude::*};

/// Names the OpenTelemetry collector. If it is unset, nothing is exported.
const COLLECTOR: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Serves as a worker, in a Lambda function or as a process. The exit code is 0 on success.
pub fn serve(worker: Builder) -> ExitCode {
    run(async { build(worker)?.serve().await })
}

/// Builds the worker and starts logs, traces and metrics. Call it within [`run`].
///
/// # Errors
/// An error of class settings, if the settings of the worker or of its telemetry are invalid.
pub fn build(worker: Builder) -> Result<ServerlessWorker, Error> {
    let telemetry = telemetry()?;
    init_logging(telemetry.as_ref());
    let worker = match telemetry {
        Some(telemetry) => worker.telemetry(telemetry),
        None => worker,
    };
    worker.build()
}

/// Runs `program`. The exit code is 0 if it succeeds.
pub fn run(program: impl Future<Output = Result<(), Error>>) -> ExitCode {
    match temporal_serverless_worker::block_on(program).flatten() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the worker failed");
            ExitCode::FAILURE
        }
    }
}

fn telemetry() -> Result<Option<Telemetry>, Error> {
    let is_set = std::env::var_os(COLLECTOR).is_some_and(|collector| !collector.is_empty());
    is_set.then(|| Telemetry::from_environment("patterns")).transpose()
}

/// Logs to stderr as JSON, one event per line, and sends spans to the collector. `RUST_LOG` selects
/// the events and spans.
fn init_logging(telemetry: Option<&Telemetry>) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let events = tracing_subscriber::fmt::layer().json().flatten_event(true);
    tracing_subscriber::registry()
        .with(telemetry.map(Telemetry::layer))
        .with(events.with_writer(std::io::stderr))
        .with(filter)
        .init();
}
