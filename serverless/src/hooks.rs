//! Shutdown hooks.

use crate::{
    millis::whole_millis,
    report::{HookOutcome, Report},
};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};

/// A shutdown hook. It receives the report of the run, or `None` if the run failed.
pub(crate) type Hook = Arc<dyn Fn(Option<Report>) -> HookFuture + Send + Sync>;
/// One call of a hook.
pub(crate) type HookFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs `hooks` one after the other, in the order of their registration, within `budget`
/// altogether.
pub(crate) async fn run(hooks: &[Hook], budget: Duration, report: Option<Report>) -> HookOutcome {
    let until = Instant::now() + budget;
    let mut outcome = HookOutcome::default();
    for hook in hooks {
        if Instant::now() >= until {
            outcome.cut += 1;
            continue;
        }
        // In a task of its own, so that a panic ends the hook and not the worker.
        let mut task = tokio::spawn(hook(report));
        match timeout_at(until, &mut task).await {
            Ok(Ok(())) => outcome.completed += 1,
            Ok(Err(error)) => {
                tracing::error!(%error, "a shutdown hook panicked");
                outcome.panicked += 1;
            }
            Err(_) => {
                task.abort();
                outcome.cut += 1;
            }
        }
    }
    if outcome.cut > 0 {
        tracing::warn!(
            cut = outcome.cut,
            budget_ms = whole_millis(budget),
            "shutdown hooks exceeded their budget"
        );
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(millis: u64) -> Hook {
        Arc::new(move |_| Box::pin(tokio::time::sleep(Duration::from_millis(millis))))
    }

    #[tokio::test(start_paused = true)]
    async fn hooks_share_the_budget_in_order() {
        let hooks = [sleeper(600), sleeper(600), sleeper(1)];
        let outcome = run(&hooks, Duration::from_secs(1), None).await;
        let expected = HookOutcome { completed: 1, panicked: 0, cut: 2 };
        assert_eq!(outcome, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hook_that_panics_does_not_stop_the_next() {
        let panics: Hook = Arc::new(|_| Box::pin(async { panic!("on purpose") }));
        let outcome = run(&[panics, sleeper(1)], Duration::from_secs(1), None).await;
        assert_eq!((outcome.panicked, outcome.completed), (1, 1));
    }
}
