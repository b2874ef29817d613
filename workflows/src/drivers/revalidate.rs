//! Revalidation of the compute config: a timer, then an activity.

use std::{convert::Infallible, future::pending, time::Duration};

use temporalio_workflow::{CancellableFuture, WorkflowContext, workflows::select};
use wci_instance::Event;

use super::handle;
use crate::{
    Instance, InstanceActivities, options,
    revision::{Revision, follows},
    time::now_ms,
    wait::until,
};

/// What happens to the running timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RevalidationOrder {
    /// A new one replaces it.
    At { due_ms: i64 },
    /// It is cancelled.
    Cancel,
}

/// Validates the compute config whenever a revalidation is due.
pub(crate) async fn drive(ctx: &WorkflowContext<Instance>) -> Infallible {
    if !follows(ctx, Revision::Second) {
        return pending().await;
    }
    loop {
        until(ctx, |s| s.outbox.revalidation.is_some()).await;
        let order = ctx.state_mut(|s| s.outbox.revalidation.take());
        let Some(RevalidationOrder::At { due_ms }) = order else { continue };
        let now_ms = now_ms(ctx);
        if due_ms <= now_ms {
            revalidate(ctx).await;
            continue;
        }
        let wait = Duration::from_millis(u64::try_from(due_ms - now_ms).unwrap_or(1));
        let mut timer =
            Box::pin(ctx.timer(options::timer(wait, "wait to validate the compute config again")));
        let mut replaced = Box::pin(until(ctx, |s| s.outbox.revalidation.is_some()));
        let is_due = select! {
            _ = timer => true,
            () = replaced => {
                timer.cancel();
                false
            }
        };
        if is_due {
            handle(ctx, Event::RevalidationDue);
        }
    }
}

async fn revalidate(ctx: &WorkflowContext<Instance>) {
    let Some(input) = ctx.state_mut(|s| s.state_mut()?.begin_revalidation()) else { return };
    let spec = input.spec.clone();
    let options = options::revalidate();
    let output = ctx.execute_activity(InstanceActivities::validate, input, options).await.ok();
    handle(ctx, Event::Revalidated { spec, output });
}
