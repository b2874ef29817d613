//! The watch of the task queues: a long activity that ends when there is something to report.

use std::{convert::Infallible, time::Duration};

use temporalio_workflow::{CancellableFuture, WorkflowContext, workflows::select};
use wci_instance::Event;

use super::handle;
use crate::{Instance, InstanceActivities, options, time::now_ms, wait::until};

/// The wait after a watch that failed for good.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// What happens to the running watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WatchOrder {
    /// A new one replaces it.
    Begin,
    /// It is cancelled.
    Stop,
}

/// Watches until the next order, and reports the stats.
pub(crate) async fn drive(ctx: &WorkflowContext<Instance>) -> Infallible {
    loop {
        until(ctx, |s| s.outbox.watch.is_some()).await;
        let order = ctx.state_mut(|s| s.outbox.watch.take());
        let now_ms = now_ms(ctx);
        let request = match order {
            Some(WatchOrder::Begin) => ctx.state(|s| s.state()?.begin_watch(now_ms)),
            Some(WatchOrder::Stop) | None => None,
        };
        let Some(request) = request else { continue };
        let lasting = Duration::from_millis(request.lasting_ms);
        let heartbeat = Duration::from_millis(request.heartbeat_ms);
        let options = options::watch(ctx.task_queue(), lasting, heartbeat);
        let watching = ctx.execute_activity(InstanceActivities::watch, request.input, options);
        let mut watching = Box::pin(watching);
        let mut replaced = Box::pin(until(ctx, |s| s.outbox.watch.is_some()));
        let ended = select! {
            ended = watching => Some(ended),
            _ = replaced => None,
        };
        match ended {
            None => watching.cancel(),
            Some(Ok(output)) => handle(ctx, Event::WatchEnded(output)),
            Some(Err(_)) => {
                ctx.timer(options::timer(AFTER_FAILURE, "wait to watch again")).await;
                handle(ctx, Event::WatchFailed);
            }
        }
    }
}
