//! Heartbeats of long activities, and how these stop on request.

use std::time::Duration;

use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::{sync::watch, time::MissedTickBehavior};

/// The shortest time between two heartbeats without new progress.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// Does `work`, with heartbeats: one at once whenever `progress` changes, and otherwise three
/// within the heartbeat timeout, because each one costs the server a write. Drops the work when
/// the activity is cancelled or its worker stops.
pub(crate) async fn with_heartbeats<P, T>(
    ctx: &ActivityContext,
    mut progress: watch::Receiver<P>,
    work: impl Future<Output = T>,
) -> Result<T, ActivityError>
where
    P: Copy + serde::Serialize + Send + Sync + 'static,
{
    let interval = ctx.info().heartbeat_timeout.map_or(MIN_INTERVAL, |timeout| timeout / 3);
    let mut tick = tokio::time::interval(interval.max(MIN_INTERVAL));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut work = std::pin::pin!(work);
    let mut has_sender = true;
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            () = ctx.cancelled() => return Err(ActivityError::cancelled()),
            changed = progress.changed(), if has_sender => has_sender = changed.is_ok(),
            _ = tick.tick() => {}
        }
        let latest = *progress.borrow_and_update();
        ctx.record_heartbeat(latest).await?;
    }
}
