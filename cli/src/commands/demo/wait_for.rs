//! Waits for a condition, with a time limit.

use std::time::{Duration, Instant};

use anyhow::bail;

const INTERVAL: Duration = Duration::from_millis(50);

/// Calls `probe` until it returns `Some`. Fails after `limit`, naming `what` it waited for.
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
                Some(error) => {
                    return Err(
                        error.context(format!("timed out after {limit:?} waiting for {what}"))
                    );
                }
                None => bail!("timed out after {limit:?} waiting for {what}"),
            }
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
