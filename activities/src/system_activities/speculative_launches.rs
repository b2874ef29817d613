//! Launches that start with their decision, before the workflow requests them.
//!
//! The workflow receives a decision and schedules the launch, which comes back to this process:
//! two round trips to the server that a first task would wait for. So the activity that decides
//! starts a launch of one worker itself, and the activity that the workflow schedules finds it
//! running. If that activity runs in another process, one worker too many starts. That is why only
//! launches of one worker start early.

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

use crate::timed_outcome::TimedOutcome;

/// A launch that the workflow does not request within this time is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(60);
/// Launches kept at most.
const MAX_LAUNCHES: usize = 1024;

struct Started {
    at: Instant,
    launch: Shared<BoxFuture<'static, TimedOutcome>>,
}

/// The launches of this process that the workflow has not requested yet, by launch ID.
#[derive(Default)]
pub struct SpeculativeLaunches {
    started: Mutex<BTreeMap<String, Started>>,
}

impl SpeculativeLaunches {
    /// Starts `launch`, unless it has started already or too many are kept.
    pub(crate) fn start(
        &self,
        launch_id: &str,
        launch: impl Future<Output = Outcome> + Send + 'static,
    ) {
        let Ok(mut started) = self.started.lock() else { return };
        if started.len() >= MAX_LAUNCHES {
            started.retain(|_, launch| launch.at.elapsed() < FORGET_AFTER);
        }
        if started.len() < MAX_LAUNCHES && !started.contains_key(launch_id) {
            let at = Instant::now();
            let task = tokio::spawn(TimedOutcome::of(launch));
            let launch = async move {
                let lost = |e: tokio::task::JoinError| TimedOutcome {
                    outcome: Outcome::failed(1, FailureClass::Internal, e.to_string()),
                    took: at.elapsed(),
                };
                task.await.unwrap_or_else(lost)
            };
            let launch = launch.boxed().shared();
            started.insert(launch_id.to_owned(), Started { at, launch });
        }
    }

    /// Hands over a launch that has started.
    pub(crate) fn take(
        &self,
        launch_id: &str,
    ) -> Option<impl Future<Output = TimedOutcome> + use<>> {
        Some(self.started.lock().ok()?.remove(launch_id)?.launch)
    }

    /// The outcome of a launch that has started, if it is known by `deadline`. Otherwise the
    /// launch can still be taken.
    pub(crate) async fn outcome_by(
        &self,
        launch_id: &str,
        deadline: tokio::time::Instant,
    ) -> Option<TimedOutcome> {
        let launch = self.started.lock().ok()?.get(launch_id)?.launch.clone();
        let timed = tokio::time::timeout_at(deadline, launch).await.ok()?;
        self.started.lock().ok()?.remove(launch_id)?;
        Some(timed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_launch_begins_once_and_is_found_once() {
        let launches = SpeculativeLaunches::default();
        launches.start("a", async { Outcome::started(1) });
        launches.start("a", async { panic!("a second launch") });
        assert_eq!(launches.take("a").unwrap().await.outcome, Outcome::started(1));
        assert!(launches.take("a").is_none());
    }

    #[tokio::test]
    async fn launches_that_nobody_takes_do_not_pile_up() {
        let launches = SpeculativeLaunches::default();
        for n in 0..MAX_LAUNCHES + 10 {
            launches.start(&n.to_string(), async { Outcome::started(1) });
        }
        assert!(launches.take(&MAX_LAUNCHES.to_string()).is_none());
        assert!(launches.take("0").is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_launch_that_takes_long_can_still_be_taken() {
        let soon = || tokio::time::Instant::now() + Duration::from_millis(100);
        let launches = SpeculativeLaunches::default();
        launches.start("quick", async { Outcome::started(1) });
        launches.start("slow", async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Outcome::started(1)
        });
        assert_eq!(
            launches.outcome_by("quick", soon()).await.unwrap().outcome,
            Outcome::started(1)
        );
        assert!(launches.take("quick").is_none());
        assert!(launches.outcome_by("slow", soon()).await.is_none());
        assert_eq!(launches.take("slow").unwrap().await.outcome, Outcome::started(1));
    }
}
