//! Launches that begin with the decision that asks for them.
//!
//! The workflow hears of a decision, asks for the launch, and the launch comes back to this
//! process: two trips to the server that a first task would wait for. So the decision's own
//! activity begins a launch of one worker, and the activity that the workflow asks for finds it
//! under way. Should that one run in another process, one worker too many comes of it; that is
//! why only launches of one begin early.

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use wci_contract::{FailureClass, launch::Outcome};

/// A launch that nobody asked for within this time is forgotten.
const FORGET: Duration = Duration::from_secs(60);
/// Launches that may be under way early.
const MOST: usize = 1024;

/// What became of a launch, and how long the provider took over it.
#[derive(Debug, Clone)]
pub(crate) struct TimedOutcome {
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

impl TimedOutcome {
    /// Waits for the outcome of `launch`.
    pub(crate) async fn of(launch: impl Future<Output = Outcome>) -> Self {
        let began = Instant::now();
        let outcome = launch.await;
        Self { outcome, took: began.elapsed() }
    }
}

struct Begun {
    at: Instant,
    launch: Shared<BoxFuture<'static, TimedOutcome>>,
}

/// The launches of this process that nobody has asked for yet, by launch ID.
#[derive(Default)]
pub struct SpeculativeLaunches {
    begun: Mutex<BTreeMap<String, Begun>>,
}

impl SpeculativeLaunches {
    /// Begins `launch`, unless it has begun or too many have.
    pub(crate) fn begin(
        &self,
        launch_id: &str,
        launch: impl Future<Output = Outcome> + Send + 'static,
    ) {
        let Ok(mut begun) = self.begun.lock() else { return };
        if begun.len() >= MOST {
            begun.retain(|_, launch| launch.at.elapsed() < FORGET);
        }
        if begun.len() < MOST && !begun.contains_key(launch_id) {
            let at = Instant::now();
            let task = tokio::spawn(TimedOutcome::of(launch));
            let launch = async move {
                let lost = |e: tokio::task::JoinError| TimedOutcome {
                    outcome: Outcome::failed(1, FailureClass::Internal, e.to_string()),
                    took: at.elapsed(),
                };
                task.await.unwrap_or_else(lost)
            };
            begun.insert(launch_id.to_owned(), Begun { at, launch: launch.boxed().shared() });
        }
    }

    /// What became of a launch that has begun.
    pub(crate) fn take(
        &self,
        launch_id: &str,
    ) -> Option<impl Future<Output = TimedOutcome> + use<>> {
        Some(self.begun.lock().ok()?.remove(launch_id)?.launch)
    }

    /// What became of a launch that has begun, if that is known `by` then; otherwise it is still
    /// there to be taken.
    pub(crate) async fn heard(
        &self,
        launch_id: &str,
        by: tokio::time::Instant,
    ) -> Option<TimedOutcome> {
        let launch = self.begun.lock().ok()?.get(launch_id)?.launch.clone();
        let ended = tokio::time::timeout_at(by, launch).await.ok()?;
        self.begun.lock().ok()?.remove(launch_id)?;
        Some(ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_launch_begins_once_and_is_found_once() {
        let starts = SpeculativeLaunches::default();
        starts.begin("a", async { Outcome::started(1) });
        starts.begin("a", async { panic!("a second launch") });
        assert_eq!(starts.take("a").unwrap().await.outcome, Outcome::started(1));
        assert!(starts.take("a").is_none());
    }

    #[tokio::test]
    async fn launches_that_nobody_asks_for_do_not_pile_up() {
        let starts = SpeculativeLaunches::default();
        for n in 0..MOST + 10 {
            starts.begin(&n.to_string(), async { Outcome::started(1) });
        }
        assert!(starts.take(&MOST.to_string()).is_none());
        assert!(starts.take("0").is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_launch_that_takes_long_is_still_there_to_be_asked_for() {
        let soon = || tokio::time::Instant::now() + Duration::from_millis(100);
        let starts = SpeculativeLaunches::default();
        starts.begin("quick", async { Outcome::started(1) });
        starts.begin("slow", async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Outcome::started(1)
        });
        assert_eq!(starts.heard("quick", soon()).await.unwrap().outcome, Outcome::started(1));
        assert!(starts.take("quick").is_none());
        assert!(starts.heard("slow", soon()).await.is_none());
        assert_eq!(starts.take("slow").unwrap().await.outcome, Outcome::started(1));
    }
}
