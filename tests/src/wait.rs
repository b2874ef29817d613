//! Waiting for something to be so, with an end to it.

use std::{
    panic::Location,
    time::{Duration, Instant},
};

const PACE: Duration = Duration::from_millis(50);

/// Asks `probe` until it answers with something; fails the test when that takes longer than
/// `limit`.
#[track_caller]
pub fn wait_for<T, P: AsyncFnMut() -> Option<T>>(
    what: &str,
    limit: Duration,
    mut probe: P,
) -> impl Future<Output = T> {
    let place = Location::caller();
    async move {
        let began = Instant::now();
        loop {
            if let Some(answer) = probe().await {
                return answer;
            }
            assert!(began.elapsed() < limit, "{place}: waited {limit:?} in vain for {what}");
            tokio::time::sleep(PACE).await;
        }
    }
}
