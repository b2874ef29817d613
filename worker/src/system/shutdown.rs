//! SIGTERM and SIGINT drain the workers; a second signal exits immediately.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    time::timeout,
};

use super::health::Health;

/// The part of the grace period that is left for reporting the last results to the server.
const REPORTING: Duration = Duration::from_secs(2);
/// Whatever the grace period, what is not running can end within this time.
const SHORTEST_GRACE: Duration = Duration::from_secs(1);

/// How long running tasks may take within the grace period.
pub(super) fn drain_time(grace: Duration) -> Duration {
    grace.saturating_sub(REPORTING.min(grace / 2))
}

/// Stops a worker.
pub(super) type StopHandle = Box<dyn Fn() + Send>;

/// Whether a shutdown is requested, and the workers to stop then.
pub(super) struct Shutdown {
    requested: watch::Sender<bool>,
    stop_handles: Mutex<BTreeMap<String, Vec<StopHandle>>>,
}

impl Shutdown {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { requested: watch::Sender::new(false), stop_handles: Mutex::default() })
    }

    /// Registers the handles of the workers of `namespace`, in place of earlier ones.
    pub(super) fn register(&self, namespace: &str, stop_handles: Vec<StopHandle>) {
        let Ok(mut all) = self.stop_handles.lock() else { return };
        // Workers that register too late stop immediately.
        if self.is_requested() {
            stop_handles.iter().for_each(|stop| stop());
        }
        all.insert(namespace.to_owned(), stop_handles);
    }

    /// Whether a shutdown was requested.
    pub(super) fn is_requested(&self) -> bool {
        *self.requested.borrow()
    }

    /// Waits up to `time` for a shutdown request; `true` as soon as there is one.
    pub(super) async fn requested_within(&self, time: Duration) -> bool {
        let mut requested = self.requested.subscribe();
        timeout(time, requested.wait_for(|requested| *requested)).await.is_ok()
    }

    /// Waits for a shutdown request.
    pub(super) async fn requested(&self) {
        let mut requested = self.requested.subscribe();
        // The sender lives as long as this.
        let _ = requested.wait_for(|requested| *requested).await;
    }

    /// Waits until the grace period after a shutdown request is over. A server that is away keeps
    /// workers from ending on their own.
    pub(super) async fn is_overdue(&self, grace: Duration) {
        self.requested().await;
        tokio::time::sleep(grace.max(SHORTEST_GRACE)).await;
    }

    fn request(&self) {
        let Ok(all) = self.stop_handles.lock() else { return };
        self.requested.send_replace(true);
        all.values().flatten().for_each(|stop| stop());
    }
}

/// Requests a shutdown at the first signal; exits at the second.
pub(super) fn on_signal(shutdown: Arc<Shutdown>, health: Arc<Health>) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("draining: finishing running tasks, taking no new ones");
        health.set_stopping();
        shutdown.request();
        either(&mut terminate, &mut interrupt).await;
        tracing::warn!("second signal: exiting immediately");
        #[allow(clippy::exit, reason = "the second signal requests it")]
        std::process::exit(1);
    });
    Ok(())
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_results_are_reported_within_the_grace_period() {
        let drained = |seconds| drain_time(Duration::from_secs(seconds));
        assert_eq!(drained(10), Duration::from_secs(8));
        assert_eq!(drained(1), Duration::from_millis(500));
        assert_eq!(drained(0), Duration::ZERO);
    }
}
