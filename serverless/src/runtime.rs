//! A runtime that does not outlive its worker.

use crate::error::Error;
use std::{
    future::Future,
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// Tasks that are about to end get this long at most.
const MOST: Duration = Duration::from_millis(50);
/// Tasks whose number stays the same for so long are not about to end.
const QUIET: Duration = Duration::from_millis(10);
const BETWEEN: Duration = Duration::from_micros(500);

/// Runs `future` on a new multi-threaded runtime and returns as soon as it ends.
///
/// `#[tokio::main]` would wait for every thread that an activity blocks, past the deadline; this
/// leaves them behind, to end with the process. Tasks that are about to end get a few
/// milliseconds.
///
/// # Errors
/// [`Error::Process`] if the runtime's threads cannot be started.
pub fn block_on<F: Future>(future: F) -> Result<F::Output, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Process(format!("threads: {error}")))?;
    let output = runtime.block_on(future);
    settle(&runtime);
    runtime.shutdown_background();
    Ok(output)
}

/// The SDK's core ends its polls by tasks that wait for each other, a moment after its worker has
/// ended. Cut off in between, one of them panics, which in a program that aborts on panics is
/// the end of the process.
fn settle(runtime: &Runtime) {
    let began = Instant::now();
    let (mut last, mut since) = (usize::MAX, began);
    while began.elapsed() < MOST {
        let alive = runtime.metrics().num_alive_tasks();
        if alive != last {
            (last, since) = (alive, Instant::now());
        }
        if alive == 0 || since.elapsed() >= QUIET {
            return;
        }
        thread::sleep(BETWEEN);
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
    fn a_task_that_is_about_to_end_ends() {
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
    fn a_task_that_stays_is_left_behind() {
        let began = Instant::now();
        block_on(async {
            tokio::spawn(std::future::pending::<()>());
        })
        .unwrap();
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}
