//! Resizes of worker sets: each is an activity of its own, concurrent with everything else.

use std::{convert::Infallible, time::Duration};

use futures::{FutureExt, future::LocalBoxFuture};
use temporalio_workflow::{CancellableFuture, WorkflowContext, workflows::select};
use wci_contract::{FailureClass, activities::ResizeInput, launch::Outcome};
use wci_instance::{Event, InstanceState};

use super::{handle, launch::first_to_end};
use crate::{Instance, InstanceActivities, failures::describe, options, wait::until};

/// How long the end of an instance waits for its worker sets to be released.
const RELEASE: Duration = Duration::from_secs(30);
/// The wait before a worker set that was not released is released again.
const RETRY_RELEASE: Duration = Duration::from_secs(10);

/// Resizes worker sets, one resize at a time for each set.
pub(crate) async fn drive(ctx: &WorkflowContext<Instance>) -> Infallible {
    let mut running: Vec<LocalBoxFuture<'_, Event>> = Vec::new();
    loop {
        while let Some(group) = ctx.state_mut(|s| s.outbox.resizes.pop_front()) {
            let input = ctx.state_mut(|s| s.state_mut()?.begin_resize(&group));
            running.extend(input.map(|input| resize(ctx, input).boxed_local()));
        }
        let mut requested = Box::pin(until(ctx, |s| !s.outbox.resizes.is_empty()));
        let ended = select! {
            _ = requested => None,
            ended = first_to_end(&mut running).fuse() => Some(ended),
        };
        if let Some(event) = ended {
            handle(ctx, event);
        }
    }
}

/// Releases all worker sets of an instance that is about to end. Gives up after a while, so that
/// versions can be deleted while a provider does not answer.
pub(crate) async fn release_sets(ctx: &WorkflowContext<Instance>) {
    handle(ctx, Event::SetsReleased);
    let has_no_sets = |s: &Instance| s.state().is_none_or(InstanceState::has_no_sets);
    if ctx.state(has_no_sets) {
        return;
    }
    let mut timer =
        Box::pin(ctx.timer(options::timer(RELEASE, "wait for worker sets to be released")));
    let mut released = Box::pin(until(ctx, has_no_sets));
    select! {
        () = released => timer.cancel(),
        _ = timer => {}
    }
}

async fn resize(ctx: &WorkflowContext<Instance>, input: ResizeInput) -> Event {
    let options = options::resize(&input.group, input.count);
    let resized = ctx.execute_activity(InstanceActivities::resize, input.clone(), options);
    let outcome = match resized.await {
        Ok(outcome) => outcome,
        Err(error) => {
            let count = input.count.max(1);
            Outcome::failed(count, FailureClass::Unavailable, describe(&error))
        }
    };
    // No decision follows that could set the time of the retry.
    let is_released = |s: &Instance| s.state().is_some_and(|it| it.is_released(&input.group));
    if !outcome.is_success() && ctx.state(is_released) {
        ctx.timer(options::timer(RETRY_RELEASE, "wait to release the worker set again")).await;
    }
    Event::SetResized { input, outcome }
}
