//! What the programs of this package share: logs, traces and metrics, and a life.

use std::process::ExitCode;
use temporal_serverless_worker::{Builder, Error, ServerlessWorker, otel::Telemetry};
use tracing_subscriber::{EnvFilter, prelude::*};

/// Names the collector of OpenTelemetry; without it nothing is collected.
const COLLECTOR: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Lives as a worker, in a Lambda function or as a process. The exit code is 0 if it lived.
pub fn live(worker: Builder) -> ExitCode {
    run(async { ready(worker)?.serve().await })
}

/// The worker, ready to live; logs, traces and metrics begin with it. To be called in [`run`].
///
/// # Errors
/// Of class settings, when the worker or its telemetry cannot be as they are set.
pub fn ready(worker: Builder) -> Result<ServerlessWorker, Error> {
    let telemetry = telemetry()?;
    tell(telemetry.as_ref());
    let worker = match telemetry {
        Some(telemetry) => worker.telemetry(telemetry),
        None => worker,
    };
    worker.build()
}

/// The program: `life`, and an exit code of 0 if it went well.
pub fn run(life: impl Future<Output = Result<(), Error>>) -> ExitCode {
    match temporal_serverless_worker::block_on(life).flatten() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the worker could not live");
            ExitCode::FAILURE
        }
    }
}

fn telemetry() -> Result<Option<Telemetry>, Error> {
    let named = std::env::var_os(COLLECTOR).is_some_and(|collector| !collector.is_empty());
    named.then(|| Telemetry::from_environment("patterns")).transpose()
}

/// Events as JSON on stderr, one line each, and spans to the collector; `RUST_LOG` chooses which.
fn tell(telemetry: Option<&Telemetry>) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let events = tracing_subscriber::fmt::layer().json().flatten_event(true);
    tracing_subscriber::registry()
        .with(telemetry.map(Telemetry::layer))
        .with(events.with_writer(std::io::stderr))
        .with(filter)
        .init();
}
