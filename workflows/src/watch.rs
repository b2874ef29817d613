//! One long activity looks at the queues for as long as there is nothing to say.

use std::{convert::Infallible, time::Duration};

use temporalio_workflow::{CancellableFuture, WorkflowContext, workflows::select};
use wci_contract::{
    activities::WatchOutput,
    decision::{Event, Poll},
    stats::{StatsByType, all_of},
};

use crate::{Controller, Instance, book::Book, options, time::millis, wait::until};

/// An idle watch lasts this long: a handful of events an hour.
const LASTING_MS: i64 = 3_600_000;
/// A watch of a version for which something was done lately lasts this long, and is noticed
/// sooner when it is lost, milliseconds.
const BUSY_MS: i64 = 60_000;
/// How long a backlog that was reported is left alone at first, and at most, milliseconds.
const QUIET_MS: i64 = 5_000;
const QUIET_MAX_MS: i64 = 60_000;
/// Between a watch that failed for good and the next.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Watches while there is a spec, and hands what is seen to the groups.
pub(crate) async fn drive_watch(ctx: &WorkflowContext<Instance>) -> Infallible {
    loop {
        until(ctx, |s| s.is_open() && s.book.spec().is_some()).await;
        let now_ms = millis(ctx.workflow_time());
        let is_busy = ctx.state(|s| s.book.is_busy(now_ms));
        let lasting_ms = if is_busy { BUSY_MS } else { LASTING_MS };
        let (input, epoch) =
            ctx.state(|s| (s.book.next_watch(now_ms, lasting_ms), s.book.watch_epoch));
        let Some(input) = input else {
            until(ctx, |s| s.book.watch_epoch != epoch).await;
            continue;
        };
        let lasting = u64::try_from(input.until_ms - now_ms).unwrap_or(0);
        let options = options::watch(ctx.task_queue(), Duration::from_millis(lasting), is_busy);
        let mut watch = Box::pin(ctx.execute_activity(Controller::watch, input, options));
        let mut moved = Box::pin(until(ctx, |s| !s.is_open() || s.book.watch_epoch != epoch));
        let seen = select! {
            seen = watch => Some(seen),
            _ = moved => None,
        };
        match seen {
            None => watch.cancel(),
            Some(Ok(output)) => {
                let now_ms = millis(ctx.workflow_time());
                ctx.state_mut(|s| s.book.saw(now_ms, &output));
            }
            Some(Err(_)) => {
                ctx.timer(options::timer(AFTER_FAILURE, "watch again")).await;
            }
        }
    }
}

impl Book {
    /// Whether a look was asked for, or something was done about a backlog lately.
    fn is_busy(&self, now_ms: i64) -> bool {
        self.quiet_until_ms == 0 || now_ms < self.quiet_until_ms.saturating_add(BUSY_MS)
    }

    /// Gives each group the figures of the types that it serves.
    pub(crate) fn saw(&mut self, now_ms: i64, output: &WatchOutput) {
        self.be_quiet(now_ms, &output.stats);
        let Some(spec) = self.spec() else { return };
        let mut polls = Vec::new();
        for group in spec.scaling_group_specs.keys() {
            let types = spec.types_of(group);
            let stats: StatsByType = output
                .stats
                .iter()
                .filter(|(kind, _)| types.contains(kind))
                .map(|(kind, stats)| (*kind, *stats))
                .collect();
            if !stats.is_empty() {
                let workers = output.workers.as_ref().map(|workers| {
                    let served = workers.iter().filter(|(kind, _)| types.contains(kind));
                    all_of(&served.map(|(kind, workers)| (*kind, *workers)).collect(), &stats)
                });
                polls.push((group.clone(), Poll { stats, workers }));
            }
        }
        for (group, poll) in polls {
            self.events.entry(group).or_default().push(Event::Poll(poll));
        }
    }

    /// A backlog that was reported is left to the workers that it calls for; longer each time
    /// that none of them took a task.
    fn be_quiet(&mut self, now_ms: i64, stats: &StatsByType) {
        let waits = stats.values().any(|stats| stats.backlog > 0);
        let is_served = stats.values().any(|stats| stats.dispatch_rate > 0.0);
        self.fruitless = if waits && !is_served { self.fruitless.saturating_add(1) } else { 0 };
        if waits {
            let quiet = QUIET_MS.saturating_mul(1 << self.fruitless.saturating_sub(1).min(8));
            self.quiet_until_ms = now_ms + quiet.min(QUIET_MAX_MS);
        } else if self.quiet_until_ms == 0 {
            // The look that was asked for found nothing, and is over now.
            self.quiet_until_ms = now_ms.saturating_sub(BUSY_MS);
        }
    }
}
