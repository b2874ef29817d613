//! Waiting for a condition, with an end to it.

use std::time::{Duration, Instant};

use anyhow::bail;

const PACE: Duration = Duration::from_millis(50);

/// Asks `probe` until it answers; after `limit` says that `what` did not happen.
pub(super) async fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut probe: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let began = Instant::now();
    loop {
        let last = match probe().await {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => None,
            Err(error) => Some(error),
        };
        if began.elapsed() >= limit {
            match last {
                Some(error) => return Err(error.context(format!("waited {limit:?} for {what}"))),
                None => bail!("waited {limit:?} for {what} in vain"),
            }
        }
        tokio::time::sleep(PACE).await;
    }
}
