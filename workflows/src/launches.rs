//! Launches run beside everything else, each an activity of its own.

use std::{convert::Infallible, future::poll_fn, task::Poll};

use futures::{FutureExt, future::LocalBoxFuture};
use temporalio_workflow::{ActivityExecutionError, WorkflowContext, workflows::select};
use wci_contract::{
    FailureClass,
    activities::InvokeInput,
    launch::Outcome,
    limits::{MAX_MESSAGE, cut},
};

use crate::{Controller, Instance, options, time::millis, wait::until};

/// Starts what the decisions asked for, and notes how each launch ended, in a fixed order.
pub(crate) async fn drive_launches(ctx: &WorkflowContext<Instance>) -> Infallible {
    let mut under_way: Vec<LocalBoxFuture<'_, (String, Outcome)>> = Vec::new();
    loop {
        while let Some(input) = ctx.state_mut(|s| s.book.to_launch.pop_front()) {
            let launch_id = input.launch_id.clone();
            let outcome = launch(ctx, input).map(|outcome| (launch_id, outcome));
            under_way.push(outcome.boxed_local());
        }
        let mut asked = Box::pin(until(ctx, |s| !s.book.to_launch.is_empty()));
        let ended = select! {
            _ = asked => None,
            ended = first_to_end(&mut under_way).fuse() => Some(ended),
        };
        if let Some((launch_id, outcome)) = ended {
            let now_ms = millis(ctx.workflow_time());
            ctx.state_mut(|s| s.book.finish(now_ms, &launch_id, outcome));
        }
    }
}

async fn launch(ctx: &WorkflowContext<Instance>, input: InvokeInput) -> Outcome {
    let count = input.count;
    let options = options::invoke(&input.group, count);
    match ctx.execute_activity(Controller::invoke, input, options).await {
        Ok(outcome) => outcome,
        Err(error) => Outcome::failed(count, FailureClass::Unavailable, describe(&error)),
    }
}

/// The words of a failed activity and of what caused it, cut.
pub(crate) fn describe(error: &ActivityExecutionError) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !words.contains(&text) {
            words.push_str(": ");
            words.push_str(&text);
        }
        cause = inner.source();
    }
    cut(&words, MAX_MESSAGE).to_owned()
}

/// Waits for the first to end and takes it out of the list; for ever while there is none.
pub(crate) fn first_to_end<'r, 'a, T>(
    under_way: &'r mut Vec<LocalBoxFuture<'a, T>>,
) -> impl Future<Output = T> + use<'r, 'a, T> {
    poll_fn(move |cx| {
        for at in 0..under_way.len() {
            if let Poll::Ready(ended) = under_way[at].as_mut().poll(cx) {
                drop(under_way.remove(at));
                return Poll::Ready(ended);
            }
        }
        Poll::Pending
    })
}
