//! The outcome of a launch, and how long it took.

use std::time::{Duration, Instant};

use wci_contract::launch::Outcome;

/// The outcome of a launch, and how long the provider took.
#[derive(Debug, Clone)]
pub(crate) struct TimedOutcome {
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

impl TimedOutcome {
    /// Waits for the outcome of `launch`.
    pub(crate) async fn of(launch: impl Future<Output = Outcome>) -> Self {
        let started = Instant::now();
        let outcome = launch.await;
        Self { outcome, took: started.elapsed() }
    }
}
