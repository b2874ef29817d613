//! Long work that tells the server how it gets on, and stops when it is told to.

use std::time::Duration;

use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::{sync::watch, time::MissedTickBehavior};

/// Between two heartbeats of work that has nothing new to say: at least this long.
const SOONEST: Duration = Duration::from_secs(1);

/// Does `work`. A heartbeat carries the latest `progress` at once when it changes, and otherwise
/// comes three times within its timeout: each one costs the server a write. Work that is
/// cancelled, or whose worker stops, is dropped.
pub(crate) async fn beating<P, T>(
    ctx: &ActivityContext,
    mut progress: watch::Receiver<P>,
    work: impl Future<Output = T>,
) -> Result<T, ActivityError>
where
    P: Copy + serde::Serialize + Send + Sync + 'static,
{
    let every = ctx.info().heartbeat_timeout.map_or(SOONEST, |timeout| timeout / 3);
    let mut tick = tokio::time::interval(every.max(SOONEST));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut work = std::pin::pin!(work);
    let mut telling = true;
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            () = ctx.cancelled() => return Err(ActivityError::cancelled()),
            changed = progress.changed(), if telling => telling = changed.is_ok(),
            _ = tick.tick() => {}
        }
        let latest = *progress.borrow_and_update();
        ctx.record_heartbeat(latest).await?;
    }
}
