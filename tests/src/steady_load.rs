//! Tasks that start one after another until the test stops them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinHandle;

use crate::{History, Load, SOON, Version, wait_for};

/// Tasks that start one after another.
pub struct SteadyLoad {
    stop: Arc<AtomicBool>,
    started: Arc<AtomicUsize>,
    loads: JoinHandle<Vec<Load>>,
}

impl Version {
    /// Starts a workflow on the version's queue each time that `pause` has passed.
    pub fn steady_load(&self, pause: Duration) -> SteadyLoad {
        self.steady_load_of(pause, 10)
    }

    /// The same with `work_ms` milliseconds of work in each.
    pub fn steady_load_of(&self, pause: Duration, work_ms: u64) -> SteadyLoad {
        let (version, stop) = (self.clone(), Arc::new(AtomicBool::new(false)));
        let started = Arc::new(AtomicUsize::new(0));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&started));
        let loads = tokio::spawn(async move {
            let mut loads = Vec::new();
            let mut pace = tokio::time::interval(pause);
            while !stopped.load(Ordering::Relaxed) {
                pace.tick().await;
                loads.push(version.load(1, work_ms).await);
                count.fetch_add(1, Ordering::Relaxed);
            }
            loads
        });
        SteadyLoad { stop, started, loads }
    }
}

impl SteadyLoad {
    /// Waits until `more` tasks have started.
    pub async fn wait_for_more(&self, more: usize) {
        let wanted = self.started.load(Ordering::Relaxed) + more;
        wait_for("more tasks of the load", SOON, async || {
            (self.started.load(Ordering::Relaxed) >= wanted).then_some(())
        })
        .await;
    }

    /// Stops, waits until all tasks are done, and returns the longest wait of each workflow.
    pub async fn finish(self) -> Vec<Duration> {
        self.histories().await.iter().map(|history| history.longest_wait()).collect()
    }

    /// Stops, waits until all tasks are done, and returns the histories of the workflows.
    pub async fn histories(self) -> Vec<History> {
        self.stop.store(true, Ordering::Relaxed);
        let loads = self.loads.await.unwrap();
        let mut histories = Vec::new();
        for load in &loads {
            load.done(SOON).await;
            histories.push(load.history(0).await);
        }
        histories
    }
}
