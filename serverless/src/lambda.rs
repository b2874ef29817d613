//! Lambda mode: one run for each invocation of the function.
//!
//! The crate `lambda_runtime` implements the
//! [runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). This module
//! turns each event into a run and the run's report into the response.

mod any_event;
mod function;
#[cfg(test)]
mod fuzz;
mod isolated_run;
mod signal_relay;

use crate::{definition::WorkerDefinition, error::Error, report::Report};
use any_event::{AnyEventLayer, InFlight};
use lambda_runtime::{Context, Diagnostic, LambdaEvent, Runtime, service_fn};
use signal_relay::SignalRelay;
use std::time::Duration;

/// The time between SIGTERM and SIGKILL in a function with an internal extension.
///
/// Functions with an external extension get 2 s in all, and functions without extensions no
/// SIGTERM. Source: "Shutdown phase" in AWS's documentation of the Lambda execution environment
/// lifecycle.
const TERMINATION_GRACE: Duration = Duration::from_millis(500);

/// Handles invocations until the execution environment is shut down.
pub(crate) async fn serve(mut definition: WorkerDefinition) -> Result<(), Error> {
    function::check()?;
    definition.settings.timing.termination_grace.get_or_insert(TERMINATION_GRACE);
    let relay = SignalRelay::of_process()?;
    let in_flight = InFlight::default();
    let handler = service_fn(|event: LambdaEvent<()>| {
        handle(definition.clone(), event.context, relay.clone())
    });
    let runtime = Runtime::new(handler).layer(AnyEventLayer(in_flight.clone()));
    let shutdown = async {
        let signal = relay.first().await;
        in_flight.none().await;
        signal
    };
    tokio::select! {
        ended = runtime.run() => {
            ended.map_err(|error| {
                Error::Process(format!("cannot use Lambda's runtime API: {error}"))
            })
        }
        signal = shutdown => {
            tracing::info!(?signal, "the execution environment is shutting down");
            Ok(())
        }
    }
}

/// Handles one invocation. The response is the report of its run.
async fn handle(
    definition: WorkerDefinition,
    context: Context,
    relay: SignalRelay,
) -> Result<Report, Diagnostic> {
    let result = isolated_run::run(definition, context, relay).await;
    result.inspect(Report::log).map_err(|error| {
        tracing::error!(%error, class = error.class().as_str(), "the worker failed");
        Diagnostic {
            error_type: format!("ServerlessWorker.{}", error.class().as_str()),
            error_message: error.to_string(),
        }
    })
}
