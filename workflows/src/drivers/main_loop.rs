//! The main loop: requests one decision at a time, keeps the wake-up timer, and ends the run.

use std::time::Duration;

use temporalio_workflow::{CancellableFuture, TimerResult, WorkflowContext, workflows::select};
use wci_contract::{activities::DecideInput, summaries};
use wci_instance::{Ending, Event, RunStatus};

use super::handle;
use crate::{Instance, InstanceActivities, options, time::now_ms, wait::until};

/// A history of this many events is continued in a new run even before the server suggests it.
const LONG_HISTORY: u32 = 4_000;
/// How long the end of a run waits for launches and resizes.
const LAST_RESULTS: Duration = Duration::from_secs(2);

/// An effect that the main loop carries out.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    Advance,
    Decide(DecideInput),
    SetTimer { at_ms: i64 },
    CancelTimer,
    ContinueAsNew,
    End(Ending),
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunEnd {
    /// No run follows.
    Ended(Ending),
    /// The next run takes over.
    ContinueAsNew,
}

type Timer<'a> = std::pin::Pin<Box<dyn CancellableFuture<Output = TimerResult> + 'a>>;

/// Carries out one step after another until the run ends.
pub(crate) async fn drive(ctx: &WorkflowContext<Instance>) -> RunEnd {
    let mut timer: Option<Timer<'_>> = None;
    loop {
        match next_step(ctx, &mut timer).await {
            Step::Advance => advance(ctx),
            Step::Decide(input) => decide(ctx, input).await,
            Step::SetTimer { at_ms } => {
                cancel(timer.take());
                let wait = u64::try_from(at_ms - now_ms(ctx)).unwrap_or(0).max(1);
                let options =
                    options::timer(Duration::from_millis(wait), summaries::DECIDE_AGAIN[0]);
                timer = Some(Box::pin(ctx.timer(options)));
            }
            Step::CancelTimer => cancel(timer.take()),
            Step::ContinueAsNew => {
                last_results(ctx).await;
                return RunEnd::ContinueAsNew;
            }
            Step::End(ending) => {
                if ending == Ending::Completed {
                    handlers_finished(ctx).await;
                }
                return RunEnd::Ended(ending);
            }
        }
    }
}

/// Waits for the next step; reports when the timer fires.
async fn next_step<'a>(ctx: &'a WorkflowContext<Instance>, timer: &mut Option<Timer<'a>>) -> Step {
    loop {
        if ctx.state(|s| !s.outbox.main_loop.is_empty())
            && let Some(step) = ctx.state_mut(|s| s.outbox.main_loop.pop_front())
        {
            return step;
        }
        let mut has_step = Box::pin(until(ctx, |s| !s.outbox.main_loop.is_empty()));
        let mut cancelled = Box::pin(ctx.cancelled());
        match timer {
            None => select! {
                () = has_step => {}
                _ = cancelled => return Step::Advance,
            },
            Some(running) => select! {
                () = has_step => {}
                _ = cancelled => return Step::Advance,
                _ = running.as_mut() => {
                    *timer = None;
                    handle(ctx, Event::TimerFired);
                }
            },
        }
    }
}

fn advance(ctx: &WorkflowContext<Instance>) {
    let run = RunStatus {
        cancelled: ctx.cancellation_token().is_cancelled(),
        history_is_long: ctx.continue_as_new_suggested() || ctx.history_length() >= LONG_HISTORY,
        handlers_running: !ctx.all_handlers_finished(),
    };
    let now_ms = now_ms(ctx);
    ctx.state_mut(|s| s.advance(now_ms, run, || ctx.uuid4()));
}

async fn decide(ctx: &WorkflowContext<Instance>, input: DecideInput) {
    let decision =
        ctx.execute_activity(InstanceActivities::decide, input.clone(), options::decide());
    handle(
        ctx,
        match decision.await {
            Ok(output) => Event::DecisionMade { input, output },
            Err(_) => Event::DecisionFailed { input },
        },
    );
}

fn cancel(timer: Option<Timer<'_>>) {
    if let Some(timer) = timer {
        timer.cancel();
    }
}

/// Waits for launches and resizes for a short time. No more updates are admitted.
async fn last_results(ctx: &WorkflowContext<Instance>) {
    let is_idle = |s: &Instance| s.state().is_none_or(wci_instance::InstanceState::is_idle);
    if !ctx.state(is_idle) {
        let mut timer =
            Box::pin(ctx.timer(options::timer(LAST_RESULTS, summaries::WAIT_FOR_LAUNCHES[0])));
        let mut idle = Box::pin(until(ctx, is_idle));
        select! {
            () = idle => timer.cancel(),
            _ = timer => {}
        }
    }
    handlers_finished(ctx).await;
}

async fn handlers_finished(ctx: &WorkflowContext<Instance>) {
    until(ctx, |_| ctx.all_handlers_finished()).await;
}
