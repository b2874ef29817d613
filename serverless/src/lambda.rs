//! Lambda mode: one life for each invocation of the function.
//!
//! The crate `lambda_runtime` speaks the
//! [runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html); here is what
//! happens between an event and its answer.

mod any_event;
mod function;
mod life;
mod stop;

use crate::{error::Error, worker::ServerlessWorker};
use any_event::{AnyEvent, Busy};
use lambda_runtime::{Context, Diagnostic, LambdaEvent, Runtime, service_fn};
use std::time::Duration;
use stop::Stop;

/// What Lambda gives a function between SIGTERM and SIGKILL when an internal extension is
/// registered; an external one gets 2 s for all, and without any there is no SIGTERM. Source:
/// "Shutdown phase" in Lambda's documentation of the execution environment's lifecycle.
const TERMINATION_GRACE: Duration = Duration::from_millis(500);

/// Answers invocations until the environment is shut down.
pub(crate) async fn serve(mut worker: ServerlessWorker) -> Result<(), Error> {
    function::check()?;
    worker.settings.timing.termination_grace.get_or_insert(TERMINATION_GRACE);
    let stop = Stop::of_process()?;
    let busy = Busy::default();
    let handler =
        service_fn(|event: LambdaEvent<()>| answer(worker.clone(), event.context, stop.clone()));
    let runtime = Runtime::new(handler).layer(AnyEvent(busy.clone()));
    let idle_and_stopped = async {
        let signal = stop.asked().await;
        busy.over().await;
        signal
    };
    tokio::select! {
        ended = runtime.run() => {
            ended.map_err(|error| Error::Process(format!("Lambda's runtime API: {error}")))
        }
        signal = idle_and_stopped => {
            tracing::info!(?signal, "the environment is shut down");
            Ok(())
        }
    }
}

/// One invocation. Its answer is the report, for whoever looks at a function's results.
async fn answer(
    worker: ServerlessWorker,
    context: Context,
    stop: Stop,
) -> Result<crate::Report, Diagnostic> {
    let lived = life::live(worker, context, stop).await;
    lived.inspect(crate::Report::log).map_err(|error| {
        tracing::error!(%error, class = error.class().as_str(), "the worker could not live");
        Diagnostic {
            error_type: format!("ServerlessWorker.{}", error.class().as_str()),
            error_message: error.to_string(),
        }
    })
}
