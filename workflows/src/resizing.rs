//! Providers of sets are told their sizes beside everything else, each time by an activity.

use std::{convert::Infallible, time::Duration};

use futures::{FutureExt, future::LocalBoxFuture};
use temporalio_workflow::{CancellableFuture, WorkflowContext, workflows::select};
use wci_contract::{FailureClass, activities::ResizeInput, launch::Outcome};

use crate::{
    Controller, Instance,
    launches::{describe, first_to_end},
    options,
    time::millis,
    wait::until,
};

/// How long the end of an instance waits for its sets to be ended.
const LET_GO: Duration = Duration::from_secs(30);
/// Before another try to end a set.
const AGAIN: Duration = Duration::from_secs(10);

/// Tells providers the sizes of sets, one at a time for each set.
pub(crate) async fn drive_resizes(ctx: &WorkflowContext<Instance>) -> Infallible {
    let mut under_way: Vec<LocalBoxFuture<'_, (ResizeInput, Outcome)>> = Vec::new();
    loop {
        while let Some(input) = ctx.state_mut(|s| s.book.next_resize()) {
            under_way.push(resize(ctx, input).boxed_local());
        }
        let mut asked = Box::pin(until(ctx, |s| s.book.has_next_resize()));
        let ended = select! {
            _ = asked => None,
            ended = first_to_end(&mut under_way).fuse() => Some(ended),
        };
        if let Some((input, outcome)) = ended {
            let now_ms = millis(ctx.workflow_time());
            ctx.state_mut(|s| s.book.resized(now_ms, &input, outcome));
        }
    }
}

/// Has all sets of an instance end that is about to. Gives up after a while, so that a provider
/// that does not answer keeps nobody from deleting a version.
pub(crate) async fn let_go(ctx: &WorkflowContext<Instance>) {
    if !ctx.state_mut(|s| s.book.let_all_go()) {
        return;
    }
    let mut timer = Box::pin(ctx.timer(options::timer(LET_GO, "wait for worker sets to end")));
    let mut gone = Box::pin(until(ctx, |s| s.book.are_sets_gone()));
    select! {
        () = gone => timer.cancel(),
        _ = timer => {}
    }
}

async fn resize(ctx: &WorkflowContext<Instance>, input: ResizeInput) -> (ResizeInput, Outcome) {
    let options = options::resize(&input.group, input.count);
    let outcome = match ctx.execute_activity(Controller::resize, input.clone(), options).await {
        Ok(outcome) => outcome,
        Err(error) => {
            let count = input.count.max(1);
            Outcome::failed(count, FailureClass::Unavailable, describe(&error))
        }
    };
    // No decision follows that would say when to try again.
    if !outcome.is_success() && ctx.state(|s| s.book.is_let_go(&input.group)) {
        ctx.timer(options::timer(AGAIN, "end the worker set")).await;
    }
    (input, outcome)
}
