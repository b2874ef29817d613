//! SIGTERM and SIGINT drain; a second one ends the process at once.

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

/// What makes a worker stop.
pub(super) type Stopper = Box<dyn Fn() + Send>;

/// Whether the process is to end, and what has to be told so.
pub(super) struct Stop {
    called: watch::Sender<bool>,
    stoppers: Mutex<BTreeMap<String, Vec<Stopper>>>,
}

impl Stop {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { called: watch::Sender::new(false), stoppers: Mutex::default() })
    }

    /// From now on, `stoppers` stop what serves `namespace`.
    pub(super) fn by(&self, namespace: &str, stoppers: Vec<Stopper>) {
        let Ok(mut all) = self.stoppers.lock() else { return };
        // Whoever comes too late is stopped at once.
        if self.is_called() {
            stoppers.iter().for_each(|stop| stop());
        }
        all.insert(namespace.to_owned(), stoppers);
    }

    /// Whether the process is to end.
    pub(super) fn is_called(&self) -> bool {
        *self.called.borrow()
    }

    /// Waits for `time`; `true` as soon as the process is to end.
    pub(super) async fn is_called_within(&self, time: Duration) -> bool {
        let mut called = self.called.subscribe();
        timeout(time, called.wait_for(|called| *called)).await.is_ok()
    }

    fn call(&self) {
        let Ok(all) = self.stoppers.lock() else { return };
        self.called.send_replace(true);
        all.values().flatten().for_each(|stop| stop());
    }
}

/// Calls `stop` at the first signal.
pub(super) fn on_signal(stop: Arc<Stop>, health: Arc<Health>) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping: what runs is finished, nothing new is taken");
        health.stopping();
        stop.call();
        either(&mut terminate, &mut interrupt).await;
        tracing::warn!("told twice to stop: ending at once");
        #[allow(clippy::exit, reason = "the second signal asks for just that")]
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
