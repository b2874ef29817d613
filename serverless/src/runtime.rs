//! A runtime that does not outlive its worker.

use crate::error::Error;
use std::future::Future;

/// Runs `future` on a new multi-threaded runtime and returns as soon as it ends.
///
/// `#[tokio::main]` would wait for every thread that an activity blocks, past the deadline; this
/// leaves them behind, to end with the process.
///
/// # Errors
/// [`Error::Process`] if the runtime's threads cannot be started.
pub fn block_on<F: Future>(future: F) -> Result<F::Output, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Process(format!("threads: {error}")))?;
    let output = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(output)
}
