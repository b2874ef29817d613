//! A runtime that shuts down as soon as its worker has finished.

use crate::error::Error;
use std::{
    future::Future,
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// The longest wait for tasks that are about to end.
const MAX_WAIT: Duration = Duration::from_millis(50);
/// If the number of tasks stays the same for this long, none of them is about to end.
const UNCHANGED: Duration = Duration::from_millis(10);
/// Time between two counts of the tasks.
const INTERVAL: Duration = Duration::from_micros(500);

/// Runs `future` on a new multi-threaded runtime and returns as soon as it completes.
///
/// `#[tokio::main]` would wait for every thread that an activity blocks, even past the deadline.
/// This function detaches such threads, which end with the process. Tasks that are about to end
/// get a few milliseconds to do so.
///
/// # Errors
/// [`Error::Process`] if the runtime's threads cannot be started.
///
/// # Examples
/// ```
/// let answer = temporal_serverless_worker::block_on(async { 6 * 7 })?;
/// assert_eq!(answer, 42);
/// # Ok::<(), temporal_serverless_worker::Error>(())
/// ```
pub fn block_on<F: Future>(future: F) -> Result<F::Output, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Process(format!("cannot start threads: {error}")))?;
    let output = runtime.block_on(future);
    await_ending_tasks(&runtime);
    runtime.shutdown_background();
    Ok(output)
}

/// Waits for the tasks that end a moment after the worker.
///
/// The SDK's core stops its pollers with tasks that wait for each other. If the runtime shuts down
/// in between, one of them panics, which ends a process that aborts on panics.
fn await_ending_tasks(runtime: &Runtime) {
    let began = Instant::now();
    let (mut last, mut since) = (usize::MAX, began);
    while began.elapsed() < MAX_WAIT {
        let alive = runtime.metrics().num_alive_tasks();
        if alive != last {
            (last, since) = (alive, Instant::now());
        }
        if alive == 0 || since.elapsed() >= UNCHANGED {
            return;
        }
        thread::sleep(INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    #[test]
    fn a_task_that_is_about_to_end_completes() {
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        block_on(async move {
            tokio::spawn(async move {
                tokio::task::yield_now().await;
                end.store(true, Ordering::SeqCst);
            });
        })
        .unwrap();
        assert!(ended.load(Ordering::SeqCst));
    }

    #[test]
    fn a_task_that_does_not_end_is_left_behind() {
        let began = Instant::now();
        block_on(async {
            tokio::spawn(std::future::pending::<()>());
        })
        .unwrap();
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}
