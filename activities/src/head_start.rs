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

use tokio::task::JoinHandle;
use wci_contract::{FailureClass, launch::Outcome};

/// A launch that nobody asked for within this time is forgotten.
const FORGET: Duration = Duration::from_secs(60);
/// Launches that may be under way early.
const MOST: usize = 1024;

struct Begun {
    at: Instant,
    outcome: JoinHandle<Outcome>,
}

/// The launches of this process that nobody has asked for yet, by launch ID.
#[derive(Default)]
pub struct HeadStarts {
    begun: Mutex<BTreeMap<String, Begun>>,
}

impl HeadStarts {
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
            let outcome = tokio::spawn(launch);
            begun.insert(launch_id.to_owned(), Begun { at: Instant::now(), outcome });
        }
    }

    /// The outcome of a launch that has begun.
    pub(crate) fn take(&self, launch_id: &str) -> Option<impl Future<Output = Outcome> + use<>> {
        let begun = self.begun.lock().ok()?.remove(launch_id)?;
        Some(async {
            begun
                .outcome
                .await
                .unwrap_or_else(|e| Outcome::failed(1, FailureClass::Internal, e.to_string()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_launch_begins_once_and_is_found_once() {
        let starts = HeadStarts::default();
        starts.begin("a", async { Outcome::started(1) });
        starts.begin("a", async { panic!("a second launch") });
        assert_eq!(starts.take("a").unwrap().await, Outcome::started(1));
        assert!(starts.take("a").is_none());
    }

    #[tokio::test]
    async fn launches_that_nobody_asks_for_do_not_pile_up() {
        let starts = HeadStarts::default();
        for n in 0..MOST + 10 {
            starts.begin(&n.to_string(), async { Outcome::started(1) });
        }
        assert!(starts.take(&MOST.to_string()).is_none());
        assert!(starts.take("0").is_some());
    }
}
