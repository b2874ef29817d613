//! Signals that stop the worker.

use crate::error::Error;
use std::future::pending;

/// A signal that stops the worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StopSignal {
    /// SIGTERM, sent by the platform to end the process.
    Terminate,
    /// SIGINT, sent by Ctrl-C.
    Interrupt,
}

/// The source of an invocation's signals.
pub(crate) enum Signals {
    /// The process's own signals.
    #[cfg(unix)]
    Process { terminate: tokio::signal::unix::Signal, interrupt: tokio::signal::unix::Signal },
    /// The console's Ctrl-C, where there are no Unix signals.
    #[cfg(not(unix))]
    Console,
    /// The signals that a relay has received and passes on.
    #[cfg(feature = "lambda")]
    Relayed(tokio::sync::watch::Receiver<Option<StopSignal>>),
}

impl Signals {
    /// Starts to listen. From now on these signals no longer end the process.
    #[cfg(unix)]
    pub(crate) fn of_process() -> Result<Self, Error> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| {
            signal(kind).map_err(|error| Error::Process(format!("cannot handle signals: {error}")))
        };
        Ok(Self::Process {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    #[cfg(not(unix))]
    pub(crate) fn of_process() -> Result<Self, Error> {
        Ok(Self::Console)
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> StopSignal {
        match self {
            #[cfg(unix)]
            Self::Process { terminate, interrupt } => {
                tokio::select! {
                    Some(()) = terminate.recv() => StopSignal::Terminate,
                    Some(()) = interrupt.recv() => StopSignal::Interrupt,
                    else => pending().await,
                }
            }
            #[cfg(feature = "lambda")]
            Self::Relayed(received) => loop {
                if received.changed().await.is_err() {
                    pending().await
                }
                if let Some(signal) = *received.borrow_and_update() {
                    break signal;
                }
            },
            #[cfg(not(unix))]
            Self::Console => match tokio::signal::ctrl_c().await {
                Ok(()) => StopSignal::Interrupt,
                Err(_) => pending().await,
            },
        }
    }
}
