//! Running each invocation on a thread and a runtime of its own.

use super::{function::identity, signal_relay::SignalRelay};
use crate::{
    definition::WorkerDefinition, error::Error, invocation::Invocation, lifecycle, report::Report,
    runtime::block_on,
};
use lambda_runtime::Context;
use std::thread;
use tokio::{runtime::Handle, sync::oneshot};
use tracing::Instrument;

/// Runs the worker once, on a runtime that ends with the run.
///
/// Whatever the run leaves behind ends with its runtime, for example after a failed drain or when
/// the SDK keeps polling in the background. No invocation sees a task or a connection of another.
/// The program's own code runs in the context of the surrounding runtime, so what it shares between
/// invocations, such as a connection pool, keeps working.
pub(super) async fn run(
    mut definition: WorkerDefinition,
    context: Context,
    relay: SignalRelay,
) -> Result<Report, Error> {
    let identity = identity(&context);
    let span = tracing::info_span!("invocation", request_id = context.request_id);
    let invocation = span
        .in_scope(|| Invocation::of_lambda(context.deadline, relay.signals(), Handle::current()));
    definition.settings.identity.get_or_insert(identity);
    let (sender, result) = oneshot::channel();
    let run = move || {
        let result =
            block_on(async { lifecycle::run(&definition, invocation).instrument(span).await });
        // The receiver is gone only when the whole function is abandoned.
        let _ = sender.send(result.flatten());
    };
    thread::Builder::new()
        .name("invocation".to_owned())
        .spawn(run)
        .map_err(|error| Error::Process(format!("cannot start threads: {error}")))?;
    result.await.unwrap_or_else(|_| Err(Error::Worker("it panicked".to_owned())))
}
