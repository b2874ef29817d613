//! SIGTERM and SIGINT drain; a second one ends the process at once.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{health::Health, namespace::Stopper};

/// Calls `stoppers` at the first signal.
pub(super) fn on_signal(stoppers: Vec<Stopper>, health: Arc<Health>) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping: what runs is finished, nothing new is taken");
        health.stopping();
        for stop in stoppers {
            stop();
        }
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
