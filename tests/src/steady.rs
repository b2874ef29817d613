//! Work that comes one after another, for as long as a test wants.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinHandle;

use crate::{Load, SOON, Version, wait_for};

/// One task after another.
pub struct Steady {
    stop: Arc<AtomicBool>,
    started: Arc<AtomicUsize>,
    loads: JoinHandle<Vec<Load>>,
}

impl Version {
    /// Starts a workflow for the version's queue, and another each time that `pause` has passed.
    pub fn steady_load(&self, pause: Duration) -> Steady {
        let (version, stop) = (self.clone(), Arc::new(AtomicBool::new(false)));
        let started = Arc::new(AtomicUsize::new(0));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&started));
        let loads = tokio::spawn(async move {
            let mut loads = Vec::new();
            let mut pace = tokio::time::interval(pause);
            while !stopped.load(Ordering::Relaxed) {
                pace.tick().await;
                loads.push(version.load(1, 10).await);
                count.fetch_add(1, Ordering::Relaxed);
            }
            loads
        });
        Steady { stop, started, loads }
    }
}

impl Steady {
    /// Waits until `more` tasks were started from now on.
    pub async fn goes_on(&self, more: usize) {
        let wanted = self.started.load(Ordering::Relaxed) + more;
        wait_for("the load to go on", SOON, async || {
            (self.started.load(Ordering::Relaxed) >= wanted).then_some(())
        })
        .await;
    }

    /// Starts no more, waits until all are done, and answers with how long each waited at most.
    pub async fn finish(self) -> Vec<Duration> {
        self.stop.store(true, Ordering::Relaxed);
        let loads = self.loads.await.unwrap();
        let mut waits = Vec::new();
        for load in &loads {
            load.done(SOON).await;
            waits.push(load.longest_wait().await);
        }
        waits
    }
}
