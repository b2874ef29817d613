//! Polling a future in the context of another runtime.

use std::{
    future::{Future, poll_fn},
    pin::pin,
};
use tokio::runtime::Handle;

/// Polls `future` on the current thread, but spawns its tasks and drives its I/O and timers on
/// `runtime`.
///
/// In a Lambda function each invocation has a runtime that ends with it. What the program shares
/// between invocations must not be bound to that runtime.
pub(crate) async fn in_runtime<F: Future>(runtime: &Handle, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        let _guard = runtime.enter();
        future.as_mut().poll(context)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_it_spawns_outlives_the_runtime_it_ran_on() {
        let lasting = Handle::current();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let brief = tokio::runtime::Builder::new_current_thread().build().unwrap();
            brief.block_on(in_runtime(&lasting, async { (tokio::spawn(receiver),) }))
        });
        let (spawned,) = thread.join().unwrap();
        sender.send(7).unwrap();
        assert_eq!(spawned.await.unwrap(), Ok(7));
    }
}
