//! Relaying the process's signals to the current invocation and to the loop around it.

use crate::{
    error::Error,
    signals::{Signals, StopSignal},
};
use std::future::pending;
use tokio::sync::watch;

/// Receives the process's signals and passes them on to any number of listeners.
#[derive(Clone, Debug)]
pub(super) struct SignalRelay(watch::Receiver<Option<StopSignal>>);

impl SignalRelay {
    /// Starts to listen. From now on these signals no longer end the process.
    pub(super) fn of_process() -> Result<Self, Error> {
        let mut signals = Signals::of_process()?;
        let (sender, receiver) = watch::channel(None);
        tokio::spawn(async move {
            loop {
                let signal = signals.next().await;
                sender.send_replace(Some(signal));
            }
        });
        Ok(Self(receiver))
    }

    /// Waits for the first signal.
    pub(super) async fn first(&self) -> StopSignal {
        let mut received = self.0.clone();
        let signal = received.wait_for(Option::is_some).await.ok().and_then(|signal| *signal);
        match signal {
            Some(signal) => signal,
            None => pending().await,
        }
    }

    /// Returns the signals for one invocation: the last one before it, and all that follow.
    pub(super) fn signals(&self) -> Signals {
        let mut received = self.0.clone();
        received.mark_changed();
        Signals::Relayed(received)
    }
}
