//! Waits for a condition, with a limit.

use std::{
    panic::Location,
    time::{Duration, Instant},
};

const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Calls `probe` until it returns a value; fails the test if that takes longer than `limit`.
#[track_caller]
pub fn wait_for<T, P: AsyncFnMut() -> Option<T>>(
    what: &str,
    limit: Duration,
    mut probe: P,
) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        let began = Instant::now();
        loop {
            if let Some(response) = probe().await {
                return response;
            }
            assert!(began.elapsed() < limit, "{caller}: waited {limit:?} for {what}");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}
