//! Launches: each is an activity of its own, concurrent with everything else.

use std::{convert::Infallible, future::poll_fn, task::Poll};

use futures::{FutureExt, future::LocalBoxFuture};
use temporalio_workflow::{WorkflowContext, workflows::select};
use wci_contract::{FailureClass, activities::InvokeInput, launch::Outcome};
use wci_instance::Event;

use super::handle;
use crate::{Instance, InstanceActivities, failures::describe, options, wait::until};

/// Begins launches, and reports their outcomes in a fixed order.
pub(crate) async fn drive(ctx: &WorkflowContext<Instance>) -> Infallible {
    let mut running: Vec<LocalBoxFuture<'_, Event>> = Vec::new();
    loop {
        while let Some(input) = ctx.state_mut(|s| s.outbox.launches.pop_front()) {
            running.push(launch(ctx, input).boxed_local());
        }
        let mut requested = Box::pin(until(ctx, |s| !s.outbox.launches.is_empty()));
        let ended = select! {
            _ = requested => None,
            ended = first_to_end(&mut running).fuse() => Some(ended),
        };
        if let Some(event) = ended {
            handle(ctx, event);
        }
    }
}

async fn launch(ctx: &WorkflowContext<Instance>, input: InvokeInput) -> Event {
    let (launch_id, count) = (input.launch_id.clone(), input.count);
    let options = options::invoke(&input.group, count);
    let outcome = match ctx.execute_activity(InstanceActivities::invoke, input, options).await {
        Ok(outcome) => outcome,
        Err(error) => Outcome::failed(count, FailureClass::Unavailable, describe(&error)),
    };
    Event::LaunchEnded { launch_id, outcome }
}

/// Waits for the first of `running` to end and takes it out of the list; never resolves while the
/// list is empty.
pub(super) fn first_to_end<'r, 'a, T>(
    running: &'r mut Vec<LocalBoxFuture<'a, T>>,
) -> impl Future<Output = T> + use<'r, 'a, T> {
    poll_fn(move |cx| {
        for at in 0..running.len() {
            if let Poll::Ready(ended) = running[at].as_mut().poll(cx) {
                drop(running.remove(at));
                return Poll::Ready(ended);
            }
        }
        Poll::Pending
    })
}
