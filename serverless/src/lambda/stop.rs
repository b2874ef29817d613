//! A signal to the process, for the invocation that runs and for the loop around it.

use crate::{
    error::Error,
    signals::{Signals, StopSignal},
};
use std::future::pending;
use tokio::sync::watch;

/// Tells everyone who asks which signals have come.
#[derive(Clone, Debug)]
pub(super) struct Stop(watch::Receiver<Option<StopSignal>>);

impl Stop {
    /// Listens from now on; the process no longer ends by itself on these signals.
    pub(super) fn of_process() -> Result<Self, Error> {
        let mut signals = Signals::of_process()?;
        let (tell, told) = watch::channel(None);
        tokio::spawn(async move {
            loop {
                let signal = signals.next().await;
                tell.send_replace(Some(signal));
            }
        });
        Ok(Self(told))
    }

    /// Waits for the first signal.
    pub(super) async fn asked(&self) -> StopSignal {
        let mut told = self.0.clone();
        let signal = told.wait_for(Option::is_some).await.ok().and_then(|signal| *signal);
        match signal {
            Some(signal) => signal,
            None => pending().await,
        }
    }

    /// Signals for one invocation: one that came before it, and all that come.
    pub(super) fn signals(&self) -> Signals {
        let mut told = self.0.clone();
        told.mark_changed();
        Signals::Relayed(told)
    }
}
