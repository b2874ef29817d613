//! The runtime that the program calls its own.

use std::{
    future::{Future, poll_fn},
    pin::pin,
};
use tokio::runtime::Handle;

/// Runs `future` here, and what it spawns, connects or waits for on `home`.
///
/// An invocation of a Lambda function has a runtime that ends with it; what the program shares
/// between invocations would end with it too.
pub(crate) async fn within<F: Future>(home: &Handle, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        let _inside = home.enter();
        future.as_mut().poll(context)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_it_spawns_outlives_the_runtime_it_ran_on() {
        let home = Handle::current();
        let (tell, told) = tokio::sync::oneshot::channel();
        let passing = std::thread::spawn(move || {
            let passing = tokio::runtime::Builder::new_current_thread().build().unwrap();
            passing.block_on(within(&home, async { (tokio::spawn(told),) }))
        });
        let (spawned,) = passing.join().unwrap();
        tell.send(7).unwrap();
        assert_eq!(spawned.await.unwrap(), Ok(7));
    }
}
