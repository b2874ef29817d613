//! The loop that attends to what happens: decides when something calls for it, and ends the run.

use std::time::Duration;

use temporalio_workflow::{CancellableFuture, TimerResult, WorkflowContext, workflows::select};
use wci_contract::summaries;

use crate::{
    Controller, Instance,
    book::{Book, Phase},
    options,
    time::millis,
    wait::until,
};

/// A run younger than this is not continued: the server would delay the next one's first task.
const RUN_MIN_MS: i64 = 5_000;
/// A history of this many events is continued even before the server suggests it.
const LONG_HISTORY: u32 = 4_000;
/// How long the end of a run waits for launches.
const LAST_CALL: Duration = Duration::from_secs(2);
/// How long an instance may be without a spec, milliseconds.
const UNCLAIMED_MS: i64 = 600_000;

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The version was deleted, or handed to another controller.
    Over,
    /// The instance was without a spec for too long.
    Unclaimed,
    /// Somebody cancelled the workflow.
    Cancelled,
    /// The next run takes over.
    NextRun,
}

/// A timer that is kept from round to round: moving it costs events.
struct Alarm<'a> {
    at_ms: i64,
    timer: std::pin::Pin<Box<dyn CancellableFuture<Output = TimerResult> + 'a>>,
}

pub(crate) async fn attend(ctx: &WorkflowContext<Instance>) -> Ending {
    let started_ms = millis(ctx.workflow_time());
    let mut alarm: Option<Alarm<'_>> = None;
    loop {
        let now_ms = millis(ctx.workflow_time());
        if ctx.state(|s| s.book.phase.is_over()) {
            cancel(alarm);
            all_handlers_finished(ctx).await;
            return Ending::Over;
        }
        if ctx.cancellation_token().is_cancelled() {
            return Ending::Cancelled;
        }
        if ctx.state(|s| s.book.wants_decision(now_ms)) {
            decide(ctx, now_ms).await;
            continue;
        }
        if is_time_for_next_run(ctx, now_ms - started_ms) {
            cancel(alarm);
            last_call(ctx).await;
            return Ending::NextRun;
        }
        let unclaimed = ctx.state(|s| s.book.unclaimed_until_ms(started_ms));
        if unclaimed.is_some_and(|at| at <= now_ms) && ctx.all_handlers_finished() {
            return Ending::Unclaimed;
        }
        let wake = unclaimed.or_else(|| ctx.state(|s| s.book.inbox.next_wake_ms()));
        alarm = set(ctx, alarm, wake, now_ms);
        sleep(ctx, &mut alarm).await;
    }
}

impl Book {
    /// When an instance without a spec ends; one that has a spec does not.
    pub(crate) fn unclaimed_until_ms(&self, started_ms: i64) -> Option<i64> {
        let since = self.vacated_ms.unwrap_or(started_ms);
        self.spec().is_none().then_some(since + UNCLAIMED_MS)
    }
}

/// Keeps an alarm that goes off in time; one that is too late is replaced.
fn set<'a>(
    ctx: &'a WorkflowContext<Instance>,
    alarm: Option<Alarm<'a>>,
    wake: Option<i64>,
    now_ms: i64,
) -> Option<Alarm<'a>> {
    let Some(at_ms) = wake else {
        // To cancel a timer costs one event, to be woken by it five.
        cancel(alarm);
        return None;
    };
    if alarm.as_ref().is_some_and(|alarm| alarm.at_ms <= at_ms) {
        return alarm;
    }
    cancel(alarm);
    let wait = u64::try_from(at_ms - now_ms).unwrap_or(0).max(1);
    let timer = ctx.timer(options::timer(Duration::from_millis(wait), summaries::DECIDE_AGAIN));
    Some(Alarm { at_ms, timer: Box::pin(timer) })
}

fn cancel(alarm: Option<Alarm<'_>>) {
    if let Some(alarm) = alarm {
        alarm.timer.cancel();
    }
}

/// Waits until there is something to attend to, or the alarm goes off.
async fn sleep(ctx: &WorkflowContext<Instance>, alarm: &mut Option<Alarm<'_>>) {
    let mut news = Box::pin(until(ctx, |s| {
        s.book.phase != Phase::Open || s.book.wants_decision(i64::MIN) || s.book.moved
    }));
    let mut cancelled = Box::pin(ctx.cancelled());
    match alarm {
        None => select! {
            () = news => {}
            _ = cancelled => {}
        },
        Some(Alarm { timer, .. }) => {
            let rang = select! {
                () = news => false,
                _ = cancelled => false,
                _ = timer.as_mut() => true,
            };
            if rang {
                *alarm = None;
            }
        }
    }
    ctx.state_mut(|s| s.book.moved = false);
}

async fn decide(ctx: &WorkflowContext<Instance>, now_ms: i64) {
    let asked = ctx.state_mut(|s| s.book.question(now_ms, || ctx.uuid4()));
    if asked.groups.is_empty() {
        return;
    }
    let answer = ctx.execute_activity(Controller::decide, asked.clone(), options::decide());
    match answer.await {
        Ok(answer) => ctx.state_mut(|s| s.book.apply(asked, answer)),
        Err(_) => ctx.state_mut(|s| s.book.put_back(asked)),
    }
}

fn is_time_for_next_run(ctx: &WorkflowContext<Instance>, age_ms: i64) -> bool {
    let long = ctx.continue_as_new_suggested() || ctx.history_length() >= LONG_HISTORY;
    long && age_ms >= RUN_MIN_MS && ctx.all_handlers_finished()
}

/// No more updates are taken; launches get a moment to end.
async fn last_call(ctx: &WorkflowContext<Instance>) {
    ctx.state_mut(|s| s.book.phase = Phase::Closing);
    let idle = |s: &Instance| {
        s.book.resizing.is_empty()
            && s.book.state.wci.as_ref().is_none_or(|wci| wci.launches.is_empty())
    };
    if !ctx.state(idle) {
        let mut timer =
            Box::pin(ctx.timer(options::timer(LAST_CALL, summaries::WAIT_FOR_LAUNCHES)));
        let mut ended = Box::pin(until(ctx, idle));
        select! {
            () = ended => timer.cancel(),
            _ = timer => {}
        }
    }
    all_handlers_finished(ctx).await;
}

async fn all_handlers_finished(ctx: &WorkflowContext<Instance>) {
    until(ctx, |_| ctx.all_handlers_finished()).await;
}
