//! The life of one invocation, apart from those before and after it.

use super::{function::identity, stop::Stop};
use crate::{
    error::Error, invocation::Invocation, life, report::Report, runtime::block_on,
    worker::ServerlessWorker,
};
use lambda_runtime::Context;
use std::thread;
use tokio::{runtime::Handle, sync::oneshot};
use tracing::Instrument;

/// Lives once, on a runtime that ends with it.
///
/// Whatever the worker leaves behind, because a drain failed or because the SDK keeps polling
/// in the background, ends with the runtime: no invocation meets a task or a connection of
/// another. The program's own code runs in the context of the runtime around it, so that what
/// it shares between invocations, such as a connection pool, goes on working.
pub(super) async fn live(
    mut worker: ServerlessWorker,
    context: Context,
    stop: Stop,
) -> Result<Report, Error> {
    let identity = identity(&context);
    let span = tracing::info_span!("invocation", request_id = context.request_id);
    let invocation = span
        .in_scope(|| Invocation::of_lambda(context.deadline, stop.signals(), Handle::current()));
    worker.settings.identity.get_or_insert(identity);
    let (end, ended) = oneshot::channel();
    let life = move || {
        let lived = block_on(async { life::live(&worker, invocation).instrument(span).await });
        // Nobody listens any more only when the whole function is given up.
        let _ = end.send(lived.flatten());
    };
    thread::Builder::new()
        .name("invocation".to_owned())
        .spawn(life)
        .map_err(|error| Error::Process(format!("threads: {error}")))?;
    ended.await.unwrap_or_else(|_| Err(Error::Worker("it panicked".to_owned())))
}
